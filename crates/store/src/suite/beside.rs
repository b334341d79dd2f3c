//! Readers beside writers: whatever a call answers was so at some moment between its beginning and its end.

use super::operation::{Operation, perform};
use super::{APP, at_once, context, decided, group_id, import, member, owned_group, user};
use landfall_domain::group::GroupType;
use landfall_domain::ids::GroupId;
use landfall_domain::store::{JoinedWindow, MemberWindow, Store};
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard};

/// Groups that are made.
const GROUPS: usize = 72;
/// Groups that are made at the same time.
const AT_ONCE: usize = 12;

/// The account that owns every group.
const OWNER: &str = "ann";

/// What the writers have begun and ended.
#[derive(Clone, Debug, Default)]
struct Progress {
    imports_begun: BTreeSet<GroupId>,
    imported: BTreeSet<GroupId>,
    dissolutions_begun: BTreeSet<GroupId>,
    dissolved: BTreeSet<GroupId>,
}

impl Progress {
    /// The groups that were there throughout a call that began at `before` and ended at this, and those that may have been.
    fn during(&self, before: &Self) -> (BTreeSet<GroupId>, BTreeSet<GroupId>) {
        let always = before.imported.difference(&self.dissolutions_begun).cloned().collect();
        let perhaps = self.imports_begun.difference(&before.dissolved).cloned().collect();
        (always, perhaps)
    }
}

#[derive(Default)]
struct Book {
    progress: Mutex<Progress>,
    ended: AtomicBool,
}

impl Book {
    fn lock(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap()
    }

    fn check(&self, before: &Progress, what: &str, found: &BTreeSet<GroupId>, total: u64) {
        let (always, perhaps) = self.lock().during(before);
        assert!(always.is_subset(found), "{what} misses {:?}", always.difference(found));
        assert!(found.is_subset(&perhaps), "{what} has {:?}", found.difference(&perhaps));
        let possible = always.len() as u64..=perhaps.len() as u64;
        assert!(possible.contains(&total), "{what} counts {total}, where {possible:?} is possible");
    }
}

/// Makes groups with members, then dissolves every second one.
async fn write(store: &dyn Store, book: &Book) {
    let ids: Vec<GroupId> = (0..GROUPS).map(|number| group_id(&format!("g{number}"))).collect();
    for some in ids.chunks(AT_ONCE) {
        at_once(some.iter().map(|id| async move {
            book.lock().imports_begun.insert(id.clone());
            import(store, owned_group(id.as_str(), OWNER)).await.unwrap();
            book.lock().imported.insert(id.clone());
            let members = vec![member("bob"), member(&format!("of-{id}"))];
            decided(store.import_members(context(), id.clone(), members).await).unwrap();
        }))
        .await;
    }
    let some: Vec<&GroupId> = ids.iter().step_by(2).collect();
    for some in some.chunks(AT_ONCE / 2) {
        at_once(some.iter().map(|id| async move {
            book.lock().dissolutions_begun.insert((*id).clone());
            perform(store, context(), Operation::DestroyGroup((*id).clone())).await.unwrap();
            book.lock().dissolved.insert((*id).clone());
        }))
        .await;
    }
    book.ended.store(true, Ordering::SeqCst);
}

/// One group as its members' list has it, if it is there.
async fn check_group(store: &dyn Store, id: &GroupId) {
    let window = MemberWindow::ByJoinTime { offset: 0, limit: 100 };
    let Ok(page) = decided(store.members(APP, id.clone(), Vec::new(), window).await) else { return };
    assert_eq!(page.group.member_count as usize, page.members.len(), "{id}: {page:?}");
    assert!(
        page.members.iter().any(|member| member.account == user(OWNER)),
        "{id} without its owner: {page:?}"
    );
}

async fn read(store: &dyn Store, book: &Book) -> usize {
    let mut rounds = 0;
    let window = JoinedWindow {
        kinds: vec![GroupType::Public],
        support_topic: None,
        inactive: true,
        offset: 0,
        limit: 2 * GROUPS,
    };
    loop {
        let last = book.ended.load(Ordering::SeqCst);
        let before = book.lock().clone();
        let page = store.list_groups(APP, None, 0, 2 * GROUPS).await.unwrap();
        let listed = page.ids.iter().cloned().collect();
        book.check(&before, "the list of groups", &listed, page.total);
        let before = book.lock().clone();
        let joined = store.joined_groups(APP, user(OWNER), window.clone()).await.unwrap();
        let found = joined.groups.iter().map(|(group, _)| group.id.clone()).collect();
        book.check(&before, "the list of an account's groups", &found, joined.total);
        assert!(joined.groups.iter().all(|(_, member)| member.account == user(OWNER)), "{joined:?}");
        let some = listed.iter().chain(&found).step_by(1 + listed.len() / 4);
        at_once(some.map(|id| check_group(store, id))).await;
        rounds += 1;
        if last {
            return rounds;
        }
    }
}

pub(crate) async fn a_reader_beside_writers_sees_only_what_was_so(store: &dyn Store) {
    let book = Book::default();
    let ((), rounds) = futures_util::join!(write(store, &book), read(store, &book));
    // One of them began after the writers had ended.
    assert!(1 < rounds, "the reader looked {rounds} times");
    let left = store.list_groups(APP, None, 0, 2 * GROUPS).await.unwrap();
    assert_eq!((left.total, left.ids.len()), (GROUPS as u64 / 2, GROUPS / 2));
}
