//! Two servers over one database that are asked the same things at the same time.

use super::*;
use crate::suite::subscribers::every_event;
use crate::suite::world::{World, list};
use crate::suite::{APP, at_once, context, decided, group, group_id, member, owned_group, user};
use landfall_domain::new_group::IdChoice;
use std::collections::{BTreeMap, BTreeSet};

const ROUNDS: usize = 8;

fn numbered(name: &str, count: usize) -> Vec<String> {
    (0..count).map(|number| format!("{name}{number:03}")).collect()
}

fn users(names: &[String]) -> Vec<UserId> {
    names.iter().map(|name| user(name)).collect()
}

fn ids(names: &[String]) -> Vec<GroupId> {
    names.iter().map(|name| group_id(name)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_id_is_imported_exactly_once() {
    let (servers, _alive) = two().await;
    let names = numbered("g", 100);
    // Both are asked for all of them, one in the opposite order.
    let one = names.iter().map(|name| (0, name));
    let other = names.iter().rev().map(|name| (1, name));
    let calls = one.chain(other).map(|(server, name)| {
        let import = owned_group(name, &format!("owner{server}"));
        let call = servers[server].import_group(context(), import);
        async move { (server, name, decided(call.await)) }
    });
    let mut owners: BTreeMap<GroupId, UserId> = BTreeMap::new();
    let mut refused = 0;
    for (server, name, answer) in at_once(calls).await {
        match answer {
            Ok(id) => {
                assert_eq!(id, group_id(name));
                assert_eq!(
                    owners.insert(id, user(&format!("owner{server}"))),
                    None,
                    "{name} was imported twice"
                );
            }
            Err(refusal) => {
                assert_eq!(refusal, NewGroupRefusal::IdTaken);
                refused += 1;
            }
        }
    }
    assert_eq!((owners.len(), refused), (100, 100));
    for server in &servers {
        let world = World::of(server, APP, &ids(&names), &[user("owner0"), user("owner1")]).await;
        assert_eq!(world.lists[0].1, 100);
        let found = world.groups.iter().map(|(id, (group, _))| (id.clone(), group.owner.clone().unwrap()));
        assert_eq!(found.collect::<BTreeMap<_, _>>(), owners);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn generated_ids_differ_between_servers() {
    let (servers, _alive) = two().await;
    let calls = (0..16).map(|number| {
        let id = IdChoice::Generated(number as u64 / 8);
        servers[number % 2].import_group(context(), NewGroup { id, ..group("n") })
    });
    let made: BTreeSet<GroupId> =
        at_once(calls).await.into_iter().map(|made| decided(made).unwrap()).collect();
    assert_eq!(made.len(), 16);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn servers_never_overfill_a_group() {
    let (servers, _alive) = two().await;
    for round in 0..ROUNDS {
        let id = format!("g{round}");
        let mut import = group(&id);
        import.profile.max_members = 20;
        servers[round % 2].import_group(context(), import).await.unwrap();
        let names = numbered("m", 32);
        let pairs = names.chunks(2).chain(names[8..].chunks(3)).enumerate();
        let calls = pairs.map(|(number, pair)| {
            let members = pair.iter().map(|name| member(name)).collect();
            let call = servers[number % 2].import_members(context(), group_id(&id), members);
            async move { (pair, decided(call.await)) }
        });
        let mut imported = BTreeSet::new();
        for (pair, answer) in at_once(calls).await {
            // A call for which there is no room at all is refused as a whole.
            let Ok(outcomes) = answer else { continue };
            for (name, outcome) in pair.iter().zip(outcomes) {
                if outcome == MemberOutcome::Imported {
                    assert!(imported.insert(user(name)), "{name} joined twice");
                }
            }
        }
        let world = World::of(&servers[(round + 1) % 2], APP, &[group_id(&id)], &users(&names)).await;
        let members: BTreeSet<_> =
            world.groups[&group_id(&id)].1.iter().map(|member| member.account.clone()).collect();
        assert_eq!(members, imported);
        assert_eq!(members.len(), 20);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_deleted_on_one_server_is_in_no_group_of_the_other() {
    let (servers, database) = two().await;
    let admin = admin(database.url()).await;
    for round in 0..ROUNDS {
        let (groups, names) = (numbered(&format!("g{round}-"), 4), numbered("m", 12));
        for name in &groups {
            servers[0].import_group(context(), group(name)).await.unwrap();
        }
        let imports = groups.iter().map(|id| {
            let members = names.iter().map(|name| member(name)).collect();
            servers[0].import_members(context(), group_id(id), members)
        });
        let deletions = names.chunks(3).map(|some| servers[1].delete_accounts(context(), users(some)));
        let (imports, deletions) = tokio::join!(at_once(imports), at_once(deletions));
        assert!(imports.iter().all(Result::is_ok) && deletions.iter().all(Result::is_ok));
        let world = World::of(&servers[1], APP, &ids(&groups), &users(&names)).await;
        let mut joined = world.groups.values().flat_map(|(_, members)| members);
        assert!(joined.all(|member| world.accounts.contains_key(&member.account)));
        let one_sided = "
            SELECT count(*) FROM (SELECT sdk_app_id, group_id, account FROM landfall.members) AS members
            FULL JOIN (SELECT sdk_app_id, group_id, account FROM landfall.memberships) AS memberships
            USING (sdk_app_id, group_id, account) WHERE members IS NULL OR memberships IS NULL";
        assert_eq!(number(&admin, one_sided).await, 0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn places_in_the_list_are_unique_and_every_page_is_whole() {
    let (servers, database) = two().await;
    let names = numbered("g", 60);
    for (number, name) in names.iter().enumerate() {
        servers[number % 2].import_group(context(), group(name)).await.unwrap();
    }
    for server in &servers {
        let (total, listed) = list(server, APP, None, 7).await;
        assert_eq!(total, 60);
        assert_eq!(listed.len(), 60);
        assert_eq!(listed.into_iter().collect::<BTreeSet<_>>(), ids(&names).into_iter().collect());
    }
    let admin = admin(database.url()).await;
    let places = "SELECT count(DISTINCT list_position) FROM landfall.groups";
    assert_eq!(number(&admin, places).await, 60);
    // No place is given that is not accounted for.
    let given =
        "SELECT (SELECT max(list_position) FROM landfall.groups) <= given FROM landfall.list_positions";
    assert!(admin.query_one(given, &[]).await.unwrap().get::<_, bool>(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn totals_are_exact_however_servers_come_and_go() {
    let database = database();
    let mut expected = 0;
    for round in 0..3 {
        let servers = [open(database.url()).await, open(database.url()).await];
        let names = numbered(&format!("g{round}-"), 30);
        let imports = names
            .iter()
            .enumerate()
            .map(|(number, name)| servers[number % 2].import_group(context(), group(name)));
        assert!(at_once(imports).await.iter().all(Result::is_ok));
        // Dissolved by both at once: it counts once.
        let dissolved = names[..10].iter().flat_map(|name| servers.each_ref().map(|server| (server, name)));
        let dissolved =
            dissolved.map(|(server, name)| server.destroy_group(context(), group_id(name), every_event()));
        let dissolved = at_once(dissolved).await;
        assert_eq!(dissolved.into_iter().filter(|answer| answer.is_ok()).count(), 10);
        expected += 20;
        for server in &servers {
            assert_eq!(server.list_groups(APP, None, 0, 1).await.unwrap().total, expected);
        }
    }
}
