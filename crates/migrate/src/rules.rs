//! What a server would refuse, found before anything is sent: pure rules over records in the order of an import.
//!
//! [`Checker`] takes the records of [`Ordered`](crate::ordered::Ordered) one after the other. It keeps what it needs of the
//! current group, and hashes of the keys of files. It forgets the oldest of more than two million hashes; a repeat or a
//! reference that reaches behind that is then not noticed.
//!
//! [choice] A message that belongs to a thread or replies to one that the file does not have is no fault, because messages get
//! deleted and threads do not. A file without content and without an address is one.

mod blocks;
mod body;
pub mod defaults;
mod direct;
mod group;
pub mod legal;
mod member;
mod message;
pub(crate) mod people;
mod read;
mod server;
mod single;
mod topic;
mod values;

use crate::fault::{Fault, FaultCode};
use crate::format::Record;
use crate::ordered::Entry;
use crate::seen::Seen;
use blocks::BlocksState;
use direct::PairState;
use group::GroupState;
use people::FriendsState;
pub use server::ServerLimits;
use std::sync::Arc;

/// Whether a record can be imported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    Fine,
    /// What is wrong with it, at least one fault.
    Faulty(Vec<Fault>),
    /// It is fine by itself, but its group or topic has a fault and is not imported.
    LeftOut,
}

/// Checks the records of a file, in the order of an import.
#[derive(Debug)]
pub struct Checker {
    server: Arc<ServerLimits>,
    files: Seen,
    /// Account of the last account record; equal ones come one after the other.
    last_account: Option<String>,
    /// `src` and `key` of the last file record.
    last_file: Option<String>,
    group: Option<GroupState>,
    pair: PairState,
    friends: FriendsState,
    blocks: BlocksState,
}

impl Checker {
    #[must_use]
    pub fn new(server: ServerLimits) -> Self {
        Self {
            server: Arc::new(server),
            files: Seen::default(),
            last_account: None,
            last_file: None,
            group: None,
            pair: PairState::default(),
            friends: FriendsState::default(),
            blocks: BlocksState::default(),
        }
    }

    /// Checks the next record.
    pub fn check(&mut self, entry: &Entry) -> Verdict {
        let mut faults = Vec::new();
        match &entry.record {
            Record::Account(account) => self.account(account, &mut faults),
            Record::File(file) => self.file(file, &mut faults),
            Record::Friend(friend) => self.friend(friend, &mut faults),
            Record::Block(block) => self.block(block, &mut faults),
            Record::Group(group) => self.begin(group, entry, &mut faults),
            Record::Topic(topic) => self.group(entry).topic(topic, &mut faults),
            Record::Member(member) => self.group(entry).member(member, &mut faults),
            Record::Message(message) => self.message(message, entry, &mut faults),
            Record::Read(read) => match read.peer() {
                Some(peer) => self.direct_read(read, peer, &mut faults),
                None => self.group(entry).read(read, &mut faults),
            },
        }
        if faults.is_empty() {
            let fine = self.group.as_ref().is_none_or(|group| group.carries(&entry.record));
            return if fine { Verdict::Fine } else { Verdict::LeftOut };
        }
        let (kind, name) = (entry.record.kind(), name(&entry.record));
        let named = |fault: Fault| Fault { line: entry.line, ..fault }.of(kind, name.clone());
        Verdict::Faulty(faults.into_iter().map(named).collect())
    }
}

/// What a record is called in faults.
#[must_use]
pub fn name(record: &Record) -> String {
    let (src, key) = record.origin();
    if !key.is_empty() {
        return if src.is_empty() { key.to_owned() } else { format!("{src} {key}") };
    }
    match record {
        Record::Account(account) => account.user_id.clone(),
        Record::File(_) => String::new(),
        Record::Friend(friend) => format!("{} of {}", friend.friend, friend.account),
        Record::Block(block) => format!("{} by {}", block.blocked, block.account),
        Record::Group(group) => group.group_id.clone(),
        Record::Topic(topic) => topic.topic_id.clone(),
        Record::Member(member) => format!("{} in {}", member.account, member.group_id),
        Record::Message(message) => {
            let sent = message.sent().unwrap_or_default();
            match message.receiver() {
                Some(to) => format!("{} to {to} at {sent}", message.from),
                None => format!("{} in {} at {sent}", message.from, message.group_id),
            }
        }
        Record::Read(read) => match read.peer() {
            Some(peer) => format!("{} with {peer}", read.account),
            None => format!("{} in {}", read.account, read.topic_id.as_ref().unwrap_or(&read.group_id)),
        },
    }
}

#[cfg(test)]
mod tests;
