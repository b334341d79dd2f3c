//! The account service: what its commands share.

pub mod account_check;
pub mod account_delete;
pub mod account_import;
pub mod kick;
pub mod multiaccount_import;

use crate::call::{Call, ReadOnlyCall};
use crate::code::Code;
use crate::commands::account::required_account;
use crate::field::{Entries, Field, FieldError, Object};
use crate::items::{check_each, echoed};
use crate::reply::Failure;
use landfall_domain::error::StoreError;
use landfall_domain::ids::UserId;
use landfall_domain::limits::Span;
use landfall_domain::text::Text;
use serde::Deserialize;

/// A member that is missing or of the wrong type is 70402 here. [doc]
fn illegal(error: FieldError) -> Failure {
    error.failure(Code::AccountParameter)
}

fn internal(error: StoreError) -> Failure {
    Code::AccountInternal.internal(error)
}

/// The account of a command, from the member's new or old name.
fn user(user_id: Field<String>, identifier: Field<String>, field: &str) -> Result<UserId, Failure> {
    required_account(user_id.or(identifier), field, Code::AccountParameter)
}

/// A nick or face address.
fn profile_value(given: Field<String>, field: &str, allowed: Span) -> Result<Option<Text>, Failure> {
    given.optional(field).map_err(illegal)?.map_or(Ok(None), |raw| {
        Text::parse(raw, allowed)
            .map(Some)
            .map_err(|problem| Code::ProfileTooLong.because(format!("{field} {problem}")))
    })
}

#[derive(Deserialize, Default, Debug)]
#[serde(default)]
pub struct UserIdInput {
    #[serde(rename = "UserID")]
    user_id: Field<String>,
}

/// Accounts of a list, in order: each as it was written, and as it was read.
type AccountEntries = Vec<(String, Result<UserId, Failure>)>;

/// Reads a list of accounts, each with a result of its own.
fn account_entries(
    list: Field<Entries<Object<UserIdInput>>>,
    field: &str,
    call: &Call,
) -> Result<AccountEntries, Failure> {
    let Entries(list) = list.required(field).map_err(illegal)?;
    refuse_too_many(list.len(), field, call)?;
    let names = list.iter().map(|entry| entry.written_member("UserID", |item| &item.user_id));
    let names: Vec<_> = names.map(echoed).collect();
    let accounts = check_each(field, list, |entry, place| {
        let item = entry.required(place).map_err(illegal)?.0;
        user(item.user_id, Field::Absent, &format!("{place}.UserID"))
    })?;
    Ok(names.into_iter().zip(accounts).collect())
}

/// The valid accounts.
fn accounts(batch: &AccountEntries) -> Vec<UserId> {
    batch.iter().filter_map(|(_, account)| account.as_ref().ok().cloned()).collect()
}

/// The code of the service for too many accounts is not published. [choice]
fn refuse_too_many(count: usize, field: &str, call: &ReadOnlyCall) -> Result<(), Failure> {
    let max = call.limits.accounts_per_call;
    if max < count {
        return Err(Code::AccountParameter
            .because(format!("{field} names {count} accounts; at most {max} are allowed")));
    }
    Ok(())
}
