//! `sns/friend_delete`: deletes up to 1000 friends, one-way unless the call says otherwise. Each has a result of its own.

use super::{BatchReply, Name, from_account, refused, separated, to_accounts, word};
use crate::call::{Call, Command};
use crate::field::{Entries, Field};
use crate::reply::Failure;
use landfall_domain::people::operations::delete_friends::DeleteFriends;
use serde::Deserialize;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    #[serde(rename = "From_Account")]
    from_account: Field<String>,
    #[serde(rename = "To_Account")]
    to_account: Field<Entries<String>>,
    delete_type: Field<String>,
}

/// Whether friends are deleted both ways.
pub(super) fn both_ways(delete_type: Field<String>) -> Result<bool, Failure> {
    Ok(word(delete_type, "DeleteType", ["Delete_Type_Single", "Delete_Type_Both"])? == Some(1))
}

impl Command for Request {
    const PATH: &'static str = "sns/friend_delete";
    type Reply = BatchReply;

    async fn run(self, call: &Call) -> Result<BatchReply, Failure> {
        let account = from_account(self.from_account)?;
        let limits = call.limits.friends;
        let items = to_accounts(self.to_account, limits.per_call)?;
        let both = both_ways(self.delete_type)?;
        let (friends, items) = separated(items);
        let deleted = call.change_people(DeleteFriends { account: account.clone(), friends, both }).await;
        let deleted = deleted.map_err(|error| refused(error, &account, limits.lists))?;
        Ok(BatchReply::of(items, deleted, Name::FriendDelete))
    }
}
