//! Sign-ins to the console that have not ended. Nobody hears of them.

use crate::context::Context;
use crate::people::Subject;
use crate::people::changes::PeopleChanges;
use crate::people::console::{ConsoleName, ConsoleSession, SessionKey};
use crate::people::fact::{Fact, FactFamily, FactKey, FactRange};
use crate::people::operation::{PeopleImport, PeopleImported};
use crate::people::snapshot::{PeopleNeeds, PeopleSnapshot};
use crate::time::Timestamp;
use std::convert::Infallible;

/// Sessions of one user at most: the next one ends the oldest.
pub const SESSIONS_OF_USER_MAX: usize = 16;

/// There is no such user, any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoSuchConsoleUser;

/// Begins a session of a user, whose password was checked. Sessions that are over go.
#[derive(Clone, Debug)]
pub struct BeginConsoleSession {
    /// The session's key.
    pub key: SessionKey,
    /// Who signs in.
    pub user: ConsoleName,
    /// From this second on it is not valid.
    pub ends: Timestamp,
}

impl PeopleImport for BeginConsoleSession {
    type Answer = ();
    type Refusal = NoSuchConsoleUser;

    fn subjects(&self) -> Vec<Subject> {
        vec![Subject::App]
    }

    fn needs(&self, _: &Context) -> PeopleNeeds {
        PeopleNeeds {
            facts: vec![(Subject::App, FactKey::ConsoleUser(self.user.clone()))],
            // As many as users have sessions, at most.
            ranges: vec![FactRange::all(Subject::App, FactFamily::ConsoleSessions)],
            ..PeopleNeeds::default()
        }
    }

    fn decide(
        &self,
        context: &Context,
        snapshot: PeopleSnapshot,
    ) -> Result<PeopleImported<()>, NoSuchConsoleUser> {
        let user = FactKey::ConsoleUser(self.user.clone());
        if snapshot.fact(&Subject::App, &user).is_none() {
            return Err(NoSuchConsoleUser);
        }
        let mut changes = PeopleChanges::default();
        let mut own = Vec::new();
        for ((_, key), fact) in snapshot.facts {
            let Fact::ConsoleSession(session) = fact else { continue };
            if session.ends <= context.now {
                changes.remove(Subject::App, key);
            } else if session.user == self.user {
                own.push((session.begun, key));
            }
        }
        own.sort();
        let too_many = (own.len() + 1).saturating_sub(SESSIONS_OF_USER_MAX);
        own.into_iter().take(too_many).for_each(|(_, key)| changes.remove(Subject::App, key));
        let session = ConsoleSession { user: self.user.clone(), begun: context.now, ends: self.ends };
        changes.put(Subject::App, FactKey::ConsoleSession(self.key), Fact::ConsoleSession(session));
        Ok(PeopleImported { changes, answer: () })
    }
}

/// Ends a session, if there is one.
#[derive(Clone, Copy, Debug)]
pub struct EndConsoleSession(pub SessionKey);

impl PeopleImport for EndConsoleSession {
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
        changes.remove(Subject::App, FactKey::ConsoleSession(self.0));
        Ok(PeopleImported { changes, answer: () })
    }
}
