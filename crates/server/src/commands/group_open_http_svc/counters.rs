//! What the commands about the counters of a group share.
//!
//! Counters need no edition to be bought, so 10059 is never answered. [choice]

use crate::call::Call;
use crate::code::Code;
use crate::field::Field;
use crate::items::check_all;
use crate::reply::Failure;
use landfall_domain::attributes::Counters;
use serde::Serialize;

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Row {
    key: String,
    value: i64,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Reply {
    group_counter: Vec<Row>,
}

impl Reply {
    pub(super) fn new(counters: impl IntoIterator<Item = (String, i64)>) -> Self {
        Self { group_counter: counters.into_iter().map(|(key, value)| Row { key, value }).collect() }
    }

    /// The counters that `keys` name, in their order, each once; all of them for `None`.
    pub(super) fn of(mut counters: Counters, keys: Option<Vec<String>>) -> Self {
        match keys {
            None => Self::new(counters),
            Some(keys) => Self::new(keys.into_iter().filter_map(|key| counters.remove_entry(&key))),
        }
    }
}

/// Keys of counters; `None` for all.
pub(super) fn keys(list: Field<Vec<Field<String>>>, call: &Call) -> Result<Option<Vec<String>>, Failure> {
    let Some(list) = list.optional("GroupCounterKeys")? else { return Ok(None) };
    check_all("GroupCounterKeys", list, |given, place| key(given, place, call)).map(Some)
}

pub(super) fn key(given: Field<String>, name: &str, call: &Call) -> Result<String, Failure> {
    let key = given.required(name)?;
    let allowed = call.limits.values.counter_key;
    if !allowed.contains(key.len()) {
        return Err(Code::GroupParameter.because(format!(
            "{name} is {} bytes long; {} to {} are allowed",
            key.len(),
            allowed.min,
            allowed.max
        )));
    }
    Ok(key)
}
