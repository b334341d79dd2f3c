//! `group_open_http_svc/clear_group_msg`: hides a group's history from its members; administrators can still
//! read it.

use super::{group_id, number_up_to};
use crate::call::{Call, Command};
use crate::field::Field;
use crate::reply::{Failure, Nothing};
use landfall_domain::operations::clear_messages::ClearMessages;
use serde::Deserialize;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    group_id: Field<String>,
    msg_seq: Field<i128>,
}

impl Command for Request {
    const PATH: &'static str = "group_open_http_svc/clear_group_msg";
    type Reply = Nothing;

    async fn run(self, call: &Call) -> Result<Nothing, Failure> {
        let group = group_id(self.group_id)?;
        // As everywhere, 0 is not given: all is cleared. [choice]
        let up_to = self.msg_seq.optional("MsgSeq")?.unwrap_or_default();
        let up_to = number_up_to(up_to, "MsgSeq", u32::MAX.into())?;
        let up_to = u32::try_from(up_to).ok().filter(|up_to| *up_to != 0);
        call.change(ClearMessages { group, up_to }).await?;
        Ok(Nothing {})
    }
}
