//! `sns/group_get`: the lists of friends of an account, in the order in which they were made.
//!
//! [choice] `NeedFriend` asks for the friends of lists that are named too, as the samples do. A list that does not exist is
//! left out.

use super::{from_account, head, internal, list_names, number, unknown_account, word};
use crate::call::{Call, Command};
use crate::field::Field;
use crate::reply::Failure;
use landfall_domain::people::Subject;
use landfall_domain::people::fact::{Fact, FactFamily, FactKey, FactRange};
use landfall_domain::people::snapshot::PeopleNeeds;
use landfall_domain::text::Text;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    #[serde(rename = "From_Account")]
    from_account: Field<String>,
    last_sequence: Field<i128>,
    need_friend: Field<String>,
    group_name: Field<Vec<Field<String>>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Reply {
    result_item: Vec<Row>,
    current_sequence: u32,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Row {
    group_name: String,
    friend_number: usize,
    #[serde(rename = "To_Account", skip_serializing_if = "Option::is_none")]
    to_account: Option<Vec<String>>,
}

impl Command for Request {
    const PATH: &'static str = "sns/group_get";
    type Reply = Reply;

    async fn run(self, call: &Call) -> Result<Reply, Failure> {
        let account = from_account(self.from_account)?;
        let known = number(self.last_sequence, "LastSequence")?;
        let words = ["Need_Friend_Type_No", "Need_Friend_Type_Yes"];
        let needs_friends = word(self.need_friend, "NeedFriend", words)? == Some(1);
        let named = match self.group_name {
            Field::Absent | Field::Empty => None,
            Field::Value(_) | Field::WrongType(_) | Field::Unreadable(_) => {
                Some(list_names(self.group_name, call)?)
            }
        };
        let subject = Subject::Account(account.clone());
        let needs = PeopleNeeds {
            accounts: vec![account.clone()],
            facts: vec![(subject.clone(), FactKey::Friends)],
            ranges: vec![FactRange::all(subject, FactFamily::Friends)],
            ..PeopleNeeds::default()
        };
        let found = call.people(needs).await.map_err(internal)?;
        if !found.accounts.contains_key(&account) {
            return Err(unknown_account(&account));
        }
        let head = head(&found, &account);
        let current_sequence = head.listed;
        if named.is_none() && known == current_sequence {
            return Ok(Reply { result_item: Vec::new(), current_sequence });
        }
        let mut friends: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for ((_, key), fact) in &found.facts {
            let (FactKey::Friend(id), Fact::Friend(friend)) = (key, fact) else { continue };
            for list in &friend.lists {
                friends.entry(list.as_str()).or_default().push(id.to_string());
            }
        }
        let is_wanted = |list: &&Text| named.as_ref().is_none_or(|named| named.contains(list));
        let rows = head.lists.iter().filter(is_wanted).map(|list| {
            let of_list = friends.remove(list.as_str()).unwrap_or_default();
            Row {
                group_name: list.as_str().to_owned(),
                friend_number: of_list.len(),
                to_account: needs_friends.then_some(of_list),
            }
        });
        Ok(Reply { result_item: rows.collect(), current_sequence })
    }
}
