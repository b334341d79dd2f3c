//! Where the notes of a job are, and what they say.

use super::{Brought, BroughtDirect, BroughtProfile, BroughtTies};
use crate::ids::UserId;
use crate::origin::{Fnv, JobId};
use crate::people::fact::{Fact, FactKey};
use crate::people::friends::Friend;
use crate::people::portrait::PortraitValue;
use crate::people::snapshot::PeopleSnapshot;
use crate::people::{Pair, Subject};

/// A sum over what an account keeps of a friend: another one when that changes.
#[must_use]
pub fn sum(friend: &Friend) -> u64 {
    let Friend { remark, remark_time, lists, source, wording, added, custom } = friend;
    let mut sum = Fnv::new();
    for text in [remark, source, wording].into_iter().chain(lists) {
        sum.text(text.as_str());
    }
    sum.number(remark_time.0);
    sum.number(added.0);
    for (key, value) in custom {
        sum.text(key.as_str());
        match value {
            PortraitValue::Text(text) => sum.text(text.as_str()),
            PortraitValue::Number(number) => sum.number((*number).into()),
        }
    }
    sum.get()
}

/// The place of a note.
#[must_use]
pub fn note(job: JobId, about: Brought) -> (Subject, FactKey) {
    (Subject::App, FactKey::Brought(job, about))
}

pub(in crate::people) fn profile(found: &PeopleSnapshot, job: JobId, account: &UserId) -> BroughtProfile {
    match found.facts.get(&note(job, Brought::Profile(account.clone()))) {
        Some(Fact::BroughtProfile(note)) => note.clone(),
        _ => BroughtProfile::default(),
    }
}

/// `about`: friends or a blocklist.
pub(in crate::people) fn ties(found: &PeopleSnapshot, job: JobId, about: &Brought) -> BroughtTies {
    match found.facts.get(&note(job, about.clone())) {
        Some(Fact::BroughtTies(note)) => note.clone(),
        _ => BroughtTies::default(),
    }
}

pub(in crate::people) fn direct(found: &PeopleSnapshot, job: JobId, pair: &Pair) -> BroughtDirect {
    match found.facts.get(&note(job, Brought::Direct(pair.clone()))) {
        Some(Fact::BroughtDirect(note)) => note.clone(),
        _ => BroughtDirect::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::text;

    #[test]
    fn another_remark_is_another_sum() {
        let friend = |remark: &str| Friend { remark: text(remark), ..Friend::default() };
        assert_eq!(sum(&friend("a")), sum(&friend("a")));
        assert_ne!(sum(&friend("a")), sum(&friend("b")));
    }
}
