//! Which messages were written in the last minutes, as far as the committer remembers: so a message that is no repeat, as
//! nearly every one, is sent without a look at those before it.

use super::filter::Filter;
use landfall_domain::ids::{AppId, GroupId};
use landfall_domain::message::Message;
use landfall_domain::people::Pair;
use landfall_domain::time::Timestamp;
use std::cell::RefCell;
use std::hash::{DefaultHasher, Hash, Hasher};

/// Seconds that one part remembers. There are two, and the older one is complete: so they reach further back than a repeat
/// does.
const SECONDS: u64 = Message::DUPLICATE_SECONDS + 60;
/// Messages that one part remembers; some 2 bytes each.
const MESSAGES_MAX: usize = 4_000_000;
/// Blocks of a new part: 16,384 messages.
const BLOCKS: usize = 1 << 10;

/// Used by the committer thread alone. Messages of batches that were discarded stay remembered, which does no harm.
#[derive(Default)]
pub(super) struct RecentMessages(RefCell<Option<Parts>>);

struct Parts {
    older: Part,
    newer: Part,
    /// The latest time of a message or an operation so far.
    latest: Timestamp,
}

/// All messages sent after a time and before the next part begins are in one part or the other.
struct Part {
    after: Timestamp,
    filter: Filter,
    messages: usize,
}

impl Part {
    fn new(after: Timestamp) -> Self {
        Self { after, filter: Filter::starting_with(BLOCKS), messages: 0 }
    }
}

/// What repeats of a message have in common with it.
#[derive(Clone, Copy)]
pub(super) struct Mark(u64);

impl Mark {
    /// Of a message between two accounts.
    pub(super) fn direct(app: AppId, pair: &Pair, number: u32, random: u32) -> Self {
        Self::of(&(0_u8, app.0, pair, number, random))
    }

    /// Of a message of a group, or of a topic that has a name.
    pub(super) fn group(app: AppId, group: &GroupId, topic: &str, random: u32) -> Self {
        Self::of(&(1_u8, app.0, group, topic, random))
    }

    fn of(value: &impl Hash) -> Self {
        let mut hasher = DefaultHasher::new();
        value.hash(&mut hasher);
        Self(hasher.finish())
    }
}

impl RecentMessages {
    /// Remembers a message that is written at `now`.
    pub(super) fn add(&self, mark: Mark, sent: Timestamp, now: Timestamp) {
        let parts = &mut *self.0.borrow_mut();
        // What was written before the start is not known. It was sent before, too.
        let first = || Parts { older: Part::new(now), newer: Part::new(now), latest: now };
        let parts = parts.get_or_insert_with(first);
        parts.latest = parts.latest.max(now).max(sent);
        let full = MESSAGES_MAX <= parts.newer.messages;
        if full || parts.newer.after.0.saturating_add(SECONDS) < parts.latest.0 {
            // Nothing that was written until now was sent later than this.
            let newer = Part::new(parts.latest);
            parts.older = std::mem::replace(&mut parts.newer, newer);
        }
        // Histories are looked for in the store.
        if parts.older.after <= sent {
            parts.newer.messages += 1;
            parts.newer.filter.add(mark.0);
        }
    }

    /// Messages sent until `latest` are written that are not remembered.
    pub(super) fn skip(&self, latest: Timestamp) {
        if let Some(parts) = &mut *self.0.borrow_mut() {
            parts.latest = parts.latest.max(latest);
            for part in [&mut parts.older, &mut parts.newer] {
                part.after = part.after.max(latest);
            }
        }
    }

