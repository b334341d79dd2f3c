//! Changing the counters of a group.

use crate::actor::Action;
use crate::attributes::Counters;
use crate::changes::Changes;
use crate::context::Context;
use crate::event::Event;
use crate::group::Group;
use crate::ids::GroupId;
use crate::limits::ValueLimits;
use crate::operation::{Decision, GroupOperation};
use crate::part::{Part, PartKey};
use crate::refusal::{Refusal, TooMany};
use crate::rights::Right;
use crate::several::Several;
use crate::snapshot::{GroupSnapshot, Needs};

/// How a counter gets its new value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CounterMode {
    /// It is the one given.
    Set,
    /// The one given is added.
    Increase,
    /// The one given is taken away.
    Decrease,
}

impl CounterMode {
    /// The mode called `word`.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "Set" => Some(Self::Set),
            "Increase" => Some(Self::Increase),
            "Decrease" => Some(Self::Decrease),
            _ => None,
        }
    }
}

/// Changes counters, and makes those that are not there, from 0. Answers with their new values, in order.
#[derive(Clone, Debug)]
pub struct UpdateCounters {
    pub group: GroupId,
    pub mode: CounterMode,
    /// Keys, each once, and by what.
    pub by: Vec<(String, i64)>,
    /// The limits in force; that of a key was checked.
    pub limits: ValueLimits,
}

/// Deletes counters; missing ones are ignored.
#[derive(Clone, Debug)]
pub struct DeleteCounters {
    pub group: GroupId,
    /// Which; all when `None`.
    pub keys: Option<Vec<String>>,
}

/// The check that every operation on counters makes first.
///
/// # Errors
/// Groups of this type have no counters.
pub fn counters_of(snapshot: &GroupSnapshot) -> Result<Counters, Refusal> {
    if snapshot.group.kind.can().counters {
        Ok(snapshot.counters())
    } else {
        Err(Refusal::TypeForbids("have no counters"))
    }
}

fn needs() -> Needs {
    Needs { parts: vec![PartKey::Counters], ..Needs::default() }
}

impl GroupOperation for UpdateCounters {
    type Answer = Vec<(String, i64)>;

    fn group(&self) -> &GroupId {
        &self.group
    }

    fn actions(&self) -> Vec<Action> {
        vec![Action::Use(Right::Counters)]
    }

    fn needs(&self, _: &Context, _: &Group) -> Needs {
        needs()
    }

    fn decide(&self, _: &Context, snapshot: GroupSnapshot) -> Result<Decision<Self::Answer>, Refusal> {
        let mut counters = counters_of(&snapshot)?;
        let mut answer = Vec::with_capacity(self.by.len());
        let mut out_of_range = Vec::new();
        for (key, by) in &self.by {
            let before = counters.get(key).copied().unwrap_or_default();
            let after = match self.mode {
                CounterMode::Set => Some(*by),
                CounterMode::Increase => before.checked_add(*by),
                CounterMode::Decrease => before.checked_sub(*by),
            };
            match after {
                Some(after) => {
                    counters.insert(key.clone(), after);
                    answer.push((key.clone(), after));
                }
                None => out_of_range.push(key),
            }
        }
        if let Some(keys) = Several::quoted(out_of_range) {
            return Err(Refusal::Unfitting(format!("the counter {keys} would leave the range of 64 bits")));
        }
        let max = self.limits.counters;
        if max < counters.len() {
            return Err(Refusal::TooMany(TooMany::Counters(max)));
        }
        let event = Event::CountersChanged(counters.clone());
        let mut changes = Changes::default();
        changes.put(PartKey::Counters, Part::Counters(counters));
        Ok(Decision::new(changes, answer).with_event(event))
    }
}

impl GroupOperation for DeleteCounters {
    type Answer = ();

    fn group(&self) -> &GroupId {
        &self.group
    }

    fn actions(&self) -> Vec<Action> {
        vec![Action::Use(Right::Counters)]
    }

    fn needs(&self, _: &Context, _: &Group) -> Needs {
        needs()
    }

