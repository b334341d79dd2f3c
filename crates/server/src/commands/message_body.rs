//! What a message says, as commands take it: `MsgBody`, a list of elements, and `CloudCustomData` beside it.
//!
//! The elements stay the text they came as, so that members nobody knows and the digits of numbers survive. They are
//! read to check them and never become values.
//!
//! [choice] Members that the documentation names must have the JSON type it gives them, where they are given; only a
//! text element must have its `Text`. What else an element needs is not stated.

use crate::code::Code;
use crate::given::Given;
use crate::reply::Failure;
use landfall_domain::limits::MessageLimits;
use landfall_domain::message::Body;
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;

/// What is wrong with a message. Which code that is depends on the command.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum BodyProblem {
    /// There is no `MsgBody`, or it is no list.
    #[error("{0}")]
    NoList(String),
    /// An element, or the custom data, is not of the documented form; the text names it and its member.
    #[error("{0}")]
    Malformed(String),
    /// It is too long.
    #[error("MsgBody and CloudCustomData are {bytes} bytes long; at most {max} are allowed")]
    TooLong {
        /// Its length.
        bytes: usize,
        /// The limit.
        max: usize,
    },
}

/// The codes of the group service. [doc]
impl From<BodyProblem> for Failure {
    fn from(problem: BodyProblem) -> Self {
        let code = match &problem {
            BodyProblem::NoList(_) | BodyProblem::Malformed(_) => Code::GroupParameter,
            BodyProblem::TooLong { .. } => Code::MessageTooLong,
        };
        code.because(problem.to_string())
    }
}

/// The message that consists of `elements` (`MsgBody`) and `custom` (`CloudCustomData`), without any of what a call
/// may say beside them.
///
/// Counted against the limit are the bytes of both as they were sent: what the service counts is not published.
/// [choice]
///
/// # Errors
/// The first problem found. The length comes last.
pub fn body(
    elements: Option<Box<RawValue>>,
    custom: Given<String>,
    limits: &MessageLimits,
) -> Result<Body, BodyProblem> {
    let elements = elements.ok_or_else(missing)?;
    check(elements.get())?;
    let custom =
        custom.optional("CloudCustomData").map_err(|misfit| BodyProblem::Malformed(misfit.to_string()))?;
    let custom = custom.unwrap_or_default();
    let bytes = elements.get().len() + custom.len();
    if limits.bytes < bytes {
        return Err(BodyProblem::TooLong { bytes, max: limits.bytes });
    }
    Ok(Body { elements: elements.into(), custom: custom.into(), ..Body::default() })
}

/// Looks whether a JSON value is a list of elements.
fn check(elements: &str) -> Result<(), BodyProblem> {
    // As good as missing, as in every member. [client]
    if elements == "\"\"" {
        return Err(missing());
    }
    must_be(Kind::List, elements).map_err(|problem| BodyProblem::NoList(format!("MsgBody {problem}")))?;
    let list: Vec<&RawValue> = read(elements).map_err(|problem| malformed("MsgBody", &problem))?;
    if list.is_empty() {
        return Err(missing());
    }
    let mut has_custom = false;
    for (index, element) in list.into_iter().enumerate() {
        let kind = check_element(element.get())
            .map_err(|(member, problem)| malformed(&format!("MsgBody[{index}]{member}"), &problem))?;
        if kind.name == CUSTOM && std::mem::replace(&mut has_custom, true) {
            return Err(malformed(
                &format!("MsgBody[{index}]"),
                "is a second TIMCustomElem; only one is allowed",
            ));
        }
    }
    Ok(())
}

fn missing() -> BodyProblem {
    BodyProblem::NoList("MsgBody is required".to_owned())
}

fn malformed(place: &str, problem: &str) -> BodyProblem {
    BodyProblem::Malformed(format!("{place} {problem}"))
}

/// A part of a body that is JSON as a whole; all that can be wrong is a member that stands twice.
fn read<'a, T: Deserialize<'a>>(json: &'a str) -> Result<T, String> {
    serde_json::from_str(json).map_err(|error| format!("cannot be read: {error}"))
}

/// An element as it was written.
#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct Element<'a> {
    #[serde(borrow)]
    msg_type: Option<&'a RawValue>,
    #[serde(borrow)]
    msg_content: Option<&'a RawValue>,
}

