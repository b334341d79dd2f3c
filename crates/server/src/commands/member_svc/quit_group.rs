//! `quit_group`: the account leaves a group.

use crate::call::{Call, Command};
use crate::commands::group_open_http_svc::group_id;
use crate::field::Field;
use crate::reply::{Failure, Nothing};
use landfall_domain::operations::delete_members::DeleteMembers;
use serde::Deserialize;
use std::collections::BTreeSet;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    group_id: Field<String>,
}

impl Command for Request {
    const PATH: &'static str = "member_svc/quit_group";
    type Reply = Nothing;

    async fn run(self, call: &Call) -> Result<Nothing, Failure> {
        let operation = DeleteMembers {
            group: group_id(self.group_id)?,
            operator: call.caller.clone(),
            accounts: vec![call.caller.clone()],
            silent: false,
            quit: true,
            even_owner: false,
            permission_groups: BTreeSet::new(),
        };
        call.delete_members(operation).await?;
        Ok(Nothing {})
    }
}
