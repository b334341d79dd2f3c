//! Opening a directory, and the states it may be in.

use super::{APP, context, group, group_id, open, user};
use crate::StoreMetrics;
use crate::embedded::engine::Engine;
use crate::embedded::keys::{self as layout, STAMP, Sweep};
use crate::embedded::records;
use crate::embedded::rows::Rows as _;
use crate::embedded::{Embedded, OpenError, format, opening};
use crate::embedded::{existence::Existence, tx::Tx};
use crate::suite::subscribers::no_subscribers;
use crate::suite::world::World;
use landfall_domain::account::{Account, AccountImport};
use landfall_domain::store::Store;
use landfall_domain::time::Timestamp;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

fn refusal(dir: &Path) -> OpenError {
    match Embedded::open(dir, StoreMetrics::default()) {
        Ok(_) => panic!("{} was opened", dir.display()),
        Err(error) => error,
    }
}

/// Every key of the engine, in order, except the stamp that each batch writes.
pub(super) fn keys(engine: &Engine) -> Vec<Vec<u8>> {
    let keys = engine.data.iter().map(|row| row.key().unwrap().to_vec());
    keys.filter(|key| *key != STAMP).collect()
}

#[tokio::test]
async fn reopening_keeps_everything() {
    let dir = tempfile::tempdir().unwrap();
    let (ids, users) = (["g", "h", "i"].map(group_id), ["ann", "bob", "cy"].map(user));
    let store = open(dir.path());
    store.import_group(context(), group("g", &["ann", "bob", "cy"])).await.unwrap();
    store.import_group(context(), group("h", &["bob"])).await.unwrap();
    store.import_group(context(), group("i", &[])).await.unwrap();
    store.destroy_group(context(), group_id("i"), no_subscribers()).await.unwrap();
    store.delete_accounts(context(), vec![user("cy")]).await.unwrap();
    store.kick(context(), user("bob")).await.unwrap();
    let before = World::of(&store, APP, &ids, &users).await;
    drop(store);
    let store = open(dir.path());
    assert_eq!(World::of(&store, APP, &ids, &users).await, before);
    // The list continues after the last position ever given, that of the dissolved group included.
    store.import_group(context(), group("i", &[])).await.unwrap();
    assert_eq!(World::of(&store, APP, &ids, &users).await.groups[&ids[2]].0.list_position, 4);
}

#[tokio::test]
async fn writes_whose_caller_is_gone_are_kept() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    for name in ["g", "h"] {
        let mut call = store.import_group(context(), group(name, &["ann"]));
        // Polled once, so that it is accepted; then the caller goes away.
        let first = std::future::poll_fn(|cx| std::task::Poll::Ready(call.as_mut().poll(cx))).await;
        assert!(first.is_pending());
    }
    drop(store);
    let found = open(dir.path()).groups(APP, ["g", "h"].map(group_id).to_vec()).await.unwrap();
    assert!(found.iter().all(Option::is_some));
}

#[test]
fn a_directory_that_is_open_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let refused = refusal(dir.path());
    assert!(matches!(refused, OpenError::Locked(_)), "{refused}");
    let text = refused.to_string();
    assert!(
        text.contains(dir.path().to_str().unwrap()) && text.contains("in use by another process"),
        "{text}"
    );
    drop(store);
    drop(open(dir.path()));
}

#[test]
fn a_newer_format_is_refused_and_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    drop(open(dir.path()));
    assert_eq!(fs::read_to_string(dir.path().join("FORMAT")).unwrap(), "3\n");
    fs::write(dir.path().join("FORMAT"), "4\n").unwrap();
    let text = refusal(dir.path()).to_string();
    assert!(text.contains("has format 4, this program knows up to 3"), "{text}");
    assert_eq!(fs::read_to_string(dir.path().join("FORMAT")).unwrap(), "4\n");
}

/// Format 1 has no kicks of deleted accounts, format 2 no origins; otherwise they are the same.
#[tokio::test]
async fn the_previous_formats_are_opened_and_raised() {
    for format in ["1\n", "2\n"] {
        is_raised(format).await;
    }
}

async fn is_raised(format: &str) {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    store.import_group(context(), group("g", &["ann"])).await.unwrap();
    store.kick(context(), user("ann")).await.unwrap();
    drop(store);
    fs::write(dir.path().join("FORMAT"), format).unwrap();
    let store = open(dir.path());
    assert_eq!(fs::read_to_string(dir.path().join("FORMAT")).unwrap(), "3\n");
    store.delete_accounts(context(), vec![user("ann")]).await.unwrap();
    drop(store);
    let from = open(dir.path()).signatures_from(APP, user("ann")).await.unwrap();
    assert_eq!(from, context().now);
}

/// In format 1 the engine merged its tables by itself, and batches had no stamps.
#[tokio::test]
async fn merging_is_switched_off_in_the_engine_when_a_directory_is_raised() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join(format::FOLDER);
    let threshold = |engine: &fjall::Keyspace| {
        let config = engine.config.compaction_strategy.get_config();
        config.into_iter().find(|(name, _)| **name == *b"leveled_l0_threshold").unwrap().1.to_vec()
    };
    let old = fjall::Database::builder(&folder).open().unwrap();
    let data = old.keyspace("data", fjall::KeyspaceCreateOptions::default).unwrap();
    assert_eq!(threshold(&data), [4]);
    let account = Account::placeholder(Timestamp(5));
    data.insert(layout::account(APP, &user("ann")), records::encode_account(&account)).unwrap();
    drop((data, old));
    fs::write(dir.path().join("FORMAT"), "1\n").unwrap();
    for _ in 0..2 {
        let store = open(dir.path());
        assert_eq!(threshold(&store.slot.engine().unwrap().data), [u8::MAX]);
        assert_eq!(store.accounts(APP, vec![user("ann")]).await.unwrap(), [Some(account.clone())]);
        store
            .import_accounts(context(), vec![AccountImport { id: user("bob"), nick: None, face_url: None }])
            .await
            .unwrap();
    }
}

