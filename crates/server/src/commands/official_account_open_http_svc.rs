//! Official accounts: accounts that send to all who subscribe to them.
//!
//! Messages are in the codes of the group service, everything else is in codes of its own. [doc]
//!
//! [choice] An official account is an ordinary account as well: `account_check` finds it, `portrait_get` shows its name and
//! picture, messages can be sent to it, and `account_delete` destroys it. An id is the prefix and at least one character
//! more, 32 bytes at most.
//! [choice] Nothing has to be switched on, and an official account may send as often as any command may be called: the two
//! messages an hour of the service belong to its plans.
//! [choice] What an official account sends to its subscribers is in its own history, and in no conversation of theirs:
//! `get_list` of conversations has what the two write to each other.

pub mod add_subscriber;
pub mod create_official_account;
pub mod delete_subscriber;
pub mod destroy_official_account;
mod filter;
pub mod get_official_account_info;
pub mod get_subscribed_official_account_list;
pub mod get_subscriber_info;
pub mod modify_official_account_base_info;
pub mod modify_subscriber_info;
pub mod official_account_msg_get_simple;
pub mod official_account_msg_recall;
pub mod send_official_account_msg;
mod subscriber;

use super::group_open_http_svc::number_up_to;
use crate::code::Code;
use crate::field::{Field, FieldError};
use crate::reply::Failure;
use landfall_domain::error::{OperationError, StoreError};
use landfall_domain::ids::UserId;
use landfall_domain::limits::Span;
use landfall_domain::people::official::{OfficialRefusal, parse_id};
use landfall_domain::text::Text;

/// Texts that an official account says of itself, bytes. [doc]
const NAME: Span = Span::one_to(150);
const INTRODUCTION: Span = Span::up_to(400);
const FACE_URL: Span = Span::up_to(500);
const ORGANIZATION: Span = Span::up_to(500);
/// What the app keeps with an official account or a subscriber, bytes. The documented bound is that of official accounts.
const CUSTOM: Span = Span::up_to(3_000);
/// The most subscribers. [doc]
const SUBSCRIBERS_MAX: u32 = 100_000;
/// Rows on a page. [doc]
const PAGE: usize = 200;

fn illegal(error: FieldError) -> Failure {
    error.failure(Code::OfficialParameter)
}

fn internal(error: StoreError) -> Failure {
    Code::OfficialInternal.internal(error)
}

/// The name in the member called `field`, with the codes of the calls that are not about messages.
fn official_id(given: Field<String>, field: &str) -> Result<UserId, Failure> {
    let name = given.required(field).map_err(illegal)?;
    parse_id(&name).ok_or_else(|| Code::OfficialIdIllegal.because(id_problem(field)))
}

/// The same for calls about messages.
fn sender_id(given: Field<String>) -> Result<UserId, Failure> {
    const FIELD: &str = "Official_Account";
    let name = given.required(FIELD)?;
    parse_id(&name).ok_or_else(|| Code::GroupParameter.because(id_problem(FIELD)))
}

fn id_problem(field: &str) -> String {
    format!("{field} is not @TOA#_ and 1 to 26 bytes of printable ASCII")
}

fn account(given: Field<String>, field: &str) -> Result<UserId, Failure> {
    super::account::required_account(given, field, Code::OfficialParameter)
}

/// A text that was given, in its bounds.
fn text(given: String, field: &str, bounds: Span) -> Result<Text, Failure> {
    Text::parse(given, bounds)
        .map_err(|problem| Code::OfficialParameter.because(format!("{field} {problem}")))
}

/// A number of 1 to `max`; `None` when it is not given.
fn number(given: Field<i128>, field: &str, max: u32) -> Result<Option<u32>, Failure> {
    let number = given.optional(field).map_err(illegal)?;
    let in_range = |number: i128| {
        let found = u32::try_from(number).ok().filter(|number| (1..=max).contains(number));
        found.ok_or_else(|| {
            Code::OfficialParameter.because(format!("{field} is {number}; 1 to {max} are allowed"))
        })
    };
    number.map(in_range).transpose()
}

fn too_many(field: &str, got: usize, max: usize, code: Code) -> Result<(), Failure> {
    if max < got {
        return Err(code.because(format!("{field} has {got} entries; at most {max} are allowed")));
    }
    Ok(())
}

/// Why nothing changed, with the codes of the calls that are not about messages.
fn refused(error: OperationError<OfficialRefusal>) -> Failure {
    match error {
        OperationError::Refused(refusal) => refusal_failure(refusal),
        OperationError::Store(error) => internal(error),
    }
}

fn refusal_failure(refusal: OfficialRefusal) -> Failure {
    match refusal {
        OfficialRefusal::NoSuchOfficial => {
            Code::OFFICIAL_UNKNOWN.because("there is no such official account")
        }
        OfficialRefusal::Taken => Code::OFFICIAL_TAKEN.because("the id of the official account is in use"),
        OfficialRefusal::NoSuchOwner => Code::OfficialParameter.because("Owner_Account is not imported"),
        OfficialRefusal::NotSubscribed => {
            Code::OfficialParameter.because("Subscriber_Account does not subscribe to the official account")
        }
        OfficialRefusal::NoNumbersLeft => {
            Code::OfficialParameter.because("the official account has all messages it can have")
        }
    }
}

/// The same for calls about messages.
fn message_refused(error: OperationError<OfficialRefusal>) -> Failure {
    match error {
        OperationError::Refused(OfficialRefusal::NoSuchOfficial) => {
            Code::GroupNotFound.because("there is no such official account")
        }
        OperationError::Refused(refusal) => {
            Failure { code: Code::GroupParameter, ..refusal_failure(refusal) }
        }
        OperationError::Store(error) => error.into(),
    }
}

/// A member that is 0 or 1; 0 when it is missing. For calls about messages.
fn flag(given: Field<i128>, field: &str) -> Result<bool, Failure> {
    Ok(number_up_to(given.optional(field)?.unwrap_or_default(), field, 1)? == 1)
}
