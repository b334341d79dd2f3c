//! Operations on one group: loading what they need and writing what they change.

use super::scripted::{Action, Script, topic};
use super::subscribers::every_event;
use super::world::World;
use super::{APP, NOW, at_once, context, decided, group, group_id, import, member, owned_group, user};
use landfall_domain::actor::{Action as RightsAction, Actor};
use landfall_domain::changes::Changes;
use landfall_domain::context::Context;
use landfall_domain::error::NoSuchGroup;
use landfall_domain::group::{Group, GroupType};
use landfall_domain::ids::{GroupId, UserId};
use landfall_domain::member::Role;
use landfall_domain::message::Conversation;
use landfall_domain::new_group::NewGroup;
use landfall_domain::operation::{Decision, GroupOperation, perform};
use landfall_domain::part::{Part, PartFamily, PartKey, PartRange};
use landfall_domain::refusal::Refusal;
use landfall_domain::snapshot::{GroupSnapshot, MessageRange, Needs};
use landfall_domain::store::{JoinedWindow, Store};
use landfall_domain::time::Timestamp;
use std::collections::BTreeSet;

async fn run(store: &dyn Store, name: &str, action: Action) -> Result<String, Refusal> {
    run_at(store, name, action, NOW).await
}

async fn run_at(store: &dyn Store, name: &str, action: Action, now: Timestamp) -> Result<String, Refusal> {
    let context = Context { now, ..context() };
    decided(
        perform(store, context, Actor::App, Script { group: group_id(name), action }, every_event()).await,
    )
}

async fn look(store: &dyn Store, name: &str, needs: Needs) -> GroupSnapshot {
    decided(store.snapshot(APP, group_id(name), needs).await).unwrap()
}

/// The numbers of the messages that a range shows.
async fn numbers(store: &dyn Store, name: &str, range: MessageRange) -> Vec<u32> {
    let snapshot = look(store, name, Needs { messages: vec![range], ..Needs::default() }).await;
    snapshot
        .messages
        .into_values()
        .flatten()
        .map(|(seq, message)| {
            assert_eq!(seq, message.seq);
            seq
        })
        .collect()
}

pub(crate) async fn a_missing_group_is_refused_and_a_refusal_changes_nothing(store: &dyn Store) {
    for action in [Action::Refuse, Action::ReadEverything] {
        assert_eq!(run(store, "none", action).await, Err(Refusal::NoSuchGroup));
    }
    let missing = decided(store.snapshot(APP, group_id("none"), Needs::default()).await);
    assert_eq!(missing.map(|_| ()), Err(NoSuchGroup));
    import(store, owned_group("g", "a")).await.unwrap();
    let before = World::of(store, APP, &[group_id("g")], &[user("a")]).await;
    assert_eq!(run(store, "g", Action::Refuse).await, Err(Refusal::Full));
    assert_eq!(World::of(store, APP, &[group_id("g")], &[user("a")]).await, before);
}

