//! Serves one connection: answers its requests one after another, within the time each phase may take.

mod framing;

use crate::metrics::Counted;
use crate::pace::{Deadline, Pace, PaceLimits};
use crate::slots::Slot;
use framing::Framing;
use hyper::body::{Body, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use std::error::Error;
use std::io;
use std::net::IpAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::watch;

/// Largest head of a request, bytes.
const HEAD_BYTES_MAX: usize = 64 << 10;

/// Which of the addresses that the server listens at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Door {
    /// That of the REST API and the clients.
    Main,
    /// That of the console, where it has one of its own.
    Console,
}

/// The other end of a connection.
#[derive(Clone)]
pub(crate) struct Caller {
    pub(crate) address: IpAddr,
    pub(crate) door: Door,
    pub(crate) pace: Arc<Pace>,
    /// Keeps its slot and its count in the metrics for as long as anything of the connection is left.
    _held: (Arc<Slot>, Arc<Counted>),
}

impl Caller {
    pub(crate) fn new(
        (address, door): (IpAddr, Door),
        pace: Arc<Pace>,
        slot: Arc<Slot>,
        counted: Counted,
    ) -> Self {
        Self { address, door, pace, _held: (slot, Arc::new(counted)) }
    }
}

/// Serves one connection until the client closes it, it is too slow, it has to make room, or `drain` asks it to end.
pub(crate) async fn serve<S, A, F, B>(
    stream: S,
    pace: Arc<Pace>,
    limits: PaceLimits,
    mut drain: watch::Receiver<bool>,
    answer: A,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    A: Fn(Request<Incoming>) -> F,
    F: Future<Output = Response<B>>,
    B: Body<Error: Into<Box<dyn Error + Send + Sync>>> + 'static,
{
    let service = service_fn(|request| {
        pace.work_begins();
        let (answering, pace) = (answer(request), &pace);
        async move {
            let response = answering.await;
            if response.status() == StatusCode::SWITCHING_PROTOCOLS {
                pace.set_upgraded();
            } else {
                pace.work_ends();
            }
            Ok::<_, Infallible>(response)
        }
    });
    let io = TokioIo::new(Paced { stream, pace: Arc::clone(&pace), framing: Framing::default() });
    let mut requests = pin!(
        http1::Builder::new()
            .max_buf_size(HEAD_BYTES_MAX)
            // A client that has sent everything may close its half and still read the answer.
            .half_close(true)
            .serve_connection(io, service)
            .with_upgrades()
    );
    let mut check = pin!(tokio::time::sleep(limits.shortest()));
    let mut draining = false;
    loop {
        tokio::select! {
            biased;
            ended = &mut requests => {
                if let Err(error) = ended {
                    tracing::debug!(%error, "a connection ended: {error}");
                }
                return;
            }
            () = &mut check => match pace.deadline(limits) {
                Deadline::Passed(phase) => {
                    tracing::debug!(?phase, "a connection was closed: too slow in {phase:?}");
                    return;
                }
                Deadline::CheckAt(moment) => check.as_mut().reset(moment),
            },
            () = pace.close_requested() => {
                tracing::debug!("a connection was closed to make room");
                return;
            }
            // An error means that the server has ended, which also ends the connection.
            _ = drain.changed(), if !draining => {
                draining = true;
                requests.as_mut().graceful_shutdown();
            }
        }
    }
}

/// A stream that tells its [`Pace`] when bytes arrive, and when none can be written.
struct Paced<S> {
    stream: S,
    pace: Arc<Pace>,
    framing: Framing,
}

impl<S> Paced<S> {
    /// Takes in what has arrived.
    fn bytes_arrived(&mut self, bytes: &[u8]) {
        if !self.pace.is_upgraded() {
            self.pace.request_arrives(self.framing.read(bytes));
        }
    }

    fn noting<T>(&self, written: Poll<T>) -> Poll<T> {
        self.pace.set_blocked(written.is_pending());
        written
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Paced<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(cx, buffer);
        let arrived = buffer.filled().get(before..).unwrap_or_default();
        if !arrived.is_empty() {
            self.bytes_arrived(arrived);
        }
        polled
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Paced<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.noting(written)
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
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, buffers);
        self.noting(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
