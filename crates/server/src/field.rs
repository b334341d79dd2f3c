//! Request members as real clients send them.
//!
//! `null`, `""`, `[]` and a missing member all mean "not given" [client], but an error says which of them it was. A
//! member of the wrong JSON type does not make the whole body unreadable: the command reports it by name when it reads the
//! member, so that it reports the first problem in the documented order.
//!
//! A member also says what it takes as a JSON Schema, which `schema.rs` collects.

use crate::code::Code;
use crate::json;
use crate::reply::Failure;
use crate::schema::schema_of;
use serde::de::{self, Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

/// Found in place of a whole number: a fraction, or a number too large to be exact.
const NOT_WHOLE: &str = "a number that is not whole";

/// A member of a request.
#[derive(Debug, Default)]
pub enum Field<T> {
    /// Missing, or `null`.
    #[default]
    Absent,
    /// An empty text or list, which means the same as missing.
    Empty,
    Value(T),
    /// Of another JSON type, named here.
    WrongType(&'static str),
    /// JSON that cannot be read.
    Unreadable(Unreadable),
}

/// An entry of a list that is well-formed JSON and still cannot be read.
#[derive(Debug)]
pub struct Unreadable {
    problem: String,
    json: Box<str>,
}

impl Unreadable {
    /// A member of the entry, if that member can be read by itself.
    #[must_use]
    pub fn member<T: Shape>(&self, name: &str) -> Option<T> {
        let members: BTreeMap<String, &RawValue> = serde_json::from_str(&self.json).ok()?;
        serde_json::from_str::<Field<T>>(members.get(name)?.get()).ok()?.if_valid()
    }
}

/// A member that is not what the command takes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FieldError {
    #[error("{0} is required")]
    Missing(String),
    #[error("{0} is empty")]
    Empty(String),
    #[error("{field} must be {expected}, not {found}")]
    WrongType { field: String, expected: &'static str, found: &'static str },
    /// Well-formed JSON that cannot be read.
    #[error("{field} {problem}")]
    Unreadable { field: String, problem: String },
}

impl FieldError {
    #[must_use]
    pub fn failure(self, code: Code) -> Failure {
        let is_structural = match &self {
            Self::Missing(_) | Self::Empty(_) => true,
            Self::WrongType { found, .. } => *found != NOT_WHOLE,
            Self::Unreadable { .. } => false,
        };
        Failure { is_structural, ..code.because(self.to_string()) }
    }
}

impl<T: Shape> Field<T> {
    /// # Errors
    /// The member is of the wrong type.
    pub fn optional(self, field: &str) -> Result<Option<T>, FieldError> {
        match self {
            Self::Absent | Self::Empty => Ok(None),
            Self::Value(value) => Ok(Some(value)),
            Self::WrongType(found) => {
                Err(FieldError::WrongType { field: field.to_owned(), expected: T::EXPECTED, found })
            }
            Self::Unreadable(Unreadable { problem, .. }) => {
                Err(FieldError::Unreadable { field: field.to_owned(), problem })
            }
        }
    }

    /// # Errors
    /// The member is missing, empty or of the wrong type.
    pub fn required(self, field: &str) -> Result<T, FieldError> {
        let absence = if matches!(self, Self::Empty) { FieldError::Empty } else { FieldError::Missing };
        self.optional(field)?.ok_or_else(|| absence(field.to_owned()))
    }

    /// Whether a value of any type was given.
    #[must_use]
    pub fn is_given(&self) -> bool {
        !matches!(self, Self::Absent | Self::Empty)
    }

    /// The value if it has the right type: for members that are ignored otherwise.
    #[must_use]
    pub fn if_valid(self) -> Option<T> {
        match self {
            Self::Value(value) => Some(value),
            Self::Absent | Self::Empty | Self::WrongType(_) | Self::Unreadable(_) => None,
        }
    }

    /// This member, or `other` when this one is not given: for members with a new and an old name.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        let says_more = matches!(self, Self::Empty) && !other.is_given();
        if self.is_given() || says_more { self } else { other }
    }
}

