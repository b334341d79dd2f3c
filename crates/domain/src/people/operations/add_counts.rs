//! Adding what a server has counted to the numbers of a day.

use crate::context::Context;
use crate::people::Subject;
use crate::people::changes::PeopleChanges;
use crate::people::counts::{Day, DayCounts};
use crate::people::fact::{Fact, FactFamily, FactKey, FactRange};
use crate::people::operation::{PeopleImport, PeopleImported};
use crate::people::snapshot::{PeopleNeeds, PeopleSnapshot};
use std::convert::Infallible;

/// Days that are kept before the present one.
pub const DAYS_KEPT: u32 = 31;

/// Days that one operation removes at most: more than one is only left after a long stop.
const REMOVED_AT_ONCE: usize = 8;

/// Adds to a day, and removes days that are too old. Nobody hears of it.
#[derive(Clone, Debug)]
pub struct AddCounts {
    /// The day.
    pub day: Day,
    /// What is added.
    pub counts: DayCounts,
}

impl PeopleImport for AddCounts {
    type Answer = ();
    type Refusal = Infallible;

    fn subjects(&self) -> Vec<Subject> {
        vec![Subject::App]
    }

    fn needs(&self, _: &Context) -> PeopleNeeds {
        let oldest = FactRange {
            subject: Subject::App,
            family: FactFamily::Days,
            after: None,
            limit: REMOVED_AT_ONCE,
        };
        PeopleNeeds {
            facts: vec![(Subject::App, FactKey::Day(self.day))],
            ranges: vec![oldest],
            ..PeopleNeeds::default()
        }
    }

    fn decide(&self, context: &Context, snapshot: PeopleSnapshot) -> Result<PeopleImported<()>, Infallible> {
        let mut changes = PeopleChanges::default();
        let key = FactKey::Day(self.day);
        let mut day = match snapshot.fact(&Subject::App, &key) {
            Some(Fact::Day(day)) => (**day).clone(),
            Some(_) | None => DayCounts::default(),
        };
        day.merge(&self.counts, context.now);
        changes.put(Subject::App, key, Fact::Day(Box::new(day)));
        let first = Day::of(context.now).0.saturating_sub(DAYS_KEPT);
        for (_, key) in snapshot.facts.into_keys() {
            if matches!(key, FactKey::Day(day) if day.0 < first && day != self.day) {
                changes.remove(Subject::App, key);
            }
        }
        Ok(PeopleImported { changes, answer: () })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::people::counts::Sum;
    use crate::sample::context;
    use crate::time::Timestamp;

    fn counts(logins: u64) -> DayCounts {
        let mut counts = DayCounts::default();
        counts.add(Sum::Logins, logins);
        counts
    }

    #[test]
    fn counts_add_up_and_old_days_go() {
        let context = Context { now: Timestamp(8_640_000), ..context() };
        let today = Day::of(context.now);
        let mut snapshot = PeopleSnapshot::default();
        let mut put = |day: Day, logins| {
            let key = (Subject::App, FactKey::Day(day));
            snapshot.facts.insert(key, Fact::Day(Box::new(counts(logins))));
        };
        put(today, 2);
        let edge = Day(today.0 - DAYS_KEPT);
        put(edge, 1);
        put(Day(edge.0 - 1), 1);
        let operation = AddCounts { day: today, counts: counts(3) };
        let changes = operation.decide(&context, snapshot).unwrap().changes;
        let added = (Subject::App, FactKey::Day(today), Some(Fact::Day(Box::new(counts(5)))));
        let removed = (Subject::App, FactKey::Day(Day(edge.0 - 1)), None);
        assert_eq!(changes.facts, [added, removed]);
    }
}
