//! `group_open_http_svc/delete_group_member`: removes members from a group. Accounts that are no members are ignored.

use super::profile::text;
use super::{accounts, group_id, silent};
use crate::call::{Call, Command};
use crate::field::Field;
use crate::reply::{Failure, Nothing};
use landfall_domain::operations::delete_members::DeleteMembers;
use serde::Deserialize;
use std::collections::BTreeSet;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    group_id: Field<String>,
    #[serde(rename = "MemberToDel_Account")]
    members: Field<Vec<Field<String>>>,
    silence: Field<i128>,
    reason: Field<String>,
}

impl Command for Request {
    const PATH: &'static str = "group_open_http_svc/delete_group_member";
    type Reply = Nothing;

    async fn run(self, call: &Call) -> Result<Nothing, Failure> {
        let max = call.limits.members_per_call;
        let operation = DeleteMembers {
            group: group_id(self.group_id)?,
            operator: call.caller.clone(),
            accounts: accounts(self.members, "MemberToDel_Account", max)?,
            silent: silent(self.silence, call)?,
            quit: false,
            even_owner: false,
            permission_groups: BTreeSet::new(),
        };
        // The reason is meant for the removed members, and no notice carries it; so it is not kept. No page says how long it
        // may be: as long as that of a ban. [choice]
        text(self.reason, "Reason", call.limits.ban_reason)?;
        call.delete_members(operation).await?;
        Ok(Nothing {})
    }
}