impl<T> Field<T> {
    /// What becomes of the value, if there is one.
    #[must_use]
    pub fn and_then<U>(self, change: impl FnOnce(T) -> Field<U>) -> Field<U> {
        match self {
            Self::Absent => Field::Absent,
            Self::Empty => Field::Empty,
            Self::Value(value) => change(value),
            Self::WrongType(found) => Field::WrongType(found),
            Self::Unreadable(entry) => Field::Unreadable(entry),
        }
    }
}

impl<T: Clone + Default> Field<T> {
    /// The value as it was written; the default when there is none.
    #[must_use]
    pub fn written(&self) -> T {
        match self {
            Self::Value(value) => value.clone(),
            Self::Absent | Self::Empty | Self::WrongType(_) | Self::Unreadable(_) => T::default(),
        }
    }
}

impl<T> Field<Object<T>> {
    /// The member called `name` as it was written, even if the entry as a whole cannot be read.
    pub fn written_member<V: Shape + Clone + Default>(
        &self,
        name: &str,
        member: impl Fn(&T) -> &Field<V>,
    ) -> V {
        match self {
            Self::Value(Object(entry)) => member(entry).written(),
            Self::Unreadable(entry) => entry.member(name).unwrap_or_default(),
            Self::Absent | Self::Empty | Self::WrongType(_) => V::default(),
        }
    }
}

impl<T> Field<Vec<T>> {
    /// The list, empty when not given.
    ///
    /// # Errors
    /// The member is of the wrong type.
    pub fn list(self, field: &str) -> Result<Vec<T>, FieldError>
    where
        Vec<T>: Shape,
    {
        Ok(self.optional(field)?.unwrap_or_default())
    }
}

/// A type that a member can have. A conversion that it does not define makes the value one of the wrong type.
pub trait Shape: Sized {
    /// For the error text: "a string".
    const EXPECTED: &'static str;

    /// The JSON Schema of what it takes, as documents write it: not of every form that some client sends.
    fn takes() -> Json;

    /// From the empty text; `None` if it means that nothing was given.
    fn from_empty_text() -> Option<Self> {
        None
    }

    /// From a text that is not empty.
    fn from_text(_text: &str) -> Option<Self> {
        None
    }

    /// From a whole number.
    fn from_integer(_number: i128) -> Option<Self> {
        None
    }

    /// From a list; `Ok(Field::Empty)` when it is empty.
    ///
    /// # Errors
    /// The JSON is broken.
    fn from_list<'de, A: SeqAccess<'de>>(mut list: A) -> Result<Field<Self>, A::Error> {
        let mut empty = true;
        while list.next_element::<IgnoredAny>()?.is_some() {
            empty = false;
        }
        // PHP writes an empty object as an empty list. [client]
        Ok(if empty { Field::Empty } else { Field::WrongType("a list") })
    }

    /// From an object.
    ///
    /// # Errors
    /// The JSON is broken.
    fn from_object<'de, A: MapAccess<'de>>(mut object: A) -> Result<Field<Self>, A::Error> {
        while object.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Field::WrongType("an object"))
    }
}

impl Shape for String {
    const EXPECTED: &'static str = "a string";

    fn takes() -> Json {
        json!({ "type": "string" })
    }

    fn from_text(text: &str) -> Option<Self> {
        Some(text.to_owned())
    }
}

/// A text for which "" is a value, different from a missing one.
#[derive(Debug, PartialEq, Eq)]
pub struct Emptiable(pub String);

impl Shape for Emptiable {
    const EXPECTED: &'static str = "a string";

    fn takes() -> Json {
        String::takes()
    }

    fn from_empty_text() -> Option<Self> {
        Some(Self(String::new()))
    }

    fn from_text(text: &str) -> Option<Self> {
        Some(Self(text.to_owned()))
    }
}

/// A whole number of any size that JSON writes.
impl Shape for i128 {
    const EXPECTED: &'static str = "a whole number";

    fn takes() -> Json {
        json!({ "type": "integer" })
    }

    fn from_integer(number: i128) -> Option<Self> {
        Some(number)
    }
}

/// A list; each element may be of the wrong type by itself.
impl<T: Shape> Shape for Vec<Field<T>> {
    const EXPECTED: &'static str = "a list";

