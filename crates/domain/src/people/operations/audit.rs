//! What was done in the console: an entry is written before it is done, and gets its outcome afterwards. Nobody hears of it.
//!
//! [choice] The console's audit list keeps the last 100,000 entries, each for a year.

use crate::context::Context;
use crate::people::Subject;
use crate::people::changes::PeopleChanges;
use crate::people::console::{AuditBounds, AuditEntry, AuditOutcome};
use crate::people::fact::{Fact, FactKey};
use crate::people::operation::{PeopleImport, PeopleImported};
use crate::people::snapshot::{PeopleNeeds, PeopleSnapshot};
use std::cmp::Reverse;
use std::convert::Infallible;

/// Entries that are kept at most.
pub const AUDIT_ENTRIES_MAX: u64 = 100_000;

/// How long an entry is kept, seconds.
pub const AUDIT_SECONDS: u64 = 365 * 24 * 60 * 60;

/// Entries that one operation removes at most: while more come than go, the list stays within its bound by one.
const REMOVED_AT_ONCE: u64 = 8;

/// Writes an entry. Answers its number.
#[derive(Clone, Debug)]
pub struct NoteAudit(pub AuditEntry);

fn bounds(snapshot: &PeopleSnapshot) -> AuditBounds {
    match snapshot.fact(&Subject::App, &FactKey::AuditBounds) {
        Some(Fact::AuditBounds(bounds)) => *bounds,
        Some(_) | None => AuditBounds::default(),
    }
}

fn key(number: u64) -> FactKey {
    FactKey::Audit(Reverse(number))
}

/// The oldest entries, which may be too old.
fn oldest(AuditBounds { first, next }: AuditBounds) -> impl Iterator<Item = u64> {
    first..next.min(first.saturating_add(REMOVED_AT_ONCE))
}

impl PeopleImport for NoteAudit {
    type Answer = u64;
    type Refusal = Infallible;

    fn subjects(&self) -> Vec<Subject> {
        vec![Subject::App]
    }

    fn needs(&self, _: &Context) -> PeopleNeeds {
        PeopleNeeds { facts: vec![(Subject::App, FactKey::AuditBounds)], ..PeopleNeeds::default() }
    }

    fn then_needs(&self, _: &Context, found: &PeopleSnapshot) -> PeopleNeeds {
        let facts = oldest(bounds(found)).map(|number| (Subject::App, key(number))).collect();
        PeopleNeeds { facts, ..PeopleNeeds::default() }
    }

    fn decide(&self, context: &Context, snapshot: PeopleSnapshot) -> Result<PeopleImported<u64>, Infallible> {
        let mut changes = PeopleChanges::default();
        let mut kept = bounds(&snapshot);
        let number = kept.next;
        for oldest in oldest(kept) {
            let is_old = match snapshot.fact(&Subject::App, &key(oldest)) {
                Some(Fact::Audit(entry)) => entry.at.0.saturating_add(AUDIT_SECONDS) <= context.now.0,
                Some(_) | None => true,
            };
            if !is_old && number - oldest < AUDIT_ENTRIES_MAX {
                break;
            }
            changes.remove(Subject::App, key(oldest));
            kept.first = oldest + 1;
        }
        kept.next = number.saturating_add(1);
        changes.put(Subject::App, FactKey::AuditBounds, Fact::AuditBounds(kept));
        changes.put(Subject::App, key(number), Fact::Audit(Box::new(self.0.clone().cut())));
        Ok(PeopleImported { changes, answer: number })
    }
}

/// Gives an entry its outcome, if it is still there.
#[derive(Clone, Debug)]
pub struct FinishAudit {
    /// The entry's number.
    pub number: u64,
    /// How it ended.
    pub outcome: AuditOutcome,
}

impl PeopleImport for FinishAudit {
    type Answer = ();
    type Refusal = Infallible;

    fn subjects(&self) -> Vec<Subject> {
        vec![Subject::App]
    }

    fn needs(&self, _: &Context) -> PeopleNeeds {
        PeopleNeeds { facts: vec![(Subject::App, key(self.number))], ..PeopleNeeds::default() }
    }

