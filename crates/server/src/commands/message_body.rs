//! The content of a message in requests: `MsgBody`, a list of elements, and `CloudCustomData` beside it.
//!
//! Elements keep the text they came as, so that unknown members and the digits of numbers survive. They are parsed only
//! to check them.
//!
//! [choice] JSON that some readers cannot read is refused, as `json.rs` says, and so is nesting deeper than 50 levels:
//! common readers stop at 64, and the message is a part of what they read.
//! [choice] Documented members must have the documented JSON type, if they are given; only a text element must have its
//! `Text`. What else an element needs is not documented.

use crate::code::Code;
use crate::field::{Field, FieldError};
use crate::items::check_all;
use crate::json;
use crate::reply::Failure;
use crate::webhook::sender::Answer;
use landfall_domain::element::{CUSTOM, ELEMENT_TYPES, ElementType, JsonType, TEXT};
use landfall_domain::limits::MessageLimits;
use landfall_domain::message::{Body, BodyTooLong};
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;

/// Nesting depth of lists and objects in an element, the element included.
const ELEMENT_DEPTH_MAX: usize = 50;

/// What is wrong with a message. The code depends on the command.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum BodyProblem {
    /// `MsgBody` is missing, empty or no list.
    #[error("{0}")]
    NoList(String),
    /// An element or the custom data has not the documented form.
    #[error("{text}")]
    Malformed {
        /// Names the element and its member.
        text: String,
        /// A member is missing or of another JSON type.
        is_structural: bool,
    },
    #[error(transparent)]
    TooLong(BodyTooLong),
}

/// The codes of the group service. [doc]
impl From<BodyProblem> for Failure {
    fn from(problem: BodyProblem) -> Self {
        let (code, is_structural) = match &problem {
            BodyProblem::NoList(_) => (Code::GroupParameter, true),
            BodyProblem::Malformed { is_structural, .. } => (Code::GroupParameter, *is_structural),
            BodyProblem::TooLong(_) => (Code::MessageTooLong, false),
        };
        Failure { is_structural, ..code.because(problem.to_string()) }
    }
}

/// The body of a message from `elements` (`MsgBody`) and `custom` (`CloudCustomData`), without flags.
///
/// Counted against the limit is what both [say](landfall_domain::element::size), not how it is written: what the service
/// counts is not published. [choice]
///
/// # Errors
/// The first problem found. The length is checked last.
pub fn body(
    elements: Option<Box<RawValue>>,
    custom: Field<String>,
    limits: &MessageLimits,
) -> Result<Body, BodyProblem> {
    let elements = elements.ok_or_else(|| BodyProblem::NoList("MsgBody is required".to_owned()))?;
    check(elements.get())?;
    let custom = custom.optional("CloudCustomData").map_err(|error| malformed(error.failure(CODE)))?;
    let custom = custom.unwrap_or_default();
    let body = Body { elements: elements.into(), custom: custom.into(), ..Body::default() };
    let (got, max) = (body.size(), limits.bytes);
    if max < got {
        return Err(BodyProblem::TooLong(BodyTooLong { got, max }));
    }
    Ok(body)
}

/// The message as the app's receiver wants it: everybody gets that. [doc] An answer that asks for a message which
/// cannot be sent is not usable: `on_timeout` decides. [choice]
pub(super) fn changed(requested: &Body, answer: &Answer, limits: &MessageLimits) -> Result<Body, String> {
    let custom: Option<String> = answer.member("CloudCustomData", "a string")?;
    let elements = answer.given("MsgBody");
    if elements.is_none() && custom.is_none() {
        return Ok(requested.clone());
    }
    let elements = match elements {
        Some(elements) => Ok(elements.to_owned()),
        None => RawValue::from_string(requested.elements.clone().into()).map_err(|error| error.to_string()),
    };
    let custom = custom.unwrap_or_else(|| requested.custom.clone().into());
    let Body { elements, custom, .. } =
        body(Some(elements?), Field::Value(custom), limits).map_err(|problem| problem.to_string())?;
    Ok(Body { elements, custom, ..requested.clone() })
}

/// A stand-in until the command chooses the code.
const CODE: Code = Code::GroupParameter;

fn malformed(failure: Failure) -> BodyProblem {
    BodyProblem::Malformed { text: failure.text.into_owned(), is_structural: failure.is_structural }
}

/// Checks whether a JSON value is a list of elements.
fn check(elements: &str) -> Result<(), BodyProblem> {
    let empty = || BodyProblem::NoList("MsgBody is empty".to_owned());
    // The same as missing, as in every member. [client]
    if elements == "\"\"" {
        return Err(empty());
    }
    let no_list = |failure: Failure| BodyProblem::NoList(failure.text.into_owned());
    must_be(JsonType::List, elements, "MsgBody").map_err(no_list)?;
    let list: Vec<&RawValue> = read(elements, "MsgBody").map_err(no_list)?;
    if list.is_empty() {
        return Err(empty());
    }
    let mut has_custom = false;
    let checked = check_all("MsgBody", list, |element, place| {
        json::check(place, element.get(), ELEMENT_DEPTH_MAX).map_err(|problem| CODE.because(problem))?;
        let kind = check_element(element.get(), place)?;
        if kind.name == CUSTOM && std::mem::replace(&mut has_custom, true) {
            return Err(CODE.because(format!("{place} is a second TIMCustomElem; only one is allowed")));
        }
        Ok(())
    });
    checked.map(|_| ()).map_err(malformed)
}

