//! The messages of a one-to-one conversation in the order in which they were sent: what identifies them in a server, and how far
//! read marks say they were read.

use crate::format::identity::Numbering;
use crate::format::{Message, Read, identity};
use crate::rules::defaults::{ReadUpTo, read_up_to};
use landfall_domain::ids::UserId;
use landfall_domain::people::message::MessageKey;
use landfall_domain::time::Timestamp;
use xxhash_rust::xxh3::xxh3_64;

/// Messages of a conversation that read marks can name, the first ones.
const PLACES_MAX: usize = 1 << 20;

/// The messages so far.
#[derive(Default)]
pub(crate) struct Places {
    numbering: Numbering,
    places: Vec<Place>,
}

/// What read marks ask of a message.
struct Place {
    sent_ms: u64,
    /// Of `src` and `key`.
    name: u64,
    key: MessageKey,
    sender: UserId,
}

fn name(src: &str, key: &str) -> u64 {
    xxh3_64(format!("{src}\0{key}").as_bytes())
}

impl Places {
    /// Adds the next message. `None` where it has a fault that the rules have overlooked.
    pub(crate) fn add(&mut self, message: &Message) -> Option<MessageKey> {
        let sender = UserId::parse(&message.from)?;
        let (sent, sent_ms) = (Timestamp(message.sent()?), message.sent_ms()?);
        let number = self.numbering.number(message);
        let key = MessageKey { sent, number, random: identity::random(message) };
        if self.places.len() < PLACES_MAX {
            let name = name(&message.src, &message.key);
            self.places.push(Place { sent_ms, name, key, sender });
        }
        Some(key)
    }

    /// The last message that an account has read, and how many of the other it has not.
    pub(crate) fn mark(&self, read: &Read) -> Option<(Option<MessageKey>, u32)> {
        let of_other = |place: &Place| place.sender.as_str() != read.account;
        // Places before this one are read.
        let read_before = match read_up_to(read)? {
            ReadUpTo::Ms(ms) => self.places.partition_point(|place| place.sent_ms <= ms),
            ReadUpTo::Key(key) => {
                let name = name(&read.src, key);
                let found = self.places.iter().rposition(|place| place.name == name);
                found.map_or(self.places.len(), |place| place + 1)
            }
            ReadUpTo::Unread(0) => self.places.len(),
            ReadUpTo::Unread(unread) => {
                let unread = usize::try_from(unread).unwrap_or(usize::MAX);
                let of_other = self.places.iter().enumerate().rev().filter(|(_, place)| of_other(place));
                of_other.take(unread).last().map_or(self.places.len(), |(at, _)| at)
            }
        };
        let (before, behind) = self.places.split_at_checked(read_before)?;
        let unread = behind.iter().filter(|place| of_other(place)).count();
        Some((before.last().map(|place| place.key), u32::try_from(unread).unwrap_or(u32::MAX)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_counts_what_the_other_has_said_since() {
        let mut places = Places::default();
        for (key, from) in [("1", "ann"), ("2", "ben"), ("3", "ann"), ("4", "ben"), ("5", "ann")] {
            let (key, from) = (key.to_owned(), from.to_owned());
            let ms = 1_000 * key.parse::<u64>().unwrap();
            let message =
                Message { key, from, ts_ms: Some(ms), to: Some("x".to_owned()), ..Message::default() };
            assert_eq!(places.add(&message).map(|key| key.sent.0), Some(ms / 1_000));
        }
        let mark = |read: Read| {
            let (last, unread) = places.mark(&Read { account: "ann".to_owned(), ..read }).unwrap();
            (last.map_or(0, |key| key.sent.0), unread)
        };
        assert_eq!(mark(Read { unread_msg_num: Some(0), ..Read::default() }), (5, 0));
        assert_eq!(mark(Read { unread_msg_num: Some(1), ..Read::default() }), (3, 1));
        assert_eq!(mark(Read { unread_msg_num: Some(9), ..Read::default() }), (1, 2));
        assert_eq!(mark(Read { read_key: Some("2".to_owned()), ..Read::default() }), (2, 1));
        assert_eq!(mark(Read { read_ms: Some(999), ..Read::default() }), (0, 2));
    }
}
