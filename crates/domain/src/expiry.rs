//! Which messages of a conversation are removed because of their age.

use crate::message::MessageLog;
use crate::time::Timestamp;

/// What one step of an expiry makes of a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expiry {
    /// How many of the oldest messages are removed.
    pub removed: usize,
    /// [`MessageLog::first_kept`] from then on.
    pub first_kept: u32,
    /// Whether no message is left that should be removed as well.
    pub complete: bool,
}

impl MessageLog {
    /// Decides which messages are removed: those sent before `before`, the oldest first and at most `limit` of them.
    ///
    /// `oldest` has the numbers and times of the oldest messages, both ascending: all messages, or enough of them to
    /// include one that stays.
    #[must_use]
    pub fn expire(&self, oldest: &[(u32, Timestamp)], before: Timestamp, limit: usize) -> Expiry {
        let is_old = |(_, sent): &&(u32, Timestamp)| *sent < before;
        let removed = oldest.iter().take(limit).take_while(is_old).count();
        let first_kept = oldest.get(removed);
        Expiry {
            removed,
            first_kept: first_kept.map_or(self.next_seq, |(seq, _)| *seq),
            complete: !first_kept.as_ref().is_some_and(is_old),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_messages_go_up_to_the_limit() {
        let log = MessageLog { next_seq: 9, ..MessageLog::default() };
        let messages = [(4, Timestamp(10)), (6, Timestamp(20)), (7, Timestamp(20)), (8, Timestamp(30))];
        let cases = [
            ((10, 9), (0, 4, true)),
            ((20, 9), (1, 6, true)),
            ((30, 9), (3, 8, true)),
            ((30, 3), (3, 8, true)),
            ((30, 2), (2, 7, false)),
            ((31, 9), (4, 9, true)),
            ((31, 0), (0, 4, false)),
        ];
        for ((before, limit), (removed, first_kept, complete)) in cases {
            let expected = Expiry { removed, first_kept, complete };
            assert_eq!(log.expire(&messages, Timestamp(before), limit), expected, "{before} {limit}");
        }
        let nothing = Expiry { removed: 0, first_kept: 9, complete: true };
        assert_eq!(log.expire(&[], Timestamp(99), 5), nothing);
    }
}
