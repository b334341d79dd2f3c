//! `openim_msg_ext_http_svc/group_set_key_values`: sets, deletes or clears the extensions of a message in a group.
//!
//! [choice] An invalid key, value or number is 10004 in its row.

use super::change::{Asked, ExtensionInput, Row};
use crate::call::{Call, Command};
use crate::code::Code;
use crate::commands::group_open_http_svc::group_id;
use crate::commands::message_seq::number;
use crate::field::{Entries, Field, Object};
use crate::reply::Failure;
use landfall_domain::operations::set_extensions::SetExtensions;
use serde::{Deserialize, Serialize};

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    group_id: Field<String>,
    msg_seq: Field<i128>,
    operate_type: Field<i128>,
    extension_list: Field<Entries<Object<ExtensionInput>>>,
}

/// One row for each requested extension, in order.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Reply {
    extension_list: Vec<Row>,
}

impl Command for Request {
    const PATH: &'static str = "openim_msg_ext_http_svc/group_set_key_values";
    type Reply = Reply;

    async fn run(self, call: &Call) -> Result<Reply, Failure> {
        let group = group_id(self.group_id)?;
        let seq = number(self.msg_seq)?;
        let limits = &call.limits.messages;
        let asked = Asked::read(self.operate_type, self.extension_list, limits, Code::GroupParameter)?;
        let (change, count_max) = (asked.change.clone(), limits.extensions);
        let outcomes = call.change(SetExtensions { group, seq, change, count_max }).await?;
        Ok(Reply { extension_list: asked.into_rows(outcomes) })
    }
}
