//! Uploads of members: room for a file, its arrival, its use by messages, and its end.
//!
//! [choice] An account has room for at most 16 files that have not arrived: otherwise one account could take all the room of
//! its app by announcing files.

use crate::context::Context;
use crate::ids::UserId;
use crate::people::Subject;
use crate::people::changes::PeopleChanges;
use crate::people::fact::{Fact, FactKey};
use crate::people::operation::{PeopleImport, PeopleImported};
use crate::people::snapshot::{PeopleNeeds, PeopleSnapshot};
use crate::people::upload::{TICKET_SECONDS, Upload, UploadId, UploadState};
use crate::time::Timestamp;
use std::convert::Infallible;

/// Files of an account that have not arrived.
pub const OPEN_MAX: usize = 16;

/// Why a file is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UploadRefusal {
    /// The account has announced as many files as it may that have not arrived.
    TooManyOpen,
    /// The files of the app would have more bytes than it may keep.
    NoRoom {
        /// What they have now, those that are announced included.
        used: u64,
    },
}

fn total(snapshot: &PeopleSnapshot) -> u64 {
    match snapshot.fact(&Subject::App, &FactKey::UploadedBytes) {
        Some(Fact::UploadedBytes(bytes)) => *bytes,
        Some(_) | None => 0,
    }
}

fn upload<'a>(snapshot: &'a PeopleSnapshot, id: &UploadId) -> Option<&'a Upload> {
    match snapshot.fact(&Subject::App, &FactKey::Upload(id.clone())) {
        Some(Fact::Upload(upload)) => Some(upload),
        Some(_) | None => None,
    }
}

fn put(changes: &mut PeopleChanges, id: &UploadId, upload: Upload) {
    changes.put(Subject::App, FactKey::Upload(id.clone()), Fact::Upload(upload));
}

fn open_files(snapshot: &PeopleSnapshot, account: &UserId) -> Vec<(UploadId, Timestamp)> {
    match snapshot.fact(&Subject::Account(account.clone()), &FactKey::OpenUploads) {
        Some(Fact::OpenUploads(open)) => open.clone(),
        Some(_) | None => Vec::new(),
    }
}

fn facts(facts: Vec<(Subject, FactKey)>) -> PeopleNeeds {
    PeopleNeeds { facts, ..PeopleNeeds::default() }
}

/// Keeps room for a file. Answers until when it can be sent.
#[derive(Clone, Debug)]
pub struct AnnounceUpload {
    /// A new id.
    pub id: UploadId,
    /// Whose file it is.
    pub account: UserId,
    /// Of the file.
    pub bytes: u64,
    /// Its type.
    pub content_type: Box<str>,
    /// What the files of the app may have together, bytes; 0: any number.
    pub quota_bytes: u64,
}

impl PeopleImport for AnnounceUpload {
    type Answer = Timestamp;
    type Refusal = UploadRefusal;

    fn subjects(&self) -> Vec<Subject> {
        vec![Subject::App, Subject::Account(self.account.clone())]
    }

    fn needs(&self, _: &Context) -> PeopleNeeds {
        facts(vec![
            (Subject::App, FactKey::UploadedBytes),
            (Subject::Account(self.account.clone()), FactKey::OpenUploads),
        ])
    }

    fn decide(
        &self,
        context: &Context,
        snapshot: PeopleSnapshot,
    ) -> Result<PeopleImported<Timestamp>, UploadRefusal> {
        let now = context.now;
        let mut open = open_files(&snapshot, &self.account);
        open.retain(|(_, until)| now < *until);
        if OPEN_MAX <= open.len() {
            return Err(UploadRefusal::TooManyOpen);
        }
        let used = total(&snapshot);
        let after = used.saturating_add(self.bytes);
        if self.quota_bytes != 0 && self.quota_bytes < after {
            return Err(UploadRefusal::NoRoom { used });
        }
        let until = now.plus(TICKET_SECONDS);
        open.push((self.id.clone(), until));
        let mut changes = PeopleChanges::default();
        let account = Subject::Account(self.account.clone());
        changes.put(account, FactKey::OpenUploads, Fact::OpenUploads(open));
        changes.put(Subject::App, FactKey::UploadedBytes, Fact::UploadedBytes(after));
        let upload = Upload {
            account: self.account.clone(),
            bytes: self.bytes,
            content_type: self.content_type.clone(),
            state: UploadState::Announced,
            used: false,
            touched: now,
        };
        put(&mut changes, &self.id, upload);
        Ok(PeopleImported { changes, answer: until })
    }
}

/// Says that a file is there, whole. Answers whether it is to stay: otherwise its room was given to others meanwhile.
#[derive(Clone, Debug)]
pub struct FinishUpload {
    /// Its id.
    pub id: UploadId,
    /// Whose file it is.
    pub account: UserId,
}