#[test]
fn what_is_no_data_directory_is_refused_and_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    drop(open(dir.path()));
    fs::remove_file(dir.path().join("FORMAT")).unwrap();
    let refused = refusal(dir.path());
    assert!(matches!(refused, OpenError::Foreign { .. }), "{refused}");
    assert!(!dir.path().join("FORMAT").exists());
    fs::write(dir.path().join("FORMAT"), "a file of something else").unwrap();
    let refused = refusal(dir.path());
    assert!(matches!(refused, OpenError::Foreign { .. }), "{refused}");

    let file = dir.path().join("file");
    fs::write(&file, "kept").unwrap();
    let refused = refusal(&file);
    assert!(matches!(refused, OpenError::Io { .. }) && refused.to_string().contains(file.to_str().unwrap()));
    assert_eq!(fs::read_to_string(&file).unwrap(), "kept");
}

#[test]
fn a_directory_with_anything_else_in_it_is_not_taken() {
    let dir = tempfile::tempdir().unwrap();
    let photo = dir.path().join("photo.jpg");
    fs::write(&photo, "kept").unwrap();
    let refused = refusal(dir.path());
    assert!(matches!(&refused, OpenError::NotEmpty { found, .. } if found == "photo.jpg"), "{refused}");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "something was made in it");
    fs::remove_file(photo).unwrap();

    // The root of a file system, after an interrupted first start.
    fs::create_dir(dir.path().join("lost+found")).unwrap();
    fs::write(dir.path().join("FORMAT.new"), "").unwrap();
    drop(open(dir.path()));
}

#[test]
fn nobody_else_can_look_into_the_data() {
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let outer = tempfile::tempdir().unwrap();
    let dir = outer.path().join("new/data");
    drop(open(&dir));
    assert_eq!((mode(&dir), mode(&dir.join("engine")), mode(&dir.join("FORMAT"))), (0o700, 0o700, 0o600));
    // As older versions left it.
    fs::set_permissions(dir.join("engine"), fs::Permissions::from_mode(0o755)).unwrap();
    drop(open(&dir));
    assert_eq!(mode(&dir.join("engine")), 0o700);
}

#[test]
fn an_engine_whose_making_broke_off_is_made_anew() {
    for marker in [None, Some("")] {
        let dir = tempfile::tempdir().unwrap();
        let engine = dir.path().join(format::FOLDER);
        fs::create_dir_all(engine.join("keyspaces")).unwrap();
        fs::write(dir.path().join("FORMAT"), "1\n").unwrap();
        fs::write(engine.join("0.jnl"), [0; 100]).unwrap();
        if let Some(content) = marker {
            fs::write(engine.join("version"), content).unwrap();
        }
        // Another process is creating it: nothing is touched.
        let lock = fs::File::create(engine.join("lock")).unwrap();
        lock.lock().unwrap();
        assert!(matches!(refusal(dir.path()), OpenError::Locked(_)));
        assert_eq!(fs::metadata(engine.join("0.jnl")).unwrap().len(), 100);
        drop(lock);
        drop(open(dir.path()));
    }
}

#[tokio::test]
async fn an_interrupted_removal_is_finished_at_open() {
    let dir = tempfile::tempdir().unwrap();
    let (ids, users) = (["g", "g2"].map(group_id), ["ann", "bob"].map(user));
    let store = open(dir.path());
    store.import_group(context(), group("g2", &["bob", "ann"])).await.unwrap();
    store.delete_accounts(context(), vec![user("ann")]).await.unwrap();
    let without = World::of(&store, APP, &ids, &users).await;
    store.import_group(context(), group("g", &["ann", "bob"])).await.unwrap();
    drop(store);

    // As a crash leaves it after the first batch: the heads are gone, the rest is named by the sweeps.
    let engine = opening::open(dir.path()).unwrap();
    let existence = Existence::unknown();
    let mut tx = Tx::new(&engine, &existence);
    let group = tx.group_row(APP, &ids[0]).unwrap().unwrap();
    tx.counters(APP).unwrap().groups[1] -= 1;
    tx.remove_group(APP, &group);
    tx.put_sweep(Sweep::Group(APP, ids[0].clone()));
    tx.remove_account(APP, &users[0]);
    tx.put_sweep(Sweep::Account(APP, users[0].clone()));
    assert_eq!(tx.commit().unwrap().len(), 2);
    drop(engine);

    let store = open(dir.path());
    assert_eq!(World::of(&store, APP, &ids, &users).await, without);
    drop(store);
    let engine = opening::open(dir.path()).unwrap();
    let left = keys(&engine);
    let names = |key: &Vec<u8>| key[0] == b's' || key.ends_with(b"ann") || key[8..].starts_with(b"g\0");
    assert!(!left.iter().any(names), "{left:?}");
}

#[tokio::test]
async fn large_removals_leave_no_row() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let names: Vec<String> = (0..4_500).map(|number| format!("m{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    store.import_group(context(), group("g", &names)).await.unwrap();
    store.destroy_group(context(), group_id("g"), no_subscribers()).await.unwrap();
    store.delete_accounts(context(), names.iter().map(|name| user(name)).collect()).await.unwrap();
    drop(store);
    let left = keys(&opening::open(dir.path()).unwrap());
    assert_eq!(left.iter().map(|key| key[0]).collect::<Vec<_>>(), [b'c'], "{left:?}");
}
