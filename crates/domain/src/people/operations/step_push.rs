//! Working on a push: one server at a time holds it, says how far it came, and ends it.

use crate::context::Context;
use crate::ids::UserId;
use crate::people::Subject;
use crate::people::changes::PeopleChanges;
use crate::people::fact::{Fact, FactKey};
use crate::people::operation::{PeopleDecision, PeopleOperation};
use crate::people::push::Push;
use crate::people::snapshot::{PeopleNeeds, PeopleSnapshot};
use crate::time::Timestamp;
use std::convert::Infallible;

/// Takes a push, or says how far it came.
#[derive(Clone, Debug)]
pub struct StepPush {
    /// The number of the push.
    pub number: u32,
    /// The server.
    pub holder: u64,
    /// The last account that has got it; `None` leaves what was said before.
    pub reached: Option<UserId>,
    /// Until when the server holds it; `None` when everybody has got it.
    pub until: Option<Timestamp>,
}

impl PeopleOperation for StepPush {
    /// Whether the server holds the push. Otherwise nothing changed: another server holds it, or it has ended.
    type Answer = bool;
    type Refusal = Infallible;

    fn subjects(&self) -> Vec<Subject> {
        vec![Subject::App]
    }

    fn needs(&self, _: &Context) -> PeopleNeeds {
        PeopleNeeds { facts: vec![(Subject::App, FactKey::Push(self.number))], ..PeopleNeeds::default() }
    }

    fn decide(
        &self,
        context: &Context,
        snapshot: PeopleSnapshot,
    ) -> Result<PeopleDecision<bool>, Infallible> {
        let key = FactKey::Push(self.number);
        let Some(Fact::Push(push)) = snapshot.fact(&Subject::App, &key) else {
            return Ok(PeopleDecision::unchanged(false));
        };
        if push.holder != self.holder && context.now < push.held_until {
            return Ok(PeopleDecision::unchanged(false));
        }
        let mut changes = PeopleChanges::default();
        match self.until {
            None => changes.remove(Subject::App, key),
            Some(held_until) => {
                let reached = self.reached.clone().or_else(|| push.reached.clone());
                let push = Push { reached, holder: self.holder, held_until, ..(**push).clone() };
                changes.put(Subject::App, key, Fact::Push(Box::new(push)));
            }
        }
        Ok(PeopleDecision::new(changes, true))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::people::labels::Audience;
    use crate::sample::{NOW, context, user};

    #[test]
    fn one_server_at_a_time_holds_a_push() {
        let push = Push {
            sender: user("administrator"),
            by_administrator: true,
            random: 1,
            accepted: NOW,
            elements: "[]".into(),
            offline: Box::default(),
            online_only: false,
            audience: Audience::Everybody,
            reached: Some(user("b")),
            holder: 1,
            held_until: Timestamp(NOW.0 + 1),
        };
        let mut snapshot = PeopleSnapshot::default();
        snapshot.facts.insert((Subject::App, FactKey::Push(7)), Fact::Push(Box::new(push.clone())));
        let step = |number, holder, reached: Option<&str>, later| {
            let until = Some(Timestamp(NOW.0 + 9));
            let step = StepPush { number, holder, reached: reached.map(user), until };
            let context = Context { now: Timestamp(NOW.0 + later), ..context() };
            let decision = step.decide(&context, snapshot.clone()).unwrap();
            let facts = decision.changes.facts.into_iter();
            (decision.answer, facts.map(|(.., fact)| fact).collect::<Vec<_>>())
        };
        assert_eq!(step(8, 1, None, 0), (false, vec![]));
        assert_eq!(step(7, 2, None, 0), (false, vec![]));
        let held = |holder, reached| {
            let held_until = Timestamp(NOW.0 + 9);
            let held = Push { holder, held_until, reached: Some(user(reached)), ..push.clone() };
            (true, vec![Some(Fact::Push(Box::new(held)))])
        };
        assert_eq!(step(7, 1, Some("c"), 0), held(1, "c"));
        assert_eq!(step(7, 2, None, 1), held(2, "b"));
        let end = StepPush { number: 7, holder: 1, reached: None, until: None };
        let ended = end.decide(&context(), snapshot.clone()).unwrap();
        assert_eq!(ended.changes.facts, [(Subject::App, FactKey::Push(7), None)]);
    }
}
