//! The values of facts, and of messages between two accounts.

use super::records::{Damaged, decode, encode};
use crate::facts::FactRecord;
use crate::messages::{self, DirectDetails};
use landfall_domain::ids::UserId;
use landfall_domain::message::MessageState;
use landfall_domain::people::fact::{Fact, FactKey};
use landfall_domain::people::message::{DirectMessage, MessageKey};
use landfall_domain::time::Timestamp;
use serde::{Deserialize, Serialize};

pub(super) fn encode_fact(fact: &Fact) -> Vec<u8> {
    encode(&FactRecord::from(fact))
}

pub(super) fn decode_fact(key: &FactKey, bytes: &[u8]) -> Result<Fact, Damaged> {
    const WHAT: &str = "fact";
    let record: FactRecord = decode(bytes, WHAT)?;
    record.fact(key).ok_or(Damaged(WHAT))
}

#[derive(Serialize, Deserialize)]
struct DirectRecord<'text> {
    sent: u64,
    number: u32,
    random: u32,
    sender: &'text str,
    state: u8,
    hidden_from_sender: bool,
    hidden_from_receiver: bool,
    read: bool,
    elements: &'text str,
    custom: &'text str,
    details: Option<DirectDetails>,
}

pub(super) fn encode_direct(message: &DirectMessage) -> Vec<u8> {
    let DirectMessage {
        seq: _,
        key,
        sender,
        state,
        hidden_from_sender,
        hidden_from_receiver,
        read,
        quiet: _,
        push: _,
        content,
    } = message;
    let (elements, custom) = messages::texts(content);
    encode(&DirectRecord {
        sent: key.sent.0,
        number: key.number,
        random: key.random,
        sender: sender.as_str(),
        state: state.code(),
        hidden_from_sender: *hidden_from_sender,
        hidden_from_receiver: *hidden_from_receiver,
        read: *read,
        elements,
        custom,
        details: DirectDetails::of(message),
    })
}

pub(super) fn decode_direct(seq: u32, bytes: &[u8]) -> Result<DirectMessage, Damaged> {
    const WHAT: &str = "message";
    let record: DirectRecord<'_> = decode(bytes, WHAT)?;
    let DirectRecord { sent, number, random, hidden_from_sender, hidden_from_receiver, read, .. } = record;
    let parts = record.details.unwrap_or_default().parts(record.elements, record.custom);
    let (content, quiet, push) = parts.ok_or(Damaged(WHAT))?;
    Ok(DirectMessage {
        seq,
        key: MessageKey { sent: Timestamp(sent), number, random },
        sender: UserId::parse(record.sender).ok_or(Damaged(WHAT))?,
        state: MessageState::from_code(record.state).ok_or(Damaged(WHAT))?,
        hidden_from_sender,
        hidden_from_receiver,
        read,
        quiet,
        push,
        content,
    })
}

/// The place of a message.
pub(super) fn encode_seq(seq: u32) -> Vec<u8> {
    encode(&seq)
}

pub(super) fn decode_seq(bytes: &[u8]) -> Result<u32, Damaged> {
    decode(bytes, "place of a message")
}
