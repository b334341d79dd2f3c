//! Members that commands about one-to-one messages share, and their codes.

use crate::code::Code;
use crate::commands::message_body::{self, BodyProblem};
use crate::field::Field;
use crate::reply::Failure;
use landfall_domain::error::{OperationError, StoreError};
use landfall_domain::ids::UserId;
use landfall_domain::limits::MessageLimits;
use landfall_domain::message::Body;
use landfall_domain::people::message::MessageKey;
use landfall_domain::people::operations::recall_direct::DirectRefusal;
use serde_json::value::RawValue;

/// The account in a required member called `field`.
pub(super) fn account(given: Field<String>, field: &str, illegal: Code) -> Result<UserId, Failure> {
    let name = given.required(field).map_err(|error| error.failure(illegal))?;
    UserId::parse(&name)
        .ok_or_else(|| illegal.because(format!("{field} is not 1 to 32 bytes of printable ASCII")))
}

/// `From_Account`.
pub(in crate::commands) fn from_account(given: Field<String>) -> Result<UserId, Failure> {
    account(given, "From_Account", Code::FromAccountIllegal)
}

/// `To_Account` of one account.
pub(in crate::commands) fn to_account(given: Field<String>) -> Result<UserId, Failure> {
    account(given, "To_Account", Code::ToAccountIllegal)
}

/// A number of 32 bits that may be missing.
pub(in crate::commands) fn optional_u32(
    given: Field<i128>,
    field: &str,
    illegal: Code,
) -> Result<Option<u32>, Failure> {
    let number = given.optional(field).map_err(|error| error.failure(illegal))?;
    let in_range = |number: i128| {
        u32::try_from(number)
            .map_err(|_| illegal.because(format!("{field} is {number}; 0 to {} are allowed", u32::MAX)))
    };
    number.map(in_range).transpose()
}

/// A number of 32 bits.
pub(in crate::commands) fn required_u32(
    given: Field<i128>,
    field: &str,
    illegal: Code,
) -> Result<u32, Failure> {
    let missing = || illegal.because(format!("{field} is required"));
    optional_u32(given, field, illegal)?.ok_or_else(missing)
}

/// A member that is 0 or 1; 0 when it is missing.
pub(super) fn flag(given: Field<i128>, field: &str) -> Result<bool, Failure> {
    let code = Code::MessageIllegal;
    match optional_u32(given, field, code)?.unwrap_or_default() {
        0 => Ok(false),
        1 => Ok(true),
        number => Err(code.because(format!("{field} is {number}; 0 and 1 are allowed"))),
    }
}

/// What a message says.
pub(in crate::commands) fn body(
    elements: Option<Box<RawValue>>,
    custom: Field<String>,
    limits: &MessageLimits,
) -> Result<Body, Failure> {
    message_body::body(elements, custom, limits).map_err(body_failure)
}

fn body_failure(problem: BodyProblem) -> Failure {
    let code = match &problem {
        BodyProblem::NoList(_) => Code::MsgBodyIllegal,
        BodyProblem::Malformed { .. } => Code::ElementIllegal,
        BodyProblem::TooLong(_) => Code::DirectTooLong,
    };
    code.because(problem.to_string())
}

/// `MsgKey`.
pub(in crate::commands) fn message_key(given: Field<String>) -> Result<MessageKey, Failure> {
    key_in(given, "MsgKey")
}

pub(super) fn key_in(given: Field<String>, field: &str) -> Result<MessageKey, Failure> {
    let illegal = Code::MsgKeyIllegal;
    let text = given.required(field).map_err(|error| error.failure(illegal))?;
    MessageKey::parse(&text)
        .ok_or_else(|| illegal.because(format!("{field} is not of the form MsgSeq_MsgRandom_MsgTime")))
}

/// An error of the store.
pub(in crate::commands) fn internal(error: StoreError) -> Failure {
    Code::MessageInternal.internal(error)
}

/// A refusal as `code` says, or an error of the store.
pub(in crate::commands) fn failure<Refusal>(
    error: OperationError<Refusal>,
    code: impl FnOnce(Refusal) -> Failure,
) -> Failure {
    match error {
        OperationError::Refused(refusal) => code(refusal),
        OperationError::Store(error) => internal(error),
    }
}

/// Why a message was not recalled, changed or confirmed.
pub(in crate::commands) fn message_failure(refusal: DirectRefusal) -> Failure {
    match refusal {
        DirectRefusal::NoSuchMessage => Code::DirectMissing.because("this account sent no such message"),
        DirectRefusal::Recalled => Code::DirectRecalled.because("the message was recalled already"),
    }
}
