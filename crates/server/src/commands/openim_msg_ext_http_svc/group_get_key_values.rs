//! `openim_msg_ext_http_svc/group_get_key_values`: lists the extensions of a message, page by page, in the order
//! they were changed.
//!
//! [choice] `StartSeq` is the lowest number that is answered, so the next page starts behind the last one of this.
//! What was deleted is not answered: a reader that finds `LatestSeq` beyond what it has reads again from 0.

use super::ExtensionRow;
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
use serde::{Deserialize, Serialize};

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    group_id: Field<String>,
    msg_seq: Field<i128>,
    start_seq: Field<i128>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Reply {
    extension_list: Vec<ExtensionRow>,
    /// 1 when this page is the last.
    complete_flag: u8,
    /// The number of the last change to any extension.
    latest_seq: u32,
    /// The number of the change that cleared all; extensions with a lower number are gone.
    clear_seq: u32,
}

impl Command for Request {
    const PATH: &'static str = "openim_msg_ext_http_svc/group_get_key_values";
    type Reply = Reply;

    async fn run(self, call: &Call) -> Result<Reply, Failure> {
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
        let mut rows: Vec<ExtensionRow> = snapshot.parts.into_iter().filter_map(row).collect();
        rows.retain(|row| start <= row.seq.into());
        rows.sort_by_key(|row| row.seq);
        let page_max = call.limits.messages.extensions_per_page;
        let complete = rows.len() <= page_max;
        rows.truncate(page_max);
        Ok(Reply {
            extension_list: rows,
            complete_flag: complete.into(),
            latest_seq: head.latest_seq,
            clear_seq: head.clear_seq,
        })
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
