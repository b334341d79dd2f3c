//! `group_open_http_svc/add_permission_group_member`: puts members of a community into a permission group, each for
//! itself.

use super::group_id;
use super::permission_group::{Named, accounts, permission_group_id};
use crate::call::{Call, Command};
use crate::code::Code;
use crate::given::{Given, Object};
use crate::reply::Failure;
use landfall_domain::operations::permission_group_members::{
    AddPermissionGroupMembers, PermissionGroupMembers, PermittedOutcome,
};
use serde::{Deserialize, Serialize};

/// The request.
#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    group_id: Given<String>,
    permission_group_id: Given<String>,
    member_list: Given<Vec<Given<Object<Named>>>>,
}

/// The reply: one row for each account asked for, in order.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Reply {
    member_list: Vec<Row>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Row {
    #[serde(rename = "Member_Account")]
    member_account: String,
    result: u32,
}

impl Command for Request {
    const PATH: &'static str = "group_open_http_svc/add_permission_group_member";
    type Reply = Reply;

    async fn run(self, call: &Call) -> Result<Reply, Failure> {
        let asked = PermissionGroupMembers {
            group: group_id(self.group_id)?,
            permission_group: permission_group_id(self.permission_group_id)?,
            accounts: accounts(self.member_list, call.limits.topics.permission_members_per_call)?,
        };
        let names: Vec<_> = asked.accounts.iter().map(|account| account.as_str().to_owned()).collect();
        let outcomes = call.change(AddPermissionGroupMembers(asked)).await?;
        let rows = names.into_iter().zip(outcomes);
        Ok(Reply {
            member_list: rows
                .map(|(member_account, outcome)| Row { member_account, result: result(outcome) })
                .collect(),
        })
    }
}

/// 0, or a code: 10013 for who is in it [doc], 10007 for who is not in the community. [choice]
fn result(outcome: PermittedOutcome) -> u32 {
    match outcome {
        PermittedOutcome::Added => 0,
        PermittedOutcome::AlreadyIn => Code::GroupAlreadyMember.number(),
        PermittedOutcome::NotAMember => Code::GroupNotAllowed.number(),
    }
}
