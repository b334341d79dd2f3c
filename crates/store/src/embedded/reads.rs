//! Reads: each call sees the store at one moment.

use super::engine::{Engine, EngineSlot};
use super::group_cache::Miss;
use super::key_range::{Keys, beginning, borrowed, only};
use super::keys;
use super::message_pages::read_page;
use super::records::{self, GroupRow};
use super::rows::{Rows, Visit, scan_engine};
use super::snapshots;
use crate::parts::topic_of;
use fjall::{Readable, Slice, Snapshot};
use landfall_domain::error::StoreError;
use landfall_domain::group::{Group, GroupType};
use landfall_domain::ids::{AppId, GroupId, UserId};
use landfall_domain::member::{Member, Role};
use landfall_domain::message::{Conversation, Message};
use landfall_domain::snapshot::{GroupSnapshot, Needs};
use landfall_domain::store::{
    GroupPage, GroupRange, JoinedChats, JoinedPage, JoinedWindow, MemberPage, MemberWindow, WhichMessages,
};
use landfall_domain::time::Timestamp;
use std::cell::Cell;
use std::collections::BTreeMap;
use std::ops::{Bound, ControlFlow};
use std::sync::Arc;

impl Rows for View {
    fn read<T>(
        &self,
        key: &[u8],
        decode: impl FnOnce(&[u8]) -> Result<T, records::Damaged>,
    ) -> Result<Option<T>, StoreError> {
        Ok(self.value(key)?.as_deref().map(decode).transpose()?)
    }

    fn read_cached<T>(
        &self,
        key: &[u8],
        decode: impl FnOnce(&[u8]) -> Result<T, records::Damaged>,
    ) -> Result<Option<T>, StoreError> {
        let moment = self.snapshot.seqno();
        if let Some(value) = self.engine.rows.get(key, moment) {
            return Ok(value.as_deref().map(decode).transpose()?);
        }
        let value = self.value(key)?;
        self.engine.rows.insert(key, moment, value.as_deref());
        Ok(value.as_deref().map(decode).transpose()?)
    }

    fn scan(&self, keys: Keys, visit: &mut Visit<'_>) -> Result<(), StoreError> {
        let rows = self.snapshot.range::<Vec<u8>, _>(&self.engine.data, keys.clone());
        scan_engine(&self.engine, rows, &keys, &mut |key, value| {
            self.count()?;
            visit(key, value)
        })
    }

    fn account_exists(&self, app: AppId, id: &UserId) -> Result<bool, StoreError> {
        let key = keys::account(app, id);
        let unreadable = self.engine.unreadable("looking for an account", only(&key));
        self.snapshot.contains_key(&self.engine.data, &key).map_err(unreadable)
    }
}

/// The store at one moment.
pub(super) struct View {
    snapshot: Snapshot,
    engine: Arc<Engine>,
    /// How many more rows may be read.
    left: Cell<usize>,
    /// Whether more were to be read.
    broken_off: Cell<bool>,
}

impl View {
    pub(super) fn new(slot: &EngineSlot) -> Result<Self, StoreError> {
        Self::of_rows(slot, usize::MAX)
    }

    /// A view that fails to read more than `most` rows, those in the cache not counted. Then it has
    /// [broken off](Self::has_broken_off).
    pub(super) fn of_rows(slot: &EngineSlot, most: usize) -> Result<Self, StoreError> {
        let engine = slot.engine()?;
        let (left, broken_off) = (Cell::new(most), Cell::new(false));
        Ok(Self { snapshot: engine.database.snapshot(), engine, left, broken_off })
    }

    pub(super) fn has_broken_off(&self) -> bool {
        self.broken_off.get()
    }

    /// Counts a row that is read.
    fn count(&self) -> Result<(), StoreError> {
        match self.left.get().checked_sub(1) {
            Some(left) => self.left.set(left),
            None => {
                self.broken_off.set(true);
                return Err(StoreError::Busy);
            }
        }
        Ok(())
    }

    fn value(&self, key: &[u8]) -> Result<Option<Slice>, StoreError> {
        self.count()?;
        let unreadable = self.engine.unreadable("reading a row", only(key));
        self.snapshot.get(&self.engine.data, key).map_err(unreadable)
    }

    /// Reads a group that the cache missed, and caches it. This view must have been made after the miss.
    pub(super) fn group(
        &self,
        app: AppId,
        id: &GroupId,
        miss: Miss,
    ) -> Result<Option<Arc<Group>>, StoreError> {
        let group = self.group_row(app, id)?.map(|row| Arc::new(row.group));
        if let Some(group) = &group {
            self.engine.groups.insert(miss, group);
        }
        Ok(group)
    }

