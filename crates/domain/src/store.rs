//! What the server asks of a store. Each operation happens entirely or not at all, and has reached the disk when
//! its future is done. A store never decides a rule: it loads what the rule needs, calls it, and keeps the result.

#![warn(missing_docs)]

use crate::account::{Account, AccountImport};
use crate::context::Context;
use crate::error::{NoSuchAccount, NoSuchGroup, OperationError, StoreError};
use crate::group::{Group, GroupType};
use crate::ids::{AppId, GroupId, UserId};
use crate::import::{ImportMembersRefusal, MemberOutcome};
use crate::member::{Member, Role};
use crate::message::Message;
use crate::new_group::{NewGroup, NewGroupRefusal, NewMember};
use crate::operation::DynOperation;
use crate::people::operation::DynPeopleOperation;
use crate::people::snapshot::{PeopleNeeds, PeopleSnapshot};
use crate::snapshot::{GroupSnapshot, Needs};
use crate::subscribers::Subscribers;
use crate::time::Timestamp;
use async_trait::async_trait;
use std::collections::BTreeMap;
use std::sync::Arc;

/// One page of an app's groups, in the order they arrived; to a second, where several servers share a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupPage {
    /// All groups of the app, of the type asked for.
    pub total: u64,
    /// The groups of this page.
    pub ids: Vec<GroupId>,
    /// Where the next page starts; 0 when this is the last.
    pub next: u64,
}

/// Which members of a group are asked for.
#[derive(Clone, Debug)]
pub enum MemberWindow {
    /// In the order they joined: leave out `offset`, then at most `limit`.
    ByJoinTime {
        /// How many to leave out.
        offset: usize,
        /// How many at most.
        limit: usize,
    },
    /// In the order of their names, for groups too large to sort: those after `after`, at most `limit`.
    ByName {
        /// The last name of the page before.
        after: Option<UserId>,
        /// How many at most.
        limit: usize,
    },
}

/// One page of a group's members.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberPage {
    /// The group.
    pub group: Group,
    /// Its members.
    pub members: Vec<Member>,
    /// Whether members follow this page.
    pub more: bool,
}

/// Which of an account's groups are asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JoinedWindow {
    /// Those of these types.
    pub kinds: Vec<GroupType>,
    /// Those that support topics, or those that do not; both when `None`.
    pub support_topic: Option<bool>,
    /// Also those in which nothing was said yet; else they are left out for their owner too. [doc]
    pub inactive: bool,
    /// How many to leave out.
    pub offset: usize,
    /// How many at most.
    pub limit: usize,
}

/// One page of an account's groups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JoinedPage {
    /// How many there are on all pages together.
    pub total: u64,
    /// The groups of this page, each with the account's membership.
    pub groups: Vec<(Group, Member)>,
}

/// What lists of conversations show of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JoinedChat {
    /// The group.
    pub group: GroupId,
    /// When it was made.
    pub created: Timestamp,
    /// The number of its last message; 0 when there is none.
    pub last_seq: u32,
    /// When the last message was sent that such lists show; 0 when there is none.
    pub last_listed: Timestamp,
    /// Whether an import has brought messages since that such lists do not show.
    pub quiet: bool,
}

impl JoinedChat {
    /// Of a group.
    #[must_use]
    pub fn of(group: &Group) -> Self {
        Self {
            group: group.id.clone(),
            created: group.created,
            last_seq: group.log.last_seq(),
            last_listed: group.log.last_listed(),
            quiet: group.log.listed.is_some(),
        }
    }
}

/// Some of an account's groups, in the order of their ids.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JoinedChats {
    /// The groups; those in which nothing was said yet are left out.
    pub chats: Vec<JoinedChat>,
    /// The last group that was looked at; `None` when there are no others.
    pub last: Option<GroupId>,
}

/// Messages of a group's own conversation, by their numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupRange {
    /// The group.
    pub group: GroupId,
    /// Those with numbers above this one.
    pub after: u32,
    /// The last number.
    pub up_to: u32,
}

/// Which messages of a range are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhichMessages {
    /// All of them.
    All,
    /// Those that mention an account or everybody.
    Mentions,
}

/// How a store is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Health {
    /// It takes writes.
    Ready,
    /// It takes writes, and some of what it keeps is damaged: calls that meet it fail.
    Damaged(String),
    /// It takes writes, and a part of what it keeps is out of reach: calls that need it fail.
    Partial(String),
    /// It does not, for this reason.
    NotReady(String),
}

/// Everything the server keeps.
#[async_trait]
pub trait Store: Send + Sync {
    /// Imports one group with its members, silently. A repeated import of a living id is refused.
    async fn import_group(
        &self,
        context: Context,
        import: NewGroup,
    ) -> Result<GroupId, OperationError<NewGroupRefusal>>;

    /// Makes a group.
    async fn create_group(
        &self,
        context: Context,
        new: NewGroup,
        subscribers: Arc<dyn Subscribers>,
    ) -> Result<GroupId, OperationError<NewGroupRefusal>>;

