//! `sns/friend_get`: a page of an account's friends, in the order of their names, with all that the account keeps of them.
//!
//! [choice] Standard fields are left out when they have not changed since `StandardSequence`, custom fields since
//! `CustomSequence`; when neither has, there are no rows. A number that is not given leaves nothing out.
//! A page ends before its answer becomes too large. A friend whose account was deleted is missing without a new number.

use super::tag::{FriendTag, TagRow};
use super::{from_account, head, internal, number, unknown_account};
use crate::call::{Call, Command};
use crate::field::Field;
use crate::items::fitting;
use crate::reply::Failure;
use landfall_domain::people::Subject;
use landfall_domain::people::fact::{Fact, FactFamily, FactKey, FactRange};
use landfall_domain::people::friends::Friend;
use landfall_domain::people::snapshot::PeopleNeeds;
use serde::{Deserialize, Serialize};

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    #[serde(rename = "From_Account")]
    from_account: Field<String>,
    start_index: Field<i128>,
    standard_sequence: Field<i128>,
    custom_sequence: Field<i128>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Reply {
    user_data_item: Vec<Row>,
    standard_sequence: u32,
    custom_sequence: u32,
    friend_num: u64,
    complete_flag: u8,
    /// 0 at the end.
    next_start_index: usize,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Row {
    #[serde(rename = "To_Account")]
    to_account: String,
    value_item: Vec<TagRow>,
}

impl Command for Request {
    const PATH: &'static str = "sns/friend_get";
    type Reply = Reply;

    async fn run(self, call: &Call) -> Result<Reply, Failure> {
        let account = from_account(self.from_account)?;
        let start = number(self.start_index, "StartIndex")? as usize;
        let known = |given: Field<i128>, field| given.is_given().then(|| number(given, field)).transpose();
        let known_standard = known(self.standard_sequence, "StandardSequence")?;
        let known_custom = known(self.custom_sequence, "CustomSequence")?;
        let (subject, per_page) = (Subject::Account(account.clone()), call.limits.friends.per_page);
        let range = FactRange {
            subject: subject.clone(),
            family: FactFamily::Friends,
            after: None,
            limit: start.saturating_add(per_page),
        };
        let needs = PeopleNeeds {
            accounts: vec![account.clone()],
            facts: vec![(subject.clone(), FactKey::Friends)],
            ranges: vec![range],
            counts: vec![(subject.clone(), FactFamily::Friends)],
            ..PeopleNeeds::default()
        };
        let found = call.people(needs).await.map_err(internal)?;
        if !found.accounts.contains_key(&account) {
            return Err(unknown_account(&account));
        }
        let head = head(&found, &account);
        let friend_num = found.counts.get(&(subject, FactFamily::Friends)).copied().unwrap_or(0);
        let shown = Shown {
            standard: known_standard != Some(head.standard),
            custom: known_custom != Some(head.custom),
        };
        let friends = found.facts.iter().filter_map(|((_, key), fact)| match (key, fact) {
            (FactKey::Friend(id), Fact::Friend(friend)) => Some((id.to_string(), friend)),
            _ => None,
        });
        let rows = if shown.standard || shown.custom {
            let page = friends.skip(start).take(per_page);
            fitting(page.map(|(id, friend)| row(id, friend, shown)), call.limits.reply_bytes)
        } else {
            Vec::new()
        };
        let next = start.saturating_add(rows.len());
        let is_complete = rows.is_empty() || friend_num <= next as u64;
        Ok(Reply {
            user_data_item: rows,
            standard_sequence: head.standard,
            custom_sequence: head.custom,
            friend_num,
            complete_flag: is_complete.into(),
            next_start_index: if is_complete { 0 } else { next },
        })
    }
}

/// What a page shows of its friends.
#[derive(Clone, Copy)]
struct Shown {
    standard: bool,
    custom: bool,
}

/// What a page says of a friend.
fn row(to_account: String, friend: &Friend, shown: Shown) -> Row {
    let standard = FriendTag::SHOWN.iter().filter(|_| shown.standard).filter_map(|tag| tag.of(friend));
    let custom = friend.custom.keys().filter(|_| shown.custom);
    let custom = custom.filter_map(|key| FriendTag::Custom(key.clone()).of(friend));
    Row { to_account, value_item: standard.chain(custom).collect() }
}
