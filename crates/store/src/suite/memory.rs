//! A store in memory, as simple as possible: the others are compared with it.

mod group;
mod people;

use async_trait::async_trait;
use group::StoredGroup;
use landfall_domain::account::{Account, AccountImport};
use landfall_domain::context::Context;
use landfall_domain::error::{NoSuchAccount, NoSuchGroup, OperationError, StoreError};
use landfall_domain::group::{Group, GroupType};
use landfall_domain::ids::{AppId, GroupId, UserId};
use landfall_domain::import::{self, ImportMembersRefusal, MemberOutcome, Standing};
use landfall_domain::member::{Member, Role};
use landfall_domain::message::{Conversation, Message};
use landfall_domain::new_group::{NewGroup, NewGroupRefusal, NewMember, new_group};
use landfall_domain::operation::{DynOperation, Outcome};
use landfall_domain::part::{Part, PartKey};
use landfall_domain::people::operation::{DynPeopleOperation, PeopleOutcome};
use landfall_domain::people::snapshot::{PeopleNeeds, PeopleSnapshot};
use landfall_domain::snapshot::{GroupSnapshot, Needs};
use landfall_domain::store::{
    GroupPage, GroupRange, Health, JoinedChats, JoinedPage, JoinedWindow, MemberPage, MemberWindow, Store,
    WhichMessages,
};
use landfall_domain::subscribers::Subscribers;
use landfall_domain::time::Timestamp;
use people::{People, joined};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

/// A store in memory.
#[derive(Default)]
pub(crate) struct Memory(Mutex<BTreeMap<AppId, AppData>>);

#[derive(Default)]
struct AppData {
    groups: BTreeMap<GroupId, StoredGroup>,
    accounts: BTreeMap<UserId, Account>,
    /// Kicks of deleted accounts.
    kicks: BTreeMap<UserId, Timestamp>,
    last_position: u64,
    people: People,
}

impl AppData {
    fn new_group(&mut self, context: Context, asked: NewGroup) -> Result<GroupId, NewGroupRefusal> {
        let id = (0..)
            .map_while(|attempt| asked.id.candidate(asked.kind, attempt))
            .find(|id| !self.groups.contains_key(id))
            .ok_or(NewGroupRefusal::IdTaken)?;
        let known = |account: &UserId| Ok::<_, std::convert::Infallible>(self.accounts.contains_key(account));
        let position = self.last_position + 1;
        let Ok(made) = new_group(asked, id.clone(), position, context.unknown, context.now, known);
        let made = made?;
        self.last_position = position;
        self.place(context, made.placeholders);
        let members = made.members.into_iter().map(|member| (member.account.clone(), member)).collect();
        let whole =
            StoredGroup { group: made.group, members, parts: BTreeMap::new(), messages: BTreeMap::new() };
        self.groups.insert(id.clone(), whole);
        Ok(id)
    }

    fn import_members(
        &mut self,
        context: Context,
        id: &GroupId,
        asked: &[NewMember],
    ) -> Result<Vec<MemberOutcome>, ImportMembersRefusal> {
        let whole = self.groups.get_mut(id).ok_or(ImportMembersRefusal::NoSuchGroup)?;
        let standing = |asked: &NewMember| Standing {
            known: self.accounts.contains_key(&asked.account),
            joined: whole.members.get(&asked.account).map(|member| member.joined),
        };
        let standings: Vec<_> = asked.iter().map(standing).collect();
        let change = import::import_members(&whole.group, asked, &standings, context.unknown, context.now)?;
        for (account, joined) in change.earlier {
            whole.members.get_mut(&account).unwrap().joined = joined;
        }
        whole.members.extend(change.added.into_iter().map(|member| (member.account.clone(), member)));
        whole.group.member_count = u32::try_from(whole.members.len()).unwrap();
        self.place(context, change.placeholders);
        Ok(change.outcomes)
    }

