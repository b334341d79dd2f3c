//! `group_open_http_svc/get_role_in_group`: reports the roles of accounts in one group. Accounts that are no members
//! or do not exist have `NotMember`, and so do invalid account names.

use super::{group_id, refuse_too_many_accounts, refuse_without_members, required_account};
use crate::call::{Call, Command};
use crate::field::{Entries, Field};
use crate::items::{check_each, echoed};
use crate::reply::Failure;
use landfall_domain::snapshot::Needs;
use serde::{Deserialize, Serialize};

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    group_id: Field<String>,
    #[serde(rename = "User_Account")]
    user_account: Field<Entries<String>>,
}

/// One row for each requested account, in order.
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
        let Entries(list) = self.user_account.required("User_Account")?;
        refuse_too_many_accounts(list.len(), "User_Account", call.limits.accounts_per_query)?;
        let names: Vec<_> = list.iter().map(|name| echoed(name.written())).collect();
        let requested = check_each("User_Account", list, required_account)?;
        let members = requested.iter().flatten().cloned().collect();
        let snapshot = call.snapshot(group, Needs { members, ..Needs::default() }).await?;
        refuse_without_members(snapshot.group.kind)?;
        let rows = names.into_iter().zip(requested).map(|(member_account, account)| {
            let member = account.ok().and_then(|account| snapshot.members.get(&account));
            Row { member_account, role: member.map_or("NotMember", |member| member.role.as_str()) }
        });
        Ok(Reply { user_id_list: rows.collect() })
    }
}
