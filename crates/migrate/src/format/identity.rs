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
