//! Deleting a folder of conversations. The conversations stay.

use crate::context::Context;
use crate::ids::UserId;
use crate::people::Subject;
use crate::people::changes::PeopleChanges;
use crate::people::fact::{Fact, FactFamily, FactKey, FactRange};
use crate::people::folders::{Filed, Folder, FolderRefusal, folders_of};
use crate::people::operation::{PeopleDecision, PeopleOperation};
use crate::people::snapshot::{PeopleNeeds, PeopleSnapshot};
use crate::text::Text;

/// Deletes a folder.
#[derive(Clone, Debug)]
pub struct DeleteFolder {
    /// The account whose folder it is.
    pub account: UserId,
    /// Its name.
    pub name: Text,
}

impl DeleteFolder {
    fn own(&self) -> Subject {
        Subject::Account(self.account.clone())
    }
}

impl PeopleOperation for DeleteFolder {
    /// The folder that was.
    type Answer = Folder;
    type Refusal = FolderRefusal;

    fn subjects(&self) -> Vec<Subject> {
        vec![self.own()]
    }

    fn needs(&self, _: &Context) -> PeopleNeeds {
        PeopleNeeds {
            accounts: vec![self.account.clone()],
            facts: vec![(self.own(), FactKey::Folders)],
            ranges: vec![FactRange::all(self.own(), FactFamily::Filed)],
            ..PeopleNeeds::default()
        }
    }

    fn decide(
        &self,
        context: &Context,
        snapshot: PeopleSnapshot,
    ) -> Result<PeopleDecision<Folder>, FolderRefusal> {
        if !snapshot.accounts.contains_key(&self.account) {
            return Err(FolderRefusal::NoSuchAccount);
        }
        let mut folders = folders_of(&snapshot, &self.account);
        let folder = folders.named(&self.name).cloned().ok_or(FolderRefusal::NoSuchFolder)?;
        folders.all.retain(|kept| kept.id != folder.id);
        let mut changes = PeopleChanges::default();
        // Also without folders, so that numbers are not given twice.
        changes.put(self.own(), FactKey::Folders, Fact::Folders(folders));
        for ((subject, key), fact) in snapshot.facts {
            let Fact::Filed(filed) = fact else { continue };
            if filed.folders.contains(&folder.id) {
                let kept: Vec<u32> = filed.folders.into_iter().filter(|id| *id != folder.id).collect();
                let rest =
                    (!kept.is_empty()).then_some(Fact::Filed(Filed { folders: kept, changed: context.now }));
                changes.facts.push((subject, key, rest));
            }
        }
        Ok(PeopleDecision::new(changes, folder))
    }
}