pub(crate) async fn messages_are_read_by_number_by_age_and_by_random_number(store: &dyn Store) {
    import(store, owned_group("g", "a")).await.unwrap();
    // More messages than one page holds.
    run(store, "g", Action::Send(None, (1..=45).collect())).await.unwrap();
    for random in 46..=50 {
        run(store, "g", Action::Send(None, vec![random])).await.unwrap();
    }
    let newest = |up_to, limit| MessageRange::Newest { conversation: Conversation::Group, up_to, limit };
    let cases = [
        (newest(u32::MAX, 3), vec![48, 49, 50]),
        (newest(50, 1), vec![50]),
        (newest(21, 3), vec![19, 20, 21]),
        (newest(2, 20), vec![1, 2]),
        (newest(0, 20), vec![]),
        (newest(9, 0), vec![]),
        (
            MessageRange::Numbered(Conversation::Group, vec![50, 1, 20, 21, 45, 46, 51, 0]),
            vec![1, 20, 21, 45, 46, 50],
        ),
        (MessageRange::Numbered(Conversation::Topic(topic(&group_id("g"), 0)), vec![1]), vec![]),
        (newest(u32::MAX, usize::MAX), (1..=50).collect()),
    ];
    for (range, expected) in cases {
        assert_eq!(numbers(store, "g", range.clone()).await, expected, "{range:?}");
    }
    // Message n has the random number n and was sent n seconds later than NOW.
    let random = |random, since| MessageRange::Random {
        conversation: Conversation::Group,
        random,
        since: Timestamp(NOW.0 + since),
    };
    assert_eq!(numbers(store, "g", random(vec![50, 7, 99], 0)).await, [7, 50]);
    assert_eq!(numbers(store, "g", random(vec![50, 7], 8)).await, [50]);
    assert_eq!(numbers(store, "g", random(vec![50], 51)).await, Vec::<u32>::new());
    // A message that is rewritten stays where it was, and its neighbours as they were.
    let before = World::of(store, APP, &[group_id("g")], &[]).await;
    run(store, "g", Action::Recall(None, vec![3, 20, 48, 77])).await.unwrap();
    let mut after = World::of(store, APP, &[group_id("g")], &[]).await;
    let old = &before.messages[&group_id("g")][&Conversation::Group];
    let new = after.messages.get_mut(&group_id("g")).unwrap().get_mut(&Conversation::Group).unwrap();
    for seq in [3, 20, 48] {
        assert_ne!(new[&seq], old[&seq]);
        new.insert(seq, old[&seq].clone());
    }
    assert_eq!(after, before);
}

pub(crate) async fn parts_are_read_in_pages(store: &dyn Store) {
    import(store, group("g")).await.unwrap();
    // A neighbour whose id begins like this one's.
    import(store, group("g ")).await.unwrap();
    let names: Vec<String> = (0..25).map(|number| format!("u{number:02}")).collect();
    for name in &names {
        run(store, "g", Action::PutParts(user(name), 1)).await.unwrap();
        run(store, "g ", Action::PutParts(user(name), 1)).await.unwrap();
    }
    let here = topic(&group_id("g"), 0);
    for family in [
        PartFamily::Bans,
        PartFamily::LiveAdmins,
        PartFamily::Applications,
        PartFamily::TopicMembers(here.clone()),
        PartFamily::Readers(Conversation::Topic(here), 1),
    ] {
        for limit in [1, 7, 25, 100] {
            let mut found = Vec::new();
            loop {
                let range = PartRange { family: family.clone(), after: found.last().cloned(), limit };
                let snapshot = look(store, "g", Needs { ranges: vec![range], ..Needs::default() }).await;
                let page: Vec<PartKey> = snapshot.parts.into_keys().collect();
                assert!(page.len() <= limit);
                let last = page.len() < limit;
                found.extend(page);
                if last {
                    break;
                }
            }
            assert_eq!(found.len(), 25, "{family:?} in pages of {limit}");
            assert!(found.is_sorted());
        }
    }
}

