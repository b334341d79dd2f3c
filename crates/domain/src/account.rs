//! Accounts of an app.

use crate::ids::UserId;
use crate::text::Text;
use crate::time::Timestamp;
use std::collections::BTreeMap;

/// How a call treats an account that was never imported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnknownAccounts {
    /// Make a placeholder, so that groups can be imported before accounts. [choice]
    Create,
    /// Refuse, as the imitated service does.
    Refuse,
}

/// An account as an app imports it; importing again changes only what is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountImport {
    pub id: UserId,
    pub nick: Option<Text>,
    /// Address of its picture.
    pub face_url: Option<Text>,
}

/// An account as a store keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Account {
    /// Display name; empty when never given.
    pub nick: Text,
    /// Address of its picture; empty when never given.
    pub face_url: Text,
    /// When the account was first seen.
    pub created: Timestamp,
    /// True while it was only named by a group import and never imported itself.
    pub placeholder: bool,
    /// Signatures made before this second are no longer valid; 0 if it was never kicked since its import. An account
    /// of the same name that was deleted may have left a [later one](crate::store::Store::signatures_from).
    pub signatures_from: Timestamp,
}

/// What others see of an account that sent a message, or that a tip names. A text is empty where there is none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SenderProfile {
    pub nick: Text,
    /// Address of its picture.
    pub face_url: Text,
    /// Its name in the group, where it is a member of one.
    pub name_card: String,
}

/// What others see of some accounts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SenderProfiles(BTreeMap<UserId, SenderProfile>);

impl SenderProfiles {
    /// Of one of them; nothing where it is not among them.
    #[must_use]
    pub fn of(&self, account: &UserId) -> &SenderProfile {
        static NOBODY: SenderProfile = SenderProfile::NOBODY;
        self.0.get(account).unwrap_or(&NOBODY)
    }
}

impl FromIterator<(UserId, SenderProfile)> for SenderProfiles {
    fn from_iter<All: IntoIterator<Item = (UserId, SenderProfile)>>(all: All) -> Self {
        Self(all.into_iter().collect())
    }
}

impl SenderProfile {
    /// Of an account of which nothing is known.
    pub const NOBODY: Self = Self { nick: Text::EMPTY, face_url: Text::EMPTY, name_card: String::new() };
}

impl Account {
    /// What others see of its messages.
    #[must_use]
    pub fn as_sender(&self) -> SenderProfile {
        let Self { nick, face_url, .. } = self;
        SenderProfile { nick: nick.clone(), face_url: face_url.clone(), name_card: String::new() }
    }

    /// An account that a group import named before it was imported itself.
    #[must_use]
    pub fn placeholder(now: Timestamp) -> Self {
        Self {
            nick: Text::default(),
            face_url: Text::default(),
            created: now,
            placeholder: true,
            signatures_from: Timestamp(0),
        }
    }

    /// The account after a kick. Servers whose clocks differ never make an older signature valid again.
    #[must_use]
    pub fn kicked(self, now: Timestamp) -> Self {
        Self { signatures_from: self.signatures_from.max(now), ..self }
    }

    /// What stays when the account is deleted: from when on its signatures are valid, where `before` was left by those
    /// that had its name earlier. `None` when it leaves nothing new.
    ///
    /// A kick holds for as long as a signature may live, and a deletion does not shorten that: otherwise a
    /// kicked account could return by being deleted. [choice]
    #[must_use]
    pub fn left_behind(&self, before: Timestamp) -> Option<Timestamp> {
        (before < self.signatures_from).then_some(self.signatures_from)
    }

    /// The account after `import`; `before` is `None` when it did not exist.
    #[must_use]
    pub fn imported(before: Option<Self>, import: &AccountImport, now: Timestamp) -> Self {
        let mut account = before.unwrap_or_else(|| Self::placeholder(now));
        account.placeholder = false;
        if let Some(nick) = &import.nick {
            account.nick = nick.clone();
        }
        if let Some(face_url) = &import.face_url {
            account.face_url = face_url.clone();
        }
        account
    }
}