    fn place(&mut self, context: Context, placeholders: Vec<UserId>) {
        let placeholder = || Account::placeholder(context.now);
        self.accounts.extend(placeholders.into_iter().map(|account| (account, placeholder())));
    }

    fn delete(&mut self, id: &UserId) -> bool {
        let Some(account) = self.accounts.remove(id) else {
            return false;
        };
        self.people.forget(id);
        let kick = self.kicks.entry(id.clone()).or_default();
        *kick = account.signatures_from.max(*kick);
        for whole in self.groups.values_mut() {
            // The owner of a group that keeps no members is still named.
            if whole.members.remove(id).is_some() {
                whole.group.member_count = u32::try_from(whole.members.len()).unwrap();
                whole.group.owner.take_if(|owner| owner == id);
            }
        }
        true
    }

    fn expire(&mut self, before: Timestamp) -> usize {
        let mut removed = 0;
        for whole in self.groups.values_mut() {
            for (conversation, messages) in &mut whole.messages {
                let old: Vec<u32> = messages
                    .iter()
                    .filter(|(_, message)| message.sent < before)
                    .map(|(seq, _)| *seq)
                    .collect();
                old.iter().for_each(|seq| drop(messages.remove(seq)));
                removed += old.len();
                let log = match conversation {
                    Conversation::Group => Some(&mut whole.group.log),
                    Conversation::Topic(id) => match whole.parts.get_mut(&PartKey::Topic(id.clone())) {
                        Some(Part::Topic(topic)) => Some(&mut topic.log),
                        Some(_) | None => None,
                    },
                };
                if let Some(log) = log
                    && !old.is_empty()
                {
                    log.first_kept = messages.keys().next().copied().unwrap_or(log.next_seq);
                }
            }
            whole.messages.retain(|_, messages| !messages.is_empty());
        }
        removed + self.people.expire(before)
    }
}

impl Memory {
    fn with<T>(&self, app: AppId, work: impl FnOnce(&mut AppData) -> T) -> T {
        let mut apps: MutexGuard<'_, _> = self.0.lock().unwrap();
        work(apps.entry(app).or_default())
    }
}

fn refused<T, Refusal>(result: Result<T, Refusal>) -> Result<T, OperationError<Refusal>> {
    result.map_err(OperationError::Refused)
}

#[async_trait]
impl Store for Memory {
    async fn import_group(
        &self,
        context: Context,
        import: NewGroup,
    ) -> Result<GroupId, OperationError<NewGroupRefusal>> {
        refused(self.with(context.app, |held| held.new_group(context, import)))
    }

    async fn create_group(
        &self,
        context: Context,
        new: NewGroup,
        _: Arc<dyn Subscribers>,
    ) -> Result<GroupId, OperationError<NewGroupRefusal>> {
        refused(self.with(context.app, |held| held.new_group(context, new)))
    }

    async fn change_group(
        &self,
        context: Context,
        operation: Arc<dyn DynOperation>,
    ) -> Result<(), StoreError> {
        self.with(context.app, |held| {
            let Some(whole) = held.groups.get_mut(operation.group()) else {
                operation.decide(&context, None);
                return;
            };
            let needs = operation.needs(&context, &whole.group);
            let snapshot = whole.load(&held.accounts, needs);
            if let Some(Outcome { mut changes, .. }) = operation.decide(&context, Some(snapshot)) {
                let placeholders = std::mem::take(&mut changes.placeholders);
                whole.write(changes);
                held.place(context, placeholders);
            }
        });
        Ok(())
    }

    async fn snapshot(
        &self,
        app: AppId,
        group: GroupId,
        needs: Needs,
    ) -> Result<GroupSnapshot, OperationError<NoSuchGroup>> {
        refused(self.with(app, |held| {
            let whole = held.groups.get(&group).ok_or(NoSuchGroup)?;
            Ok(whole.load(&held.accounts, needs))
        }))
    }

