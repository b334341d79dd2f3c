//! What the server asks of a store for its statistics and archives: look-ups over a whole app, which no call waits for.

#![warn(missing_docs)]

use crate::error::StoreError;
use crate::ids::{AppId, GroupId};
use crate::message::Conversation;
use crate::people::Pair;
use crate::time::Timestamp;
use async_trait::async_trait;

/// How many accounts an app has; those that were only named, and never imported, do not count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AccountCount {
    /// All of them.
    pub all: u64,
    /// Those first seen at a second or later.
    pub since: u64,
}

/// Look-ups over a whole app. They may take long.
#[async_trait]
pub trait Survey: Send + Sync {
    /// Counts the accounts of an app.
    async fn count_accounts(&self, app: AppId, since: Timestamp) -> Result<AccountCount, StoreError>;

    /// Conversations of groups and topics that have messages of a day, which is counted from 1970 in UTC: in a fixed order,
    /// those after `after`, about as many as one look-up finds. None are left when there are none. A conversation whose
    /// messages of that day are gone may be among them.
    async fn groups_of_day(
        &self,
        app: AppId,
        day: u32,
        after: Option<(GroupId, Conversation)>,
    ) -> Result<Vec<(GroupId, Conversation)>, StoreError>;

    /// The same, of pairs of accounts.
    async fn pairs_of_day(&self, app: AppId, day: u32, after: Option<Pair>) -> Result<Vec<Pair>, StoreError>;
}
