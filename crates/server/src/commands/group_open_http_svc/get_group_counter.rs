//! `group_open_http_svc/get_group_counter`: reads the counters of a group of any type but Community, all or
//! those named.
//!
//! A named counter that does not exist is left out of the answer. [choice]

use super::counters::{self, Reply};
use super::group_id;
use crate::call::{Call, Command};
use crate::field::Field;
use crate::reply::Failure;
use landfall_domain::operations::change_counters::counters_of;
use landfall_domain::part::PartKey;
use landfall_domain::snapshot::Needs;
use serde::Deserialize;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    group_id: Field<String>,
    group_counter_keys: Field<Vec<Field<String>>>,
}

impl Command for Request {
    const PATH: &'static str = "group_open_http_svc/get_group_counter";
    type Reply = Reply;

    async fn run(self, call: &Call) -> Result<Reply, Failure> {
        let group = group_id(self.group_id)?;
        let keys = counters::keys(self.group_counter_keys, call)?;
        let needs = Needs { parts: vec![PartKey::Counters], ..Needs::default() };
        let snapshot = call.snapshot(group, needs).await?;
        let counters = counters_of(&snapshot)?;
        Ok(Reply::of(counters, keys))
    }
}
