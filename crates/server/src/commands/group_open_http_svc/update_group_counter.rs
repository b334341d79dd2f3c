//! `group_open_http_svc/update_group_counter`: sets, increments or decrements counters of a group; a counter that
//! does not exist starts at 0. The answer has their new values.
//!
//! A key must not appear twice in one call, and a counter that would leave 64 bits changes nothing (10004). [choice]

use super::counters::{self, Reply};
use super::group_id;
use crate::call::{Call, Command};
use crate::code::Code;
use crate::field::{Field, Object};
use crate::items::check_all;
use crate::reply::Failure;
use landfall_domain::operations::change_counters::{CounterMode, UpdateCounters};
use serde::Deserialize;
use std::collections::BTreeSet;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    group_id: Field<String>,
    group_counter: Field<Vec<Field<Object<CounterInput>>>>,
    mode: Field<String>,
}

/// A counter, and the value to set it to or to change it by.
#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct CounterInput {
    key: Field<String>,
    value: Field<i128>,
}

impl Command for Request {
    const PATH: &'static str = "group_open_http_svc/update_group_counter";
    type Reply = Reply;

    async fn run(self, call: &Call) -> Result<Reply, Failure> {
        let group = group_id(self.group_id)?;
        let by = values(self.group_counter.required("GroupCounter")?, call)?;
        let word = self.mode.required("Mode")?;
        let mode = CounterMode::parse(&word).ok_or_else(|| {
            Code::GroupParameter.because(format!("Mode is {word:?}, not Set, Increase or Decrease"))
        })?;
        let values = call.change(UpdateCounters { group, mode, by, limits: call.limits.values }).await?;
        Ok(Reply::new(values))
    }
}

fn values(list: Vec<Field<Object<CounterInput>>>, call: &Call) -> Result<Vec<(String, i64)>, Failure> {
    let mut keys = BTreeSet::new();
    check_all("GroupCounter", list, |entry, name| {
        let CounterInput { key, value } = entry.required(name)?.0;
        let key = counters::key(key, &format!("{name}.Key"), call)?;
        let field = format!("{name}.Value");
        let value = value.required(&field)?;
        let value = i64::try_from(value).map_err(|_| {
            Code::GroupParameter.because(format!("{field} is {value}, which does not fit in 64 bits"))
        })?;
        if !keys.insert(key.clone()) {
            return Err(Code::GroupParameter.because(format!("{name}.Key {key:?} appears twice")));
        }
        Ok((key, value))
    })
}
