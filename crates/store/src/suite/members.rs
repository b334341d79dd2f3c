//! Importing and reading members.

use super::subscribers::no_subscribers;
use super::world::{World, pages_by_join_time, pages_by_name};
use super::{
    APP, NOW, at_once, context, decided, group, group_id, import, member, owned_group, refusing, text, user,
};
use landfall_domain::actor::Actor;
use landfall_domain::context::Context;
use landfall_domain::error::NoSuchGroup;
use landfall_domain::fields::{CustomField, FieldKey};
use landfall_domain::group::{GroupType, Profile};
use landfall_domain::import::MemberOutcome::{AlreadyMember, Imported, Refused};
use landfall_domain::import::{ImportMembersRefusal, MemberOutcome, MemberRefusal};
use landfall_domain::member::{Member, ReceiveOption, Role};
use landfall_domain::message::ReadMark;
use landfall_domain::new_group::{NewGroup, NewMember, TimeProblem};
use landfall_domain::operation::perform;
use landfall_domain::operations::change_owner::ChangeOwner;
use landfall_domain::store::{MemberWindow, Store};
use landfall_domain::time::Timestamp;

type Outcomes = Result<Vec<MemberOutcome>, ImportMembersRefusal>;

async fn join(store: &dyn Store, context: Context, group: &str, members: Vec<NewMember>) -> Outcomes {
    decided(store.import_members(context, group_id(group), members).await)
}

async fn join_named(store: &dyn Store, group: &str, names: &[&str]) -> Outcomes {
    join(store, context(), group, names.iter().map(|name| member(name)).collect()).await
}

/// A group that holds at most `max_members`.
fn small_group(name: &str, max_members: u32) -> NewGroup {
    let group = group(name);
    NewGroup { profile: Profile { max_members, ..group.profile }, ..group }
}

pub(crate) async fn each_member_gets_its_own_outcome(store: &dyn Store) {
    import(store, owned_group("g", "ann")).await.unwrap();
    let asked = ["ann", "bob", "bob", "cy"].map(member).to_vec();
    assert_eq!(
        join(store, context(), "g", asked).await,
        Ok(vec![AlreadyMember, Imported, AlreadyMember, Imported])
    );
    assert_eq!(join_named(store, "g", &["bob", "dan"]).await, Ok(vec![AlreadyMember, Imported]));
    let as_owner = NewMember { role: Role::Owner, ..member("eve") };
    let too_early = NewMember { joined: Some(Timestamp(1)), ..member("flo") };
    assert_eq!(
        join(store, context(), "g", vec![as_owner, too_early]).await,
        Ok(vec![
            Refused(MemberRefusal::Owner),
            Refused(MemberRefusal::JoinTime(TimeProblem::NotAfterCreation {
                time: Timestamp(1),
                created: Timestamp(1_000),
            })),
        ])
    );
    let names = ["ann", "bob", "cy", "dan", "eve", "flo"].map(user);
    let world = World::of(store, APP, &[group_id("g")], &names).await;
    let (group, members) = &world.groups[&group_id("g")];
    assert_eq!(
        members.iter().map(|member| &member.account).collect::<Vec<_>>(),
        names[..4].iter().collect::<Vec<_>>()
    );
    assert_eq!(group.member_count, 4);
    assert_eq!(world.accounts.keys().collect::<Vec<_>>(), names[..4].iter().collect::<Vec<_>>());
}

fn field(value: &str) -> CustomField {
    CustomField { key: FieldKey::parse("Team").unwrap(), value: text(value) }
}

pub(crate) async fn every_field_of_a_member_reads_back(store: &dyn Store) {
    import(store, NewGroup { kind: GroupType::ChatRoom, ..group("g") }).await.unwrap();
    let asked = NewMember {
        role: Role::Admin,
        joined: Some(Timestamp(1_234)),
        unread: 3,
        muted_until: Timestamp(5_678),
        name_card: text("Änn\u{0}"),
        fields: vec![field("ops")],
        ..member("ann")
    };
    assert_eq!(join(store, context(), "g", vec![asked]).await, Ok(vec![Imported]));
    let world = World::of(store, APP, &[group_id("g")], &[]).await;
    let expected = Member {
        account: user("ann"),
        role: Role::Admin,
        joined: Timestamp(1_234),
        read: ReadMark::default(),
        receive_option: ReceiveOption::AcceptNotNotify,
        muted_until: Timestamp(5_678),
        last_message: Timestamp(0),
        name_card: "Änn\u{0}".to_owned(),
        fields: vec![field("ops")],
    };
    assert_eq!(world.groups[&group_id("g")].1, [expected]);
}

