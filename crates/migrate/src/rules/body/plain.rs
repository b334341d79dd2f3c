//! The quick way to check the elements of a message: in one pass, where they have no lists and objects inside.

use landfall_domain::element::{CUSTOM, ELEMENT_TYPES, ElementType, JsonType, TEXT};
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;
use std::fmt;

/// Whether nothing is wrong with them. False also where they are not plain.
pub(super) fn is_fine(elements: &str) -> bool {
    serde_json::from_str::<Elements>(elements).is_ok()
}

/// Members of an object whose names are compared with each other.
const MEMBERS_MAX: usize = 16;

/// A string, borrowed where it has no escapes.
#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

fn not_plain<E: Error>() -> E {
    E::custom("")
}

struct Elements;

impl<'de> Deserialize<'de> for Elements {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(Self)
    }
}

impl<'de> Visitor<'de> for Elements {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self, A::Error> {
        let (mut count, mut custom) = (0_usize, 0_usize);
        while let Some(Element(kind)) = list.next_element()? {
            count += 1;
            custom += usize::from(kind.name == CUSTOM);
        }
        if count == 0 || 1 < custom { Err(not_plain()) } else { Ok(self) }
    }
}

/// An element, known by its type.
struct Element(&'static ElementType);

impl<'de> Deserialize<'de> for Element {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Element;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Element, A::Error> {
                match members.next_entry::<Name<'de>, Name<'de>>()? {
                    Some((Name(member), Name(Cow::Borrowed(kind)))) if member == "MsgType" => {
                        let kind = ELEMENT_TYPES.iter().find(|known| known.name == kind);
                        let kind = kind.ok_or_else(not_plain)?;
                        match members.next_key()? {
                            Some(Name(member)) if member == "MsgContent" => {
                                members.next_value_seed(Content(kind))?;
                            }
                            Some(_) | None => return Err(not_plain()),
                        }
                        match members.next_key::<IgnoredAny>()? {
                            None => Ok(Element(kind)),
                            Some(_) => Err(not_plain()),
                        }
                    }
                    Some(_) | None => Err(not_plain()),
                }
            }
        }
        deserializer.deserialize_map(Members)
    }
}

/// The content of an element.
struct Content(&'static ElementType);

impl<'de> DeserializeSeed<'de> for Content {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Content {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let mut names: Vec<Cow<'de, str>> = Vec::new();
        let mut has_text = false;
        while let Some(Name(name)) = members.next_key()? {
            let Scalar(found) = members.next_value()?;
            let expected = self.0.members.iter().find(|(known, _)| *known == name);
            if expected.is_some_and(|(_, expected)| found != *expected && found != JsonType::Null)
                || names.contains(&name)
                || names.len() == MEMBERS_MAX
            {
                return Err(not_plain());
            }
            has_text |= name == "Text" && found == JsonType::Text;
            names.push(name);
        }
        if self.0.name == TEXT && !has_text { Err(not_plain()) } else { Ok(()) }
    }
}

/// A value that is no list and no object.
struct Scalar(JsonType);

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Value;
        impl Visitor<'_> for Value {
            type Value = Scalar;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("no list and no object")
            }

            fn visit_unit<E>(self) -> Result<Scalar, E> {
                Ok(Scalar(JsonType::Null))
            }

            fn visit_bool<E>(self, _: bool) -> Result<Scalar, E> {
                Ok(Scalar(JsonType::Flag))
            }

            fn visit_i64<E>(self, _: i64) -> Result<Scalar, E> {
                Ok(Scalar(JsonType::Number))
            }

            fn visit_u64<E>(self, _: u64) -> Result<Scalar, E> {
                Ok(Scalar(JsonType::Number))
            }

            fn visit_f64<E>(self, _: f64) -> Result<Scalar, E> {
                Ok(Scalar(JsonType::Number))
            }

            fn visit_str<E>(self, _: &str) -> Result<Scalar, E> {
                Ok(Scalar(JsonType::Text))
            }
        }
        deserializer.deserialize_any(Value)
    }
}
