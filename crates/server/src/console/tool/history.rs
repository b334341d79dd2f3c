//! What was sent from the page that tries calls, for as long as the server runs: a list for each session.

use crate::lock::{read, write};
use landfall_domain::ids::AppId;
use landfall_domain::time::Timestamp;
use std::collections::{BTreeMap, VecDeque};
use std::sync::RwLock;

/// Calls of a session that are remembered.
pub(crate) const CALLS_MAX: usize = 20;
/// Sessions that have a list. The one that has sent nothing for the longest time loses its list to another.
const SESSIONS_MAX: usize = 64;
/// Longest body that is remembered with its call, bytes.
const BODY_MAX: usize = 16 << 10;

/// A call that was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sent {
    /// Counts all calls of the list, from 1.
    pub(crate) number: u64,
    pub(crate) at: Timestamp,
    /// `service/command`
    pub(crate) path: &'static str,
    pub(crate) app: AppId,
    pub(crate) administrator: String,
    /// Empty where it was too long to be remembered.
    pub(crate) body: String,
    /// `ErrorCode` of the answer.
    pub(crate) code: u64,
    pub(crate) milliseconds: u64,
}

#[derive(Default)]
pub(crate) struct History(RwLock<Lists>);

#[derive(Default)]
struct Lists {
    /// By session.
    lists: BTreeMap<String, List>,
    /// Calls of all lists so far.
    count: u64,
}

struct List {
    /// The count when something was last sent.
    last: u64,
    calls: VecDeque<Sent>,
}

impl History {
    /// Remembers a call of a session; its number is set here.
    pub(crate) fn add(&self, session: &str, mut sent: Sent) {
        if BODY_MAX < sent.body.len() {
            sent.body.clear();
        }
        let mut lists = write(&self.0);
        lists.count = lists.count.saturating_add(1);
        sent.number = lists.count;
        if !lists.lists.contains_key(session) && SESSIONS_MAX <= lists.lists.len() {
            let oldest = lists.lists.iter().min_by_key(|(_, list)| list.last);
            let oldest = oldest.map(|(session, _)| session.clone()).unwrap_or_default();
            lists.lists.remove(&oldest);
        }
        let list = lists
            .lists
            .entry(session.to_owned())
            .or_insert_with(|| List { last: 0, calls: VecDeque::with_capacity(CALLS_MAX) });
        list.last = sent.number;
        list.calls.truncate(CALLS_MAX - 1);
        list.calls.push_front(sent);
    }

    /// The calls of a session, the last one first.
    pub(crate) fn of(&self, session: &str) -> Vec<Sent> {
        let lists = read(&self.0);
        lists.lists.get(session).map(|list| list.calls.iter().cloned().collect()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(body: &str) -> Sent {
        Sent {
            number: 0,
            at: Timestamp(1),
            path: "s/c",
            app: AppId(1),
            administrator: "administrator".to_owned(),
            body: body.to_owned(),
            code: 0,
            milliseconds: 1,
        }
    }

    #[test]
    fn a_session_has_its_own_last_calls() {
        let history = History::default();
        for number in 0..CALLS_MAX + 5 {
            history.add("one", sent(&number.to_string()));
        }
        history.add("two", sent("other"));
        let calls = history.of("one");
        assert_eq!(calls.len(), CALLS_MAX);
        assert_eq!(calls[0].body, (CALLS_MAX + 4).to_string());
        assert_eq!(history.of("two").len(), 1);
        assert_eq!(history.of("three"), []);
    }

    #[test]
    fn long_bodies_and_old_sessions_are_forgotten() {
        let history = History::default();
        history.add("first", sent(&"x".repeat(BODY_MAX + 1)));
        assert_eq!(history.of("first")[0].body, "");
        for session in 1..SESSIONS_MAX {
            history.add(&session.to_string(), sent(""));
        }
        history.add("first", sent(""));
        history.add("another", sent(""));
        assert_eq!(history.of("first").len(), 2);
        assert_eq!(history.of("1"), []);
        assert_eq!(history.of("another").len(), 1);
    }
}
