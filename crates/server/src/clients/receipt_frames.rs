//! The frames about read receipts of messages in groups: each sender hears of its own messages, and nobody else does.

use super::frame::{self, FrameHeader};
use super::outgoing_frame::{OutgoingFrame, names};
use landfall_domain::event::Receipt;
use landfall_domain::group::GroupType;
use landfall_domain::ids::{GroupId, UserId};
use landfall_domain::message::Conversation;
use serde::Serialize;
use std::collections::BTreeMap;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ReceiptFrame<'a> {
    #[serde(flatten)]
    about: FrameHeader<'a>,
    msg_list: Vec<ReceiptRow>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ReceiptRow {
    msg_seq: u32,
    read_num: usize,
    unread_num: usize,
}

/// One frame for each sender, as long as it is in the group.
pub(super) fn of(group: &GroupId, kind: GroupType, receipts: &[Receipt]) -> Vec<OutgoingFrame> {
    let mut by_sender: BTreeMap<&UserId, Vec<ReceiptRow>> = BTreeMap::new();
    for Receipt { seq, sender, read, unread } in receipts {
        let row = ReceiptRow { msg_seq: *seq, read_num: *read, unread_num: *unread };
        by_sender.entry(sender).or_default().push(row);
    }
    let frame = |(sender, msg_list)| {
        let about = FrameHeader::of_group("receipt", kind, group, &Conversation::Group);
        let text = frame::text(&ReceiptFrame { about, msg_list });
        OutgoingFrame { to: names(std::slice::from_ref(sender)), ..OutgoingFrame::to_group(text) }
    };
    by_sender.into_iter().map(frame).collect()
}
