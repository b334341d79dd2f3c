//! `sns/friend_get_list`: what an account keeps of up to 100 friends, and what they say of themselves, by tags.
//!
//! A field that was never set is left out. [choice] So is a custom field that the app has not switched on.

use super::tag::{FriendTag, TagRow};
use super::{from_account, illegal, internal, to_accounts, unknown_account};
use crate::call::{Call, Command};
use crate::code::Code;
use crate::field::{Entries, Field};
use crate::items::check_all;
use crate::reply::Failure;
use landfall_domain::account::Account;
use landfall_domain::ids::UserId;
use landfall_domain::people::Subject;
use landfall_domain::people::fact::{Fact, FactKey};
use landfall_domain::people::portrait::PortraitTag;
use landfall_domain::people::snapshot::{PeopleNeeds, PeopleSnapshot};
use landfall_domain::text::Text;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// Tags that a call names.
const TAGS_MAX: usize = 100;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    #[serde(rename = "From_Account")]
    from_account: Field<String>,
    #[serde(rename = "To_Account")]
    to_account: Field<Entries<String>>,
    tag_list: Field<Vec<Field<String>>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Reply {
    info_item: Vec<Row>,
    /// Only when some failed. [doc]
    #[serde(rename = "Fail_Account", skip_serializing_if = "Vec::is_empty")]
    fail_account: Vec<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Row {
    #[serde(rename = "To_Account")]
    to_account: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    sns_profile_item: Option<Vec<TagRow>>,
    result_code: u32,
    result_info: Cow<'static, str>,
}

/// A field of the friend, or one of its profile.
enum Tag {
    Friend(FriendTag),
    Portrait(PortraitTag),
}

impl Command for Request {
    const PATH: &'static str = "sns/friend_get_list";
    type Reply = Reply;

    async fn run(self, call: &Call) -> Result<Reply, Failure> {
        let account = from_account(self.from_account)?;
        let items = to_accounts(self.to_account, call.limits.accounts_per_call)?;
        let tags = tags(self.tag_list)?;
        let ids = || items.iter().filter_map(|(_, item)| item.as_ref().ok());
        let friend = |id: &UserId| (Subject::Account(account.clone()), FactKey::Friend(id.clone()));
        let portrait = |id: &UserId| (Subject::Account(id.clone()), FactKey::Portrait);
        let needs = PeopleNeeds {
            accounts: ids().chain([&account]).cloned().collect(),
            facts: ids().flat_map(|id| [friend(id), portrait(id)]).collect(),
            ..PeopleNeeds::default()
        };
        let found = call.people(needs).await.map_err(internal)?;
        if !found.accounts.contains_key(&account) {
            return Err(unknown_account(&account));
        }
        let rows = items.into_iter().map(|(name, item)| row(name, item, &account, &tags, &found));
        let rows: Vec<Row> = rows.collect();
        let failed = rows.iter().filter(|row| row.result_code != 0).map(|row| row.to_account.clone());
        Ok(Reply { fail_account: failed.collect(), info_item: rows })
    }
}

fn tags(given: Field<Vec<Field<String>>>) -> Result<Vec<Tag>, Failure> {
    let list = given.required("TagList").map_err(illegal)?;
    super::at_most(TAGS_MAX, list.len(), "TagList")?;
    check_all("TagList", list, |tag, place| {
        let raw = tag.required(place).map_err(illegal)?;
        let of_friend = FriendTag::parse(&raw).map(Tag::Friend);
        let known = of_friend.or_else(|| PortraitTag::parse(&raw).map(Tag::Portrait));
        known.ok_or_else(|| Code::FriendParameter.because(format!("{place} {raw:?} is no field")))
    })
}

fn row(
    to_account: String,
    item: Result<UserId, Failure>,
    account: &UserId,
    tags: &[Tag],
    found: &PeopleSnapshot,
) -> Row {
    let items = item.and_then(|id| {
        friend_items(&id, account, tags, found)
            .ok_or_else(|| Code::FriendParameter.because("Err_SNS_FriendGetList_Friend_Not_Exist"))
    });
    match items {
        Ok(items) => {
            Row { to_account, sns_profile_item: Some(items), result_code: 0, result_info: "".into() }
        }
        Err(failure) => {
            let (result_code, result_info) = (failure.number(), failure.text);
            Row { to_account, sns_profile_item: None, result_code, result_info }
        }
    }
}

/// `None` when it is no friend.
fn friend_items(id: &UserId, account: &UserId, tags: &[Tag], found: &PeopleSnapshot) -> Option<Vec<TagRow>> {
    let key = FactKey::Friend(id.clone());
    let Fact::Friend(friend) = found.fact(&Subject::Account(account.clone()), &key)? else { return None };
    let of_account = found.accounts.get(id)?;
    let item = |tag: &Tag| match tag {
        Tag::Friend(tag) => tag.of(friend),
        Tag::Portrait(tag) => portrait_item(tag, of_account, id, found),
    };
    Some(tags.iter().filter_map(item).collect())
}

fn portrait_item(
    tag: &PortraitTag,
    account: &Account,
    id: &UserId,
    found: &PeopleSnapshot,
) -> Option<TagRow> {
    let text = |text: &Text| (!text.as_str().is_empty()).then(|| text.as_str().to_owned().into());
    let value = match (tag, found.fact(&Subject::Account(id.clone()), &FactKey::Portrait)) {
        (PortraitTag::Nick, _) => text(&account.nick)?,
        (PortraitTag::Image, _) => text(&account.face_url)?,
        (_, Some(Fact::Portrait(portrait))) => portrait.0.get(tag)?.into(),
        (_, _) => return None,
    };
    Some(TagRow { tag: tag.to_string(), value })
}
