//! The view and the writes of one batch: an operation reads what earlier operations of the batch wrote.

use super::engine::Engine;
use super::existence::{Existence, StagedGroups};
use super::key_range::{Keys, beginning, only};
use super::keys::{self, MemberKey, Sweep};
use super::recent::Mark;
use super::records::{self, Counters, Damaged, GroupRow};
use super::rows::{Rows, Visit, provenance_rows, scan_engine};
use crate::parts;
use crate::transfer::Progress;
use landfall_domain::account::Account;
use landfall_domain::error::StoreError;
use landfall_domain::group::Group;
use landfall_domain::ids::{AppId, GroupId, UserId};
use landfall_domain::member::Member;
use landfall_domain::origin::{JobId, Provenance};
use landfall_domain::part::{Part, PartKey};
use landfall_domain::staged::Staged;
use landfall_domain::time::Timestamp;
use std::collections::BTreeMap;
use std::ops::ControlFlow;

/// Uncommitted writes over the engine. Most operations do all their reads before their first write, so that a failed one
/// leaves nothing behind. When one fails after a write, the batch is discarded.
pub(super) struct Tx<'engine> {
    engine: &'engine Engine,
    /// The moment that the batch sees of the engine.
    moment: u64,
    existence: &'engine Existence,
    writes: BTreeMap<Vec<u8>, Write>,
    written: u64,
    /// Value of `written` before the current operation.
    written_before: u64,
    /// How to undo that operation.
    undo: Option<Undo>,
    /// Counters as they were when the batch began, and as they are.
    counters: BTreeMap<AppId, (Counters, Counters)>,
    /// Removals to finish once this batch is durable.
    sweeps: Vec<Sweep>,
    /// Groups whose staged messages have changed.
    staged: StagedGroups,
}

/// The new value of a row; `None` removes it.
type Write = Option<Vec<u8>>;

/// How to undo an operation.
struct Undo {
    /// Keys in the order they were written, and what the batch had there.
    writes: Vec<(Vec<u8>, Option<Write>)>,
    counters: BTreeMap<AppId, (Counters, Counters)>,
    sweeps: usize,
    staged: StagedGroups,
}

impl<'engine> Tx<'engine> {
    pub(super) fn new(engine: &'engine Engine, existence: &'engine Existence) -> Self {
        Self {
            engine,
            moment: engine.moment(),
            existence,
            writes: BTreeMap::new(),
            written: 0,
            written_before: 0,
            undo: None,
            counters: BTreeMap::new(),
            sweeps: Vec::new(),
            staged: StagedGroups::new(),
        }
    }

    fn set(&mut self, key: Vec<u8>, value: Write) {
        self.written += 1;
        match &mut self.undo {
            None => {
                self.writes.insert(key, value);
            }
            Some(undo) => {
                let before = self.writes.insert(key.clone(), value);
                undo.writes.push((key, before));
            }
        }
    }

    /// Begins an operation. It can be undone only while the store is damaged, when reads may fail.
    pub(super) fn begin_operation(&mut self) {
        self.written_before = self.written;
        self.undo = self.engine.damage.any().then(|| Undo {
            writes: Vec::new(),
            counters: self.counters.clone(),
            sweeps: self.sweeps.len(),
            staged: self.staged.clone(),
        });
    }

    /// Undoes the writes of the current operation; false when that is impossible.
    pub(super) fn undo_operation(&mut self) -> bool {
        if self.written == self.written_before {
            return true;
        }
        // Members that it removed are back, and must not be taken for absent.
        self.existence.forget_members();
        let Some(undo) = self.undo.take() else { return false };
        for (key, before) in undo.writes.into_iter().rev() {
            match before {
                Some(value) => self.writes.insert(key, value),
                None => self.writes.remove(&key),
            };
        }
        self.counters = undo.counters;
        self.sweeps.truncate(undo.sweeps);
        self.staged = undo.staged;
        true
    }

