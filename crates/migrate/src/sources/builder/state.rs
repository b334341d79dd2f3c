//! What is held of a source until its end.

use super::model::{Channel, Member, ReadMark, Role};
use crate::format::Json;
use crate::mapping::GroupKind;
use serde_json::Value;
use std::collections::BTreeMap;

/// An account.
#[derive(Clone, Debug)]
pub(super) struct UserState {
    /// In the source.
    pub(super) id: Box<str>,
    /// In the target.
    pub(super) account: Box<str>,
    /// Empty for none.
    pub(super) nick: Box<str>,
    pub(super) nick_is_mapped: bool,
    pub(super) face_url: Box<str>,
    pub(super) x: Option<Json>,
    /// The source lists it.
    pub(super) listed: bool,
    pub(super) left_out: bool,
}

impl UserState {
    /// What people are shown.
    pub(super) fn shown(&self) -> &str {
        if self.nick.is_empty() { &self.id } else { &self.nick }
    }
}

/// Whether a conversation becomes messages between two accounts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Wish {
    #[default]
    Group,
    /// If it turns out to have two accounts.
    Pair,
    /// It has. Of a conversation with oneself both places are the same.
    Settled(usize, usize),
}

/// A conversation.
#[derive(Debug)]
pub(super) struct ChannelState {
    pub(super) channel: Channel,
    pub(super) group_id: String,
    pub(super) kind: GroupKind,
    pub(super) left_out: bool,
    /// By place of the account.
    pub(super) members: BTreeMap<usize, MemberState>,
    /// By place of the account.
    pub(super) reads: BTreeMap<usize, ReadMark>,
    /// Messages of the source, those that are left out included.
    pub(super) messages: u64,
    /// Whether it is to be a one-to-one conversation, and the places of its accounts.
    pub(super) pair: Wish,
    /// When the first message was sent that was written, milliseconds since 1970.
    pub(super) first_ms: Option<u64>,
}

impl ChannelState {
    pub(super) fn new(channel: Channel, group_id: String, kind: GroupKind, left_out: bool) -> Self {
        Self {
            channel,
            group_id,
            kind,
            left_out,
            members: BTreeMap::new(),
            reads: BTreeMap::new(),
            messages: 0,
            pair: Wish::Group,
            first_ms: None,
        }
    }
}

/// A member.
#[derive(Clone, Debug, Default)]
pub(super) struct MemberState {
    pub(super) role: Role,
    pub(super) joined_ms: Option<u64>,
    pub(super) name_card: Box<str>,
    pub(super) x: Option<Json>,
}

impl MemberState {
    /// Adds what was not known: the higher role, the earlier time.
    pub(super) fn merge(&mut self, member: Member) {
        self.role = self.role.max(member.role);
        self.joined_ms = match (self.joined_ms, member.joined_ms) {
            (Some(known), Some(new)) => Some(known.min(new)),
            (known, new) => known.or(new),
        };
        if !member.name_card.is_empty() {
            self.name_card = member.name_card.into();
        }
        if !member.x.is_null() {
            self.x = Some(member.x.into());
        }
    }
}

/// Adds a member to what has no place elsewhere.
pub(super) fn put(x: &mut Value, name: &str, value: Value) {
    match x {
        Value::Object(members) => {
            members.insert(name.to_owned(), value);
        }
        Value::Null => *x = serde_json::json!({ name: value }),
        Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            *x = serde_json::json!({ "x": x.take(), name: value });
        }
    }
}

/// `x` of a record.
pub(super) fn extras(x: Value) -> Option<Json> {
    (!x.is_null()).then(|| x.into())
}

/// Whether a time in seconds can be one: neither missing nor in another unit.
pub(super) fn is_time(seconds: &u64) -> bool {
    (1..=u64::from(u32::MAX)).contains(seconds)
}
