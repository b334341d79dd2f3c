//! `group_open_http_svc/forbid_send_msg`: mutes or unmutes members in a group, or in one topic of a community.

use super::{accounts, group_id, mute_end};
use crate::call::{Call, Command};
use crate::commands::topic::topic_id;
use crate::field::Field;
use crate::reply::{Failure, Nothing};
use landfall_domain::operations::mute_members::MuteMembers;
use serde::Deserialize;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    group_id: Field<String>,
    #[serde(rename = "Members_Account")]
    members: Field<Vec<Field<String>>>,
    mute_time: Field<i128>,
    shut_up_time: Field<i128>,
    topic_id: Field<String>,
}

impl Command for Request {
    const PATH: &'static str = "group_open_http_svc/forbid_send_msg";
    type Reply = Nothing;

    async fn run(self, call: &Call) -> Result<Nothing, Failure> {
        let group = group_id(self.group_id)?;
        let max = call.limits.accounts_per_query;
        let accounts = accounts(self.members, "Members_Account", max)?;
        let mute_time = self.mute_time.or(self.shut_up_time).required("MuteTime")?;
        let until = mute_end(mute_time, call)?;
        let topic = topic_id(self.topic_id, &group)?;
        call.change(MuteMembers { group, operator: call.caller.clone(), accounts, until, topic }).await?;
        Ok(Nothing {})
    }
}
