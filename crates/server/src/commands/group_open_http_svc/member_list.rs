//! `MemberList`, as commands take it that only need to know who is meant, and as those answer that give each account
//! its own result.

use super::{refuse_too_many_accounts, required_account};
use crate::given::{Given, Object};
use crate::reply::Failure;
use landfall_domain::ids::UserId;
use serde::{Deserialize, Serialize};

/// An account in a list. What other commands take besides is ignored.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Named {
    #[serde(rename = "Member_Account")]
    member_account: Given<String>,
}

/// The accounts in `MemberList`, at most `max`.
pub(super) fn named(given: Given<Vec<Given<Object<Named>>>>, max: usize) -> Result<Vec<UserId>, Failure> {
    let list = given.required("MemberList")?;
    refuse_too_many_accounts(list.len(), "MemberList", max)?;
    let accounts = list.into_iter().enumerate().map(|(index, item)| {
        let at = format!("MemberList[{index}]");
        required_account(item.required(&at)?.0.member_account, &format!("{at}.Member_Account"))
    });
    accounts.collect()
}

/// A reply with one row for each account asked for, in order.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Results {
    member_list: Vec<Row>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Row {
    #[serde(rename = "Member_Account")]
    member_account: String,
    result: u32,
}

impl Results {
    /// What became of each account.
    pub(super) fn new(accounts: &[UserId], results: impl IntoIterator<Item = u32>) -> Self {
        let rows = accounts.iter().zip(results);
        let rows = rows.map(|(account, result)| Row { member_account: account.as_str().to_owned(), result });
        Self { member_list: rows.collect() }
    }
}
