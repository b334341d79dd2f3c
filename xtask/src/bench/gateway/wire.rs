//! The part of the WebSocket protocol that counting frames needs.

use anyhow::{Result, bail, ensure};
use memchr::memmem;

/// Longest frame of a server that is read, with its head.
pub(super) const FRAME_BYTES_MAX: usize = 16 * 1024;

const TEXT: u8 = 1;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;
/// In the first byte: the frame is a whole message.
const WHOLE: u8 = 0x80;
/// In the second byte: the payload is masked, as in every frame of a client.
const MASKED: u8 = 0x80;

/// A frame of the server.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Frame<'a> {
    Text(&'a [u8]),
    Ping(&'a [u8]),
    Pong,
    /// Code and reason.
    Close(u16, &'a [u8]),
}

/// The first frame and the bytes after it; `None` while it is incomplete.
///
/// # Errors
/// It is not a frame that this server sends.
pub(super) fn first(bytes: &[u8]) -> Result<Option<(Frame<'_>, &[u8])>> {
    let (&[first, second], rest) = match bytes.split_first_chunk() {
        Some(split) => split,
        None => return Ok(None),
    };
    ensure!(first & WHOLE != 0 && second & MASKED == 0, "a frame begins with {first:#x} {second:#x}");
    let (length, rest) = match (second, rest) {
        (126, [high, low, rest @ ..]) => (usize::from(u16::from_be_bytes([*high, *low])), rest),
        (126, _) => return Ok(None),
        (127, _) => bail!("a frame has more than 65,535 bytes"),
        (length, rest) => (usize::from(length), rest),
    };
    ensure!(length < FRAME_BYTES_MAX, "a frame has {length} bytes");
    let Some((payload, rest)) = rest.split_at_checked(length) else { return Ok(None) };
    let frame = match (first & !WHOLE, payload) {
        (TEXT, _) => Frame::Text(payload),
        (PING, _) => Frame::Ping(payload),
        (PONG, _) => Frame::Pong,
        (CLOSE, [high, low, reason @ ..]) => Frame::Close(u16::from_be_bytes([*high, *low]), reason),
        (CLOSE, _) => Frame::Close(1005, b""),
        (opcode, _) => bail!("a frame has opcode {opcode}"),
    };
    Ok(Some((frame, rest)))
}

/// Whether `text` says that the server sends every message from here on.
pub(super) fn is_ready(text: &[u8]) -> bool {
    text.starts_with(br#"{"Event":"ready""#)
}

/// A text frame of the server.
pub(super) fn from_server(text: &str) -> Vec<u8> {
    framed(TEXT, 0, &[], text.as_bytes())
}

/// A text frame of a client. The mask is 0, which changes nothing.
pub(super) fn from_client(text: &str) -> Vec<u8> {
    framed(TEXT, MASKED, &[0; 4], text.as_bytes())
}

/// The answer to a ping.
pub(super) fn pong(payload: &[u8]) -> Vec<u8> {
    framed(PONG, MASKED, &[0; 4], payload)
}

fn framed(opcode: u8, mask: u8, key: &[u8], payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![WHOLE | opcode];
    match u8::try_from(payload.len()) {
        Ok(length) if length < 126 => bytes.push(mask | length),
        Ok(_) | Err(_) => {
            let length = u16::try_from(payload.len()).expect("frames are far shorter than 64 KiB");
            bytes.push(mask | 126);
            bytes.extend_from_slice(&length.to_be_bytes());
        }
    }
    bytes.extend_from_slice(key);
    bytes.extend_from_slice(payload);
    bytes
}

/// The number of a message, if `text` is one.
pub(super) fn message_number(text: &[u8]) -> Option<u32> {
    const NAME: &[u8] = br#""MsgSeq":"#;
    if !text.starts_with(br#"{"Event":"message","#) {
        return None;
    }
    let digits = &text[memmem::find(text, NAME)? + NAME.len()..];
    let length = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
    std::str::from_utf8(&digits[..length]).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_read_once_it_is_complete() {
        for length in [0, 1, 125, 126, 300, 16_000] {
            let text = "x".repeat(length);
            let bytes = [from_server(&text), vec![0x89, 1, b'p', 0x88, 3, 0x03, 0xe9, b'!']].concat();
            let head = from_server(&text).len();
            for cut in [0, 1, 2, 3, head - 1] {
                let is_complete = head <= cut;
                assert_eq!(first(&bytes[..cut]).unwrap().is_some(), is_complete, "{cut} of {length}");
            }
            let (frame, rest) = first(&bytes).unwrap().unwrap();
            assert_eq!(frame, Frame::Text(text.as_bytes()));
            let (frame, rest) = first(rest).unwrap().unwrap();
            assert_eq!(frame, Frame::Ping(b"p"));
            assert_eq!(first(rest).unwrap().unwrap(), (Frame::Close(1001, b"!"), &b""[..]));
        }
    }

    #[test]
    fn frames_this_server_never_sends_are_refused() {
        for bytes in [[0x01, 0], [0x81, 0x80], [0x82, 0], [0x81, 127]] {
            first(&bytes).unwrap_err();
        }
    }

    #[test]
    fn frames_of_a_client_are_masked_with_zeros() {
        assert_eq!(from_client("ab"), [0x81, 0x82, 0, 0, 0, 0, b'a', b'b']);
        assert_eq!(pong(b""), [0x8a, 0x80, 0, 0, 0, 0]);
        assert_eq!(from_client(&"a".repeat(200))[..4], [0x81, 0xfe, 0, 200]);
    }

    #[test]
    fn only_messages_have_a_number() {
        assert_eq!(message_number(br#"{"Event":"message","GroupId":"g","MsgSeq":42,"Random":1}"#), Some(42));
        assert_eq!(message_number(br#"{"Event":"tip","GroupId":"g","MsgSeq":42}"#), None);
        assert_eq!(message_number(br#"{"Event":"message","GroupId":"g"}"#), None);
    }
}
