//! `group_open_http_svc/delete_permission_group_member`: removes accounts from a permission group. Accounts that
//! are not in it are ignored.

use super::group_id;
use super::member_list::{AccountInput, accounts};
use super::permission_group::permission_group_id;
use crate::call::{Call, Command};
use crate::field::{Field, Object};
use crate::reply::{Failure, Nothing};
use landfall_domain::operations::permission_group_members::{
    DeletePermissionGroupMembers, PermissionGroupMembers,
};
use serde::Deserialize;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    group_id: Field<String>,
    permission_group_id: Field<String>,
    member_list: Field<Vec<Field<Object<AccountInput>>>>,
}

impl Command for Request {
    const PATH: &'static str = "group_open_http_svc/delete_permission_group_member";
    type Reply = Nothing;

    async fn run(self, call: &Call) -> Result<Nothing, Failure> {
        let requested = PermissionGroupMembers {
            group: group_id(self.group_id)?,
            permission_group: permission_group_id(self.permission_group_id)?,
            accounts: accounts(self.member_list, call.limits.topics.permission_members_per_call)?,
        };
        call.change(DeletePermissionGroupMembers(requested)).await?;
        Ok(Nothing {})
    }
}
