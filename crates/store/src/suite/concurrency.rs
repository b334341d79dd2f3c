//! Calls that run at the same time end as if they had come one after another.

use super::operation::{Answer, Operation, perform};
use super::world::World;
use super::{
    APP, NOW, account, at_once, context, group, group_id, import, member, owned_group, refusing, text, user,
};
use landfall_domain::account::{Account, UnknownAccounts};
use landfall_domain::context::Context;
use landfall_domain::error::NoSuchGroup;
use landfall_domain::ids::UserId;
use landfall_domain::import::ImportMembersRefusal;
use landfall_domain::new_group::{NewGroup, NewGroupRefusal};
use landfall_domain::store::Store;
use std::collections::BTreeSet;

/// Number of runs of a race, since its outcome varies.
const ROUNDS: usize = 16;

/// Performs all at the same time; no call of these may fail.
async fn race(store: &dyn Store, context: Context, operations: Vec<Operation>) -> Vec<Answer> {
    let calls = operations.into_iter().map(|operation| perform(store, context, operation));
    at_once(calls).await.into_iter().map(Result::unwrap).collect()
}

fn users(names: &[String]) -> Vec<UserId> {
    names.iter().map(|name| user(name)).collect()
}

fn numbered(name: &str, count: usize) -> Vec<String> {
    (0..count).map(|number| format!("{name}{number:03}")).collect()
}

pub(crate) async fn many_groups_of_one_unknown_owner_make_one_account(store: &dyn Store) {
    let names = numbered("g", 300);
    let imports = names.iter().map(|name| Operation::ImportGroup(owned_group(name, "ann"))).collect();
    let answers = race(store, context(), imports).await;
    let ids: Vec<_> = names.iter().map(|name| group_id(name)).collect();
    assert_eq!(answers, ids.iter().map(|id| Answer::Group(Ok(id.clone()))).collect::<Vec<_>>());
    // All that hangs on each of so many is read of a few only.
    let few = &ids[..8];
    let world = World::of(store, APP, few, &[user("ann")]).await;
    assert_eq!(world.lists[0].1, 300);
    assert_eq!(world.lists[0].2.iter().collect::<BTreeSet<_>>(), ids.iter().collect());
    assert_eq!(world.accounts[&user("ann")], Account::placeholder(NOW));
    let groups: Vec<_> = store.groups(APP, ids.clone()).await.unwrap().into_iter().flatten().collect();
    assert!(groups.iter().all(|group| group.owner == Some(user("ann")) && group.member_count == 1));
    let positions: BTreeSet<_> = groups.iter().map(|group| group.list_position).collect();
    assert_eq!(positions.len(), 300);
    // Every membership is found again from the account.
    assert_eq!(world.joined[&user("ann")].len(), 300);
    assert_eq!(store.delete_accounts(context(), vec![user("ann")]).await.unwrap(), [true]);
    let groups: Vec<_> = store.groups(APP, ids.clone()).await.unwrap().into_iter().flatten().collect();
    assert_eq!(groups.len(), 300);
    assert!(groups.iter().all(|group| group.owner.is_none() && group.member_count == 0));
    let world = World::of(store, APP, few, &[user("ann")]).await;
    assert!(world.groups.values().all(|(_, members)| members.is_empty()));
}

pub(crate) async fn imports_and_dissolutions_of_one_id_alternate(store: &dyn Store) {
    for round in 0..ROUNDS {
        let (id, owners) = (group_id(&format!("g{round}")), numbered(&format!("owner{round}-"), 4));
        let mut operations = Vec::new();
        for owner in &owners {
            operations.push(Operation::ImportGroup(owned_group(id.as_str(), owner)));
            operations.push(Operation::DestroyGroup(id.clone()));
        }
        let answers = race(store, context(), operations).await;
        let imported = |answer: &Answer| *answer == Answer::Group(Ok(id.clone()));
        let owned: Vec<_> =
            owners.iter().zip(answers.iter().step_by(2)).filter(|(_, answer)| imported(answer)).collect();
        let destroyed = answers.iter().filter(|answer| **answer == Answer::Destroyed(Ok(()))).count();
        let refused = |answer: &&Answer| {
            **answer == Answer::Group(Err(NewGroupRefusal::IdTaken))
                || **answer == Answer::Destroyed(Err(NoSuchGroup))
        };
        assert_eq!(answers.iter().filter(refused).count(), 8 - owned.len() - destroyed, "{answers:?}");

        let world = World::of(store, APP, std::slice::from_ref(&id), &users(&owners)).await;
        let living = usize::from(world.groups.contains_key(&id));
        assert_eq!(owned.len(), destroyed + living, "{answers:?}");
        let owners: Vec<_> = owned.iter().map(|(owner, _)| user(owner)).collect();
        assert_eq!(world.accounts.keys().collect::<Vec<_>>(), owners.iter().collect::<Vec<_>>());
        assert!(
            world
                .groups
                .values()
                .all(|(group, _)| owners.iter().any(|owner| group.owner.as_ref() == Some(owner)))
        );
    }
}

