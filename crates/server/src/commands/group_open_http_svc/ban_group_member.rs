//! `group_open_http_svc/ban_group_member`: removes accounts from a group and bans them for some time. A later call
//! sets a new end.

use super::profile::text;
use super::{accounts, group_id};
use crate::call::{Call, Command};
use crate::code::Code;
use crate::field::Field;
use crate::reply::{Failure, Nothing};
use landfall_domain::operations::ban_members::BanMembers;
use serde::Deserialize;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    group_id: Field<String>,
    #[serde(rename = "Members_Account")]
    members: Field<Vec<Field<String>>>,
    duration: Field<i128>,
    description: Field<String>,
}

impl Command for Request {
    const PATH: &'static str = "group_open_http_svc/ban_group_member";
    type Reply = Nothing;

    async fn run(self, call: &Call) -> Result<Nothing, Failure> {
        let group = group_id(self.group_id)?;
        let max = call.limits.bans_per_call;
        let accounts = accounts(self.members, "Members_Account", max)?;
        let until = call.now.plus(duration(self.duration)?);
        // The description is meant for the banned accounts, and no notice carries it; so it is not kept. [choice]
        text(self.description, "Description", call.limits.ban_reason)?;
        call.change(BanMembers { group, operator: call.caller.clone(), accounts, until }).await?;
        Ok(Nothing {})
    }
}

/// Seconds. A ban of none would be a removal under another name. [choice]
fn duration(given: Field<i128>) -> Result<u32, Failure> {
    let seconds = given.required("Duration")?;
    u32::try_from(seconds).ok().filter(|seconds| *seconds != 0).ok_or_else(|| {
        Code::GroupParameter.because(format!("Duration is {seconds}; 1 to {} are allowed", u32::MAX))
    })
}
