//! What identifies a record, so that importing it again changes nothing.

use super::Message;
use xxhash_rust::xxh3::{xxh3_64, xxh3_128};

/// `Random` of a message in the target: given, or derived from `src` and `key`. Never 0, which would allow duplicates.
#[must_use]
pub fn random(message: &Message) -> u32 {
    match message.random {
        Some(random) if random != 0 => random,
        Some(_) | None => derived_random(message),
    }
}

/// `Random` of a message whose source has none.
#[must_use]
pub fn derived_random(message: &Message) -> u32 {
    let hash = xxh3_64(identity(message).as_bytes());
    let folded = u32::try_from((hash >> 32) ^ (hash & u64::from(u32::MAX))).unwrap_or_default();
    folded.max(1)
}

/// Bits of `MsgSeq` that hold the place of a message among those of its millisecond.
const PLACE_BITS: u32 = 22;

/// Gives messages between two accounts their `MsgSeq`, where they have none: it keeps those of one second in order. They come in
/// the order in which they were sent.
///
/// [choice] It is made of the millisecond and the place among the messages of that millisecond.
#[derive(Debug, Default)]
pub struct Numbering {
    ms: u64,
    place: u32,
}

impl Numbering {
    /// `MsgSeq` of the next message.
    pub fn number(&mut self, message: &Message) -> u32 {
        let ms = message.sent_ms().unwrap_or_default();
        self.place = if ms == self.ms { self.place.saturating_add(1) } else { 0 };
        self.ms = ms;
        let place = self.place.min((1 << PLACE_BITS) - 1);
        message.msg_seq.unwrap_or_else(|| millisecond(ms) << PLACE_BITS | place)
    }
}

/// Below 1,000.
fn millisecond(ms: u64) -> u32 {
    u32::try_from(ms % 1_000).unwrap_or_default()
}

/// Whether [`Numbering`] gives the first message of a millisecond this `MsgSeq`.
#[must_use]
pub fn is_first_number(message: &Message, number: u32) -> bool {
    number == millisecond(message.sent_ms().unwrap_or_default()) << PLACE_BITS
}

/// A text that no other message of the group has. A message without `key` is known by its sender, time and content.
#[must_use]
pub fn identity(message: &Message) -> String {
    if message.key.is_empty() {
        let sent = message.sent_ms().unwrap_or_default();
        let body = message.msg_body.canonical();
        format!("{}\0\0{}\0{sent}\0{body}", message.src, message.from)
    } else {
        format!("{}\0{}", message.src, message.key)
    }
}

/// A hash of a text, as hexadecimal digits.
#[must_use]
pub fn digest(text: &str) -> String {
    format!("{:032x}", xxh3_128(text.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_with_different_keys_have_different_numbers() {
        let message = |key: &str| Message { src: "s".to_owned(), key: key.to_owned(), ..Message::default() };
        assert_eq!(random(&message("1")), random(&message("1")));
        assert_ne!(random(&message("1")), random(&message("2")));
        assert_eq!(random(&Message { random: Some(7), ..message("1") }), 7);
        assert_ne!(random(&Message { random: Some(0), ..message("1") }), 0);
    }

    #[test]
    fn messages_of_one_second_get_rising_numbers() {
        let mut numbering = Numbering::default();
        let message = |ms: u64| Message { ts_ms: Some(ms), ..Message::default() };
        let numbers = [5_001, 5_001, 5_002, 6_001].map(|ms| numbering.number(&message(ms)));
        assert_eq!(numbers, [1 << 22, 1 << 22 | 1, 2 << 22, 1 << 22]);
        assert!(
            is_first_number(&message(5_001), numbers[0]) && !is_first_number(&message(5_001), numbers[1])
        );
        assert_eq!(numbering.number(&Message { msg_seq: Some(7), ..message(9_000) }), 7);
    }

    #[test]
    fn a_message_without_a_key_is_known_by_what_it_says() {
        let message = |text: &str, ms: u64| Message {
            ts_ms: Some(ms),
            msg_body: serde_json::json!([{ "MsgType": "TIMTextElem", "MsgContent": { "Text": text } }])
                .into(),
            ..Message::default()
        };
        assert_eq!(identity(&message("a", 1)), identity(&message("a", 1)));
        assert_ne!(identity(&message("a", 1)), identity(&message("b", 1)));
        assert_ne!(identity(&message("a", 1)), identity(&message("a", 2)));
    }
}
