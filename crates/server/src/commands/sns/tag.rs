//! The fields of friends: tags and values, as requests name them and answers give them.
//!
//! [choice] A custom field of friends is written only where the app has switched it on, and read in any case. It takes a
//! text or a whole number of 32 bits, and gives back what it was given.

use super::{illegal, list_name};
use crate::call::ReadOnlyCall;
use crate::code::Code;
use crate::field::{Field, Object, Shape};
use crate::reply::Failure;
use landfall_domain::fields::FieldKey;
use landfall_domain::people::friends::Friend;
use landfall_domain::people::portrait::PortraitValue;
use landfall_domain::text::Text;
use serde::de::SeqAccess;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt;

/// Begins the tags of custom fields. [doc]
const CUSTOM: &str = "Tag_SNS_Custom_";

/// A field of a friend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum FriendTag {
    Source,
    Wording,
    Remark,
    RemarkTime,
    Lists,
    Added,
    Custom(FieldKey),
}

impl FriendTag {
    /// What a page of friends shows of each, in this order. [sample]
    pub(super) const SHOWN: [Self; 5] = [Self::Source, Self::Wording, Self::Remark, Self::Lists, Self::Added];

    pub(super) fn parse(tag: &str) -> Option<Self> {
        Some(match tag {
            "Tag_SNS_IM_AddSource" => Self::Source,
            "Tag_SNS_IM_AddWording" => Self::Wording,
            "Tag_SNS_IM_Remark" => Self::Remark,
            "Tag_SNS_IM_RemarkTime" => Self::RemarkTime,
            "Tag_SNS_IM_Group" => Self::Lists,
            "Tag_SNS_IM_AddTime" => Self::Added,
            _ => Self::Custom(FieldKey::parse(tag.strip_prefix(CUSTOM)?)?),
        })
    }

    /// What a friend has in the field; `None` when it was never set.
    pub(super) fn of(&self, friend: &Friend) -> Option<TagRow> {
        let text = |text: &Text| (!text.as_str().is_empty()).then(|| text.as_str().to_owned().into());
        let value = match self {
            Self::Source => text(&friend.source)?,
            Self::Wording => text(&friend.wording)?,
            Self::Remark => text(&friend.remark)?,
            Self::RemarkTime => {
                (friend.remark_time.0 != 0).then_some(ValueRow::Number(friend.remark_time.0))?
            }
            Self::Lists if friend.lists.is_empty() => return None,
            Self::Lists => {
                ValueRow::Texts(friend.lists.iter().map(|list| list.as_str().to_owned()).collect())
            }
            Self::Added => ValueRow::Number(friend.added.0),
            Self::Custom(key) => friend.custom.get(key)?.into(),
        };
        Some(TagRow { tag: self.to_string(), value })
    }
}

/// The tag as it travels.
impl fmt::Display for FriendTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Source => "Tag_SNS_IM_AddSource",
            Self::Wording => "Tag_SNS_IM_AddWording",
            Self::Remark => "Tag_SNS_IM_Remark",
            Self::RemarkTime => "Tag_SNS_IM_RemarkTime",
            Self::Lists => "Tag_SNS_IM_Group",
            Self::Added => "Tag_SNS_IM_AddTime",
            Self::Custom(key) => return write!(f, "{CUSTOM}{key}"),
        })
    }
}

/// A field with its value, in an answer.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct TagRow {
    pub(super) tag: String,
    pub(super) value: ValueRow,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum ValueRow {
    Number(u64),
    Text(String),
    Texts(Vec<String>),
}

impl From<String> for ValueRow {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&PortraitValue> for ValueRow {
    fn from(value: &PortraitValue) -> Self {
        match value {
            PortraitValue::Number(number) => Self::Number((*number).into()),
            PortraitValue::Text(text) => Self::Text(text.as_str().to_owned()),
        }
    }
}

/// A field with its value, in a request.
#[derive(Deserialize, Default, Debug)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct TagInput {
    pub(super) tag: Field<String>,
    pub(super) value: Field<TagValue>,
}

/// A value: "" and [] are values too.
#[derive(Debug)]
pub(super) enum TagValue {
    Text(String),
    Number(i128),
    Texts(Vec<String>),
}

