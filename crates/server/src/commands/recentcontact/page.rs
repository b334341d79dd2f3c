//! A page of a list of conversations, the newest first, and the cursor behind it.

use super::number;
use crate::field::Field;
use crate::reply::Failure;
use landfall_domain::people::fact::Chat;
use landfall_domain::time::Timestamp;
use std::cmp::Reverse;

/// Conversations on a page. [doc]
pub(super) const PAGE: usize = 100;

/// Where a page begins: behind `given` conversations whose last message was sent at `time`; 0: at the first.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Cursor {
    pub(super) time: u64,
    pub(super) given: usize,
}

impl Cursor {
    pub(super) fn read(
        time: Field<i128>,
        time_field: &str,
        index: Field<i128>,
        index_field: &str,
    ) -> Result<Self, Failure> {
        let time = u64::from(number(time, time_field)?);
        let given = usize::try_from(number(index, index_field)?).unwrap_or(usize::MAX);
        Ok(Self { time, given })
    }

    pub(super) fn is_first(&self) -> bool {
        self.time == 0 && self.given == 0
    }
}

/// A conversation of a list. Lists are in the order of these, the newest first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Item {
    pub(super) time: Reverse<u64>,
    pub(super) chat: Chat,
}

/// The conversations of one kind that a page may have.
pub(super) struct List {
    pub(super) cursor: Cursor,
    items: Vec<Item>,
}

impl List {
    pub(super) fn after(cursor: Cursor) -> Self {
        Self { cursor, items: Vec::new() }
    }

    pub(super) fn add(&mut self, chat: Chat, time: Timestamp) {
        let is_behind = self.cursor.is_first() || time.0 <= self.cursor.time;
        if is_behind {
            self.items.push(Item { time: Reverse(time.0), chat });
        }
        // Only those that may be on the page are kept; the cursor leaves some out that have its time.
        let most = PAGE.saturating_add(self.cursor.given).saturating_add(1);
        if most.saturating_mul(2) <= self.items.len() {
            self.items.sort();
            self.items.truncate(most);
        }
    }

    /// Up to `limit` conversations, the cursor behind them, and whether they are the last ones.
    pub(super) fn page(mut self, limit: usize) -> (Vec<Item>, Cursor, bool) {
        self.items.sort();
        let Cursor { time, given } = self.cursor;
        let same = self.items.iter().take_while(|item| item.time.0 == time).count();
        let mut items = self.items.split_off(same.min(given));
        let is_last = items.len() <= limit;
        items.truncate(limit);
        let Some(last) = items.last() else { return (items, self.cursor, is_last) };
        let last_time = last.time.0;
        let of_last = items.iter().filter(|item| item.time.0 == last_time).count();
        let before = if last_time == time { given } else { 0 };
        (items, Cursor { time: last_time, given: before + of_last }, is_last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use landfall_domain::ids::UserId;

    /// Twelve conversations, three with each time.
    fn list(cursor: Cursor) -> List {
        let mut list = List::after(cursor);
        for number in 0..12_u64 {
            let peer = UserId::parse(&format!("u{number:02}")).unwrap();
            list.add(Chat::Direct(peer), Timestamp(1 + number % 4));
        }
        list
    }

    #[test]
    fn pages_of_any_size_have_every_conversation_once() {
        for limit in 1..=13 {
            let (mut seen, mut cursor, mut is_last) = (Vec::new(), Cursor::default(), false);
            while !is_last {
                let (items, next, last) = list(cursor).page(limit);
                (cursor, is_last) = (next, last);
                seen.extend(items);
            }
            assert_eq!(seen.len(), 12, "pages of {limit}");
            assert!(seen.is_sorted());
        }
    }
}