pub(crate) async fn members_that_are_there_may_have_joined_earlier(store: &dyn Store) {
    import(store, owned_group("g", "ann")).await.unwrap();
    let at = |name: &str, time| NewMember { joined: Some(Timestamp(time)), ..member(name) };
    let first = vec![member("bob"), at("cy", 1_500), member("dan"), member("eve")];
    assert_eq!(join(store, context(), "g", first).await, Ok(vec![Imported; 4]));
    // The owner is stored apart from the other members.
    let owner = ChangeOwner { group: group_id("g"), owner: user("bob"), operator: user("admin") };
    decided(perform(store, context(), Actor::App, owner, no_subscribers()).await).unwrap();
    let seen = async || World::of(store, APP, &[group_id("g")], &[user("bob")]).await;
    let mut expected = seen().await;
    // Other fields of present members do not change.
    let other = NewMember {
        role: Role::Admin,
        unread: 2,
        muted_until: Timestamp(9_999),
        name_card: text("Dan"),
        fields: vec![field("dev")],
        ..at("dan", 1_400)
    };
    let again =
        vec![at("ann", 900), at("bob", 1_300), at("cy", 1_600), other, member("eve"), at("flo", 1_200)];
    let outcomes = [[AlreadyMember; 5].as_slice(), &[Imported]].concat();
    assert_eq!(join(store, context(), "g", again.clone()).await, Ok(outcomes));
    let world = seen().await;
    let (group, members) = &world.groups[&group_id("g")];
    let times: Vec<_> = members.iter().map(|member| (member.account.as_str(), member.joined.0)).collect();
    let by_time =
        [("ann", 1_000), ("flo", 1_200), ("bob", 1_300), ("dan", 1_400), ("cy", 1_500), ("eve", 2_000)];
    assert_eq!(times, by_time);
    assert_eq!(group.member_count, 6);
    // Only their times differ.
    let before = &mut expected.groups.get_mut(&group_id("g")).unwrap().1;
    for member in before.iter_mut() {
        member.joined = members.iter().find(|now| now.account == member.account).unwrap().joined;
    }
    before.sort_by(|one, two| one.account.cmp(&two.account));
    let mut now: Vec<_> = members.iter().filter(|member| member.account != user("flo")).cloned().collect();
    now.sort_by(|one, two| one.account.cmp(&two.account));
    assert_eq!(now, *before);
    assert_eq!(world.joined[&user("bob")][0].1.joined, Timestamp(1_300));
    assert_eq!(join(store, context(), "g", again).await, Ok(vec![AlreadyMember; 6]));
    assert_eq!(seen().await, world, "the same call again changed something");
}

pub(crate) async fn two_callers_cannot_both_take_the_last_seat(store: &dyn Store) {
    for round in 0..20 {
        let name = format!("g{round}");
        import(store, small_group(&name, 1)).await.unwrap();
        let calls = ["ann", "bob"].map(|caller| {
            let name = &name;
            async move { join_named(store, name, &[caller]).await }
        });
        let answers = at_once(calls).await;
        let (taken, full) = (Ok(vec![Imported]), Err(ImportMembersRefusal::Full));
        let one_of_two = [[taken.clone(), full.clone()], [full, taken]];
        assert!(one_of_two.iter().any(|expected| answers == expected), "{answers:?}");
        assert_eq!(World::of(store, APP, &[group_id(&name)], &[]).await.groups[&group_id(&name)].1.len(), 1);
    }
}

pub(crate) async fn concurrent_imports_never_overfill_a_group(store: &dyn Store) {
    import(store, small_group("g", 10)).await.unwrap();
    let names: Vec<String> = (0..60).map(|number| format!("member{number}")).collect();
    let calls = names.chunks(3).map(|chunk| {
        let chunk: Vec<&str> = chunk.iter().map(String::as_str).collect();
        async move { join_named(store, "g", &chunk).await }
    });
    let answers = at_once(calls).await;
    let imported = answers.iter().flatten().flatten().filter(|outcome| **outcome == Imported).count();
    assert_eq!(imported, 10, "{answers:?}");
    assert!(answers.iter().all(|answer| answer.is_ok() || *answer == Err(ImportMembersRefusal::Full)));
    let world = World::of(store, APP, &[group_id("g")], &[]).await;
    assert_eq!(world.groups[&group_id("g")].1.len(), 10);
}

