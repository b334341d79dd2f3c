//! A job puts accounts on blocklists, silently.
//!
//! [choice] A job that brings blocklists in leaves friendships and requests as they are: both were there before.

use super::bring_ties::{self, Kind};
use crate::account::UnknownAccounts;
use crate::context::Context;
use crate::ids::UserId;
use crate::limits::FriendLimits;
use crate::origin::JobId;
use crate::people::Subject;
use crate::people::brought::{Brought, BroughtTies, Coming};
use crate::people::fact::{FactFamily, FactKey};
use crate::people::friends::{Blocked, FriendProblem, Ties, own};
use crate::people::operation::{PeopleImport, PeopleImported};
use crate::people::snapshot::{PeopleNeeds, PeopleSnapshot};
use crate::time::Timestamp;
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

const KIND: Kind<BlockToBring> = Kind {
    other: |tie| &tie.id,
    fact: FactKey::Blocked,
    family: FactFamily::Blocklist,
    about: Brought::Blocks,
};

impl PeopleImport for BringBlocks {
    /// What became of those on each list, in order.
    type Answer = Vec<Vec<Coming>>;
    type Refusal = Infallible;

    fn subjects(&self) -> Vec<Subject> {
        self.blocks.iter().map(|(account, _)| own(account)).chain([Subject::App]).collect()
    }

    fn needs(&self, _: &Context) -> PeopleNeeds {
        bring_ties::needs(self.job, &self.blocks, &KIND)
    }

    fn decide(
        &self,
        context: &Context,
        snapshot: PeopleSnapshot,
    ) -> Result<PeopleImported<Self::Answer>, Infallible> {
        let bring = bring_ties::bring(
            (self.job, context),
            &snapshot,
            &self.blocks,
            &KIND,
            |ties, noted, account, tie| self.bring(ties, noted, account, tie, context),
        );
        Ok(bring)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Limits;
    use crate::people::fact::Fact;
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