pub(crate) async fn the_owner_changes_and_leaves(store: &dyn Store) {
    import(store, NewGroup { members: vec![member("b")], ..owned_group("g", "a") }).await.unwrap();
    let roles = async || {
        let world = World::of(store, APP, &[group_id("g")], &[user("a"), user("b")]).await;
        let (group, members) = &world.groups[&group_id("g")];
        let roles: Vec<_> = members.iter().map(|member| (member.account.to_string(), member.role)).collect();
        (group.owner.as_ref().map(ToString::to_string), group.member_count, roles)
    };
    let named = |name: &str, role| (name.to_owned(), role);
    run(store, "g", Action::Own(user("b"))).await.unwrap();
    let expected = vec![named("a", Role::Member), named("b", Role::Owner)];
    assert_eq!(roles().await, (Some("b".to_owned()), 2, expected));
    run(store, "g", Action::Own(user("a"))).await.unwrap();
    // The owner's own membership changes like any other.
    run(store, "g", Action::Join(user("a"))).await.unwrap();
    run(store, "g", Action::Join(user("b"))).await.unwrap();
    let expected = vec![named("a", Role::Owner), named("b", Role::Member)];
    assert_eq!(roles().await, (Some("a".to_owned()), 2, expected));
    let world = World::of(store, APP, &[group_id("g")], &[]).await;
    assert!(world.groups[&group_id("g")].1.iter().all(|member| member.name_card == "card\u{0}"));
    run(store, "g", Action::Leave(user("a"))).await.unwrap();
    assert_eq!(roles().await, (None, 1, vec![named("b", Role::Member)]));
    run(store, "g", Action::Own(user("b"))).await.unwrap();
    assert_eq!(roles().await, (Some("b".to_owned()), 1, vec![named("b", Role::Owner)]));
    run(store, "g", Action::Leave(user("b"))).await.unwrap();
    assert_eq!(roles().await, (None, 0, vec![]));
}

pub(crate) async fn a_topic_goes_with_everything_below_it(store: &dyn Store) {
    import(store, NewGroup { kind: GroupType::Community, support_topic: true, ..group("@TGS#_c") })
        .await
        .unwrap();
    let here = "@TGS#_c";
    let without = World::of(store, APP, &[group_id(here)], &[]).await;
    for number in [0, 1] {
        run(store, here, Action::PutTopic(number)).await.unwrap();
        run(store, here, Action::Send(Some(number), vec![1; 30])).await.unwrap();
    }
    for number in 0..3 {
        run(store, here, Action::PutParts(user(&format!("u{number}")), number)).await.unwrap();
    }
    let with = World::of(store, APP, &[group_id(here)], &[]).await;
    assert_eq!(with.messages[&group_id(here)].len(), 2);
    run(store, here, Action::DropTopic(0)).await.unwrap();
    let snapshot = look(
        store,
        here,
        Needs {
            parts: vec![PartKey::Topic(topic(&group_id(here), 0))],
            ranges: vec![PartRange::all(PartFamily::TopicMembers(topic(&group_id(here), 0)))],
            messages: vec![MessageRange::Newest {
                conversation: Conversation::Topic(topic(&group_id(here), 0)),
                up_to: u32::MAX,
                limit: 5,
            }],
            ..Needs::default()
        },
    )
    .await;
    assert!(snapshot.parts.is_empty() && snapshot.messages.is_empty(), "{snapshot:?}");
    let after = World::of(store, APP, &[group_id(here)], &[]).await;
    let other = Conversation::Topic(topic(&group_id(here), 1));
    assert_eq!(after.messages[&group_id(here)][&other], with.messages[&group_id(here)][&other]);
    // A topic of the same name starts empty.
    run(store, here, Action::PutTopic(0)).await.unwrap();
    run(store, here, Action::Send(Some(0), vec![2])).await.unwrap();
    let anew = numbers(
        store,
        here,
        MessageRange::Newest {
            conversation: Conversation::Topic(topic(&group_id(here), 0)),
            up_to: u32::MAX,
            limit: 5,
        },
    );
    assert_eq!(anew.await, [1]);
    assert_eq!(without.messages[&group_id(here)].len(), 0);
}

/// Puts very many parts into one family, or takes the family away.
struct Many(Option<std::ops::Range<u32>>);

impl GroupOperation for Many {
    type Answer = ();

    fn group(&self) -> &GroupId {
        static ID: std::sync::LazyLock<GroupId> = std::sync::LazyLock::new(|| group_id("g"));
        &ID
    }

    fn actions(&self) -> Vec<RightsAction> {
        vec![RightsAction::AppOnly]
    }

    fn needs(&self, _: &Context, _: &Group) -> Needs {
        Needs::default()
    }

