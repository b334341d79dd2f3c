//! The JSON Schema of what a type reads, found by watching it read.
//!
//! A request names its members once, in its type, from which `serde` derives the reading. The `Tracer` is a source of
//! data that has nothing: it notes what a type asks it for. First that are the names of the members; then, for one member after
//! the other, what the member's type takes, which a [`Field`](crate::field::Field) says in the alternate form of what it
//! expects. So a schema has every member that is read, under every name, and no other.

use serde::de::value::Error;
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, Error as _, Expected, IntoDeserializer, MapAccess,
    Visitor,
};
use serde::forward_to_deserialize_any;
use serde_json::{Map, Value, json};

/// The member of a schema that says that the tracer could not follow. No request may have it: a test looks for it.
pub const UNTRACED: &str = "x-untraced";

/// How `serde_json` asks for a value as it is written.
const AS_WRITTEN: &str = "$serde_json::private::RawValue";

/// The schema of what `T` reads. `{}` stands for any JSON.
#[must_use]
pub fn schema_of<T: DeserializeOwned>() -> Value {
    let head = trace::<T>(None);
    if let Some(schema) = head.schema {
        return schema;
    }
    let property = |name: &&'static str| ((*name).to_owned(), trace::<T>(Some(name)).member());
    let properties: Map<String, Value> = head.names.iter().map(property).collect();
    json!({ "type": "object", "properties": properties })
}

/// What `T` asks for: the names of its members, or what the member of this name takes.
fn trace<T: DeserializeOwned>(member: Option<&'static str>) -> Asked {
    let mut asked = Asked::default();
    // The tracer ends every reading with an error; what was asked for until then is all that counts.
    drop(T::deserialize(Tracer { member, asked: &mut asked }));
    asked
}

/// What a type has asked for.
#[derive(Default)]
struct Asked {
    names: &'static [&'static str],
    schema: Option<Value>,
}

impl Asked {
    /// The schema of a member.
    fn member(self) -> Value {
        self.schema.unwrap_or_else(|| json!({ UNTRACED: format!("members {:?}", self.names) }))
    }
}

struct Tracer<'asked> {
    /// The one member that a struct gets; `None` where its members are asked for.
    member: Option<&'static str>,
    asked: &'asked mut Asked,
}

impl Tracer<'_> {
    fn note<T>(self, schema: Value) -> Result<T, Error> {
        self.asked.schema = Some(schema);
        Err(Error::custom("traced"))
    }
}

impl<'de> Deserializer<'de> for Tracer<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let expected = format!("{:#}", &visitor as &dyn Expected);
        let schema = serde_json::from_str(&expected).unwrap_or_else(|_| json!({ UNTRACED: expected }));
        self.note(schema)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        if name == AS_WRITTEN { self.note(json!({})) } else { visitor.visit_newtype_struct(self) }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        names: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        if self.member.is_some() {
            return visitor.visit_map(OneMember { name: self.member, asked: self.asked });
        }
        self.asked.names = names;
        Err(Error::custom("traced"))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map enum identifier ignored_any
    }
}

/// An object with one member.
struct OneMember<'asked> {
    name: Option<&'static str>,
    asked: &'asked mut Asked,
}

impl<'de> MapAccess<'de> for OneMember<'_> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        let name = self.name.take();
        name.map(|name| seed.deserialize(IntoDeserializer::<Error>::into_deserializer(name))).transpose()
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        seed.deserialize(Tracer { member: None, asked: self.asked })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::field::{Emptiable, Entries, Field, Object};
    use serde::Deserialize;
    use serde_json::value::RawValue;

    #[derive(Default, Deserialize)]
    #[serde(rename_all = "PascalCase", default)]
    struct Row {
        member_name: Field<String>,
    }

    #[derive(Default, Deserialize)]
    #[serde(rename_all = "PascalCase", default)]
    struct Request {
        #[serde(rename = "From_Account")]
        from: Field<String>,
        #[serde(alias = "Old")]
        new: Field<i128>,
        list: Field<Vec<Field<Emptiable>>>,
        rows: Field<Entries<Object<Row>>>,
        object: Field<Object<Row>>,
        raw: Option<Box<RawValue>>,
    }

    #[derive(Deserialize)]
    #[serde(transparent)]
    struct SameAs(#[expect(dead_code, reason = "only its schema matters")] Request);

    fn object(properties: &Value) -> Value {
        json!({ "type": "object", "properties": properties })
    }

    #[test]
    fn a_schema_has_every_member_that_is_read_under_every_name() {
        let row = object(&json!({ "MemberName": { "type": "string" } }));
        let expected = object(&json!({
            "From_Account": { "type": "string" },
            "New": { "type": "integer" },
            "Old": { "type": "integer" },
            "List": { "type": "array", "items": { "type": "string" } },
            "Rows": { "type": "array", "items": row },
            "Object": row,
            "Raw": {},
        }));
        assert_eq!(schema_of::<Request>(), expected);
        assert_eq!(schema_of::<SameAs>(), expected);
    }

    #[test]
    fn what_cannot_be_followed_is_marked() {
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct Inside {
            plain: bool,
            nested: Row,
        }
        let schema = schema_of::<Inside>();
        assert_eq!(schema["properties"]["plain"], json!({ UNTRACED: "a boolean" }));
        assert_eq!(schema["properties"]["nested"], json!({ UNTRACED: "members [\"MemberName\"]" }));

        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct Flat {
            #[serde(flatten)]
            #[expect(dead_code, reason = "as above")]
            row: Row,
        }
        assert!(schema_of::<Flat>().get(UNTRACED).is_some());
    }
}
