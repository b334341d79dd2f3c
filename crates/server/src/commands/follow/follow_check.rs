//! `follow/follow_check`: whether an account follows others, and they it.

use super::{from_account, internal, no_such_account, to_accounts, unknown_account};
use crate::call::{Call, Command};
use crate::field::{Entries, Field};
use crate::reply::Failure;
use landfall_domain::people::follow::{Tie, follow, places};
use landfall_domain::people::snapshot::PeopleNeeds;
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
    result_item: Vec<Row>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Row {
    #[serde(rename = "To_Account")]
    to_account: String,
    result_code: u32,
    result_info: Cow<'static, str>,
    follow_type: u8,
}

/// A relation as `FollowType`. [doc]
fn follow_type(tie: Option<Tie>) -> u8 {
    match tie {
        None => 0,
        Some(Tie::Follower) => 1,
        Some(Tie::Followed) => 2,
        Some(Tie::Mutual) => 3,
    }
}

impl Command for Request {
    const PATH: &'static str = "follow/follow_check";
    type Reply = Reply;

    async fn run(self, call: &Call) -> Result<Reply, Failure> {
        let account = from_account(self.from_account)?;
        let items = to_accounts(self.to_account, call.limits.follow.checked_per_call)?;
        let ids = || items.iter().filter_map(|(_, item)| item.as_ref().ok());
        let needs = PeopleNeeds {
            accounts: ids().chain([&account]).cloned().collect(),
            facts: ids().flat_map(|id| places(&account, id)).collect(),
            ..PeopleNeeds::default()
        };
        let found = call.people(needs).await.map_err(internal)?;
        if !found.accounts.contains_key(&account) {
            return Err(unknown_account(&account));
        }
        let row =
            |(to_account, item): (String, Result<_, Failure>)| {
                let known = item.and_then(|id| {
                    if found.accounts.contains_key(&id) { Ok(id) } else { Err(no_such_account()) }
                });
                match known {
                    Ok(id) => Row {
                        to_account,
                        result_code: 0,
                        result_info: "".into(),
                        follow_type: follow_type(follow(&found, &account, &id).tie()),
                    },
                    Err(failure) => Row {
                        to_account,
                        result_code: failure.number(),
                        result_info: failure.text,
                        follow_type: 0,
                    },
                }
            };
        Ok(Reply { result_item: items.into_iter().map(row).collect() })
    }
}
