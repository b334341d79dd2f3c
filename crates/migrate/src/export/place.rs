//! What messages belong to.

use crate::format::record::pair_name;
use crate::format::{Message, Read};

/// What stands between the two names of a one-to-one conversation, and is in no id of a group.
const BETWEEN: char = '\t';

/// A group, or a topic of one; or a one-to-one conversation, which has the names of its accounts for a group.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) group: String,
    /// Empty for the group itself.
    pub(crate) topic: String,
}

impl Place {
    pub(crate) fn new(group: &str, topic: Option<&str>) -> Self {
        Self { group: group.to_owned(), topic: topic.unwrap_or_default().to_owned() }
    }

    #[must_use]
    pub(crate) fn of(message: &Message) -> Self {
        match message.receiver() {
            Some(to) => Self::pair(&message.from, to),
            None => Self::new(&message.group_id, message.topic_id.as_deref()),
        }
    }

    #[must_use]
    pub(crate) fn of_read(read: &Read) -> Self {
        match read.peer() {
            Some(peer) => Self::pair(&read.account, peer),
            None => Self::new(&read.group_id, read.topic_id.as_deref()),
        }
    }

    pub(crate) fn pair(one: &str, other: &str) -> Self {
        Self { group: pair_name(one, other), topic: String::new() }
    }
}

/// Whether a name is that of a one-to-one conversation.
pub(crate) fn is_pair(group: &str) -> bool {
    group.contains(BETWEEN)
}
