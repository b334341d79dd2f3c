//! Which accounts, groups and members exist, as far as the committer remembers: it spares look-ups in the engine. Each
//! part may forget. An account that is remembered exists; an account, group or member that is called absent does not.
//!
//! And the groups that are on their way in: opening the store removes what a crash leaves of them, so only memory knows them.

use super::engine::Engine;
use super::filter::{Filter, hash};
use super::key_range::EVERYTHING;
use super::keys::{self, MemberKey};
use super::recent::RecentMessages;
use super::records;
use fjall::{Readable, Snapshot};
use landfall_domain::error::StoreError;
use landfall_domain::ids::{AppId, GroupId};
use landfall_domain::origin::JobId;
use landfall_domain::staged::Staged;
use quick_cache::{Weighter, sync, unsync};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

/// Accounts remembered; some 100 bytes each.
const ACCOUNTS_MAX: usize = 50_000;

/// Groups whose members are remembered at most, and the bytes they take together.
const GROUPS_WITH_MEMBERS_MAX: usize = 10_000;
const MEMBERS_BYTES_MAX: u64 = 16 << 20;

/// Used by the committer thread alone.
pub(super) struct Existence {
    /// Accounts that exist: an import names its owner, and many groups have the same one.
    accounts: sync::Cache<Vec<u8>, ()>,
    /// All groups and accounts.
    known: RefCell<Known>,
    /// Members other than the owner, of groups that were seen without any: an import adds them call by call.
    members: RefCell<unsync::Cache<Vec<u8>, Filter, FilterBytes>>,
    staged: RefCell<StagedGroups>,
    loads: RefCell<Loads>,
    pub(super) messages: RecentMessages,
}

/// Loads on their way: the first list position of each.
#[derive(Default)]
struct Loads {
    begun: BTreeSet<(AppId, u64)>,
    /// Groups that loads bring in.
    groups: BTreeSet<(AppId, GroupId)>,
}

/// Groups of which some messages are written and nothing is visible, with the job that brings them in; `None` for one that
/// is no longer staged.
pub(super) type StagedGroups = BTreeMap<(AppId, GroupId), Option<(JobId, Staged)>>;

impl Existence {
    /// Nothing is known, and nothing is loaded.
    pub(super) fn unknown() -> Self {
        let members = unsync::Cache::with_weighter(GROUPS_WITH_MEMBERS_MAX, MEMBERS_BYTES_MAX, FilterBytes);
        Self {
            accounts: sync::Cache::new(ACCOUNTS_MAX),
            known: RefCell::new(Known::Unknown),
            members: RefCell::new(members),
            staged: RefCell::default(),
            loads: RefCell::default(),
            messages: RecentMessages::default(),
        }
    }

    /// Starts to load the groups and accounts of the engine, on a thread of its own. From now on every new one must be
    /// added with [`add_known`](Self::add_known).
    pub(super) fn start_loading(&self, engine: &Arc<Engine>) {
        let known = Loader::start(engine)
            .map_or(Known::Unknown, |loader| Known::Loading { loader, added: Vec::new() });
        self.known.replace(known);
    }

    /// Forgets everything, and drops the engine.
    pub(super) fn forget(&self) {
        self.accounts.clear();
        self.known.replace(Known::Unknown);
        self.members.borrow_mut().clear();
        self.staged.borrow_mut().clear();
        self.loads.replace(Loads::default());
    }

    /// A load has begun.
    pub(super) fn begin_load(&self, app: AppId, first: u64) {
        self.loads.borrow_mut().begun.insert((app, first));
    }

    /// The loads of an app that are on their way.
    pub(super) fn loads(&self, app: AppId) -> Vec<u64> {
        let loads = self.loads.borrow();
        loads.begun.iter().filter(|(of, _)| *of == app).map(|(_, first)| *first).collect()
    }