    /// What is known without a look at the engine.
    pub(super) fn existence(&self) -> &'engine Existence {
        self.existence
    }

    pub(super) fn engine(&self) -> &'engine Engine {
        self.engine
    }

    fn contains(&self, key: &[u8]) -> Result<bool, StoreError> {
        match self.writes.get(key) {
            Some(value) => Ok(value.is_some()),
            None => self
                .engine
                .data
                .contains_key(key)
                .map_err(self.engine.unreadable("looking for a row", only(key))),
        }
    }

    /// Whether a group has this id, or one is on its way in.
    pub(super) fn group_exists(&self, app: AppId, id: &GroupId) -> Result<bool, StoreError> {
        if self.staged(app, id).is_some() || self.existence.is_reserved(app, id) {
            return Ok(true);
        }
        let key = keys::group(app, id);
        if self.engine.damage.any() {
            self.refuse_remains(Sweep::Group(app, id.clone()))?;
        }
        if self.existence.is_absent(&key) {
            return Ok(false);
        }
        self.contains(&key)
    }

    /// An error when a removal could not be finished.
    fn refuse_remains(&self, sweep: Sweep) -> Result<(), StoreError> {
        if self.contains(&sweep.key())? {
            let what =
                "what is left of a dissolved group or a deleted account of that name lies in a damaged file";
            return Err(StoreError::Failed(what.into()));
        }
        Ok(())
    }

    pub(super) fn put_group(&mut self, app: AppId, row: &GroupRow) {
        self.set(keys::group(app, &row.group.id), Some(records::encode_group(row)));
    }

    /// The members of a group other than its owner.
    pub(super) fn member_names(&self, app: AppId, group: &GroupId) -> Result<Vec<UserId>, StoreError> {
        let mut names = Vec::new();
        self.scan(beginning(keys::group(app, group)), &mut |key, _| {
            let name = keys::member_account(key, group);
            if !name.is_empty() {
                let name = std::str::from_utf8(name).ok().and_then(UserId::parse);
                names.push(name.ok_or(Damaged("member"))?);
            }
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(names)
    }

    /// Removes a group with its owner's membership. The other members are left to a sweep.
    pub(super) fn remove_group(&mut self, app: AppId, row: &GroupRow) {
        let id = &row.group.id;
        self.set(keys::group(app, id), None);
        self.set(keys::list(app, row.group.list_position), None);
        if let Some(owner) = &row.owner {
            self.remove_joined(app, id, &owner.account);
        }
    }

    /// Puts a new group into the list of its app.
    pub(super) fn put_listed(&mut self, app: AppId, group: &Group) {
        self.existence.add_known(&keys::group(app, &group.id));
        let value = records::encode_listed(group.kind, &group.id);
        self.set(keys::list(app, group.list_position), Some(value));
    }

    /// The membership of an account other than the owner. Reads the disk only when its absence is not known.
    pub(super) fn present_member(
        &self,
        app: AppId,
        group: &GroupId,
        account: &UserId,
    ) -> Result<Option<Member>, StoreError> {
        let key = MemberKey::new(app, group, account);
        if self.existence.member_is_absent(&key) {
            return Ok(None);
        }
        self.read(key.bytes(), |value| records::decode_member(account.as_str().as_bytes(), value))
    }

    /// In this batch the group has no member but its owner.
    pub(super) fn add_group_without_members(&self, app: AppId, group: &GroupId) {
        self.existence.add_group_without_members(keys::group(app, group));
    }

    /// A membership is two rows, written and removed together: the member, which for the owner is part of the
    /// group's row, and the account's index.
    pub(super) fn put_member(&mut self, app: AppId, group: &Group, member: &Member) {
        self.put_member_row(app, &group.id, member);
        self.put_joined(app, group, &member.account);
    }

    pub(super) fn put_joined(&mut self, app: AppId, group: &Group, account: &UserId) {
        let value = records::encode_joined(group.kind, group.support_topic);
        self.set(keys::joined(app, account, &group.id), Some(value));
    }

    /// Only the row of the member, which was one before.
    pub(super) fn put_member_row(&mut self, app: AppId, group: &GroupId, member: &Member) {
        let key = MemberKey::new(app, group, &member.account);
        self.existence.add_member(&key);
        self.set(key.into_bytes(), Some(records::encode_member(member)));
    }

    /// Only the row of the member, which stays a member as the owner.
    pub(super) fn remove_member_row(&mut self, app: AppId, group: &GroupId, account: &UserId) {
        self.set(keys::member(app, group, account), None);
    }

    /// The messages that are staged for a group; `None` when none are.
    pub(super) fn staged(&self, app: AppId, id: &GroupId) -> Option<(JobId, Staged)> {
        let changed =
            if self.staged.is_empty() { None } else { self.staged.get(&(app, id.clone())).cloned() };
        changed.unwrap_or_else(|| self.existence.staged(app, id))
    }

    /// Sets what is staged for a group. Until it is there, a row says what to remove after a crash.
    pub(super) fn set_staged(&mut self, app: AppId, id: &GroupId, staged: Option<(JobId, Staged)>) {
        let note = staged.is_some().then(Vec::new);
        self.set(Sweep::Group(app, id.clone()).key(), note);
        self.staged.insert((app, id.clone()), staged);
    }

    pub(super) fn put_provenance(&mut self, app: AppId, id: &GroupId, provenance: &Provenance) {
        provenance_rows(app, id, provenance).for_each(|(key, value)| self.set(key, Some(value)));
    }

    pub(super) fn remove_provenance(&mut self, app: AppId, id: &GroupId, provenance: &Provenance) {
        self.set(keys::origin(app, id), None);
        for job in provenance.jobs() {
            self.set(keys::of_job(app, job, id), None);
        }
    }

    pub(super) fn put_part(&mut self, app: AppId, group: &GroupId, key: &PartKey, part: Option<&Part>) {
        self.set(keys::part(app, group, &parts::name(key)), part.map(records::encode_part));
    }

    /// The new value of a row, made from its present one.
    pub(super) fn rewrite<T>(
        &self,
        key: &[u8],
        change: impl FnOnce(Option<&[u8]>) -> Result<T, Damaged>,
    ) -> Result<T, StoreError> {
        Ok(match self.writes.get(key) {
            Some(value) => change(value.as_deref())?,
            None => {
                let unreadable = self.engine.unreadable("reading a row", only(key));
                change(self.engine.data.get(key).map_err(unreadable)?.as_deref())?
            }
        })
    }

    /// Puts a row by its full key.
    pub(super) fn put_row(&mut self, key: Vec<u8>, value: Vec<u8>) {
        self.set(key, Some(value));
    }

    /// Removes a row by its full key.
    pub(super) fn remove_row(&mut self, key: Vec<u8>) {
        self.set(key, None);
    }

    pub(super) fn remove_day(&mut self, app: AppId, day: u32, group: &GroupId, topic: &str) {
        self.set(keys::day(app, day, group, topic), None);
    }

    pub(super) fn remove_member(&mut self, app: AppId, group: &GroupId, account: &UserId) {
        self.set(keys::member(app, group, account), None);
        self.remove_joined(app, group, account);
    }

    pub(super) fn remove_joined(&mut self, app: AppId, group: &GroupId, account: &UserId) {
        self.set(keys::joined(app, account, group), None);
    }

    pub(super) fn put_account(&mut self, app: AppId, id: &UserId, account: &Account) {
        let key = keys::account(app, id);
        self.existence.add_known(&key);
        self.set(key, Some(records::encode_account(account)));
    }

    /// Creates accounts that were named but never imported.
    pub(super) fn put_placeholders(&mut self, app: AppId, accounts: &[UserId], now: Timestamp) {
        for account in accounts {
            self.put_account(app, account, &Account::placeholder(now));
        }
    }

    /// Keeps the time from which signatures of a deleted account are valid.
    pub(super) fn put_left_behind(&mut self, app: AppId, id: &UserId, from: Timestamp) {
        self.set(keys::left_behind(app, id), Some(records::encode_left_behind(from)));
    }

    pub(super) fn remove_account(&mut self, app: AppId, id: &UserId) {
        let key = keys::account(app, id);
        self.existence.remove_account(&key);
        self.set(key, None);
    }

    /// Records the progress of the copy into this store; `None` when it is finished.
    pub(super) fn put_progress(&mut self, progress: Option<&Progress>) {
        self.set(keys::PROGRESS.to_vec(), progress.map(records::encode_progress));
    }

    /// The counters of an app; changes to them are written once per batch.
    pub(super) fn counters(&mut self, app: AppId) -> Result<&mut Counters, StoreError> {
        if !self.counters.contains_key(&app) {
            let stored = self.read(&keys::counters(app), records::decode_counters)?.unwrap_or_default();
            self.counters.insert(app, (stored.clone(), stored));
        }
        Ok(&mut self.counters.entry(app).or_default().1)
    }

    /// Records that rows are left to remove. They are removed before the next operation runs.
    pub(super) fn put_sweep(&mut self, sweep: Sweep) {
        self.set(sweep.key(), Some(Vec::new()));
        self.sweeps.push(sweep);
    }

    pub(super) fn remove_sweep(&mut self, sweep: &Sweep) {
        self.set(sweep.key(), None);
    }

    /// Whether removals are to be finished once this batch is durable.
    pub(super) fn leaves_sweeps(&self) -> bool {
        !self.sweeps.is_empty()
    }

    pub(super) fn rows(&self) -> usize {
        self.writes.len()
    }

    /// Makes the batch durable and visible, and returns the removals to finish.
    pub(super) fn commit(mut self) -> Result<Vec<Sweep>, StoreError> {
        for (app, (before, counters)) in std::mem::take(&mut self.counters) {
            // A refused operation reads them and changes nothing: it costs no write and no sync.
            if before != counters {
                self.writes.insert(keys::counters(app), Some(records::encode_counters(&counters)));
            }
        }
        let Self { engine, existence, writes, sweeps, staged, .. } = self;
        if writes.is_empty() {
            return Ok(sweeps);
        }
        engine.wait_for_room()?;
        let groups = writes.range(keys::groups()).map(|(key, _)| key).filter(|key| keys::is_group(key));
        let writing = engine.groups.begin_writing(groups);
        let writing_rows = engine.rows.begin_writing(writes.keys());
        let stamp = engine.next_stamp();
        let mut batch = engine.batch(writes.len() + 1);
        batch.insert(&engine.data, keys::STAMP, stamp.encode());
        for (key, value) in writes {
            match value {
                Some(value) => batch.insert(&engine.data, key, value),
                None => batch.remove(&engine.data, key),
            }
        }
        engine.commit(batch, stamp)?;
        writing.done();
        writing_rows.done(engine.moment());
        existence.set_staged(staged);
        Ok(sweeps)
    }
}

impl Rows for Tx<'_> {
    fn read<T>(
        &self,
        key: &[u8],
        decode: impl FnOnce(&[u8]) -> Result<T, Damaged>,
    ) -> Result<Option<T>, StoreError> {
        match self.writes.get(key) {
            Some(Some(value)) => Ok(Some(decode(value)?)),
            Some(None) => Ok(None),
            None => {
                let unreadable = self.engine.unreadable("reading a row", only(key));
                let value = self.engine.data.get(key).map_err(unreadable)?;
                Ok(value.map(|value| decode(&value)).transpose()?)
            }
        }
    }

    fn scan(&self, keys: Keys, visit: &mut Visit<'_>) -> Result<(), StoreError> {
        // Copied, because an operation's own writes in a range are few.
        let mut written: Vec<_> = self.writes.range(keys.clone()).rev().collect();
        let mut going_on = ControlFlow::Continue(());
        scan_engine(
            self.engine,
            self.engine.data.range::<Vec<u8>, _>(keys.clone()),
            &keys,
            &mut |key, value| {
                while let Some((own, row)) = written.pop_if(|(own, _)| own.as_slice() < key) {
                    if let Some(row) = row {
                        going_on = visit(own, row)?;
                    }
                    if going_on.is_break() {
                        return Ok(going_on);
                    }
                }
                going_on = match written.pop_if(|(own, _)| own.as_slice() == key) {
                    Some((own, Some(row))) => visit(own, row)?,
                    Some((_, None)) => ControlFlow::Continue(()),
                    None => visit(key, value)?,
                };
                Ok(going_on)
            },
        )?;
        while let (ControlFlow::Continue(()), Some((own, row))) = (going_on, written.pop()) {
            if let Some(row) = row {
                going_on = visit(own, row)?;
            }
        }
        Ok(())
    }

    fn latest_message(&self, mark: Mark, since: Timestamp) -> Option<Timestamp> {
        self.existence.messages.latest(mark, since)
    }

    fn account(&self, app: AppId, id: &UserId) -> Result<Option<Account>, StoreError> {
        if self.engine.damage.any() {
            self.refuse_remains(Sweep::Account(app, id.clone()))?;
        }
        let key = keys::account(app, id);
        let stored = !self.writes.contains_key(&key);
        if stored && self.existence.is_absent(&key) {
            return Ok(None);
        }
        if stored && let Some(Some(value)) = self.engine.rows.get(&key, self.moment) {
            return Ok(Some(records::decode_account(&value)?));
        }
        self.read(&key, |value| {
            if stored {
                self.engine.rows.insert(&key, self.moment, Some(value));
            }
            records::decode_account(value)
        })
    }

    fn account_exists(&self, app: AppId, id: &UserId) -> Result<bool, StoreError> {
        let key = keys::account(app, id);
        if let Some(value) = self.writes.get(&key) {
            return Ok(value.is_some());
        }
        if self.existence.account_exists(&key) {
            return Ok(true);
        }
        if self.engine.damage.any() {
            self.refuse_remains(Sweep::Account(app, id.clone()))?;
        }
        let exists = !self.existence.is_absent(&key) && self.contains(&key)?;
        if exists {
            self.existence.add_account(key);
        }
        Ok(exists)
    }
}
