//! Batched imports: what the database refuses, and what it does not answer in time.

use super::*;
use crate::suite::subscribers::every_event;
use crate::suite::world::World;
use crate::suite::{APP, at_once, context, group, group_id, member, owned_group, user};
use std::time::Instant;

fn names(prefix: &str, count: usize) -> Vec<String> {
    (0..count).map(|number| format!("{prefix}{number:02}")).collect()
}

/// Every row of every table that says something about an account or a group called `bad`.
const TRACES: &str = "
    SELECT (SELECT count(*) FROM landfall.groups WHERE group_id = 'bad' OR owner = 'bad')
        + (SELECT count(*) FROM landfall.members WHERE group_id = 'bad' OR account = 'bad')
        + (SELECT count(*) FROM landfall.memberships WHERE group_id = 'bad' OR account = 'bad')
        + (SELECT count(*) FROM landfall.accounts WHERE account = 'bad')";

/// The beginning of the name of the constraint that the tests add to a table.
fn refused_by(table: &str) -> &'static str {
    match (layout(), table) {
        (Layout::Together, "groups") => "groups_group_id_check1",
        (Layout::Together, _) => "members_account_check1",
        // Citus names it itself, and each shard's after that.
        (Layout::Spread, "groups") => "\"groups_check",
        (Layout::Spread, _) => "\"members_check",
    }
}

/// One thread: all calls wait before a worker takes the first.
#[tokio::test]
async fn a_group_that_is_refused_fails_only_its_caller() {
    let (store, database) = fresh().await;
    let admin = admin(database.url()).await;
    let check = "ALTER TABLE landfall.groups ADD CHECK (group_id <> 'bad')";
    admin.batch_execute(check).await.unwrap();
    let mut ids = names("g", 40);
    ids[17] = "bad".to_owned();
    let imports = ids.iter().map(|id| {
        let owner = if id == "bad" { "bad" } else { "ann" };
        store.import_group(context(), owned_group(id, owner))
    });
    let answers = at_once(imports).await;
    for (id, answer) in ids.iter().zip(answers) {
        match answer {
            Ok(imported) => assert_eq!((imported, id.as_str() == "bad"), (group_id(id), false)),
            Err(OperationError::Store(StoreError::Failed(why))) => {
                assert!(id == "bad" && why.contains(refused_by("groups")), "{id}: {why}");
            }
            Err(other) => panic!("{id}: {other}"),
        }
    }
    assert_eq!(number(&admin, TRACES).await, 0);
    let ids: Vec<_> = ids.iter().map(|id| group_id(id)).collect();
    let world = World::of(&store, APP, &ids, &[user("ann"), user("bad")]).await;
    assert_eq!((world.groups.len(), world.accounts.len(), world.lists[0].1), (39, 1, 39));
}

#[tokio::test]
async fn members_that_are_refused_fail_only_their_caller() {
    let (store, database) = fresh().await;
    let admin = admin(database.url()).await;
    let check = "ALTER TABLE landfall.members ADD CHECK (account <> 'bad')";
    admin.batch_execute(check).await.unwrap();
    let ids = names("g", 4);
    for id in &ids {
        store.import_group(context(), group(id)).await.unwrap();
    }
    let users = names("u", 40);
    let imports = users.iter().enumerate().map(|(number, name)| {
        let mut members = vec![member(name)];
        if number == 22 {
            members.push(member("bad"));
        }
        store.import_members(context(), group_id(&ids[number % 4]), members)
    });
    let answers = at_once(imports).await;
    for (number, answer) in answers.into_iter().enumerate() {
        match answer {
            Ok(outcomes) => assert_eq!((outcomes, number == 22), (vec![MemberOutcome::Imported], false)),
            Err(OperationError::Store(StoreError::Failed(why))) => {
                assert!(number == 22 && why.contains(refused_by("members")), "{number}: {why}");
            }
            Err(other) => panic!("{number}: {other}"),
        }
    }
    assert_eq!(number(&admin, TRACES).await, 0);
    let ids: Vec<_> = ids.iter().map(|id| group_id(id)).collect();
    let world = World::of(&store, APP, &ids, &users.iter().map(|name| user(name)).collect::<Vec<_>>()).await;
    // The one that was named together with the bad one is not there either.
    assert_eq!((world.accounts.len(), world.accounts.get(&user("u22"))), (39, None));
    assert_eq!(world.groups.values().map(|(_, members)| members.len()).sum::<usize>(), 39);
}

#[tokio::test]
async fn what_the_database_does_not_answer_fails_in_time_and_leaves_nothing() {
    let (store, database) = fresh().await;
    store.import_group(context(), group("before")).await.unwrap();
    let mut admin = admin(database.url()).await;
    let lock = admin.transaction().await.unwrap();
    lock.batch_execute("LOCK TABLE landfall.groups IN ACCESS EXCLUSIVE MODE").await.unwrap();
    let started = Instant::now();
    let ids = names("g", 20);
    let imports = at_once(ids.iter().map(|id| store.import_group(context(), owned_group(id, "ann"))));
    let members = store.import_members(context(), group_id("before"), vec![member("ann")]);
    let accounts = store.accounts(APP, vec![user("ann")]);
    let dissolved = store.destroy_group(context(), group_id("before"), every_event());
    let (imports, members, accounts, dissolved) = tokio::join!(imports, members, accounts, dissolved);
    let took = started.elapsed();
    assert!(took < PATIENCE + Duration::from_secs(2), "it took {took:?}");
    assert!(imports.iter().all(|answer| matches!(answer, Err(OperationError::Store(StoreError::Failed(_))))));
    assert!(matches!(members, Err(OperationError::Store(StoreError::Failed(_)))));
    assert!(matches!(dissolved, Err(OperationError::Store(StoreError::Failed(_)))));
    assert_eq!(accounts.unwrap(), [None], "what needs no such table is answered");
    lock.rollback().await.unwrap();
    let ids: Vec<_> = ids.iter().map(|id| group_id(id)).collect();
    let again =
        at_once(ids.iter().map(|id| store.import_group(context(), owned_group(id.as_str(), "ann")))).await;
    assert!(again.iter().all(Result::is_ok), "{again:?}");
    assert_eq!(World::of(&store, APP, &ids, &[user("ann")]).await.groups.len(), 20);
}

#[tokio::test]
async fn an_import_whose_caller_went_away_is_whole_or_not_there() {
    let (store, _alive) = fresh().await;
    let ids = names("g", 24);
    let mut calls: Vec<_> =
        ids.iter().map(|id| Box::pin(store.import_group(context(), owned_group(id, "ann")))).collect();
    for call in &mut calls {
        let mut noop = std::task::Context::from_waker(std::task::Waker::noop());
        assert!(call.as_mut().poll(&mut noop).is_pending());
    }
    let kept: Vec<_> = calls.into_iter().enumerate().filter(|(number, _)| number % 3 != 0).collect();
    for (number, answer) in
        at_once(kept.into_iter().map(|(number, call)| async move { (number, call.await) })).await
    {
        assert_eq!(answer.unwrap(), group_id(&ids[number]));
    }
    let ids: Vec<_> = ids.iter().map(|id| group_id(id)).collect();
    let world = World::of(&store, APP, &ids, &[user("ann")]).await;
    // They waited together with the others, and stayed with them.
    assert_eq!((world.groups.len(), world.lists[0].1), (24, 24));
}
