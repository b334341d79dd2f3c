//! `MemberList`: in requests that only name accounts, and in answers that give each account a result of its own.

use super::{refuse_too_many_accounts, required_account};
use crate::field::{Entries, Field, Object, Shape};
use crate::items::{check_all, check_each, echoed};
use crate::reply::Failure;
use landfall_domain::ids::UserId;
use serde::{Deserialize, Serialize};

/// An account in a list. The other members that some commands take are ignored.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct AccountInput {
    #[serde(rename = "Member_Account")]
    member_account: Field<String>,
}

/// An entry of a `MemberList`.
pub(super) trait Member {
    fn account(&self) -> &Field<String>;
}

impl Member for AccountInput {
    fn account(&self) -> &Field<String> {
        &self.member_account
    }
}

/// The accounts in `MemberList`, at most `max`.
pub(super) fn accounts(
    given: Field<Vec<Field<Object<AccountInput>>>>,
    max: usize,
) -> Result<Vec<UserId>, Failure> {
    let list = given.required("MemberList")?;
    refuse_too_many_accounts(list.len(), "MemberList", max)?;
    check_all("MemberList", list, |entry, place| account(entry.required(place)?.0, place))
}

/// The accounts in `MemberList`, at most `max`, each with a result of its own.
pub(super) fn account_entries(
    given: Field<Entries<Object<AccountInput>>>,
    max: usize,
) -> Result<MemberEntries<UserId>, Failure> {
    MemberEntries::new(given, max, account)
}

fn account(AccountInput { member_account }: AccountInput, place: &str) -> Result<UserId, Failure> {
    required_account(member_account, &format!("{place}.Member_Account"))
}

/// The entries of a `MemberList`, each with a result of its own.
pub(super) struct MemberEntries<T> {
    /// `Member_Account` of each entry, as it was written.
    names: Vec<String>,
    is_valid: Vec<bool>,
    /// The valid entries only.
    pub(super) valid: Vec<T>,
}

impl<T> MemberEntries<T> {
    /// Reads at most `max` entries; `check` gets each with its place.
    pub(super) fn new<M: Member>(
        given: Field<Entries<Object<M>>>,
        max: usize,
        mut check: impl FnMut(M, &str) -> Result<T, Failure>,
    ) -> Result<Self, Failure>
    where
        Object<M>: Shape,
    {
        let Entries(list) = given.required("MemberList")?;
        refuse_too_many_accounts(list.len(), "MemberList", max)?;
        let written = |entry: &Field<Object<M>>| entry.written_member("Member_Account", M::account);
        let names = list.iter().map(|entry| echoed(written(entry))).collect();
        let entries = check_each("MemberList", list, |entry, place| check(entry.required(place)?.0, place))?;
        let is_valid = entries.iter().map(Result::is_ok).collect();
        Ok(Self { names, is_valid, valid: entries.into_iter().flatten().collect() })
    }

    /// The answer: `results` of the valid entries, and `wrong` for the others.
    pub(super) fn results(self, results: impl IntoIterator<Item = u32>, wrong: u32) -> MemberResults {
        let mut results = results.into_iter();
        let rows = self.names.into_iter().zip(self.is_valid).map(|(member_account, is_valid)| {
            let result = if is_valid { results.next() } else { None };
            Row { member_account, result: result.unwrap_or(wrong) }
        });
        MemberResults { member_list: rows.collect() }
    }
}

/// One row for each requested account, in order.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct MemberResults {
    member_list: Vec<Row>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Row {
    #[serde(rename = "Member_Account")]
    member_account: String,
    result: u32,
}
