//! What the console keeps, in its stored form.

use landfall_domain::people::console::{
    AuditEntry, AuditOutcome, ConsoleName, ConsoleRole, ConsoleSession, ConsoleUser, PasswordHash,
};
use landfall_domain::time::Timestamp;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
pub(crate) struct ConsoleUserRecord {
    /// The word of its role.
    role: String,
    password: String,
    since: u64,
}

impl From<&ConsoleUser> for ConsoleUserRecord {
    fn from(ConsoleUser { role, password, since }: &ConsoleUser) -> Self {
        Self { role: role.word().to_owned(), password: password.0.clone(), since: since.0 }
    }
}

impl ConsoleUserRecord {
    /// `None` when it has a role that is not known.
    pub(super) fn user(self) -> Option<ConsoleUser> {
        let Self { role, password, since } = self;
        let (password, since) = (PasswordHash(password), Timestamp(since));
        Some(ConsoleUser { role: ConsoleRole::parse(&role)?, password, since })
    }
}

/// `None` when the name is none.
pub(super) fn console_session(user: &str, begun: u64, ends: u64) -> Option<ConsoleSession> {
    let user = ConsoleName::parse(user)?;
    Some(ConsoleSession { user, begun: Timestamp(begun), ends: Timestamp(ends) })
}

#[derive(Serialize, Deserialize)]
pub(crate) struct AuditRecord {
    at: u64,
    who: String,
    from: String,
    what: String,
    on: String,
    outcome: OutcomeRecord,
}

#[derive(Serialize, Deserialize)]
enum OutcomeRecord {
    Begun,
    Done,
    Failed(String),
}

impl From<&AuditEntry> for AuditRecord {
    fn from(entry: &AuditEntry) -> Self {
        let AuditEntry { at, who, from, what, on, outcome } = entry.clone();
        let outcome = match outcome {
            AuditOutcome::Begun => OutcomeRecord::Begun,
            AuditOutcome::Done => OutcomeRecord::Done,
            AuditOutcome::Failed(why) => OutcomeRecord::Failed(why),
        };
        Self { at: at.0, who, from, what, on, outcome }
    }
}

impl AuditRecord {
    pub(super) fn entry(self) -> AuditEntry {
        let Self { at, who, from, what, on, outcome } = self;
        let outcome = match outcome {
            OutcomeRecord::Begun => AuditOutcome::Begun,
            OutcomeRecord::Done => AuditOutcome::Done,
            OutcomeRecord::Failed(why) => AuditOutcome::Failed(why),
        };
        AuditEntry { at: Timestamp(at), who, from, what, on, outcome }
    }
}
