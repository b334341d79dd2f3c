//! `group_open_http_svc/add_permission_group_member`: adds members of a community to a permission group, with a
//! result for each.

use super::group_id;
use super::member_list::{AccountInput, MemberResults, account_entries};
use super::permission_group::permission_group_id;
use crate::call::{Call, Command};
use crate::code::Code;
use crate::field::{Entries, Field, Object};
use crate::reply::Failure;
use landfall_domain::operations::permission_group_members::{
    AddPermissionGroupMembers, PermissionGroupMembers, PermittedOutcome,
};
use serde::Deserialize;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    group_id: Field<String>,
    permission_group_id: Field<String>,
    member_list: Field<Entries<Object<AccountInput>>>,
}

impl Command for Request {
    const PATH: &'static str = "group_open_http_svc/add_permission_group_member";
    type Reply = MemberResults;

    async fn run(self, call: &Call) -> Result<MemberResults, Failure> {
        let group = group_id(self.group_id)?;
        let permission_group = permission_group_id(self.permission_group_id)?;
        let max = call.limits.topics.permission_members_per_call;
        let mut entries = account_entries(self.member_list, max)?;
        let accounts = std::mem::take(&mut entries.valid);
        let requested = PermissionGroupMembers { group, permission_group, accounts };
        let outcomes = call.change(AddPermissionGroupMembers(requested)).await?;
        Ok(entries.results(outcomes.into_iter().map(result), Code::GroupParameter.number()))
    }
}

/// 0, or a code: 10013 for an account that is in it [doc], 10007 for one that is not in the community, and 10004 for an
/// invalid account name. [choice]
fn result(outcome: PermittedOutcome) -> u32 {
    match outcome {
        PermittedOutcome::Added => 0,
        PermittedOutcome::AlreadyIn => Code::GroupAlreadyMember.number(),
        PermittedOutcome::NotAMember => Code::GroupNotAllowed.number(),
    }
}