pub(crate) async fn members_of_a_group_being_dissolved_do_not_stay(store: &dyn Store) {
    for _ in 0..ROUNDS {
        import(store, owned_group("g", "ann")).await.unwrap();
        let names = numbered("m", 8);
        let mut operations: Vec<_> =
            names.iter().map(|name| Operation::ImportMembers(group_id("g"), vec![member(name)])).collect();
        operations.insert(4, Operation::DestroyGroup(group_id("g")));
        let mut answers = race(store, context(), operations).await;
        assert_eq!(answers.remove(4), Answer::Destroyed(Ok(())));
        let too_late = Answer::Members(Err(ImportMembersRefusal::NoSuchGroup));
        let late = names.iter().zip(answers).filter(|(_, answer)| *answer == too_late);
        let late: BTreeSet<_> = late.map(|(name, _)| user(name)).collect();
        // The id is free, and the next group with it is empty.
        import(store, group("g")).await.unwrap();
        let world = World::of(store, APP, &[group_id("g")], &users(&names)).await;
        assert_eq!((world.groups[&group_id("g")].1.len(), world.lists[0].1), (0, 1));
        // An import that came too late left no account.
        assert!(
            world.accounts.keys().all(|name| !late.contains(name)) && world.accounts.len() + late.len() == 8
        );
        store.delete_accounts(context(), users(&names)).await.unwrap();
        perform(store, context(), Operation::DestroyGroup(group_id("g"))).await.unwrap();
    }
}

pub(crate) async fn no_membership_outlives_its_account(store: &dyn Store) {
    for context in [context(), refusing()] {
        for _ in 0..ROUNDS {
            let names = numbered("m", 24);
            let imports = names.iter().map(|name| account(name, None, None)).collect();
            store.import_accounts(context, imports).await.unwrap();
            import(store, group("g")).await.unwrap();
            // Of every six imported together, two are deleted, each by a call of its own.
            let (mut operations, mut deleted) = (Vec::new(), BTreeSet::new());
            for chunk in names.chunks(6) {
                let members = chunk.iter().map(|name| member(name)).collect();
                operations.push(Operation::DeleteAccounts(users(&chunk[1..2])));
                operations.push(Operation::ImportMembers(group_id("g"), members));
                operations.push(Operation::DeleteAccounts(users(&chunk[4..5])));
                deleted.extend([user(&chunk[1]), user(&chunk[4])]);
            }
            let answers = race(store, context, operations).await;
            assert_eq!(answers.iter().filter(|answer| **answer == Answer::Deleted(vec![true])).count(), 8);

            let world = World::of(store, APP, &[group_id("g")], &users(&names)).await;
            let mut members: Vec<_> =
                world.groups[&group_id("g")].1.iter().map(|member| &member.account).collect();
            members.sort();
            assert_eq!(members, world.accounts.keys().collect::<Vec<_>>(), "members and accounts differ");
            // A deleted account exists only if a later import made a placeholder.
            for name in users(&names) {
                let placeholder = world.accounts.get(&name).map(|account| account.placeholder);
                let legal = match (deleted.contains(&name), context.unknown) {
                    (false, _) => placeholder == Some(false),
                    (true, UnknownAccounts::Create) => placeholder != Some(false),
                    (true, UnknownAccounts::Refuse) => placeholder.is_none(),
                };
                assert!(legal, "{name}: {placeholder:?}");
            }
            perform(store, context, Operation::DestroyGroup(group_id("g"))).await.unwrap();
            store.delete_accounts(context, users(&names)).await.unwrap();
        }
    }
}