impl PeopleImport for FinishUpload {
    type Answer = bool;
    type Refusal = Infallible;

    fn subjects(&self) -> Vec<Subject> {
        vec![Subject::App, Subject::Account(self.account.clone())]
    }

    fn needs(&self, _: &Context) -> PeopleNeeds {
        facts(vec![
            (Subject::App, FactKey::Upload(self.id.clone())),
            (Subject::Account(self.account.clone()), FactKey::OpenUploads),
        ])
    }

    fn decide(
        &self,
        context: &Context,
        snapshot: PeopleSnapshot,
    ) -> Result<PeopleImported<bool>, Infallible> {
        let mut changes = PeopleChanges::default();
        let found = upload(&snapshot, &self.id).filter(|upload| upload.state != UploadState::Going);
        let Some(upload) = found else { return Ok(PeopleImported { changes, answer: false }) };
        if upload.state == UploadState::Announced {
            let whole = Upload { state: UploadState::Whole, touched: context.now, ..upload.clone() };
            put(&mut changes, &self.id, whole);
        }
        let mut open = open_files(&snapshot, &self.account);
        let before = open.len();
        open.retain(|(id, _)| *id != self.id);
        if open.len() < before {
            let left = (!open.is_empty()).then_some(Fact::OpenUploads(open));
            changes.facts.push((Subject::Account(self.account.clone()), FactKey::OpenUploads, left));
        }
        Ok(PeopleImported { changes, answer: true })
    }
}

/// Notes that a message with these files is being sent, so that they stay as long as it does.
#[derive(Clone, Debug)]
pub struct UseUploads(pub Vec<UploadId>);

impl PeopleImport for UseUploads {
    type Answer = ();
    type Refusal = Infallible;

    fn subjects(&self) -> Vec<Subject> {
        vec![Subject::App]
    }

    fn needs(&self, _: &Context) -> PeopleNeeds {
        facts(self.0.iter().map(|id| (Subject::App, FactKey::Upload(id.clone()))).collect())
    }

    fn decide(&self, context: &Context, snapshot: PeopleSnapshot) -> Result<PeopleImported<()>, Infallible> {
        let mut changes = PeopleChanges::default();
        for id in &self.0 {
            let noted = upload(&snapshot, id).filter(|upload| upload.needs_note(context.now));
            if let Some(upload) = noted {
                put(&mut changes, id, Upload { used: true, touched: context.now, ..upload.clone() });
            }
        }
        Ok(PeopleImported { changes, answer: () })
    }
}

/// Takes a file whose time is over from messages, so that it can be removed. Answers whether it can.
#[derive(Clone, Debug)]
pub struct RetireUpload {
    /// Its id.
    pub id: UploadId,
    /// Days that the app keeps messages; 0: forever.
    pub message_days: u32,
}

impl PeopleImport for RetireUpload {
    type Answer = bool;
    type Refusal = Infallible;

    fn subjects(&self) -> Vec<Subject> {
        vec![Subject::App]
    }

    fn needs(&self, _: &Context) -> PeopleNeeds {
        facts(vec![(Subject::App, FactKey::Upload(self.id.clone()))])
    }

    fn decide(
        &self,
        context: &Context,
        snapshot: PeopleSnapshot,
    ) -> Result<PeopleImported<bool>, Infallible> {
        let mut changes = PeopleChanges::default();
        let due = upload(&snapshot, &self.id).filter(|upload| upload.is_due(context.now, self.message_days));
        let answer = due.is_some();
        if let Some(upload) = due.filter(|upload| upload.state != UploadState::Going) {
            put(&mut changes, &self.id, Upload { state: UploadState::Going, ..upload.clone() });
        }
        Ok(PeopleImported { changes, answer })
    }
}

/// Forgets an upload whose file is gone, and gives its room back.
#[derive(Clone, Debug)]
pub struct ForgetUpload(pub UploadId);

impl PeopleImport for ForgetUpload {
    type Answer = ();
    type Refusal = Infallible;

    fn subjects(&self) -> Vec<Subject> {
        vec![Subject::App]
    }

    fn needs(&self, _: &Context) -> PeopleNeeds {
        facts(vec![(Subject::App, FactKey::Upload(self.0.clone())), (Subject::App, FactKey::UploadedBytes)])
    }