    fn decide(&self, context: &Context, _: GroupSnapshot) -> Result<Decision<()>, Refusal> {
        let mut changes = Changes::default();
        let here = topic(&group_id("g"), 0);
        match &self.0 {
            Some(numbers) => {
                for number in numbers.clone() {
                    let account = UserId::parse(&format!("u{number}")).unwrap();
                    let key = PartKey::Reader(Conversation::Topic(here.clone()), 1, account);
                    changes.put(key, Part::Reader(context.now));
                }
            }
            None => changes.removed_families.push(PartFamily::Readers(Conversation::Topic(here), 1)),
        }
        Ok(Decision::new(changes, ()))
    }
}

pub(crate) async fn very_many_parts_go_at_once(store: &dyn Store) {
    import(store, group("g")).await.unwrap();
    let before = World::of(store, APP, &[group_id("g")], &[]).await;
    for start in [0, 2_500, 5_000] {
        decided(perform(store, context(), Actor::App, Many(Some(start..start + 2_500)), every_event()).await)
            .unwrap();
    }
    decided(perform(store, context(), Actor::App, Many(None), every_event()).await).unwrap();
    let family = PartFamily::Readers(Conversation::Topic(topic(&group_id("g"), 0)), 1);
    let left = look(store, "g", Needs { ranges: vec![PartRange::all(family)], ..Needs::default() }).await;
    assert_eq!(left.parts.len(), 0);
    assert_eq!(World::of(store, APP, &[group_id("g")], &[]).await, before);
}

pub(crate) async fn concurrent_senders_get_different_numbers(store: &dyn Store) {
    import(store, group("g")).await.unwrap();
    let calls = (1..=60).map(|random| run(store, "g", Action::Send(None, vec![random])));
    assert!(at_once(calls).await.iter().all(Result::is_ok));
    let world = World::of(store, APP, &[group_id("g")], &[]).await;
    let messages = &world.messages[&group_id("g")][&Conversation::Group];
    assert_eq!(messages.keys().copied().collect::<Vec<_>>(), (1..=60).collect::<Vec<_>>());
    let random: BTreeSet<u32> = messages.values().map(|message| message.random).collect();
    assert_eq!(random.len(), 60, "a message was lost or doubled");
    assert_eq!(world.groups[&group_id("g")].0.log.next_seq, 61);
}

pub(crate) async fn destroying_a_group_takes_its_parts_and_messages(store: &dyn Store) {
    import(store, group("g2")).await.unwrap();
    run(store, "g2", Action::Send(None, vec![1])).await.unwrap();
    let ids = ["g", "g2"].map(group_id);
    let before = World::of(store, APP, &ids, &[user("a")]).await;
    import(store, owned_group("g", "a")).await.unwrap();
    run(store, "g", Action::PutTopic(0)).await.unwrap();
    run(store, "g", Action::Send(Some(0), vec![1; 50])).await.unwrap();
    run(store, "g", Action::Send(None, vec![1; 50])).await.unwrap();
    run(store, "g", Action::PutParts(user("a"), 1)).await.unwrap();
    decided(store.destroy_group(context(), group_id("g"), every_event()).await).unwrap();
    import(store, group("g")).await.unwrap();
    let world = World::of(store, APP, &ids, &[user("a")]).await;
    assert_eq!(world.parts[&ids[0]].len(), 0, "parts of the old group are in the new one");
    assert_eq!(world.messages[&ids[0]].len(), 0, "messages of the old group are in the new one");
    assert_eq!(world.messages[&ids[1]], before.messages[&ids[1]]);
    // The days of the dissolved group no longer name any messages.
    assert_eq!(expire(store, Timestamp(1 << 33)).await, 1);
}

