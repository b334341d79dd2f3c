//! Loads that are given up, interrupted, or meet other callers.

use super::directory::keys;
use super::{APP, context, group, group_id, open, user};
use crate::embedded::{Embedded, keys as layout, load, opening};
use crate::suite::whole::{JOB, whole};
use landfall_domain::bulk::{BulkStore, GroupLoad as _, WholeGroupOutcome};
use landfall_domain::error::OperationError;
use landfall_domain::group::GroupType;
use landfall_domain::new_group::NewGroupRefusal;
use landfall_domain::store::{JoinedWindow, MemberWindow, Store};
use landfall_domain::whole_group::WholeGroupRefusal;
use std::fs;
use std::path::Path;

/// Rows of groups, and of loads.
fn of_groups(store: &Embedded) -> Vec<Vec<u8>> {
    let keys = keys(&store.slot.engine().unwrap());
    keys.into_iter().filter(|key| b"fghijklstvw".contains(&key[0])).collect()
}

/// All groups of an account.
fn all() -> JoinedWindow {
    JoinedWindow { kinds: GroupType::ALL.into(), support_topic: None, inactive: true, offset: 0, limit: 9 }
}

/// Waits for everything that was queued before.
async fn committed(store: &Embedded) {
    store.committer.run(|_| Ok(())).await.unwrap();
}

async fn total(store: &Embedded) -> u64 {
    store.list_groups(APP, None, 0, 1).await.unwrap().total
}

#[tokio::test]
async fn a_load_that_is_given_up_leaves_nothing_and_frees_its_groups() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    store.import_group(context(), group("other", &["ann", "bob"])).await.unwrap();
    let before = of_groups(&store);
    let mut load = store.begin_load(context()).await.unwrap();
    assert_eq!(load.add(vec![whole("g", JOB)]).await.unwrap(), [WholeGroupOutcome::Created]);
    let taken = store.import_group(context(), group("g", &["cy"])).await;
    assert!(matches!(taken, Err(OperationError::Refused(NewGroupRefusal::IdTaken))));
    let mut second = store.begin_load(context()).await.unwrap();
    let refused = WholeGroupOutcome::Refused(WholeGroupRefusal::BeingImported);
    assert_eq!(second.add(vec![whole("g", JOB)]).await.unwrap(), [refused]);
    assert_eq!(store.groups(APP, vec![group_id("g")]).await.unwrap(), [None], "it is not there yet");
    drop(load);
    drop(second);
    committed(&store).await;
    assert_eq!(of_groups(&store), before);
    store.import_group(context(), group("g", &["cy"])).await.unwrap();
    assert_eq!(total(&store).await, 2);
}

/// Copies the directory of a store that runs, as a crash would leave it.
fn crash(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            crash(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}

#[tokio::test]
async fn of_a_load_that_a_crash_interrupts_all_groups_are_there_or_none() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    store.import_group(context(), group("other", &["bob"])).await.unwrap();
    let mut load = load::Load::begin(&store.committer, &store.slot, context()).await.unwrap();
    load.add((0..300).map(|number| whole(&format!("g{number}"), JOB)).collect()).await.unwrap();
    let crashes = tempfile::tempdir().unwrap();
    let (early, late) = (crashes.path().join("early"), crashes.path().join("late"));
    crash(dir.path(), &early);
    load.write_table().await.unwrap();
    // Its groups are there, and are not counted yet.
    store.delete_accounts(context(), vec![user("bob")]).await.unwrap();
    store.import_group(context(), group("later", &["bob"])).await.unwrap();
    crash(dir.path(), &late);
    for (path, groups) in [(early, 1), (late, 302)] {
        let store = open(&path);
        assert_eq!(total(&store).await, groups);
        let joined = store.joined_groups(APP, user("bob"), all()).await.unwrap();
        let joined: Vec<_> = joined.groups.iter().map(|(group, _)| group.id.as_str()).collect();
        assert_eq!(joined, [if groups == 1 { "other" } else { "later" }]);
        store.import_group(context(), group("new", &["ann"])).await.unwrap();
        assert!(of_groups(&store).iter().all(|key| !b"vw".contains(&key[0])), "it is settled");
        drop(store);
        opening::open(&path).unwrap();
    }
    drop(load);
    committed(&store).await;
    assert_eq!(total(&store).await, 302);
}

#[tokio::test]
async fn an_account_that_is_deleted_during_a_load_is_in_none_of_its_groups() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    store.import_group(context(), group("other", &["ann", "bob"])).await.unwrap();
    let mut load = store.begin_load(context()).await.unwrap();
    load.add(vec![whole("g", JOB), whole("h", JOB)]).await.unwrap();
    store.delete_accounts(context(), vec![user("bob")]).await.unwrap();
    // Another account of that name is in a group of its own.
    store.import_group(context(), group("later", &["bob"])).await.unwrap();
    load.finish().await.unwrap();
    for name in ["g", "h"] {
        let window = MemberWindow::ByName { after: None, limit: 9 };
        let page = store.members(APP, group_id(name), Vec::new(), window).await.unwrap();
        let names: Vec<_> = page.members.iter().map(|member| member.account.as_str()).collect();
        assert_eq!((names, page.group.member_count), (vec!["ann"], 1));
    }
    let joined = store.joined_groups(APP, user("bob"), all()).await.unwrap();
    assert_eq!(joined.groups.len(), 1);
    assert!(of_groups(&store).iter().all(|key| !b"vw".contains(&key[0])));
    let public = store.list_groups(APP, Some(GroupType::Public), 0, 9).await.unwrap();
    assert_eq!((public.total, public.ids.len()), (4, 4));
}

#[tokio::test]
async fn a_load_whose_store_was_opened_again_fails_and_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let mut load = store.begin_load(context()).await.unwrap();
    load.add(vec![whole("g", JOB)]).await.unwrap();
    store
        .committer
        .run(|tx| {
            tx.existence().forget();
            Ok(())
        })
        .await
        .unwrap();
    load.finish().await.unwrap_err();
    assert_eq!(total(&store).await, 0);
    drop(store);
    let store = open(dir.path());
    assert_eq!(total(&store).await, 0);
    assert!(of_groups(&store).iter().all(|key| *key != layout::group(APP, &group_id("g"))));
}
