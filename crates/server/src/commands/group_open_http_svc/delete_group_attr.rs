//! `group_open_http_svc/delete_group_attr`: deletes attributes of a group of any type by key. When one of
//! them does not exist, none is deleted.

use super::attributes::{AttributesRequest, change, keys};
use super::group_id;
use crate::call::{Call, Command};
use crate::reply::{Failure, Nothing};
use landfall_domain::attributes::AttributeChange;
use serde::Deserialize;

#[derive(Deserialize, Default)]
#[serde(transparent)]
pub struct Request(AttributesRequest);

impl Command for Request {
    const PATH: &'static str = "group_open_http_svc/delete_group_attr";
    type Reply = Nothing;

    async fn run(self, call: &Call) -> Result<Nothing, Failure> {
        let group = group_id(self.0.group_id)?;
        let keys = keys(self.0.group_attr, call)?;
        change(call, group, AttributeChange::Delete(keys)).await?;
        Ok(Nothing {})
    }
}
