//! Finds requests whose head gives the length of the body twice.
//!
//! With `Content-Length` and `Transfer-Encoding` in one head, a proxy and a server can take different bytes for the next
//! request. The HTTP library obeys the latter and drops the former silently, so all bytes are inspected here: heads are
//! read and bodies are skipped, so that a head is found wherever it is, also behind another request.

/// Bytes of a line that are kept; the rest of a longer line is ignored.
const LINE_BYTES: usize = 64;

/// What was seen of a connection so far.
#[derive(Debug)]
pub(super) struct Framing {
    part: Part,
    /// The beginning of the current line.
    line: [u8; LINE_BYTES],
    line_bytes: usize,
    head: RequestHead,
    /// Whether any head gave the length twice.
    twice: bool,
}

/// The part of a request that the next bytes belong to.
#[derive(Clone, Copy, Debug)]
enum Part {
    Head,
    /// This many bytes of a body are left.
    Body(u64),
    ChunkSize,
    /// This many bytes of a chunk are left.
    Chunk(u64),
    ChunkEnd,
    Trailers,
    /// Not known: the library refuses the request and ends the connection.
    Unknown,
}

#[derive(Clone, Copy, Debug, Default)]
struct RequestHead {
    /// The length that was given; `Some(None)` when it is not a number.
    length: Option<Option<u64>>,
    has_coding: bool,
}

impl Default for Framing {
    fn default() -> Self {
        Self {
            part: Part::Head,
            line: [0; LINE_BYTES],
            line_bytes: 0,
            head: RequestHead::default(),
            twice: false,
        }
    }
}

impl Framing {
    /// Takes in bytes that have arrived; true once a whole head has given the length twice.
    pub(super) fn read(&mut self, mut bytes: &[u8]) -> bool {
        while !bytes.is_empty() {
            bytes = match self.part {
                Part::Unknown => break,
                Part::Body(left) => self.skip(bytes, left, Part::Body, Part::Head),
                Part::Chunk(left) => self.skip(bytes, left, Part::Chunk, Part::ChunkEnd),
                Part::Head | Part::ChunkSize | Part::ChunkEnd | Part::Trailers => {
                    let end = memchr::memchr(b'\n', bytes);
                    self.add(&bytes[..end.unwrap_or(bytes.len())]);
                    let Some(end) = end else { break };
                    self.part = self.end_line();
                    self.line_bytes = 0;
                    &bytes[end + 1..]
                }
            };
        }
        self.twice
    }

    /// Skips up to `left` bytes; returns what is left of `bytes` behind them.
    fn skip<'bytes>(
        &mut self,
        bytes: &'bytes [u8],
        left: u64,
        going_on: fn(u64) -> Part,
        then: Part,
    ) -> &'bytes [u8] {
        let count = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len());
        let left = left - count as u64;
        self.part = if left == 0 { then } else { going_on(left) };
        &bytes[count..]
    }

    fn add(&mut self, bytes: &[u8]) {
        let room = &mut self.line[self.line_bytes..];
        let count = room.len().min(bytes.len());
        room[..count].copy_from_slice(&bytes[..count]);
        self.line_bytes += count;
    }

    fn end_line(&mut self) -> Part {
        let line = &self.line[..self.line_bytes];
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        match self.part {
            Part::Head if line.is_empty() => self.end_head(),
            Part::Head => {
                let head = &mut self.head;
                if let Some(value) = value_of(line, b"content-length:") {
                    let is_whole = self.line_bytes < LINE_BYTES;
                    head.length = Some(number(value, 10).filter(|_| is_whole));
                }
                head.has_coding |= value_of(line, b"transfer-encoding:").is_some();
                Part::Head
            }
            Part::ChunkSize => {
                let digits = line.split(|byte| *byte == b';').next().unwrap_or_default();
                match number(digits, 16) {
                    Some(0) => Part::Trailers,
                    Some(size) => Part::Chunk(size),
                    None => Part::Unknown,
                }
            }
            Part::ChunkEnd if line.is_empty() => Part::ChunkSize,
            Part::Trailers if line.is_empty() => Part::Head,
            Part::Trailers => Part::Trailers,
            Part::ChunkEnd | Part::Body(_) | Part::Chunk(_) | Part::Unknown => Part::Unknown,
        }
    }

    /// The part that follows the empty line of a head.
    fn end_head(&mut self) -> Part {
        let head = std::mem::take(&mut self.head);
        self.twice |= head.length.is_some() && head.has_coding;
        match head.length {
            _ if head.has_coding => Part::ChunkSize,
            // Or an empty line, which may come before a request.
            Some(Some(0)) | None => Part::Head,
            Some(Some(length)) => Part::Body(length),
            Some(None) => Part::Unknown,
        }
    }
}