    /// The latest time at which a message with this mark may have been sent, if it was at `since` or later; `None`: there is
    /// none.
    pub(super) fn latest(&self, mark: Mark, since: Timestamp) -> Option<Timestamp> {
        let parts = self.0.borrow();
        let any = Some(Timestamp(u64::MAX));
        let Some(Parts { older, newer, .. }) = &*parts else { return any };
        if older.filter.may_hold(mark.0) || newer.filter.may_hold(mark.0) {
            return any;
        }
        (since <= older.after).then_some(older.after)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use landfall_domain::ids::UserId;
    use landfall_domain::people::message::MessageKey;

    const APP: AppId = AppId(7);
    const START: u64 = 10_000;

    fn pair(other: &str) -> Pair {
        let user = |name| UserId::parse(name).unwrap();
        Pair::of(user("ann"), user(other))
    }

    fn add(recent: &RecentMessages, number: u32, sent: u64, now: u64) {
        let key = MessageKey { sent: Timestamp(sent), number, random: 5 };
        recent.add(Mark::direct(APP, &pair("bob"), key.number, key.random), key.sent, Timestamp(now));
    }

    fn latest(recent: &RecentMessages, number: u32, since: u64) -> Option<u64> {
        recent.latest(Mark::direct(APP, &pair("bob"), number, 5), Timestamp(since)).map(|latest| latest.0)
    }

    #[test]
    fn only_messages_from_before_the_first_one_are_unknown() {
        let recent = RecentMessages::default();
        assert_eq!(latest(&recent, 1, START), Some(u64::MAX));
        add(&recent, 2, START, START);
        assert_eq!(latest(&recent, 1, START - 120), Some(START));
        assert_eq!((latest(&recent, 1, START), latest(&recent, 1, START + 1)), (Some(START), None));
        let other = |app, other, random| {
            recent.latest(Mark::direct(app, &pair(other), 2, random), Timestamp(START + 1))
        };
        assert_eq!(other(APP, "bob", 5), Some(Timestamp(u64::MAX)));
        assert_eq!(
            (other(AppId(8), "bob", 5), other(APP, "cy", 5), other(APP, "bob", 6)),
            (None, None, None)
        );
    }

    #[test]
    fn every_message_is_remembered_for_as_long_as_it_can_be_repeated() {
        let recent = RecentMessages::default();
        add(&recent, 0, START, START);
        for second in 1..5 * SECONDS {
            let (number, now) = (u32::try_from(second).unwrap(), START + second);
            // Some are sent ahead of time.
            add(&recent, number, now + second % 3 * 20, now);
            for before in 0..=120.min(number) {
                let found = latest(&recent, number - before, now - 120);
                assert_eq!(found, Some(u64::MAX), "{before} s before second {second}");
            }
            let unknown = (second <= 120).then_some(START);
            assert_eq!(latest(&recent, u32::MAX, now - 120), unknown, "second {second}");
        }
    }

    #[test]
    fn messages_of_the_far_future_and_clocks_set_back_are_looked_for() {
        let recent = RecentMessages::default();
        add(&recent, 0, START, START);
        add(&recent, 1, 10 * START, START);
        for number in 2..10 {
            add(&recent, number, START + 1_000, START + 1_000);
        }
        assert_eq!(latest(&recent, 1, 10 * START), Some(u64::MAX));
        assert_eq!(latest(&recent, 50, START - 500), Some(START), "a clock was set back");
    }

    #[test]
    fn groups_and_topics_have_messages_of_their_own() {
        let recent = RecentMessages::default();
        let of = |group: &str, topic: &str| Mark::group(APP, &GroupId::parse(group).unwrap(), topic, 5);
        recent.add(of("club", ""), Timestamp(START), Timestamp(START));
        recent.add(of("club", ""), Timestamp(START + 1), Timestamp(START + 1));
        let latest = |mark| recent.latest(mark, Timestamp(START + 1));
        assert_eq!(latest(of("club", "")), Some(Timestamp(u64::MAX)));
        assert_eq!(latest(of("club", "news")), None);
        assert_eq!(latest(of("choir", "")), None);
        assert_eq!(latest(Mark::group(AppId(8), &GroupId::parse("club").unwrap(), "", 5)), None);
    }

    #[test]
    fn what_is_written_unseen_must_be_looked_for() {
        let recent = RecentMessages::default();
        add(&recent, 0, START, START);
        recent.skip(Timestamp(START + 90));
        assert_eq!(latest(&recent, 1, START + 50), Some(START + 90));
        assert_eq!(latest(&recent, 1, START + 91), None);
        for second in 91..=2 * SECONDS {
            add(&recent, u32::try_from(second).unwrap(), START + second, START + second);
        }
        assert_eq!(latest(&recent, 1, START + 91), None);
        assert_eq!(latest(&recent, 95, START + 91), Some(u64::MAX));
    }

    #[test]
    fn histories_are_not_remembered() {
        let recent = RecentMessages::default();
        add(&recent, 0, START, START);
        add(&recent, 1, START - 5_000, START + 1);
        assert_eq!(latest(&recent, 1, START - 5_100), Some(START));
    }
}
