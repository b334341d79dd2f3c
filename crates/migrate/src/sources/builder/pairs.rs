//! Conversations that become messages between two accounts, where the mapping says so.
//!
//! [choice] Who the two are must be known when the first message comes. A conversation of more accounts, or of accounts that are
//! not known then, becomes a Private group after all. Messages of others in it, such as bots, are left out.

use super::Builder;
use super::model::ReadMark;
use super::state::{ChannelState, Wish};
use crate::format::{Read, Record};
use crate::losses::LossKind;
use std::io;

impl Builder<'_> {
    /// The places of the two accounts of a conversation that becomes one between them.
    pub(super) fn settle_pair(&mut self, state: &mut ChannelState) -> Option<(usize, usize)> {
        if state.pair == Wish::Pair {
            let places: Vec<_> = state.members.keys().copied().collect();
            let is_there = |place: &usize| self.users.get(*place).is_some_and(|user| !user.left_out);
            state.pair = match places.as_slice() {
                [one, other] if is_there(one) && is_there(other) => Wish::Settled(*one, *other),
                [one] if is_there(one) && !state.channel.authors_are_members => Wish::Settled(*one, *one),
                _ => {
                    self.lose(LossKind::OneToOneGroups, state.channel.id.clone());
                    Wish::Group
                }
            };
        }
        match state.pair {
            Wish::Settled(one, other) => Some((one, other)),
            Wish::Group | Wish::Pair => None,
        }
    }

    /// The receiver of a message of the account at `author`; `None` where that is none of the two.
    pub(super) fn receiver(&self, (one, other): (usize, usize), author: usize) -> Option<String> {
        let place = match author {
            _ if author == one => other,
            _ if author == other => one,
            _ => return None,
        };
        Some(self.users.get(place)?.account.to_string())
    }

    pub(super) fn write_pair_reads(
        &mut self,
        state: &mut ChannelState,
        pair: (usize, usize),
    ) -> io::Result<()> {
        for (place, mark) in std::mem::take(&mut state.reads) {
            let (Some(peer), Some(user)) = (self.receiver(pair, place), self.users.get(place)) else {
                continue;
            };
            let mut read = Read {
                src: self.src.clone(),
                key: format!("{}/{}", state.channel.id, user.id),
                account: user.account.to_string(),
                peer: Some(peer),
                ..Read::default()
            };
            match mark {
                ReadMark::UpTo(ms) => read.read_ms = Some(ms),
                ReadMark::UpToKey(key) => read.read_key = Some(key),
                ReadMark::Unread(number) => read.unread_msg_num = Some(number),
            }
            self.write(Record::Read(read))?;
        }
        Ok(())
    }
}
