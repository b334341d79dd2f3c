//! The console's own records: its users, their sessions, and what was done there. They are
//! [facts](super::fact) about the [installation](INSTALLATION), which is no app.

use crate::ids::AppId;
use crate::time::Timestamp;
use std::fmt;

/// Stands where an app stands in rows that belong to the whole installation. The numbers of apps begin at 1.
pub const INSTALLATION: AppId = AppId(0);

/// Users of the console at most.
pub const CONSOLE_USERS_MAX: usize = 100;

/// The name of a user of the console: 1 to 32 lower-case letters, digits, `.`, `_` and `-`, of which the first is a letter or
/// a digit.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConsoleName(String);

impl ConsoleName {
    /// What [`parse`](Self::parse) takes, for messages.
    pub const ALLOWED: &str =
        "1 to 32 lower-case letters, digits, dots, underscores and hyphens, the first a letter or a digit";

    /// `None` when `name` is none.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let is_allowed = name.bytes().all(|byte| is_plain(byte) || b"._-".contains(&byte));
        let begins_well = name.bytes().next().is_some_and(is_plain);
        (name.len() <= 32 && begins_well && is_allowed).then(|| Self(name.to_owned()))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ConsoleName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a user of the console may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ConsoleRole {
    /// Look at everything but keys.
    Viewer,
    /// Change everything too.
    Administrator,
}

impl ConsoleRole {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Viewer, Self::Administrator];

    /// Its word in commands and forms.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Administrator => "administrator",
        }
    }

    /// The role with this word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.word() == word)
    }
}

/// A hash of a password, in the form that says how it was made. Prints as `***`.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(pub String);

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// A user of the console.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsoleUser {
    /// What it may do.
    pub role: ConsoleRole,
    /// Of its password.
    pub password: PasswordHash,
    /// When it was added.
    pub since: Timestamp,
}

/// The SHA-256 of the random token that a browser keeps. The token itself is kept nowhere else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionKey(pub [u8; 32]);

impl SessionKey {
    /// The key with this [name](fmt::Display).
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let digits: Vec<char> = name.chars().collect();
        let mut key = [0; 32];
        if digits.len() != 2 * key.len() {
            return None;
        }
        for (byte, pair) in key.iter_mut().zip(digits.chunks(2)) {
            let value = pair.iter().try_fold(0, |value, digit| Some(16 * value + digit.to_digit(16)?))?;
            *byte = u8::try_from(value).ok()?;
        }
        Some(Self(key))
    }
}

/// 64 hexadecimal digits.
impl fmt::Display for SessionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// A sign-in that has not ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsoleSession {
    /// Who signed in.
    pub user: ConsoleName,
    /// When.
    pub begun: Timestamp,
    /// From this second on it is not valid.
    pub ends: Timestamp,
}

/// Which entries of the audit list are kept: those from `first` to before `next`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AuditBounds {
    /// The number of the oldest.
    pub first: u64,
    /// The number that the next gets.
    pub next: u64,
}

/// Something that a user of the console did, or began to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// When it began.
    pub at: Timestamp,
    /// Who did it: a [`ConsoleName`], or words for the command line.
    pub who: String,
    /// The address it came from; empty for the command line.
    pub from: String,
    /// What was done: a command of the API, or words.
    pub what: String,
    /// On what: an app, a group, an account …
    pub on: String,
    /// How it ended.
    pub outcome: AuditOutcome,
}

/// How something ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuditOutcome {
    /// It is not known: it is still going on, or the server stopped meanwhile.
    Begun,
    /// It was done.
    Done,
    /// Nothing was changed, or not everything, for this reason.
    Failed(String),
}

impl AuditEntry {
    /// Longest text of an entry, bytes; the rest of longer ones is cut off.
    pub const TEXT_BYTES_MAX: usize = 300;

    /// The same with texts that are not too long.
    #[must_use]
    pub fn cut(mut self) -> Self {
        let outcome = if let AuditOutcome::Failed(why) = &mut self.outcome { Some(why) } else { None };
        for text in [&mut self.who, &mut self.from, &mut self.what, &mut self.on].into_iter().chain(outcome) {
            text.truncate(text.floor_char_boundary(Self::TEXT_BYTES_MAX));
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_users_are_plain() {
        for good in ["root", "a", "7", "ann.lee-2_x", &"x".repeat(32)] {
            assert!(ConsoleName::parse(good).is_some(), "{good}");
        }
        for bad in ["", "Root", ".a", "-a", "a b", "é", "a/b", "a\n", &"x".repeat(33)] {
            assert!(ConsoleName::parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn keys_of_sessions_are_found_by_their_names() {
        let mut key = SessionKey([0; 32]);
        for (number, byte) in key.0.iter_mut().enumerate() {
            *byte = u8::try_from(number * 8).unwrap();
        }
        assert_eq!(SessionKey::named(&key.to_string()), Some(key));
        for bad in ["", "00", &"0".repeat(63), &"g".repeat(64), &"é".repeat(32)] {
            assert_eq!(SessionKey::named(bad), None, "{bad}");
        }
    }

    #[test]
    fn long_texts_are_cut_at_a_character() {
        let long = "é".repeat(AuditEntry::TEXT_BYTES_MAX);
        let entry = AuditEntry {
            at: Timestamp(1),
            who: "root".to_owned(),
            from: String::new(),
            what: format!("a{long}"),
            on: long.clone(),
            outcome: AuditOutcome::Failed(long),
        };
        let cut = entry.cut();
        assert_eq!((cut.what.len(), cut.on.len()), (299, 300));
        assert!(matches!(cut.outcome, AuditOutcome::Failed(why) if why.len() == 300));
    }

    #[test]
    fn no_password_is_printed() {
        assert_eq!(format!("{:?}", PasswordHash("$argon2id$…".to_owned())), "***");
    }
}