/// Expires in small steps until nothing is left; returns the number of removed messages.
async fn expire(store: &dyn Store, before: Timestamp) -> usize {
    const LIMIT: usize = 7;
    let mut removed = 0;
    loop {
        match store.expire_messages(APP, before, LIMIT).await.unwrap() {
            0 => return removed,
            more => {
                assert!(more <= LIMIT, "{more} messages removed at once");
                removed += more;
            }
        }
    }
}

pub(crate) async fn old_messages_expire_and_young_ones_stay(store: &dyn Store) {
    const DAY: u64 = 86_400;
    import(store, NewGroup { kind: GroupType::Community, support_topic: true, ..group("@TGS#_c") })
        .await
        .unwrap();
    let here = "@TGS#_c";
    run_at(store, here, Action::PutTopic(0), Timestamp(DAY)).await.unwrap();
    // On each of ten days, one message at noon in the group and two in its topic.
    for day in 1..=10 {
        let noon = Timestamp(day * DAY + DAY / 2);
        run_at(store, here, Action::Send(None, vec![1]), noon).await.unwrap();
        run_at(store, here, Action::Send(Some(0), vec![1, 2]), noon).await.unwrap();
    }
    let kept = async || {
        let world = World::of(store, APP, &[group_id(here)], &[]).await;
        let count = |place| world.messages[&group_id(here)].get(&place).map_or(0, |kept| kept.len());
        let Part::Topic(topic) = &world.parts[&group_id(here)][&PartKey::Topic(topic(&group_id(here), 0))]
        else {
            panic!("no topic");
        };
        let group = &world.groups[&group_id(here)].0;
        (
            [count(Conversation::Group), count(Conversation::Topic(topic.id.clone()))],
            [group.log.first_kept, topic.log.first_kept],
        )
    };
    assert_eq!(expire(store, Timestamp(DAY)).await, 0);
    assert_eq!(kept().await, ([10, 20], [1, 1]));
    // The middle of a day: what was sent at noon is not older.
    assert_eq!(expire(store, Timestamp(4 * DAY + DAY / 2)).await, 9);
    assert_eq!(kept().await, ([7, 14], [4, 7]));
    assert_eq!(expire(store, Timestamp(4 * DAY + DAY / 2)).await, 0);
    assert_eq!(expire(store, Timestamp(5 * DAY)).await, 3);
    assert_eq!(kept().await, ([6, 12], [5, 9]));
    assert_eq!(expire(store, Timestamp(99 * DAY)).await, 18);
    assert_eq!(kept().await, ([0, 0], [11, 21]));
    run_at(store, here, Action::Send(None, vec![1]), Timestamp(99 * DAY)).await.unwrap();
    assert_eq!(expire(store, Timestamp(99 * DAY)).await, 0);
    assert_eq!(kept().await, ([1, 0], [11, 21]));
}

pub(crate) async fn members_of_members_are_found_from_the_account(store: &dyn Store) {
    import(store, owned_group("g", "a")).await.unwrap();
    import(store, NewGroup { kind: GroupType::Private, active: false, ..owned_group("p", "b") })
        .await
        .unwrap();
    for name in ["g", "p"] {
        run(store, name, Action::Join(user("c"))).await.unwrap();
    }
    let ids = async |account: &str| {
        let window = JoinedWindow {
            kinds: GroupType::ALL.to_vec(),
            support_topic: None,
            inactive: true,
            offset: 0,
            limit: 10,
        };
        let page = store.joined_groups(APP, user(account), window).await.unwrap();
        page.groups.iter().map(|(group, _)| group.id.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(ids("c").await, ["g", "p"]);
    run(store, "g", Action::Leave(user("c"))).await.unwrap();
    assert_eq!((ids("a").await, ids("c").await), (vec!["g".to_owned()], vec!["p".to_owned()]));
    decided(store.destroy_group(context(), group_id("p"), every_event()).await).unwrap();
    assert_eq!((ids("b").await, ids("c").await), (vec![], Vec::<String>::new()));
}
