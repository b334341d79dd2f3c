//! `group_open_http_svc/get_role_in_group`: which roles accounts have in one group. Those that are no members, or no
//! accounts at all, have `NotMember`, and so has what can be no account.

use super::{accounts, group_id, refuse_without_members};
use crate::call::{Call, Command};
use crate::given::Given;
use crate::reply::Failure;
use landfall_domain::operation::Needs;
use serde::{Deserialize, Serialize};

/// The request.
#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    group_id: Given<String>,
    #[serde(rename = "User_Account")]
    user_account: Given<Vec<Given<String>>>,
}

/// The reply: a row for each account asked for, in order.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Reply {
    user_id_list: Vec<Row>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Row {
    #[serde(rename = "Member_Account")]
    member_account: String,
    role: &'static str,
}

impl Command for Request {
    const PATH: &'static str = "group_open_http_svc/get_role_in_group";
    type Reply = Reply;

    async fn run(self, call: &Call) -> Result<Reply, Failure> {
        let group = group_id(self.group_id)?;
        let asked = accounts(self.user_account, "User_Account", call.limits.accounts_per_query)?;
        let scene = call.look(group, Needs { members: asked.clone(), ..Needs::default() }).await?;
        refuse_without_members(scene.group.kind)?;
        let rows = asked.iter().map(|account| Row {
            member_account: account.as_str().to_owned(),
            role: scene.members.get(account).map_or("NotMember", |member| member.role.word()),
        });
        Ok(Reply { user_id_list: rows.collect() })
    }
}
