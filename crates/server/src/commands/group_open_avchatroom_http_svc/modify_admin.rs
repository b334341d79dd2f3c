//! `group_open_avchatroom_http_svc/modify_admin`: appoints or dismisses administrators of a live-stream group.
//! They need not be in the group.
//!
//! More accounts than a group may have administrators are too many also where they are dismissed (10005); more
//! administrators than that are 10004. [choice]

use super::{accounts, group_id, sets};
use crate::call::{Call, Command};
use crate::field::Field;
use crate::reply::{Failure, Nothing};
use landfall_domain::operations::change_live_admins::ChangeLiveAdmins;
use serde::Deserialize;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    group_id: Field<String>,
    command_type: Field<i128>,
    #[serde(rename = "Admin_Account")]
    admin_account: Field<Vec<Field<String>>>,
}

impl Command for Request {
    const PATH: &'static str = "group_open_avchatroom_http_svc/modify_admin";
    type Reply = Nothing;

    async fn run(self, call: &Call) -> Result<Nothing, Failure> {
        let group = group_id(self.group_id)?;
        let appoint = sets(self.command_type)?;
        let max = call.limits.live.admins;
        let accounts = accounts(self.admin_account, "Admin_Account", max)?.into_iter().collect();
        call.change(ChangeLiveAdmins { group, accounts, appoint, max }).await?;
        Ok(Nothing {})
    }
}