    /// Performs an operation on one group, alone with it: loads what it needs, asks it, and writes what it decides.
    /// [`perform`](crate::operation::perform) calls this.
    async fn change_group(
        &self,
        context: Context,
        operation: Arc<dyn DynOperation>,
    ) -> Result<(), StoreError>;

    /// What `needs` names of one group, all at one moment.
    async fn snapshot(
        &self,
        app: AppId,
        group: GroupId,
        needs: Needs,
    ) -> Result<GroupSnapshot, OperationError<NoSuchGroup>>;

    /// Performs an operation on people, alone with the subjects that it names: loads what it needs, asks it, and writes what it
    /// decides. [`perform_people`](crate::people::operation::perform_people) calls this.
    async fn change_people(
        &self,
        context: Context,
        operation: Arc<dyn DynPeopleOperation>,
    ) -> Result<(), StoreError>;

    /// What `needs` names of people, all at one moment.
    async fn people(&self, app: AppId, needs: PeopleNeeds) -> Result<PeopleSnapshot, StoreError>;

    /// Imports members into a group, silently. Members already present stay as they are, but may have joined earlier.
    async fn import_members(
        &self,
        context: Context,
        group: GroupId,
        members: Vec<NewMember>,
    ) -> Result<Vec<MemberOutcome>, OperationError<ImportMembersRefusal>>;

    /// The groups named, each as it is at one moment of the call; `None` where there is none.
    async fn groups(&self, app: AppId, ids: Vec<GroupId>) -> Result<Vec<Option<Arc<Group>>>, StoreError>;

    /// Members of one group, those of `roles` only unless it is empty.
    async fn members(
        &self,
        app: AppId,
        group: GroupId,
        roles: Vec<Role>,
        window: MemberWindow,
    ) -> Result<MemberPage, OperationError<NoSuchGroup>>;

    /// Groups of an app from list position `from` on (0 is the start), at most `limit`. A group that comes while pages
    /// are read may be missing from them.
    async fn list_groups(
        &self,
        app: AppId,
        kind: Option<GroupType>,
        from: u64,
        limit: usize,
    ) -> Result<GroupPage, StoreError>;

    /// Groups an account is a member of, in the order of their ids.
    async fn joined_groups(
        &self,
        app: AppId,
        account: UserId,
        window: JoinedWindow,
    ) -> Result<JoinedPage, StoreError>;

    /// What lists of conversations show of the groups an account is a member of: those behind `after`, of which at most
    /// `limit` are looked at. Each costs the read of its row.
    async fn joined_chats(
        &self,
        app: AppId,
        account: UserId,
        after: Option<GroupId>,
        limit: usize,
    ) -> Result<JoinedChats, StoreError>;

    /// Messages of several groups, each named once, by group and in the order of their numbers; of a group that does not exist
    /// none. Callers ask for short ranges: each number costs a read.
    async fn messages_of_groups(
        &self,
        app: AppId,
        ranges: Vec<GroupRange>,
        which: WhichMessages,
    ) -> Result<BTreeMap<GroupId, Vec<Message>>, StoreError>;

    /// Removes messages of groups and of pairs that were sent before `before`, at most `limit` of them; how many were removed, 0 when none is
    /// left.
    async fn expire_messages(&self, app: AppId, before: Timestamp, limit: usize)
    -> Result<usize, StoreError>;

    /// Dissolves a group: it, its members and their place in every index are gone. Its id can be used again.
    async fn destroy_group(
        &self,
        context: Context,
        group: GroupId,
        subscribers: Arc<dyn Subscribers>,
    ) -> Result<(), OperationError<NoSuchGroup>>;

    /// Imports accounts; those that exist take over what is given.
    async fn import_accounts(&self, context: Context, accounts: Vec<AccountImport>)
    -> Result<(), StoreError>;

    /// The accounts named; `None` where there is none.
    async fn accounts(&self, app: AppId, ids: Vec<UserId>) -> Result<Vec<Option<Account>>, StoreError>;

    /// Accounts of an app, in an order of the store's own: those that come after `after`, at most `limit`. A page that is not
    /// full is the last. An account that comes while pages are read may be missing from them.
    async fn list_accounts(
        &self,
        app: AppId,
        after: Option<UserId>,
        limit: usize,
    ) -> Result<Vec<UserId>, StoreError>;

    /// Signatures of the account made before this second are not valid, also when it was deleted since it was kicked,
    /// and imported anew; 0 when it was never kicked.
    async fn signatures_from(&self, app: AppId, account: UserId) -> Result<Timestamp, StoreError>;

    /// Deletes accounts with all their memberships, all facts about them and all that others keep about them, and their
    /// one-to-one conversations; groups they owned stay, without owner, and their kicks stay. Answers which of them existed.
    async fn delete_accounts(&self, context: Context, ids: Vec<UserId>) -> Result<Vec<bool>, StoreError>;

    /// Makes every signature of the account from before this second invalid.
    async fn kick(&self, context: Context, account: UserId) -> Result<(), OperationError<NoSuchAccount>>;

    /// Whether the store takes writes.
    fn health(&self) -> Health;

    /// Ends in order: returns once everything that was accepted is kept. From then on every call fails.
    async fn close(&self);
}
