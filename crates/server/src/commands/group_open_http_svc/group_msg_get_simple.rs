//! `group_open_http_svc/group_msg_get_simple`: reads messages of a group's history, the newest first.
//!
//! A page is about numbers, not about messages: a deleted or expired message gets a placeholder without content, so that
//! callers count on from the last number they got.
//!
//! [choice] `IsFinished` is 1 when nothing older is kept, 2 when the whole page is expired, and 0 otherwise: the page
//! that describes it also reads as if 1 meant that all requested numbers came, which callers see by themselves.
//! [choice] A recalled message shows as a placeholder, and as a recalled message (2) with `WithRecalledMsg`.
//! [choice] A request for more messages than a page holds is not refused; the page holds as many as it may.

use super::{group_id, number_up_to};
use crate::call::{Call, Command};
use crate::code::Code;
use crate::commands::topic::topic_id;
use crate::field::Field;
use crate::files::signing::FileSigner;
use crate::reply::Failure;
use landfall_domain::message::{Content, Conversation, Message, MessageLog, MessageState, Priority};
use landfall_domain::part::PartKey;
use landfall_domain::refusal::Refusal;
use landfall_domain::snapshot::{MessageRange, Needs};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::RawValue;
use std::collections::BTreeMap;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    group_id: Field<String>,
    topic_id: Field<String>,
    req_msg_number: Field<i128>,
    req_msg_seq: Field<i128>,
    with_recalled_msg: Field<i128>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Reply {
    group_id: String,
    is_finished: u8,
    rsp_msg_list: Vec<Row>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Row {
    #[serde(rename = "From_Account")]
    from_account: String,
    is_place_msg: u8,
    /// Only in system messages.
    #[serde(skip_serializing_if = "Option::is_none")]
    is_system_msg: Option<u8>,
    /// Empty when the message was deleted or recalled, or never had a body.
    #[serde(serialize_with = "elements")]
    msg_body: Option<Box<RawValue>>,
    msg_priority: u8,
    msg_random: u32,
    msg_seq: u32,
    msg_time_stamp: u64,
    #[serde(skip_serializing_if = "str::is_empty")]
    cloud_custom_data: Box<str>,
}

impl Command for Request {
    const PATH: &'static str = "group_open_http_svc/group_msg_get_simple";
    type Reply = Reply;

    async fn run(self, call: &Call) -> Result<Reply, Failure> {
        let group = group_id(self.group_id)?;
        let topic = topic_id(self.topic_id, &group)?;
        let number = self.req_msg_number.required("ReqMsgNumber")?;
        if number < 1 {
            return Err(
                Code::GroupParameter.because(format!("ReqMsgNumber is {number}; it must be at least 1"))
            );
        }
        let limit = usize::try_from(number).unwrap_or(usize::MAX).min(call.limits.messages.per_page);
        let up_to = self.req_msg_seq.optional("ReqMsgSeq")?.unwrap_or_default();
        let up_to = match u32::try_from(number_up_to(up_to, "ReqMsgSeq", u32::MAX.into())?) {
            Ok(seq) if seq != 0 => seq,
            Ok(_) | Err(_) => u32::MAX,
        };
        let with_recalled = self.with_recalled_msg.optional("WithRecalledMsg")?.unwrap_or_default();
        let with_recalled = number_up_to(with_recalled, "WithRecalledMsg", 1)? == 1;

        let conversation = Conversation::of(topic.clone());
        let needs = Needs {
            parts: topic.into_iter().map(PartKey::Topic).collect(),
            messages: vec![MessageRange::Newest { conversation: conversation.clone(), up_to, limit }],
            ..Needs::default()
        };
        let mut snapshot = call.snapshot(group, needs).await?;
        if !snapshot.group.kind.can().history {
            return Err(Refusal::TypeForbids("keep no messages").into());
        }
        let kept = snapshot.messages.remove(&conversation).unwrap_or_default();
        let log = snapshot.log(&conversation)?;
        let (is_finished, rsp_msg_list) = page(log, up_to, limit, kept, with_recalled, &call.files)?;
        Ok(Reply { group_id: snapshot.group.id.as_str().to_owned(), is_finished, rsp_msg_list })
    }
}

/// `IsFinished`, and the `limit` numbers up to `up_to`, each with its message or a placeholder.
fn page(
    log: &MessageLog,
    up_to: u32,
    limit: usize,
    mut kept: BTreeMap<u32, Message>,
    with_recalled: bool,
    files: &FileSigner,
) -> Result<(u8, Vec<Row>), Failure> {
    let newest = up_to.min(log.last_seq());
    let before = newest.saturating_sub(u32::try_from(limit).unwrap_or(u32::MAX));
    let is_finished = match newest {
        0 => 1,
        _ if newest < log.first_kept => 2,
        _ if log.first_kept <= before => 0,
        _ => 1,
    };
    let numbers = (before + 1..=newest).rev();
    let rows = numbers.map(|seq| match kept.remove(&seq) {
        Some(message) => row(message, with_recalled, files),
        None => Ok(placeholder(seq)),
    });
    Ok((is_finished, rows.collect::<Result<_, _>>()?))
}

fn row(message: Message, with_recalled: bool, files: &FileSigner) -> Result<Row, Failure> {
    let is_place_msg = match message.state {
        MessageState::Kept => 0,
        MessageState::Recalled if with_recalled => 2,
        MessageState::Deleted | MessageState::Recalled => 1,
    };
    let mut row = Row {
        from_account: message.sender.as_str().to_owned(),
        is_place_msg,
        is_system_msg: None,
        msg_body: None,
        msg_priority: message.priority.number(),
        msg_random: message.random,
        msg_seq: message.seq,
        msg_time_stamp: message.sent.0,
        cloud_custom_data: Box::default(),
    };
    match message.content {
        Content::Sent(body) => {
            // It was JSON when it was sent; if it no longer is, the store is damaged.
            let elements = RawValue::from_string(files.signed(&body.elements).into_owned());
            row.msg_body = Some(elements.map_err(|error| Code::GroupInternal.internal(error))?);
            row.cloud_custom_data = body.custom;
        }
        // What a tip says has no form of its own in a history. [choice]
        Content::Tip(_) => row.is_system_msg = Some(1),
        Content::Gone(_) => {}
    }
    Ok(row)
}

/// The placeholder of a message that is gone.
fn placeholder(seq: u32) -> Row {
    Row {
        from_account: String::new(),
        is_place_msg: 1,
        is_system_msg: None,
        msg_body: None,
        msg_priority: Priority::Normal.number(),
        msg_random: 0,
        msg_seq: seq,
        msg_time_stamp: 0,
        cloud_custom_data: Box::default(),
    }
}

#[expect(clippy::ref_option, reason = "serde hands over a reference to the member")]
fn elements<S: Serializer>(body: &Option<Box<RawValue>>, serializer: S) -> Result<S::Ok, S::Error> {
    match body {
        Some(elements) => elements.serialize(serializer),
        None => serializer.collect_seq([(); 0]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::signing::tests::signer;
    use landfall_domain::ids::{AppId, UserId};
    use landfall_domain::message::{Body, Tip, TipKind};
    use landfall_domain::time::Timestamp;

    fn message(seq: u32, content: Content) -> (u32, Message) {
        let message = Message {
            seq,
            sent: Timestamp(100 + u64::from(seq)),
            sender: UserId::parse("ann").unwrap(),
            random: 7,
            priority: Priority::High,
            state: MessageState::Kept,
            content,
        };
        (seq, message)
    }

    fn said(seq: u32) -> (u32, Message) {
        message(seq, Content::Sent(Body { elements: "[1.50]".into(), custom: "c".into(), ..Body::default() }))
    }

    fn gone(seq: u32, state: MessageState) -> (u32, Message) {
        let (seq, message) = said(seq);
        (seq, message.without_content(state))
    }

    fn log(first_kept: u32, last: u32) -> MessageLog {
        MessageLog { first_kept, next_seq: last + 1, ..MessageLog::default() }
    }

    /// `IsFinished`, and the numbers of the page, each with its `IsPlaceMsg`.
    fn shape(log: &MessageLog, up_to: u32, limit: usize, kept: &[(u32, Message)]) -> (u8, Vec<(u32, u8)>) {
        let kept = kept.iter().cloned().collect();
        let (is_finished, rows) = page(log, up_to, limit, kept, true, &signer(AppId(1))).unwrap();
        (is_finished, rows.iter().map(|row| (row.msg_seq, row.is_place_msg)).collect())
    }

    #[test]
    fn pages_go_down_to_what_is_kept() {
        let kept = [said(1), said(2), said(3)];
        for (first_kept, up_to, limit, is_finished, numbers) in [
            (1, u32::MAX, 2, 0, &[3, 2][..]),
            (1, u32::MAX, 3, 1, &[3, 2, 1]),
            (1, 2, 9, 1, &[2, 1]),
            (2, u32::MAX, 2, 1, &[3, 2]),
            (2, 1, 9, 2, &[1]),
            (4, u32::MAX, 2, 2, &[3, 2]),
        ] {
            let kept: Vec<_> = kept.iter().filter(|(seq, _)| first_kept <= *seq).cloned().collect();
            let places: Vec<_> = numbers.iter().map(|seq| (*seq, u8::from(*seq < first_kept))).collect();
            assert_eq!(shape(&log(first_kept, 3), up_to, limit, &kept), (is_finished, places));
        }
        assert_eq!(shape(&log(1, 0), u32::MAX, 9, &[]), (1, vec![]));
    }

    #[test]
    fn deleted_and_recalled_messages_are_placeholders() {
        let kept = [said(1), gone(2, MessageState::Deleted), gone(4, MessageState::Recalled)];
        let (_, places) = shape(&log(1, 4), u32::MAX, 9, &kept);
        assert_eq!(places, [(4, 2), (3, 1), (2, 1), (1, 0)]);
        let (_, rows) =
            page(&log(1, 4), u32::MAX, 1, kept.into_iter().collect(), false, &signer(AppId(1))).unwrap();
        assert_eq!(rows[0].is_place_msg, 1, "recalled messages are not requested");
    }

    #[test]
    fn rows_are_as_documented() {
        let tip = Tip { kind: TipKind::Invited, accounts: vec![], changes: vec![] };
        let kept = [said(1), gone(3, MessageState::Deleted), message(4, Content::Tip(tip))];
        let (_, rows) =
            page(&log(1, 4), u32::MAX, 9, kept.into_iter().collect(), false, &signer(AppId(1))).unwrap();
        let expected = [
            r#"{"From_Account":"ann","IsPlaceMsg":0,"IsSystemMsg":1,"MsgBody":[],"MsgPriority":1,"MsgRandom":7,"MsgSeq":4,"MsgTimeStamp":104}"#,
            r#"{"From_Account":"ann","IsPlaceMsg":1,"MsgBody":[],"MsgPriority":1,"MsgRandom":7,"MsgSeq":3,"MsgTimeStamp":103}"#,
            r#"{"From_Account":"","IsPlaceMsg":1,"MsgBody":[],"MsgPriority":2,"MsgRandom":0,"MsgSeq":2,"MsgTimeStamp":0}"#,
            r#"{"From_Account":"ann","IsPlaceMsg":0,"MsgBody":[1.50],"MsgPriority":1,"MsgRandom":7,"MsgSeq":1,"MsgTimeStamp":101,"CloudCustomData":"c"}"#,
        ];
        for (row, expected) in rows.iter().zip(expected) {
            assert_eq!(serde_json::to_string(row).unwrap(), expected);
        }
    }
}