/// Reads a part of a body that is known to be JSON.
fn read<'a, T: Deserialize<'a>>(json: &'a str, place: &str) -> Result<T, Failure> {
    serde_json::from_str(json).map_err(|error| CODE.because(format!("{place} {}", json::unreadable(&error))))
}

/// An element, with its members unparsed.
#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct Element<'a> {
    #[serde(borrow)]
    msg_type: Option<&'a RawValue>,
    #[serde(borrow)]
    msg_content: Option<&'a RawValue>,
}

/// Checks the element at `place`. Returns its type.
fn check_element(element: &str, place: &str) -> Result<&'static ElementType, Failure> {
    let at = |member: &str| format!("{place}.{member}");
    let required = |member: &str| FieldError::Missing(at(member)).failure(CODE);
    must_be(JsonType::Object, element, place)?;
    let element: Element<'_> = read(element, place)?;
    let name = element.msg_type.ok_or_else(|| required("MsgType"))?.get();
    must_be(JsonType::Text, name, &at("MsgType"))?;
    let name = name.trim_matches('"');
    let kind = ELEMENT_TYPES.iter().find(|kind| kind.name == name).ok_or_else(|| {
        CODE.because(format!("{} is {name:?}, which is not an element type", at("MsgType")))
    })?;
    let content = element.msg_content.ok_or_else(|| required("MsgContent"))?.get();
    must_be(JsonType::Object, content, &at("MsgContent"))?;
    let has_text =
        serde_json::Deserializer::from_str(content)
            .deserialize_map(Contents { kind, place })
            .map_err(|error| CODE.because(format!("{} {}", at("MsgContent"), json::unreadable(&error))))??;
    if kind.name == TEXT && !has_text {
        return Err(required("MsgContent.Text"));
    }
    Ok(kind)
}

fn must_be(kind: JsonType, json: &str, field: &str) -> Result<(), Failure> {
    let found = JsonType::of(json);
    if found == kind {
        return Ok(());
    }
    let error = FieldError::WrongType { field: field.to_owned(), expected: kind.name(), found: found.name() };
    Err(error.failure(CODE))
}

/// Reads the content of an element: whether the first documented member is given, or what is wrong with a member.
struct Contents<'a> {
    kind: &'static ElementType,
    /// The place of the element.
    place: &'a str,
}

impl<'de> Visitor<'de> for Contents<'_> {
    type Value = Result<bool, Failure>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut content: A) -> Result<Self::Value, A::Error> {
        let mut wrong = None;
        let mut has_first = false;
        while let Some(index) = content.next_key_seed(MemberName(self.kind))? {
            let value = content.next_value::<&'de RawValue>()?.get();
            // `null` means missing. [client]
            let Some((name, kind)) = index.and_then(|index| self.kind.members.get(index)) else { continue };
            if JsonType::of(value) != JsonType::Null {
                has_first |= index == Some(0);
                let field = || format!("{}.MsgContent.{name}", self.place);
                wrong = wrong.or_else(|| must_be(*kind, value, &field()).err());
            }
        }
        Ok(wrong.map_or(Ok(has_first), Err))
    }
}

/// Reads the name of a member, as its index among the documented ones.
struct MemberName(&'static ElementType);

impl<'de> DeserializeSeed<'de> for MemberName {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, name: D) -> Result<Self::Value, D::Error> {
        name.deserialize_str(self)
    }
}

