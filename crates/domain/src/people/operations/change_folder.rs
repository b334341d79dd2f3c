//! Making, renaming and filling folders of conversations.
//!
//! [choice] Making a folder that exists is no failure: the conversations are put into it. Taking out a conversation that is
//! not in the folder succeeds, whether or not there is such a conversation.
//! [choice] A conversation that would be one too many in folders fails alone.

use crate::context::Context;
use crate::ids::{GroupId, UserId};
use crate::limits::FolderLimits;
use crate::people::Subject;
use crate::people::changes::PeopleChanges;
use crate::people::fact::{Chat, Fact, FactFamily, FactKey};
use crate::people::folders::{ChatProblem, Filed, Folder, FolderRefusal, check, filed_of, folders_of, peers};
use crate::people::operation::{PeopleDecision, PeopleOperation};
use crate::people::snapshot::{PeopleNeeds, PeopleSnapshot};
use crate::text::Text;
use std::collections::{BTreeMap, BTreeSet};

/// Changes a folder of conversations.
#[derive(Clone, Debug)]
pub struct ChangeFolder {
    /// The account whose folder it is.
    pub account: UserId,
    /// Its name.
    pub name: Text,
    /// Whether it is made where there is none.
    pub makes: bool,
    /// Its new name, if it gets one.
    pub new_name: Option<Text>,
    /// The conversations that are put in or taken out, in this order.
    pub moves: Vec<FolderMove>,
    /// The groups among them that exist.
    pub groups: BTreeSet<GroupId>,
    /// The limits in force.
    pub limits: FolderLimits,
}

/// A conversation that is put into a folder or taken out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FolderMove {
    /// The conversation.
    pub chat: Chat,
    /// Whether it is put in.
    pub into: bool,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangedFolder {
    /// The folder as it is now.
    pub folder: Folder,
    /// A result for each move, in order.
    pub results: Vec<Result<(), ChatProblem>>,
}

impl ChangeFolder {
    fn own(&self) -> Subject {
        Subject::Account(self.account.clone())
    }

    /// The folder as it will be, and whether that changes the folders.
    fn folder(
        &self,
        changes: &mut PeopleChanges,
        snapshot: &PeopleSnapshot,
    ) -> Result<Folder, FolderRefusal> {
        let before = folders_of(snapshot, &self.account);
        let mut folders = before.clone();
        let mut folder = match before.named(&self.name) {
            Some(folder) => folder.clone(),
            None if !self.makes => return Err(FolderRefusal::NoSuchFolder),
            None if self.limits.count <= before.all.len() => return Err(FolderRefusal::TooManyFolders),
            None => folders.make(self.name.clone()).ok_or(FolderRefusal::TooManyFolders)?,
        };
        if let Some(name) = &self.new_name {
            if before.named(name).is_some_and(|other| other.id != folder.id) {
                return Err(FolderRefusal::NameTaken);
            }
            folder.name = name.clone();
            let renamed = |of: &mut Folder| {
                if of.id == folder.id {
                    *of = folder.clone();
                }
            };
            folders.all.iter_mut().for_each(renamed);
        }
        if folders != before {
            changes.put(self.own(), FactKey::Folders, Fact::Folders(folders));
        }
        Ok(folder)
    }
}

impl PeopleOperation for ChangeFolder {
    type Answer = ChangedFolder;
    type Refusal = FolderRefusal;

    fn subjects(&self) -> Vec<Subject> {
        vec![self.own()]
    }

    fn needs(&self, _: &Context) -> PeopleNeeds {
        let filed = self.moves.iter().map(|moved| FactKey::Filed(moved.chat.clone()));
        let mut accounts = peers(self.moves.iter().map(|moved| &moved.chat));
        accounts.push(self.account.clone());
        PeopleNeeds {
            accounts,
            facts: filed.chain([FactKey::Folders]).map(|key| (self.own(), key)).collect(),
            counts: vec![(self.own(), FactFamily::Filed)],
            ..PeopleNeeds::default()
        }
    }

    fn decide(
        &self,
        context: &Context,
        snapshot: PeopleSnapshot,
    ) -> Result<PeopleDecision<ChangedFolder>, FolderRefusal> {
        if !snapshot.accounts.contains_key(&self.account) {
            return Err(FolderRefusal::NoSuchAccount);
        }
        let mut changes = PeopleChanges::default();
        let folder = self.folder(&mut changes, &snapshot)?;
        let count = snapshot.counts.get(&(self.own(), FactFamily::Filed)).copied().unwrap_or_default();
        let mut places = Places { operation: self, snapshot: &snapshot, now: BTreeMap::new(), count };
        let results = self.moves.iter().map(|moved| places.change(moved, folder.id)).collect();
        for (chat, folders) in places.now {
            let filed = Filed { folders: folders.into_iter().collect(), changed: context.now };
            let fact = (!filed.folders.is_empty()).then_some(Fact::Filed(filed));
            changes.facts.push((self.own(), FactKey::Filed(chat), fact));
        }
        Ok(PeopleDecision::new(changes, ChangedFolder { folder, results }))
    }
}

/// Where conversations are, while one after the other is moved.
struct Places<'a> {
    operation: &'a ChangeFolder,
    snapshot: &'a PeopleSnapshot,
    /// The folders of the conversations that have changed.
    now: BTreeMap<Chat, BTreeSet<u32>>,
    /// How many conversations are in folders.
    count: u64,
}

impl Places<'_> {
    fn change(&mut self, moved: &FolderMove, folder: u32) -> Result<(), ChatProblem> {
        let ChangeFolder { account, groups, limits, .. } = self.operation;
        let chat = &moved.chat;
        let mut folders = self.now.get(chat).cloned().unwrap_or_else(|| {
            let filed = filed_of(self.snapshot, account, chat);
            filed.into_iter().flat_map(|filed| filed.folders.iter().copied()).collect()
        });
        let before = u64::from(!folders.is_empty());
        if moved.into {
            check(self.snapshot, groups, chat)?;
            if before == 0 && u64::try_from(limits.filed).is_ok_and(|max| max <= self.count) {
                return Err(ChatProblem::TooMany);
            }
        }
        let changes = if moved.into { folders.insert(folder) } else { folders.remove(&folder) };
        if changes {
            self.count = self.count.saturating_sub(before).saturating_add(u64::from(!folders.is_empty()));
            self.now.insert(chat.clone(), folders);
        }
        Ok(())
    }
}
