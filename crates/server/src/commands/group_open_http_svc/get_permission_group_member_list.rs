//! `group_open_http_svc/get_permission_group_member_list`: lists the members of a permission group, page by page,
//! sorted by account.

use super::get_group_member_info::{page_start, page_token};
use super::group_id;
use super::member_row::{FieldNames, MemberRow, record_filters};
use super::permission_group::{PageStart, page_limit, permission_group_id};
use crate::call::{Call, Command};
use crate::field::Field;
use crate::reply::Failure;
use landfall_domain::ids::UserId;
use landfall_domain::part::{PartFamily, PartKey, PartRange};
use landfall_domain::permission::has_permission_groups;
use landfall_domain::snapshot::Needs;
use serde::{Deserialize, Serialize};

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    group_id: Field<String>,
    permission_group_id: Field<String>,
    limit: Field<i128>,
    next: Field<PageStart>,
    member_info_filter: FieldNames,
    #[serde(rename = "AppDefinedDataFilter_GroupMember")]
    member_fields: FieldNames,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Reply {
    member_list: Vec<MemberRow>,
    /// Where the next page starts; empty at the end.
    next: String,
}

impl Command for Request {
    const PATH: &'static str = "group_open_http_svc/get_permission_group_member_list";
    type Reply = Reply;

    async fn run(self, call: &Call) -> Result<Reply, Failure> {
        let group = group_id(self.group_id)?;
        let id = permission_group_id(self.permission_group_id)?;
        let limit = page_limit(self.limit, call.limits.topics.permission_members_per_page)?;
        let after =
            PageStart::token(self.next)?.map(|token| page_start(&token, "Next")).transpose()?.flatten();
        let range = PartRange {
            family: PartFamily::PermissionGroupMembers(id.clone()),
            after: after.map(|account| PartKey::PermissionGroupMember(id.clone(), account)),
            // One more shows whether there is another page.
            limit: limit.saturating_add(1),
        };
        let parts = vec![PartKey::PermissionGroup(id.clone())];
        let needs = Needs { parts, ranges: vec![range], ..Needs::default() };
        let snapshot = call.snapshot(group.clone(), needs).await?;
        has_permission_groups(&snapshot.group).and_then(|()| snapshot.permission_group(&id).map(|_| ()))?;
        let mut page: Vec<UserId> = snapshot.parts.into_keys().filter_map(account).collect();
        let more = limit < page.len();
        page.truncate(limit);
        let next = page.last().filter(|_| more).map(page_token);
        let (filter, fields) = record_filters(self.member_info_filter, self.member_fields);
        // Accounts that left the community are not shown.
        let snapshot = call.snapshot(group, Needs { members: page, ..Needs::default() }).await?;
        let members = snapshot.members.into_values().collect();
        Ok(Reply {
            member_list: MemberRow::list(call, members, &snapshot.group, (&filter, &fields)).await?,
            next: next.unwrap_or_default(),
        })
    }
}

fn account(key: PartKey) -> Option<UserId> {
    if let PartKey::PermissionGroupMember(_, account) = key { Some(account) } else { None }
}
