//! Read marks as times. The neutral file may have them as messages or as numbers of unread messages.

use super::lost::{self, Lost};
use super::place::{Place, is_pair};
use crate::format::{Message, Read};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

/// Most unread messages that are counted back; more count as all.
const UNREAD_MAX: usize = 10_000;

/// How far accounts have read, milliseconds since 1970; 0 for nothing.
pub(crate) type Times = BTreeMap<Place, BTreeMap<String, u64>>;

/// The times of the newest messages of a place.
#[derive(Default)]
struct Newest {
    /// One more than the most unread messages of any member.
    kept_max: usize,
    times: BinaryHeap<Reverse<u64>>,
}

/// Marks whose times are not known yet.
#[derive(Default)]
pub(crate) struct Marks {
    by_key: BTreeMap<(Place, String), Vec<String>>,
    by_count: BTreeMap<Place, Vec<(String, usize)>>,
    newest: BTreeMap<Place, Newest>,
}

impl Marks {
    pub(crate) fn take(&mut self, read: Read, lost: &mut Lost) {
        let place = Place::of_read(&read);
        let peer = read.peer().map(str::to_owned);
        match (read.read_key, read.unread_msg_num.and_then(|number| usize::try_from(number).ok())) {
            (Some(key), _) => self.by_key.entry((place, key)).or_default().push(read.account),
            (None, Some(unread)) => {
                lost.count_if(UNREAD_MAX < unread, lost::READ_COUNTS);
                let unread = unread.min(UNREAD_MAX);
                // Between two accounts, those of the other count.
                let place = match peer {
                    Some(topic) => Place { topic, ..place },
                    None => place,
                };
                let newest = self.newest.entry(place.clone()).or_default();
                newest.kept_max = newest.kept_max.max(unread + 1);
                self.by_count.entry(place).or_default().push((read.account, unread));
            }
            (None, None) => {}
        }
    }

    /// Looks at the next message, in any order.
    pub(crate) fn see(&mut self, message: &Message, reads: &mut Times) {
        let (place, sent) = (Place::of(message), message.sent_ms().unwrap_or_default());
        if !self.newest.contains_key(&place) {
            self.newest.insert(place.clone(), Newest::default());
        }
        let of_sender = is_pair(&place.group).then(|| Place { topic: message.from.clone(), ..place.clone() });
        for place in of_sender.iter().chain([&place]) {
            if let Some(newest) = self.newest.get_mut(place) {
                newest.times.push(Reverse(sent));
                if newest.kept_max.max(1) < newest.times.len() {
                    newest.times.pop();
                }
            }
        }
        let mark = (place, message.key.clone());
        if let Some(accounts) = self.by_key.get(&mark) {
            let reads = reads.entry(mark.0).or_default();
            reads.extend(accounts.iter().map(|account| (account.clone(), sent)));
        }
    }

    /// Behind the last message: finds the times of marks that are numbers. Answers when the newest message of each place was sent.
    pub(crate) fn finish(self, reads: &mut Times) -> BTreeMap<Place, u64> {
        let Self { by_count, newest, .. } = self;
        // The newest first.
        let times = |newest: Newest| newest.times.into_sorted_vec().into_iter().map(|Reverse(time)| time);
        let newest: BTreeMap<Place, Vec<u64>> =
            newest.into_iter().map(|(place, newest)| (place, times(newest).collect())).collect();
        for (place, accounts) in by_count {
            let times = newest.get(&place).map(Vec::as_slice).unwrap_or_default();
            // Of two accounts, one that has read nothing has read up to before the first message.
            let nothing = times.last().filter(|_| is_pair(&place.group)).map_or(0, |first| first - 1);
            let read = |unread: usize| times.get(unread).copied().unwrap_or(nothing);
            let accounts = accounts.into_iter().map(|(account, unread)| (account, read(unread)));
            let topic = if is_pair(&place.group) { String::new() } else { place.topic };
            reads.entry(Place { topic, ..place }).or_default().extend(accounts);
        }
        newest.into_iter().filter_map(|(place, times)| Some((place, *times.first()?))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(group: &str, key: &str, ms: u64) -> Message {
        Message { group_id: group.to_owned(), key: key.to_owned(), ts_ms: Some(ms), ..Message::default() }
    }

    #[test]
    fn marks_become_the_time_of_the_last_message_that_was_read() {
        let mut marks = Marks::default();
        let read = |account: &str, key: Option<&str>, unread: Option<u32>| Read {
            group_id: "g".to_owned(),
            account: account.to_owned(),
            read_key: key.map(str::to_owned),
            unread_msg_num: unread,
            ..Read::default()
        };
        let mut lost = Lost::default();
        for read in [
            read("key", Some("2"), None),
            read("none", None, Some(0)),
            read("two", None, Some(2)),
            read("all", None, Some(3)),
            read("more", None, Some(90)),
        ] {
            marks.take(read, &mut lost);
        }
        let mut reads = Times::new();
        for (key, ms) in [("3", 30), ("1", 10), ("2", 20)] {
            marks.see(&message("g", key, ms), &mut reads);
        }
        marks.see(&message("h", "1", 50), &mut reads);
        marks.see(&message("h", "2", 40), &mut reads);
        let newest: Vec<_> =
            marks.finish(&mut reads).into_iter().map(|(place, ms)| (place.group, ms)).collect();
        assert_eq!(newest, [("g".to_owned(), 30), ("h".to_owned(), 50)]);
        let reads: Vec<_> = reads.into_values().flatten().collect();
        let expected = [("all", 0), ("key", 20), ("more", 0), ("none", 30), ("two", 10)];
        assert_eq!(reads, expected.map(|(account, ms)| (account.to_owned(), ms)));
        assert!(lost.into_list().is_empty());
    }
}
