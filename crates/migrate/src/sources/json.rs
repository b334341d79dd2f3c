//! Reads long JSON arrays item by item, and what items have leniently: a member of another type counts as missing.

use super::bounded::bounded;
use crate::fault::{Fault, FaultCode};
use serde::de::{DeserializeSeed, Deserializer, SeqAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Value, error::Category};
use std::fmt;
use std::io::{self, BufReader, Read};

/// Why an array ends before its end.
#[derive(Debug)]
pub enum ArrayError {
    /// The array cannot be read on; the items before were handed over.
    Array {
        code: FaultCode,
        /// What is wrong, with the line.
        problem: String,
    },
    /// What takes the items failed.
    Taker(io::Error),
}

impl ArrayError {
    /// The fault of an array, which is in the file `name`.
    ///
    /// # Errors
    /// It is the taker's.
    pub fn fault(self, name: &str) -> io::Result<Fault> {
        match self {
            Self::Array { code, problem } => {
                let text =
                    format!("{name} cannot be read to its end: {problem}; what comes before is converted");
                Ok(Fault { name: name.to_owned(), ..Fault::new(0, code, text) })
            }
            Self::Taker(error) => Err(error),
        }
    }
}

/// Reads an array from `reader`, and hands over each item with its number, counted from 1.
///
/// # Errors
/// It is no array or cannot be read to its end, or `take` fails.
pub fn each(reader: impl Read, take: impl FnMut(u64, &str) -> io::Result<()>) -> Result<u64, ArrayError> {
    let (mut reader, end) = bounded(reader);
    let mut start = Vec::new();
    let read = (&mut reader).take(3).read_to_end(&mut start);
    read.map_err(|error| ArrayError::Array { code: FaultCode::CutOff, problem: error.to_string() })?;
    if start.starts_with(&[0xff, 0xfe]) || start.starts_with(&[0xfe, 0xff]) {
        let problem = "it is UTF-16; convert it to UTF-8".to_owned();
        return Err(ArrayError::Array { code: FaultCode::NotUtf8, problem });
    }
    let start = if start == [0xef, 0xbb, 0xbf] { Vec::new() } else { start };
    let reader = BufReader::with_capacity(256 << 10, start.chain(reader));
    let mut items = Items { take, failed: None, number: 0, next_item: || end.next_item() };
    let mut json = serde_json::Deserializer::from_reader(reader);
    let read = json.deserialize_seq(&mut items).and_then(|()| json.end());
    match (read, items.failed) {
        (_, Some(error)) => Err(ArrayError::Taker(error)),
        (Ok(()), None) => Ok(items.number),
        (Err(error), None) => Err(array_error(&error)),
    }
}

fn array_error(error: &serde_json::Error) -> ArrayError {
    let code = match error.classify() {
        Category::Io | Category::Eof => FaultCode::CutOff,
        Category::Syntax | Category::Data if error.to_string().contains("unicode") => FaultCode::NotUtf8,
        Category::Syntax | Category::Data => FaultCode::NotJson,
    };
    let advice = if code == FaultCode::NotUtf8 { "; convert it to UTF-8" } else { "" };
    let problem = format!("{error}{advice}");
    ArrayError::Array { code, problem }
}

struct Items<T, N> {
    take: T,
    failed: Option<io::Error>,
    number: u64,
    next_item: N,
}

impl<'de, T, N> Visitor<'de> for &mut Items<T, N>
where
    T: FnMut(u64, &str) -> io::Result<()>,
    N: Fn(),
{
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while let Some(item) = items.next_element::<Box<RawValue>>()? {
            (self.next_item)();
            self.number += 1;
            if let Err(error) = (self.take)(self.number, item.get()) {
                self.failed = Some(error);
                return Err(serde::de::Error::custom("the taker failed"));
            }
        }
        Ok(())
    }
}

impl<'de, T, N> DeserializeSeed<'de> for &mut Items<T, N>
where
    T: FnMut(u64, &str) -> io::Result<()>,
    N: Fn(),
{
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

/// A text of an object; empty where it has none.
#[must_use]
pub fn text<'a>(object: &'a Value, member: &str) -> &'a str {
    object.get(member).and_then(Value::as_str).unwrap_or_default()
}

/// The first of some texts of an object that is not empty; empty where it has none.
#[must_use]
pub fn first_text<'a>(object: &'a Value, members: &[&str]) -> &'a str {
    members.iter().map(|member| text(object, member)).find(|text| !text.trim().is_empty()).unwrap_or_default()
}

#[must_use]
pub fn flag(object: &Value, member: &str) -> bool {
    object.get(member).and_then(Value::as_bool).unwrap_or_default()
}

/// A number of an object, also where it is written as a text or with a fraction.
#[must_use]
pub fn number(object: &Value, member: &str) -> Option<u64> {
    match object.get(member)? {
        Value::Number(number) => {
            number.as_u64().or_else(|| super::times::parse_us(&number.to_string()).map(|us| us / 1_000_000))
        }
        Value::String(text) => text.trim().parse().ok(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// The items of an array of an object; none where it has none.
pub fn items<'a>(object: &'a Value, member: &str) -> impl Iterator<Item = &'a Value> + use<'a> {
    object.get(member).and_then(Value::as_array).into_iter().flatten()
}

/// The texts of an array of an object; none where it has none.
pub fn texts<'a>(object: &'a Value, member: &str) -> impl Iterator<Item = &'a str> + use<'a> {
    items(object, member).filter_map(Value::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> String {
        let mut items = Vec::new();
        let result = each(bytes, |number, item| {
            items.push(format!("{number}:{item}"));
            Ok(())
        });
        match result {
            Ok(number) => format!("{} = {number}", items.join(" ")),
            Err(ArrayError::Array { code, problem }) => {
                format!("{} {} ({problem})", items.join(" "), code.as_str())
            }
            Err(ArrayError::Taker(error)) => error.to_string(),
        }
    }

    #[test]
    fn an_array_is_read_item_by_item() {
        assert_eq!(read(b"\xef\xbb\xbf [1, {\"a\":2}] "), "1:1 2:{\"a\":2} = 2");
        assert_eq!(read(b"[]"), " = 0");
    }

    #[test]
    fn what_is_wrong_with_an_array_is_said_behind_its_last_good_item() {
        for (bytes, expected) in [
            (b"[1,{\"a\":".as_slice(), "1:1 cut_off (EOF while parsing a value at line 1 column 8)"),
            (b"", " cut_off (EOF while parsing a value at line 1 column 0)"),
            (
                b"[1,\"\xff\"]",
                "1:1 not_utf8 (invalid unicode code point at line 1 column 5; convert it to UTF-8)",
            ),
            (b"\xff\xfe[\0]\0", " not_utf8 (it is UTF-16; convert it to UTF-8)"),
            (b"{}", " not_json (invalid type: map, expected an array at line 1 column 1)"),
            (b"[1] 2", "1:1 not_json (trailing characters at line 1 column 5)"),
        ] {
            assert_eq!(read(bytes), expected);
        }
    }

    #[test]
    fn an_item_that_never_ends_does_not_fill_the_memory() {
        let mut bytes = b"[1,\"".to_vec();
        bytes.resize(40 << 20, b'a');
        assert!(read(&bytes).contains("an item is larger than"));
    }
}
