//! A job puts accounts on blocklists, silently.
//!
//! [choice] A job that brings blocklists in leaves friendships and requests as they are: both were there before.

use crate::account::UnknownAccounts;
use crate::context::Context;
use crate::ids::UserId;
use crate::limits::FriendLimits;
use crate::origin::JobId;
use crate::people::Subject;
use crate::people::brought::{self, Brought, BroughtTies, Coming, note};
use crate::people::changes::PeopleChanges;
use crate::people::fact::{Fact, FactFamily, FactKey};
use crate::people::friends::{Blocked, FriendProblem, Ties, own};
use crate::people::operation::{PeopleImport, PeopleImported};
use crate::people::snapshot::{PeopleNeeds, PeopleSnapshot};
use crate::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;

/// An account to put on a blocklist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockToBring {
    /// The account.
    pub id: UserId,
    /// Since when; one that is on the list keeps its own time where this is not known.
    pub since: Option<Timestamp>,
}

/// Puts accounts on blocklists.
#[derive(Clone, Debug)]
pub struct BringBlocks {
    /// The job.
    pub job: JobId,
    /// Whether one that is on the list since another time gets the new time.
    pub update: bool,
    /// Accounts, each once, with those on their blocklists, each once.
    pub blocks: Vec<(UserId, Vec<BlockToBring>)>,
    /// The limits in force.
    pub limits: FriendLimits,
}

impl BringBlocks {
    fn bring(
        &self,
        ties: &mut Ties<'_>,
        noted: &mut BroughtTies,
        account: &UserId,
        BlockToBring { id, since }: &BlockToBring,
        context: &Context,
    ) -> Coming {
        match ties.other(account, id) {
            Err(FriendProblem::NoSuchAccount) if context.unknown == UnknownAccounts::Create => {}
            Err(FriendProblem::NoSuchAccount) => return Coming::Refused("the other is not imported"),
            Err(_) => return Coming::Refused("an account cannot be on its own blocklist"),
            Ok(()) => {}
        }
        let before = ties.blocked(account, id).map(|blocked| blocked.since);
        let since = since.or(before).unwrap_or(context.now);
        let coming = match before {
            // Somebody has taken it off since.
            None if noted.0.contains_key(id) => return Coming::Unchanged,
            None if ties.is_full(account, FactFamily::Blocklist, self.limits.blocklist) => {
                return Coming::Refused("the blocklist is full");
            }
            None => Coming::Added,
            Some(before) if before == since && noted.0.contains_key(id) => return Coming::Added,
            Some(before) if before == since => return Coming::Unchanged,
            Some(_) if self.update => Coming::Updated,
            Some(_) => return Coming::Differs,
        };
        if coming == Coming::Added || noted.0.contains_key(id) {
            noted.0.insert(id.clone(), since.0);
        }
        ties.block(account, id, Some(Blocked { since }));
        coming
    }
}

impl PeopleImport for BringBlocks {
    /// What became of those on each list, in order.
    type Answer = Vec<Vec<Coming>>;
    type Refusal = Infallible;

    fn subjects(&self) -> Vec<Subject> {
        self.blocks.iter().map(|(account, _)| own(account)).chain([Subject::App]).collect()
    }

    fn needs(&self, _: &Context) -> PeopleNeeds {
        let mut needs = PeopleNeeds::default();
        let mut accounts = BTreeSet::new();
        for (account, blocks) in &self.blocks {
            accounts.extend(blocks.iter().map(|block| &block.id).chain([account]));
            needs.facts.push((own(account), FactKey::Friends));
            needs.facts.extend(blocks.iter().map(|of| (own(account), FactKey::Blocked(of.id.clone()))));
            needs.facts.push(note(self.job, Brought::Blocks(account.clone())));
            needs.counts.push((own(account), FactFamily::Blocklist));
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
        let mut answer = Vec::with_capacity(self.blocks.len());
        for (account, blocks) in &self.blocks {
            let is_known = snapshot.accounts.contains_key(account);
            if !is_known && context.unknown == UnknownAccounts::Refuse {
                answer.push(vec![Coming::Refused("the account is not imported"); blocks.len()]);
                continue;
            }
            let about = Brought::Blocks(account.clone());
            let before = brought::ties(&snapshot, self.job, &about);
            let mut noted = before.clone();
            let mut comings = Vec::with_capacity(blocks.len());
            for block in blocks {
                let coming = self.bring(&mut ties, &mut noted, account, block, context);
                if matches!(coming, Coming::Added | Coming::Updated) {
                    named.extend([account, &block.id]);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Limits;
    use crate::sample::{NOW, context, user};

    /// What becomes of one that is on the list since `there`, and how many notes are written.
    fn bring(update: bool, there: Option<u64>, since: Option<u64>) -> (Coming, usize) {
        let mut snapshot = PeopleSnapshot::default();
        for name in ["ann", "ben"] {
            snapshot.accounts.insert(user(name), crate::account::Account::placeholder(NOW));
        }
        if let Some(there) = there {
            let place = (own(&user("ann")), FactKey::Blocked(user("ben")));
            snapshot.facts.insert(place, Fact::Blocked(Blocked { since: Timestamp(there) }));
        }
        let to_bring = BlockToBring { id: user("ben"), since: since.map(Timestamp) };
        let blocks = vec![(user("ann"), vec![to_bring])];
        let operation = BringBlocks { job: JobId(7), update, blocks, limits: Limits::FAITHFUL.friends };
        let Ok(imported) = operation.decide(&context(), snapshot);
        let is_note = |key: &FactKey| matches!(key, FactKey::Brought(..));
        (imported.answer[0][0], imported.changes.facts.iter().filter(|(_, key, _)| is_note(key)).count())
    }

    #[test]
    fn one_that_is_new_is_noted_and_one_that_is_there_follows_the_choice() {
        assert_eq!(bring(false, None, None), (Coming::Added, 1));
        assert_eq!(bring(false, None, Some(5)), (Coming::Added, 1));
        assert_eq!(bring(false, Some(5), None), (Coming::Unchanged, 0));
        assert_eq!(bring(false, Some(5), Some(5)), (Coming::Unchanged, 0));
        assert_eq!(bring(false, Some(5), Some(6)), (Coming::Differs, 0));
        assert_eq!(bring(true, Some(5), Some(6)), (Coming::Updated, 0));
    }

    #[test]
    fn a_full_list_and_the_account_itself_are_refused() {
        let blocks = vec![(
            user("ann"),
            ["ann", "ben"].map(|name| BlockToBring { id: user(name), since: None }).to_vec(),
        )];
        let mut limits = Limits::FAITHFUL.friends;
        limits.blocklist = 0;
        let operation = BringBlocks { job: JobId(7), update: false, blocks, limits };
        let mut snapshot = PeopleSnapshot::default();
        for name in ["ann", "ben"] {
            snapshot.accounts.insert(user(name), crate::account::Account::placeholder(NOW));
        }
        let Ok(imported) = operation.decide(&context(), snapshot);
        assert_eq!(
            imported.answer[0],
            [
                Coming::Refused("an account cannot be on its own blocklist"),
                Coming::Refused("the blocklist is full")
            ]
        );
        assert!(imported.changes.facts.is_empty());
    }
}
