//! Accepting a push to everybody, which is delivered later.
//!
//! [choice] A push with the `MsgRandom` of one that was accepted in the last seven days is taken for that one: the answer is
//! the same, and nobody gets it a second time. Days are those of UTC, and two pushes of one second are too close.

use crate::context::Context;
use crate::ids::UserId;
use crate::limits::PushLimits;
use crate::people::Subject;
use crate::people::changes::PeopleChanges;
use crate::people::fact::{Fact, FactKey};
use crate::people::labels::Audience;
use crate::people::operation::{PeopleDecision, PeopleOperation};
use crate::people::push::{Push, PushMark};
use crate::people::snapshot::{PeopleNeeds, PeopleSnapshot};
use crate::text::Text;
use crate::time::Timestamp;

const SECONDS_PER_DAY: u64 = 86_400;
/// How long a `MsgRandom` is remembered. [client]
const REPEAT_SECONDS: u64 = 7 * SECONDS_PER_DAY;

/// Accepts a push.
#[derive(Clone, Debug)]
pub struct AcceptPush {
    /// The sender. It must exist.
    pub sender: UserId,
    /// Whether the sender is an administrator of the app, which exists everywhere.
    pub by_administrator: bool,
    /// `MsgRandom`.
    pub random: u32,
    /// What it says: `MsgBody`.
    pub elements: Box<str>,
    /// `OfflinePushInfo`; empty when none.
    pub offline: Box<str>,
    /// Whether only accounts that are connected get it.
    pub online_only: bool,
    /// Who gets it.
    pub audience: Audience<Text>,
    /// The limits in force.
    pub limits: PushLimits,
}

/// Why a push was not accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PushRefusal {
    /// The sender does not exist.
    NoSuchSender,
    /// No attribute has this name.
    NoSuchAttribute(Text),
    /// The last push was too short a time ago.
    TooSoon,
    /// The app has pushed as often as it may in a day.
    TooManyToday,
}

impl PeopleOperation for AcceptPush {
    /// The push, accepted now or by an earlier call.
    type Answer = PushMark;
    type Refusal = PushRefusal;

    fn subjects(&self) -> Vec<Subject> {
        vec![Subject::App]
    }

    fn needs(&self, _: &Context) -> PeopleNeeds {
        let facts = [FactKey::Pushed, FactKey::AttributeNames].map(|key| (Subject::App, key));
        PeopleNeeds { accounts: vec![self.sender.clone()], facts: facts.to_vec(), ..PeopleNeeds::default() }
    }

    fn decide(
        &self,
        context: &Context,
        snapshot: PeopleSnapshot,
    ) -> Result<PeopleDecision<PushMark>, PushRefusal> {
        if !self.by_administrator && !snapshot.accounts.contains_key(&self.sender) {
            return Err(PushRefusal::NoSuchSender);
        }
        let names = snapshot.slots(&Subject::App, &FactKey::AttributeNames);
        let audience = self.audience.clone().numbered(&names).map_err(PushRefusal::NoSuchAttribute)?;
        let now = context.now;
        let mut marks = match snapshot.fact(&Subject::App, &FactKey::Pushed) {
            Some(Fact::Pushed(marks)) => marks.clone(),
            Some(_) | None => Vec::new(),
        };
        let number = marks.last().map_or(0, |mark| mark.number).wrapping_add(1);
        marks.retain(|mark| now.0.saturating_sub(mark.accepted.0) < REPEAT_SECONDS);
        if let Some(first) = marks.iter().find(|mark| mark.random == self.random) {
            return Ok(PeopleDecision::unchanged(*first));
        }
        self.check_frequency(&marks, now)?;
        let mark = PushMark { number, random: self.random, accepted: now };
        marks.push(mark);
        let push = Push {
            sender: self.sender.clone(),
            by_administrator: self.by_administrator,
            random: self.random,
            accepted: now,
            elements: self.elements.clone(),
            offline: self.offline.clone(),
            online_only: self.online_only,
            audience,
            reached: None,
            holder: 0,
            held_until: Timestamp(0),
        };
        let mut changes = PeopleChanges::default();
        changes.put(Subject::App, FactKey::Pushed, Fact::Pushed(marks));
        changes.put(Subject::App, FactKey::Push(number), Fact::Push(Box::new(push)));
        Ok(PeopleDecision::new(changes, mark))
    }
}

