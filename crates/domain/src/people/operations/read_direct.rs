//! An account has read what another wrote to it.

use super::conversation::{all_unread, log, log_of, pair, put_unread, unread, unread_of, unread_sum};
use crate::context::Context;
use crate::ids::UserId;
use crate::people::Subject;
use crate::people::changes::PeopleChanges;
use crate::people::event::PeopleEvent;
use crate::people::fact::Unread;
use crate::people::message::DirectRange;
use crate::people::operation::{PeopleDecision, PeopleOperation};
use crate::people::snapshot::{PeopleNeeds, PeopleSnapshot};
use crate::time::Timestamp;

/// Unread messages that are looked at one by one, the first ones; later ones stay unread.
const LOOKED_AT: usize = 1_000;

/// Marks what an account got from another as read.
#[derive(Clone, Debug)]
pub struct ReadDirect {
    /// The account.
    pub reader: UserId,
    /// The other.
    pub peer: UserId,
    /// Up to messages of this second; `None`: everything.
    pub until: Option<Timestamp>,
}

/// Why nothing was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadRefusal {
    /// The reader does not exist.
    NoSuchReader,
    /// The other does not exist.
    NoSuchPeer,
}

impl ReadDirect {
    /// Everything is read when this is `None`.
    fn until(&self, context: &Context) -> Option<Timestamp> {
        self.until.filter(|until| *until < context.now)
    }

    /// What stays unread of what arrived after `before.after`.
    fn rest(&self, before: Unread, until: Timestamp, snapshot: &PeopleSnapshot) -> Option<Unread> {
        let mut rest = before;
        for message in snapshot.messages_of(&pair(&self.reader, &self.peer)) {
            if until < message.key.sent {
                break;
            }
            rest.after = message.seq;
            rest.count = rest.count.saturating_sub(u32::from(message.counts_for(&self.reader)));
        }
        (rest.count != 0).then_some(rest)
    }
}

impl PeopleOperation for ReadDirect {
    /// How many messages of the other are not read.
    type Answer = u32;
    type Refusal = ReadRefusal;

    fn subjects(&self) -> Vec<Subject> {
        vec![Subject::Pair(pair(&self.reader, &self.peer))]
    }

    fn needs(&self, _: &Context) -> PeopleNeeds {
        PeopleNeeds {
            accounts: vec![self.reader.clone(), self.peer.clone()],
            facts: vec![unread_of(&self.reader, &self.peer), log_of(&pair(&self.reader, &self.peer))],
            ranges: vec![all_unread(&self.reader)],
            ..PeopleNeeds::default()
        }
    }

    fn then_needs(&self, context: &Context, found: &PeopleSnapshot) -> PeopleNeeds {
        let mut needs = PeopleNeeds::default();
        if self.until(context).is_some()
            && let Some(before) = unread(found, &self.reader, &self.peer)
        {
            let (pair, seq) = (pair(&self.reader, &self.peer), before.after);
            needs.messages.push(DirectRange::After { pair, seq, limit: LOOKED_AT });
        }
        needs
    }

    fn decide(
        &self,
        context: &Context,
        snapshot: PeopleSnapshot,
    ) -> Result<PeopleDecision<u32>, ReadRefusal> {
        let Self { reader, peer, .. } = self;
        if !snapshot.accounts.contains_key(reader) {
            return Err(ReadRefusal::NoSuchReader);
        }
        if !snapshot.accounts.contains_key(peer) {
            return Err(ReadRefusal::NoSuchPeer);
        }
        let before = unread(&snapshot, reader, peer);
        let until = self.until(context);
        let after = match (before, until) {
            (Some(before), Some(until)) => self.rest(before, until, &snapshot),
            _ => None,
        };
        let mut changes = PeopleChanges::default();
        if before != after {
            put_unread(&mut changes, reader, peer, after);
        }
        let seq = if until.is_none() { log(&snapshot, &pair(reader, peer)).last_seq() } else { 0 };
        let unread_of_peer = after.map_or(0, |unread| unread.count);
        let event = PeopleEvent::DirectRead {
            reader: reader.clone(),
            peer: peer.clone(),
            until: self.until.unwrap_or(context.now),
            seq,
            unread: unread_sum(&snapshot, reader, peer, after),
            unread_of_peer,
        };
        Ok(PeopleDecision::new(changes, unread_of_peer).with_event(event))
    }
}
