//! `openim_msg_ext_http_svc/set_key_values`: sets, deletes or clears the extensions of a message between two accounts.
//!
//! [choice] What is wrong with the call is 90010, and so is an invalid key, value or number in its row; more extensions than
//! a message has are 90010 too.

use super::change::{Asked, ExtensionInput, Row};
use super::{DirectKey, refused};
use crate::call::{Call, Command};
use crate::code::Code;
use crate::commands::openim::message::failure;
use crate::field::{Entries, Field, Object};
use crate::reply::Failure;
use landfall_domain::people::operations::extend_direct::ExtendDirect;
use serde::{Deserialize, Serialize};

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    #[serde(rename = "From_Account")]
    from_account: Field<String>,
    #[serde(rename = "To_Account")]
    to_account: Field<String>,
    msg_key: Field<String>,
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
    const PATH: &'static str = "openim_msg_ext_http_svc/set_key_values";
    type Reply = Reply;

    async fn run(self, call: &Call) -> Result<Reply, Failure> {
        let Self { from_account, to_account, msg_key, operate_type, extension_list } = self;
        let DirectKey { sender, receiver, key } = DirectKey::read(from_account, to_account, msg_key, call)?;
        let limits = &call.limits.messages;
        let asked = Asked::read(operate_type, extension_list, limits, Code::MessageIllegal)?;
        let (change, count_max) = (asked.change.clone(), limits.extensions);
        let extended = call.change_people(ExtendDirect { sender, receiver, key, change, count_max }).await;
        let outcomes = extended.map_err(|error| failure(error, refused))?;
        Ok(Reply { extension_list: asked.into_rows(outcomes) })
    }
}