    async fn change_people(
        &self,
        context: Context,
        operation: Arc<dyn DynPeopleOperation>,
    ) -> Result<(), StoreError> {
        self.with(context.app, |held| {
            let mut snapshot = held.people.load(&held.accounts, operation.needs(&context));
            let then = held.people.load(&held.accounts, operation.then_needs(&context, &snapshot));
            snapshot = joined(snapshot, then);
            if let Some(PeopleOutcome { mut changes, .. }) = operation.decide(&context, snapshot) {
                let placeholders = std::mem::take(&mut changes.placeholders);
                let absent = placeholders.into_iter().filter(|id| !held.accounts.contains_key(id));
                let absent = absent.collect();
                held.place(context, absent);
                held.accounts.extend(std::mem::take(&mut changes.accounts));
                held.people.write(changes);
            }
        });
        Ok(())
    }

    async fn people(&self, app: AppId, needs: PeopleNeeds) -> Result<PeopleSnapshot, StoreError> {
        Ok(self.with(app, |held| held.people.load(&held.accounts, needs)))
    }

    async fn joined_groups(
        &self,
        app: AppId,
        account: UserId,
        window: JoinedWindow,
    ) -> Result<JoinedPage, StoreError> {
        Ok(self.with(app, |held| {
            let joined: Vec<_> = held
                .groups
                .values()
                .filter(|whole| window.kinds.contains(&whole.group.kind))
                .filter(|whole| window.support_topic.is_none_or(|wanted| wanted == whole.group.support_topic))
                .filter(|whole| window.inactive || whole.group.active)
                .filter_map(|whole| Some((whole.group.clone(), whole.members.get(&account)?.clone())))
                .collect();
            let total = joined.len() as u64;
            JoinedPage { total, groups: joined.into_iter().skip(window.offset).take(window.limit).collect() }
        }))
    }

    async fn joined_chats(
        &self,
        app: AppId,
        account: UserId,
        after: Option<GroupId>,
        limit: usize,
    ) -> Result<JoinedChats, StoreError> {
        Ok(self.with(app, |held| {
            let joined = held.groups.values().filter(|whole| whole.members.contains_key(&account));
            people::joined_chats(joined.map(|whole| &whole.group), after.as_ref(), limit)
        }))
    }

    async fn messages_of_groups(
        &self,
        app: AppId,
        ranges: Vec<GroupRange>,
        which: WhichMessages,
    ) -> Result<BTreeMap<GroupId, Vec<Message>>, StoreError> {
        Ok(self.with(app, |held| {
            let of_range = |GroupRange { group, after, up_to }| {
                let all = held.groups.get(&group)?.messages.get(&Conversation::Group)?;
                let some = all.range(after + 1..up_to.max(after) + 1).map(|(_, message)| message.clone());
                let found: Vec<Message> = match which {
                    WhichMessages::All => some.collect(),
                    WhichMessages::Mentions => some.filter(Message::mentions_somebody).collect(),
                };
                (!found.is_empty()).then_some((group, found))
            };
            ranges.into_iter().filter_map(of_range).collect()
        }))
    }

    async fn expire_messages(
        &self,
        app: AppId,
        before: Timestamp,
        _limit: usize,
    ) -> Result<usize, StoreError> {
        Ok(self.with(app, |held| held.expire(before)))
    }

    async fn import_members(
        &self,
        context: Context,
        group: GroupId,
        members: Vec<NewMember>,
    ) -> Result<Vec<MemberOutcome>, OperationError<ImportMembersRefusal>> {
        refused(self.with(context.app, |held| held.import_members(context, &group, &members)))
    }

    async fn groups(&self, app: AppId, ids: Vec<GroupId>) -> Result<Vec<Option<Arc<Group>>>, StoreError> {
        Ok(self.with(app, |held| {
            ids.iter().map(|id| held.groups.get(id).map(|whole| Arc::new(whole.group.clone()))).collect()
        }))
    }

