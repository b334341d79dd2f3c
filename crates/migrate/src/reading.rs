//! What a server that speaks the v4 API has, read page by page.
//!
//! Every call here changes nothing, so one that was not answered is made again. The server's pace bounds how many are made at
//! the same time.

mod ask;
mod gaps;
mod groups;
mod history;
mod members;
mod origins;
pub(crate) mod people;
mod profiles;
mod rows;

pub use ask::group_refusal;
pub use gaps::Gaps;
pub use groups::{GROUPS_PER_CALL, GroupPage};
pub use history::Page;
pub use members::MemberPlace;
pub(crate) use origins::Origin;
pub use people::{BlockRow, DirectPage, DirectPlace, DirectRow, FriendRow};
pub use profiles::{ACCOUNTS_PER_CALL, Profile};
pub use rows::{GroupRow, MemberRow, MessageRow, TopicRow, is_gone};

use crate::server::Server;

/// Code of an answer that would be too long; a smaller page has room.
const ANSWER_TOO_LONG: u64 = 10_018;

/// Reads one server.
pub struct Reading<'a> {
    server: &'a Server,
}

impl<'a> Reading<'a> {
    #[must_use]
    pub fn new(server: &'a Server) -> Self {
        Self { server }
    }

    #[must_use]
    pub fn server(&self) -> &'a Server {
        self.server
    }
}

/// Messages that have numbers of their own: those of a group, or of one of its topics.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Conversation {
    pub group: String,
    pub topic: Option<String>,
}

impl Conversation {
    #[must_use]
    pub fn group(group: &str) -> Self {
        Self { group: group.to_owned(), topic: None }
    }

    #[must_use]
    pub fn topic(group: &str, topic: &str) -> Self {
        Self { group: group.to_owned(), topic: Some(topic.to_owned()) }
    }

    /// Its id: that of the topic, where it is one.
    #[must_use]
    pub fn id(&self) -> &str {
        self.topic.as_deref().unwrap_or(&self.group)
    }
}
