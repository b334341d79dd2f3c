//! The part of an HTTP answer that a load has to read: where it ends, and whether it is a success.

use memchr::memmem;

/// The meaning of the bytes received so far.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// The answer is incomplete.
    Partial,
    /// A complete answer with status 200 that says success, and without a failed item.
    Success {
        /// Length of its body.
        body_bytes: usize,
    },
    /// Any other complete answer.
    Other,
    /// Bytes that this reader does not understand, or more than one answer.
    Broken,
}

/// Reads all bytes received since the request. A success contains `success` and no `failed_item`.
pub(super) fn read(bytes: &[u8], success: &[u8], failed_item: &[u8]) -> Answer {
    let Some(head_bytes) = memmem::find(bytes, b"\r\n\r\n").map(|end| end + 4) else {
        return Answer::Partial;
    };
    let (head, body) = bytes.split_at(head_bytes);
    let Some(body_bytes) = content_length(head) else {
        return Answer::Broken;
    };
    if body.len() < body_bytes {
        Answer::Partial
    } else if body_bytes < body.len() {
        Answer::Broken
    } else if head.starts_with(b"HTTP/1.1 200 ")
        && memmem::find(body, success).is_some()
        && memmem::find(body, failed_item).is_none()
    {
        Answer::Success { body_bytes }
    } else {
        Answer::Other
    }
}

fn content_length(head: &[u8]) -> Option<usize> {
    const NAME: &[u8] = b"content-length:";
    let mut lines = head.split(|&byte| byte == b'\n');
    let line =
        lines.find(|line| line.get(..NAME.len()).is_some_and(|start| start.eq_ignore_ascii_case(NAME)))?;
    std::str::from_utf8(&line[NAME.len()..]).ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const OK: &str = r#"{"ActionStatus":"OK","ErrorInfo":"","ErrorCode":0,"GroupId":"g"}"#;
    const FAIL: &str = r#"{"ActionStatus":"FAIL","ErrorInfo":"","ErrorCode":10021}"#;

    fn read(bytes: &[u8]) -> Answer {
        super::read(bytes, br#""ErrorCode":0"#, br#""Result":0"#)
    }

    const SUCCESS: Answer = Answer::Success { body_bytes: OK.len() };

    fn whole(status: &str, body: &str) -> Vec<u8> {
        format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\ndate: x\r\n\r\n{body}", body.len()).into_bytes()
    }

    #[test]
    fn complete_answers_are_distinguished() {
        assert_eq!(read(&whole("200 OK", OK)), SUCCESS);
        let item = r#"{"ErrorCode":0,"MemberList":[{"Result":1},{"Result":0}]}"#;
        assert_eq!(read(&whole("200 OK", item)), Answer::Other);
        assert_eq!(read(&whole("200 OK", FAIL)), Answer::Other);
        assert_eq!(read(&whole("503 Service Unavailable", OK)), Answer::Other);
        assert_eq!(read(&whole("200 OK", "")), Answer::Other);
    }

    #[test]
    fn an_answer_is_complete_only_with_its_last_byte() {
        let bytes = whole("200 OK", OK);
        for end in 0..bytes.len() {
            assert_eq!(read(&bytes[..end]), Answer::Partial, "{end}");
        }
    }

    #[test]
    fn bytes_that_are_not_one_answer_are_broken() {
        let mut two = whole("200 OK", OK);
        two.extend_from_slice(&whole("200 OK", OK));
        assert_eq!(read(&two), Answer::Broken);
        assert_eq!(read(b"HTTP/1.1 200 OK\r\n\r\n"), Answer::Broken);
        assert_eq!(read(b"HTTP/1.1 200 OK\r\ncontent-length: many\r\n\r\n"), Answer::Broken);
    }
}
