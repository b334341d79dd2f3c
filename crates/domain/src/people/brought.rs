//! What jobs bring in about people, and what is noted of it, so that it can be taken back.
//!
//! A note names what was not there before. What a job has only changed stays when the job is undone: what was there is not
//! kept.

mod notes;

pub(super) use notes::{direct, profile, ties};
pub use notes::{note, sum};

use super::Pair;
use super::portrait::{PortraitTag, PortraitValue};
use crate::ids::UserId;
use std::collections::BTreeMap;

/// What a note is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Brought {
    /// Fields of an account's profile.
    Profile(UserId),
    /// Friends of an account.
    Friends(UserId),
    /// The blocklist of an account.
    Blocks(UserId),
    /// Messages of a pair.
    Direct(Pair),
}

/// Fields that a job has set, with their values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BroughtProfile(pub BTreeMap<PortraitTag, PortraitValue>);

/// Friends that a job has made, with [sums](sum) over what the account keeps of them; or accounts that it has put on a
/// blocklist, with the times.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BroughtTies(pub BTreeMap<UserId, u64>);

/// Messages that a job has brought in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BroughtDirect {
    /// Their places: the first and the last ones of runs, in rising order.
    pub spans: Vec<(u32, u32)>,
    /// Whether read marks were set.
    pub marked: bool,
}

impl BroughtDirect {
    /// Adds a place behind all others.
    pub fn add(&mut self, seq: u32) {
        match self.spans.last_mut() {
            Some((_, last)) if last.checked_add(1) == Some(seq) => *last = seq,
            Some(_) | None => self.spans.push((seq, seq)),
        }
    }

    /// Whether a message came with the job.
    #[must_use]
    pub fn has(&self, seq: u32) -> bool {
        self.spans.iter().any(|(first, last)| (*first..=*last).contains(&seq))
    }

    /// The first and the last place.
    #[must_use]
    pub fn extent(&self) -> Option<(u32, u32)> {
        Some((self.spans.first()?.0, self.spans.last()?.1))
    }
}

/// What became of something that a job brings in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coming {
    /// It is there by this job.
    Added,
    /// It was there just like this.
    Unchanged,
    /// It was there, and became what the job says.
    Updated,
    /// It is there with another content, and stays as it is.
    Differs,
    /// It has no room.
    Refused(&'static str),
}

/// How many came to which end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// There by this job.
    pub added: u64,
    /// There before, just like this.
    pub unchanged: u64,
    /// There before, and changed.
    pub updated: u64,
    /// There before, and left as they are.
    pub differing: u64,
}

impl Tally {
    /// Counts one in. One that was refused is in no figure.
    pub fn count(&mut self, coming: Coming) {
        *match coming {
            Coming::Added => &mut self.added,
            Coming::Unchanged => &mut self.unchanged,
            Coming::Updated => &mut self.updated,
            Coming::Differs => &mut self.differing,
            Coming::Refused(_) => return,
        } += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_of_a_run_are_one_span() {
        let mut note = BroughtDirect::default();
        assert_eq!(note.extent(), None);
        [3, 4, 5, 9].into_iter().for_each(|seq| note.add(seq));
        assert_eq!((note.spans.as_slice(), note.extent()), (&[(3, 5), (9, 9)][..], Some((3, 9))));
        assert_eq!([2, 3, 5, 6, 9].map(|seq| note.has(seq)), [false, true, true, false, true]);
    }
}