    /// Accounts of an app in the order of their keys, which lie among those of other apps.
    pub(super) fn list_accounts(
        &self,
        app: AppId,
        after: Option<&UserId>,
        limit: usize,
    ) -> Result<Vec<UserId>, StoreError> {
        let (mut start, end) = beginning(keys::all_accounts());
        if let Some(after) = after {
            start = Bound::Excluded(keys::account(app, after));
        }
        let mut found = Vec::new();
        self.scan((start, end), &mut |key, _| {
            if limit <= found.len() {
                return Ok(ControlFlow::Break(()));
            }
            if keys::app(key) == Some(app) {
                found.push(keys::account_of(key).ok_or(records::Damaged("name of an account"))?);
            }
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(found)
    }

    /// The time from which signatures of an account are valid.
    pub(super) fn signatures_from(&self, app: AppId, id: &UserId) -> Result<Timestamp, StoreError> {
        let living = self.account(app, id)?.map(|account| account.signatures_from);
        Ok(self.left_behind(app, id)?.max(living.unwrap_or_default()))
    }

    /// `None` when there is no such group.
    pub(super) fn members(
        &self,
        app: AppId,
        id: GroupId,
        roles: &[Role],
        window: &MemberWindow,
    ) -> Result<Option<MemberPage>, StoreError> {
        let Some(GroupRow { group, owner }) = self.group_row(app, &id)? else {
            return Ok(None);
        };
        let wanted = |member: &Member| roles.is_empty() || roles.contains(&member.role);
        let owner = owner.filter(wanted);
        let (members, more) = match window {
            MemberWindow::ByName { after, limit } => {
                let one_more = limit.saturating_add(1);
                let mut members = self.members_after(app, &group.id, after.as_ref(), one_more, wanted)?;
                if let Some(owner) =
                    owner.filter(|owner| after.as_ref().is_none_or(|after| *after < owner.account))
                {
                    let place = members.partition_point(|member| member.account < owner.account);
                    members.insert(place, owner);
                }
                let more = *limit < members.len();
                members.truncate(*limit);
                (members, more)
            }
            MemberWindow::ByJoinTime { offset, limit } => {
                let mut members = self.members_after(app, &group.id, None, usize::MAX, wanted)?;
                members.extend(owner);
                // The owner first among the members that joined in the same second: it made the group. [choice]
                members.sort_by_key(|member| (member.joined, member.role != Role::Owner));
                let end = offset.saturating_add(*limit).min(members.len());
                let more = end < members.len();
                members.truncate(end);
                (members.split_off((*offset).min(end)), more)
            }
        };
        Ok(Some(MemberPage { group, members, more }))
    }

    /// Members in the order of their names, without the owner, whose membership has no row of its own.
    fn members_after(
        &self,
        app: AppId,
        group: &GroupId,
        after: Option<&UserId>,
        limit: usize,
        wanted: impl Fn(&Member) -> bool,
    ) -> Result<Vec<Member>, StoreError> {
        let head = keys::group(app, group);
        let start = after.map_or_else(|| head.clone(), |account| keys::member(app, group, account));
        // The key that follows all members: the 0 that ends the group id, counted up.
        let mut end = head;
        end.pop();
        end.push(1);
        let mut members = Vec::new();
        let keys = (Bound::Excluded(start), Bound::Excluded(end));
        let rows = self.snapshot.range(&self.engine.data, keys.clone());
        for row in rows {
            if members.len() == limit {
                break;
            }
            let unreadable = self.engine.unreadable("reading members", borrowed(&keys));
            let (key, value) = row.into_inner().map_err(unreadable)?;
            let member = records::decode_member(keys::member_account(&key, group), &value)?;
            if wanted(&member) {
                members.push(member);
            }
        }
        Ok(members)
    }

    /// `None` when there is no such group.
    pub(super) fn group_snapshot(
        &self,
        app: AppId,
        id: &GroupId,
        needs: Needs,
    ) -> Result<Option<GroupSnapshot>, StoreError> {
        let row = self.group_row(app, id)?;
        row.map(|row| snapshots::load(self, app, row, needs)).transpose()
    }

    pub(super) fn joined_groups(
        &self,
        app: AppId,
        account: &UserId,
        window: &JoinedWindow,
    ) -> Result<JoinedPage, StoreError> {
        let mut page = JoinedPage { total: 0, groups: Vec::new() };
        self.scan(beginning(keys::all_joined(app, account)), &mut |key, value| {
            let (kind, support_topic) = records::decode_joined(value)?;
            let taken = window.kinds.contains(&kind)
                && window.support_topic.is_none_or(|wanted| wanted == support_topic);
            if !taken {
                return Ok(ControlFlow::Continue(()));
            }
            let id = std::str::from_utf8(keys::joined_group(key, account)).ok().and_then(GroupId::parse);
            let id = id.ok_or(records::Damaged("membership"))?;
            let wanted = usize::try_from(page.total).is_ok_and(|place| window.offset <= place)
                && page.groups.len() < window.limit;
            // Only groups that can be inactive must be read to be counted.
            let is_read = wanted || (kind.can().activation && !window.inactive);
            let row = if is_read { self.group_row(app, &id)? } else { None };
            if row.as_ref().is_some_and(|row| !row.group.active && !window.inactive) {
                return Ok(ControlFlow::Continue(()));
            }
            page.total += 1;
            if wanted
                && let Some(row) = row
                && let Some(member) = snapshots::member(self, app, &row, account)?
            {
                page.groups.push((row.group, member));
            }
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(page)
    }

    /// Reads of each group one row, and nothing that belongs to it.
    pub(super) fn joined_chats(
        &self,
        app: AppId,
        account: &UserId,
        after: Option<&GroupId>,
        limit: usize,
    ) -> Result<JoinedChats, StoreError> {
        let (mut start, end) = beginning(keys::all_joined(app, account));
        if let Some(after) = after {
            start = Bound::Excluded(keys::joined(app, account, after));
        }
        let mut found = JoinedChats::default();
        let (mut looked_at, mut more) = (0, false);
        self.scan((start, end), &mut |key, _| {
            if looked_at == limit {
                more = true;
                return Ok(ControlFlow::Break(()));
            }
            looked_at += 1;
            let id = std::str::from_utf8(keys::joined_group(key, account)).ok().and_then(GroupId::parse);
            let id = id.ok_or(records::Damaged("membership"))?;
            let chat = self.read_cached(&keys::group(app, &id), |value| records::decode_chat(&id, value))?;
            found.chats.extend(chat.flatten());
            found.last = Some(id);
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(if more { found } else { JoinedChats { last: None, ..found } })
    }

    /// The rows of a group that was dissolved may still be there.
    pub(super) fn messages_of_groups(
        &self,
        app: AppId,
        ranges: Vec<GroupRange>,
        which: WhichMessages,
    ) -> Result<BTreeMap<GroupId, Vec<Message>>, StoreError> {
        let mut found = BTreeMap::new();
        for GroupRange { group, after, up_to } in ranges {
            if up_to <= after || self.group_row(app, &group)?.is_none() {
                continue;
            }
            let mut messages = Vec::new();
            for page in records::page_of(after + 1).0..=records::page_of(up_to).0 {
                let of_page = read_page(self, app, &group, topic_of(&Conversation::Group), page)?;
                messages.extend(of_page.into_iter().filter(|message| {
                    let is_in = after < message.seq && message.seq <= up_to;
                    is_in && (which == WhichMessages::All || message.mentions_somebody())
                }));
            }
            if !messages.is_empty() {
                found.insert(group, messages);
            }
        }
        Ok(found)
    }

    pub(super) fn list_groups(
        &self,
        app: AppId,
        kind: Option<GroupType>,
        from: u64,
        limit: usize,
    ) -> Result<GroupPage, StoreError> {
        let counters = self.read(&keys::counters(app), records::decode_counters)?.unwrap_or_default();
        let total = match kind {
            Some(kind) => counters.groups[usize::from(kind.code())],
            None => counters.groups.iter().sum(),
        };
        let mut page = GroupPage { total, ids: Vec::new(), next: 0 };
        let listed = (Bound::Included(keys::list(app, from)), Bound::Included(keys::list(app, u64::MAX)));
        for row in self.snapshot.range(&self.engine.data, listed.clone()) {
            let unreadable = self.engine.unreadable("reading the list of groups", borrowed(&listed));
            let (key, value) = row.into_inner().map_err(unreadable)?;
            let (listed_kind, id) = records::decode_listed(&value)?;
            if kind.is_some_and(|kind| kind != listed_kind) {
                continue;
            }
            if page.ids.len() == limit {
                page.next = keys::list_position(&key).unwrap_or_default();
                break;
            }
            page.ids.push(id);
        }
        Ok(page)
    }
}