    /// Whether a load is still on its way: an engine that was opened again has settled it.
    pub(super) fn is_loading(&self, app: AppId, first: u64) -> bool {
        self.loads.borrow().begun.contains(&(app, first))
    }

    /// Keeps a group's id for a load.
    pub(super) fn reserve(&self, app: AppId, group: GroupId) {
        self.loads.borrow_mut().groups.insert((app, group));
    }

    /// Whether a load brings this group in.
    pub(super) fn is_reserved(&self, app: AppId, group: &GroupId) -> bool {
        let loads = self.loads.borrow();
        !loads.groups.is_empty() && loads.groups.contains(&(app, group.clone()))
    }

    /// A load has ended, with these groups.
    pub(super) fn end_load(&self, app: AppId, first: u64, groups: Vec<GroupId>) {
        let mut loads = self.loads.borrow_mut();
        if loads.begun.remove(&(app, first)) {
            for group in groups {
                loads.groups.remove(&(app, group));
            }
        }
    }

    pub(super) fn staged(&self, app: AppId, group: &GroupId) -> Option<(JobId, Staged)> {
        let staged = self.staged.borrow();
        if staged.is_empty() { None } else { staged.get(&(app, group.clone())).cloned().flatten() }
    }

    /// Takes over what a batch that was written has staged.
    pub(super) fn set_staged(&self, changed: StagedGroups) {
        let mut staged = self.staged.borrow_mut();
        for (group, now) in changed {
            match now {
                Some(now) => drop(staged.insert(group, Some(now))),
                None => drop(staged.remove(&group)),
            }
        }
    }

    /// Forgets the members of all groups, because a batch was discarded. Accounts and groups of that batch stay remembered,
    /// which does no harm.
    pub(super) fn forget_members(&self) {
        self.members.borrow_mut().clear();
    }

    pub(super) fn account_exists(&self, key: &Vec<u8>) -> bool {
        self.accounts.get(key).is_some()
    }

    pub(super) fn add_account(&self, key: Vec<u8>) {
        self.accounts.insert(key, ());
    }

    pub(super) fn remove_account(&self, key: &Vec<u8>) {
        self.accounts.remove(key);
    }

    /// True: no group or account has this key. False: nothing is known.
    pub(super) fn is_absent(&self, key: &[u8]) -> bool {
        match &*self.known.borrow() {
            Known::Ready(filter) => !filter.may_hold(hash(key)),
            Known::Loading { .. } | Known::Unknown => false,
        }
    }

    /// A group or an account is written; it may have been there.
    pub(super) fn add_known(&self, key: &[u8]) {
        let hash = hash(key);
        match &mut *self.known.borrow_mut() {
            Known::Ready(filter) if filter.may_hold(hash) => {}
            Known::Ready(filter) => filter.add(hash),
            Known::Loading { added, .. } => added.push(hash),
            Known::Unknown => {}
        }
    }

    /// The group has no member but its owner. From now on every new member must be added with
    /// [`add_member`](Self::add_member).
    pub(super) fn add_group_without_members(&self, group: Vec<u8>) {
        self.members.borrow_mut().insert(group, Filter::starting_with(BLOCKS_OF_MEMBERS));
    }

    /// True: this account, which does not own the group, is no member. False: nothing is known.
    pub(super) fn member_is_absent(&self, member: &MemberKey) -> bool {
        let members = self.members.borrow();
        members.get(member.group()).is_some_and(|filter| !filter.may_hold(hash(member.bytes())))
    }

    pub(super) fn add_member(&self, member: &MemberKey) {
        if let Some(mut filter) = self.members.borrow_mut().get_mut(member.group()) {
            filter.add(hash(member.bytes()));
        }
    }