impl Visitor<'_> for MemberName {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a member")
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok(self.0.members.iter().position(|(known, _)| *known == name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use landfall_domain::limits::Limits;

    fn parse(elements: &str, custom: &str) -> Result<Body, BodyProblem> {
        let elements: Option<Box<RawValue>> = serde_json::from_str(elements).unwrap();
        body(elements, serde_json::from_str(custom).unwrap(), &Limits::FAITHFUL.messages)
    }

    #[test]
    fn elements_keep_their_text() {
        let elements = r#"[ {"MsgContent": {"Latitude":29.340656774469956123,"New":[1.50e300],"Desc":null},"MsgType":"TIMLocationElem"} ]"#;
        let body = parse(elements, r#""a\u0000b""#).unwrap();
        assert_eq!((&*body.elements, &*body.custom), (elements, "a\0b"));
    }

    #[test]
    fn every_type_is_taken_with_members_of_the_right_type_only() {
        for kind in &ELEMENT_TYPES {
            for (member, right) in kind.members {
                let with = |value: &str| {
                    let (name, content) = (kind.name, format!(r#"{{"{member}":{value}}}"#));
                    parse(&format!(r#"[{{"MsgType":"{name}","MsgContent":{content}}}]"#), "null")
                        .map(|_| ())
                        .map_err(|problem| problem.to_string())
                };
                for (value, of) in [
                    (r#""""#, JsonType::Text),
                    ("-1.5", JsonType::Number),
                    ("[]", JsonType::List),
                    ("{}", JsonType::Object),
                ] {
                    let expected = if of == *right {
                        Ok(())
                    } else {
                        let (right, of) = (right.name(), of.name());
                        Err(format!("MsgBody[0].MsgContent.{member} must be {right}, not {of}"))
                    };
                    assert_eq!(with(value), expected, "{} {member} {value}", kind.name);
                }
            }
        }
    }

    #[test]
    fn the_first_problem_is_named() {
        let text = r#"{"MsgType":"TIMTextElem","MsgContent":{"Text":"t"}}"#;
        let custom = r#"{"MsgType":"TIMCustomElem","MsgContent":{}}"#;
        for (elements, problem) in [
            ("null".to_owned(), "MsgBody is required"),
            (r#""""#.to_owned(), "MsgBody is empty"),
            ("[]".to_owned(), "MsgBody is empty"),
            (text.to_owned(), "MsgBody must be a list, not an object"),
            ("7".to_owned(), "MsgBody must be a list, not a number"),
            (format!("[{text},1]"), "MsgBody[1] must be an object, not a number"),
            (r#"[["TIMTextElem",{"Text":"t"}]]"#.to_owned(), "MsgBody[0] must be an object, not a list"),
            (r#"[{"MsgContent":{}}]"#.to_owned(), "MsgBody[0].MsgType is required"),
            (r#"[{"MsgType":1}]"#.to_owned(), "MsgBody[0].MsgType must be a string, not a number"),
            (r#"[{"MsgType":"X"}]"#.to_owned(), r#"MsgBody[0].MsgType is "X", which is not an element type"#),
            (r#"[{"MsgType":"TIMFaceElem"}]"#.to_owned(), "MsgBody[0].MsgContent is required"),
            (
                r#"[{"MsgType":"TIMFaceElem","MsgContent":"x"}]"#.to_owned(),
                "MsgBody[0].MsgContent must be an object, not a string",
            ),
            (
                r#"[{"MsgType":"TIMTextElem","MsgContent":{"Text":null}}]"#.to_owned(),
                "MsgBody[0].MsgContent.Text is required",
            ),
            (
                format!("[{custom},{text},{custom}]"),
                "MsgBody[2] is a second TIMCustomElem; only one is allowed",
            ),
            (
                format!(r#"[{text},1,{{"MsgType":"X"}},{{}}]"#),
                "MsgBody[1] must be an object, not a number; 2 more entries of MsgBody are wrong",
            ),
            (
                r#"[{"MsgType":"TIMFaceElem","MsgType":1}]"#.to_owned(),
                r#"MsgBody[0] has the name "MsgType" twice"#,
            ),
        ] {
            assert_eq!(parse(&elements, "null").unwrap_err().to_string(), problem, "{elements}");
        }
        let problem = parse(&format!("[{text}]"), "1").unwrap_err();
        assert_eq!(problem.to_string(), "CloudCustomData must be a string, not a number");
    }

    #[test]
    fn unreadable_json_is_refused_in_elements_of_every_type() {
        let deep = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        for kind in &ELEMENT_TYPES {
            let with = |value: &str| {
                let (name, text) = (kind.name, r#""Text":"","#);
                let text = if name == TEXT { text } else { "" };
                parse(&format!(r#"[{{"MsgType":"{name}","MsgContent":{{{text}"New":{value}}}}}]"#), "null")
            };
            // The element and its content are two levels themselves.
            for readable in [r#""\ud83d\ude00\u0000""#, &deep(ELEMENT_DEPTH_MAX - 2)] {
                assert!(with(readable).is_ok(), "{} {readable}", kind.name);
            }
            for unreadable in [
                r#""cut \ud83d""#,
                r#"{"\ude00":1}"#,
                r#"{"a":1,"a":2}"#,
                "1e400",
                &deep(ELEMENT_DEPTH_MAX - 1),
            ] {
                let problem = with(unreadable).unwrap_err();
                assert!(problem.to_string().starts_with("MsgBody[0].MsgContent.New"), "{problem}");
                assert!(!Failure::from(problem).is_structural);
            }
        }
    }

    #[test]
    fn elements_and_custom_data_count_together() {
        let max = Limits::FAITHFUL.messages.bytes;
        let said = "MsgTypeTIMTextElemMsgContentText".len();
        let text = |bytes: usize| {
            let text = "\\u00e9\\n\\\"".repeat(bytes / 4);
            format!(r#" [ {{"MsgType":"TIMTextElem", "MsgContent":{{"Text":"{text}"}} }} ] "#)
        };
        let custom = |bytes: usize| format!("\"{}\"", "\\u0001".repeat(bytes));
        for bytes in [0, 400, 12_000] {
            assert!(parse(&text(bytes), &custom(max - said - bytes)).is_ok());
            let got = max + 1;
            assert_eq!(
                parse(&text(bytes), &custom(got - said - bytes)).unwrap_err(),
                BodyProblem::TooLong(BodyTooLong { got, max })
            );
        }
    }
}
