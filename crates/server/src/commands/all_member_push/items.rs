//! Accounts with their attributes or tags, in the forms in which clients write them.
//!
//! The documentation has a list `UserAttrs` or `UserTags` of objects. Published clients call it `Attrs` or `Tags`, or write
//! one account without a list. [client]

use super::{few_accounts, illegal};
use crate::call::ReadOnlyCall;
use crate::code::Code;
use crate::commands::account::required_account;
use crate::field::{Emptiable, Field, Shape};
use crate::items::check_all;
use crate::reply::Failure;
use crate::schema::schema_of;
use landfall_domain::ids::UserId;
use serde::Deserialize;
use serde::de::MapAccess;
use serde_json::{Value, json};

/// A text, or a number as a text.
#[derive(Debug)]
pub(super) struct Scalar(pub(super) String);

impl Shape for Scalar {
    const EXPECTED: &'static str = "a string";

    fn takes() -> Value {
        String::takes()
    }

    fn from_empty_text() -> Option<Self> {
        Some(Self(String::new()))
    }

    fn from_text(text: &str) -> Option<Self> {
        Some(Self(text.to_owned()))
    }

    fn from_integer(number: i128) -> Option<Self> {
        Some(Self(number.to_string()))
    }
}

/// An object whose members the app names: their names and values.
#[derive(Debug, Default)]
pub(super) struct Members(pub(super) Vec<(String, Field<Scalar>)>);

impl Shape for Members {
    const EXPECTED: &'static str = "an object";

    fn takes() -> Value {
        json!({ "type": "object", "additionalProperties": Scalar::takes() })
    }

    fn from_object<'de, A: MapAccess<'de>>(mut object: A) -> Result<Field<Self>, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = object.next_entry()? {
            members.push(member);
        }
        Ok(if members.is_empty() { Field::Empty } else { Field::Value(Self(members)) })
    }
}

/// One account with names of attributes, or with tags.
#[derive(Debug, Deserialize, Default)]
#[serde(default)]
pub(super) struct NamesInput {
    #[serde(rename = "To_Account")]
    to_account: Field<String>,
    #[serde(rename = "Tags", alias = "Attrs")]
    names: Field<Vec<Field<Emptiable>>>,
}

/// An entry of a list that has names, or accounts with theirs.
#[derive(Debug)]
pub(super) enum NameOrItem {
    Name(String),
    Item(NamesInput),
}

impl Shape for NameOrItem {
    const EXPECTED: &'static str = "a string";

    fn takes() -> Value {
        json!({ "anyOf": [String::takes(), schema_of::<NamesInput>()] })
    }

    fn from_empty_text() -> Option<Self> {
        Some(Self::Name(String::new()))
    }

    fn from_text(text: &str) -> Option<Self> {
        Some(Self::Name(text.to_owned()))
    }

    fn from_object<'de, A: MapAccess<'de>>(object: A) -> Result<Field<Self>, A::Error> {
        let input = NamesInput::deserialize(serde::de::value::MapAccessDeserializer::new(object))?;
        Ok(Field::Value(Self::Item(input)))
    }
}

impl NameOrItem {
    /// Where only a name can be.
    fn name(given: Field<Self>) -> Field<Emptiable> {
        given.and_then(|entry| match entry {
            Self::Name(name) => Field::Value(Emptiable(name)),
            Self::Item(_) => Field::WrongType("an object"),
        })
    }
}

/// A request about accounts, each with a list of names.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct NameLists {
    #[serde(rename = "UserTags", alias = "UserAttrs")]
    items: Field<Vec<Field<NameOrItem>>>,
    /// One account without a list, or with a list of the other name.
    #[serde(rename = "To_Account")]
    to_account: Field<String>,
    #[serde(rename = "Tags", alias = "Attrs")]
    names: Field<Vec<Field<NameOrItem>>>,
}

/// What the members of a request are called.
pub(super) struct Called {
    /// The list of accounts.
    pub(super) items: &'static str,
    /// The list of names of one.
    pub(super) names: &'static str,
}

impl NameLists {
    /// The accounts, each with its names and their place.
    pub(super) fn read(
        self,
        called: &Called,
        call: &ReadOnlyCall,
    ) -> Result<Vec<(UserId, Vec<String>, String)>, Failure> {
        let Self { items, to_account, names } = self;
        if !items.is_given() && to_account.is_given() {
            let names = names.and_then(|list| Field::Value(list.into_iter().map(NameOrItem::name).collect()));
            return Ok(vec![item(NamesInput { to_account, names }, "", called)?]);
        }
        let list = items.or(names).required(called.items).map_err(illegal)?;
        few_accounts(list.len(), called.items, call)?;
        check_all(called.items, list, |entry, place| match entry.required(place).map_err(illegal)? {
            NameOrItem::Item(input) => item(input, &format!("{place}."), called),
            NameOrItem::Name(_) => {
                Err(Code::MessageJsonParse.because(format!("{place} must be an object, not a string")))
            }
        })
    }
}

fn item(given: NamesInput, before: &str, called: &Called) -> Result<(UserId, Vec<String>, String), Failure> {
    let id = required_account(given.to_account, &format!("{before}To_Account"), Code::MessageJsonParse)?;
    let place = format!("{before}{}", called.names);
    let names = given.names.required(&place).map_err(illegal)?;
    let names = check_all(&place, names, |name, place| {
        name.required(place).map_err(illegal).map(|Emptiable(name)| name)
    })?;
    Ok((id, names, place))
}