    fn decide(&self, _: &Context, snapshot: PeopleSnapshot) -> Result<PeopleImported<()>, Infallible> {
        let mut changes = PeopleChanges::default();
        if let Some(Fact::Audit(entry)) = snapshot.fact(&Subject::App, &key(self.number)) {
            let entry = AuditEntry { outcome: self.outcome.clone(), ..(**entry).clone() };
            changes.put(Subject::App, key(self.number), Fact::Audit(Box::new(entry.cut())));
        }
        Ok(PeopleImported { changes, answer: () })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::context;
    use crate::time::Timestamp;

    fn entry(at: u64) -> AuditEntry {
        AuditEntry {
            at: Timestamp(at),
            who: "root".to_owned(),
            from: "::1".to_owned(),
            what: "sign in".to_owned(),
            on: String::new(),
            outcome: AuditOutcome::Begun,
        }
    }

    fn apply(facts: &mut PeopleSnapshot, changes: PeopleChanges) {
        for (subject, key, fact) in changes.facts {
            match fact {
                Some(fact) => drop(facts.facts.insert((subject, key), fact)),
                None => drop(facts.facts.remove(&(subject, key))),
            }
        }
    }

    fn note(facts: &mut PeopleSnapshot, at: u64) -> u64 {
        let context = Context { now: Timestamp(at), ..context() };
        let Ok(PeopleImported { changes, answer }) = NoteAudit(entry(at)).decide(&context, facts.clone());
        apply(facts, changes);
        answer
    }

    fn numbers(facts: &PeopleSnapshot) -> Vec<u64> {
        let number =
            |key: &FactKey| if let FactKey::Audit(Reverse(number)) = key { Some(*number) } else { None };
        facts.facts.keys().filter_map(|(_, key)| number(key)).collect()
    }

    #[test]
    fn entries_are_kept_for_a_year_the_newest_first() {
        let mut facts = PeopleSnapshot::default();
        assert_eq!((note(&mut facts, 10), note(&mut facts, 10), note(&mut facts, 11)), (0, 1, 2));
        assert_eq!(numbers(&facts), [2, 1, 0]);
        assert_eq!(note(&mut facts, AUDIT_SECONDS + 10), 3);
        assert_eq!(numbers(&facts), [3, 2]);
        assert_eq!(note(&mut facts, 2 * AUDIT_SECONDS), 4);
        assert_eq!(numbers(&facts), [4, 3], "an entry of less than a year stays");
    }

    #[test]
    fn no_more_entries_are_kept_than_fit() {
        let mut facts = PeopleSnapshot::default();
        let bounds = AuditBounds { first: 5, next: 5 + AUDIT_ENTRIES_MAX };
        facts.facts.insert((Subject::App, FactKey::AuditBounds), Fact::AuditBounds(bounds));
        for number in oldest(bounds) {
            facts.facts.insert((Subject::App, key(number)), Fact::Audit(Box::new(entry(100))));
        }
        let number = note(&mut facts, 200);
        let Some(Fact::AuditBounds(kept)) = facts.fact(&Subject::App, &FactKey::AuditBounds) else {
            panic!("the bounds are kept")
        };
        assert_eq!(number, 5 + AUDIT_ENTRIES_MAX);
        assert_eq!(*kept, AuditBounds { first: 6, next: number + 1 });
    }

    #[test]
    fn an_entry_gets_its_outcome_while_it_is_there() {
        let mut facts = PeopleSnapshot::default();
        let number = note(&mut facts, 10);
        for number in [number, number + 1] {
            let finish = FinishAudit { number, outcome: AuditOutcome::Failed("10007".to_owned()) };
            let Ok(PeopleImported { changes, .. }) = finish.decide(&context(), facts.clone());
            apply(&mut facts, changes);
        }
        let Some(Fact::Audit(found)) = facts.fact(&Subject::App, &key(number)) else { panic!("it is there") };
        assert_eq!(found.outcome, AuditOutcome::Failed("10007".to_owned()));
        assert_eq!(numbers(&facts), [number]);
    }
}