/// The type of an element; or its member that is wrong, and what is wrong with it.
fn check_element(element: &str) -> Result<&'static ElementType, (String, String)> {
    must_be(Kind::Object, element).map_err(|problem| (String::new(), problem))?;
    let element: Element<'_> = read(element).map_err(|problem| (String::new(), problem))?;
    let of = |member: &str, problem: String| (format!(".{member}"), problem);
    let required = |member: &str| of(member, "is required".to_owned());
    let name = element.msg_type.ok_or_else(|| required("MsgType"))?.get();
    must_be(Kind::Text, name).map_err(|problem| of("MsgType", problem))?;
    let name = name.trim_matches('"');
    let kind = ELEMENT_TYPES
        .iter()
        .find(|kind| kind.name == name)
        .ok_or_else(|| of("MsgType", format!("is {name:?}, which is no type of element")))?;
    let content = element.msg_content.ok_or_else(|| required("MsgContent"))?.get();
    must_be(Kind::Object, content).map_err(|problem| of("MsgContent", problem))?;
    let has_text = serde_json::Deserializer::from_str(content)
        .deserialize_map(Contents(kind))
        .map_err(|error| of("MsgContent", format!("cannot be read: {error}")))?
        .map_err(|(member, problem)| of(&format!("MsgContent.{member}"), problem))?;
    if kind.name == TEXT && !has_text {
        return Err(required("MsgContent.Text"));
    }
    Ok(kind)
}

fn must_be(kind: Kind, json: &str) -> Result<(), String> {
    let found = Kind::of(json);
    if found == kind { Ok(()) } else { Err(format!("must be {}, not {}", kind.name(), found.name())) }
}

/// Reads the content of an element of this type: whether it has the first of its members, or which member is wrong.
struct Contents(&'static ElementType);

impl<'de> Visitor<'de> for Contents {
    type Value = Result<bool, (&'static str, String)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut content: A) -> Result<Self::Value, A::Error> {
        let mut wrong = None;
        let mut has_first = false;
        while let Some(index) = content.next_key_seed(MemberName(self.0))? {
            let value = content.next_value::<&'de RawValue>()?.get();
            // `null` is as good as missing. [client]
            let Some((name, kind)) = index.and_then(|index| self.0.members.get(index)) else { continue };
            if Kind::of(value) != Kind::Null {
                has_first |= index == Some(0);
                wrong = wrong.or_else(|| must_be(*kind, value).err().map(|problem| (*name, problem)));
            }
        }
        Ok(wrong.map_or(Ok(has_first), Err))
    }
}

/// Reads the name of a member, as its place among those documented for this type.
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

/// The JSON types that members have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Text,
    Number,
    List,
    Object,
    Flag,
    Null,
}

impl Kind {
    /// That of a JSON value, which its first byte tells.
    fn of(json: &str) -> Self {
        match json.as_bytes().first() {
            Some(b'"') => Self::Text,
            Some(b'[') => Self::List,
            Some(b'{') => Self::Object,
            Some(b't' | b'f') => Self::Flag,
            Some(b'n') => Self::Null,
            Some(_) | None => Self::Number,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Text => "a string",
            Self::Number => "a number",
            Self::List => "a list",
            Self::Object => "an object",
            Self::Flag => "true or false",
            Self::Null => "null",
        }
    }
}

/// A type of element: the members of its content that are documented.
struct ElementType {
    name: &'static str,
    members: &'static [(&'static str, Kind)],
}

const CUSTOM: &str = "TIMCustomElem";
const TEXT: &str = "TIMTextElem";

/// All types. [doc]
static ELEMENT_TYPES: [ElementType; 9] = {
    use Kind::{List, Number, Text};
    [
        ElementType { name: TEXT, members: &[("Text", Text)] },
        ElementType {
            name: CUSTOM,
            members: &[("Data", Text), ("Desc", Text), ("Ext", Text), ("Sound", Text)],
        },
        ElementType { name: "TIMFaceElem", members: &[("Index", Number), ("Data", Text)] },
        ElementType {
            name: "TIMLocationElem",
            members: &[("Desc", Text), ("Latitude", Number), ("Longitude", Number)],
        },
        ElementType {
            name: "TIMSoundElem",
            members: &[
                ("Url", Text),
                ("UUID", Text),
                ("Size", Number),
                ("Second", Number),
                ("Download_Flag", Number),
            ],
        },
        ElementType {
            name: "TIMImageElem",
            members: &[("UUID", Text), ("ImageFormat", Number), ("ImageInfoArray", List)],
        },
        ElementType {
            name: "TIMFileElem",
            members: &[
                ("Url", Text),
                ("UUID", Text),
                ("FileSize", Number),
                ("FileName", Text),
                ("fileName", Text),
                ("Download_Flag", Number),
            ],
        },
        ElementType {
            name: "TIMVideoFileElem",
            members: &[
                ("VideoUrl", Text),
                ("VideoUUID", Text),
                ("VideoSize", Number),
                ("VideoSecond", Number),
                ("VideoFormat", Text),
                ("VideoDownloadFlag", Number),
                ("ThumbUrl", Text),
                ("ThumbUUID", Text),
                ("ThumbSize", Number),
                ("ThumbWidth", Number),
                ("ThumbHeight", Number),
                ("ThumbFormat", Text),
                ("ThumbDownloadFlag", Number),
            ],
        },
        ElementType {
            name: "TIMRelayElem",
            members: &[
                ("Title", Text),
                ("MsgNum", Number),
                ("CompatibleText", Text),
                ("AbstractList", List),
                ("MsgList", List),
                ("JsonMsgKey", Text),
            ],
        },
    ]
};

