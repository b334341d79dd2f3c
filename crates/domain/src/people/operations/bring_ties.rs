//! What bringing friends and bringing blocklists share: a job brings ties of accounts in, and notes them.

use crate::account::UnknownAccounts;
use crate::context::Context;
use crate::ids::UserId;
use crate::origin::JobId;
use crate::people::brought::{self, Brought, BroughtTies, Coming, note};
use crate::people::changes::PeopleChanges;
use crate::people::fact::{Fact, FactFamily, FactKey};
use crate::people::friends::{Ties, own};
use crate::people::operation::PeopleImported;
use crate::people::snapshot::{PeopleNeeds, PeopleSnapshot};
use std::collections::{BTreeMap, BTreeSet};

/// One kind of tie.
pub(super) struct Kind<T> {
    /// The account at the other end.
    pub(super) other: fn(&T) -> &UserId,
    /// The fact that holds a tie to that account.
    pub(super) fact: fn(UserId) -> FactKey,
    /// The family of these facts, whose number is limited.
    pub(super) family: FactFamily,
    /// The note about the ties of an account.
    pub(super) about: fn(UserId) -> Brought,
}

/// What `bring` reads of accounts, each with its ties.
pub(super) fn needs<T>(job: JobId, lists: &[(UserId, Vec<T>)], kind: &Kind<T>) -> PeopleNeeds {
    let mut needs = PeopleNeeds::default();
    let mut accounts = BTreeSet::new();
    for (account, ties) in lists {
        accounts.extend(ties.iter().map(kind.other).chain([account]));
        needs.facts.push((own(account), FactKey::Friends));
        needs.facts.extend(ties.iter().map(|tie| (own(account), (kind.fact)((kind.other)(tie).clone()))));
        needs.facts.push(note(job, (kind.about)(account.clone())));
        needs.counts.push((own(account), kind.family));
    }
    needs.accounts = accounts.into_iter().cloned().collect();
    needs
}

/// Brings the ties of each account in, each by `one`, and notes them. Answers what became of them, in order.
pub(super) fn bring<T>(
    (job, context): (JobId, &Context),
    snapshot: &PeopleSnapshot,
    lists: &[(UserId, Vec<T>)],
    kind: &Kind<T>,
    one: impl Fn(&mut Ties<'_>, &mut BroughtTies, &UserId, &T) -> Coming,
) -> PeopleImported<Vec<Vec<Coming>>> {
    let mut ties = Ties::of(snapshot);
    let (mut notes, mut named) = (BTreeMap::new(), BTreeSet::new());
    let mut answer = Vec::with_capacity(lists.len());
    for (account, list) in lists {
        let is_known = snapshot.accounts.contains_key(account);
        if !is_known && context.unknown == UnknownAccounts::Refuse {
            answer.push(vec![Coming::Refused("the account is not imported"); list.len()]);
            continue;
        }
        let about = (kind.about)(account.clone());
        let before = brought::ties(snapshot, job, &about);
        let mut noted = before.clone();
        let mut comings = Vec::with_capacity(list.len());
        for tie in list {
            let coming = one(&mut ties, &mut noted, account, tie);
            if matches!(coming, Coming::Added | Coming::Updated) {
                named.extend([account, (kind.other)(tie)]);
            }
            comings.push(coming);
        }
        if noted != before {
            notes.insert(about, noted);
        }
        answer.push(comings);
    }
    let unknown = named.into_iter().filter(|id| !snapshot.accounts.contains_key(*id));
    let placeholders = unknown.cloned().collect();
    let mut changes = PeopleChanges { placeholders, ..ties.into_changes() };
    for (about, noted) in notes {
        let (subject, key) = note(job, about);
        changes.put(subject, key, Fact::BroughtTies(noted));
    }
    PeopleImported { changes, answer }
}
