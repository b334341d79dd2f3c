//! `sns/friend_import`: imports up to 1000 friends of one account, in one direction. It notifies nobody.

use super::friend_input::{FriendInput, friends};
use super::{BatchReply, Name, from_account, refused, separated};
use crate::call::{ImportCommand, SilentCall};
use crate::field::{Entries, Field, Object};
use crate::items::check_import;
use crate::reply::Failure;
use landfall_domain::people::operations::import_friends::ImportFriends;
use serde::Deserialize;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    #[serde(rename = "From_Account")]
    from_account: Field<String>,
    add_friend_item: Field<Entries<Object<FriendInput>>>,
}

impl ImportCommand for Request {
    const PATH: &'static str = "sns/friend_import";
    type Reply = BatchReply;

    async fn run(self, call: &SilentCall) -> Result<BatchReply, Failure> {
        let account = from_account(self.from_account)?;
        let items = friends(self.add_friend_item, true, |f, l, c| check_import(f, l, c), call)?;
        let (friends, items) = separated(items);
        let limits = call.limits.friends;
        let import = ImportFriends { account: account.clone(), friends, limits };
        let imported = call.import_people(import).await;
        let imported = imported.map_err(|error| refused(error, &account, limits.lists))?;
        Ok(BatchReply::of(items, imported, Name::FriendImport))
    }
}