    fn takes() -> Json {
        json!({ "type": "array", "items": T::takes() })
    }

    fn from_list<'de, A: SeqAccess<'de>>(mut list: A) -> Result<Field<Self>, A::Error> {
        let mut elements = Self::new();
        while let Some(element) = list.next_element()? {
            elements.push(element);
        }
        Ok(if elements.is_empty() { Field::Empty } else { Field::Value(elements) })
    }
}

/// A list whose entries have results of their own: an entry that cannot be read leaves the others readable.
#[derive(Debug, Default)]
pub struct Entries<T>(pub Vec<Field<T>>);

impl<T: Shape> Shape for Entries<T> {
    const EXPECTED: &'static str = "a list";

    fn takes() -> Json {
        Vec::<Field<T>>::takes()
    }

    fn from_list<'de, A: SeqAccess<'de>>(mut list: A) -> Result<Field<Self>, A::Error> {
        let mut rows = Vec::new();
        while let Some(row) = list.next_element::<&'de RawValue>()? {
            let json = row.get();
            rows.push(serde_json::from_str(json).unwrap_or_else(|error| {
                Field::Unreadable(Unreadable { problem: json::unreadable(&error), json: json.into() })
            }));
        }
        Ok(if rows.is_empty() { Field::Empty } else { Field::Value(Self(rows)) })
    }
}

/// An object with known members.
#[derive(Debug, Default)]
pub struct Object<T>(pub T);

impl<T: for<'de> Deserialize<'de>> Shape for Object<T> {
    const EXPECTED: &'static str = "an object";

    fn takes() -> Json {
        schema_of::<T>()
    }

    fn from_object<'de, A: MapAccess<'de>>(object: A) -> Result<Field<Self>, A::Error> {
        T::deserialize(de::value::MapAccessDeserializer::new(object)).map(|value| Field::Value(Self(value)))
    }
}

impl<'de, T: Shape> Deserialize<'de> for Field<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AnyJson<T>(PhantomData<T>);

        impl<'de, T: Shape> Visitor<'de> for AnyJson<T> {
            type Value = Field<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                // The alternate form is for `schema.rs`.
                if f.alternate() { write!(f, "{}", T::takes()) } else { f.write_str(T::EXPECTED) }
            }

            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(Field::Absent)
            }

            fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
                Ok(Field::WrongType("true or false"))
            }

            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                if text.is_empty() {
                    return Ok(T::from_empty_text().map_or(Field::Empty, Field::Value));
                }
                Ok(T::from_text(text).map_or(Field::WrongType("a string"), Field::Value))
            }

            fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
                Ok(T::from_integer(number.into()).map_or(Field::WrongType("a number"), Field::Value))
            }

            fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
                Ok(T::from_integer(number.into()).map_or(Field::WrongType("a number"), Field::Value))
            }

            fn visit_f64<E>(self, number: f64) -> Result<Self::Value, E> {
                // Some languages write whole numbers with a point. Those above 2^53 are no longer exact; what leaves 64
                // bits is beyond every limit, however exact.
                const EXACT: f64 = 9_007_199_254_740_992.0;
                const BEYOND: f64 = 18_446_744_073_709_551_616.0;
                if number.fract() == 0.0 && (number.abs() <= EXACT || BEYOND <= number.abs()) {
                    #[expect(
                        clippy::cast_possible_truncation,
                        reason = "exact, or cut to the largest there is"
                    )]
                    return Ok(
                        T::from_integer(number as i128).map_or(Field::WrongType("a number"), Field::Value)
                    );
                }
                Ok(Field::WrongType(NOT_WHOLE))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Self::Value, A::Error> {
                T::from_list(list)
            }

            fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<Self::Value, A::Error> {
                T::from_object(object)
            }
        }

        deserializer.deserialize_any(AnyJson(PhantomData))
    }
}