    fn decide(&self, _: &Context, snapshot: PeopleSnapshot) -> Result<PeopleImported<()>, Infallible> {
        let mut changes = PeopleChanges::default();
        if let Some(upload) = upload(&snapshot, &self.0) {
            let left = total(&snapshot).saturating_sub(upload.bytes);
            let left = (left != 0).then_some(Fact::UploadedBytes(left));
            changes.facts.push((Subject::App, FactKey::UploadedBytes, left));
            changes.remove(Subject::App, FactKey::Upload(self.0.clone()));
        }
        Ok(PeopleImported { changes, answer: () })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{context, user};

    /// Performs an operation at a second.
    fn at<I: PeopleImport>(
        facts: &mut PeopleSnapshot,
        second: u64,
        operation: &I,
    ) -> Result<I::Answer, I::Refusal> {
        let context = Context { now: Timestamp(second), ..context() };
        let PeopleImported { changes, answer } = operation.decide(&context, facts.clone())?;
        for (subject, key, fact) in changes.facts {
            match fact {
                Some(fact) => drop(facts.facts.insert((subject, key), fact)),
                None => drop(facts.facts.remove(&(subject, key))),
            }
        }
        Ok(answer)
    }

    fn id(number: u8) -> UploadId {
        UploadId::of([number; 24])
    }

    fn announce(number: u8, bytes: u64) -> AnnounceUpload {
        let (content_type, account) = ("image/png".into(), user("ann"));
        AnnounceUpload { id: id(number), account, bytes, content_type, quota_bytes: 100 }
    }

    fn finish(number: u8) -> FinishUpload {
        FinishUpload { id: id(number), account: user("ann") }
    }

    #[test]
    fn announced_files_count_and_removed_ones_no_longer() {
        let facts = &mut PeopleSnapshot::default();
        assert_eq!(at(facts, 1, &announce(1, 60)), Ok(Timestamp(3_601)));
        assert_eq!(at(facts, 1, &announce(2, 41)), Err(UploadRefusal::NoRoom { used: 60 }));
        assert_eq!(at(facts, 1, &announce(2, 40)), Ok(Timestamp(3_601)));
        assert_eq!(at(facts, 2, &finish(1)), Ok(true));
        assert_eq!(at(facts, 3, &finish(1)), Ok(true), "the same again changes nothing");
        let retire = |number| RetireUpload { id: id(number), message_days: 0 };
        assert_eq!(at(facts, 7_200, &retire(2)), Ok(false));
        assert_eq!(at(facts, 7_201, &retire(2)), Ok(true));
        assert_eq!(at(facts, 7_202, &finish(2)), Ok(false), "it comes too late");
        assert_eq!(at(facts, 7_202, &announce(3, 1)), Err(UploadRefusal::NoRoom { used: 100 }));
        for _ in 0..2 {
            assert_eq!(at(facts, 7_203, &ForgetUpload(id(2))), Ok(()));
        }
        assert_eq!(at(facts, 7_203, &announce(3, 40)), Ok(Timestamp(10_803)));
    }

    #[test]
    fn an_account_announces_sixteen_files_until_one_arrives_or_its_time_is_over() {
        let facts = &mut PeopleSnapshot::default();
        for number in 0..16 {
            assert_eq!(
                at(facts, u64::from(number), &announce(number, 1)),
                Ok(Timestamp(3_600 + u64::from(number)))
            );
        }
        assert_eq!(at(facts, 20, &announce(16, 1)), Err(UploadRefusal::TooManyOpen));
        assert_eq!(at(facts, 20, &finish(9)), Ok(true));
        assert!(at(facts, 20, &announce(16, 1)).is_ok());
        assert_eq!(at(facts, 3_599, &announce(17, 1)), Err(UploadRefusal::TooManyOpen));
        assert!(at(facts, 3_600, &announce(17, 1)).is_ok());
    }

    #[test]
    fn a_used_file_stays_and_one_that_goes_is_not_used_again() {
        let facts = &mut PeopleSnapshot::default();
        for number in [1, 2] {
            at(facts, 1, &announce(number, 1)).unwrap();
            at(facts, 1, &finish(number)).unwrap();
        }
        assert_eq!(at(facts, 9, &UseUploads(vec![id(1), id(7)])), Ok(()));
        let retire = |number, message_days| RetireUpload { id: id(number), message_days };
        assert_eq!(at(facts, 86_401, &retire(1, 0)), Ok(false));
        assert_eq!(at(facts, 86_401, &retire(2, 0)), Ok(true));
        at(facts, 86_402, &UseUploads(vec![id(2)])).unwrap();
        assert_eq!(at(facts, 86_403, &retire(2, 0)), Ok(true));
        // A message that is sent again later keeps it for longer.
        assert_eq!(at(facts, 10 + 86_400, &UseUploads(vec![id(1)])), Ok(()));
        assert_eq!(at(facts, 9 + 3 * 86_400, &retire(1, 1)), Ok(false));
        assert_eq!(at(facts, 10 + 4 * 86_400, &retire(1, 1)), Ok(true));
        assert_eq!(at(facts, 1, &retire(7, 1)), Ok(false));
    }
}
