//! `group_open_http_svc/add_group_member`: adds accounts to a group.
//!
//! Each account gets an answer; a repeated call changes nothing.
//! [choice] Nobody is asked, so no account is ever told to wait (3): the caller has the rights of the owner.

use super::{flag, group_id};
use crate::call::{Call, Command, account};
use crate::code::Code;
use crate::given::{Given, Misfit, Object};
use crate::reply::Failure;
use landfall_domain::ids::UserId;
use landfall_domain::operations::add_members::{AddMembers, Added};
use serde::{Deserialize, Serialize};

/// The request.
#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    group_id: Given<String>,
    member_list: Given<Vec<Given<Object<Asked>>>>,
    silence: Given<i128>,
}

/// An account to be added. What import commands take besides is ignored here.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Asked {
    #[serde(rename = "Member_Account")]
    member_account: Given<String>,
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
    result: u8,
}

impl Command for Request {
    const PATH: &'static str = "group_open_http_svc/add_group_member";
    type Reply = Reply;

    async fn run(self, call: &Call) -> Result<Reply, Failure> {
        let operation = AddMembers {
            group: group_id(self.group_id)?,
            operator: call.caller.clone(),
            accounts: accounts(self.member_list, call)?,
            silent: flag(self.silence, "Silence")?.unwrap_or_default(),
        };
        let asked = operation.accounts.clone();
        let outcomes = call.change(operation).await?;
        let rows = asked.into_iter().zip(outcomes).map(|(account, outcome)| Row {
            member_account: account.as_str().to_owned(),
            result: match outcome {
                Added::Failed => 0,
                Added::Joined => 1,
                Added::AlreadyMember => 2,
            },
        });
        Ok(Reply { member_list: rows.collect() })
    }
}

fn accounts(given: Given<Vec<Given<Object<Asked>>>>, call: &Call) -> Result<Vec<UserId>, Failure> {
    let list = given.required("MemberList")?;
    let max = call.limits.members_per_call;
    if max < list.len() {
        return Err(Code::GroupTooManyAccounts
            .because(format!("MemberList names {} accounts; at most {max} are allowed", list.len())));
    }
    let named = list.into_iter().enumerate().map(|(index, item)| {
        let asked = item.required(&format!("MemberList[{index}]"))?.0;
        let field = format!("MemberList[{index}].Member_Account");
        let account = account(asked.member_account, &field, Code::GroupParameter)?;
        account.ok_or_else(|| Misfit::Missing(field).into())
    });
    named.collect()
}
