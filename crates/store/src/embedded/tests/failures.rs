//! Operations and batches that fail, and a queue that is full.

use super::directory::keys;
use super::{APP, context, group, group_id, open, user};
use crate::embedded::{Embedded, committer, keys as layout, opening};
use crate::suite::subscribers::every_event;
use landfall_domain::account::{Account, AccountImport, UnknownAccounts};
use landfall_domain::context::Context;
use landfall_domain::error::StoreError;
use landfall_domain::store::{Health, Store};
use landfall_domain::time::Timestamp;
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// Bound of the waits of these tests.
const WAIT_MAX: Duration = Duration::from_secs(20);

async fn not_ready(store: &dyn Store) -> String {
    let until = Instant::now() + WAIT_MAX;
    loop {
        if let Health::NotReady(why) = store.health() {
            return why;
        }
        assert!(Instant::now() < until, "the store still says that it is ready");
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_failed_operation_leaves_nothing_and_disturbs_no_other() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let placeholder = Account::placeholder(Timestamp(1));
    let write_and_fail = store.committer.run_alone(move |tx| -> Result<(), StoreError> {
        tx.put_account(APP, &user("ann"), &placeholder);
        Err(StoreError::Failed("on purpose".into()))
    });
    let fine = |name: &'static str| store.import_group(context(), group(name, &["bob"]));
    let (before, failed, after) = tokio::join!(fine("g"), write_and_fail, fine("h"));
    assert_eq!(failed.unwrap_err().to_string(), "on purpose");
    assert_eq!((before.unwrap(), after.unwrap()), (group_id("g"), group_id("h")));
    assert_eq!(store.accounts(APP, vec![user("ann"), user("bob")]).await.unwrap()[0], None);
    assert_eq!(store.health(), Health::Ready);
}

#[tokio::test]
async fn a_refused_operation_writes_no_row() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let refusing = Context { unknown: UnknownAccounts::Refuse, ..context() };
    store.import_group(refusing, group("g", &["ann"])).await.unwrap_err();
    store.destroy_group(refusing, group_id("g"), every_event()).await.unwrap_err();
    store.kick(refusing, user("ann")).await.unwrap_err();
    drop(store);
    assert_eq!(keys(&opening::open(dir.path()).unwrap()), Vec::<Vec<u8>>::new());
}

#[tokio::test]
async fn a_damaged_row_fails_only_the_calls_that_need_it() {
    let dir = tempfile::tempdir().unwrap();
    let engine = opening::open(dir.path()).unwrap();
    engine.data.insert(layout::account(APP, &user("bad")), [1, 2, 3]).unwrap();
    engine.data.insert(layout::group(APP, &group_id("bad")), [9]).unwrap();
    drop(engine);
    let store = open(dir.path());
    let named = |name: &str| AccountImport { id: user(name), nick: None, face_url: None };
    let both = store.import_accounts(context(), vec![named("ann"), named("bad")]).await;
    assert!(both.unwrap_err().to_string().contains("a stored account cannot be read"));
    assert_eq!(store.accounts(APP, vec![user("ann")]).await.unwrap(), [None], "half of a call was kept");
    store.accounts(APP, vec![user("bad")]).await.unwrap_err();
    store.groups(APP, vec![group_id("bad")]).await.unwrap_err();
    store.destroy_group(context(), group_id("bad"), every_event()).await.unwrap_err();
    store.import_group(context(), group("good", &["ann"])).await.unwrap();
    assert_eq!(store.health(), Health::Ready);
}

#[tokio::test]
async fn a_committer_that_panics_answers_every_caller() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    store.import_group(context(), group("g", &["ann"])).await.unwrap();
    let panics = store.committer.run(|_| -> Result<(), StoreError> { panic!("on purpose") });
    let waiting = store.import_group(context(), group("h", &["ann"]));
    let (panicked, waited) = tokio::join!(panics, waiting);
    assert_eq!(panicked.unwrap_err().to_string(), "the store has stopped");
    assert_eq!(waited.unwrap_err().to_string(), "the store has stopped");
    assert_eq!(not_ready(&store).await, "the store has stopped");
    store.groups(APP, vec![group_id("g")]).await.unwrap_err();
    store.import_group(context(), group("i", &["ann"])).await.unwrap_err();
    drop(store);
    let found = open(dir.path()).groups(APP, ["g", "h", "i"].map(group_id).to_vec()).await.unwrap();
    assert_eq!(found.iter().map(Option::is_some).collect::<Vec<_>>(), [true, false, false]);
}

#[tokio::test]
async fn a_removal_that_cannot_be_finished_blocks_only_its_name() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    store.import_group(context(), group("g", &["ann"])).await.unwrap();
    drop(store);
    let engine = opening::open(dir.path()).unwrap();
    engine.data.insert(layout::group(APP, &group_id("g")), [9]).unwrap();
    drop(engine);

    let damaged = |store: &Embedded| match store.health() {
        Health::Damaged(what) => assert!(what.contains("a stored group cannot be read"), "{what}"),
        Health::Ready | Health::Partial(_) | Health::NotReady(_) => {
            panic!("the store is not said to be damaged")
        }
    };
    let store = open(dir.path());
    let sweep = layout::Sweep::Account(APP, user("ann"));
    let row = sweep.clone();
    let begun = store.committer.run(move |tx| {
        tx.put_sweep(row);
        tx.remove_account(APP, &user("ann"));
        Ok(())
    });
    begun.await.unwrap();
    damaged(&store);
    let named = |name: &str| AccountImport { id: user(name), nick: None, face_url: None };
    let refused = store.import_accounts(context(), vec![named("ann")]).await.unwrap_err().to_string();
    assert!(refused.contains("lies in a damaged file"), "{refused}");
    store.import_group(context(), group("h", &["ann"])).await.unwrap_err();
    store.import_accounts(context(), vec![named("bob")]).await.unwrap();
    drop(store);
    let store = open(dir.path());
    damaged(&store);
    store.import_group(context(), group("h", &["bob"])).await.unwrap();
    store.import_group(context(), group("i", &["ann"])).await.unwrap_err();
}

#[tokio::test]
async fn a_full_queue_refuses_callers_and_serves_the_others() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let (started, has_started) = mpsc::channel();
    let (open_gate, gate) = mpsc::channel::<()>();
    let mut blocking = Box::pin(store.committer.run(move |_| {
        started.send(()).unwrap();
        // Ends when the sender is dropped.
        assert!(gate.recv().is_err());
        Ok(())
    }));
    let mut waiting: Vec<_> =
        (0..committer::QUEUE_MAX).map(|number| Box::pin(store.committer.run(move |_| Ok(number)))).collect();
    std::future::poll_fn(|cx| {
        assert!(blocking.as_mut().poll(cx).is_pending());
        has_started.recv_timeout(WAIT_MAX).unwrap();
        for call in &mut waiting {
            assert!(call.as_mut().poll(cx).is_pending());
        }
        std::task::Poll::Ready(())
    })
    .await;
    let one_more = store.kick(context(), user("ann")).await.unwrap_err();
    assert_eq!(one_more.to_string(), StoreError::Busy.to_string());
    assert_eq!(store.health(), Health::Ready);
    assert_eq!(store.groups(APP, vec![group_id("g")]).await.unwrap(), [None], "reads wait for the queue");
    drop(open_gate);
    blocking.await.unwrap();
    for (number, call) in waiting.into_iter().enumerate() {
        assert_eq!(call.await.unwrap(), number);
    }
    store.import_group(context(), group("g", &[])).await.unwrap();
}
