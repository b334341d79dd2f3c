//! Importing, listing and dissolving groups.

use super::operation::{Operation, perform};
use super::subscribers::every_event;
use super::world::{World, list};
use super::{
    APP, CREATED, NOW, account, at_once, context, decided, group, group_id, import, member, owned_group,
    refusing, text, user,
};
use landfall_domain::account::Account;
use landfall_domain::context::Context;
use landfall_domain::error::NoSuchGroup;
use landfall_domain::fields::{CustomField, FieldKey};
use landfall_domain::group::{Group, GroupType, InviteOption, JoinOption, Profile};
use landfall_domain::ids::{AppId, GroupId};
use landfall_domain::member::{Member, ReceiveOption, Role};
use landfall_domain::message::{MessageLog, ReadMark};
use landfall_domain::new_group::{IdChoice, NewGroup, NewGroupRefusal, NewMember};
use landfall_domain::several::Several;
use landfall_domain::store::Store;
use landfall_domain::time::Timestamp;
use std::collections::BTreeSet;

/// A group in which no field has its default.
pub(crate) fn full_group() -> NewGroup {
    let field =
        |key: &str, value: &str| CustomField { key: FieldKey::parse(key).unwrap(), value: text(value) };
    NewGroup {
        id: IdChoice::Given(group_id("@TGS#_full")),
        kind: GroupType::Community,
        profile: Profile {
            name: text("Büchertisch"),
            introduction: text("introduction \u{1f4da}"),
            notification: text("notice\nof two lines"),
            face_url: text("https://example.com/face.png"),
            fields: vec![field("Second", "\u{0}\u{1}\u{7f}"), field("First", "")],
            max_members: 77,
            join_option: JoinOption::FreeAccess,
        },
        owner: Some(user("ann")),
        members: vec![NewMember {
            role: Role::Admin,
            joined: Some(Timestamp(1_500)),
            muted_until: Timestamp(9_999),
            fields: vec![field("Team", "\u{0}ops")],
            ..member("bob")
        }],
        support_topic: true,
        permissions_enabled: true,
        default_permissions: u64::MAX,
        invite_option: InviteOption::NeedPermission,
        history_before_join: None,
        active: false,
        created: CREATED,
    }
}

pub(crate) async fn a_group_reads_back_with_every_field(store: &dyn Store) {
    let asked = full_group();
    let id = import(store, asked.clone()).await.unwrap();
    assert_eq!(id, group_id("@TGS#_full"));
    let names = [user("ann"), user("bob")];
    let world = World::of(store, APP, std::slice::from_ref(&id), &names).await;
    let (found, members) = &world.groups[&id];
    assert!(0 < found.list_position);
    let expected = Group {
        id: id.clone(),
        kind: GroupType::Community,
        profile: asked.profile,
        owner: Some(user("ann")),
        support_topic: true,
        invite_option: InviteOption::NeedPermission,
        mute_all: false,
        created: CREATED,
        info_seq: 0,
        info_changed: CREATED,
        log: MessageLog::default(),
        history_before_join: false,
        permissions_enabled: true,
        default_permissions: u64::MAX,
        active: false,
        member_count: 2,
        list_position: found.list_position,
    };
    assert_eq!(*found, expected);
    let joined = |account: &str, role, joined, muted_until| Member {
        account: user(account),
        role,
        joined,
        read: ReadMark::default(),
        receive_option: ReceiveOption::AcceptAndNotify,
        muted_until,
        last_message: Timestamp(0),
        name_card: String::new(),
        fields: Vec::new(),
    };
    assert_eq!(
        *members,
        [
            joined("ann", Role::Owner, CREATED, Timestamp(0)),
            Member {
                fields: asked.members[0].fields.clone(),
                ..joined("bob", Role::Admin, Timestamp(1_500), Timestamp(9_999))
            },
        ]
    );
    for name in &names {
        assert_eq!(world.accounts[name], Account::placeholder(NOW));
    }
}

