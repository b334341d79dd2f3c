//! `sns/friend_update`: changes what an account keeps of its friends: remark, lists and custom fields. Each friend has a
//! result of its own.
//!
//! [choice] The lists that are given take the place of those the friend was in.

use super::tag::{FriendTag, TagInput, custom_value, lists};
use super::{BatchReply, Name, at_most, from_account, illegal, refuse_words_of, refused, separated};
use crate::call::{Call, Command};
use crate::code::Code;
use crate::commands::account::required_account;
use crate::field::{Entries, Field, Object};
use crate::items::{check_each, echoed};
use crate::reply::Failure;
use landfall_domain::ids::UserId;
use landfall_domain::people::operations::update_friends::{FriendUpdate, UpdateFriends};
use landfall_domain::text::Text;
use serde::Deserialize;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    #[serde(rename = "From_Account")]
    from_account: Field<String>,
    update_item: Field<Entries<Object<UpdateInput>>>,
}

#[derive(Deserialize, Default, Debug)]
#[serde(rename_all = "PascalCase", default)]
struct UpdateInput {
    #[serde(rename = "To_Account")]
    to_account: Field<String>,
    sns_item: Field<Vec<Field<Object<TagInput>>>>,
}

impl Command for Request {
    const PATH: &'static str = "sns/friend_update";
    type Reply = BatchReply;

    async fn run(self, call: &Call) -> Result<BatchReply, Failure> {
        let account = from_account(self.from_account)?;
        let Entries(list) = self.update_item.required("UpdateItem").map_err(illegal)?;
        let limits = call.limits.friends;
        at_most(limits.per_call, list.len(), "UpdateItem")?;
        let names = list.iter().map(|entry| entry.written_member("To_Account", |item| &item.to_account));
        let names: Vec<_> = names.map(echoed).collect();
        let updates = check_each("UpdateItem", list, |entry, place| {
            update(entry.required(place).map_err(illegal)?.0, place, call)
        })?;
        let mut items = names.into_iter().zip(updates).collect();
        refuse_words_of(&mut items, |(_, update)| texts(update), call).await?;
        let (updates, items) = separated(items);
        let operation = UpdateFriends { account: account.clone(), updates, limits };
        let updated = call.change_people(operation).await;
        let updated = updated.map_err(|error| refused(error, &account, limits.lists))?;
        Ok(BatchReply::of(items, updated, Name::FriendUpdate))
    }
}

fn texts(update: &FriendUpdate) -> Vec<&Text> {
    update.lists.iter().flatten().chain(&update.remark).collect()
}

fn update(given: UpdateInput, place: &str, call: &Call) -> Result<(UserId, FriendUpdate), Failure> {
    let id = required_account(given.to_account, &format!("{place}.To_Account"), Code::FriendParameter)?;
    let items = given.sns_item.required(&format!("{place}.SnsItem")).map_err(illegal)?;
    let mut update = FriendUpdate::default();
    for (index, item) in items.into_iter().enumerate() {
        let place = format!("{place}.SnsItem[{index}]");
        set(&mut update, item.required(&place).map_err(illegal)?.0, &place, call)?;
    }
    Ok((id, update))
}

fn set(update: &mut FriendUpdate, item: TagInput, place: &str, call: &Call) -> Result<(), Failure> {
    let raw = item.tag.required(&format!("{place}.Tag")).map_err(illegal)?;
    let wrong = |problem: &str| Code::FriendParameter.because(format!("{place}.Tag {raw:?} {problem}"));
    let tag = FriendTag::parse(&raw).ok_or_else(|| wrong("is no field of a friend"))?;
    let field = format!("{place}.Value");
    let value = item.value.required(&field).map_err(illegal)?;
    match tag {
        FriendTag::Remark => {
            let super::tag::TagValue::Text(remark) = value else {
                return Err(wrong("takes a string"));
            };
            let remark = Text::parse(remark, call.limits.friends.remark)
                .map_err(|problem| Code::FriendParameter.because(format!("{field} {problem}")))?;
            update.remark = Some(remark);
        }
        FriendTag::Lists => update.lists = Some(lists(value, &field, call)?),
        FriendTag::Custom(key) => {
            let value = custom_value(&key, value, place, call)?;
            update.custom.insert(key, value);
        }
        FriendTag::Source | FriendTag::Wording | FriendTag::RemarkTime | FriendTag::Added => {
            return Err(wrong("cannot be changed"));
        }
    }
    Ok(())
}
