//! Following accounts, or no longer following them, one after the other, each with a result of its own.
//!
//! [choice] To follow an account a second time, or to leave one that is not followed, is no failure, and the event leaves it
//! out. There is no event when nothing changed.

use crate::context::Context;
use crate::ids::UserId;
use crate::people::Subject;
use crate::people::event::PeopleEvent;
use crate::people::fact::{FactFamily, FactKey};
use crate::people::follow::{Follow, FollowProblem, Follows, places};
use crate::people::friends::own;
use crate::people::operation::{PeopleDecision, PeopleOperation};
use crate::people::operations::set_portrait::UnknownAccount;
use crate::people::snapshot::{PeopleNeeds, PeopleSnapshot};
use std::iter::once;

/// Says whom an account follows.
#[derive(Clone, Debug)]
pub struct SetFollows {
    /// The account.
    pub account: UserId,
    /// The others.
    pub others: Vec<UserId>,
    /// Whether the account follows them from now on.
    pub follows: bool,
    /// The most accounts that it may follow.
    pub limit: usize,
}

/// How many accounts an account follows; both families were counted.
fn followed(found: &PeopleSnapshot, account: &UserId) -> u64 {
    FactFamily::COUNTED.iter().filter_map(|family| found.counts.get(&(own(account), *family))).sum()
}

impl PeopleOperation for SetFollows {
    /// A result for each account, in order.
    type Answer = Vec<Result<(), FollowProblem>>;
    type Refusal = UnknownAccount;

    fn subjects(&self) -> Vec<Subject> {
        once(&self.account).chain(&self.others).map(own).collect()
    }

    fn needs(&self, _: &Context) -> PeopleNeeds {
        let (account, others) = (&self.account, &self.others);
        let counts =
            FactFamily::COUNTED.iter().filter(|_| self.follows).map(|family| (own(account), *family));
        let heads = others.iter().map(|other| (own(other), FactKey::Followers));
        PeopleNeeds {
            accounts: once(account).chain(others).cloned().collect(),
            facts: others.iter().flat_map(|other| places(account, other)).chain(heads).collect(),
            counts: counts.collect(),
            ..PeopleNeeds::default()
        }
    }

