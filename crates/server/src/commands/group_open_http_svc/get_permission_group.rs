//! `group_open_http_svc/get_permission_group`: reads permission groups of a community, by id or page by page,
//! sorted by id.

use super::permission_group::{NO_SUCH_PERMISSION_GROUP, PageStart, page_limit};
use super::{group_id, names};
use crate::call::{Call, Command};
use crate::code::Code;
use crate::field::Field;
use crate::reply::Failure;
use landfall_domain::ids::{GroupId, PermissionGroupId};
use landfall_domain::part::{Part, PartFamily, PartKey, PartRange};
use landfall_domain::permission::{PermissionGroup, has_permission_groups};
use landfall_domain::snapshot::{GroupSnapshot, Needs};
use serde::{Deserialize, Serialize};

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    group_id: Field<String>,
    permission_group_id_list: Field<Vec<Field<String>>>,
    limit: Field<i128>,
    next: Field<PageStart>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Reply {
    permission_group_info_list: Vec<Row>,
    /// Where the next page starts; empty at the end.
    next: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Row {
    error_code: u32,
    error_info: &'static str,
    permission_group_id: String,
    #[serde(flatten)]
    info: Option<Info>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Info {
    permission_group_name: String,
    permission: u64,
    custom_string: String,
    member_num: u32,
    create_time: u64,
}

impl Command for Request {
    const PATH: &'static str = "group_open_http_svc/get_permission_group";
    type Reply = Reply;

    async fn run(self, call: &Call) -> Result<Reply, Failure> {
        let max = call.limits.topics.permission_groups_per_call;
        let group = group_id(self.group_id)?;
        if self.permission_group_id_list.is_given() {
            let requested = names(self.permission_group_id_list, "PermissionGroupIdList", max)?;
            return named(call, group, requested).await;
        }
        let limit = page_limit(self.limit, max)?;
        let after = PageStart::token(self.next)?.map(|token| page_start(&token)).transpose()?;
        page(call, group, after, limit).await
    }
}

async fn named(call: &Call, group: GroupId, requested: Vec<String>) -> Result<Reply, Failure> {
    let ids = requested.iter().filter_map(|id| PermissionGroupId::parse(id));
    let needs = Needs { parts: ids.map(PartKey::PermissionGroup).collect(), ..Needs::default() };
    let snapshot = permission_groups(call, group, needs).await?;
    let rows = requested.into_iter().map(|id| {
        let found = PermissionGroupId::parse(&id).and_then(|id| snapshot.permission_group(&id).ok());
        found.map_or_else(|| Row::missing(id), Row::new)
    });
    Ok(Reply { permission_group_info_list: rows.collect(), next: String::new() })
}

async fn page(
    call: &Call,
    group: GroupId,
    after: Option<PermissionGroupId>,
    limit: usize,
) -> Result<Reply, Failure> {
    let range = PartRange {
        family: PartFamily::PermissionGroups,
        after: after.map(PartKey::PermissionGroup),
        // One more shows whether there is another page.
        limit: limit.saturating_add(1),
    };
    let snapshot = permission_groups(call, group, Needs { ranges: vec![range], ..Needs::default() }).await?;
    let found = snapshot.parts.values().filter_map(|part| {
        if let Part::PermissionGroup(group) = part { Some(Row::new(group)) } else { None }
    });
    let mut rows: Vec<Row> = found.collect();
    let more = limit < rows.len();
    rows.truncate(limit);
    let next = rows.last().filter(|_| more).map(|row| row.permission_group_id.clone());
    Ok(Reply { permission_group_info_list: rows, next: next.unwrap_or_default() })
}

async fn permission_groups(call: &Call, group: GroupId, needs: Needs) -> Result<GroupSnapshot, Failure> {
    let snapshot = call.snapshot(group, needs).await?;
    has_permission_groups(&snapshot.group)?;
    Ok(snapshot)
}

fn page_start(token: &str) -> Result<PermissionGroupId, Failure> {
    PermissionGroupId::parse(token)
        .ok_or_else(|| Code::GroupParameter.because("Next is not a value that an answer gave"))
}

impl Row {
    fn new(group: &PermissionGroup) -> Self {
        let info = Info {
            permission_group_name: group.name.as_str().to_owned(),
            permission: group.permissions,
            custom_string: group.custom.as_str().to_owned(),
            member_num: group.member_count,
            create_time: group.created.0,
        };
        Self {
            error_code: 0,
            error_info: "",
            permission_group_id: group.id.as_str().to_owned(),
            info: Some(info),
        }
    }

    fn missing(permission_group_id: String) -> Self {
        Self {
            error_code: Code::PermissionGroupMissing.number(),
            error_info: NO_SUCH_PERMISSION_GROUP,
            permission_group_id,
            info: None,
        }
    }
}