    fn decide(&self, _: &Context, snapshot: GroupSnapshot) -> Result<Decision<()>, Refusal> {
        let mut counters = counters_of(&snapshot)?;
        match &self.keys {
            Some(keys) => counters.retain(|key, _| !keys.contains(key)),
            None => counters.clear(),
        }
        let event = Event::CountersChanged(counters.clone());
        let mut changes = Changes::default();
        if counters.is_empty() {
            changes.remove(PartKey::Counters);
        } else {
            changes.put(PartKey::Counters, Part::Counters(counters));
        }
        Ok(Decision::new(changes, ()).with_event(event))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::group::GroupType;
    use crate::limits::Limits;
    use crate::sample::{decide, group_id, snapshot};

    const KIND: GroupType = GroupType::Public;

    fn update(mode: CounterMode, by: &[(&str, i64)]) -> UpdateCounters {
        let by = by.iter().map(|&(key, by)| (key.to_owned(), by)).collect();
        UpdateCounters { group: group_id(KIND), mode, by, limits: Limits::FAITHFUL.values }
    }

    fn delete(keys: Option<&[&str]>) -> DeleteCounters {
        let keys = keys.map(|keys| keys.iter().map(|&key| key.to_owned()).collect());
        DeleteCounters { group: group_id(KIND), keys }
    }

    fn with(kind: GroupType, counters: &[(&str, i64)]) -> GroupSnapshot {
        let mut snapshot = snapshot(kind, &[]);
        let counters = counters.iter().map(|&(key, value)| (key.to_owned(), value)).collect();
        snapshot.parts.insert(PartKey::Counters, Part::Counters(counters));
        snapshot
    }

    /// What is left of the counters `a` = 5 and `b` = 6.
    fn left(operation: &DeleteCounters) -> Vec<String> {
        let decided = decide(operation, &with(KIND, &[("a", 5), ("b", 6)])).unwrap();
        match decided.changes.parts.as_slice() {
            [(PartKey::Counters, Some(Part::Counters(counters)))] => counters.keys().cloned().collect(),
            [(PartKey::Counters, None)] => Vec::new(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn counters_are_set_and_counted_up_and_down_from_0() {
        let cases =
            [(CounterMode::Set, [3, 3]), (CounterMode::Increase, [8, 3]), (CounterMode::Decrease, [2, -3])];
        for (mode, [a, c]) in cases {
            let decided = decide(&update(mode, &[("c", 3), ("a", 3)]), &with(KIND, &[("a", 5), ("b", 6)]));
            let Decision { changes, answer, .. } = decided.unwrap();
            assert_eq!(answer, [("c".to_owned(), c), ("a".to_owned(), a)], "{mode:?}");
            let all = [("a".to_owned(), a), ("b".to_owned(), 6), ("c".to_owned(), c)].into();
            assert_eq!(changes.parts, [(PartKey::Counters, Some(Part::Counters(all)))], "{mode:?}");
        }
    }

    #[test]
    fn a_counter_stays_within_64_bits() {
        let cases = [
            (CounterMode::Increase, i64::MAX, 1, false),
            (CounterMode::Increase, i64::MAX, -1, true),
            (CounterMode::Increase, i64::MIN, -1, false),
            (CounterMode::Decrease, i64::MIN, 1, false),
            (CounterMode::Decrease, 0, i64::MIN, false),
            (CounterMode::Decrease, -1, i64::MIN, true),
            (CounterMode::Set, 0, i64::MIN, true),
        ];
        for (mode, before, by, fits) in cases {
            let decided = decide(&update(mode, &[("a", by)]), &with(KIND, &[("a", before)]));
            assert_eq!(decided.is_ok(), fits, "{mode:?} {before} {by}");
        }
    }

    #[test]
    fn a_group_has_so_many_counters_and_no_more() {
        let names: Vec<String> = (0..21).map(|n| n.to_string()).collect();
        let pairs: Vec<(&str, i64)> = names.iter().map(|name| (name.as_str(), 1)).collect();
        let before = with(KIND, &pairs[..19]);
        assert!(decide(&update(CounterMode::Set, &pairs[..20]), &before).is_ok());
        let refused = decide(&update(CounterMode::Set, &pairs[19..]), &before).unwrap_err();
        assert_eq!(refused, Refusal::TooMany(TooMany::Counters(20)));
    }

    #[test]
    fn named_counters_are_deleted_or_all() {
        assert_eq!(left(&delete(Some(&["b", "none"]))), ["a"]);
        assert!(left(&delete(Some(&["b", "a"]))).is_empty());
        assert!(left(&delete(None)).is_empty());
    }

    #[test]
    fn communities_have_none() {
        for kind in GroupType::ALL {
            let refused = [
                decide(&update(CounterMode::Set, &[("a", 1)]), &with(kind, &[])).err(),
                decide(&delete(None), &with(kind, &[])).err(),
            ];
            let expected = (kind == GroupType::Community).then_some(Refusal::TypeForbids("have no counters"));
            assert_eq!(refused, [expected.clone(), expected], "{kind:?}");
        }
    }
}