pub(crate) async fn one_account_joins_once_however_many_import_it(store: &dyn Store) {
    import(store, group("g")).await.unwrap();
    let calls = (0..32).map(|_| async { join_named(store, "g", &["ann"]).await });
    let answers = at_once(calls).await;
    assert_eq!(answers.iter().filter(|answer| **answer == Ok(vec![Imported])).count(), 1);
    assert_eq!(answers.iter().filter(|answer| **answer == Ok(vec![AlreadyMember])).count(), 31);
    assert_eq!(World::of(store, APP, &[group_id("g")], &[]).await.groups[&group_id("g")].1.len(), 1);
}

pub(crate) async fn pages_by_join_time_and_by_name_agree(store: &dyn Store) {
    // Names in reverse order of joining; every third an administrator; five in one second.
    let asked: Vec<NewMember> = (0..50_u64)
        .map(|number| NewMember {
            role: if number % 3 == 0 { Role::Admin } else { Role::Member },
            joined: Some(Timestamp(1_100 + number / 5)),
            ..member(&format!("m{:02}", 99 - number))
        })
        .collect();
    import(store, owned_group("g", "zoe")).await.unwrap();
    // A neighbour in the order of keys, whose members must never show up.
    import(store, owned_group("g ", "ann")).await.unwrap();
    assert_eq!(join(store, context(), "g", asked.clone()).await, Ok(vec![Imported; 50]));
    let id = group_id("g");
    let mut expected: Vec<_> = asked.iter().map(|member| (member.joined, member.account.clone())).collect();
    expected.sort();
    let mut expected: Vec<_> = expected.into_iter().map(|(_, account)| account).collect();
    expected.insert(0, user("zoe"));
    let accounts =
        |members: Vec<Member>| members.into_iter().map(|member| member.account).collect::<Vec<_>>();
    for limit in [1, 7, 51, 52, usize::MAX] {
        assert_eq!(accounts(pages_by_join_time(store, APP, &id, &[], limit).await), expected, "{limit}");
    }
    expected.sort();
    for limit in [1, 7, 51, 52, usize::MAX] {
        assert_eq!(accounts(pages_by_name(store, APP, &id, &[], limit).await), expected, "{limit}");
    }
    let admins = pages_by_name(store, APP, &id, &[Role::Owner, Role::Admin], 4).await;
    assert_eq!(admins.len(), 1 + 17);
    assert!(admins.iter().all(|member| member.role != Role::Member));
    for window in [
        MemberWindow::ByJoinTime { offset: 51, limit: 10 },
        MemberWindow::ByJoinTime { offset: usize::MAX, limit: usize::MAX },
        MemberWindow::ByName { after: Some(user("zoe")), limit: 10 },
    ] {
        let page = decided(store.members(APP, id.clone(), Vec::new(), window).await).unwrap();
        assert_eq!((page.members.len(), page.more), (0, false));
    }
    let nowhere = MemberWindow::ByName { after: None, limit: 1 };
    assert_eq!(decided(store.members(APP, group_id("h"), Vec::new(), nowhere).await), Err(NoSuchGroup));
}

pub(crate) async fn refused_members_leave_no_trace(store: &dyn Store) {
    let (ids, names) = (["g", "full", "live"].map(group_id), ["known", "stranger", "owner"].map(user));
    import(store, owned_group("g", "known")).await.unwrap();
    import(store, NewGroup { owner: Some(user("owner")), ..small_group("full", 1) }).await.unwrap();
    import(store, NewGroup { kind: GroupType::AvChatRoom, ..group("live") }).await.unwrap();
    let before = World::of(store, APP, &ids, &names).await;
    let strangers = || vec![member("stranger")];
    let refused = [
        (refusing(), "g", strangers(), ImportMembersRefusal::NoAccountKnown),
        (context(), "full", vec![member("known"), member("stranger")], ImportMembersRefusal::Full),
        (context(), "live", strangers(), ImportMembersRefusal::TypeNotImportable),
        (context(), "none", strangers(), ImportMembersRefusal::NoSuchGroup),
    ];
    for (context, group, members, refusal) in refused {
        assert_eq!(join(store, context, group, members).await, Err(refusal));
    }
    let both = vec![member("stranger"), member("known")];
    assert_eq!(
        join(store, refusing(), "g", both).await,
        Ok(vec![Refused(MemberRefusal::AccountUnknown), AlreadyMember])
    );
    assert_eq!(World::of(store, APP, &ids, &names).await, before);
    assert_eq!(
        before.groups[&ids[0]].1[0].joined,
        super::CREATED,
        "the owner joined when the group was made"
    );
    assert_eq!(join_named(store, "g", &["stranger"]).await, Ok(vec![Imported]));
    let after = World::of(store, APP, &ids, &names).await;
    assert_eq!(after.groups[&ids[0]].1[1].joined, NOW);
}
