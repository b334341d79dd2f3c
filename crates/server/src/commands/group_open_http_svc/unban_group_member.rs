//! `group_open_http_svc/unban_group_member`: lifts the bans of accounts in a group. It adds no member.

use super::{accounts, group_id};
use crate::call::{Call, Command};
use crate::field::Field;
use crate::reply::{Failure, Nothing};
use landfall_domain::operations::unban_members::UnbanMembers;
use serde::Deserialize;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    group_id: Field<String>,
    #[serde(rename = "Members_Account")]
    members: Field<Vec<Field<String>>>,
}

impl Command for Request {
    const PATH: &'static str = "group_open_http_svc/unban_group_member";
    type Reply = Nothing;

    async fn run(self, call: &Call) -> Result<Nothing, Failure> {
        let group = group_id(self.group_id)?;
        let max = call.limits.bans_per_call;
        let accounts = accounts(self.members, "Members_Account", max)?;
        call.change(UnbanMembers { group, accounts }).await?;
        Ok(Nothing {})
    }
}
