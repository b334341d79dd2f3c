//! What the commands that change the attributes of a group share.
//!
//! A missing value is an empty one, and a key must not appear twice in one call. [choice]
//! Calls happen one after another, so a conflict of two writes (10056) is never answered. [choice]

use crate::call::Call;
use crate::code::Code;
use crate::field::{Field, Object};
use crate::items::check_all;
use crate::reply::Failure;
use landfall_domain::attributes::AttributeChange;
use landfall_domain::attributes::Attributes;
use landfall_domain::ids::GroupId;
use landfall_domain::operations::change_attributes::ChangeAttributes;
use serde::Deserialize;
use std::collections::BTreeSet;

/// An attribute. Its member names are in lower case; some clients capitalize them, like all others of the API. [client]
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct AttributeInput {
    key: Field<String>,
    value: Field<String>,
    #[serde(rename = "Key")]
    large_key: Field<String>,
    #[serde(rename = "Value")]
    large_value: Field<String>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct AttributesRequest {
    pub(super) group_id: Field<String>,
    pub(super) group_attr: Field<Vec<Field<Object<AttributeInput>>>>,
}

type AttributeList = Field<Vec<Field<Object<AttributeInput>>>>;

/// Keys and values. An empty list is refused: clearing has a command of its own. [choice]
pub(super) fn attributes(list: AttributeList, call: &Call) -> Result<Attributes, Failure> {
    let mut attributes = Attributes::new();
    check_all("GroupAttr", list.required("GroupAttr")?, |entry, name| {
        let AttributeInput { key, value, large_key, large_value } = entry.required(name)?.0;
        let key = self::key(key.or(large_key), name, call)?;
        let value = value.or(large_value).optional(&format!("{name}.value"))?.unwrap_or_default();
        let allowed = call.limits.values.attribute_value;
        if !allowed.contains(value.len()) {
            return Err(Code::AttributeValueTooLong.because(format!(
                "{name}.value is {} bytes long; {} to {} are allowed",
                value.len(),
                allowed.min,
                allowed.max
            )));
        }
        if attributes.contains_key(&key) {
            return Err(Code::GroupParameter.because(format!("{name}.key {key:?} appears twice")));
        }
        attributes.insert(key, value);
        Ok(())
    })?;
    Ok(attributes)
}

pub(super) fn keys(list: AttributeList, call: &Call) -> Result<BTreeSet<String>, Failure> {
    let keys = check_all("GroupAttr", list.required("GroupAttr")?, |entry, name| {
        let AttributeInput { key, large_key, .. } = entry.required(name)?.0;
        self::key(key.or(large_key), name, call)
    })?;
    Ok(keys.into_iter().collect())
}

fn key(given: Field<String>, name: &str, call: &Call) -> Result<String, Failure> {
    let field = format!("{name}.key");
    let key = given.required(&field)?;
    let allowed = call.limits.values.attribute_key;
    if !allowed.contains(key.len()) {
        return Err(Code::AttributeKeyTooLong.because(format!(
            "{field} is {} bytes long; {} to {} are allowed",
            key.len(),
            allowed.min,
            allowed.max
        )));
    }
    Ok(key)
}

/// Changes the attributes of a group, unless they change too often: every valid call counts.
pub(super) async fn change(call: &Call, group: GroupId, change: AttributeChange) -> Result<(), Failure> {
    if !call.admit_attribute_write(&group) {
        let max = call.limits.values.attribute_writes_per_second;
        return Err(Code::AttributesTooFrequent.because(format!(
            "the attributes of this group are changed more than {max} times in a second; try again"
        )));
    }
    call.change(ChangeAttributes { group, change, limits: call.limits.values }).await
}
