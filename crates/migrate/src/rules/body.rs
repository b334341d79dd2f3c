//! The elements of a message (`MsgBody`): what the API takes.

use landfall_domain::element::{CUSTOM, ELEMENT_TYPES, ElementType, JsonType, TEXT};
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::cell::Cell;
use std::collections::BTreeSet;
use std::fmt;

mod plain;

/// Nesting depth of lists and objects in an element, the element included.
const DEPTH_MAX: usize = 50;

/// What is wrong with a body.
pub(super) struct Problem {
    /// Such as `MsgBody[0].MsgContent.Text`.
    pub(super) place: String,
    pub(super) text: String,
}

fn problem(place: impl Into<String>, what: impl fmt::Display) -> Problem {
    let place = place.into();
    let text = format!("{place} {what}");
    Problem { place, text }
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

/// Checks whether a JSON value is a list of elements. The first problem is returned.
pub(super) fn check(elements: &str) -> Result<(), Problem> {
    if plain::is_fine(elements) { Ok(()) } else { find_problem(elements) }
}

fn find_problem(elements: &str) -> Result<(), Problem> {
    if elements == "null" {
        return Err(problem("MsgBody", "is missing"));
    }
    must_be(JsonType::List, elements, "MsgBody")?;
    let list: Vec<&RawValue> = read(elements, "MsgBody")?;
    if list.is_empty() {
        return Err(problem("MsgBody", "is empty"));
    }
    let mut has_custom = false;
    for (index, element) in list.into_iter().enumerate() {
        let place = format!("MsgBody[{index}]");
        let kind = check_element(element.get(), &place)?;
        if kind.name == CUSTOM && std::mem::replace(&mut has_custom, true) {
            return Err(problem(place, "is a second TIMCustomElem; only one is allowed"));
        }
    }
    Ok(())
}

/// Whether a message that is too long can become several: by its elements, or by cutting a text.
pub(super) fn can_be_split(elements: &str) -> bool {
    let list: Result<Vec<Element<'_>>, _> = serde_json::from_str(elements);
    let is_text =
        |element: &Element<'_>| element.msg_type.is_some_and(|name| name.get().trim_matches('"') == TEXT);
    list.is_ok_and(|list| 1 < list.len() || list.iter().any(is_text))
}

fn read<'a, T: Deserialize<'a>>(json: &'a str, place: &str) -> Result<T, Problem> {
    serde_json::from_str(json).map_err(|error| problem(place, unreadable(&error)))
}

fn must_be(kind: JsonType, json: &str, place: &str) -> Result<(), Problem> {
    let found = JsonType::of(json);
    if found == kind {
        return Ok(());
    }
    Err(problem(place, format_args!("must be {}, not {}", kind.name(), found.name())))
}

/// Checks the element at `place`. Returns its type.
fn check_element(json: &str, place: &str) -> Result<&'static ElementType, Problem> {
    must_be(JsonType::Object, json, place)?;
    let refusal = Cell::new(None);
    let look = Look { refusal: &refusal, depth_left: DEPTH_MAX };
    if let Err(error) = look.deserialize(&mut serde_json::Deserializer::from_str(json)) {
        return Err(problem(place, refusal.take().unwrap_or_else(|| unreadable(&error))));
    }
    let element: Element<'_> = read(json, place)?;
    let at = |member: &str| format!("{place}.{member}");
    let name = element.msg_type.ok_or_else(|| problem(at("MsgType"), "is missing"))?.get();
    must_be(JsonType::Text, name, &at("MsgType"))?;
    let name = name.trim_matches('"');
    let kind = ELEMENT_TYPES.iter().find(|kind| kind.name == name);
    let kind = kind
        .ok_or_else(|| problem(at("MsgType"), format_args!("is {name:?}, which is not an element type")))?;
    let content = element.msg_content.ok_or_else(|| problem(at("MsgContent"), "is missing"))?.get();
    must_be(JsonType::Object, content, &at("MsgContent"))?;
    check_content(content, kind, &at("MsgContent"))?;
    Ok(kind)
}

/// Members of the documented names must have the documented types; a text must have its `Text`.
fn check_content(json: &str, kind: &'static ElementType, place: &str) -> Result<(), Problem> {
    let members: Members<'_> = read(json, place)?;
    let mut has_text = false;
    for (name, value) in members.0 {
        let Some((_, expected)) = kind.members.iter().find(|(known, _)| *known == name) else { continue };
        if JsonType::of(value.get()) != JsonType::Null {
            has_text |= name == "Text";
            must_be(*expected, value.get(), &format!("{place}.{name}"))?;
        }
    }
    if kind.name == TEXT && !has_text {
        return Err(problem(format!("{place}.Text"), "is missing"));
    }
    Ok(())
}

/// The members of an object, in order.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Object)
    }
}

