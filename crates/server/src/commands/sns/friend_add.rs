//! `sns/friend_add`: adds friends, two-way unless the call says otherwise. Each has a result of its own.

use super::friend_input::{FriendInput, friends};
use super::{BatchReply, Name, from_account, illegal, refuse_words_of, refused, separated, word};
use crate::call::{Call, Command};
use crate::code::Code;
use crate::field::{Entries, Field, Object};
use crate::items::check_each;
use crate::reply::Failure;
use landfall_domain::people::friends::Friend;
use landfall_domain::people::operations::add_friends::AddFriends;
use landfall_domain::text::Text;
use serde::Deserialize;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    #[serde(rename = "From_Account")]
    from_account: Field<String>,
    add_friend_item: Field<Entries<Object<FriendInput>>>,
    add_type: Field<String>,
    force_add_flags: Field<i128>,
}

impl Command for Request {
    const PATH: &'static str = "sns/friend_add";
    type Reply = BatchReply;

    async fn run(self, call: &Call) -> Result<BatchReply, Failure> {
        let account = from_account(self.from_account)?;
        let mut items = friends(self.add_friend_item, false, |f, l, c| check_each(f, l, c), call)?;
        refuse_words_of(&mut items, |(_, friend)| texts(friend), call).await?;
        let both = word(self.add_type, "AddType", ["Add_Type_Both", "Add_Type_Single"])? != Some(1);
        let forced = match self.force_add_flags.optional("ForceAddFlags").map_err(illegal)? {
            Some(1) if call.is_for_account() => {
                let text = "ForceAddFlags is for administrators of the app";
                return Err(Code::FriendParameter.because(text));
            }
            Some(1) => true,
            None | Some(0) => false,
            Some(other) => {
                let text = format!("ForceAddFlags is {other}; 0 to 1 are allowed");
                return Err(Code::FriendParameter.because(text));
            }
        };
        let (friends, items) = separated(items);
        let limits = call.limits.friends;
        let operation = AddFriends { account: account.clone(), friends, both, forced, limits };
        let added = call.change_people(operation).await;
        let added = added.map_err(|error| refused(error, &account, limits.lists))?;
        Ok(BatchReply::of(items, added, Name::FriendAdd))
    }
}

fn texts(friend: &Friend) -> Vec<&Text> {
    friend.lists.iter().chain([&friend.remark, &friend.wording]).collect()
}
