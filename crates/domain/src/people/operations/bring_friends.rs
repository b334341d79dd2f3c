//! A job brings friends in, each in one direction, silently.

use crate::account::UnknownAccounts;
use crate::context::Context;
use crate::ids::UserId;
use crate::limits::FriendLimits;
use crate::origin::JobId;
use crate::people::Subject;
use crate::people::brought::{self, Brought, BroughtTies, Coming, note, sum};
use crate::people::changes::PeopleChanges;
use crate::people::fact::{Fact, FactFamily, FactKey};
use crate::people::friends::{Friend, FriendProblem, Ties, own};
use crate::people::operation::{PeopleImport, PeopleImported};
use crate::people::snapshot::{PeopleNeeds, PeopleSnapshot};
use crate::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;

/// A friend to bring in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FriendToBring {
    /// The friend.
    pub id: UserId,
    /// What the account keeps of it.
    pub friend: Friend,
    /// Whether the time of the friendship is known; one that is there keeps its own otherwise.
    pub has_time: bool,
}

/// Brings friends in.
#[derive(Clone, Debug)]
pub struct BringFriends {
    /// The job.
    pub job: JobId,
    /// Whether a friend of whom something else is kept gets what is new.
    pub update: bool,
    /// Accounts, each once, with friends, each once.
    pub friends: Vec<(UserId, Vec<FriendToBring>)>,
    /// The limits in force.
    pub limits: FriendLimits,
}

impl BringFriends {
    fn bring(
        &self,
        ties: &mut Ties<'_>,
        noted: &mut BroughtTies,
        account: &UserId,
        FriendToBring { id, friend, has_time }: &FriendToBring,
        unknown: UnknownAccounts,
    ) -> Coming {
        match ties.other(account, id) {
            Err(FriendProblem::NoSuchAccount) if unknown == UnknownAccounts::Create => {}
            Err(FriendProblem::NoSuchAccount) => return Coming::Refused("the friend is not imported"),
            Err(_) => return Coming::Refused("an account cannot be its own friend"),
            Ok(()) => {}
        }
        let before = ties.friend(account, id).cloned();
        let added = before.as_ref().filter(|_| !has_time).map_or(friend.added, |before| before.added);
        let friend = Friend { added, ..friend.clone() };
        let coming = match &before {
            // Somebody has removed it since.
            None if noted.0.contains_key(id) => return Coming::Unchanged,
            None if ties.is_full(account, FactFamily::Friends, self.limits.count) => {
                return Coming::Refused("the account has as many friends as allowed");
            }
            None => Coming::Added,
            Some(before) if *before == friend && noted.0.contains_key(id) => return Coming::Added,
            Some(before) if *before == friend => return Coming::Unchanged,
            Some(_) if self.update => Coming::Updated,
            Some(_) => return Coming::Differs,
        };
        if !ties.make_lists(account, &friend.lists, self.limits.lists) {
            return Coming::Refused("the account has as many lists of friends as allowed");
        }
        if coming == Coming::Added || noted.0.contains_key(id) {
            noted.0.insert(id.clone(), sum(&friend));
        }
        ties.put_friend(account, id, friend);
        coming
    }
}

impl PeopleImport for BringFriends {
    /// What became of the friends of each account, in order.
    type Answer = Vec<Vec<Coming>>;
    type Refusal = Infallible;

    fn subjects(&self) -> Vec<Subject> {
        self.friends.iter().map(|(account, _)| own(account)).chain([Subject::App]).collect()
    }

    fn needs(&self, _: &Context) -> PeopleNeeds {
        let mut needs = PeopleNeeds::default();
        let mut accounts = BTreeSet::new();
        for (account, friends) in &self.friends {
            accounts.extend(friends.iter().map(|friend| &friend.id).chain([account]));
            needs.facts.push((own(account), FactKey::Friends));
            needs.facts.extend(friends.iter().map(|of| (own(account), FactKey::Friend(of.id.clone()))));
            needs.facts.push(note(self.job, Brought::Friends(account.clone())));
            needs.counts.push((own(account), FactFamily::Friends));
        }
        needs.accounts = accounts.into_iter().cloned().collect();
        needs
    }

    fn decide(
        &self,
        context: &Context,
        snapshot: PeopleSnapshot,
    ) -> Result<PeopleImported<Self::Answer>, Infallible> {
        let mut ties = Ties::of(&snapshot);
        let (mut notes, mut named) = (BTreeMap::new(), BTreeSet::new());
        let mut answer = Vec::with_capacity(self.friends.len());
        for (account, friends) in &self.friends {
            let is_known = snapshot.accounts.contains_key(account);
            if !is_known && context.unknown == UnknownAccounts::Refuse {
                answer.push(vec![Coming::Refused("the account is not imported"); friends.len()]);
                continue;
            }
            let about = Brought::Friends(account.clone());
            let before = brought::ties(&snapshot, self.job, &about);
            let mut noted = before.clone();
            let mut comings = Vec::with_capacity(friends.len());
            for friend in friends {
                let coming = self.bring(&mut ties, &mut noted, account, friend, context.unknown);
                if matches!(coming, Coming::Added | Coming::Updated) {
                    named.extend([account, &friend.id]);
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
            let (subject, key) = note(self.job, about);
            changes.put(subject, key, Fact::BroughtTies(noted));
        }
        Ok(PeopleImported { changes, answer })
    }
}

impl FriendToBring {
    /// One whose friendship has a time, unless that is 0.
    #[must_use]
    pub fn new(id: UserId, friend: Friend) -> Self {
        let has_time = friend.added != Timestamp(0);
        Self { id, friend, has_time }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Limits;
    use crate::sample::{NOW, context, text, user};

    fn friend(remark: &str) -> Friend {
        Friend { remark: text(remark), added: Timestamp(5), lists: vec![text("l")], ..Friend::default() }
    }

    fn bring(update: bool, there: Option<Friend>) -> (Coming, usize) {
        let mut snapshot = PeopleSnapshot::default();
        for name in ["ann", "ben"] {
            snapshot.accounts.insert(user(name), crate::account::Account::placeholder(NOW));
        }
        if let Some(there) = there {
            snapshot.facts.insert((own(&user("ann")), FactKey::Friend(user("ben"))), Fact::Friend(there));
        }
        let to_bring = FriendToBring { has_time: false, ..FriendToBring::new(user("ben"), friend("new")) };
        let friends = vec![(user("ann"), vec![to_bring])];
        let operation = BringFriends { job: JobId(7), update, friends, limits: Limits::FAITHFUL.friends };
        let Ok(imported) = operation.decide(&context(), snapshot);
        let is_note = |key: &FactKey| matches!(key, FactKey::Brought(..));
        (imported.answer[0][0], imported.changes.facts.iter().filter(|(_, key, _)| is_note(key)).count())
    }

    #[test]
    fn a_friend_that_is_new_is_noted_and_one_that_is_there_follows_the_choice() {
        assert_eq!(bring(false, None), (Coming::Added, 1));
        let same = Friend { added: Timestamp(1), ..friend("new") };
        assert_eq!(bring(false, Some(same)), (Coming::Unchanged, 0));
        assert_eq!(bring(false, Some(friend("old"))), (Coming::Differs, 0));
        assert_eq!(bring(true, Some(friend("old"))), (Coming::Updated, 0));
    }
}
