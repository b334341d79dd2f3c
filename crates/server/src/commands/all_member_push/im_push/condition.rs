//! `Condition`: who gets a push.
//!
//! A published client writes it as a list. [client]
//! [choice] Such a list has one condition at most. The lists of a condition hold together: `TagsAnd` and one of `TagsOr`.

use super::super::items::{Members, Scalar};
use super::super::{few_tags, illegal, tag};
use crate::call::ReadOnlyCall;
use crate::code::Code;
use crate::field::{Field, Shape};
use crate::items::check_all;
use crate::reply::Failure;
use crate::schema::schema_of;
use landfall_domain::people::labels::Audience;
use landfall_domain::text::Text;
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, SeqAccess};
use serde_json::Value;

#[derive(Debug, Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct Lists {
    attrs_and: Field<Members>,
    attrs_or: Field<Members>,
    tags_and: Field<Vec<Field<Scalar>>>,
    tags_or: Field<Vec<Field<Scalar>>>,
}

/// A condition, or a list of them.
#[derive(Debug, Default)]
pub(super) struct Condition(Vec<Field<Entry>>);

/// An entry of the list.
#[derive(Debug, Default)]
struct Entry(Lists);

impl Shape for Entry {
    const EXPECTED: &'static str = "an object";

    fn takes() -> Value {
        schema_of::<Lists>()
    }

    fn from_object<'de, A: MapAccess<'de>>(object: A) -> Result<Field<Self>, A::Error> {
        Lists::deserialize(MapAccessDeserializer::new(object)).map(|lists| Field::Value(Self(lists)))
    }
}

impl Shape for Condition {
    const EXPECTED: &'static str = "an object";

    fn takes() -> Value {
        Entry::takes()
    }

    fn from_object<'de, A: MapAccess<'de>>(object: A) -> Result<Field<Self>, A::Error> {
        Ok(Field::Value(Self(vec![Entry::from_object(object)?])))
    }

    fn from_list<'de, A: SeqAccess<'de>>(mut list: A) -> Result<Field<Self>, A::Error> {
        let mut conditions = Vec::new();
        while let Some(condition) = list.next_element()? {
            conditions.push(condition);
        }
        Ok(if conditions.is_empty() { Field::Empty } else { Field::Value(Self(conditions)) })
    }
}

/// The accounts that are meant.
pub(super) fn audience(given: Field<Condition>, call: &ReadOnlyCall) -> Result<Audience<Text>, Failure> {
    let Some(Condition(conditions)) = given.optional("Condition").map_err(illegal)? else {
        return Ok(Audience::Everybody);
    };
    let count = conditions.len();
    let mut conditions = conditions.into_iter();
    let (first, None) = (conditions.next().unwrap_or_default(), conditions.next()) else {
        return Err(Code::MessageIllegal.because(format!("Condition has {count} entries; one is allowed")));
    };
    let Entry(lists) = first.optional("Condition[0]").map_err(illegal)?.unwrap_or_default();
    let by_attributes = lists.attrs_and.is_given() || lists.attrs_or.is_given();
    let by_tags = lists.tags_and.is_given() || lists.tags_or.is_given();
    match (by_attributes, by_tags) {
        (false, false) => Ok(Audience::Everybody),
        (true, true) => {
            Err(Code::AttributesWithTags
                .because("Condition has both attributes and tags; one kind is allowed"))
        }
        (true, false) => Ok(Audience::Attributes {
            all: attributes(lists.attrs_and, "Condition.AttrsAnd", call)?,
            any: attributes(lists.attrs_or, "Condition.AttrsOr", call)?,
        }),
        (false, true) => {
            let all = tags(lists.tags_and, "Condition.TagsAnd", call)?;
            let any = tags(lists.tags_or, "Condition.TagsOr", call)?;
            if let Some(twice) = all.iter().find(|tag| any.contains(tag)) {
                let text = format!("the tag {:?} is in both TagsAnd and TagsOr", twice.as_str());
                return Err(Code::TagInBothLists.because(text));
            }
            Ok(Audience::Tags { all, any })
        }
    }
}

fn attributes(given: Field<Members>, field: &str, call: &ReadOnlyCall) -> Result<Vec<(Text, Text)>, Failure> {
    let members = given.optional(field).map_err(illegal)?.unwrap_or_default();
    super::super::attributes(members, field, call)
}

fn tags(given: Field<Vec<Field<Scalar>>>, field: &str, call: &ReadOnlyCall) -> Result<Vec<Text>, Failure> {
    let list = given.list(field).map_err(illegal)?;
    few_tags(list.len(), field, call)?;
    check_all(field, list, |given, place| {
        let Scalar(raw) = given.required(place).map_err(illegal)?;
        tag(raw, place, Code::PushTagTooLong, call)
    })
}
