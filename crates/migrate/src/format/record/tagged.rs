//! The quick way to parse a line: in one pass, where `t` comes first and nothing is wrong.

use super::{Kind, Record, Text};
use serde::Deserialize;
use serde::de::value::{BorrowedStrDeserializer, MapAccessDeserializer, StrDeserializer};
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, Visitor};
use std::borrow::Cow;
use std::fmt;

/// `None` where that is not so.
pub(super) fn parse(line: &str) -> Option<Record> {
    serde_json::from_str(line).ok().map(|Tagged(record)| record)
}

struct Tagged(Record);

impl<'de> Deserialize<'de> for Tagged {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Tagged;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Tagged, A::Error> {
                let slow = || A::Error::custom("");
                let Some(Text(first)) = map.next_key()? else { return Err(slow()) };
                if first != "t" {
                    return Err(slow());
                }
                let Text(kind) = map.next_value()?;
                let kind = Kind::parse(&kind).ok_or_else(slow)?;
                let rest = MapAccessDeserializer::new(Known { map, members: kind.members() });
                Ok(Tagged(match kind {
                    Kind::Account => Record::Account(Deserialize::deserialize(rest)?),
                    Kind::File => Record::File(Deserialize::deserialize(rest)?),
                    Kind::Friend => Record::Friend(Deserialize::deserialize(rest)?),
                    Kind::Block => Record::Block(Deserialize::deserialize(rest)?),
                    Kind::Group => Record::Group(Deserialize::deserialize(rest)?),
                    Kind::Topic => Record::Topic(Deserialize::deserialize(rest)?),
                    Kind::Member => Record::Member(Deserialize::deserialize(rest)?),
                    Kind::Message => Record::Message(Deserialize::deserialize(rest)?),
                    Kind::Read => Record::Read(Deserialize::deserialize(rest)?),
                }))
            }
        }
        deserializer.deserialize_map(Members)
    }
}

/// The members of an object, all of which must be known.
struct Known<A> {
    map: A,
    members: &'static [&'static str],
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Known<A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, A::Error> {
        let Some(Text(name)) = self.map.next_key()? else { return Ok(None) };
        if !self.members.contains(&name.as_ref()) {
            return Err(A::Error::custom(""));
        }
        match name {
            Cow::Borrowed(name) => seed.deserialize(BorrowedStrDeserializer::new(name)),
            Cow::Owned(name) => seed.deserialize(StrDeserializer::new(&name)),
        }
        .map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        self.map.next_value_seed(seed)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::full;
    use super::*;

    #[test]
    fn both_ways_to_parse_agree() {
        for record in full() {
            let line = record.line();
            assert_eq!(parse(&line).as_ref(), Some(&record), "{line}");
            assert_eq!(Record::parse_slowly(&line), Ok(record));
        }
    }

    #[test]
    fn whatever_is_unusual_is_left_to_the_slow_way() {
        for line in [
            r#"{"UserID":"a","t":"account"}"#,
            r#"{"t":"account","UserID":"a","Unknown":1}"#,
            r#"{"t":"account","UserID":1}"#,
            r#"{"t":"account","UserID":"a"} more"#,
            r#"{"t":null,"UserID":"a"}"#,
            r#"["t"]"#,
            "",
        ] {
            assert!(parse(line).is_none(), "{line}");
        }
    }
}
