//! The profile service: what its commands share.

pub mod portrait_get;
pub mod portrait_set;

use crate::call::Call;
use crate::code::Code;
use crate::field::FieldError;
use crate::reply::Failure;
use landfall_domain::error::StoreError;
use landfall_domain::fields::UserFieldRule;
use landfall_domain::people::portrait::PortraitTag;

/// A member that is missing or of the wrong type is 40001 here. [doc]
fn illegal(error: FieldError) -> Failure {
    error.failure(Code::ProfileParameter)
}

fn internal(error: StoreError) -> Failure {
    Code::ProfileInternal.internal(error)
}

/// The field with a tag, and the rule of a custom one.
fn known_tag<'call>(
    raw: &str,
    field: &str,
    call: &'call Call,
) -> Result<(PortraitTag, Option<&'call UserFieldRule>), Failure> {
    let unknown = |why: &str| Code::ProfileTagUnknown.because(format!("{field} {raw:?} {why}"));
    match PortraitTag::parse(raw) {
        None => Err(unknown("is no field of a profile")),
        Some(PortraitTag::Custom(key)) => {
            let rule = call.user_fields().iter().find(|rule| rule.key == key);
            let rule = rule.ok_or_else(|| unknown("is not switched on"))?;
            Ok((PortraitTag::Custom(key), Some(rule)))
        }
        Some(standard) => Ok((standard, None)),
    }
}
