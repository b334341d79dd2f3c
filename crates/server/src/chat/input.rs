//! Lines that are typed, or come from a pipe.

use crate::clients::requests::FRAME_BYTES_MAX;
use std::io::{BufRead, Read as _};
use std::thread;
use tokio::sync::mpsc;

/// Longest line, bytes: a longer one fits no frame.
const LINE_BYTES_MAX: usize = FRAME_BYTES_MAX;
/// Lines that wait to be taken.
const WAITING_MAX: usize = 16;

/// A line, or what is wrong with it.
pub(super) type Line = Result<String, String>;

/// Lines to come.
pub struct Input {
    lines: mpsc::Receiver<Line>,
    /// Keeps an input open that never has a line.
    _open: Option<mpsc::Sender<Line>>,
    /// Whether a person types them, who sees what became of each.
    pub(super) is_typed: bool,
}

impl Input {
    /// No lines, and no end of them.
    #[must_use]
    pub fn none() -> Self {
        let (sender, lines) = mpsc::channel(1);
        Self { lines, _open: Some(sender), is_typed: false }
    }

    /// Reads `source` line by line, in a thread that ends with it, or with the process.
    ///
    /// # Errors
    /// There is no thread.
    pub fn from(source: impl BufRead + Send + 'static, is_typed: bool) -> std::io::Result<Self> {
        let (sender, lines) = mpsc::channel(WAITING_MAX);
        let reader = thread::Builder::new().name("input".to_owned());
        reader.spawn(move || forward(source, &sender))?;
        Ok(Self { lines, _open: None, is_typed })
    }

    /// The next line; `None` at the end. Dropping the future loses nothing.
    pub(super) async fn next(&mut self) -> Option<Line> {
        self.lines.recv().await
    }

    /// Whether no further line is going to be read from the source.
    pub(super) fn is_read(&self) -> bool {
        self.lines.is_closed()
    }
}

fn forward(mut source: impl BufRead, lines: &mpsc::Sender<Line>) {
    while let Some(line) = read(&mut source) {
        if lines.blocking_send(line).is_err() {
            return;
        }
    }
}

/// The next line; `None` at the end, or when reading fails.
fn read(source: &mut impl BufRead) -> Option<Line> {
    let mut bytes = Vec::new();
    let most = u64::try_from(LINE_BYTES_MAX + 1).unwrap_or(u64::MAX);
    source.by_ref().take(most).read_until(b'\n', &mut bytes).ok()?;
    if bytes.is_empty() {
        return None;
    }
    if LINE_BYTES_MAX < bytes.len() && bytes.last() != Some(&b'\n') {
        source.skip_until(b'\n').ok()?;
        return Some(Err(format!("the line is too long; the limit is {LINE_BYTES_MAX} bytes")));
    }
    Some(String::from_utf8(bytes).map_err(|_| "the line is not UTF-8".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_cannot_be_sent_are_named_and_the_next_ones_are_read() {
        let long = "x".repeat(3 * LINE_BYTES_MAX);
        let mut source = format!("one\n{long}\ntwo\n").into_bytes();
        source.extend(b"\xff\nlast");
        let mut source = source.as_slice();
        let lines: Vec<Line> = std::iter::from_fn(|| read(&mut source)).collect();
        let whole: Vec<_> = lines.iter().map(|line| line.as_deref().ok()).collect();
        assert_eq!(whole, [Some("one\n"), None, Some("two\n"), None, Some("last")]);
        assert!(lines[1].as_ref().unwrap_err().contains(&LINE_BYTES_MAX.to_string()));
    }
}