/// Why well-formed JSON cannot be read.
fn unreadable(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rsplit_once(" at line ").map_or(&*text, |(text, _)| text) {
        "lone leading surrogate in hex escape" | "unexpected end of hex escape" => {
            "holds half of a surrogate pair".to_owned()
        }
        "number out of range" => "holds a number that is too large".to_owned(),
        text => format!("cannot be read: {text}"),
    }
}

/// Looks at every value for what common readers fail on: names that appear twice, and nesting that is too deep.
#[derive(Clone, Copy)]
struct Look<'a> {
    refusal: &'a Cell<Option<String>>,
    depth_left: usize,
}

impl Look<'_> {
    fn refuse<E: Error>(self, problem: String) -> E {
        self.refusal.set(Some(problem));
        E::custom("")
    }

    fn inside<E: Error>(self) -> Result<Self, E> {
        let depth_left = self.depth_left.checked_sub(1);
        let depth_left = depth_left.ok_or_else(|| self.refuse("is nested too deep".to_owned()))?;
        Ok(Self { depth_left, ..self })
    }
}

impl<'de> DeserializeSeed<'de> for Look<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, value: D) -> Result<(), D::Error> {
        value.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Look<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let inside = self.inside()?;
        while list.next_element_seed(inside)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<(), A::Error> {
        let inside = self.inside()?;
        let mut names = BTreeSet::new();
        while let Some(name) = object.next_key::<String>()? {
            if names.contains(&name) {
                return Err(self.refuse(format!("has the name {name:?} twice")));
            }
            names.insert(name);
            object.next_value_seed(inside)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(elements: &str) -> String {
        check(elements).err().map(|problem| problem.text).unwrap_or_default()
    }

    #[test]
    fn what_the_api_takes_is_fine() {
        for elements in [
            r#"[{"MsgType":"TIMTextElem","MsgContent":{"Text":"","New":[1.5e300,null,true]}}]"#,
            r#"[ {"MsgContent":{"Index":1},"MsgType":"TIMFaceElem"},{"MsgType":"TIMCustomElem","MsgContent":{}}]"#,
        ] {
            assert_eq!(text(elements), "");
        }
    }

    #[test]
    fn the_first_problem_is_named_with_its_place() {
        let custom = r#"{"MsgType":"TIMCustomElem","MsgContent":{}}"#;
        let deep = format!("{}{}", "[".repeat(60), "]".repeat(60));
        for (elements, problem) in [
            ("null".to_owned(), "MsgBody is missing"),
            ("[]".to_owned(), "MsgBody is empty"),
            ("7".to_owned(), "MsgBody must be a list, not a number"),
            ("[1]".to_owned(), "MsgBody[0] must be an object, not a number"),
            (r#"[{"MsgContent":{}}]"#.to_owned(), "MsgBody[0].MsgType is missing"),
            (r#"[{"MsgType":"X"}]"#.to_owned(), r#"MsgBody[0].MsgType is "X", which is not an element type"#),
            (r#"[{"MsgType":"TIMFaceElem"}]"#.to_owned(), "MsgBody[0].MsgContent is missing"),
            (
                r#"[{"MsgType":"TIMTextElem","MsgContent":{"Text":null}}]"#.to_owned(),
                "MsgBody[0].MsgContent.Text is missing",
            ),
            (
                r#"[{"MsgType":"TIMFaceElem","MsgContent":{"Index":"1"}}]"#.to_owned(),
                "MsgBody[0].MsgContent.Index must be a number, not a string",
            ),
            (format!("[{custom},{custom}]"), "MsgBody[1] is a second TIMCustomElem; only one is allowed"),
            (
                r#"[{"MsgType":"TIMFaceElem","MsgContent":{"a":1,"a":2}}]"#.to_owned(),
                r#"MsgBody[0] has the name "a" twice"#,
            ),
            (
                r#"[{"MsgType":"TIMFaceElem","MsgContent":{"a":"\ud83d"}}]"#.to_owned(),
                "MsgBody[0] holds half of a surrogate pair",
            ),
            (
                r#"[{"MsgType":"TIMFaceElem","MsgContent":{"a":1e400}}]"#.to_owned(),
                "MsgBody[0] holds a number that is too large",
            ),
            (
                format!(r#"[{{"MsgType":"TIMFaceElem","MsgContent":{{"a":{deep}}}}}]"#),
                "MsgBody[0] is nested too deep",
            ),
        ] {
            assert_eq!(text(&elements), problem);
        }
    }

    #[test]
    fn several_elements_or_a_text_can_be_split() {
        let face = r#"{"MsgType":"TIMFaceElem","MsgContent":{}}"#;
        assert!(can_be_split(r#"[{"MsgType":"TIMTextElem","MsgContent":{"Text":"a"}}]"#));
        assert!(can_be_split(&format!("[{face},{face}]")));
        assert!(!can_be_split(&format!("[{face}]")));
    }
}
