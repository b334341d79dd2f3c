//! The files with the messages of past hours: which server makes them, which there are, and when they go.

use crate::context::Context;
use crate::people::Subject;
use crate::people::archive::{ArchiveFile, ArchiveKind, ArchiveProgress, Hour};
use crate::people::changes::PeopleChanges;
use crate::people::fact::{Fact, FactKey};
use crate::people::operation::{PeopleImport, PeopleImported};
use crate::people::snapshot::{PeopleNeeds, PeopleSnapshot};
use std::convert::Infallible;

/// Seconds in which a server that makes the files of an hour is expected to be done, or to say that it is still at it.
const CLAIM_SECONDS: u32 = 600;

/// Hours before the present one of which files are kept, and can be made: seven days. [doc]
pub const HOURS_KEPT: u32 = 7 * 24;

fn progress(snapshot: &PeopleSnapshot) -> Option<ArchiveProgress> {
    match snapshot.fact(&Subject::App, &FactKey::ArchiveProgress) {
        Some(Fact::ArchiveProgress(progress)) => Some(*progress),
        Some(_) | None => None,
    }
}

fn needs(key: FactKey) -> PeopleNeeds {
    PeopleNeeds { facts: vec![(Subject::App, key)], ..PeopleNeeds::default() }
}

/// Claims the next hour that is over and not done. Answers it; `None` when there is none, or another server is at it.
///
/// [choice] The first hour of an app is the one in which a server first looks: hours before that are made when somebody asks.
#[derive(Clone, Copy, Debug)]
pub struct ClaimHour;

impl PeopleImport for ClaimHour {
    type Answer = Option<Hour>;
    type Refusal = Infallible;

    fn subjects(&self) -> Vec<Subject> {
        vec![Subject::App]
    }

    fn needs(&self, _: &Context) -> PeopleNeeds {
        needs(FactKey::ArchiveProgress)
    }

    fn decide(
        &self,
        context: &Context,
        snapshot: PeopleSnapshot,
    ) -> Result<PeopleImported<Option<Hour>>, Infallible> {
        let now = context.now;
        let mut changes = PeopleChanges::default();
        let before = progress(&snapshot);
        let present = Hour::of(now);
        let oldest = Hour(present.0.saturating_sub(HOURS_KEPT));
        let next = before.map_or(present, |before| before.next.max(oldest));
        let is_due = next.end() <= now && before.is_none_or(|before| before.claimed_until <= now);
        if is_due || before.is_none() {
            let claimed_until = if is_due { now.plus(CLAIM_SECONDS) } else { now };
            let after = ArchiveProgress { next, claimed_until };
            changes.put(Subject::App, FactKey::ArchiveProgress, Fact::ArchiveProgress(after));
        }
        Ok(PeopleImported { changes, answer: is_due.then_some(next) })
    }
}

/// Says that an hour is done.
#[derive(Clone, Copy, Debug)]
pub struct FinishHour(pub Hour);

impl PeopleImport for FinishHour {
    type Answer = ();
    type Refusal = Infallible;

    fn subjects(&self) -> Vec<Subject> {
        vec![Subject::App]
    }

    fn needs(&self, _: &Context) -> PeopleNeeds {
        needs(FactKey::ArchiveProgress)
    }

    fn decide(&self, context: &Context, snapshot: PeopleSnapshot) -> Result<PeopleImported<()>, Infallible> {
        let mut changes = PeopleChanges::default();
        if progress(&snapshot).is_none_or(|before| before.next <= self.0) {
            let after =
                ArchiveProgress { next: Hour(self.0.0.saturating_add(1)), claimed_until: context.now };
            changes.put(Subject::App, FactKey::ArchiveProgress, Fact::ArchiveProgress(after));
        }
        Ok(PeopleImported { changes, answer: () })
    }
}

/// Makes the files of an hour known, unless it has some. Answers whether they are known now: else they are to be removed.
#[derive(Clone, Debug)]
pub struct KeepArchive {
    /// Which messages.
    pub kind: ArchiveKind,
    /// The hour.
    pub hour: Hour,
    /// The files; at least one.
    pub files: Vec<ArchiveFile>,
}

impl PeopleImport for KeepArchive {
    type Answer = bool;
    type Refusal = Infallible;

