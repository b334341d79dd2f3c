//! `group_open_http_svc/set_unread_msg_num`: sets the unread count of a member, for migrations.
//!
//! Types without unread counts take the call and do nothing. [doc]

use super::{group_id, required_account, unread_count};
use crate::call::{ImportCommand, SilentCall};
use crate::field::Field;
use crate::reply::{Failure, Nothing};
use landfall_domain::operations::set_unread::SetUnread;
use serde::Deserialize;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    group_id: Field<String>,
    #[serde(rename = "Member_Account")]
    member_account: Field<String>,
    unread_msg_num: Field<i128>,
}

impl ImportCommand for Request {
    const PATH: &'static str = "group_open_http_svc/set_unread_msg_num";
    type Reply = Nothing;

    async fn run(self, call: &SilentCall) -> Result<Nothing, Failure> {
        let group = group_id(self.group_id)?;
        let member = required_account(self.member_account, "Member_Account")?;
        let unread = unread_count(self.unread_msg_num.required("UnreadMsgNum")?, "UnreadMsgNum")?;
        call.import(SetUnread { group, member, unread }).await?;
        Ok(Nothing {})
    }
}