pub(crate) async fn a_repeated_import_is_refused_and_changes_nothing(store: &dyn Store) {
    let (ids, names) = ([group_id("g")], ["ann", "bob", "cy"].map(user));
    import(store, owned_group("g", "ann")).await.unwrap();
    let before = World::of(store, APP, &ids, &names).await;
    let other = NewGroup { kind: GroupType::Private, members: vec![member("cy")], ..owned_group("g", "bob") };
    assert_eq!(import(store, other).await, Err(NewGroupRefusal::IdTaken));
    assert_eq!(import(store, owned_group("g", "ann")).await, Err(NewGroupRefusal::IdTaken));
    assert_eq!(World::of(store, APP, &ids, &names).await, before);
}

pub(crate) async fn of_many_imports_of_one_id_exactly_one_succeeds(store: &dyn Store) {
    let owners: Vec<String> = (0..64).map(|number| format!("owner{number}")).collect();
    let calls = owners.iter().map(|owner| import(store, owned_group("g", owner)));
    let answers = at_once(calls).await;
    let winners: Vec<_> = owners
        .iter()
        .zip(&answers)
        .filter(|(_, answer)| answer.is_ok())
        .map(|(owner, _)| user(owner))
        .collect();
    assert_eq!(winners.len(), 1, "{answers:?}");
    assert_eq!(answers.iter().filter(|answer| **answer == Err(NewGroupRefusal::IdTaken)).count(), 63);
    let names: Vec<_> = owners.iter().map(|owner| user(owner)).collect();
    // A few at a time, because a world asks about every pair of its accounts.
    let mut accounts = Vec::new();
    for some in names.chunks(16) {
        let world = World::of(store, APP, &[group_id("g")], some).await;
        assert_eq!(world.groups[&group_id("g")].0.owner.as_ref(), Some(&winners[0]));
        assert_eq!(world.lists[0].1, 1);
        accounts.extend(world.accounts.into_keys());
    }
    assert_eq!(accounts, winners, "the others left accounts");
}

pub(crate) async fn generated_ids_differ(store: &dyn Store) {
    let generated = || NewGroup { id: IdChoice::Generated(7), ..group("n") };
    let answers = at_once((0..16).map(|_| import(store, generated()))).await;
    let ids: BTreeSet<GroupId> = answers.into_iter().map(Result::unwrap).collect();
    assert_eq!(ids.len(), 16);
    assert!(ids.iter().all(|id| id.as_str().starts_with("@TGS#2")), "{ids:?}");
    // The bits have no other candidate; the server draws new ones for every call.
    assert_eq!(import(store, generated()).await, Err(NewGroupRefusal::IdTaken));
    assert_eq!(list(store, APP, None, 5).await.1.len(), 16);
}

pub(crate) async fn the_list_counts_and_pages_by_type(store: &dyn Store) {
    let kinds = [GroupType::Public, GroupType::Private, GroupType::ChatRoom];
    let named = |number: usize| group_id(&format!("g{:02}", 99 - number));
    for number in 0..20 {
        let asked = NewGroup { kind: kinds[number % 3], ..group(named(number).as_str()) };
        import(store, asked).await.unwrap();
    }
    let arrived: Vec<_> = (0..20).map(named).collect();
    for limit in [1, 7, 20, 21, usize::MAX] {
        assert_eq!(list(store, APP, None, limit).await, (20, arrived.clone()), "pages of {limit}");
    }
    for (index, kind) in kinds.into_iter().enumerate() {
        let of_kind: Vec<_> = (index..20).step_by(3).map(named).collect();
        for limit in [1, 3, 7, 100] {
            let found = list(store, APP, Some(kind), limit).await;
            assert_eq!(found, (of_kind.len() as u64, of_kind.clone()), "{kind:?} in pages of {limit}");
        }
    }
    assert_eq!(list(store, APP, Some(GroupType::Community), 10).await, (0, Vec::new()));
    // A page that starts at a group dissolved meanwhile continues with the next one.
    let page = store.list_groups(APP, None, 0, 5).await.unwrap();
    decided(store.destroy_group(context(), named(5), every_event()).await).unwrap();
    let rest = store.list_groups(APP, None, page.next, 100).await.unwrap();
    assert_eq!((rest.total, rest.ids, rest.next), (19, arrived[6..].to_vec(), 0));
    let beyond = store.list_groups(APP, None, u64::MAX, 100).await.unwrap();
    assert_eq!((beyond.total, beyond.ids.len(), beyond.next), (19, 0, 0));
}

