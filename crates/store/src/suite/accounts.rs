//! Importing, kicking and deleting accounts.

use super::world::World;
use super::{
    APP, NOW, account, at_once, context, decided, group, group_id, import, member, owned_group, text, user,
};
use landfall_domain::account::Account;
use landfall_domain::context::Context;
use landfall_domain::error::NoSuchAccount;
use landfall_domain::ids::AppId;
use landfall_domain::new_group::NewGroup;
use landfall_domain::store::Store;
use landfall_domain::text::Text;
use landfall_domain::time::Timestamp;

fn at(now: u64) -> Context {
    Context { now: Timestamp(now), ..context() }
}

async fn read(store: &dyn Store, name: &str) -> Option<Account> {
    store.accounts(APP, vec![user(name)]).await.unwrap().remove(0)
}

pub(crate) async fn importing_again_changes_what_is_given(store: &dyn Store) {
    let first = vec![account("ann", Some("Ann"), Some("face")), account("bob", None, None)];
    store.import_accounts(context(), first).await.unwrap();
    let ann = Account {
        nick: text("Ann"),
        face_url: text("face"),
        created: NOW,
        placeholder: false,
        signatures_from: Timestamp(0),
    };
    let bob = Account { nick: Text::default(), face_url: Text::default(), ..ann.clone() };
    let asked = ["bob", "cy", "ann", "bob"].map(user).to_vec();
    let found = store.accounts(APP, asked).await.unwrap();
    assert_eq!(found, [Some(bob.clone()), None, Some(ann.clone()), Some(bob)]);

    // One account twice in one call: the later import sees the earlier one.
    let again = vec![account("ann", Some("A."), None), account("ann", None, Some(""))];
    store.import_accounts(at(3_000), again).await.unwrap();
    assert_eq!(read(store, "ann").await, Some(Account { nick: text("A."), face_url: text(""), ..ann }));
}

pub(crate) async fn a_placeholder_becomes_an_account_and_keeps_its_age(store: &dyn Store) {
    import(store, owned_group("g", "ann")).await.unwrap();
    assert_eq!(read(store, "ann").await, Some(Account::placeholder(NOW)));
    decided(store.import_group(at(2_500), owned_group("h", "ann")).await).unwrap();
    assert_eq!(read(store, "ann").await, Some(Account::placeholder(NOW)), "a second mention changed it");
    store.import_accounts(at(3_000), vec![account("ann", Some("Ann"), None)]).await.unwrap();
    let expected = Account { nick: text("Ann"), placeholder: false, ..Account::placeholder(NOW) };
    assert_eq!(read(store, "ann").await, Some(expected));
}

pub(crate) async fn deleting_removes_memberships_and_ownership(store: &dyn Store) {
    let ids = ["both", "owned", "other"].map(group_id);
    let names = ["ann", "bob", "cy"].map(user);
    import(store, NewGroup { members: vec![member("bob"), member("cy")], ..owned_group("both", "ann") })
        .await
        .unwrap();
    import(store, owned_group("owned", "ann")).await.unwrap();
    import(store, NewGroup { members: vec![member("ann")], ..owned_group("other", "cy") }).await.unwrap();
    // Both are members of one group. One name appears twice, one is unknown.
    let gone = ["ann", "nobody", "bob", "ann"].map(user).to_vec();
    let existed = store.delete_accounts(context(), gone).await.unwrap();
    assert_eq!(existed, [true, false, true, false]);
    let world = World::of(store, APP, &ids, &names).await;
    assert_eq!(world.accounts.keys().collect::<Vec<_>>(), [&names[2]]);
    let left = |id: usize| {
        let (group, members) = &world.groups[&ids[id]];
        let members: Vec<_> = members.iter().map(|member| member.account.as_str()).collect();
        (group.owner.as_ref().map(|owner| owner.as_str()), members)
    };
    assert_eq!([left(0), left(1), left(2)], [(None, vec!["cy"]), (None, vec![]), (Some("cy"), vec!["cy"])]);

    // The name can be used again, and starts from nothing.
    store.import_accounts(at(4_000), vec![account("ann", None, None)]).await.unwrap();
    assert_eq!(read(store, "ann").await.map(|account| account.created), Some(Timestamp(4_000)));
    assert_eq!(World::of(store, APP, &ids, &names).await.groups, world.groups);
}