#[cfg(test)]
mod tests {
    use super::*;
    use landfall_domain::limits::Limits;

    fn parse(elements: &str, custom: &str) -> Result<Body, BodyProblem> {
        let elements: Option<Box<RawValue>> = serde_json::from_str(elements).unwrap();
        body(elements, serde_json::from_str(custom).unwrap(), &Limits::FAITHFUL.messages)
    }

    #[test]
    fn what_was_written_stays() {
        let elements = r#"[ {"MsgContent": {"Latitude":29.340656774469956123,"New":[1e400],"Desc":null},"MsgType":"TIMLocationElem"} ]"#;
        let body = parse(elements, r#""a\u0000b""#).unwrap();
        assert_eq!((&*body.elements, &*body.custom), (elements, "a\0b"));
    }

    #[test]
    fn every_type_is_taken_with_members_of_the_right_type_only() {
        for kind in &ELEMENT_TYPES {
            for (member, right) in kind.members {
                let required = if kind.name == TEXT && *member != "Text" { r#""Text":"","# } else { "" };
                let with = |value: &str| {
                    let (name, content) = (kind.name, format!(r#"{{{required}"{member}":{value}}}"#));
                    parse(&format!(r#"[{{"MsgType":"{name}","MsgContent":{content}}}]"#), "null").map(|_| ())
                };
                for (value, of) in
                    [(r#""""#, Kind::Text), ("-1.5", Kind::Number), ("[]", Kind::List), ("{}", Kind::Object)]
                {
                    let expected = if of == *right {
                        Ok(())
                    } else {
                        let (right, of) = (right.name(), of.name());
                        Err(malformed(
                            &format!("MsgBody[0].MsgContent.{member}"),
                            &format!("must be {right}, not {of}"),
                        ))
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
            (r#""""#.to_owned(), "MsgBody is required"),
            ("[]".to_owned(), "MsgBody is required"),
            (text.to_owned(), "MsgBody must be a list, not an object"),
            ("7".to_owned(), "MsgBody must be a list, not a number"),
            (format!("[{text},1]"), "MsgBody[1] must be an object, not a number"),
            (r#"[["TIMTextElem",{"Text":"t"}]]"#.to_owned(), "MsgBody[0] must be an object, not a list"),
            (r#"[{"MsgContent":{}}]"#.to_owned(), "MsgBody[0].MsgType is required"),
            (r#"[{"MsgType":1}]"#.to_owned(), "MsgBody[0].MsgType must be a string, not a number"),
            (r#"[{"MsgType":"X"}]"#.to_owned(), r#"MsgBody[0].MsgType is "X", which is no type of element"#),
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
        ] {
            assert_eq!(parse(&elements, "null").unwrap_err().to_string(), problem, "{elements}");
        }
        let problem = parse(&format!("[{text}]"), "1").unwrap_err();
        assert_eq!(problem.to_string(), "CloudCustomData must be a string, not a number");
        assert!(parse(r#"[{"MsgType":"TIMFaceElem","MsgType":1}]"#, "null").is_err());
    }

    #[test]
    fn elements_and_custom_data_count_together() {
        let max = Limits::FAITHFUL.messages.bytes;
        let text = r#"[{"MsgType":"TIMTextElem","MsgContent":{"Text":""}}]"#;
        let custom = |bytes: usize| format!("\"{}\"", "x".repeat(bytes));
        assert!(parse(text, &custom(max - text.len())).is_ok());
        let bytes = max + 1;
        assert_eq!(
            parse(text, &custom(bytes - text.len())).unwrap_err(),
            BodyProblem::TooLong { bytes, max }
        );
    }
}
