//! `openim/admin_getroammsg`: the history of two accounts, as one of them sees it.
//!
//! An answer holds the newest messages of the range, the oldest of them first; `LastMsgTime` and `LastMsgKey` are those of
//! the oldest one, from which the next call goes on, as its `MaxTime` and `LastMsgKey`. [doc]
//!
//! [choice] `MinTime` and `MaxTime` are of the range. An answer ends after 13 KB of messages, or after 1,000 messages
//! were looked at which the account does not see. A recalled message has no elements.

use super::message::{account, internal, key_in, required_u32};
use crate::call::{Call, Command};
use crate::code::Code;
use crate::field::Field;
use crate::reply::Failure;
use landfall_domain::ids::UserId;
use landfall_domain::message::{Content, MessageState};
use landfall_domain::people::fact::{Chat, Fact, FactKey};
use landfall_domain::people::message::{DirectMessage, DirectRange, MessageKey};
use landfall_domain::people::snapshot::{PeopleNeeds, PeopleSnapshot};
use landfall_domain::people::{Pair, Subject};
use landfall_domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// Messages in one answer. No edition bounds them; the bytes do. [choice]
const MESSAGES_MAX: usize = 100;
/// Bytes of messages in one answer, roughly. [doc]
const BYTES_MAX: usize = 13 * 1024;
/// Messages read at once.
const PAGE: usize = 100;
/// Messages read for one answer.
const READ_MAX: usize = 1_000;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    #[serde(rename = "Operator_Account")]
    operator_account: Field<String>,
    #[serde(rename = "Peer_Account")]
    peer_account: Field<String>,
    /// The older names.
    #[serde(rename = "From_Account")]
    from_account: Field<String>,
    #[serde(rename = "To_Account")]
    to_account: Field<String>,
    max_cnt: Field<i128>,
    min_time: Field<i128>,
    max_time: Field<i128>,
    last_msg_key: Field<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Reply {
    complete: u8,
    msg_cnt: usize,
    last_msg_time: u64,
    last_msg_key: String,
    msg_list: Vec<Row>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Row {
    #[serde(rename = "From_Account")]
    from_account: String,
    #[serde(rename = "To_Account")]
    to_account: String,
    msg_seq: u32,
    msg_random: u32,
    msg_time_stamp: u64,
    msg_flag_bits: u8,
    is_peer_read: u8,
    msg_key: String,
    msg_body: Box<RawValue>,
    cloud_custom_data: Box<str>,
}

impl Command for Request {
    const PATH: &'static str = "openim/admin_getroammsg";
    type Reply = Reply;

    async fn run(self, call: &Call) -> Result<Reply, Failure> {
        self.check()?.read(call).await
    }
}

/// A range of a history, read from its end.
struct Reading {
    pair: Pair,
    operator: UserId,
    peer: UserId,
    max: usize,
    from: MessageKey,
    to: MessageKey,
    /// The oldest message read.
    last: Option<MessageKey>,
    bytes: usize,
    /// The newest first.
    rows: Vec<Row>,
}

impl Request {
    fn check(self) -> Result<Reading, Failure> {
        let (operator, peer) =
            (self.operator_account.or(self.from_account), self.peer_account.or(self.to_account));
        let operator = account(operator, "Operator_Account", Code::FromAccountIllegal)?;
        let peer = account(peer, "Peer_Account", Code::ToAccountIllegal)?;
        let number = |given, field| required_u32(given, field, Code::MessageIllegal);
        let max = usize::try_from(number(self.max_cnt, "MaxCnt")?).unwrap_or(MESSAGES_MAX);
        if max == 0 {
            return Err(Code::MessageIllegal.because("MaxCnt is 0; at least 1 is needed"));
        }
        let from = MessageKey::first_of(Timestamp(number(self.min_time, "MinTime")?.into()));
        let latest = u64::from(number(self.max_time, "MaxTime")?);
        let last =
            self.last_msg_key.is_given().then(|| key_in(self.last_msg_key, "LastMsgKey")).transpose()?;
        let to = MessageKey::first_of(Timestamp(latest + 1));
        Ok(Reading {
            pair: Pair::of(operator.clone(), peer.clone()),
            operator,
            peer,
            max: max.min(MESSAGES_MAX),
            from,
            to: last.map_or(to, |last| last.min(to)),
            last: None,
            bytes: 0,
            rows: Vec::new(),
        })
    }
}

impl Reading {
    async fn read(mut self, call: &Call) -> Result<Reply, Failure> {
        let mut is_complete = false;
        let mut read = 0;
        'pages: while read < READ_MAX {
            let found = self.page(call).await?;
            let cleared = self.cleared(&found);
            let mut page: Vec<&DirectMessage> = found.messages_of(&self.pair).collect();
            page.sort_by_key(|message| std::cmp::Reverse(message.key));
            for message in &page {
                if message.is_hidden_from(&self.operator, cleared) {
                    self.go_behind(message);
                } else if !self.add(message)? {
                    break 'pages;
                }
            }
            read += page.len();
            is_complete = page.len() < PAGE;
            if is_complete {
                break;
            }
        }
        self.rows.reverse();
        Ok(Reply {
            complete: is_complete.into(),
            msg_cnt: self.rows.len(),
            last_msg_time: self.last.map_or(0, |key| key.sent.0),
            last_msg_key: self.last.map(|key| key.to_string()).unwrap_or_default(),
            msg_list: self.rows,
        })
    }

    async fn page(&self, call: &Call) -> Result<PeopleSnapshot, Failure> {
        let Self { pair, from, to, .. } = self;
        let range = DirectRange::Between { pair: pair.clone(), from: *from, to: *to, limit: PAGE };
        let (facts, messages) = (vec![self.chat()], vec![range]);
        call.people(PeopleNeeds { facts, messages, ..PeopleNeeds::default() }).await.map_err(internal)
    }

    fn chat(&self) -> (Subject, FactKey) {
        let chat = Chat::Direct(self.peer.clone());
        (Subject::Account(self.operator.clone()), FactKey::Chat(chat))
    }

    fn cleared(&self, found: &PeopleSnapshot) -> u32 {
        match found.facts.get(&self.chat()) {
            Some(Fact::Chat(state)) => state.cleared,
            _ => 0,
        }
    }

    fn go_behind(&mut self, message: &DirectMessage) {
        self.to = message.key;
        self.last = Some(message.key);
    }

    /// Adds a message; false when the answer is full.
    fn add(&mut self, message: &DirectMessage) -> Result<bool, Failure> {
        let (elements, custom) = match &message.content {
            Content::Sent(body) => (body.elements.clone(), body.custom.clone()),
            Content::Tip(_) | Content::Gone(_) => ("[]".into(), Box::default()),
        };
        let bytes = elements.len() + custom.len();
        if self.rows.len() == self.max || (!self.rows.is_empty() && BYTES_MAX < self.bytes + bytes) {
            return Ok(false);
        }
        self.bytes += bytes;
        self.go_behind(message);
        let key = message.key;
        self.rows.push(Row {
            from_account: message.sender.to_string(),
            to_account: message.receiver(&self.pair).to_string(),
            msg_seq: key.number,
            msg_random: key.random,
            msg_time_stamp: key.sent.0,
            msg_flag_bits: if message.state == MessageState::Recalled { RECALLED } else { 0 },
            is_peer_read: message.read.into(),
            msg_key: key.to_string(),
            msg_body: RawValue::from_string(elements.into())
                .map_err(|error| Code::MessageInternal.internal(error))?,
            cloud_custom_data: custom,
        });
        Ok(true)
    }
}

/// `MsgFlagBits` of a recalled message. [doc]
const RECALLED: u8 = 8;
