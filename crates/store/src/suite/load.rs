//! Groups that come in together.

use super::whole::{JOB, community, whole};
use super::world::World;
use super::{APP, account, context, group_id, import, owned_group, user};
use landfall_domain::bulk::{BulkStore, WholeGroupOutcome};
use landfall_domain::context::Context;
use landfall_domain::ids::{AppId, GroupId};
use landfall_domain::store::Store;
use landfall_domain::whole_group::{WholeGroup, WholeGroupRefusal, WholeMember};

fn some() -> Vec<WholeGroup> {
    let mut twice = whole("twice", JOB);
    twice.members.push(WholeMember::new(user("bob")));
    vec![whole("g", JOB), community("@TGS#_c"), whole("old", JOB), twice, whole("h", JOB)]
}

/// What a caller can read, but for the places in the list.
async fn world(store: &dyn Store, app: AppId) -> World {
    let ids: Vec<GroupId> = ["g", "@TGS#_c", "old", "twice", "h"].map(group_id).into();
    let mut world = World::of(store, app, &ids, &["ann", "bob", "cy", "gone"].map(user)).await;
    world.groups.values_mut().for_each(|(group, _)| group.list_position = 0);
    world.joined.values_mut().flatten().for_each(|(group, _)| group.list_position = 0);
    world
}

pub(crate) async fn a_load_brings_in_what_imports_do(store: &(impl Store + BulkStore)) {
    let elsewhere = Context { app: AppId(APP.0 + 1), ..context() };
    for of in [context(), elsewhere] {
        store.import_accounts(of, vec![account("bob", Some("Bob"), None)]).await.unwrap();
        store.import_group(of, owned_group("old", "cy")).await.unwrap();
    }
    let expected = store.import_whole_groups(elsewhere, some()).await.unwrap();
    let mut load = store.begin_load(context()).await.unwrap();
    let mut outcomes = load.add(some()[..2].to_vec()).await.unwrap();
    outcomes.extend(load.add(some()[2..].to_vec()).await.unwrap());
    load.finish().await.unwrap();
    assert_eq!(outcomes, expected);
    let refused = WholeGroupOutcome::Refused(WholeGroupRefusal::MemberTwice(user("bob")));
    assert!(outcomes.contains(&refused) && outcomes.contains(&WholeGroupOutcome::AlreadyThere(None)));
    assert_eq!(world(store, APP).await, world(store, elsewhere.app).await);
    let ids = store.groups_of_job(APP, JOB, None, 9).await.unwrap();
    assert_eq!(ids, store.groups_of_job(elsewhere.app, JOB, None, 9).await.unwrap());
    let brought = store.brought_groups(APP, ids.clone()).await.unwrap();
    assert_eq!(brought, store.brought_groups(elsewhere.app, ids.clone()).await.unwrap());
    assert!(brought.into_iter().flatten().all(|brought| !brought.touched));

    // Calls go on as with any group.
    import(store, owned_group("later", "ann")).await.unwrap();
    store.undo_groups(context(), JOB, ids.clone(), false).await.unwrap();
    store.undo_groups(elsewhere, JOB, ids, false).await.unwrap();
    store.destroy_group(context(), group_id("later"), std::sync::Arc::new(())).await.unwrap();
    assert_eq!(world(store, APP).await, world(store, elsewhere.app).await);
}

pub(crate) async fn an_empty_load_changes_nothing(store: &(impl Store + BulkStore)) {
    let before = world(store, APP).await;
    store.begin_load(context()).await.unwrap().finish().await.unwrap();
    let mut load = store.begin_load(context()).await.unwrap();
    assert_eq!(load.add(Vec::new()).await.unwrap(), []);
    load.finish().await.unwrap();
    assert_eq!(world(store, APP).await, before);
}
