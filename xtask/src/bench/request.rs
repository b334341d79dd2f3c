//! Requests that are written once and patched for each call, so that a load costs little.

use std::ops::Range;

/// Digits of a call's number wherever it appears.
pub(super) const NUMBER_DIGITS: usize = 10;

/// Digits of a group id made from a number, without its prefix.
const GROUP_ID_DIGITS: usize = 16;

/// A body under construction: fixed text, and placeholders whose value follows from the number of the call.
#[derive(Default)]
pub(super) struct Body {
    bytes: Vec<u8>,
    placeholders: Vec<Placeholder>,
}

/// Digits that differ from call to call.
struct Placeholder {
    range: Range<usize>,
    form: Form,
    value: Box<dyn Fn(u64) -> u64>,
}

#[derive(Clone, Copy)]
enum Form {
    Decimal,
    /// Sixteen digits in random order: the hard case for every ordered store, and like a parallel migration.
    Scrambled,
}

impl Body {
    /// Adds fixed text.
    pub(super) fn text(&mut self, text: &str) -> &mut Self {
        self.bytes.extend_from_slice(text.as_bytes());
        self
    }

    /// Adds a number of `digits` digits. In a JSON number the value must have that many, since none begins with 0.
    pub(super) fn decimal(&mut self, digits: usize, value: impl Fn(u64) -> u64 + 'static) -> &mut Self {
        self.placeholder(digits, Form::Decimal, value)
    }

    /// Adds the digits of the id of group `value`.
    pub(super) fn group_digits(&mut self, value: impl Fn(u64) -> u64 + 'static) -> &mut Self {
        self.placeholder(GROUP_ID_DIGITS, Form::Scrambled, value)
    }

    fn placeholder(&mut self, digits: usize, form: Form, value: impl Fn(u64) -> u64 + 'static) -> &mut Self {
        let start = self.bytes.len();
        self.bytes.resize(start + digits, b'0');
        self.placeholders.push(Placeholder { range: start..self.bytes.len(), form, value: Box::new(value) });
        self
    }
}

/// A request of which only digits differ from call to call.
pub(super) struct Request {
    bytes: Vec<u8>,
    placeholders: Vec<Placeholder>,
}

impl Request {
    /// `target` is path and query up to and including the signature.
    pub(super) fn new(target: &str, body: Body) -> Self {
        let mut head = Body::default();
        head.text("POST ").text(target).text("&random=");
        // Ten digits that stay below 2^32, as `random` has to.
        head.decimal(NUMBER_DIGITS, |number| 1_000_000_000 + number % 1_000_000_000);
        head.text(&format!(
            "&contenttype=json HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n",
            body.bytes.len()
        ));
        let Body { mut bytes, mut placeholders } = head;
        let shift = bytes.len();
        bytes.extend_from_slice(&body.bytes);
        let shifted = |placeholder: Placeholder| Placeholder {
            range: placeholder.range.start + shift..placeholder.range.end + shift,
            ..placeholder
        };
        placeholders.extend(body.placeholders.into_iter().map(shifted));
        Self { bytes, placeholders }
    }

    /// The request of call `number`: the same bytes for the same number.
    pub(super) fn numbered(&mut self, number: u64) -> &[u8] {
        for placeholder in &self.placeholders {
            let value = (placeholder.value)(number);
            match placeholder.form {
                Form::Decimal => write_decimal(&mut self.bytes[placeholder.range.clone()], value),
                Form::Scrambled => write_scrambled(&mut self.bytes[placeholder.range.clone()], value),
            }
        }
        &self.bytes
    }
}

fn write_decimal(digits: &mut [u8], mut number: u64) {
    for byte in digits.iter_mut().rev() {
        // A digit always fits a byte.
        *byte = b'0' + (number % 10) as u8;
        number /= 10;
    }
}

fn write_scrambled(digits: &mut [u8], number: u64) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let mut bits = scramble(number);
    for byte in digits.iter_mut().rev() {
        *byte = HEX[(bits & 15) as usize];
        bits >>= 4;
    }
}

/// SplitMix64's finalizer: every step is invertible, so different numbers give different ids.
fn scramble(number: u64) -> u64 {
    let bits = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_appears_in_every_placeholder() {
        let mut body = Body::default();
        body.text(r#"{"A":"#).decimal(3, |number| 100 + number).text(r#","B":""#);
        body.group_digits(|number| number).text(r#""}"#);
        let mut request = Request::new("/v4/s/c?usersig=x", body);
        let text =
            |request: &mut Request, number| std::str::from_utf8(request.numbered(number)).unwrap().to_owned();
        let one = text(&mut request, 1);
        assert!(
            one.starts_with("POST /v4/s/c?usersig=x&random=1000000001&contenttype=json HTTP/1.1\r\n"),
            "{one}"
        );
        let (head, sent) = one.split_once("\r\n\r\n").unwrap();
        assert!(head.ends_with(&format!("\r\nContent-Length: {}", sent.len())));
        assert!(sent.starts_with(r#"{"A":101,"B":""#), "{sent}");
        assert_ne!(text(&mut request, 2), one);
        assert_eq!(text(&mut request, 1), one);
    }
}