pub(crate) async fn deleting_a_member_of_very_many_groups_leaves_nothing(store: &dyn Store) {
    let names: Vec<String> = (0..2_500).map(|number| format!("g{number}")).collect();
    let calls = names.iter().map(|name| {
        let asked = NewGroup { members: vec![member("bob")], ..owned_group(name, "ann") };
        import(store, asked)
    });
    assert!(at_once(calls).await.iter().all(Result::is_ok));
    assert_eq!(store.delete_accounts(context(), vec![user("ann"), user("bob")]).await.unwrap(), [true, true]);
    let ids: Vec<_> = names.iter().map(|name| group_id(name)).collect();
    let groups = store.groups(APP, ids.clone()).await.unwrap();
    assert!(groups.iter().flatten().all(|group| group.member_count == 0 && group.owner.is_none()));
    assert_eq!(groups.iter().flatten().count(), 2_500);
    let world = World::of(store, APP, &ids[2_490..], &[user("ann"), user("bob")]).await;
    assert!(world.groups.values().all(|(_, members)| members.is_empty()));
    assert_eq!(world.accounts.len(), 0);
}

pub(crate) async fn a_kick_outlives_later_imports(store: &dyn Store) {
    assert_eq!(decided(store.kick(context(), user("ann")).await), Err(NoSuchAccount));
    assert_eq!(read(store, "ann").await, None, "a refused kick made an account");
    import(store, NewGroup { members: vec![member("ann")], ..group("g") }).await.unwrap();
    decided(store.kick(at(2_222), user("ann")).await).unwrap();
    let kicked = Account { signatures_from: Timestamp(2_222), ..Account::placeholder(NOW) };
    assert_eq!(read(store, "ann").await, Some(kicked.clone()));
    store.import_accounts(at(3_000), vec![account("ann", None, None)]).await.unwrap();
    let imported = Account { placeholder: false, ..kicked };
    assert_eq!(read(store, "ann").await, Some(imported), "an import forgot the kick");
}

pub(crate) async fn a_kick_outlives_the_account_and_the_next_of_its_name(store: &dyn Store) {
    let from = async |name: &str| store.signatures_from(APP, user(name)).await.unwrap();
    assert_eq!(from("ann").await, Timestamp(0), "not kicked yet");
    let accounts = || vec![account("ann", None, None), account("bob", None, None)];
    store.import_accounts(context(), accounts()).await.unwrap();
    decided(store.kick(at(2_222), user("ann")).await).unwrap();
    assert_eq!([from("ann").await, from("bob").await], [Timestamp(2_222), Timestamp(0)]);
    store.delete_accounts(context(), ["ann", "bob", "ann"].map(user).to_vec()).await.unwrap();
    assert_eq!([from("ann").await, from("bob").await], [Timestamp(2_222), Timestamp(0)]);
    assert_eq!(decided(store.kick(at(9_999), user("ann")).await), Err(NoSuchAccount));

    // Imported again and deleted again, in either way.
    store.import_accounts(at(3_000), accounts()).await.unwrap();
    assert_eq!(from("ann").await, Timestamp(2_222));
    store.delete_accounts(context(), vec![user("ann")]).await.unwrap();
    import(store, NewGroup { members: vec![member("ann")], ..group("g") }).await.unwrap();
    assert_eq!(from("ann").await, Timestamp(2_222));
    decided(store.kick(at(3_333), user("ann")).await).unwrap();
    assert_eq!(from("ann").await, Timestamp(3_333));
    store.delete_accounts(context(), vec![user("ann")]).await.unwrap();
    assert_eq!(from("ann").await, Timestamp(3_333));
    // A server whose clock is behind does not undo a kick.
    store.import_accounts(at(3_000), accounts()).await.unwrap();
    decided(store.kick(at(1_111), user("ann")).await).unwrap();
    store.delete_accounts(context(), vec![user("ann")]).await.unwrap();
    assert_eq!([from("ann").await, from("bob").await], [Timestamp(3_333), Timestamp(0)]);
    let elsewhere = AppId(APP.0 + 1);
    assert_eq!(store.signatures_from(elsewhere, user("ann")).await.unwrap(), Timestamp(0));
}