pub(crate) async fn no_group_is_owned_by_an_account_that_is_gone(store: &dyn Store) {
    for round in 0..ROUNDS {
        let (id, owner) = (group_id(&format!("g{round}")), format!("owner{round}"));
        store.import_accounts(context(), vec![account(&owner, None, None)]).await.unwrap();
        let asked = Operation::ImportGroup(owned_group(id.as_str(), &owner));
        let mut operations = vec![asked, Operation::DeleteAccounts(vec![user(&owner)])];
        if round % 2 == 1 {
            operations.reverse();
        }
        let answers = race(store, refusing(), operations).await;
        let world = World::of(store, APP, std::slice::from_ref(&id), &[user(&owner)]).await;
        assert_eq!(world.accounts.len(), 0);
        let living = answers.contains(&Answer::Group(Ok(id)));
        assert!(living || answers.contains(&Answer::Group(Err(NewGroupRefusal::OwnerUnknown))));
        assert_eq!(world.groups.len(), usize::from(living), "{answers:?}");
        assert!(world.groups.values().all(|(group, members)| group.owner.is_none() && members.is_empty()));
    }
}

pub(crate) async fn concurrent_imports_of_one_account_add_up(store: &dyn Store) {
    for round in 0..ROUNDS {
        let name = format!("user{round}");
        let operations = vec![
            Operation::ImportAccounts(vec![account(&name, Some("nick"), None)]),
            Operation::ImportGroup(owned_group(&format!("g{round}"), &name)),
            Operation::ImportAccounts(vec![account(&name, None, Some("face"))]),
        ];
        race(store, context(), operations).await;
        let expected = Account {
            nick: text("nick"),
            face_url: text("face"),
            placeholder: false,
            ..Account::placeholder(NOW)
        };
        assert_eq!(store.accounts(APP, vec![user(&name)]).await.unwrap(), [Some(expected.clone())]);
        let operations = vec![
            Operation::ImportAccounts(vec![account(&name, Some("other"), None)]),
            Operation::Kick(user(&name)),
        ];
        race(store, context(), operations).await;
        let expected = Account { nick: text("other"), signatures_from: NOW, ..expected };
        assert_eq!(store.accounts(APP, vec![user(&name)]).await.unwrap(), [Some(expected)]);
    }
}

pub(crate) async fn of_concurrent_removals_one_succeeds(store: &dyn Store) {
    import(store, owned_group("g", "ann")).await.unwrap();
    let dissolve = vec![Operation::DestroyGroup(group_id("g")); 16];
    let answers = race(store, context(), dissolve).await;
    assert_eq!(answers.iter().filter(|answer| **answer == Answer::Destroyed(Ok(()))).count(), 1);
    let delete = vec![Operation::DeleteAccounts(vec![user("ann")]); 16];
    let answers = race(store, context(), delete).await;
    assert_eq!(answers.iter().filter(|answer| **answer == Answer::Deleted(vec![true])).count(), 1);
    let world = World::of(store, APP, &[group_id("g")], &[user("ann")]).await;
    assert_eq!((world.groups.len(), world.accounts.len(), world.lists[0].1), (0, 0, 0));
}

/// Callers that lock the same rows in different orders would deadlock.
pub(crate) async fn calls_with_the_same_names_in_different_orders_all_succeed(store: &dyn Store) {
    for round in 0..ROUNDS {
        let forth = numbered("m", 12);
        let back: Vec<String> = forth.iter().rev().cloned().collect();
        let groups = ["first", "second"].map(|name| format!("{name}{round}"));
        for name in &groups {
            import(store, group(name)).await.unwrap();
        }
        let mut operations = Vec::new();
        for (names, [one, other]) in [(&forth, [0, 1]), (&back, [1, 0])] {
            let members = |names: &[String]| names.iter().map(|name| member(name)).collect::<Vec<_>>();
            let named = format!("third{round}-{one}");
            let accounts = names.iter().map(|name| account(name, Some(name), None)).collect();
            operations.extend([
                Operation::ImportMembers(group_id(&groups[one]), members(names)),
                Operation::ImportAccounts(accounts),
                Operation::ImportMembers(group_id(&groups[other]), members(names)),
                Operation::ImportGroup(NewGroup { members: members(names), ..group(&named) }),
                Operation::DeleteAccounts(users(names)),
            ]);
        }
        race(store, context(), operations).await;
        // The result depends on the order. The world checks that it is consistent.
        let ids =
            [groups[0].clone(), groups[1].clone(), format!("third{round}-0"), format!("third{round}-1")];
        let world = World::of(store, APP, &ids.each_ref().map(|id| group_id(id)), &users(&forth)).await;
        assert_eq!(world.lists[0].2.len(), 4 * (round + 1));
        let known = |name: &UserId| world.accounts.contains_key(name);
        assert!(world.groups.values().flat_map(|(_, members)| members).all(|member| known(&member.account)));
    }
}
