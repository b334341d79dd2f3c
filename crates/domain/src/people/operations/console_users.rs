//! The users of the console. Nobody hears of a change to them.

use crate::context::Context;
use crate::people::Subject;
use crate::people::changes::PeopleChanges;
use crate::people::console::{CONSOLE_USERS_MAX, ConsoleName, ConsoleRole, ConsoleUser, PasswordHash};
use crate::people::fact::{Fact, FactFamily, FactKey, FactRange};
use crate::people::operation::{PeopleImport, PeopleImported};
use crate::people::snapshot::{PeopleNeeds, PeopleSnapshot};

/// The reason why the users stay as they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConsoleUserRefusal {
    /// There is a user of this name.
    Exists,
    /// There is none.
    NoSuchUser,
    /// There are [as many as there may be](CONSOLE_USERS_MAX).
    TooMany,
}

/// Users of the console, in the order of their names.
pub fn users(snapshot: &PeopleSnapshot) -> impl Iterator<Item = (&ConsoleName, &ConsoleUser)> {
    snapshot.facts.iter().filter_map(|((_, key), fact)| match (key, fact) {
        (FactKey::ConsoleUser(name), Fact::ConsoleUser(user)) => Some((name, user)),
        _ => None,
    })
}

/// What there is to load for [`users`].
#[must_use]
pub fn all_users() -> PeopleNeeds {
    let all = FactRange::all(Subject::App, FactFamily::ConsoleUsers);
    PeopleNeeds { ranges: vec![all], ..PeopleNeeds::default() }
}

/// The same, and all sessions.
fn users_and_sessions() -> PeopleNeeds {
    let mut needs = all_users();
    needs.ranges.push(FactRange::all(Subject::App, FactFamily::ConsoleSessions));
    needs
}

/// Ends all sessions of a user.
fn end_sessions(changes: &mut PeopleChanges, snapshot: &PeopleSnapshot, of: &ConsoleName) {
    for ((_, key), fact) in &snapshot.facts {
        if matches!(fact, Fact::ConsoleSession(session) if session.user == *of) {
            changes.remove(Subject::App, key.clone());
        }
    }
}

fn user<'a>(snapshot: &'a PeopleSnapshot, name: &ConsoleName) -> Option<&'a ConsoleUser> {
    match snapshot.fact(&Subject::App, &FactKey::ConsoleUser(name.clone())) {
        Some(Fact::ConsoleUser(user)) => Some(user),
        Some(_) | None => None,
    }
}

/// Adds a user.
#[derive(Clone, Debug)]
pub struct AddConsoleUser {
    /// Its name.
    pub name: ConsoleName,
    /// What it may do.
    pub role: ConsoleRole,
    /// Of its password.
    pub password: PasswordHash,
}

impl PeopleImport for AddConsoleUser {
    type Answer = ();
    type Refusal = ConsoleUserRefusal;

    fn subjects(&self) -> Vec<Subject> {
        vec![Subject::App]
    }

    fn needs(&self, _: &Context) -> PeopleNeeds {
        all_users()
    }

    fn decide(
        &self,
        context: &Context,
        snapshot: PeopleSnapshot,
    ) -> Result<PeopleImported<()>, ConsoleUserRefusal> {
        if user(&snapshot, &self.name).is_some() {
            return Err(ConsoleUserRefusal::Exists);
        }
        if CONSOLE_USERS_MAX <= users(&snapshot).count() {
            return Err(ConsoleUserRefusal::TooMany);
        }
        let mut changes = PeopleChanges::default();
        let user = ConsoleUser { role: self.role, password: self.password.clone(), since: context.now };
        changes.put(Subject::App, FactKey::ConsoleUser(self.name.clone()), Fact::ConsoleUser(user));
        Ok(PeopleImported { changes, answer: () })
    }
}

/// Gives a user another role, or another password, which ends its sessions.
#[derive(Clone, Debug)]
pub struct ChangeConsoleUser {
    /// Its name.
    pub name: ConsoleName,
    /// What it may do; `None`: as before.
    pub role: Option<ConsoleRole>,
    /// Of its password; `None`: as before.
    pub password: Option<PasswordHash>,
}

impl PeopleImport for ChangeConsoleUser {
    type Answer = ();
    type Refusal = ConsoleUserRefusal;

    fn subjects(&self) -> Vec<Subject> {
        vec![Subject::App]
    }

    fn needs(&self, _: &Context) -> PeopleNeeds {
        users_and_sessions()
    }

    fn decide(
        &self,
        _: &Context,
        snapshot: PeopleSnapshot,
    ) -> Result<PeopleImported<()>, ConsoleUserRefusal> {
        let before = user(&snapshot, &self.name).ok_or(ConsoleUserRefusal::NoSuchUser)?;
        let mut changes = PeopleChanges::default();
        let after = ConsoleUser {
            role: self.role.unwrap_or(before.role),
            password: self.password.clone().unwrap_or_else(|| before.password.clone()),
            since: before.since,
        };
        changes.put(Subject::App, FactKey::ConsoleUser(self.name.clone()), Fact::ConsoleUser(after));
        if self.password.is_some() {
            end_sessions(&mut changes, &snapshot, &self.name);
        }
        Ok(PeopleImported { changes, answer: () })
    }
}

/// Removes a user, and ends its sessions.
#[derive(Clone, Debug)]
pub struct RemoveConsoleUser(pub ConsoleName);

impl PeopleImport for RemoveConsoleUser {
    type Answer = ();
    type Refusal = ConsoleUserRefusal;

    fn subjects(&self) -> Vec<Subject> {
        vec![Subject::App]
    }

    fn needs(&self, _: &Context) -> PeopleNeeds {
        users_and_sessions()
    }

    fn decide(
        &self,
        _: &Context,
        snapshot: PeopleSnapshot,
    ) -> Result<PeopleImported<()>, ConsoleUserRefusal> {
        if user(&snapshot, &self.0).is_none() {
            return Err(ConsoleUserRefusal::NoSuchUser);
        }
        let mut changes = PeopleChanges::default();
        changes.remove(Subject::App, FactKey::ConsoleUser(self.0.clone()));
        end_sessions(&mut changes, &snapshot, &self.0);
        Ok(PeopleImported { changes, answer: () })
    }
}
