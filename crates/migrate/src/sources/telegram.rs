//! Telegram Desktop's export in its JSON form: `result.json`, of one chat or of an account.
//!
//! The document is read twice. The first time finds what the chats do not say before their messages: members, times of joining,
//! owners, and which old group a supergroup was made of. A member without a time of joining sees everything, as in Telegram.
//!
//! - Private supergroups become private groups as private groups do, public ones become public. [choice]
//! - People whom only service messages name have no id: they become members with the id `name:NAME`, unless exactly one sender
//!   has that name. The mapping file can give them another id or leave them out. [choice]
//! - Contacts become friends of the account that was exported. Some versions give them no id: they are then who alone has the name
//!   in the chats. Others are lost; phone numbers tell nobody, because nothing else has any. [choice]
//! - An old group and the supergroup that it became are one group, where exactly one of each has the name. [choice]

mod contacts;
mod emit;
mod parse;
mod service;
mod survey;

use super::builder::Builder;
use super::input::Input;
use super::sink::ConvertError;
use super::walk::{Walk, WalkError};
use std::path::Path;

/// Reads an export: a folder or zip archive with `result.json`, or that file.
///
/// # Errors
/// The source cannot be opened, or the output fails.
pub(crate) fn read(path: &Path, builder: &mut Builder<'_>) -> Result<(), ConvertError> {
    for what in ["members who never wrote", "read marks"] {
        builder.absent(what);
    }
    let mut input = Input::open(path)?;
    for name in input.outermost("result.json") {
        let mut survey = survey::Survey::default();
        let (document, _) = input.read(&name)?;
        match Walk::new(document, &name).and_then(|mut walk| survey.read(&mut walk)) {
            // The second reading comes to the same fault, and reports it.
            Ok(()) | Err(WalkError::Document(_)) => {}
            Err(error) => return error.settle(builder),
        }
        survey.settle();
        survey.hand_over(builder)?;
        let (document, beside) = input.read(&name)?;
        let mut emit = emit::Emit::new(&survey, &name, beside, builder);
        let read = Walk::new(document, &name).and_then(|mut walk| emit.read(&mut walk));
        read.or_else(|error| error.settle(builder))?;
    }
    Ok(())
}
