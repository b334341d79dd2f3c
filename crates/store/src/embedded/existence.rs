//! Which accounts, groups and members exist, as far as the committer remembers: it spares look-ups in the engine. Each
//! part may forget. An account that is remembered exists; a group or member that is called absent does not.
//!
//! And the groups that are on their way in: opening the store removes what a crash leaves of them, so only memory knows them.

use super::engine::Engine;
use super::key_range::EVERYTHING;
use super::keys::{self, MemberKey};
use super::records;
use fjall::{Readable, Snapshot};
use landfall_domain::error::StoreError;
use landfall_domain::ids::{AppId, GroupId};
use landfall_domain::origin::JobId;
use landfall_domain::staged::Staged;
use quick_cache::{Weighter, sync, unsync};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hasher};
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
    groups: RefCell<Groups>,
    /// Members other than the owner, of groups that were seen without any: an import adds them call by call.
    members: RefCell<unsync::Cache<Vec<u8>, Filter, FilterBytes>>,
    staged: RefCell<StagedGroups>,
    loads: RefCell<Loads>,
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
    /// Nothing is known, and the groups are not loaded.
    pub(super) fn unknown() -> Self {
        let members = unsync::Cache::with_weighter(GROUPS_WITH_MEMBERS_MAX, MEMBERS_BYTES_MAX, FilterBytes);
        Self {
            accounts: sync::Cache::new(ACCOUNTS_MAX),
            groups: RefCell::new(Groups::Unknown),
            members: RefCell::new(members),
            staged: RefCell::default(),
            loads: RefCell::default(),
        }
    }

    /// Starts to load the groups of the engine, on a thread of its own. From now on every new group must be added with
    /// [`add_group`](Self::add_group).
    pub(super) fn start_loading(&self, engine: &Arc<Engine>) {
        let groups = Loader::start(engine)
            .map_or(Groups::Unknown, |loader| Groups::Loading { loader, added: Vec::new() });
        self.groups.replace(groups);
    }

    /// Forgets everything, and drops the engine.
    pub(super) fn forget(&self) {
        self.accounts.clear();
        self.groups.replace(Groups::Unknown);
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

    /// True: no group has this key. False: nothing is known.
    pub(super) fn group_is_absent(&self, key: &[u8]) -> bool {
        match &*self.groups.borrow() {
            Groups::Ready(filter) => !filter.may_hold(hash(key)),
            Groups::Loading { .. } | Groups::Unknown => false,
        }
    }

    pub(super) fn add_group(&self, key: &[u8]) {
        match &mut *self.groups.borrow_mut() {
            Groups::Ready(filter) => filter.add(hash(key)),
            Groups::Loading { added, .. } => added.push(hash(key)),
            Groups::Unknown => {}
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

    /// Takes over the loaded groups once the thread is done.
    pub(super) fn finish_loading(&self) {
        let groups = &mut *self.groups.borrow_mut();
        if let Groups::Loading { loader, added } = groups
            && let Some(found) = loader.found()
        {
            *groups = match found {
                Ok(mut filter) => {
                    added.drain(..).for_each(|hash| filter.add(hash));
                    Groups::Ready(filter)
                }
                Err(error) => {
                    tracing::warn!(%error, "the embedded store could not load its list of groups, so imports are slower: {error}");
                    Groups::Unknown
                }
            };
        }
    }
}

enum Groups {
    Unknown,
    Loading { loader: Loader, added: Vec<u64> },
    Ready(Filter),
}

/// Loads all groups. Dropping it stops the thread and waits for its end.
struct Loader {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<Result<Filter, StoreError>>>,
}

impl Loader {
    /// `None` when no thread can be started.
    fn start(engine: &Arc<Engine>) -> Option<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        // Taken here: the committer adds the groups that are written later.
        let snapshot = engine.database.snapshot();
        let (engine, stopped) = (Arc::clone(engine), Arc::clone(&stop));
        let thread = std::thread::Builder::new()
            .name("known-groups".to_owned())
            .spawn(move || look_through(&engine, &snapshot, &stopped));
        Some(Self { stop, thread: Some(thread.ok()?) })
    }

    /// The loaded groups, returned once.
    fn found(&mut self) -> Option<Result<Filter, StoreError>> {
        let ended = self.thread.take_if(|thread| thread.is_finished())?;
        Some(
            ended.join().unwrap_or_else(|_| {
                Err(StoreError::Failed("the thread that loads the groups panicked".into()))
            }),
        )
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
    let mut filter = Filter::starting_with(BLOCKS_OF_GROUPS);
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
    Ok(filter)
}

fn hash(key: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(key);
    hasher.finish()
}

/// A split-block Bloom filter (as in the Parquet format) that grows by further parts: 2 bytes a key, and one memory
/// access for each part.
struct Filter {
    parts: Vec<Part>,
    /// Blocks of the first part; each further one is twice as large.
    first_blocks: usize,
}

struct Part {
    blocks: Vec<[u32; 8]>,
    room: usize,
}

/// At 16 bits a key, about one absent key in a thousand is not recognized as absent.
const KEYS_PER_BLOCK: usize = 16;
/// Blocks of the first part: a million groups, a thousand members.
const BLOCKS_OF_GROUPS: usize = 1 << 16;
const BLOCKS_OF_MEMBERS: usize = 1 << 6;
/// Odd numbers that spread a hash over the words of a block.
const SALTS: [u32; 8] =
    [0x47b6_137b, 0x4497_4d91, 0x8824_ad5b, 0xa2b7_289d, 0x7054_95c7, 0x2df1_424b, 0x9efc_4947, 0x5c6b_fb31];

impl Filter {
    fn starting_with(first_blocks: usize) -> Self {
        Self { parts: Vec::new(), first_blocks }
    }

    fn add(&mut self, hash: u64) {
        if self.parts.last().is_none_or(|part| part.room == 0) {
            let blocks = self.first_blocks << self.parts.len();
            self.parts.push(Part { blocks: vec![[0; 8]; blocks], room: blocks * KEYS_PER_BLOCK });
        }
        if let Some(part) = self.parts.last_mut() {
            part.room -= 1;
            let index = part.index(hash);
            for (word, bit) in part.blocks[index].iter_mut().zip(bits(hash)) {
                *word |= bit;
            }
        }
    }

    fn may_hold(&self, hash: u64) -> bool {
        self.parts.iter().any(|part| {
            let block = &part.blocks[part.index(hash)];
            block.iter().zip(bits(hash)).all(|(word, bit)| word & bit != 0)
        })
    }
}

/// Bytes of a filter, and of its key with its places in the cache.
#[derive(Clone)]
struct FilterBytes;

impl Weighter<Vec<u8>, Filter> for FilterBytes {
    fn weight(&self, group: &Vec<u8>, filter: &Filter) -> u64 {
        let blocks: usize = filter.parts.iter().map(|part| part.blocks.len()).sum();
        (blocks * size_of::<[u32; 8]>() + group.len() + 128) as u64
    }
}

impl Part {
    /// The upper half of the hash, scaled to the number of blocks, which is below 2^32.
    fn index(&self, hash: u64) -> usize {
        let scaled = ((hash >> 32) * self.blocks.len() as u64) >> 32;
        usize::try_from(scaled).unwrap_or(0)
    }
}

/// One bit for each word of a block, from the lower half of the hash.
fn bits(hash: u64) -> impl Iterator<Item = u32> {
    let lower = (hash & u64::from(u32::MAX)) as u32;
    SALTS.into_iter().map(move |salt| 1 << (lower.wrapping_mul(salt) >> 27))
}

#[cfg(test)]
mod tests {
    use super::*;
    use landfall_domain::ids::{AppId, GroupId, UserId};

    #[test]
    fn added_keys_are_never_absent_and_few_others_are_kept() {
        let mut filter = Filter::starting_with(BLOCKS_OF_GROUPS);
        let key = |number: u32| hash(&number.to_be_bytes());
        // More than the first part takes.
        const ADDED: u32 = 1_100_000;
        (0..ADDED).for_each(|number| filter.add(key(number)));
        assert_eq!(filter.parts.len(), 2);
        assert!((0..ADDED).all(|number| filter.may_hold(key(number))));
        let wrong = (ADDED..ADDED + 100_000).filter(|number| filter.may_hold(key(*number))).count();
        assert!(wrong < 500, "{wrong} of 100,000 absent keys are not known to be absent");
        assert!(!Filter::starting_with(BLOCKS_OF_GROUPS).may_hold(1));
    }

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
