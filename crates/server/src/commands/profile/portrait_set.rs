//! `profile/portrait_set`: sets fields of an account's profile. One wrong item fails the whole call, and nothing changes.
//!
//! Of two items with one tag the last counts. [choice]
//! [choice] A custom field takes a text or a whole number of 32 bits, and gives back what it was given.
//! [choice] Only administrators of the app set `Tag_Profile_IM_AdminForbidType`: a client gets 40008.

use super::{illegal, internal, known_tag};
use crate::call::{Call, Command};
use crate::code::Code;
use crate::commands::account::required_account;
use crate::commands::forbidden::refuse_words;
use crate::field::{Field, FieldError, Object, Shape};
use crate::items::check_all;
use crate::reply::{Failure, Nothing};
use landfall_domain::error::OperationError;
use landfall_domain::limits::Span;
use landfall_domain::people::operations::set_portrait::{SetPortrait, UnknownAccount};
use landfall_domain::people::portrait::{PortraitItem, PortraitTag, PortraitValue};
use landfall_domain::text::Text;
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    #[serde(rename = "From_Account")]
    from_account: Field<String>,
    profile_item: Field<Vec<Field<Object<ItemInput>>>>,
}

#[derive(Deserialize, Default, Debug)]
#[serde(rename_all = "PascalCase", default)]
struct ItemInput {
    tag: Field<String>,
    value: Field<TextOrNumber>,
}

/// The value of a field: "" is one.
#[derive(Debug)]
enum TextOrNumber {
    Text(String),
    Number(i128),
}

impl Shape for TextOrNumber {
    const EXPECTED: &'static str = "a string or a whole number";

    fn takes() -> Value {
        json!({ "anyOf": [String::takes(), i128::takes()] })
    }

    fn from_empty_text() -> Option<Self> {
        Some(Self::Text(String::new()))
    }

    fn from_text(text: &str) -> Option<Self> {
        Some(Self::Text(text.to_owned()))
    }

    fn from_integer(number: i128) -> Option<Self> {
        Some(Self::Number(number))
    }
}

impl Command for Request {
    const PATH: &'static str = "profile/portrait_set";
    type Reply = Nothing;

    async fn run(self, call: &Call) -> Result<Nothing, Failure> {
        let account = required_account(self.from_account, "From_Account", Code::ProfileParameter)?;
        let items = self.profile_item.required("ProfileItem").map_err(illegal)?;
        let items = check_all("ProfileItem", items, |item, place| {
            self::item(item.required(place).map_err(illegal)?.0, place, call)
        })?;
        let texts = items.iter().filter_map(|item| match &item.value {
            PortraitValue::Text(text) => Some(("ProfileItem", Some(text.as_str()))),
            PortraitValue::Number(_) => None,
        });
        refuse_words(texts, call, Code::ProfileTextRefused, internal).await?;
        let last_of =
            |index: usize, item: &PortraitItem| items[index + 1..].iter().all(|next| next.tag != item.tag);
        let distinct = items.iter().enumerate().filter(|(index, item)| last_of(*index, item));
        let items = distinct.map(|(_, item)| item.clone()).collect();
        call.change_people(SetPortrait { account: account.clone(), items }).await.map_err(
            |error| match error {
                OperationError::Refused(UnknownAccount) => {
                    Code::ProfileAccountUnknown.because(format!("{account} is not imported"))
                }
                OperationError::Store(error) => internal(error),
            },
        )?;
        Ok(Nothing {})
    }
}

fn item(given: ItemInput, place: &str, call: &Call) -> Result<PortraitItem, Failure> {
    let raw = given.tag.required(&format!("{place}.Tag")).map_err(illegal)?;
    let (tag, rule) = known_tag(&raw, &format!("{place}.Tag"), call)?;
    if rule.is_some_and(|rule| !rule.writable) {
        return Err(Code::ProfileNotWritable.because(format!("{place}.Tag {raw:?} is read-only")));
    }
    if tag.is_for_administrators() && call.is_for_account() {
        let text = format!("only an administrator of the app may set {place}.Tag {raw:?}");
        return Err(Code::ProfileNotWritable.because(text));
    }
    let field = format!("{place}.Value");
    let value = given.value.required(&field).map_err(|error| {
        let code = match &error {
            FieldError::WrongType { .. } | FieldError::Unreadable { .. } => Code::ProfileValueType,
            FieldError::Missing(_) | FieldError::Empty(_) => Code::ProfileParameter,
        };
        error.failure(code)
    })?;
    let value = value_of(&tag, value, &field, call)?;
    Ok(PortraitItem { tag, value })
}

fn value_of(
    tag: &PortraitTag,
    value: TextOrNumber,
    field: &str,
    call: &Call,
) -> Result<PortraitValue, Failure> {
    let other_type =
        |expected: &str| Code::ProfileValueType.because(format!("{field} of {tag} must be {expected}"));
    let is_custom = matches!(tag, PortraitTag::Custom(_));
    match value {
        TextOrNumber::Number(number) if tag.is_number() || is_custom => {
            let fits = u32::try_from(number);
            fits.map(PortraitValue::Number).map_err(|_| {
                Code::ProfileValueWrong
                    .because(format!("{field} of {tag} must be 0 to {}, not {number}", u32::MAX))
            })
        }
        TextOrNumber::Text(_) if tag.is_number() => Err(other_type("a whole number")),
        TextOrNumber::Number(_) => Err(other_type("a string")),
        TextOrNumber::Text(word) if !tag.words().is_empty() => match tag.words().contains(&word.as_str()) {
            true => Ok(PortraitValue::Text(Text::stored(word))),
            false => Err(Code::ProfileValueWrong
                .because(format!("{field} of {tag} must be one of {}", tag.words().join(", ")))),
        },
        TextOrNumber::Text(text) => {
            let (allowed, code) = bound(tag, call);
            Text::parse(text, allowed)
                .map(PortraitValue::Text)
                .map_err(|problem| code.because(format!("{field} of {tag} {problem}")))
        }
    }
}

/// The bytes that a text field takes, and the code for a longer text.
fn bound(tag: &PortraitTag, call: &Call) -> (Span, Code) {
    match tag {
        PortraitTag::Location => (call.limits.location, Code::ProfileValueWrong),
        PortraitTag::Custom(_) => (call.limits.user_fields.value, Code::ProfileTooLong),
        PortraitTag::Nick
        | PortraitTag::Gender
        | PortraitTag::BirthDay
        | PortraitTag::SelfSignature
        | PortraitTag::AllowType
        | PortraitTag::Language
        | PortraitTag::Image
        | PortraitTag::MsgSettings
        | PortraitTag::AdminForbidType
        | PortraitTag::Level
        | PortraitTag::Role => (call.limits.profile_value, Code::ProfileTooLong),
    }
}
