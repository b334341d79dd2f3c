//! The writes of imports, which notify nobody.

use super::ReadOnlyCall;
use crate::clients::Hub;
use crate::code::Code;
use crate::jobs::Jobs;
use crate::reply::Failure;
use landfall_domain::account::AccountImport;
use landfall_domain::error::{OperationError, StoreError};
use landfall_domain::ids::GroupId;
use landfall_domain::import::{ImportMembersRefusal, MemberOutcome};
use landfall_domain::new_group::{NewGroup, NewGroupRefusal, NewMember};
use landfall_domain::operation::{GroupImport, import};
use landfall_domain::people::operation::{PeopleImport, import_people};
use std::ops::Deref;
use std::sync::Arc;

/// A call that imports. It can reach neither the app's clients nor its receiver.
///
/// A client whose account was imported into a group gets no frame about it. Its memberships are checked again, so that it
/// receives from then on what is said in the group.
pub struct SilentCall {
    read: ReadOnlyCall,
    /// For membership re-checks and counts only.
    hub: Arc<Hub>,
}

/// As of a [`Call`](super::Call).
impl Deref for SilentCall {
    type Target = ReadOnlyCall;

    fn deref(&self) -> &ReadOnlyCall {
        &self.read
    }
}

impl SilentCall {
    pub(super) fn new(read: ReadOnlyCall, hub: Arc<Hub>) -> Self {
        Self { read, hub }
    }

    /// The jobs of this server.
    ///
    /// # Errors
    /// No folder is configured for them.
    pub(crate) fn jobs(&self) -> Result<&Arc<Jobs>, Failure> {
        const WHY: &str = "this server takes no jobs; set imports.directory in its configuration";
        self.read.jobs.as_ref().ok_or_else(|| Code::NotBuilt.because(WHY))
    }

    /// Performs an import into one group.
    ///
    /// # Errors
    /// A rule refused it, or the store failed.
    pub async fn import<I: GroupImport>(&self, operation: I) -> Result<I::Answer, Failure> {
        let imported = import(&*self.read.store, self.context(), operation).await?;
        self.hub.counts.totals_change();
        Ok(imported)
    }

    /// Performs an import of people.
    ///
    /// # Errors
    /// A rule refused it, or the store failed.
    pub async fn import_people<I: PeopleImport>(
        &self,
        operation: I,
    ) -> Result<I::Answer, OperationError<I::Refusal>> {
        import_people(&*self.read.store, self.context(), operation).await
    }

    /// Imports a group with its members.
    ///
    /// # Errors
    /// The id is in use, an account does not exist, or the store failed.
    pub async fn import_group(&self, new: NewGroup) -> Result<GroupId, OperationError<NewGroupRefusal>> {
        let members = new.members.iter().map(|member| &member.account);
        let recheck = self.hub.before_import(new.owner.iter().chain(members));
        let id = self.read.store.import_group(self.context(), new).await?;
        self.hub.after_import(&id, recheck);
        self.hub.imported();
        Ok(id)
    }

    /// Imports members into a group.
    ///
    /// # Errors
    /// No member can be imported, or the store failed.
    pub async fn import_members(
        &self,
        group: GroupId,
        members: Vec<NewMember>,
    ) -> Result<Vec<MemberOutcome>, OperationError<ImportMembersRefusal>> {
        let recheck = self.hub.before_import(members.iter().map(|member| &member.account));
        let outcomes = self.read.store.import_members(self.context(), group.clone(), members).await?;
        self.hub.after_import(&group, recheck);
        Ok(outcomes)
    }

    /// Imports accounts; those that exist take over what is given.
    ///
    /// # Errors
    /// The store failed.
    pub async fn import_accounts(&self, accounts: Vec<AccountImport>) -> Result<(), StoreError> {
        self.read.store.import_accounts(self.context(), accounts).await?;
        self.hub.counts.totals_change();
        Ok(())
    }
}
