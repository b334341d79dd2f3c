//! `MemberList`: in requests that only name accounts, and in answers that give each account a result of its own.

use super::{refuse_too_many_accounts, required_account};
use crate::field::{Entries, Field, Object, Shape};
use crate::items::{check_all, check_each, check_import, echoed};
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
    /// What is wrong with each entry.
    problems: Vec<Option<Failure>>,
    /// The valid entries only.
    pub(super) valid: Vec<T>,
}

impl<T> MemberEntries<T> {
    /// Reads at most `max` entries; `check` gets each with its place.
    fn new<M: Member>(
        given: Field<Entries<Object<M>>>,
        max: usize,
        mut check: impl FnMut(M, &str) -> Result<T, Failure>,
    ) -> Result<Self, Failure>
    where
        Object<M>: Shape,
    {
        let list = entries(given, max)?;
        let names = names(&list);
        let entries = check_each("MemberList", list, |entry, place| check(entry.required(place)?.0, place))?;
        Ok(Self::of(names, entries))
    }

    /// Reads those of an import.
    pub(super) fn of_import<M: Member>(
        given: Field<Entries<Object<M>>>,
        max: usize,
        mut check: impl FnMut(M, &str) -> Result<T, Failure>,
    ) -> Result<Self, Failure>
    where
        Object<M>: Shape,
    {
        let list = entries(given, max)?;
        let names = names(&list);
        let entries =
            check_import("MemberList", list, |entry, place| check(entry.required(place)?.0, place))?;
        Ok(Self::of(names, entries))
    }

    fn of(names: Vec<String>, entries: Vec<Result<T, Failure>>) -> Self {
        let mut valid = Vec::with_capacity(entries.len());
        let problems = entries.into_iter().map(|entry| entry.map(|entry| valid.push(entry)).err()).collect();
        Self { names, problems, valid }
    }

    /// The answer: `results` of the valid entries, and `wrong` for the others.
    pub(super) fn results(self, results: impl IntoIterator<Item = u32>, wrong: u32) -> MemberResults {
        self.rows(results.into_iter().map(|result| (result, None)), |_| (wrong, None))
    }

    /// The answer: `results` of the valid entries, with the reasons of refusals, and 0 with the reason for the others.
    pub(super) fn explained(self, results: impl IntoIterator<Item = (u32, Option<String>)>) -> MemberResults {
        self.rows(results.into_iter(), |problem| (0, Some(problem.text.into_owned())))
    }

    fn rows(
        self,
        mut results: impl Iterator<Item = (u32, Option<String>)>,
        wrong: impl Fn(Failure) -> (u32, Option<String>),
    ) -> MemberResults {
        let rows = self.names.into_iter().zip(self.problems).map(|(member_account, problem)| {
            let result = problem.map(&wrong).or_else(|| results.next());
            let (result, result_info) = result.unwrap_or_default();
            Row { member_account, result, result_info }
        });
        MemberResults { member_list: rows.collect() }
    }
}

/// At most `max` entries.
fn entries<M: Member>(given: Field<Entries<Object<M>>>, max: usize) -> Result<Vec<Field<Object<M>>>, Failure>
where
    Object<M>: Shape,
{
    let Entries(list) = given.required("MemberList")?;
    refuse_too_many_accounts(list.len(), "MemberList", max)?;
    Ok(list)
}

/// `Member_Account` of each entry, as it was written.
fn names<M: Member>(list: &[Field<Object<M>>]) -> Vec<String> {
    list.iter().map(|entry| echoed(entry.written_member("Member_Account", M::account))).collect()
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
    /// Why a member was not imported.
    #[serde(skip_serializing_if = "Option::is_none")]
    result_info: Option<String>,
}
