//! Accounts that groups and messages name, each once.

use crate::format::Account;
use crate::reading::{ACCOUNTS_PER_CALL, Profile};
use std::collections::{BTreeMap, BTreeSet};
use xxhash_rust::xxh3::xxh3_128;

/// The accounts seen so far.
#[derive(Default)]
pub(super) struct Accounts {
    /// Hashes of their names: two names with the same one do not occur.
    seen: BTreeSet<u128>,
    /// Those that no record was made for yet.
    waiting: Vec<String>,
    profiles_are_refused: bool,
    /// Those whose friends and conversations were not read yet.
    people: Vec<String>,
}

impl Accounts {
    pub(super) fn add(&mut self, name: &str) {
        if !name.is_empty() && self.seen.insert(xxh3_128(name.as_bytes())) {
            self.waiting.push(name.to_owned());
        }
    }

    /// Records were made for these.
    pub(super) fn done(&mut self, mut names: Vec<String>) {
        self.people.append(&mut names);
    }

    /// Some whose friends and conversations were not read yet.
    pub(super) fn people(&mut self, limit: usize) -> Vec<String> {
        let kept = self.people.len().saturating_sub(limit);
        self.people.split_off(kept)
    }

    /// How many no record was made for yet.
    pub(super) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Accounts for one call, if at least `least` are waiting; empty otherwise.
    pub(super) fn take(&mut self, least: usize) -> Vec<String> {
        if self.waiting.len() < least {
            return Vec::new();
        }
        let kept = self.waiting.len().saturating_sub(ACCOUNTS_PER_CALL);
        self.waiting.split_off(kept)
    }

    /// Whether the server tells nicks and faces, as far as is known.
    pub(super) fn profiles_are_given(&self) -> bool {
        !self.profiles_are_refused
    }

    /// Records of accounts, with their `profiles` where the server gave them.
    pub(super) fn records(
        &mut self,
        src: &str,
        names: Vec<String>,
        profiles: Option<Vec<Profile>>,
    ) -> impl Iterator<Item = Account> {
        self.profiles_are_refused |= profiles.is_none();
        let profiles = profiles.unwrap_or_default().into_iter();
        let mut profiles: BTreeMap<_, _> =
            profiles.map(|profile| (profile.account.clone(), profile)).collect();
        let src = src.to_owned();
        names.into_iter().map(move |name| {
            let Profile { nick, face_url, fields, .. } = profiles.remove(&name).unwrap_or_default();
            Account {
                src: src.clone(),
                key: name.clone(),
                user_id: name,
                nick,
                face_url,
                profile: fields,
                x: None,
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_account_is_handed_out_once() {
        let mut accounts = Accounts::default();
        for name in ["ann", "ben", "ann", ""] {
            accounts.add(name);
        }
        assert!(accounts.take(3).is_empty());
        let names = accounts.take(1);
        assert_eq!(names, ["ann", "ben"]);
        assert!(accounts.take(1).is_empty());
        let nick = Some("Ben".to_owned());
        let ben =
            Profile { account: "ben".to_owned(), nick: nick.clone(), face_url: None, fields: Vec::new() };
        let records: Vec<_> = accounts.records("v4:7", names, Some(vec![ben])).collect();
        assert_eq!(records.iter().map(|record| &record.nick).collect::<Vec<_>>(), [&None, &nick]);
        assert!(accounts.profiles_are_given());
        let records = accounts.records("v4:7", vec!["cleo".to_owned()], None).next();
        assert_eq!(records.map(|record| record.user_id).as_deref(), Some("cleo"));
        assert!(!accounts.profiles_are_given());
    }
}
