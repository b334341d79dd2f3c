//! Keeping an account from sending, to other accounts or to groups, wherever it is.

use crate::context::Context;
use crate::ids::UserId;
use crate::people::Subject;
use crate::people::changes::PeopleChanges;
use crate::people::fact::{Fact, FactKey, Mute};
use crate::people::operation::{PeopleDecision, PeopleOperation};
use crate::people::operations::set_portrait::UnknownAccount;
use crate::people::snapshot::{PeopleNeeds, PeopleSnapshot};
use crate::time::Timestamp;

/// Sets the mute of an account; what is not given stays.
#[derive(Clone, Debug)]
pub struct SetMute {
    /// The account.
    pub account: UserId,
    /// Seconds from now in which it may not send to accounts; 0: it may.
    pub direct: Option<u32>,
    /// The same, to groups.
    pub groups: Option<u32>,
}

impl PeopleOperation for SetMute {
    type Answer = ();
    type Refusal = UnknownAccount;

    fn subjects(&self) -> Vec<Subject> {
        vec![Subject::Account(self.account.clone())]
    }

    fn needs(&self, _: &Context) -> PeopleNeeds {
        PeopleNeeds {
            accounts: vec![self.account.clone()],
            facts: vec![(Subject::Account(self.account.clone()), FactKey::Mute)],
            ..PeopleNeeds::default()
        }
    }

    fn decide(
        &self,
        context: &Context,
        snapshot: PeopleSnapshot,
    ) -> Result<PeopleDecision<()>, UnknownAccount> {
        if !snapshot.accounts.contains_key(&self.account) {
            return Err(UnknownAccount);
        }
        let subject = Subject::Account(self.account.clone());
        let before = snapshot.mute_of(&self.account);
        let until = |seconds: u32| if seconds == 0 { Timestamp(0) } else { context.now.plus(seconds) };
        let after = Mute {
            direct: self.direct.map_or(before.direct, until),
            groups: self.groups.map_or(before.groups, until),
        };
        let mut changes = PeopleChanges::default();
        if after == Mute::default() {
            changes.remove(subject, FactKey::Mute);
        } else if after != before {
            changes.put(subject, FactKey::Mute, Fact::Mute(after));
        }
        Ok(PeopleDecision::new(changes, ()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::Account;
    use crate::sample::{NOW, context, user};

    fn decide(before: Mute, direct: Option<u32>, groups: Option<u32>) -> Vec<Option<Fact>> {
        let mut snapshot = PeopleSnapshot::default();
        snapshot.accounts.insert(user("ann"), Account::placeholder(NOW));
        snapshot.facts.insert((Subject::Account(user("ann")), FactKey::Mute), Fact::Mute(before));
        let operation = SetMute { account: user("ann"), direct, groups };
        let changes = operation.decide(&context(), snapshot).unwrap().changes;
        changes.facts.into_iter().map(|(_, _, fact)| fact).collect()
    }

    #[test]
    fn what_is_not_given_stays_and_the_end_of_both_leaves_nothing() {
        let both = Mute { direct: Timestamp(NOW.0 + 5), groups: Timestamp::FOR_EVER };
        let ever = Some(u32::MAX);
        assert_eq!(decide(Mute::default(), Some(5), ever), [Some(Fact::Mute(both))]);
        let groups_only = Mute { direct: Timestamp(0), ..both };
        assert_eq!(decide(both, Some(0), None), [Some(Fact::Mute(groups_only))]);
        assert_eq!(decide(both, Some(0), Some(0)), [None]);
        assert_eq!(decide(both, None, ever), []);
        let nobody = SetMute { account: user("ann"), direct: Some(1), groups: None };
        assert_eq!(nobody.decide(&context(), PeopleSnapshot::default()).map(|_| ()), Err(UnknownAccount));
    }
}
