//! `group_open_http_svc/modify_group_attr`: adds attributes to a group of any type, or replaces those with the
//! same keys.

use super::attributes::{AttributesRequest, attributes, change};
use super::group_id;
use crate::call::{Call, Command};
use crate::reply::{Failure, Nothing};
use landfall_domain::attributes::AttributeChange;
use serde::Deserialize;

#[derive(Deserialize, Default)]
#[serde(transparent)]
pub struct Request(AttributesRequest);

impl Command for Request {
    const PATH: &'static str = "group_open_http_svc/modify_group_attr";
    type Reply = Nothing;

    async fn run(self, call: &Call) -> Result<Nothing, Failure> {
        let group = group_id(self.0.group_id)?;
        let attributes = attributes(self.0.group_attr, call)?;
        change(call, group, AttributeChange::Add(attributes)).await?;
        Ok(Nothing {})
    }
}
