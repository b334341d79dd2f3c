//! Where the log is written. A line that cannot be written is lost and counted; its caller goes on.

use crate::lock::lock;
use prometheus_client::metrics::counter::Counter;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::sync::Mutex;
use tracing_subscriber::fmt::MakeWriter;

/// How long a line waits for a reader that does not keep up. After a lost line, the next ones do not wait
/// until the reader reads something again.
const PATIENCE: Timespec = Timespec { tv_sec: 0, tv_nsec: 100_000_000 };
const NO_WAIT: Timespec = Timespec { tv_sec: 0, tv_nsec: 0 };

/// Bytes that a ready pipe takes without blocking: `PIPE_BUF` of Linux.
const PIECE_BYTES: usize = 4_096;

/// A stream that the log is written to, a line at a time.
pub(super) struct Output<S> {
    state: Mutex<State<S>>,
    lost: Counter,
}

struct State<S> {
    stream: S,
    /// The last line was lost.
    behind: bool,
    /// The last line was written in part, so the next one begins on a line of its own.
    cut: bool,
}

impl<S: Write + AsFd> Output<S> {
    /// Counts in `lost` the lines that `stream` does not take.
    pub(super) fn new(stream: S, lost: Counter) -> Self {
        Self { state: Mutex::new(State { stream, behind: false, cut: false }), lost }
    }

    fn line(&self, line: &[u8]) {
        let mut state = lock(&self.state);
        let written = state.line(line);
        state.behind = written.is_err();
        if written.is_err() {
            self.lost.inc();
        }
    }
}

impl<S: Write + AsFd> State<S> {
    fn line(&mut self, line: &[u8]) -> io::Result<()> {
        if self.cut {
            self.piece(b"\n")?;
            self.cut = false;
        }
        for piece in line.chunks(PIECE_BYTES) {
            self.piece(piece)?;
            self.cut = true;
        }
        self.cut = false;
        self.stream.flush()
    }

    /// Writes all of a piece, without blocking on a reader that reads nothing.
    fn piece(&mut self, mut piece: &[u8]) -> io::Result<()> {
        while !piece.is_empty() {
            self.wait_until_ready()?;
            match self.stream.write(piece) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(count) => {
                    self.cut = true;
                    piece = piece.get(count..).unwrap_or_default();
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn wait_until_ready(&self) -> io::Result<()> {
        let patience = if self.behind { NO_WAIT } else { PATIENCE };
        let mut stream = [PollFd::new(&self.stream, PollFlags::OUT)];
        loop {
            // A signal makes it wait anew: a write without waiting could take forever.
            match poll(&mut stream, Some(&patience)) {
                Ok(0) => return Err(io::ErrorKind::TimedOut.into()),
                // A reader that has gone counts as ready: the write then fails.
                Ok(_) => return Ok(()),
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}

impl<S: Write + AsFd> Write for &Output<S> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.line(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a, S: Write + AsFd + 'a> MakeWriter<'a> for Output<S> {
    type Writer = &'a Self;

    fn make_writer(&'a self) -> &'a Self {
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;
    use std::io::Read as _;
    use std::time::{Duration, Instant};

    const LINE: &[u8] = b"a line of the log\n";

    #[test]
    fn a_line_that_a_full_disk_refuses_is_counted() {
        let lost = Counter::default();
        let output = Output::new(File::options().write(true).open("/dev/full").unwrap(), lost.clone());
        (&output).write_all(LINE).unwrap();
        (&output).write_all(LINE).unwrap();
        assert_eq!(lost.get(), 2);
    }

    #[test]
    fn a_reader_that_has_gone_is_no_failure() {
        let (reader, writer) = io::pipe().unwrap();
        let lost = Counter::default();
        let output = Output::new(writer, lost.clone());
        (&output).write_all(LINE).unwrap();
        assert_eq!(lost.get(), 0);
        drop(reader);
        (&output).write_all(LINE).unwrap();
        assert_eq!(lost.get(), 1);
    }

    #[test]
    fn a_stalled_reader_is_waited_for_once_and_gets_whole_lines_afterwards() {
        let (mut reader, writer) = io::pipe().unwrap();
        let lost = Counter::default();
        let output = Output::new(writer, lost.clone());
        let long = [&[b'x'; 3 * PIECE_BYTES][..], b"\n"].concat();
        let begun = Instant::now();
        for _ in 0..1_000 {
            (&output).write_all(&long).unwrap();
        }
        assert!(begun.elapsed() < Duration::from_secs(10), "every lost line was waited for");
        assert!(900 < lost.get(), "{} were lost", lost.get());

        let mut read = vec![0; 1 << 20];
        let count = reader.read(&mut read).unwrap();
        let kept = read[..count].to_vec();
        (&output).write_all(LINE).unwrap();
        let count = reader.read(&mut read).unwrap();
        let (cut, next) = (!kept.ends_with(b"\n"), &read[..count]);
        assert_eq!(next, if cut { [b"\n", LINE].concat() } else { LINE.to_vec() });
    }
}
