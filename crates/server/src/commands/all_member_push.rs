//! The service of pushes to everybody, and of the attributes and tags that choose their receivers: what its commands share.
//!
//! [choice] A member that is missing or of the wrong type is 90001, where no other code is documented. To change an account
//! that does not exist is 90048 and changes nothing; to read one answers that it has none.
//! [choice] A tag too many, in a list or of an account, is 90032. A tag that is too long is 90020 in a push, 90034 elsewhere.

pub mod im_add_tag;
pub mod im_get_attr;
pub mod im_get_attr_name;
pub mod im_get_tag;
pub mod im_push;
pub mod im_remove_all_tags;
pub mod im_remove_attr;
pub mod im_remove_tag;
pub mod im_set_attr;
pub mod im_set_attr_name;
mod items;

use crate::call::{Call, ReadOnlyCall};
use crate::code::Code;
use crate::commands::account::required_account;
use crate::field::{Field, FieldError};
use crate::items::{check_all, echoed};
use crate::reply::{Failure, Nothing};
use items::{Members, Scalar};
use landfall_domain::error::{OperationError, StoreError};
use landfall_domain::ids::UserId;
use landfall_domain::limits::Span;
use landfall_domain::people::operations::label_accounts::{LabelAccounts, LabelChange, LabelRefusal};
use landfall_domain::text::Text;

/// A member that is missing or of the wrong type.
fn illegal(error: FieldError) -> Failure {
    error.failure(Code::MessageJsonParse)
}

fn internal(error: StoreError) -> Failure {
    Code::PushInternal.internal(error)
}

fn no_such_attribute(name: &Text) -> Failure {
    let shown = echoed(name.as_str().to_owned());
    Code::AttributeIllegal.because(format!("there is no attribute {shown:?}"))
}

/// Attributes by their names, and their values.
fn attributes(
    Members(members): Members,
    field: &str,
    call: &ReadOnlyCall,
) -> Result<Vec<(Text, Text)>, Failure> {
    let checked = members.into_iter().map(|(name, value)| {
        let place = format!("{field}.{}", echoed(name.clone()));
        let Scalar(value) = value.required(&place).map_err(illegal)?;
        let value = bounded(value, &place, call.limits.push.attribute_value, Code::AttributeIllegal)?;
        Ok((Text::stored(name), value))
    });
    checked.collect()
}

/// A text of bounded length.
fn bounded(raw: String, field: &str, span: Span, code: Code) -> Result<Text, Failure> {
    Text::parse(raw, span).map_err(|problem| code.because(format!("{field} {problem}")))
}

/// A tag; one that is too long is `too_long`.
fn tag(raw: String, field: &str, too_long: Code, call: &ReadOnlyCall) -> Result<Text, Failure> {
    if raw.is_empty() {
        return Err(Code::TagEmpty.because(format!("{field} is empty")));
    }
    bounded(raw, field, call.limits.push.tag, too_long)
}

/// That a list of tags is not too long.
fn few_tags(count: usize, field: &str, call: &ReadOnlyCall) -> Result<(), Failure> {
    let max = call.limits.push.tags_per_list;
    if max < count {
        return Err(
            Code::TooManyTags.because(format!("{field} has {count} entries; at most {max} are allowed"))
        );
    }
    Ok(())
}

/// That a call names not too many accounts.
fn few_accounts(count: usize, field: &str, call: &ReadOnlyCall) -> Result<(), Failure> {
    let max = call.limits.push.accounts_per_call;
    if max < count {
        let text = format!("{field} has {count} entries; at most {max} are allowed");
        return Err(Code::TooManyPushAccounts.because(text));
    }
    Ok(())
}

/// The accounts of `To_Account`.
fn to_accounts(given: Field<Vec<Field<String>>>, call: &ReadOnlyCall) -> Result<Vec<UserId>, Failure> {
    let list = given.required("To_Account").map_err(illegal)?;
    few_accounts(list.len(), "To_Account", call)?;
    check_all("To_Account", list, |name, place| required_account(name, place, Code::MessageJsonParse))
}

/// Changes the attributes or tags of accounts.
async fn label(changes: Vec<(UserId, LabelChange)>, call: &Call) -> Result<Nothing, Failure> {
    let operation = LabelAccounts { changes, tags_max: call.limits.push.tags };
    call.change_people(operation).await.map_err(|error| match error {
        OperationError::Refused(LabelRefusal::NoSuchAccount(id)) => {
            Code::SenderUnknown.because(format!("the account {id} does not exist"))
        }
        OperationError::Refused(LabelRefusal::NoSuchAttribute(name)) => no_such_attribute(&name),
        OperationError::Refused(LabelRefusal::TooManyTags(id)) => {
            let max = call.limits.push.tags;
            Code::TooManyTags.because(format!("{id} would have more than {max} tags"))
        }
        OperationError::Store(error) => internal(error),
    })?;
    Ok(Nothing {})
}