/// The text of a value that is a string or, from some clients, a number, as it was written.
///
/// # Errors
/// The name of another JSON type.
pub fn literal(raw: &RawValue) -> Result<String, &'static str> {
    let json = raw.get();
    match json.as_bytes().first() {
        Some(b'"') => serde_json::from_str(json).map_err(|_| "a broken string"),
        Some(b'-' | b'0'..=b'9') => Ok(json.to_owned()),
        Some(b'[') => Err("a list"),
        Some(b'{') => Err("an object"),
        _ => Err("true or false"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read<T: Shape>(json: &str) -> Field<T> {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn null_and_empty_values_count_as_absent() {
        for json in ["null", "\"\"", "[]"] {
            assert!(!read::<String>(json).is_given(), "{json}");
            assert!(!read::<i128>(json).is_given(), "{json}");
            assert!(!read::<Vec<Field<String>>>(json).is_given(), "{json}");
        }
    }

    #[test]
    fn errors_distinguish_absent_from_empty() {
        let required = |json: &str| read::<Vec<Field<String>>>(json).required("F").unwrap_err().to_string();
        assert_eq!(required("null"), "F is required");
        assert_eq!(required("[]"), "F is empty");
        assert_eq!(read::<String>("\"\"").required("F").unwrap_err().to_string(), "F is empty");
    }

    #[test]
    fn one_row_that_cannot_be_read_leaves_the_others() {
        let rows =
            read::<Entries<Vec<Field<String>>>>(r#"[["a"], ["\ud83d"], ["b"], 1]"#).required("F").unwrap().0;
        assert!(matches!(
            &rows[..],
            [Field::Value(_), Field::Unreadable(_), Field::Value(_), Field::WrongType(_)]
        ));
        let broken =
            Unreadable { problem: String::new(), json: r#"{"a":"x","b":"\ud83d","c":1e400}"#.into() };
        assert_eq!(broken.member::<String>("a").unwrap(), "x");
        assert!(broken.member::<String>("b").is_none() && broken.member::<i128>("c").is_none());
    }

    #[test]
    fn numbers_beyond_64_bits_are_whole() {
        for (json, number) in [
            ("18446744073709551616", 1 << 64),
            ("-99999999999999999999", -100_000_000_000_000_000_000),
            ("1e300", i128::MAX),
        ] {
            assert_eq!(read::<i128>(json).required("F").unwrap(), number, "{json}");
        }
        assert!(matches!(read::<i128>("9007199254740994.0"), Field::WrongType(NOT_WHOLE)));
    }

    #[test]
    fn an_emptiable_text_distinguishes_empty_from_absent() {
        assert_eq!(read::<Emptiable>("\"\"").optional("F").unwrap(), Some(Emptiable(String::new())));
        assert_eq!(read::<Emptiable>("null").optional("F").unwrap(), None);
        assert!(matches!(read::<Emptiable>("1"), Field::WrongType("a number")));
    }

    #[test]
    fn values_of_the_right_type_are_taken() {
        assert_eq!(read::<String>(r#""a\u0000b""#).required("F").unwrap(), "a\0b");
        assert_eq!(read::<i128>("18446744073709551615").required("F").unwrap(), i128::from(u64::MAX));
        assert_eq!(read::<i128>("3.0").required("F").unwrap(), 3);
        let list = read::<Vec<Field<String>>>(r#"["a", 1]"#).list("F").unwrap();
        assert!(matches!(&list[..], [Field::Value(text), Field::WrongType("a number")] if text == "a"));
    }

    #[test]
    fn values_of_another_type_are_reported_by_name() {
        let problem = read::<String>("1").required("Name").unwrap_err().to_string();
        assert_eq!(problem, "Name must be a string, not a number");
        for json in ["true", "1.5", "\"1\"", "[1]", "{}"] {
            assert!(matches!(read::<i128>(json), Field::WrongType(_)), "{json}");
        }
        assert_eq!(read::<String>("null").required("Name").unwrap_err().to_string(), "Name is required");
    }

    #[test]
    fn literals_keep_what_was_written() {
        let text = |json: &str| literal(&serde_json::from_str::<Box<RawValue>>(json).unwrap());
        assert_eq!(text(r#""abc\u0000\u0001""#).unwrap(), "abc\0\u{1}");
        assert_eq!(text("1.50").unwrap(), "1.50");
        assert_eq!(text("12345678901234567890123").unwrap(), "12345678901234567890123");
        assert_eq!(text("[1]"), Err("a list"));
    }
}
