//! `follow/follow_get_info`: how many follow an account, how many it follows, and how many of these follow back.

use super::{from_account, internal, no_such_account, to_accounts, unknown_account};
use crate::call::{Call, Command};
use crate::field::{Entries, Field};
use crate::reply::Failure;
use landfall_domain::ids::UserId;
use landfall_domain::people::Subject;
use landfall_domain::people::fact::{FactFamily, FactKey};
use landfall_domain::people::follow::{Tie, followers};
use landfall_domain::people::snapshot::{PeopleNeeds, PeopleSnapshot};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Request {
    #[serde(rename = "From_Account")]
    from_account: Field<String>,
    #[serde(rename = "To_Account")]
    to_account: Field<Entries<String>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Reply {
    follow_info: Vec<Row>,
}

#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Row {
    #[serde(rename = "To_Account")]
    to_account: String,
    result_code: u32,
    result_info: Cow<'static, str>,
    follower_count: u64,
    following_count: u64,
    mutual_following_count: u64,
}

impl Command for Request {
    const PATH: &'static str = "follow/follow_get_info";
    type Reply = Reply;

    async fn run(self, call: &Call) -> Result<Reply, Failure> {
        let account = from_account(self.from_account)?;
        let items = to_accounts(self.to_account, call.limits.follow.per_call)?;
        let ids = || items.iter().filter_map(|(_, item)| item.as_ref().ok());
        let subject = |id: &UserId| Subject::Account(id.clone());
        let needs = PeopleNeeds {
            accounts: ids().chain([&account]).cloned().collect(),
            facts: ids().map(|id| (subject(id), FactKey::Followers)).collect(),
            counts: ids().flat_map(|id| FactFamily::COUNTED.map(|of| (subject(id), of))).collect(),
            ..PeopleNeeds::default()
        };
        let found = call.people(needs).await.map_err(internal)?;
        if !found.accounts.contains_key(&account) {
            return Err(unknown_account(&account));
        }
        let rows = items.into_iter().map(|(name, item)| match item {
            Ok(id) if found.accounts.contains_key(&id) => Row { to_account: name, ..counts(&found, &id) },
            Ok(_) => failed(name, no_such_account()),
            Err(failure) => failed(name, failure),
        });
        Ok(Reply { follow_info: rows.collect() })
    }
}

fn failed(to_account: String, failure: Failure) -> Row {
    Row { to_account, result_code: failure.number(), result_info: failure.text, ..Row::default() }
}

fn counts(found: &PeopleSnapshot, id: &UserId) -> Row {
    let count = |tie| {
        let family = (Subject::Account(id.clone()), FactFamily::Follows(tie));
        found.counts.get(&family).copied().unwrap_or(0)
    };
    let mutual_following_count = count(Tie::Mutual);
    Row {
        follower_count: followers(found, id),
        following_count: mutual_following_count + count(Tie::Followed),
        mutual_following_count,
        ..Row::default()
    }
}
