//! `openim_msg_ext_http_svc/group_get_key_values`: lists the extensions of a message, page by page, in the order
//! they were changed.

use super::{ExtensionPage, ExtensionRow};
use crate::call::{Call, Command};
use crate::commands::group_open_http_svc::{group_id, number_up_to};
use crate::commands::message_seq::number;
use crate::field::Field;
use crate::reply::Failure;
use landfall_domain::extension::ExtensionHead;
use landfall_domain::message::Conversation;
use landfall_domain::operations::set_extensions::takes_extensions;
use landfall_domain::part::{Part, PartFamily, PartKey, PartRange};
use landfall_domain::snapshot::{MessageRange, Needs};
use serde::Deserialize;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    group_id: Field<String>,
    msg_seq: Field<i128>,
    start_seq: Field<i128>,
}

impl Command for Request {
    const PATH: &'static str = "openim_msg_ext_http_svc/group_get_key_values";
    type Reply = ExtensionPage;

    async fn run(self, call: &Call) -> Result<ExtensionPage, Failure> {
        let group = group_id(self.group_id)?;
        let number = number(self.msg_seq)?;
        let start = self.start_seq.optional("StartSeq")?.unwrap_or_default();
        let start = number_up_to(start, "StartSeq", u32::MAX.into())?;
        let head = PartKey::ExtensionHead(Conversation::Group, number);
        let needs = Needs {
            parts: vec![head.clone()],
            ranges: vec![PartRange::all(PartFamily::Extensions(Conversation::Group, number))],
            messages: vec![MessageRange::Numbered(Conversation::Group, vec![number])],
            ..Needs::default()
        };
        let mut snapshot = call.snapshot(group, needs).await?;
        takes_extensions(&snapshot.group, snapshot.messages_of(&Conversation::Group).first().copied())?;
        let head = match snapshot.parts.remove(&head) {
            Some(Part::ExtensionHead(head)) => head,
            Some(_) | None => ExtensionHead::default(),
        };
        let rows = snapshot.parts.into_iter().filter_map(row).collect();
        let start = u32::try_from(start).unwrap_or(u32::MAX);
        Ok(ExtensionPage::of(rows, start, &head, &call.limits.messages))
    }
}

fn row(part: (PartKey, Part)) -> Option<ExtensionRow> {
    match part {
        (PartKey::Extension(_, _, key), Part::Extension(extension)) => {
            Some(ExtensionRow { key, value: extension.value, seq: extension.seq })
        }
        _ => None,
    }
}
