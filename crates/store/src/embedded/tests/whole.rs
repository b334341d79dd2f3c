//! Groups that come in whole while the store stops, is killed, or cannot write.

use super::directory::keys;
use super::{APP, context, group, group_id, open, user};
use crate::embedded::{Embedded, keys as layout, opening};
use crate::suite::whole::{JOB, whole};
use landfall_domain::bulk::{BulkStore, WholeGroupOutcome};
use landfall_domain::error::StoreError;
use landfall_domain::ids::GroupId;
use landfall_domain::message::{Body, Conversation, Priority};
use landfall_domain::staged::WholeMessage;
use landfall_domain::store::Store;
use landfall_domain::time::Timestamp;
use landfall_domain::whole_group::{WholeGroup, WholeGroupRefusal};

pub(super) fn messages(count: u32) -> Vec<(Conversation, Vec<WholeMessage>)> {
    let message = |random| WholeMessage {
        sender: user("ann"),
        sent: Timestamp(1_500),
        random,
        priority: Priority::Normal,
        body: Body { elements: "[]".into(), ..Body::default() },
    };
    vec![(Conversation::Group, (1..=count).map(message).collect())]
}

async fn stage(store: &Embedded, count: u32) {
    store.stage_messages(context(), JOB, group_id("large"), messages(count)).await.unwrap();
}

/// Rows of groups, members, parts and messages, and notes of what is to be removed.
fn of_group(keys: &[Vec<u8>]) -> Vec<Vec<u8>> {
    keys.iter().filter(|key| b"fghijkls".contains(&key[0])).cloned().collect()
}

#[tokio::test]
async fn a_store_that_stops_keeps_nothing_of_a_group_that_is_not_whole() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    store.import_group(context(), group("other", &["ann", "bob"])).await.unwrap();
    drop(store);
    let before = of_group(&keys(&opening::open(dir.path()).unwrap()));
    let store = open(dir.path());
    stage(&store, 50_000).await;
    drop(store);
    assert_eq!(of_group(&keys(&opening::open(dir.path()).unwrap())), before);
    let store = open(dir.path());
    let rest = WholeGroup { staged: 50_000, messages: messages(1), ..whole("large", JOB) };
    let lost = WholeGroupOutcome::Refused(WholeGroupRefusal::StagedLost(50_000, 0));
    assert_eq!(store.import_whole_groups(context(), vec![rest]).await.unwrap(), [lost]);
    stage(&store, 3).await;
    let again = WholeGroup { staged: 3, messages: messages(5_000), ..whole("large", JOB) };
    let outcomes = store.import_whole_groups(context(), vec![again]).await.unwrap();
    assert_eq!(outcomes, [WholeGroupOutcome::Created]);
    let found = store.groups(APP, vec![group_id("large")]).await.unwrap().remove(0).unwrap();
    assert_eq!((found.log.next_seq, found.log.read_by_all), (5_004, 5_003));
}

/// An operation of the same batch fails after a write, so that the batch is discarded.
#[tokio::test]
async fn a_batch_that_is_discarded_stages_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    stage(&store, 10).await;
    let spoil = store.committer.run(|tx| -> Result<(), StoreError> {
        tx.put_row(layout::account(APP, &user("ann")), Vec::new());
        Err(StoreError::Failed("on purpose".into()))
    });
    let more = store.stage_messages(context(), JOB, group_id("large"), messages(5));
    let (more, spoilt) = tokio::join!(more, spoil);
    spoilt.unwrap_err();
    let there = if more.is_ok() { 15 } else { 10 };
    let rest = WholeGroup { staged: there, messages: Vec::new(), ..whole("large", JOB) };
    let outcomes = store.import_whole_groups(context(), vec![rest]).await.unwrap();
    assert_eq!(outcomes, [WholeGroupOutcome::Created]);
    let found = store.groups(APP, vec![group_id("large")]).await.unwrap().remove(0).unwrap();
    assert_eq!(u64::from(found.log.next_seq), there + 1);
}

#[tokio::test]
async fn undo_leaves_no_row_behind() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let large = WholeGroup { messages: messages(70_000), ..whole("large", JOB) };
    let mut names: Vec<String> = (0..300).map(|number| format!("g{number}")).collect();
    let small = names.iter().map(|name| whole(name, JOB));
    let outcomes = store.import_whole_groups(context(), small.chain([large]).collect()).await.unwrap();
    assert!(outcomes.iter().all(|outcome| *outcome == WholeGroupOutcome::Created));
    names.push("large".to_owned());
    let ids: Vec<GroupId> = names.iter().map(|name| group_id(name)).collect();
    store.undo_groups(context(), JOB, ids, false).await.unwrap();
    store.expire_messages(APP, Timestamp(10_000_000), 10).await.unwrap();
    drop(store);
    assert_eq!(of_group(&keys(&opening::open(dir.path()).unwrap())), Vec::<Vec<u8>>::new());
}
