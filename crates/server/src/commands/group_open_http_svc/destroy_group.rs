//! `group_open_http_svc/destroy_group`: dissolves a group of any type. Its id can be used again at once.

use super::group_id;
use crate::call::{Call, Command};
use crate::field::Field;
use crate::reply::{Failure, Nothing};
use serde::Deserialize;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    group_id: Field<String>,
}

impl Command for Request {
    const PATH: &'static str = "group_open_http_svc/destroy_group";
    type Reply = Nothing;

    async fn run(self, call: &Call) -> Result<Nothing, Failure> {
        call.destroy_group(group_id(self.group_id)?).await?;
        Ok(Nothing {})
    }
}