impl AcceptPush {
    fn check_frequency(&self, marks: &[PushMark], now: Timestamp) -> Result<(), PushRefusal> {
        let PushLimits { per_day, seconds_apart, .. } = self.limits;
        let is_close = |mark: &PushMark| now.0.abs_diff(mark.accepted.0) < seconds_apart;
        if marks.last().is_some_and(is_close) {
            return Err(PushRefusal::TooSoon);
        }
        let day = |time: Timestamp| time.0 / SECONDS_PER_DAY;
        if per_day <= marks.iter().filter(|mark| day(mark.accepted) == day(now)).count() {
            return Err(PushRefusal::TooManyToday);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Limits;
    use crate::sample::{context, text, user};

    fn push(random: u32) -> AcceptPush {
        AcceptPush {
            sender: user("administrator"),
            by_administrator: true,
            random,
            elements: "[]".into(),
            offline: Box::default(),
            online_only: false,
            audience: Audience::Everybody,
            limits: PushLimits { per_day: 2, ..Limits::FAITHFUL.push },
        }
    }

    /// Accepts at this second, and keeps what changes.
    fn accept(people: &mut PeopleSnapshot, random: u32, second: u64) -> Result<u32, PushRefusal> {
        let context = Context { now: Timestamp(second), ..context() };
        let decision = push(random).decide(&context, people.clone())?;
        for (subject, key, fact) in decision.changes.facts {
            people.facts.extend(fact.map(|fact| ((subject, key), fact)));
        }
        Ok(decision.answer.number)
    }

    #[test]
    fn a_repeat_is_the_same_push_and_the_others_are_counted() {
        let people = &mut PeopleSnapshot::default();
        assert_eq!(accept(people, 7, 86_400), Ok(1));
        assert_eq!(accept(people, 7, 86_400), Ok(1));
        assert_eq!(accept(people, 8, 86_400), Err(PushRefusal::TooSoon));
        assert_eq!(accept(people, 8, 86_401), Ok(2));
        assert_eq!(accept(people, 9, 86_410), Err(PushRefusal::TooManyToday));
        assert_eq!(accept(people, 7, 86_410), Ok(1));
        assert_eq!(accept(people, 9, 2 * 86_400), Ok(3));
        // Seven days later it is a new one.
        assert_eq!(accept(people, 7, 8 * 86_400 - 1), Ok(1));
        assert_eq!(accept(people, 7, 8 * 86_400), Ok(4));
        let Some(Fact::Pushed(marks)) = people.fact(&Subject::App, &FactKey::Pushed) else { panic!() };
        assert_eq!(marks.iter().map(|mark| mark.number).collect::<Vec<_>>(), [2, 3, 4]);
    }

    #[test]
    fn who_does_not_exist_pushes_nothing_and_neither_does_an_unknown_attribute() {
        let snapshot = PeopleSnapshot::default;
        let stranger = AcceptPush { by_administrator: false, ..push(1) };
        let refused = |push: AcceptPush| push.decide(&context(), snapshot()).map(|_| ());
        assert_eq!(refused(stranger), Err(PushRefusal::NoSuchSender));
        let audience = Audience::Attributes { all: vec![(text("sex"), text("f"))], any: Vec::new() };
        let unnamed = AcceptPush { audience, ..push(1) };
        assert_eq!(refused(unnamed), Err(PushRefusal::NoSuchAttribute(text("sex"))));
    }
}
