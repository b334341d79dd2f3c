//! `group_open_http_svc/clear_group_attr`: deletes all attributes of a group of any type.

use super::attributes::change;
use super::group_id;
use crate::call::{Call, Command};
use crate::field::Field;
use crate::reply::{Failure, Nothing};
use landfall_domain::attributes::AttributeChange;
use serde::Deserialize;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    group_id: Field<String>,
}

impl Command for Request {
    const PATH: &'static str = "group_open_http_svc/clear_group_attr";
    type Reply = Nothing;

    async fn run(self, call: &Call) -> Result<Nothing, Failure> {
        change(call, group_id(self.group_id)?, AttributeChange::Clear).await?;
        Ok(Nothing {})
    }
}
