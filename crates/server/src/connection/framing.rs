//! Heads that say twice how long their body is.
//!
//! With `Content-Length` and `Transfer-Encoding` in one head, a proxy and a server can take different bytes for the next
//! request. The HTTP library obeys the latter and drops the former unseen, so heads are looked at as they arrive.

/// The longer of the two names, with its colon.
const NAME_BYTES: usize = b"transfer-encoding:".len();

/// What was seen of a head so far.
#[derive(Debug, Default)]
pub(super) struct Framing {
    /// How the line under way begins.
    line: [u8; NAME_BYTES],
    line_bytes: usize,
    has_begun: bool,
    has_ended: bool,
    has_length: bool,
    has_coding: bool,
}

impl Framing {
    /// Takes in bytes of a head and what may follow it; true when the head is whole and says twice how long its body is.
    pub(super) fn read(&mut self, mut bytes: &[u8]) -> bool {
        while !self.has_ended {
            let Some(end) = memchr::memchr(b'\n', bytes) else {
                self.add(bytes);
                return false;
            };
            self.add(&bytes[..end]);
            self.end_line();
            bytes = &bytes[end + 1..];
        }
        self.has_length && self.has_coding
    }

    fn add(&mut self, bytes: &[u8]) {
        let room = &mut self.line[self.line_bytes..];
        let count = room.len().min(bytes.len());
        room[..count].copy_from_slice(&bytes[..count]);
        self.line_bytes += count;
    }

    fn end_line(&mut self) {
        let line = &self.line[..self.line_bytes];
        let is_called =
            |name: &[u8]| line.get(..name.len()).is_some_and(|line| line.eq_ignore_ascii_case(name));
        match line {
            // Empty lines may come before a request.
            b"" | b"\r" => self.has_ended = self.has_begun,
            _ => {
                self.has_begun = true;
                self.has_length |= is_called(b"content-length:");
                self.has_coding |= is_called(b"transfer-encoding:");
            }
        }
        self.line_bytes = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LENGTH: &str = "Content-Length: 5\r\n";
    const CODING: &str = "transfer-ENCODING: chunked\r\n";

    /// The same however the bytes arrive.
    fn conflicts(head: &str) -> bool {
        let whole = Framing::default().read(head.as_bytes());
        for at in 0..head.len() {
            let (first, second) = head.as_bytes().split_at(at);
            let mut framing = Framing::default();
            let parts = [framing.read(first), framing.read(second)];
            assert_eq!(parts.contains(&true), whole, "cut at {at}: {head:?}");
        }
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
    fn one_header_alone_is_fine_whatever_the_body_holds() {
        for headers in ["", LENGTH, CODING, "Content-Length: 5\r\nX-Transfer-Encoding: chunked\r\n"] {
            let head = format!("POST /transfer-encoding: HTTP/1.1\r\n{headers}\r\n{LENGTH}{CODING}\r\n");
            assert!(!conflicts(&head), "{headers}");
        }
    }
}