    /// Takes over the loaded groups and accounts once the thread is done.
    pub(super) fn finish_loading(&self) {
        let known = &mut *self.known.borrow_mut();
        if let Known::Loading { loader, added } = known
            && let Some(found) = loader.found()
        {
            *known = match found {
                Ok(mut filter) => {
                    added.drain(..).for_each(|hash| filter.add(hash));
                    Known::Ready(filter)
                }
                Err(error) => {
                    tracing::warn!(%error, "the embedded store could not load its lists of groups and accounts, so imports are slower: {error}");
                    Known::Unknown
                }
            };
        }
    }
}

enum Known {
    Unknown,
    Loading { loader: Loader, added: Vec<u64> },
    Ready(Filter),
}

/// Loads all groups and accounts. Dropping it stops the thread and waits for its end.
struct Loader {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<Result<Filter, StoreError>>>,
}

impl Loader {
    /// `None` when no thread can be started.
    fn start(engine: &Arc<Engine>) -> Option<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        // Taken here: the committer adds what is written later.
        let snapshot = engine.database.snapshot();
        let (engine, stopped) = (Arc::clone(engine), Arc::clone(&stop));
        let thread = std::thread::Builder::new()
            .name("known-names".to_owned())
            .spawn(move || look_through(&engine, &snapshot, &stopped));
        Some(Self { stop, thread: Some(thread.ok()?) })
    }

    /// What was loaded, returned once.
    fn found(&mut self) -> Option<Result<Filter, StoreError>> {
        let ended = self.thread.take_if(|thread| thread.is_finished())?;
        Some(ended.join().unwrap_or_else(|_| {
            Err(StoreError::Failed("the thread that loads groups and accounts panicked".into()))
        }))
    }
}

impl Drop for Loader {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

fn look_through(engine: &Engine, snapshot: &Snapshot, stop: &AtomicBool) -> Result<Filter, StoreError> {
    let mut filter = Filter::starting_with(BLOCKS_OF_KNOWN);
    for row in snapshot.prefix(&engine.data, keys::ALL_LISTED) {
        if stop.load(Ordering::Relaxed) {
            return Err(StoreError::Failed("loading the groups was stopped".into()));
        }
        let (key, value) = row.into_inner().map_err(engine.unreadable("loading the groups", EVERYTHING))?;
        let (_, id) = records::decode_listed(&value)?;
        if let Some(app) = keys::app(&key) {
            filter.add(hash(&keys::group(app, &id)));
        }
    }
    for row in snapshot.prefix(&engine.data, keys::all_accounts()) {
        if stop.load(Ordering::Relaxed) {
            return Err(StoreError::Failed("loading the accounts was stopped".into()));
        }
        filter.add(hash(&row.key().map_err(engine.unreadable("loading the accounts", EVERYTHING))?));
    }
    Ok(filter)
}

/// Blocks of the first part: a million groups and accounts, a thousand members.
const BLOCKS_OF_KNOWN: usize = 1 << 16;
const BLOCKS_OF_MEMBERS: usize = 1 << 6;

/// Bytes of a filter, and of its key with its places in the cache.
#[derive(Clone)]
struct FilterBytes;

impl Weighter<Vec<u8>, Filter> for FilterBytes {
    fn weight(&self, group: &Vec<u8>, filter: &Filter) -> u64 {
        (filter.bytes() + group.len() + 128) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use landfall_domain::ids::{AppId, GroupId, UserId};

    #[test]
    fn absence_is_known_only_in_groups_seen_without_members() {
        let member = |group: &str, name: &str| {
            let (group, account) = (GroupId::parse(group).unwrap(), UserId::parse(name).unwrap());
            MemberKey::new(AppId(7), &group, &account)
        };
        let existence = Existence::unknown();
        existence.add_group_without_members(member("seen", "ann").group().to_vec());
        existence.add_member(&member("seen", "ann"));
        existence.add_member(&member("other", "ann"));
        let absent = |group, name| existence.member_is_absent(&member(group, name));
        assert_eq!(
            (absent("seen", "ann"), absent("seen", "bob"), absent("other", "bob")),
            (false, true, false)
        );
        existence.forget();
        assert!(!absent("seen", "bob"));
    }
}
