//! The configuration service: keeping accounts from sending anywhere.

pub mod getappinfo;
pub mod getnospeaking;
pub mod setnospeaking;

use crate::code::Code;
use crate::field::{Field, FieldError};
use crate::reply::Failure;
use landfall_domain::error::StoreError;
use landfall_domain::ids::UserId;

fn internal(error: StoreError) -> Failure {
    Code::ConfigInternal.internal(error)
}

/// The account in the member called `field`.
fn account(given: Field<String>, field: &str, missing: Code, wrong: Code) -> Result<UserId, Failure> {
    let name = given.required(field).map_err(|error| {
        let code = match &error {
            FieldError::Missing(_) | FieldError::Empty(_) => missing,
            FieldError::WrongType { .. } | FieldError::Unreadable { .. } => wrong,
        };
        error.failure(code)
    })?;
    UserId::parse(&name)
        .ok_or_else(|| wrong.because(format!("{field} is not 1 to 32 bytes of printable ASCII")))
}

fn unknown(account: &UserId, field: &str, wrong: Code) -> Failure {
    wrong.because(format!("{field} {account} is not imported"))
}
