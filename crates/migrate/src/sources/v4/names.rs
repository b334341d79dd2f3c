//! What the records of a group are called: as in the file that a job brought in, or by their ids.

use crate::format::Json;
use crate::format::carried::Named;
use crate::reading::{Conversation, Origin};

/// `src`, `key` and `x` of a record.
type Name = (String, String, Option<Json>);

/// What the records of a group are called.
pub(super) struct Names {
    /// Of records that were not imported.
    pub(super) src: String,
    /// Where the group came from, if a job brought it in.
    pub(super) origin: Option<Origin>,
}

impl Names {
    pub(super) fn group(&self, id: &str) -> Name {
        match &self.origin {
            Some(origin) => (origin.src.clone(), origin.key.clone(), origin.carried.x.clone()),
            None => (self.src.clone(), id.to_owned(), None),
        }
    }

    pub(super) fn topic(&self, id: &str) -> Name {
        let named = self.origin.as_ref().and_then(|origin| origin.carried.topics.get(id));
        self.of(named, || id.to_owned())
    }

    pub(super) fn member(&self, group: &str, account: &str) -> Name {
        let named = self.origin.as_ref().and_then(|origin| origin.carried.members.get(account));
        self.of(named, || format!("{group}:{account}"))
    }

    pub(super) fn read(&self, of: &Conversation, account: &str) -> Name {
        self.of(self.carried_read(of, account), || format!("{}:{account}", of.id()))
    }

    /// Whether a mark of the account came with the group.
    pub(super) fn has_read(&self, of: &Conversation, account: &str) -> bool {
        self.carried_read(of, account).is_some()
    }

    /// Whether any mark in a conversation came with the group.
    pub(super) fn have_reads(&self, of: &Conversation) -> bool {
        self.origin
            .as_ref()
            .is_some_and(|origin| origin.carried.reads.contains_key(of.topic.as_deref().unwrap_or_default()))
    }

    /// Whether names were left out because there were too many.
    pub(super) fn are_cut(&self) -> bool {
        self.origin.as_ref().is_some_and(|origin| origin.carried.cut)
    }

    fn carried_read(&self, of: &Conversation, account: &str) -> Option<&Named> {
        let reads = &self.origin.as_ref()?.carried.reads;
        reads.get(of.topic.as_deref().unwrap_or_default())?.get(account)
    }

    fn of(&self, named: Option<&Named>, key: impl FnOnce() -> String) -> Name {
        match (&self.origin, named) {
            (Some(origin), Some(Named { src, key, x })) => {
                (src.as_ref().unwrap_or(&origin.src).clone(), key.clone(), x.clone())
            }
            // It had no name in the file, or came later.
            (Some(origin), None) if !origin.carried.cut => (String::new(), String::new(), None),
            (Some(_) | None, _) => (self.src.clone(), key(), None),
        }
    }
}