impl Shape for TagValue {
    const EXPECTED: &'static str = "a string, a whole number or a list of strings";

    fn takes() -> Value {
        let text = String::takes();
        json!({ "anyOf": [text, i128::takes(), { "type": "array", "items": text }] })
    }

    fn from_empty_text() -> Option<Self> {
        Some(Self::Text(String::new()))
    }

    fn from_text(text: &str) -> Option<Self> {
        Some(Self::Text(text.to_owned()))
    }

    fn from_integer(number: i128) -> Option<Self> {
        Some(Self::Number(number))
    }

    fn from_list<'de, A: SeqAccess<'de>>(mut list: A) -> Result<Field<Self>, A::Error> {
        let (mut texts, mut others) = (Vec::new(), false);
        while let Some(element) = list.next_element::<Field<String>>()? {
            match element {
                Field::Value(text) => texts.push(text),
                Field::Empty => texts.push(String::new()),
                Field::Absent | Field::WrongType(_) | Field::Unreadable(_) => others = true,
            }
        }
        Ok(if others { Field::WrongType("a list of other values") } else { Field::Value(Self::Texts(texts)) })
    }
}

/// The lists that a value names, each once: one text, or a list of them. "" and [] name none.
pub(super) fn lists(value: TagValue, field: &str, call: &ReadOnlyCall) -> Result<Vec<Text>, Failure> {
    let names = match value {
        TagValue::Text(name) if name.is_empty() => Vec::new(),
        TagValue::Text(name) => vec![name],
        TagValue::Texts(names) => names,
        TagValue::Number(_) => {
            return Err(Code::FriendParameter.because(format!("{field} must be a list of strings")));
        }
    };
    let max = call.limits.friends.lists;
    if max < names.len() {
        let text = format!("{field} names {} lists; at most {max} are allowed", names.len());
        return Err(Code::FriendParameter.because(text));
    }
    let mut lists: Vec<Text> = Vec::with_capacity(names.len());
    for name in names {
        let list = list_name(name, field, call)?;
        if !lists.contains(&list) {
            lists.push(list);
        }
    }
    Ok(lists)
}

/// Custom fields that are to be written; of two values of one field the last counts.
pub(super) fn custom_fields(
    given: Vec<Field<Object<TagInput>>>,
    field: &str,
    call: &ReadOnlyCall,
) -> Result<BTreeMap<FieldKey, PortraitValue>, Failure> {
    let mut fields = BTreeMap::new();
    for (index, item) in given.into_iter().enumerate() {
        let place = format!("{field}[{index}]");
        let item = item.required(&place).map_err(illegal)?.0;
        let raw = item.tag.required(&format!("{place}.Tag")).map_err(illegal)?;
        let Some(FriendTag::Custom(key)) = FriendTag::parse(&raw) else {
            return Err(Code::FriendParameter.because(format!("{place}.Tag {raw:?} is no custom field")));
        };
        let value = item.value.required(&format!("{place}.Value")).map_err(illegal)?;
        fields.insert(key.clone(), custom_value(&key, value, &place, call)?);
    }
    Ok(fields)
}

/// The value of a custom field that is to be written.
pub(super) fn custom_value(
    key: &FieldKey,
    value: TagValue,
    place: &str,
    call: &ReadOnlyCall,
) -> Result<PortraitValue, Failure> {
    let wrong = |problem: String| Code::FriendParameter.because(format!("{place}: {CUSTOM}{key} {problem}"));
    match call.friend_fields().iter().find(|rule| rule.key == *key) {
        None => return Err(wrong("is not switched on".to_owned())),
        Some(rule) if !rule.writable => return Err(wrong("is read-only".to_owned())),
        Some(_) => {}
    }
    match value {
        TagValue::Text(text) => Text::parse(text, call.limits.friends.fields.value)
            .map(PortraitValue::Text)
            .map_err(|problem| wrong(problem.to_string())),
        TagValue::Number(number) => u32::try_from(number)
            .map(PortraitValue::Number)
            .map_err(|_| wrong(format!("is {number}; 0 to {} are allowed", u32::MAX))),
        TagValue::Texts(_) => Err(wrong("must be a string or a whole number".to_owned())),
    }
}
