//! `group_open_http_svc/get_group_member_info`: lists the members of one group, page by page.
//!
//! Ordinary groups are paged by `Offset` in order of joining, communities by `Next`, sorted by account, which stays
//! cheap however large they are. [choice]

use super::member_row::{FieldNames, Filter, MemberRow, record_filters};
use super::{group_id, number_up_to, refuse_without_members};
use crate::call::{Call, Command};
use crate::code::Code;
use crate::field::Field;
use crate::reply::Failure;
use landfall_domain::group::GroupType;
use landfall_domain::ids::{GroupId, UserId};
use landfall_domain::member::Role;
use landfall_domain::refusal::Refusal;
use landfall_domain::store::MemberWindow;
use serde::{Deserialize, Serialize};

/// Members on a page of a community when the request has no `Limit`: so many full records fit an answer.
const COMMUNITY_PAGE_DEFAULT: usize = 2_000;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    group_id: Field<String>,
    member_info_filter: FieldNames,
    member_role_filter: FieldNames,
    #[serde(rename = "AppDefinedDataFilter_GroupMember")]
    member_fields: FieldNames,
    limit: Field<i128>,
    offset: Field<i128>,
    next: Field<String>,
}

/// The same command under the path that one published client sends. [client]
#[derive(Deserialize, Default)]
#[serde(transparent)]
pub struct MisspelledRequest(Request);

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Reply {
    /// All members of the group, regardless of filter and page.
    member_num: u32,
    member_list: Vec<MemberRow>,
    /// Communities only; empty at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

impl Command for Request {
    const PATH: &'static str = "group_open_http_svc/get_group_member_info";
    type Reply = Reply;

    async fn run(self, call: &Call) -> Result<Reply, Failure> {
        let group = group_id(self.group_id)?;
        let page_max = call.limits.members_per_page;
        let limit =
            number_up_to(self.limit.optional("Limit")?.unwrap_or_default(), "Limit", page_max as u64)?;
        let limit = usize::try_from(limit).ok().filter(|limit| *limit != 0);
        let offset =
            number_up_to(self.offset.optional("Offset")?.unwrap_or_default(), "Offset", u32::MAX.into())?;
        let after =
            self.next.optional("Next")?.map(|token| page_start(&token, "Next")).transpose()?.flatten();
        let roles = Filter::new(self.member_role_filter);
        let roles = match roles.is_given() {
            true => [Role::Owner, Role::Admin, Role::Member]
                .into_iter()
                .filter(|role| roles.takes(&[role.as_str()]))
                .collect(),
            false => Vec::new(),
        };
        let Some(kind) = call.group_type(&group).await? else {
            return Err(Refusal::NoSuchGroup.into());
        };
        refuse_without_members(kind)?;
        let community = kind == GroupType::Community;
        let window = if community {
            MemberWindow::ByName { after, limit: limit.unwrap_or(COMMUNITY_PAGE_DEFAULT) }
        } else {
            MemberWindow::ByJoinTime {
                offset: usize::try_from(offset).unwrap_or(usize::MAX),
                limit: limit.unwrap_or(usize::MAX),
            }
        };
        let filters = record_filters(self.member_info_filter, self.member_fields);
        page(call, group, roles, window, community, filters).await
    }
}

impl Command for MisspelledRequest {
    const PATH: &'static str = "group_open_http_svc/get_group_member";
    type Reply = Reply;

    async fn run(self, call: &Call) -> Result<Reply, Failure> {
        self.0.run(call).await
    }
}

async fn page(
    call: &Call,
    group: GroupId,
    roles: Vec<Role>,
    window: MemberWindow,
    community: bool,
    (filter, fields): (Filter, Filter),
) -> Result<Reply, Failure> {
    let page = call.members(group, roles, window).await?;
    let next = page.members.last().filter(|_| page.more).map(|member| page_token(&member.account));
    Ok(Reply {
        member_num: page.group.member_count,
        next: community.then(|| next.unwrap_or_default()),
        member_list: MemberRow::list(call, page.members, &page.group, (&filter, &fields)).await?,
    })
}

/// A prefix of account names: without it, clients would take an account called "0" for the end.
const PAGE_MARK: char = '@';

pub(super) fn page_token(last: &UserId) -> String {
    format!("{PAGE_MARK}{last}")
}

/// Where a page starts, from the member called `field`; `None` for "0", which some clients send at the start. [client]
pub(super) fn page_start(token: &str, field: &str) -> Result<Option<UserId>, Failure> {
    if token == "0" {
        return Ok(None);
    }
    match token.strip_prefix(PAGE_MARK).and_then(UserId::parse) {
        Some(account) => Ok(Some(account)),
        None => Err(Code::GroupParameter.because(format!("{field} is not a value that an answer gave"))),
    }
}
