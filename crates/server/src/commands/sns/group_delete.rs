//! `sns/group_delete`: deletes lists of friends. The friends stay.

use super::{from_account, list_names, refused};
use crate::call::{Call, Command};
use crate::field::Field;
use crate::reply::Failure;
use landfall_domain::people::operations::delete_friend_lists::DeleteFriendLists;
use serde::{Deserialize, Serialize};

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    #[serde(rename = "From_Account")]
    from_account: Field<String>,
    group_name: Field<Vec<Field<String>>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Reply {
    current_sequence: u32,
}

impl Command for Request {
    const PATH: &'static str = "sns/group_delete";
    type Reply = Reply;

    async fn run(self, call: &Call) -> Result<Reply, Failure> {
        let account = from_account(self.from_account)?;
        let lists = list_names(self.group_name, call)?;
        let max = call.limits.friends.lists;
        let deleted = call.change_people(DeleteFriendLists { account: account.clone(), lists }).await;
        Ok(Reply { current_sequence: deleted.map_err(|error| refused(error, &account, max))? })
    }
}
