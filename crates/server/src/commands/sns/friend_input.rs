//! A friend as the commands that add and import friends take it.
//!
//! `GroupName` is a text where friends are added and a list where they are imported; both commands take both. [client]

use super::tag::{TagInput, TagValue, custom_fields, lists};
use super::{Items, at_most, illegal};
use crate::call::ReadOnlyCall;
use crate::code::Code;
use crate::commands::account::required_account;
use crate::field::{Entries, Field, Object};
use crate::items::echoed;
use crate::reply::Failure;
use landfall_domain::ids::UserId;
use landfall_domain::limits::Span;
use landfall_domain::people::friends::Friend;
use landfall_domain::text::Text;
use landfall_domain::time::Timestamp;
use serde::Deserialize;

/// Begins every source of a friendship. [doc]
const SOURCE: &str = "AddSource_Type_";
/// Letters behind it.
const SOURCE_WORD: Span = Span::one_to(8);

#[derive(Deserialize, Default, Debug)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct FriendInput {
    #[serde(rename = "To_Account")]
    to_account: Field<String>,
    remark: Field<String>,
    remark_time: Field<i128>,
    group_name: Field<TagValue>,
    add_source: Field<String>,
    add_wording: Field<String>,
    add_time: Field<i128>,
    custom_item: Field<Vec<Field<Object<TagInput>>>>,
}

/// How a command checks its entries.
pub(super) type Check = fn(
    &str,
    Vec<Field<Object<FriendInput>>>,
    &mut dyn FnMut(Field<Object<FriendInput>>, &str) -> Result<(UserId, Friend), Failure>,
) -> Result<Vec<Result<(UserId, Friend), Failure>>, Failure>;

/// The friends of `AddFriendItem`. `imported` reads what only an import can say: times and custom fields.
pub(super) fn friends(
    given: Field<Entries<Object<FriendInput>>>,
    imported: bool,
    check: Check,
    call: &ReadOnlyCall,
) -> Result<Items<(UserId, Friend)>, Failure> {
    let Entries(list) = given.required("AddFriendItem").map_err(illegal)?;
    at_most(call.limits.friends.per_call, list.len(), "AddFriendItem")?;
    let names = list.iter().map(|entry| entry.written_member("To_Account", |item| &item.to_account));
    let names: Vec<_> = names.map(echoed).collect();
    let friends = check("AddFriendItem", list, &mut |entry, place| {
        friend(entry.required(place).map_err(illegal)?.0, place, imported, call)
    })?;
    Ok(names.into_iter().zip(friends).collect())
}

fn friend(
    given: FriendInput,
    place: &str,
    imported: bool,
    call: &ReadOnlyCall,
) -> Result<(UserId, Friend), Failure> {
    let (field, limits) = (|name: &str| format!("{place}.{name}"), &call.limits.friends);
    let id = required_account(given.to_account, &field("To_Account"), Code::FriendParameter)?;
    let source = source(given.add_source, &field("AddSource"))?;
    let remark = text(given.remark, &field("Remark"), limits.remark)?;
    let wording = text(given.add_wording, &field("AddWording"), limits.wording)?;
    let lists = match given.group_name.optional(&field("GroupName")).map_err(illegal)? {
        Some(names) => lists(names, &field("GroupName"), call)?,
        None => Vec::new(),
    };
    let mut friend = Friend { remark, lists, source, wording, added: call.now, ..Friend::default() };
    if imported {
        friend.remark_time = time(given.remark_time, &field("RemarkTime"))?.unwrap_or_default();
        friend.added = time(given.add_time, &field("AddTime"))?.unwrap_or(call.now);
        let custom = given.custom_item.list(&field("CustomItem")).map_err(illegal)?;
        friend.custom = custom_fields(custom, &field("CustomItem"), call)?;
    } else if !friend.remark.as_str().is_empty() {
        friend.remark_time = call.now;
    }
    Ok((id, friend))
}

fn text(given: Field<String>, field: &str, allowed: Span) -> Result<Text, Failure> {
    let raw = given.optional(field).map_err(illegal)?.unwrap_or_default();
    Text::parse(raw, allowed).map_err(|problem| Code::FriendParameter.because(format!("{field} {problem}")))
}

fn source(given: Field<String>, field: &str) -> Result<Text, Failure> {
    let raw = given.required(field).map_err(illegal)?;
    let is_source = raw.strip_prefix(SOURCE).is_some_and(|word| {
        SOURCE_WORD.contains(word.len()) && word.bytes().all(|byte| byte.is_ascii_alphanumeric())
    });
    if is_source {
        return Ok(Text::stored(raw));
    }
    let max = SOURCE_WORD.max;
    Err(Code::FriendParameter.because(format!("{field} is not {SOURCE} and 1 to {max} letters or digits")))
}

fn time(given: Field<i128>, field: &str) -> Result<Option<Timestamp>, Failure> {
    let Some(number) = given.optional(field).map_err(illegal)? else { return Ok(None) };
    let seconds = u32::try_from(number).map_err(|_| {
        Code::FriendParameter.because(format!("{field} is {number}; 0 to {} are allowed", u32::MAX))
    })?;
    Ok(Some(Timestamp(seconds.into())))
}
