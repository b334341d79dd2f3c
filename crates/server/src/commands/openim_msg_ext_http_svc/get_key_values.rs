//! `openim_msg_ext_http_svc/get_key_values`: lists the extensions of a message between two accounts, page by page, in the
//! order they were changed.

use super::{DirectKey, ExtensionPage, ExtensionRow, refused};
use crate::call::{Call, Command};
use crate::code::Code;
use crate::commands::openim::message::{internal, optional_u32};
use crate::field::Field;
use crate::reply::Failure;
use landfall_domain::extension::Extension;
use landfall_domain::people::Pair;
use landfall_domain::people::operations::extend_direct::{extension_needs, extensions_of};
use serde::Deserialize;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    #[serde(rename = "From_Account")]
    from_account: Field<String>,
    #[serde(rename = "To_Account")]
    to_account: Field<String>,
    msg_key: Field<String>,
    start_seq: Field<i128>,
}

impl Command for Request {
    const PATH: &'static str = "openim_msg_ext_http_svc/get_key_values";
    type Reply = ExtensionPage;

    async fn run(self, call: &Call) -> Result<ExtensionPage, Failure> {
        let Self { from_account, to_account, msg_key, start_seq } = self;
        let DirectKey { sender, receiver, key } = DirectKey::read(from_account, to_account, msg_key, call)?;
        let start = optional_u32(start_seq, "StartSeq", Code::MessageIllegal)?.unwrap_or_default();
        let pair = Pair::of(sender.clone(), receiver);
        let found = call.people(extension_needs(&pair, key)).await.map_err(internal)?;
        let extensions = extensions_of(&found, &pair, &sender, &key).map_err(refused)?;
        let row = |(key, extension): (String, Extension)| ExtensionRow {
            key,
            value: extension.value,
            seq: extension.seq,
        };
        let rows = extensions.all.into_iter().map(row).collect();
        Ok(ExtensionPage::of(rows, start, &extensions.head, &call.limits.messages))
    }
}
