//! Reads the lines of a neutral file: plain, gzip or zstd, told apart by their first bytes.

use flate2::bufread::MultiGzDecoder;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read as _};
use std::path::Path;

/// Longest line accepted, bytes; a message has 64 KiB at most under relaxed limits.
pub const LINE_BYTES_MAX: usize = 16 << 20;

const BUFFER_BYTES: usize = 256 << 10;
const GZIP: &[u8] = &[0x1f, 0x8b];
const ZSTD: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];
const BYTE_ORDER_MARK: &[u8] = &[0xef, 0xbb, 0xbf];

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Counted from 1, empty lines included.
    pub number: u64,
    pub text: String,
}

/// Why a line cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum LineError {
    /// The line is skipped.
    #[error("line {number} is not UTF-8: byte {byte:#04x} at position {position}")]
    NotUtf8 {
        number: u64,
        /// The first byte that does not fit.
        byte: u8,
        /// Counted from 1 within the line.
        position: usize,
    },
    /// The line is skipped.
    #[error("line {0} is longer than {LINE_BYTES_MAX} bytes")]
    TooLong(u64),
    /// Nothing behind it can be read: the file is cut off, damaged, or the disk failed.
    #[error("the file cannot be read after line {after}")]
    Broken {
        /// The last whole line.
        after: u64,
        #[source]
        cause: io::Error,
    },
}

/// The lines of a file, without empty ones.
pub struct Reader {
    lines: Box<dyn BufRead + Send>,
    number: u64,
    buffer: Vec<u8>,
    broken: bool,
}

impl Reader {
    /// Opens a file.
    ///
    /// # Errors
    /// It cannot be opened.
    pub fn open(path: &Path) -> io::Result<Self> {
        Self::new(BufReader::with_capacity(BUFFER_BYTES, File::open(path)?))
    }

    /// Reads what `source` has.
    ///
    /// # Errors
    /// Its first bytes cannot be read.
    pub fn new(mut source: impl BufRead + Send + 'static) -> io::Result<Self> {
        let start = source.fill_buf()?;
        let (gzip, zstd) = (start.starts_with(GZIP), start.starts_with(ZSTD));
        let lines: Box<dyn BufRead + Send> = if gzip {
            Box::new(BufReader::with_capacity(BUFFER_BYTES, MultiGzDecoder::new(source)))
        } else if zstd {
            Box::new(BufReader::with_capacity(BUFFER_BYTES, zstd::Decoder::with_buffer(source)?))
        } else {
            Box::new(source)
        };
        Ok(Self { lines, number: 0, buffer: Vec::new(), broken: false })
    }

    fn read(&mut self) -> Option<Result<Line, LineError>> {
        loop {
            self.buffer.clear();
            let mut limited = (&mut self.lines).take(LINE_BYTES_MAX as u64 + 1);
            match limited.read_until(b'\n', &mut self.buffer) {
                Ok(0) => return None,
                Ok(_) => self.number += 1,
                Err(cause) => {
                    self.broken = true;
                    return Some(Err(LineError::Broken { after: self.number, cause }));
                }
            }
            if LINE_BYTES_MAX < self.buffer.len() && self.buffer.last() != Some(&b'\n') {
                return Some(match skip_line(&mut self.lines) {
                    Ok(()) => Err(LineError::TooLong(self.number)),
                    Err(cause) => {
                        self.broken = true;
                        Err(LineError::Broken { after: self.number, cause })
                    }
                });
            }
            let mut line = self.buffer.as_slice();
            if self.number == 1 {
                line = line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(line);
            }
            let line = line.trim_ascii();
            if line.is_empty() {
                continue;
            }
            return Some(match std::str::from_utf8(line) {
                Ok(text) => Ok(Line { number: self.number, text: text.to_owned() }),
                Err(error) => {
                    let at = error.valid_up_to();
                    let byte = line.get(at).copied().unwrap_or_default();
                    Err(LineError::NotUtf8 { number: self.number, byte, position: at + 1 })
                }
            });
        }
    }
}

impl Iterator for Reader {
    type Item = Result<Line, LineError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.broken { None } else { self.read() }
    }
}

fn skip_line(lines: &mut dyn BufRead) -> io::Result<()> {
    loop {
        let buffer = lines.fill_buf()?;
        if buffer.is_empty() {
            return Ok(());
        }
        match buffer.iter().position(|byte| *byte == b'\n') {
            Some(end) => {
                lines.consume(end + 1);
                return Ok(());
            }
            None => {
                let all = buffer.len();
                lines.consume(all);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Cursor, Write as _};

    fn lines(bytes: Vec<u8>) -> Vec<String> {
        let reader = Reader::new(Cursor::new(bytes)).unwrap();
        reader
            .map(|line| match line {
                Ok(line) => format!("{}:{}", line.number, line.text),
                Err(error) => error.to_string(),
            })
            .collect()
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn plain_and_compressed_files_have_the_same_lines() {
        let text = b"\xef\xbb\xbf{\"a\":1}\r\n\n  \n{\"b\":2}";
        let expected = ["1:{\"a\":1}", "4:{\"b\":2}"];
        assert_eq!(lines(text.to_vec()), expected);
        assert_eq!(lines(gzip(text)), expected);
        assert_eq!(lines(zstd::encode_all(text.as_slice(), 1).unwrap()), expected);
    }

    #[test]
    fn a_line_that_is_not_utf_8_is_skipped() {
        assert_eq!(
            lines(b"a\nb\xffc\nd".to_vec()),
            ["1:a", "line 2 is not UTF-8: byte 0xff at position 2", "3:d"]
        );
    }

    #[test]
    fn a_cut_off_archive_ends_with_an_error() {
        let whole = gzip(b"{\"a\":1}\n");
        let cut = whole.get(..whole.len() - 9).unwrap().to_vec();
        let read = lines(cut);
        assert!(read.last().unwrap().starts_with("the file cannot be read after line"), "{read:?}");
    }

    #[test]
    fn a_line_that_is_too_long_is_skipped() {
        let mut text = vec![b'a'; LINE_BYTES_MAX + 2];
        text.extend(b"\nb\n");
        assert_eq!(lines(text), ["line 1 is longer than 16777216 bytes", "2:b"]);
    }
}
