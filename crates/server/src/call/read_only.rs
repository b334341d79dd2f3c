//! The part of a call that only reads: the caller, the limits, and what the store holds.

use crate::apps::App;
use crate::archive::Asked;
use crate::files::signing::FileSigner;
use crate::jobs::Jobs;
use crate::reply::Failure;
use landfall_domain::account::{Account, UnknownAccounts};
use landfall_domain::context::Context;
use landfall_domain::error::StoreError;
use landfall_domain::fields::{FieldRule, UserFieldRule};
use landfall_domain::group::{Group, GroupType};
use landfall_domain::ids::{AppId, GroupId, UserId};
use landfall_domain::limits::Limits;
use landfall_domain::member::Role;
use landfall_domain::people::Subject;
use landfall_domain::people::archive::{ArchiveKind, Hour};
use landfall_domain::people::fact::{FactKey, Mute};
use landfall_domain::people::snapshot::{PeopleNeeds, PeopleSnapshot};
use landfall_domain::snapshot::{GroupSnapshot, Needs};
use landfall_domain::store::{GroupPage, JoinedPage, JoinedWindow, MemberPage, MemberWindow, Store};
use landfall_domain::time::Timestamp;
use std::net::IpAddr;
use std::sync::Arc;

/// What every call may do: read. It has no way to the app's clients or receiver, and none to write.
pub struct ReadOnlyCall {
    /// An administrator of the app.
    pub caller: UserId,
    /// The limits in force.
    pub limits: Limits,
    /// The longest body of a request, bytes.
    pub body_bytes_max: usize,
    /// The largest file, bytes.
    pub file_bytes_max: u64,
    /// The address that the server listens at.
    pub listening_at: IpAddr,
    /// The time of the call.
    pub now: Timestamp,
    /// Random bits, for ids that the server makes.
    pub random_bits: u64,
    /// Signs addresses of files in what commands hand out.
    pub files: FileSigner,
    /// Not for commands: it leads to the app's receiver.
    pub(super) app: Arc<App>,
    /// Not for commands: whatever they write goes through the call.
    pub(super) store: Arc<dyn Store>,
    pub(super) unknown: UnknownAccounts,
    /// For imports alone.
    pub(super) jobs: Option<Arc<Jobs>>,
    /// Hours whose messages are to be archived.
    pub(super) archives: Arc<Asked>,
}

impl ReadOnlyCall {
    /// The `SDKAppID`.
    #[must_use]
    pub fn app_id(&self) -> AppId {
        self.app.id
    }

    /// Whether an account, by its name, is an administrator of the app.
    #[must_use]
    pub fn has_admin(&self, account: &str) -> bool {
        self.app.has_admin(account)
    }

    /// How often the app may call one command in a second; 0: no limit.
    #[must_use]
    pub fn calls_per_second(&self) -> u32 {
        self.app.calls_per_second()
    }

    /// How imports treat an account that was never imported.
    #[must_use]
    pub fn unknown_accounts(&self) -> UnknownAccounts {
        self.unknown
    }

    /// The custom fields of groups that the app has switched on.
    #[must_use]
    pub fn group_fields(&self) -> &[FieldRule] {
        &self.app.group_fields
    }

    /// The custom fields of members that the app has switched on.
    #[must_use]
    pub fn member_fields(&self) -> &[FieldRule] {
        &self.app.member_fields
    }

    /// The custom fields of accounts that the app has switched on.
    #[must_use]
    pub fn user_fields(&self) -> &[UserFieldRule] {
        &self.app.user_fields
    }

    /// The custom fields of friends that the app has switched on.
    #[must_use]
    pub fn friend_fields(&self) -> &[UserFieldRule] {
        &self.app.friend_fields
    }

    /// What `needs` names of one group.
    ///
    /// # Errors
    /// There is no such group, or the store failed.
    pub async fn snapshot(&self, group: GroupId, needs: Needs) -> Result<GroupSnapshot, Failure> {
        Ok(self.store.snapshot(self.app_id(), group, needs).await?)
    }

    /// The groups named; `None` where there is none.
    ///
    /// # Errors
    /// The store failed.
    pub async fn groups(&self, ids: Vec<GroupId>) -> Result<Vec<Option<Arc<Group>>>, StoreError> {
        self.store.groups(self.app_id(), ids).await
    }

    /// `None` when there is no such group.
    ///
    /// # Errors
    /// The store failed.
    pub async fn group_type(&self, group: &GroupId) -> Result<Option<GroupType>, Failure> {
        let groups = self.groups(vec![group.clone()]).await?;
        Ok(groups.into_iter().flatten().map(|group| group.kind).next())
    }

    /// Members of one group, those of `roles` only unless it is empty.
    ///
    /// # Errors
    /// There is no such group, or the store failed.
    pub async fn members(
        &self,
        group: GroupId,
        roles: Vec<Role>,
        window: MemberWindow,
    ) -> Result<MemberPage, Failure> {
        Ok(self.store.members(self.app_id(), group, roles, window).await?)
    }

    /// Groups of the app, of this type only where one is given, from list position `from` on, at most `limit`.
    ///
    /// # Errors
    /// The store failed.
    pub async fn list_groups(
        &self,
        kind: Option<GroupType>,
        from: u64,
        limit: usize,
    ) -> Result<GroupPage, StoreError> {
        self.store.list_groups(self.app_id(), kind, from, limit).await
    }

    /// Groups that an account is a member of.
    ///
    /// # Errors
    /// The store failed.
    pub async fn joined_groups(
        &self,
        account: UserId,
        window: JoinedWindow,
    ) -> Result<JoinedPage, StoreError> {
        self.store.joined_groups(self.app_id(), account, window).await
    }

    /// The accounts named; `None` where there is none.
    ///
    /// # Errors
    /// The store failed.
    pub async fn accounts(&self, ids: Vec<UserId>) -> Result<Vec<Option<Account>>, StoreError> {
        self.store.accounts(self.app_id(), ids).await
    }

    /// What `needs` names of people.
    ///
    /// # Errors
    /// The store failed.
    pub async fn people(&self, needs: PeopleNeeds) -> Result<PeopleSnapshot, StoreError> {
        self.store.people(self.app_id(), needs).await
    }

    /// Has the messages of an hour archived soon.
    pub fn archive(&self, kind: ArchiveKind, hour: Hour) {
        self.archives.add(self.app_id(), kind, hour);
    }

    /// The mute of an account.
    ///
    /// # Errors
    /// The store failed.
    pub async fn mute_of(&self, account: &UserId) -> Result<Mute, StoreError> {
        let facts = vec![(Subject::Account(account.clone()), FactKey::Mute)];
        Ok(self.people(PeopleNeeds { facts, ..PeopleNeeds::default() }).await?.mute_of(account))
    }

    pub(super) fn context(&self) -> Context {
        Context { app: self.app_id(), now: self.now, unknown: self.unknown }
    }
}
