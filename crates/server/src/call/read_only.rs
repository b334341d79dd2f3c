//! The part of a call that only reads: the caller, the limits, and what the store holds.

use super::acting::{self, ActingClient};
use crate::apps::App;
use crate::apps::words::Finder;
use crate::archive::Asked;
use crate::files::signing::FileSigner;
use crate::jobs::Jobs;
use crate::reply::Failure;
use landfall_domain::account::{Account, UnknownAccounts};
use landfall_domain::context::Context;
use landfall_domain::error::{NoSuchGroup, OperationError, StoreError};
use landfall_domain::fields::{FieldRule, UserFieldRule};
use landfall_domain::group::{Group, GroupType};
use landfall_domain::ids::{AppId, GroupId, UserId};
use landfall_domain::limits::Limits;
use landfall_domain::member::Role;
use landfall_domain::people::Subject;
use landfall_domain::people::archive::{ArchiveKind, Hour};
use landfall_domain::people::fact::{Fact, FactKey, Mute};
use landfall_domain::people::snapshot::{PeopleNeeds, PeopleSnapshot};
use landfall_domain::people::words::Words;
use landfall_domain::refusal::Refusal;
use landfall_domain::snapshot::{GroupSnapshot, Needs};
use landfall_domain::store::{
    GroupPage, JoinedChats, JoinedPage, JoinedWindow, MemberPage, MemberWindow, Store,
};
use landfall_domain::time::Timestamp;
use std::net::IpAddr;
use std::sync::Arc;

/// What every call may do: read. It has no way to the app's clients or receiver, and none to write.
pub struct ReadOnlyCall {
    /// Who calls: an administrator of the app, or the account of a client.
    pub caller: UserId,
    /// What the account is, where it acts for itself; `None` for an administrator.
    pub(super) client: Option<ActingClient>,
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
    /// Whether an account calls for itself, and not an administrator of the app.
    #[must_use]
    pub fn is_for_account(&self) -> bool {
        self.client.is_some()
    }

    /// How long the caller may recall what it sent, seconds; `None`: at any time.
    #[must_use]
    pub fn recall_seconds(&self) -> Option<u64> {
        self.client.as_ref().map(|client| client.recall_seconds)
    }

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
    pub async fn snapshot(&self, group: GroupId, mut needs: Needs) -> Result<GroupSnapshot, Failure> {
        let Some(client) = &self.client else {
            return Ok(self.store.snapshot(self.app_id(), group, needs).await?);
        };
        let asked = needs.members.contains(&self.caller);
        needs.members.push(self.caller.clone());
        let mut added = acting::parts_of_standing(&self.caller).to_vec();
        added.retain(|key| !needs.parts.contains(key));
        needs.parts.extend_from_slice(&added);
        let mut snapshot = self.store.snapshot(self.app_id(), group, needs).await?;
        client.check_sees((&self.caller, self.now), &snapshot)?;
        acting::hide_unseen(&self.caller, &mut snapshot);
        if !asked {
            snapshot.members.remove(&self.caller);
        }
        for key in &added {
            snapshot.parts.remove(key);
        }
        Ok(snapshot)
    }

    /// Whether the caller may read what members of a group read.
    ///
    /// # Errors
    /// It may not, there is no such group, or the store failed.
    async fn check_sees(&self, group: &GroupId) -> Result<(), Failure> {
        if self.client.is_some() {
            self.snapshot(group.clone(), Needs::default()).await?;
        }
        Ok(())
    }

    /// An account reads what belongs to accounts for itself only. Commands refuse others by themselves, so this is a last guard.
    fn check_is_caller(&self, account: &UserId) -> Result<(), StoreError> {
        match self.client {
            Some(_) if *account != self.caller => {
                Err(StoreError::Failed("a client's command reads for another account".into()))
            }
            Some(_) | None => Ok(()),
        }
    }

    /// The groups named; `None` where there is none.
    ///
    /// # Errors
    /// The store failed.
    pub async fn groups(&self, ids: Vec<GroupId>) -> Result<Vec<Option<Arc<Group>>>, StoreError> {
        let mut groups = self.store.groups(self.app_id(), ids).await?;
        if let Some(client) = &self.client {
            for slot in &mut groups {
                let Some(group) = slot else { continue };
                let (members, parts) =
                    (vec![self.caller.clone()], acting::parts_of_standing(&self.caller).to_vec());
                let needs = Needs { members, parts, ..Needs::default() };
                match self.store.snapshot(self.app_id(), group.id.clone(), needs).await {
                    Ok(snapshot) => match client.check_sees((&self.caller, self.now), &snapshot) {
                        Ok(()) => {}
                        Err(Refusal::NoSuchGroup) => *slot = None,
                        Err(_) => *group = Arc::new(group.as_outsiders_see_it()),
                    },
                    Err(OperationError::Refused(NoSuchGroup)) => *slot = None,
                    Err(OperationError::Store(error)) => return Err(error),
                }
            }
        }
        Ok(groups)
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
        self.check_sees(&group).await?;
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
    /// The store failed, or an account asks for the groups of another, which no command lets it.
    pub async fn joined_groups(
        &self,
        account: UserId,
        window: JoinedWindow,
    ) -> Result<JoinedPage, StoreError> {
        self.check_is_caller(&account)?;
        self.store.joined_groups(self.app_id(), account, window).await
    }

    /// What lists of conversations show of the groups that an account is a member of: those behind `after`, of which at most
    /// `limit` are looked at.
    ///
    /// # Errors
    /// The store failed.
    pub async fn joined_chats(
        &self,
        account: UserId,
        after: Option<GroupId>,
        limit: usize,
    ) -> Result<JoinedChats, StoreError> {
        self.store.joined_chats(self.app_id(), account, after, limit).await
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
        if self.client.is_some() && !acting::may_read(&self.caller, &needs) {
            return Err(StoreError::Failed("a client's command reads for another account".into()));
        }
        self.store.people(self.app_id(), needs).await
    }

    /// What finds the words that nobody in the app may send.
    ///
    /// # Errors
    /// The store failed.
    pub(crate) async fn words(&self) -> Result<Finder, StoreError> {
        if let Some(finder) = self.app.words.finder(self.now) {
            return Ok(finder);
        }
        let place = (Subject::App, FactKey::Words);
        let needs = PeopleNeeds { facts: vec![place.clone()], ..PeopleNeeds::default() };
        let words = match self.people(needs).await?.facts.remove(&place) {
            Some(Fact::Words(words)) => words,
            _ => Words::default(),
        };
        self.app.words.learn(words, self.now).map_err(|error| StoreError::failed("words", &error))
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
