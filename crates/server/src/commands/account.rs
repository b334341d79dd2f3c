//! Accounts in members of requests.

use crate::code::Code;
use crate::field::Field;
use crate::reply::Failure;
use landfall_domain::ids::UserId;

/// The account in an optional member called `field`. Another JSON type than a string is 60015 [doc]; an invalid account name
/// is `illegal`.
pub(super) fn account(given: Field<String>, field: &str, illegal: Code) -> Result<Option<UserId>, Failure> {
    given.is_given().then(|| required_account(given, field, illegal)).transpose()
}

/// The account in a required member called `field`. A missing one is `illegal` too.
pub(super) fn required_account(given: Field<String>, field: &str, illegal: Code) -> Result<UserId, Failure> {
    let code = if matches!(given, Field::WrongType(_)) { Code::AccountNotText } else { illegal };
    let name = given.required(field).map_err(|error| error.failure(code))?;
    UserId::parse(&name)
        .ok_or_else(|| illegal.because(format!("{field} is not 1 to 32 bytes of printable ASCII")))
}