fn value_of<'line>(line: &'line [u8], name: &[u8]) -> Option<&'line [u8]> {
    let (found, value) = line.split_at_checked(name.len())?;
    found.eq_ignore_ascii_case(name).then_some(value)
}

fn number(digits: &[u8], radix: u32) -> Option<u64> {
    u64::from_str_radix(std::str::from_utf8(digits).ok()?.trim(), radix).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LENGTH: &str = "Content-Length: 5\r\n";
    const CODING: &str = "transfer-ENCODING: chunked\r\n";

    /// The result, which must be the same however the bytes are split.
    fn conflicts(heads: &str) -> bool {
        let whole = Framing::default().read(heads.as_bytes());
        for at in 0..heads.len() {
            let (first, second) = heads.as_bytes().split_at(at);
            let mut framing = Framing::default();
            framing.read(first);
            assert_eq!(framing.read(second), whole, "cut at {at}: {heads:?}");
        }
        let mut framing = Framing::default();
        let byte_by_byte = heads.as_bytes().chunks(1).fold(false, |_, byte| framing.read(byte));
        assert_eq!(byte_by_byte, whole, "{heads:?}");
        whole
    }

    #[test]
    fn a_head_with_both_headers_is_found_whatever_their_order() {
        for headers in [format!("{LENGTH}{CODING}"), format!("{CODING}Host: x\r\n{LENGTH}")] {
            assert!(conflicts(&format!("POST / HTTP/1.1\r\n{headers}\r\n")), "{headers}");
            assert!(conflicts(&format!("\r\n\r\nPOST / HTTP/1.1\r\n{headers}\r\nmore")), "{headers}");
            assert!(conflicts(&format!("POST / HTTP/1.1\n{headers}\n").replace('\r', "")), "{headers}");
        }
    }

    #[test]
    fn a_head_behind_other_requests_is_found() {
        let both = format!("POST / HTTP/1.1\r\n{LENGTH}{CODING}\r\n");
        let sized = format!("POST / HTTP/1.1\r\n{LENGTH}\r\n12345");
        let chunked = format!("POST / HTTP/1.1\r\n{CODING}\r\n5;x=y\r\n{}\r\n0\r\nT: r\r\n\r\n", "1\r\n\r\n");
        for before in ["GET / HTTP/1.1\r\nHost: x\r\n\r\n", &sized, &chunked] {
            assert!(conflicts(&format!("{before}{both}")), "{before}");
            assert!(conflicts(&format!("{before}{sized}{chunked}{before}{both}")), "{before}");
            assert!(!conflicts(&format!("{before}{sized}{chunked}{before}")), "{before}");
        }
    }

    #[test]
    fn one_header_alone_is_fine_whatever_the_body_holds() {
        let body = format!("\r\n\r\nPOST / HTTP/1.1\r\n{LENGTH}{CODING}\r\n");
        for headers in [
            format!("Content-Length: {}\r\n", body.len()),
            format!("content-length:{}\r\nX-Transfer-Encoding: chunked\r\n", body.len()),
        ] {
            let head = format!("POST /transfer-encoding: HTTP/1.1\r\n{headers}\r\n{body}");
            assert!(!conflicts(&head), "{headers}");
        }
        let chunk = format!("POST / HTTP/1.1\r\n{CODING}\r\n{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
        assert!(!conflicts(&chunk));
    }

    #[test]
    fn nonsense_is_left_to_the_library() {
        for length in ["", "x", "-1", "99999999999999999999999", &"0".repeat(100)] {
            let head = format!("POST / HTTP/1.1\r\nContent-Length: {length}\r\n\r\n{LENGTH}{CODING}\r\n");
            assert!(!conflicts(&head), "{length}");
        }
        assert!(!conflicts(&format!("POST / HTTP/1.1\r\n{CODING}\r\nzz\r\n{LENGTH}{CODING}\r\n")));
    }
}