pub(crate) async fn a_place_in_the_list_is_never_given_twice(store: &dyn Store) {
    let mut last = 0;
    // The list is empty after every round; the last group of it goes first or last.
    for round in 0..4 {
        for name in ["g", "h"] {
            let kind = if name == "g" { GroupType::Public } else { GroupType::Private };
            import(store, NewGroup { kind, ..group(name) }).await.unwrap();
            let found = store.groups(APP, vec![group_id(name)]).await.unwrap().remove(0).unwrap();
            assert!(last < found.list_position, "{} after {last}", found.list_position);
            last = found.list_position;
            for kind in [None, Some(kind)] {
                let here = store.list_groups(APP, kind, last, 1).await.unwrap();
                assert_eq!((here.ids, here.next), (vec![group_id(name)], 0));
                let beyond = store.list_groups(APP, kind, last + 1, 1).await.unwrap();
                assert_eq!((beyond.total, beyond.ids, beyond.next), (here.total, Vec::new(), 0));
            }
        }
        let names = if round % 2 == 0 { ["h", "g"] } else { ["g", "h"] };
        for name in names {
            decided(store.destroy_group(context(), group_id(name), every_event()).await).unwrap();
        }
        let rest = store.list_groups(APP, Some(GroupType::Public), 0, 1).await.unwrap();
        assert_eq!((rest.total, rest.ids.len(), rest.next), (0, 0, 0));
    }
}

pub(crate) async fn destroying_leaves_nothing_and_frees_the_id(store: &dyn Store) {
    let (ids, names) = (["g", "g2"].map(group_id), ["ann", "bob"].map(user));
    // A neighbour whose id starts with the other's must stay.
    import(store, owned_group("g2", "ann")).await.unwrap();
    let before = World::of(store, APP, &ids, &names[..1]).await;
    let asked = NewGroup { members: vec![member("bob")], ..owned_group("g", "ann") };
    import(store, asked).await.unwrap();
    decided(store.destroy_group(context(), group_id("g"), every_event()).await).unwrap();
    assert_eq!(World::of(store, APP, &ids, &names[..1]).await, before);
    assert_eq!(decided(store.destroy_group(context(), group_id("g"), every_event()).await), Err(NoSuchGroup));

    import(store, NewGroup { kind: GroupType::Private, ..group("g") }).await.unwrap();
    let again = World::of(store, APP, &ids, &names).await;
    assert_eq!(again.groups[&ids[0]].1, [], "members of the old group are in the new one");
    assert_eq!(again.lists[0].2, [group_id("g2"), group_id("g")], "a position was used twice");
    // The old memberships are out of the index as well: deleting the accounts does not touch the new group.
    store.delete_accounts(context(), names.to_vec()).await.unwrap();
    let after = World::of(store, APP, &ids[..1], &names).await;
    assert_eq!(after.groups[&ids[0]], again.groups[&ids[0]]);
}

