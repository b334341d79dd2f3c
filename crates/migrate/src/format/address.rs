//! Addresses in the elements of messages, and those among them that stand for a file record: `file:KEY`.
//!
//! [choice] Where a file has neither content nor an address, its message says so in words, with the name of the file.

use super::Json;
use serde_json::{Map, Value, json};
use std::path::{Component, Path};

/// How an address begins that stands for a file record.
pub const FILE: &str = "file:";

/// Calls `visit` with every address in the elements of a message: the texts of all members whose name ends in `Url` or `URL`, at
/// any depth. Where it returns a text, that one takes its place.
pub fn visit(elements: &mut Value, visit: &mut dyn FnMut(&str) -> Option<String>) {
    match elements {
        Value::Array(values) => values.iter_mut().for_each(|value| self::visit(value, visit)),
        Value::Object(members) => {
            for (name, value) in members {
                match value {
                    Value::String(text) if is_address(name) => {
                        if let Some(other) = visit(text) {
                            *text = other;
                        }
                    }
                    Value::Null
                    | Value::Bool(_)
                    | Value::Number(_)
                    | Value::String(_)
                    | Value::Array(_)
                    | Value::Object(_) => self::visit(value, visit),
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

const URL: &str = "url";

fn is_address(name: &str) -> bool {
    name.to_ascii_lowercase().ends_with(URL)
}

/// The keys of the files that a message refers to.
#[must_use]
pub fn files(elements: &Json) -> Vec<String> {
    let mut keys = Vec::new();
    // A colon may be written with an escape, but nobody does; most messages have no file and are not parsed.
    if elements.as_str().contains(FILE) {
        visit(&mut elements.value(), &mut |address| {
            keys.extend(address.strip_prefix(FILE).map(str::to_owned));
            None
        });
    }
    keys
}

/// What a file is known by.
#[must_use]
pub fn name(src: &str, key: &str) -> String {
    format!("{src}\0{key}")
}

/// What a message has in the place of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// An address, and the bytes that are there; 0 where they are not known.
    At(String, u64),
    /// Nothing but the name of the file: a text takes the place of the element.
    Gone(String),
}

/// The elements of a message with the places of the files that it refers to. `None` where it refers to none that `place` knows
/// by its key. A size of 0 beside an address becomes that of the file.
///
/// # Errors
/// Those of `place`.
pub fn with_addresses<E>(
    elements: &Json,
    mut place: impl FnMut(&str) -> Result<Option<Place>, E>,
) -> Result<Option<Json>, E> {
    if !elements.as_str().contains(FILE) {
        return Ok(None);
    }
    let mut value = elements.value();
    let mut changed = false;
    for element in value.as_array_mut().into_iter().flatten() {
        let mut placing = Placing { place: &mut place, changed: false, gone: None };
        placing.element(element)?;
        if let Some(name) = placing.gone {
            *element = json!({ "MsgType": "TIMTextElem", "MsgContent": { "Text": gone(&name) } });
            changed = true;
        }
        changed |= placing.changed;
    }
    Ok(changed.then(|| value.into()))
}

/// What people read where the content of a file is not there.
fn gone(name: &str) -> String {
    format!("[file that is not there: {name}]")
}

struct Placing<'a, P> {
    place: &'a mut P,
    changed: bool,
    gone: Option<String>,
}

impl<E, P: FnMut(&str) -> Result<Option<Place>, E>> Placing<'_, P> {
    fn element(&mut self, value: &mut Value) -> Result<(), E> {
        match value {
            Value::Array(values) => values.iter_mut().try_for_each(|value| self.element(value)),
            Value::Object(members) => self.members(members),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Ok(()),
        }
    }

    fn members(&mut self, members: &mut Map<String, Value>) -> Result<(), E> {
        let mut sizes = Vec::new();
        for (name, value) in members.iter_mut() {
            let key = value.as_str().and_then(|text| text.strip_prefix(FILE)).filter(|_| is_address(name));
            let Some(key) = key else {
                self.element(value)?;
                continue;
            };
            match (self.place)(key)? {
                Some(Place::At(address, bytes)) => {
                    *value = address.into();
                    self.changed = true;
                    let of = name.get(..name.len() - URL.len()).unwrap_or_default();
                    sizes.extend([(format!("{of}Size"), bytes), (format!("{of}FileSize"), bytes)]);
                }
                Some(Place::Gone(name)) => self.gone = Some(name),
                None => {}
            }
        }
        for (name, bytes) in sizes {
            if let Some(size) = members.get_mut(&name).filter(|size| size.as_u64() == Some(0)) {
                *size = bytes.into();
            }
        }
        Ok(())
    }
}

/// Whether the path of a file record is relative and has no `..`, so that it cannot lead out of the folder of its export.
#[must_use]
pub fn stays_inside(path: &str) -> bool {
    let mut parts = Path::new(path).components();
    !path.is_empty()
        && !path.contains('\\')
        && parts.all(|part| matches!(part, Component::Normal(_) | Component::CurDir))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn addresses_take_the_place_of_files_and_names_of_those_that_are_not_there() {
        let elements = json!([
            { "MsgType": "TIMFileElem", "MsgContent": { "Url": "file:a", "FileSize": 0, "FileName": "a.txt" } },
            { "MsgType": "TIMVideoFileElem", "MsgContent": { "VideoUrl": "file:a", "VideoSize": 0, "ThumbSize": 0, "Size": 2 } },
            { "MsgType": "TIMFileElem", "MsgContent": { "Url": "file:gone" } },
            { "MsgType": "TIMFileElem", "MsgContent": { "Url": "file:unknown" } },
            { "MsgType": "TIMTextElem", "MsgContent": { "Text": "file:a" } },
        ]);
        let place = |key: &str| -> Result<_, ()> {
            Ok(match key {
                "a" => Some(Place::At("/a".to_owned(), 7)),
                "gone" => Some(Place::Gone("g.txt".to_owned())),
                _ => None,
            })
        };
        let placed = with_addresses(&elements.into(), place).unwrap().unwrap().value();
        assert_eq!(placed[0]["MsgContent"], json!({ "Url": "/a", "FileSize": 7, "FileName": "a.txt" }));
        let video = json!({ "VideoUrl": "/a", "VideoSize": 7, "ThumbSize": 0, "Size": 2 });
        assert_eq!(placed[1]["MsgContent"], video);
        assert_eq!(placed[2]["MsgContent"]["Text"], "[file that is not there: g.txt]");
        assert_eq!(placed[3]["MsgContent"]["Url"], "file:unknown");
        assert_eq!(placed[4]["MsgContent"]["Text"], "file:a");
        let unknown = json!([{ "MsgType": "TIMFileElem", "MsgContent": { "Url": "file:unknown" } }]);
        assert_eq!(with_addresses(&unknown.into(), place), Ok(None));
    }

    #[test]
    fn paths_that_lead_elsewhere_are_known() {
        assert!(["a.png", "files/a.png", "./a"].into_iter().all(stays_inside));
        assert!(!["", "/etc/passwd", "../a", "a/../../b", "a\\..\\b"].into_iter().any(stays_inside));
    }

    #[test]
    fn addresses_are_found_at_any_depth_and_texts_are_none() {
        let mut elements = json!([
            { "MsgType": "TIMTextElem", "MsgContent": { "Text": "file:t" } },
            { "MsgType": "TIMFileElem", "MsgContent": { "Url": "file:a", "UUID": "file:u" } },
            { "MsgType": "TIMImageElem", "MsgContent": { "ImageInfoArray": [{ "URL": "file:b" }, { "URL": "https://c" }] } },
        ]);
        assert_eq!(files(&Json::from(elements.clone())), ["a", "b"]);
        visit(&mut elements, &mut |address| address.strip_prefix(FILE).map(|key| format!("https://{key}")));
        assert_eq!(elements[1]["MsgContent"]["Url"], "https://a");
        assert_eq!(elements[2]["MsgContent"]["ImageInfoArray"][0]["URL"], "https://b");
        assert_eq!(elements[2]["MsgContent"]["ImageInfoArray"][1]["URL"], "https://c");
    }
}
