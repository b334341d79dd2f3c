//! `group_open_http_svc/destroy_permission_group`: removes permission groups, with a result for each.
//!
//! A permission group that never existed is answered like one that was removed. [choice]

use super::permission_group::NO_SUCH_PERMISSION_GROUP;
use super::{align_outcomes, group_id, names};
use crate::call::{Call, Command};
use crate::code::Code;
use crate::field::Field;
use crate::reply::Failure;
use landfall_domain::ids::PermissionGroupId;
use landfall_domain::operations::destroy_permission_groups::DestroyPermissionGroups;
use serde::{Deserialize, Serialize};

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    group_id: Field<String>,
    permission_group_id_list: Field<Vec<Field<String>>>,
}

/// One row for each requested permission group, in order.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Reply {
    permission_group_result_list: Vec<Row>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Row {
    error_code: u32,
    error_info: &'static str,
    permission_group_id: String,
}

impl Command for Request {
    const PATH: &'static str = "group_open_http_svc/destroy_permission_group";
    type Reply = Reply;

    async fn run(self, call: &Call) -> Result<Reply, Failure> {
        let group = group_id(self.group_id)?;
        let max = call.limits.topics.permission_groups_per_call;
        let requested = names(self.permission_group_id_list, "PermissionGroupIdList", max)?;
        let read: Vec<_> = requested.iter().map(|id| PermissionGroupId::parse(id)).collect();
        let ids = read.iter().flatten().cloned().collect();
        let gone = call.change(DestroyPermissionGroups { group, ids }).await?;
        let rows = requested.into_iter().zip(align_outcomes(read.iter().map(Option::is_some), gone));
        Ok(Reply { permission_group_result_list: rows.map(|(id, gone)| Row::new(id, gone)).collect() })
    }
}

impl Row {
    /// `gone`: whether the permission group existed; `None` for a malformed id.
    fn new(permission_group_id: String, gone: Option<bool>) -> Self {
        let (error_code, error_info) = match gone {
            Some(true) => (0, ""),
            Some(false) => {
                (Code::PermissionGroupDeleted.number(), "the permission group was deleted already")
            }
            None => (Code::PermissionGroupMissing.number(), NO_SUCH_PERMISSION_GROUP),
        };
        Self { error_code, error_info, permission_group_id }
    }
}
