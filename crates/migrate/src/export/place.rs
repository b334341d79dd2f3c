//! What messages belong to.

use crate::format::Message;

/// A group, or a topic of one.
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
        Self::new(&message.group_id, message.topic_id.as_deref())
    }
}
