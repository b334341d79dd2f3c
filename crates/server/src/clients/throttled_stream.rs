//! A stream whose bytes are read no faster than a rate. A limit on messages alone could be evaded: a message may arrive in
//! any number of empty pieces.

use crate::allowance::Allowance;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

/// Bytes of a client: a burst, then a rate per second. [choice]
const BYTES: (f64, f64) = (2_097_152.0, 131_072.0);

pub(super) struct ThrottledStream<S> {
    stream: S,
    bytes: Allowance,
    wait: Option<Pin<Box<Sleep>>>,
}

impl<S> ThrottledStream<S> {
    pub(super) fn new(stream: S) -> Self {
        Self { stream, bytes: Allowance::new(BYTES.0, BYTES.1, Instant::now()), wait: None }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for ThrottledStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if let Some(wait) = &mut self.wait {
            ready!(wait.as_mut().poll(cx));
            self.wait = None;
        }
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(cx, buffer);
        if before < buffer.filled().len() {
            let (count, now) = (u32::try_from(buffer.filled().len() - before), Instant::now());
            self.bytes.spend(f64::from(count.unwrap_or(u32::MAX)), now);
            self.wait = self.bytes.waits_until(now).map(|due| Box::pin(sleep_until(due)));
        }
        polled
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for ThrottledStream<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffers: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, buffers)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use tokio::io::AsyncReadExt as _;

    #[tokio::test(start_paused = true)]
    async fn a_burst_is_read_at_once_and_the_rest_at_the_rate() {
        let begun = Instant::now();
        let mut throttled_stream = ThrottledStream::new(tokio::io::repeat(0));
        let mut buffer = [0; 1_024];
        let mut read_within = async |seconds| {
            let mut read = 0;
            while begun.elapsed() < Duration::from_secs(seconds) {
                read += throttled_stream.read(&mut buffer).await.unwrap();
            }
            read
        };
        // The last read may exceed it, by one buffer at most.
        let read = read_within(1).await;
        assert!((2_097_152 + 131_072..=2_097_152 + 131_072 + 1_024).contains(&read), "{read}");
        let read = read_within(11).await;
        assert!((1_310_720 - 1_024..=1_310_720 + 1_024).contains(&read), "{read}");
    }
}