    fn subjects(&self) -> Vec<Subject> {
        vec![Subject::App]
    }

    fn needs(&self, _: &Context) -> PeopleNeeds {
        needs(FactKey::Archive(self.kind, self.hour))
    }

    fn decide(&self, _: &Context, snapshot: PeopleSnapshot) -> Result<PeopleImported<bool>, Infallible> {
        let mut changes = PeopleChanges::default();
        let key = FactKey::Archive(self.kind, self.hour);
        let kept = match snapshot.fact(&Subject::App, &key) {
            Some(Fact::Archive(files)) => *files == self.files,
            Some(_) | None => {
                changes.put(Subject::App, key, Fact::Archive(self.files.clone()));
                true
            }
        };
        Ok(PeopleImported { changes, answer: kept })
    }
}

/// Forgets the files of an hour, which are gone.
#[derive(Clone, Copy, Debug)]
pub struct ForgetArchive(pub ArchiveKind, pub Hour);

impl PeopleImport for ForgetArchive {
    type Answer = ();
    type Refusal = Infallible;

    fn subjects(&self) -> Vec<Subject> {
        vec![Subject::App]
    }

    fn needs(&self, _: &Context) -> PeopleNeeds {
        PeopleNeeds::default()
    }

    fn decide(&self, _: &Context, _: PeopleSnapshot) -> Result<PeopleImported<()>, Infallible> {
        let mut changes = PeopleChanges::default();
        changes.remove(Subject::App, FactKey::Archive(self.0, self.1));
        Ok(PeopleImported { changes, answer: () })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::context;
    use crate::time::Timestamp;

    /// Applies an operation at a time.
    fn at<I: PeopleImport<Refusal = Infallible>>(
        operation: &I,
        facts: &mut PeopleSnapshot,
        now: u64,
    ) -> I::Answer {
        let context = Context { now: Timestamp(now), ..context() };
        let Ok(PeopleImported { changes, answer }) = operation.decide(&context, facts.clone());
        for (subject, key, fact) in changes.facts {
            match fact {
                Some(fact) => drop(facts.facts.insert((subject, key), fact)),
                None => drop(facts.facts.remove(&(subject, key))),
            }
        }
        answer
    }

    #[test]
    fn hours_are_made_one_after_the_other_each_by_one_server() {
        let mut facts = PeopleSnapshot::default();
        let first = Hour(1_000);
        let begin = first.begin().0;
        assert_eq!(at(&ClaimHour, &mut facts, begin + 5), None, "the hour is not over");
        assert_eq!(at(&ClaimHour, &mut facts, begin + 3_599), None);
        assert_eq!(at(&ClaimHour, &mut facts, begin + 3_600), Some(first));
        assert_eq!(at(&ClaimHour, &mut facts, begin + 3_700), None, "a server is at it");
        assert_eq!(at(&ClaimHour, &mut facts, begin + 4_200), Some(first), "that server is gone");
        at(&FinishHour(first), &mut facts, begin + 4_300);
        assert_eq!(at(&ClaimHour, &mut facts, begin + 4_300), None);
        assert_eq!(at(&ClaimHour, &mut facts, begin + 7_200), Some(Hour(1_001)));
        at(&FinishHour(first), &mut facts, begin + 7_201);
        assert_eq!(at(&ClaimHour, &mut facts, begin + 7_202), None, "a late server changes nothing");
    }

    #[test]
    fn the_first_files_of_an_hour_stay() {
        let mut facts = PeopleSnapshot::default();
        let file = |id: &str| ArchiveFile {
            id: id.into(),
            bytes: 2,
            md5: "m".into(),
            compressed_bytes: 1,
            compressed_md5: "c".into(),
        };
        let keep = |id: &str| KeepArchive { kind: ArchiveKind::Group, hour: Hour(7), files: vec![file(id)] };
        assert!(at(&keep("a"), &mut facts, 1));
        assert!(at(&keep("a"), &mut facts, 1));
        assert!(!at(&keep("b"), &mut facts, 1));
        at(&ForgetArchive(ArchiveKind::Group, Hour(7)), &mut facts, 1);
        assert!(at(&keep("b"), &mut facts, 1));
    }
}
