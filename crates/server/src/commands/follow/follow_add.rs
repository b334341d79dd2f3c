//! `follow/follow_add`: an account follows up to 20 others. Each has a result of its own.

use super::{BatchReply, ItemInput, from_account, set};
use crate::call::{Call, Command};
use crate::code::Code;
use crate::commands::account::required_account;
use crate::commands::sns::{at_most, illegal};
use crate::field::{Entries, Field, Object};
use crate::items::{check_each, echoed};
use crate::reply::Failure;
use serde::Deserialize;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    #[serde(rename = "From_Account")]
    from_account: Field<String>,
    follow_item: Field<Entries<Object<ItemInput>>>,
}

impl Command for Request {
    const PATH: &'static str = "follow/follow_add";
    type Reply = BatchReply;

    async fn run(self, call: &Call) -> Result<BatchReply, Failure> {
        let account = from_account(self.from_account)?;
        let Entries(list) = self.follow_item.required("FollowItem").map_err(illegal)?;
        at_most(call.limits.follow.per_call, list.len(), "FollowItem")?;
        let names = list.iter().map(|entry| entry.written_member("To_Account", |item| &item.to_account));
        let names: Vec<_> = names.map(echoed).collect();
        let others = check_each("FollowItem", list, |entry, place| {
            let Object(item) = entry.required(place).map_err(illegal)?;
            required_account(item.to_account, &format!("{place}.To_Account"), Code::FriendParameter)
        })?;
        set(account, names.into_iter().zip(others).collect(), true, call).await
    }
}
