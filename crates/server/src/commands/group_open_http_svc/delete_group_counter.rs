//! `group_open_http_svc/delete_group_counter`: deletes counters of a group, all or those named.
//!
//! Deleting a counter that does not exist succeeds. [choice]

use super::{counters, group_id};
use crate::call::{Call, Command};
use crate::field::Field;
use crate::reply::{Failure, Nothing};
use landfall_domain::operations::change_counters::DeleteCounters;
use serde::Deserialize;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    group_id: Field<String>,
    group_counter_keys: Field<Vec<Field<String>>>,
}

impl Command for Request {
    const PATH: &'static str = "group_open_http_svc/delete_group_counter";
    type Reply = Nothing;

    async fn run(self, call: &Call) -> Result<Nothing, Failure> {
        let group = group_id(self.group_id)?;
        let keys = counters::keys(self.group_counter_keys, call)?;
        call.change(DeleteCounters { group, keys }).await?;
        Ok(Nothing {})
    }
}
