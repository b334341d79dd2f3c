//! Folders of conversations, and marks on them: what an account keeps about its conversations, whether or not they are on its
//! list. The API calls a folder a conversation group.
//!
//! [choice] A conversation keeps its marks and folders when its group is dissolved, until they are taken away.

mod found;

pub(super) use found::{check, peers};
pub use found::{filed_of, folders_of, mark_of};

use crate::text::Text;
use crate::time::Timestamp;

/// A folder of conversations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder {
    /// Its number among the folders of the account, counted from 1; never used again. [sample]
    pub id: u32,
    /// Its name, which no other folder of the account has.
    pub name: Text,
}

/// The folders of an account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Folders {
    /// In the order in which they were made.
    pub all: Vec<Folder>,
    /// Number of the last folder that was made; 0 when there was none.
    pub last_id: u32,
}

impl Folders {
    /// The folder with this name.
    #[must_use]
    pub fn named(&self, name: &Text) -> Option<&Folder> {
        self.all.iter().find(|folder| folder.name == *name)
    }

    /// Makes a folder; `None` when all numbers are used up.
    pub(super) fn make(&mut self, name: Text) -> Option<Folder> {
        let id = self.last_id.checked_add(1)?;
        self.last_id = id;
        let folder = Folder { id, name };
        self.all.push(folder.clone());
        Some(folder)
    }
}

/// The folders that a conversation is in; at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filed {
    /// Their numbers, in rising order.
    pub folders: Vec<u32>,
    /// When the conversation was last put into a folder or taken out.
    pub changed: Timestamp,
}

/// How an account has marked a conversation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChatMark {
    /// The standard marks: mark n, counted from 1, is the bit with the value 2^(n-1).
    pub standard: u64,
    /// What the app keeps; empty when nothing.
    pub custom: Text,
    /// When it was last marked.
    pub changed: Timestamp,
}

impl ChatMark {
    /// Whether it says anything.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.standard == 0 && self.custom == Text::default()
    }
}

/// Why nothing is done about folders or marks at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FolderRefusal {
    /// There is no such account.
    NoSuchAccount,
    /// The account would have more folders than allowed.
    TooManyFolders,
    /// It has no folder with that name.
    NoSuchFolder,
    /// Another folder has the new name.
    NameTaken,
}

/// Why nothing is done about one conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChatProblem {
    /// The other account does not exist.
    NoSuchAccount,
    /// The group does not exist.
    NoSuchGroup,
    /// The account would have more such conversations than allowed.
    TooMany,
}
