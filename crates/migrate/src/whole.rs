//! Makes whole groups of the records of a neutral file, for a server that takes them in one piece; and of those of people what
//! operations on them take.
//!
//! Records with faults are left out and reported; what they say is not made up for. Files are not looked at: their addresses
//! in messages are those that the importing tool has put there.

mod building;
mod people;

use crate::fault::Fault;
pub use crate::format::carried::carried_of_both;
use crate::format::{Account, Record};
use crate::ordered::{Entry, Found};
use crate::rules::{Checker, ServerLimits, Verdict};
use building::Building;
use landfall_domain::account::AccountImport;
use landfall_domain::ids::{GroupId, UserId};
use landfall_domain::message::Conversation;
use landfall_domain::origin::JobId;
use landfall_domain::people::operations::bring_blocks::BlockToBring;
use landfall_domain::people::operations::bring_direct::PairToBring;
use landfall_domain::people::operations::bring_friends::FriendToBring;
use landfall_domain::people::portrait::PortraitItem;
use landfall_domain::staged::WholeMessage;
use landfall_domain::text::Text;
use landfall_domain::whole_group::WholeGroup;
use people::PeopleBuilding;
use std::io;
use std::iter::Peekable;

/// Accounts of a piece, at most.
const ACCOUNTS_PER_PIECE: usize = 500;
/// Messages that are held of a group; more of them come before it.
const MESSAGES_HELD_MAX: usize = 10_000;
/// Records that are left out before a piece says so.
const LEFT_OUT_MAX: usize = 1_000;
/// Bytes of messages that are held of a group, about.
const BYTES_HELD_MAX: usize = 4 << 20;

/// Something to bring in, in this order.
#[derive(Clone, Debug)]
pub enum Piece {
    /// With the other fields of their profiles.
    Accounts(Vec<AccountImport>, Vec<(UserId, Vec<PortraitItem>)>),
    /// Friends of an account.
    Friends(UserId, Vec<FriendToBring>),
    /// The blocklist of an account.
    Blocks(UserId, Vec<BlockToBring>),
    /// Messages between two accounts; the read marks come with the last ones.
    Direct(PairToBring),
    /// Messages to be staged for a group, which follows.
    Messages {
        group: GroupId,
        messages: Vec<(Conversation, Vec<WholeMessage>)>,
    },
    Group(Box<WholeGroup>),
    /// Many records were left out since the last piece.
    Nothing,
}

/// What is not brought in.
#[derive(Debug)]
pub enum LeftOut<'a> {
    Record(&'a Entry, Verdict),
    /// A line that is no record.
    Line(Fault),
}

/// Takes records in the order of an import, and makes pieces of them.
pub struct Assembler<E: Iterator<Item = io::Result<Found>>> {
    entries: Peekable<E>,
    checker: Checker,
    server: ServerLimits,
    job: JobId,
    building: Option<Building>,
    people: Option<PeopleBuilding>,
    records: u64,
}

impl<E: Iterator<Item = io::Result<Found>>> Assembler<E> {
    /// `entries` come as from [`Ordered`](crate::ordered::Ordered) or [`Grouped`](crate::ordered::Grouped); `server` says what
    /// the records are checked against.
    pub fn new(entries: E, server: ServerLimits, job: JobId) -> Self {
        let checker = Checker::new(server.clone());
        Self { entries: entries.peekable(), checker, server, job, building: None, people: None, records: 0 }
    }

    /// Records that were read.
    #[must_use]
    pub fn records(&self) -> u64 {
        self.records
    }

    /// The next piece; `None` at the end. `left_out` gets everything that is not brought in.
    ///
    /// # Errors
    /// A record cannot be read.
    pub fn next_piece(&mut self, left_out: &mut dyn FnMut(LeftOut<'_>)) -> io::Result<Option<Piece>> {
        let (mut accounts, mut profiles, mut left) = (Vec::new(), Vec::new(), 0);
        loop {
            let next = self.entries.peek();
            let ends = match next {
                Some(Ok(Found::Entry(entry))) => {
                    self.building.as_ref().is_some_and(|group| !group.has(&entry.record))
                        || self.people.as_ref().is_some_and(|people| !people.has(&entry.record))
                }
                Some(Ok(Found::Fault(_)) | Err(_)) => false,
                None => true,
            };
            let next_is_account =
                matches!(next, Some(Ok(Found::Entry(entry))) if matches!(entry.record, Record::Account(_)));
            if ends && let Some(group) = self.building.take() {
                return Ok(Some(Piece::Group(Box::new(group.finish()))));
            }
            if ends && let Some(people) = self.people.take() {
                return Ok(Some(people.finish()));
            }
            let full = accounts.len() == ACCOUNTS_PER_PIECE || !next_is_account;
            if full && !accounts.is_empty() {
                return Ok(Some(Piece::Accounts(accounts, profiles)));
            }
            if left == LEFT_OUT_MAX {
                return Ok(Some(Piece::Nothing));
            }
            let entry = match self.entries.next().transpose()? {
                None => return Ok(None),
                Some(Found::Entry(entry)) => entry,
                Some(Found::Fault(fault)) => {
                    left += 1;
                    left_out(LeftOut::Line(*fault));
                    continue;
                }
            };
            self.records += 1;
            match self.checker.check(&entry) {
                Verdict::Fine => {
                    if let Record::Account(account) = &entry.record {
                        accounts.extend(imported(account));
                        profiles.extend(people::profile(account, &self.server));
                    } else if let Some(piece) = self.take(entry) {
                        return Ok(Some(piece));
                    }
                }
                verdict @ (Verdict::Faulty(_) | Verdict::LeftOut) => {
                    left += 1;
                    left_out(LeftOut::Record(&entry, verdict));
                }
            }
        }
    }

    /// Takes a record of a group in; messages come out when many are held.
    fn take(&mut self, entry: Box<Entry>) -> Option<Piece> {
        if let Record::Group(_) = &entry.record {
            self.building = Building::of(&entry.record, &entry.outline, &self.server, self.job);
            return None;
        }
        if PeopleBuilding::takes(&entry.record) {
            let people = match &mut self.people {
                Some(people) => people,
                none => none.insert(PeopleBuilding::of(&entry.record)?),
            };
            return people.add(&entry.record, &self.server);
        }
        let group = self.building.as_mut()?;
        group.add(entry.record, &self.server.limits);
        group.overflow(MESSAGES_HELD_MAX, BYTES_HELD_MAX)
    }
}

fn imported(account: &Account) -> Option<AccountImport> {
    let text = |text: &Option<String>| text.clone().map(Text::stored);
    let id = UserId::parse(&account.user_id)?;
    Some(AccountImport { id, nick: text(&account.nick), face_url: text(&account.face_url) })
}

#[cfg(test)]
mod tests;
