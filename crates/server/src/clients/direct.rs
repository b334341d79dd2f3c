//! Messages between two accounts, as clients get them: their frames, and what the history has of them.

use super::client::ConnectedClient;
use super::frame;
use super::outgoing_frame::names;
use super::people_update::PeopleFrame;
use super::session::CloseReason;
use landfall_domain::ids::UserId;
use landfall_domain::message::{Content, MessageState};
use landfall_domain::people::fact::{Chat, Fact, FactKey};
use landfall_domain::people::message::{DirectMessage, DirectRange, MessageKey};
use landfall_domain::people::snapshot::PeopleNeeds;
use landfall_domain::people::{Pair, Subject};
use landfall_domain::time::Timestamp;
use serde::Serialize;
use serde_json::value::RawValue;

/// Messages before a new one that are looked for when they have not arrived.
const GAP_MAX: u32 = 200;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct MessageFrame<'a> {
    event: &'static str,
    #[serde(rename = "From_Account")]
    from_account: &'a str,
    #[serde(rename = "To_Account")]
    to_account: &'a str,
    /// The place; 0 when no history stores it.
    msg_seq: u32,
    msg_time: u64,
    msg_key: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    msg_body: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "str::is_empty")]
    cloud_custom_data: &'a str,
    #[serde(skip_serializing_if = "is_zero")]
    online_only_flag: u8,
    #[serde(skip_serializing_if = "is_zero")]
    no_unread: u8,
    #[serde(skip_serializing_if = "is_zero")]
    is_need_read_receipt: u8,
    #[serde(skip_serializing_if = "is_zero")]
    is_peer_read: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    offline_push_info: Option<&'a RawValue>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference to the member")]
fn is_zero(flag: &u8) -> bool {
    *flag == 0
}

fn message_frame(event: &'static str, pair: &Pair, message: &DirectMessage) -> String {
    let said = match &message.content {
        Content::Sent(body) => Some(body),
        Content::Tip(_) | Content::Gone => None,
    };
    frame::text(&MessageFrame {
        event,
        from_account: message.sender.as_str(),
        to_account: message.receiver(pair).as_str(),
        msg_seq: message.seq,
        msg_time: message.key.sent.0,
        msg_key: message.key.to_string(),
        msg_body: said.and_then(|body| serde_json::from_str(&body.elements).ok()),
        cloud_custom_data: said.map_or("", |body| &body.custom),
        online_only_flag: u8::from(message.seq == 0),
        no_unread: u8::from(said.is_some_and(|body| body.no_unread)),
        is_need_read_receipt: u8::from(said.is_some_and(|body| body.receipt)),
        is_peer_read: u8::from(message.read),
        offline_push_info: serde_json::from_str(&message.push).ok(),
    })
}

/// A message of a history as a frame; of one whose content is gone, the frame that says so.
pub(super) fn message(pair: &Pair, message: &DirectMessage) -> String {
    let event = match (&message.content, message.state) {
        (Content::Sent(_), _) => "message",
        (_, MessageState::Recalled) => "recalled",
        (_, MessageState::Kept | MessageState::Deleted) => "deleted",
    };
    message_frame(event, pair, message)
}

/// To the receiver, and to the devices of the sender where the message asks for it.
pub(super) fn sent(pair: &Pair, message: &DirectMessage) -> Vec<PeopleFrame> {
    let direct = (message.seq != 0).then(|| (pair.to_string(), message.seq));
    let receiver = message.receiver(pair);
    let copied = !message.quiet && !message.hidden_from_sender && *receiver != message.sender;
    let to: Vec<UserId> =
        [receiver.clone()].into_iter().chain(copied.then(|| message.sender.clone())).collect();
    vec![PeopleFrame { to: names(&to), text: self::message(pair, message), direct }]
}

/// To both accounts, unless one of them does not see the message.
pub(super) fn changed(pair: &Pair, message: &DirectMessage) -> PeopleFrame {
    let event = if message.state == MessageState::Recalled { "recalled" } else { "modified" };
    let mut to: Vec<UserId> =
        pair.accounts().into_iter().filter(|account| !message.is_hidden_from(account, 0)).cloned().collect();
    to.dedup();
    PeopleFrame { to: names(&to), text: message_frame(event, pair, message), direct: None }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ReadFrame<'a> {
    event: &'static str,
    #[serde(rename = "Report_Account")]
    report_account: &'a str,
    #[serde(rename = "Peer_Account")]
    peer_account: &'a str,
    last_read_time: u64,
    unread_msg_num: u32,
}

