//! `group_open_http_svc/modify_permission_group`: changes a permission group.

use super::group_id;
use super::permission_group::{permission_group_id, permissions};
use super::profile::new_text;
use crate::call::{Call, Command};
use crate::field::{Emptiable, Field};
use crate::reply::{Failure, Nothing};
use landfall_domain::operations::modify_permission_group::ModifyPermissionGroup;
use serde::Deserialize;

/// A missing member stays as it is; empty custom data is set.
#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    group_id: Field<String>,
    permission_group_id: Field<String>,
    permission_group_name: Field<Emptiable>,
    permission: Field<i128>,
    custom_string: Field<Emptiable>,
}

impl Command for Request {
    const PATH: &'static str = "group_open_http_svc/modify_permission_group";
    type Reply = Nothing;

    async fn run(self, call: &Call) -> Result<Nothing, Failure> {
        let limits = call.limits.topics;
        let (name, custom) = (self.permission_group_name, self.custom_string);
        let operation = ModifyPermissionGroup {
            group: group_id(self.group_id)?,
            id: permission_group_id(self.permission_group_id)?,
            name: new_text(name, "PermissionGroupName", limits.permission_group_name)?,
            permissions: permissions(self.permission, "Permission")?,
            custom: new_text(custom, "CustomString", limits.custom)?,
        };
        call.change(operation).await?;
        Ok(Nothing {})
    }
}