    fn decide(
        &self,
        context: &Context,
        snapshot: PeopleSnapshot,
    ) -> Result<PeopleDecision<Self::Answer>, UnknownAccount> {
        if !snapshot.accounts.contains_key(&self.account) {
            return Err(UnknownAccount);
        }
        let mut follows = Follows::of(&self.account, &snapshot);
        let mut free =
            u64::try_from(self.limit).unwrap_or(u64::MAX).saturating_sub(followed(&snapshot, &self.account));
        let mut changed = Vec::new();
        let results = self.others.iter().map(|other| {
            if *other == self.account {
                return Err(FollowProblem::Itself);
            }
            if !snapshot.accounts.contains_key(other) {
                return Err(FollowProblem::NoSuchAccount);
            }
            let before = follows.with(other);
            if before.followed.is_some() == self.follows {
                return Ok(());
            }
            if self.follows {
                free = free.checked_sub(1).ok_or(FollowProblem::TooManyFollowed)?;
            }
            follows.set(other, Follow { followed: self.follows.then_some(context.now), ..before });
            changed.push(other.clone());
            Ok(())
        });
        let results = results.collect();
        let (account, is_one) = (self.account.clone(), !changed.is_empty());
        let event = PeopleEvent::Followed { account, others: changed, follows: self.follows };
        Ok(PeopleDecision::new(follows.into_changes(), results).with_event(is_one.then_some(event)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::Account;
    use crate::people::fact::Fact;
    use crate::people::follow::{Tie, follow, followers};
    use crate::sample::{NOW, context, user};

    fn people() -> PeopleSnapshot {
        let names = ["ann", "bob", "cy", "di"];
        let accounts = names.map(|name| (user(name), Account::placeholder(NOW)));
        PeopleSnapshot { accounts: accounts.into(), ..PeopleSnapshot::default() }
    }

    type Results = Vec<Result<(), FollowProblem>>;

    /// Keeps what changes; everybody knows all facts there are.
    fn run(
        people: &mut PeopleSnapshot,
        account: &str,
        others: &[&str],
        follows: bool,
    ) -> (Results, Vec<PeopleEvent>) {
        let others = others.iter().map(|name| user(name)).collect();
        let operation = SetFollows { account: user(account), others, follows, limit: 2 };
        let decision = operation.decide(&context(), people.clone()).unwrap();
        for (subject, key, fact) in decision.changes.facts {
            match fact {
                Some(fact) => drop(people.facts.insert((subject, key), fact)),
                None => drop(people.facts.remove(&(subject, key))),
            }
        }
        people.counts.clear();
        for (subject, key) in people.facts.keys() {
            if let FactKey::Follow(tie, _) = key {
                *people.counts.entry((subject.clone(), FactFamily::Follows(*tie))).or_default() += 1;
            }
        }
        (decision.answer, decision.events)
    }

    fn tie(people: &PeopleSnapshot, account: &str, other: &str) -> Option<Tie> {
        follow(people, &user(account), &user(other)).tie()
    }

    #[test]
    fn both_keep_what_they_are_to_each_other_and_the_followers_are_counted() {
        let mut people = people();
        use FollowProblem::{Itself, NoSuchAccount};
        let (answer, events) = run(&mut people, "ann", &["bob", "ann", "zoe", "bob"], true);
        assert_eq!(answer, [Ok(()), Err(Itself), Err(NoSuchAccount), Ok(())]);
        let (account, others) = (user("ann"), vec![user("bob")]);
        assert_eq!(events, [PeopleEvent::Followed { account, others, follows: true }]);
        assert_eq!(tie(&people, "ann", "bob"), Some(Tie::Followed));
        assert_eq!(tie(&people, "bob", "ann"), Some(Tie::Follower));
        run(&mut people, "bob", &["ann"], true);
        assert_eq!(tie(&people, "ann", "bob"), Some(Tie::Mutual));
        assert_eq!(tie(&people, "bob", "ann"), Some(Tie::Mutual));
        assert_eq!(["ann", "bob"].map(|name| followers(&people, &user(name))), [1, 1]);
        assert_eq!(run(&mut people, "ann", &["bob"], true), (vec![Ok(())], vec![]));
        run(&mut people, "ann", &["bob", "cy"], false);
        assert_eq!(tie(&people, "ann", "bob"), Some(Tie::Follower));
        assert_eq!(["ann", "bob"].map(|name| followers(&people, &user(name))), [1, 0]);
        let (answer, events) = run(&mut people, "bob", &["ann", "zoe"], false);
        assert_eq!(answer, [Ok(()), Err(NoSuchAccount)]);
        assert_eq!(events.len(), 1);
        assert_eq!(people.facts.into_iter().collect::<Vec<((Subject, FactKey), Fact)>>(), []);
    }

    #[test]
    fn the_limit_counts_what_came_before_in_the_same_call_and_those_who_follow_back() {
        let mut people = people();
        run(&mut people, "bob", &["ann"], true);
        let (answer, _) = run(&mut people, "ann", &["bob", "cy", "di"], true);
        assert_eq!(answer, [Ok(()), Ok(()), Err(FollowProblem::TooManyFollowed)]);
        let (answer, _) = run(&mut people, "ann", &["di", "cy"], true);
        assert_eq!(answer, [Err(FollowProblem::TooManyFollowed), Ok(())]);
        let nobody = SetFollows { account: user("zoe"), others: vec![], follows: true, limit: 2 };
        assert_eq!(nobody.decide(&context(), people).map(|_| ()), Err(UnknownAccount));
    }
}
