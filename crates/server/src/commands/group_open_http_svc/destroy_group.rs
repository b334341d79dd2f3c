//! `group_open_http_svc/destroy_group`: dissolves a group of any type. Its id can be used again at once.

use super::group_id;
use crate::call::{Call, Command};
use crate::code::Code;
use crate::commands::refusal::NO_SUCH_GROUP;
use crate::field::Field;
use crate::reply::{Failure, Nothing};
use landfall_domain::store::{NoSuchGroup, OperationError};
use serde::Deserialize;

/// The request.
#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    group_id: Field<String>,
}

impl Command for Request {
    const PATH: &'static str = "group_open_http_svc/destroy_group";
    type Reply = Nothing;

    async fn run(self, call: &Call) -> Result<Nothing, Failure> {
        let group = group_id(self.group_id)?;
        let kind = call.kind_of(&group).await?;
        let destroyed = call.store.destroy_group(call.context(), group.clone(), call.subscribers()).await;
        call.subscribers.wake();
        destroyed.map_err(|error| match error {
            OperationError::Refused(NoSuchGroup) => Code::GroupNotFound.because(NO_SUCH_GROUP),
            OperationError::Store(error) => Code::GroupInternal.internal(error),
        })?;
        if let Some(kind) = kind {
            call.clients().dissolved(&group, kind, call.cause());
        }
        Ok(Nothing {})
    }
}
