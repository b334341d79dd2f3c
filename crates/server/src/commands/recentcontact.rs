//! The service of conversation lists, and of folders of conversations and marks on them.

pub mod create_contact_group;
pub mod del_contact_group;
pub mod delete;
mod folder;
pub mod get_contact_group;
pub mod get_list;
mod item;
pub mod mark_contact;
mod page;
pub mod search_contact_group;
pub mod update_contact_group;

use crate::code::Code;
use crate::field::Field;
use crate::reply::Failure;
use landfall_domain::error::StoreError;
use landfall_domain::ids::{GroupId, UserId};
use landfall_domain::people::fact::Chat;

/// `From_Account`, whose conversations are meant.
fn from_account(given: Field<String>) -> Result<UserId, Failure> {
    account(given, "From_Account")
}

fn account(given: Field<String>, field: &str) -> Result<UserId, Failure> {
    let illegal = Code::ChatParameter;
    let name = given.required(field).map_err(|error| error.failure(illegal))?;
    UserId::parse(&name)
        .ok_or_else(|| illegal.because(format!("{field} is not 1 to 32 bytes of printable ASCII")))
}

/// A number of 32 bits.
fn number(given: Field<i128>, field: &str) -> Result<u32, Failure> {
    let illegal = Code::ChatParameter;
    let number = given.required(field).map_err(|error| error.failure(illegal))?;
    u32::try_from(number)
        .map_err(|_| illegal.because(format!("{field} is {number}; 0 to {} are allowed", u32::MAX)))
}

/// The conversation of this `Type`: 1 with an account, 2 in a group.
fn chat(kind: Field<i128>, peer: Field<String>, group: Field<String>) -> Result<Chat, Failure> {
    let illegal = Code::ChatParameter;
    match number(kind, "Type")? {
        1 => account(peer, "To_Account").map(Chat::Direct),
        2 => {
            let id = group.required("ToGroupid").map_err(|error| error.failure(illegal))?;
            let id = GroupId::parse(&id).ok_or_else(|| illegal.because("ToGroupid is not a group id"))?;
            Ok(Chat::Group(id))
        }
        kind => Err(illegal.because(format!("Type is {kind}; 1 and 2 are allowed"))),
    }
}

fn internal(error: StoreError) -> Failure {
    Code::ChatInternal.internal(error)
}

fn unknown_owner() -> Failure {
    Code::ChatOwnerUnknown.because("From_Account is not imported")
}
