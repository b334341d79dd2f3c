//! A store filled by operations, and the checks of its copy.

use super::groups::full_group;
use super::subscribers::no_subscribers;
use super::world::World;
use super::{APP, context, decided, group, group_id, import, member, owned_group, user};
use landfall_domain::account::AccountImport;
use landfall_domain::context::Context;
use landfall_domain::ids::{AppId, GroupId, UserId};
use landfall_domain::new_group::NewGroup;
use landfall_domain::store::Store;

const OTHER_APP: AppId = AppId(APP.0 + 1);
/// Members of the largest group.
const MANY: usize = 300;

fn groups() -> Vec<GroupId> {
    ["@TGS#_full", "many", "empty", "h", "gone"].map(group_id).to_vec()
}

fn users() -> Vec<UserId> {
    ["ann", "bob", "cy", "gone"].map(user).to_vec()
}

async fn seen(store: &dyn Store) -> [World; 2] {
    let (groups, users) = (groups(), users());
    [World::of(store, APP, &groups, &users).await, World::of(store, OTHER_APP, &groups, &users).await]
}

/// Fills an empty store: large, small and empty groups, accounts, two apps, and the traces of removals.
pub(crate) async fn fill(store: &dyn Store) -> [World; 2] {
    import(store, full_group()).await.unwrap();
    let names: Vec<String> = (0..MANY).map(|number| format!("m{number}")).collect();
    let members = names.iter().map(|name| member(name)).collect();
    import(store, NewGroup { members, ..owned_group("many", "ann") }).await.unwrap();
    import(store, group("empty")).await.unwrap();
    import(store, owned_group("gone", "cy")).await.unwrap();
    decided(store.destroy_group(context(), group_id("gone"), no_subscribers()).await).unwrap();
    import(store, NewGroup { members: vec![member("bob")], ..owned_group("h", "gone") }).await.unwrap();
    decided(store.kick(context(), user("gone")).await).unwrap();
    store.delete_accounts(context(), vec![user("gone")]).await.unwrap();
    let ann = AccountImport { id: user("ann"), nick: Some(super::text("Änn\u{0}")), face_url: None };
    store.import_accounts(context(), vec![ann]).await.unwrap();
    decided(store.kick(context(), user("bob")).await).unwrap();
    let elsewhere = Context { app: OTHER_APP, ..context() };
    decided(store.import_group(elsewhere, owned_group("h", "ann")).await).unwrap();
    seen(store).await
}

/// The copy looks the same, and operations that need its indexes and counters work there.
pub(crate) async fn check(store: &dyn Store, expected: [World; 2]) {
    assert_eq!(seen(store).await, expected);
    let last = expected[0].groups.values().map(|(group, _)| group.list_position).max();
    import(store, group("gone")).await.unwrap();
    // Memberships are found from the account's side.
    store.delete_accounts(context(), ["ann", "bob", "m7"].map(user).to_vec()).await.unwrap();
    let [world, other] = seen(store).await;
    assert!(last < Some(world.groups[&group_id("gone")].0.list_position), "a place was given twice");
    let (many, members) = &world.groups[&group_id("many")];
    assert_eq!((many.member_count as usize, members.len(), many.owner.as_ref()), (MANY - 1, MANY - 1, None));
    assert!(members.iter().all(|member| member.account != user("m7")));
    assert!(world.groups[&group_id("h")].1.is_empty());
    assert_eq!(other, expected[1]);
}
