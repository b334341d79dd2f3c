//! `sns/group_add`: makes lists of friends, and puts friends into all of them. Each friend has a result of its own.

use super::{BatchReply, Name, from_account, internal, list_names, refused, separated, to_accounts};
use crate::call::{Call, Command};
use crate::code::Code;
use crate::commands::forbidden::refuse_words;
use crate::field::{Entries, Field};
use crate::reply::Failure;
use landfall_domain::people::operations::make_friend_lists::MakeFriendLists;
use serde::{Deserialize, Serialize};

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    #[serde(rename = "From_Account")]
    from_account: Field<String>,
    group_name: Field<Vec<Field<String>>>,
    #[serde(rename = "To_Account")]
    to_account: Field<Entries<String>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Reply {
    /// Only when friends are named. [sample]
    #[serde(flatten)]
    results: Option<BatchReply>,
    current_sequence: u32,
}

impl Command for Request {
    const PATH: &'static str = "sns/group_add";
    type Reply = Reply;

    async fn run(self, call: &Call) -> Result<Reply, Failure> {
        let account = from_account(self.from_account)?;
        let lists = list_names(self.group_name, call)?;
        let names = lists.iter().map(|list| ("GroupName", Some(list.as_str())));
        refuse_words(names, call, Code::FriendTextRefused, internal).await?;
        let limits = call.limits.friends;
        let names_friends = self.to_account.is_given();
        let items = if names_friends { to_accounts(self.to_account, limits.per_call)? } else { Vec::new() };
        let (friends, items) = separated(items);
        let operation = MakeFriendLists { account: account.clone(), lists, friends, limits };
        let made = call.change_people(operation).await;
        let made = made.map_err(|error| refused(error, &account, limits.lists))?;
        let results = names_friends.then(|| BatchReply::of(items, made.results, Name::GroupAdd));
        Ok(Reply { results, current_sequence: made.listed })
    }
}