pub(crate) async fn destroying_a_very_large_group_leaves_nothing(store: &dyn Store) {
    let names: Vec<_> = (0..5_000).map(|number| format!("member{number}")).collect();
    let members = names.iter().map(|name| member(name)).collect();
    import(store, NewGroup { members, ..owned_group("large", "ann") }).await.unwrap();
    let found = store.groups(APP, vec![group_id("large")]).await.unwrap();
    assert_eq!(found[0].as_ref().unwrap().member_count, 5_001);
    decided(store.destroy_group(context(), group_id("large"), every_event()).await).unwrap();
    import(store, group("large")).await.unwrap();
    let world = World::of(store, APP, &[group_id("large")], &[user("member4999")]).await;
    assert_eq!(world.groups[&group_id("large")].1, []);
    assert_eq!(world.accounts.len(), 1, "accounts outlive the group");
    let outcomes = decided(
        store.import_members(context(), group_id("large"), vec![member("member4999"), member("ann")]).await,
    );
    assert_eq!(outcomes, Ok(vec![landfall_domain::import::MemberOutcome::Imported; 2]));
}

pub(crate) async fn refused_owners_and_members_leave_no_trace(store: &dyn Store) {
    let (ids, names) = (["g", "h"].map(group_id), ["known", "stranger", "other"].map(user));
    import(store, owned_group("h", "known")).await.unwrap();
    let before = World::of(store, APP, &ids, &names).await;
    let refused = |asked| async { decided(store.import_group(refusing(), asked).await) };
    assert_eq!(refused(owned_group("g", "stranger")).await, Err(NewGroupRefusal::OwnerUnknown));
    let asked = NewGroup { members: vec![member("stranger")], ..owned_group("g", "known") };
    assert_eq!(refused(asked).await, Err(NewGroupRefusal::MemberUnknown(Several::of(["stranger"]).unwrap())));
    // Refused calls and accepted ones, all at once.
    let calls = (0..30).map(|number| {
        let owner = if number % 3 == 0 { "known" } else { "other" };
        store.import_group(refusing(), owned_group(&format!("n{number}"), owner))
    });
    let imported = at_once(calls).await.into_iter().filter_map(|answer| decided(answer).ok()).count();
    assert_eq!(imported, 10);
    for number in (0..30).step_by(3) {
        decided(store.destroy_group(context(), group_id(&format!("n{number}")), every_event()).await)
            .unwrap();
    }
    assert_eq!(World::of(store, APP, &ids, &names).await, before);
}

pub(crate) async fn apps_are_separate(store: &dyn Store) {
    let (ids, names) = (["g", "h"].map(group_id), ["ann", "bob"].map(user));
    let neighbours = [AppId(1), AppId(256), AppId(u32::MAX)];
    let of = |app| Context { app, ..context() };
    let nothing = World::of(store, APP, &ids, &names).await;
    for app in neighbours {
        let asked = || store.import_group(of(app), owned_group("g", "ann"));
        assert_eq!(World::of(store, app, &ids, &names).await, nothing);
        decided(asked().await).unwrap();
        assert_eq!(decided(asked().await), Err(NewGroupRefusal::IdTaken));
    }
    let [changed, others @ ..] = neighbours;
    let kept =
        [World::of(store, others[0], &ids, &names).await, World::of(store, others[1], &ids, &names).await];
    assert_eq!(kept[0].lists[0], (None, 1, ids[..1].to_vec()));
    let mut before = World::of(store, changed, &ids, &names).await;
    for operation in [
        Operation::ImportMembers(group_id("g"), vec![member("bob")]),
        Operation::ImportGroup(owned_group("h", "bob")),
        Operation::ImportAccounts(vec![account("ann", Some("Ann"), None)]),
        Operation::Kick(user("ann")),
        Operation::DeleteAccounts(names.to_vec()),
        Operation::DestroyGroup(group_id("g")),
    ] {
        perform(store, of(changed), operation.clone()).await.unwrap();
        let after = World::of(store, changed, &ids, &names).await;
        assert_ne!(after, before, "{operation:?}");
        before = after;
        for (app, kept) in others.iter().zip(&kept) {
            assert_eq!(World::of(store, *app, &ids, &names).await, *kept, "{operation:?}");
        }
    }
}