    async fn members(
        &self,
        app: AppId,
        group: GroupId,
        roles: Vec<Role>,
        window: MemberWindow,
    ) -> Result<MemberPage, OperationError<NoSuchGroup>> {
        refused(self.with(app, |held| {
            let whole = held.groups.get(&group).ok_or(NoSuchGroup)?;
            let wanted = |member: &&Member| roles.is_empty() || roles.contains(&member.role);
            let mut members: Vec<Member> = whole.members.values().filter(wanted).cloned().collect();
            let (from, limit) = match window {
                MemberWindow::ByName { after, limit } => {
                    let passed =
                        |member: &Member| after.as_ref().is_some_and(|after| member.account <= *after);
                    (members.partition_point(passed), limit)
                }
                MemberWindow::ByJoinTime { offset, limit } => {
                    members.sort_by_key(|member| (member.joined, member.role != Role::Owner));
                    (offset, limit)
                }
            };
            let more = from.saturating_add(limit) < members.len();
            let members = members.into_iter().skip(from).take(limit).collect();
            Ok(MemberPage { group: whole.group.clone(), members, more })
        }))
    }

    async fn list_groups(
        &self,
        app: AppId,
        kind: Option<GroupType>,
        from: u64,
        limit: usize,
    ) -> Result<GroupPage, StoreError> {
        Ok(self.with(app, |held| {
            let mut listed: Vec<_> = held
                .groups
                .values()
                .map(|whole| &whole.group)
                .filter(|group| kind.is_none_or(|kind| group.kind == kind))
                .collect();
            listed.sort_by_key(|group| group.list_position);
            let total = listed.len() as u64;
            listed.retain(|group| from <= group.list_position);
            let next = listed.get(limit).map_or(0, |group| group.list_position);
            let ids = listed.into_iter().take(limit).map(|group| group.id.clone()).collect();
            GroupPage { total, ids, next }
        }))
    }

    async fn destroy_group(
        &self,
        context: Context,
        group: GroupId,
        _: Arc<dyn Subscribers>,
    ) -> Result<(), OperationError<NoSuchGroup>> {
        refused(self.with(context.app, |held| held.groups.remove(&group).map(drop).ok_or(NoSuchGroup)))
    }

    async fn import_accounts(
        &self,
        context: Context,
        accounts: Vec<AccountImport>,
    ) -> Result<(), StoreError> {
        self.with(context.app, |held| {
            for import in accounts {
                let before = held.accounts.remove(&import.id);
                held.accounts.insert(import.id.clone(), Account::imported(before, &import, context.now));
            }
        });
        Ok(())
    }

    async fn accounts(&self, app: AppId, ids: Vec<UserId>) -> Result<Vec<Option<Account>>, StoreError> {
        Ok(self.with(app, |held| ids.iter().map(|id| held.accounts.get(id).cloned()).collect()))
    }

    async fn list_accounts(
        &self,
        app: AppId,
        after: Option<UserId>,
        limit: usize,
    ) -> Result<Vec<UserId>, StoreError> {
        Ok(self.with(app, |held| {
            let behind = held.accounts.keys().filter(|id| after.as_ref().is_none_or(|after| after < *id));
            behind.take(limit).cloned().collect()
        }))
    }

    async fn signatures_from(&self, app: AppId, account: UserId) -> Result<Timestamp, StoreError> {
        Ok(self.with(app, |held| {
            let of_living = held.accounts.get(&account).map(|account| account.signatures_from);
            of_living.max(held.kicks.get(&account).copied()).unwrap_or_default()
        }))
    }

    async fn delete_accounts(&self, context: Context, ids: Vec<UserId>) -> Result<Vec<bool>, StoreError> {
        Ok(self.with(context.app, |held| ids.iter().map(|id| held.delete(id)).collect()))
    }

    async fn kick(&self, context: Context, account: UserId) -> Result<(), OperationError<NoSuchAccount>> {
        refused(self.with(context.app, |held| {
            let kicked = held.accounts.get_mut(&account).ok_or(NoSuchAccount)?;
            *kicked = kicked.clone().kicked(context.now);
            Ok(())
        }))
    }

    fn health(&self) -> Health {
        Health::Ready
    }

    async fn close(&self) {}
}