/// To the devices of the reader, and to the other account.
pub(super) fn read(reader: &UserId, peer: &UserId, until: Timestamp, unread: u32) -> PeopleFrame {
    let text = frame::text(&ReadFrame {
        event: "read",
        report_account: reader.as_str(),
        peer_account: peer.as_str(),
        last_read_time: until.0,
        unread_msg_num: unread,
    });
    PeopleFrame { to: both(reader, peer), text, direct: None }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ReceiptFrame<'a> {
    event: &'static str,
    #[serde(rename = "Operator_Account")]
    operator_account: &'a str,
    #[serde(rename = "Peer_Account")]
    peer_account: &'a str,
    msg_key_list: Vec<String>,
}

/// To the account that sent the messages, and to the devices of the one that has read them.
pub(super) fn confirmed(reader: &UserId, peer: &UserId, keys: &[MessageKey]) -> PeopleFrame {
    let text = frame::text(&ReceiptFrame {
        event: "receipt",
        operator_account: reader.as_str(),
        peer_account: peer.as_str(),
        msg_key_list: keys.iter().map(ToString::to_string).collect(),
    });
    PeopleFrame { to: both(reader, peer), text, direct: None }
}

fn both(one: &UserId, other: &UserId) -> Vec<String> {
    let mut both = vec![one.clone(), other.clone()];
    both.dedup();
    names(&both)
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct PositionFrame<'a> {
    event: &'static str,
    #[serde(rename = "Peer_Account")]
    peer_account: &'a str,
    msg_seq: u32,
}

/// How far an account is in a conversation.
pub(super) fn position(event: &'static str, pair: &Pair, account: &UserId, msg_seq: u32) -> String {
    let peer_account = pair.other(account).map_or("", UserId::as_str);
    frame::text(&PositionFrame { event, peer_account, msg_seq })
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct MissedFrame {
    event: &'static str,
    chats: u8,
}

/// Says that messages of accounts may have been lost between servers.
pub(super) fn missed() -> String {
    frame::text(&MissedFrame { event: "missed", chats: 1 })
}

/// A part of the history of a conversation.
pub(super) struct DirectHistory {
    /// The place of the last message of all; 0 when there is none.
    pub(super) last_seq: u32,
    /// In the order of their arrival.
    pub(super) messages: Vec<DirectMessage>,
    /// The place of the last message that was imported silently.
    imported: u32,
    /// The place up to which the account has cleared it.
    cleared: u32,
}

impl DirectHistory {
    /// The messages that an account of the conversation sees.
    pub(super) fn seen_by<'a>(&'a self, account: &'a UserId) -> impl Iterator<Item = &'a DirectMessage> {
        self.messages.iter().filter(|message| !message.is_hidden_from(account, self.cleared))
    }
}

impl ConnectedClient {
    /// The first messages of a conversation that arrived after a place.
    pub(super) async fn direct_history(
        &self,
        pair: &Pair,
        after: u32,
        limit: u32,
    ) -> Result<DirectHistory, CloseReason> {
        let account = self.account();
        let peer = pair.other(account).unwrap_or(account).clone();
        let chat = (Subject::Account(account.clone()), FactKey::Chat(Chat::Direct(peer)));
        let log = (Subject::Pair(pair.clone()), FactKey::Log);
        let limit = usize::try_from(limit).unwrap_or_default();
        let range = DirectRange::After { pair: pair.clone(), seq: after, limit };
        let needs = PeopleNeeds {
            facts: vec![chat.clone(), log.clone()],
            messages: vec![range],
            ..PeopleNeeds::default()
        };
        let found = self.server.store.people(self.app.id, needs).await.map_err(|error| {
            self.server.error_log.log(|suppressed| {
                tracing::error!(%error, suppressed, "a history cannot be read for a client: {error}");
            });
            CloseReason::TryAgain
        })?;
        let (last_seq, imported) = match found.facts.get(&log) {
            Some(Fact::Log(log)) => (log.last_seq(), log.imported),
            _ => (0, 0),
        };
        let cleared = match found.facts.get(&chat) {
            Some(Fact::Chat(state)) => state.cleared,
            _ => 0,
        };
        let messages = found.messages_of(pair).cloned().collect();
        Ok(DirectHistory { last_seq, messages, imported, cleared })
    }

    /// The messages before the new one with the number `seq` that the client should have got and has not: those after
    /// `sent`, or where that is `None` those sent since it has connected. Imported ones are silent.
    pub(super) async fn missing_before(
        &self,
        pair: &Pair,
        sent: Option<u32>,
        seq: u32,
    ) -> Result<Vec<DirectMessage>, CloseReason> {
        let after = sent.unwrap_or_default().max(seq.saturating_sub(1 + GAP_MAX));
        let found = self.direct_history(pair, after, seq - 1 - after).await?;
        let account = self.account();
        let is_missing = |message: &&DirectMessage| {
            message.seq < seq
                && found.imported < message.seq
                && (sent.is_some() || self.since < message.key.sent)
                && (message.sender != *account || !message.quiet)
        };
        Ok(found.seen_by(account).filter(is_missing).cloned().collect())
    }
}
