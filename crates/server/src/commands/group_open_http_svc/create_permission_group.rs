//! `group_open_http_svc/create_permission_group`: creates a permission group in a community.

use super::group_id;
use super::permission_group::permissions;
use super::profile::text;
use crate::call::{Call, Command};
use crate::code::Code;
use crate::field::Field;
use crate::reply::Failure;
use landfall_domain::ids::PermissionGroupId;
use landfall_domain::operations::add_permission_group::AddPermissionGroup;
use serde::{Deserialize, Serialize};

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    group_id: Field<String>,
    permission_group_id: Field<String>,
    permission_group_name: Field<String>,
    permission: Field<i128>,
    custom_string: Field<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Reply {
    permission_group_id: String,
}

impl Command for Request {
    const PATH: &'static str = "group_open_http_svc/create_permission_group";
    type Reply = Reply;

    async fn run(self, call: &Call) -> Result<Reply, Failure> {
        let limits = call.limits.topics;
        let group = group_id(self.group_id)?;
        let name = Field::Value(self.permission_group_name.required("PermissionGroupName")?);
        let operation = AddPermissionGroup {
            group,
            id: custom_id(self.permission_group_id)?,
            random_bits: call.random_bits,
            name: text(name, "PermissionGroupName", limits.permission_group_name)?,
            permissions: permissions(self.permission, "Permission")?.unwrap_or_default(),
            custom: text(self.custom_string, "CustomString", limits.custom)?,
            max: limits.permission_groups,
        };
        let id = call.change(operation).await?;
        Ok(Reply { permission_group_id: id.as_str().to_owned() })
    }
}

/// An id chosen by the app. No code of its own is documented for one of the wrong form. [choice]
fn custom_id(given: Field<String>) -> Result<Option<PermissionGroupId>, Failure> {
    given.optional("PermissionGroupId")?.map_or(Ok(None), |raw| {
        PermissionGroupId::parse_custom(&raw).map(Some).ok_or_else(|| {
            Code::GroupParameter.because(
                "PermissionGroupId must be @PMG#_ and printable ASCII that does not start with @PMG#, 96 bytes at \
                 most",
            )
        })
    })
}
