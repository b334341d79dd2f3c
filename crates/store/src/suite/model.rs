//! Random operations against stores and one in memory: all answers and all reads are equal.
//!
//! All of them use the same rules. The comparison shows that a store keeps their decisions.

use super::changes::some_change;
use super::direct::some_direct_action;
use super::folders::some_folder_change;
use super::follow_changes::some_follow_change;
use super::friend_changes::some_friend_change;
use super::memory::Memory;
use super::official_changes::some_official_change;
use super::operation::{Change, Operation, perform};
use super::people_script::PeopleAction;
use super::scripted::{Action, Script};
use super::world::World;
use super::{APP, at_once, group, group_id, member, user};
use landfall_domain::account::{AccountImport, UnknownAccounts};
use landfall_domain::context::Context;
use landfall_domain::group::{GroupType, Profile};
use landfall_domain::ids::{AppId, GroupId, UserId};
use landfall_domain::member::Role;
use landfall_domain::new_group::{IdChoice, NewGroup, NewMember};
use landfall_domain::store::Store;
use landfall_domain::text::Text;
use landfall_domain::time::Timestamp;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, TestRunner};
use std::fmt::Debug;

/// Sequences of operations tried.
const SEQUENCES: u32 = 32;
/// Operations in a sequence, at most.
const OPERATIONS_MAX: usize = 120;

/// Smaller sequences tried after a difference.
const SHRINKS_MAX: u32 = 500;

/// Names that are each other's beginnings, and differ in the bytes next to the end mark of keys.
const GROUPS: [&str; 5] = ["g", "g ", "g!", "gg", "@TGS#_c"];
/// Groups that exist from the start.
const FIRST: [&str; 2] = ["g", "gg"];
const USERS: [&str; 6] = ["a", "a ", "aa", "b", "~", "Z"];

/// An operation and its context.
#[derive(Clone, Debug)]
struct ModelCall {
    operation: Operation,
    unknown: UnknownAccounts,
    /// Which of the two apps calls; both use the same names.
    app: usize,
}

fn ids() -> Vec<GroupId> {
    let generated =
        (0..16).filter_map(|attempt| IdChoice::Generated(1).candidate(GroupType::Public, attempt));
    GROUPS.map(group_id).into_iter().chain(generated).collect()
}

/// Mostly a group that exists from the start.
fn some_group() -> impl Strategy<Value = GroupId> {
    prop_oneof![6 => select(FIRST.map(group_id).to_vec()), 1 => select(ids()[..7].to_vec())]
}

pub(super) fn some_user() -> impl Strategy<Value = UserId> {
    select(USERS.map(user).to_vec())
}

pub(super) fn some_text() -> impl Strategy<Value = Text> {
    "[a-c]?".prop_map(Text::stored)
}

fn some_member(account: UserId) -> impl Strategy<Value = NewMember> {
    let role = prop_oneof![6 => Just(Role::Member), 2 => Just(Role::Admin), 1 => Just(Role::Owner)];
    let joined = prop_oneof![2 => Just(None), 1 => (900_u64..1_200).prop_map(|at| Some(Timestamp(at)))];
    (role, joined, 0_u32..3, 0_u64..3, some_text()).prop_map(
        move |(role, joined, unread, muted_until, name_card)| NewMember {
            role,
            joined,
            unread,
            muted_until: Timestamp(muted_until),
            name_card,
            ..member(account.as_str())
        },
    )
}

fn some_id() -> impl Strategy<Value = IdChoice> {
    prop_oneof![
        2 => select(FIRST.to_vec()).prop_map(|name| IdChoice::Given(group_id(name))),
        2 => select(GROUPS.to_vec()).prop_map(|name| IdChoice::Given(group_id(name))),
        1 => Just(IdChoice::Generated(1)),
    ]
}

fn some_new_group(id: impl Strategy<Value = IdChoice>) -> impl Strategy<Value = Operation> {
    use GroupType::{AvChatRoom, ChatRoom, Community, Private, Public};
    let kind = prop_oneof![
        6 => select(vec![Private, Public, Community, Community]),
        1 => select(vec![ChatRoom, AvChatRoom]),
    ];
    // Each account once: the first of the chosen ones owns the group, or it has no owner.
    let seats = subsequence(USERS.to_vec(), 0..=4).prop_shuffle();
    let imported = any::<bool>();
    (id, kind, seats, any::<bool>(), 1_u32..8, 950_u64..1_050, imported).prop_flat_map(
        |(id, kind, seats, owned, max_members, created, imported)| {
            // The candidates of one type are enough, and can all be read.
            let kind = if matches!(id, IdChoice::Generated(_)) { Public } else { kind };
            let (owner, others) = seats.split_at(usize::from(owned).min(seats.len()));
            let owner = owner.first().map(|name| user(name));
            let others: Vec<_> = others.iter().map(|name| some_member(user(name))).collect();
            others.prop_map(move |members| {
                let plain = group("n");
                let seated = members.into_iter().filter(|_| kind.can().members);
                let members = seated.map(|member| NewMember {
                    role: if member.role == Role::Owner { Role::Member } else { member.role },
                    ..member
                });
                let made = if imported { Operation::ImportGroup } else { Operation::CreateGroup };
                made(NewGroup {
                    id: id.clone(),
                    kind,
                    profile: Profile { max_members, ..plain.profile.clone() },
                    owner: owner.clone(),
                    members: members.collect(),
                    created: Timestamp(created),
                    support_topic: created % 4 != 0,
                    active: created % 3 != 0,
                    ..plain
                })
            })
        },
    )
}

fn some_script() -> impl Strategy<Value = Action> {
    let topic = || prop_oneof![2 => Just(None), 1 => (0_usize..2).prop_map(Some)];
    let numbers = || prop::collection::vec(0_u32..12, 0..4);
    prop_oneof![
        1 => Just(Action::Refuse),
        6 => (topic(), prop::collection::vec(0_u32..4, 1..25)).prop_map(|(at, random)| Action::Send(at, random)),
        2 => (topic(), numbers()).prop_map(|(at, numbers)| Action::Recall(at, numbers)),
        1 => Just(Action::ReadEverything),
        3 => some_user().prop_map(Action::Join),
        1 => some_user().prop_map(Action::Leave),
        2 => some_user().prop_map(Action::Own),
        3 => (0_usize..2).prop_map(Action::PutTopic),
        1 => (0_usize..2).prop_map(Action::DropTopic),
        3 => (some_user(), 0_u32..4).prop_map(|(user, seq)| Action::PutParts(user, seq)),
        1 => (some_user(), 0_u32..4).prop_map(|(user, seq)| Action::RemoveParts(user, seq)),
        3 => (topic(), numbers()).prop_map(|(at, numbers)| Action::Look(at, numbers)),
        2 => (0_usize..40, 0_usize..4).prop_map(|(family, limit)| Action::Page(family, limit)),
    ]
}

fn some_people_action() -> impl Strategy<Value = PeopleAction> {
    let two = || (some_user(), some_user());
    prop_oneof![
        2 => two().prop_map(|(one, other)| PeopleAction::Chat(one, other)),
        6 => (two(), prop::collection::vec(0_u64..9, 0..5))
            .prop_map(|((one, other), times)| PeopleAction::Send(one, other, times)),
        2 => (two(), 0_u32..6).prop_map(|((one, other), seq)| PeopleAction::Hide(one, other, seq)),
        2 => (some_user(), 0_u64..3).prop_map(|(account, until)| PeopleAction::Mute(account, until)),
        1 => (some_user(), "[a-c]?").prop_map(|(account, words)| PeopleAction::Portrait(account, words)),
        1 => (some_user(), prop::collection::vec(some_user(), 0..3))
            .prop_map(|(account, others)| PeopleAction::Know(account, others)),
        2 => some_user().prop_map(PeopleAction::Nicks),
        1 => some_user().prop_map(PeopleAction::Refuse),
    ]
}

fn some_operation() -> impl Strategy<Value = Operation> {
    let members = prop::collection::vec(some_user().prop_flat_map(some_member), 1..5);
    let value = || prop::option::of(some_text());
    let account =
        (some_user(), value(), value()).prop_map(|(id, nick, face_url)| AccountImport { id, nick, face_url });
    prop_oneof![
        2 => some_new_group(some_id()),
        2 => (some_group(), members).prop_map(|(group, members)| Operation::ImportMembers(group, members)),
        6 => (some_group(), some_script())
            .prop_map(|(group, action)| Operation::Change(Change::new(Script { group, action }))),
        22 => some_group().prop_flat_map(some_change).prop_map(Operation::Change),
        1 => select(ids()[..7].to_vec()).prop_map(Operation::DestroyGroup),
        2 => prop::collection::vec(account, 1..4).prop_map(Operation::ImportAccounts),
        1 => prop::collection::vec(some_user(), 1..4).prop_map(Operation::DeleteAccounts),
        1 => some_user().prop_map(Operation::Kick),
        8 => some_people_action().prop_map(Operation::People),
        12 => some_friend_change().prop_map(Operation::ChangePeople),
        8 => some_folder_change().prop_map(Operation::ChangePeople),
        10 => some_follow_change().prop_map(Operation::ChangePeople),
        12 => some_official_change().prop_map(Operation::ChangePeople),
        10 => some_direct_action(|| some_user().boxed()).prop_map(Operation::Direct),
    ]
}

fn sequence() -> impl Strategy<Value = Vec<ModelCall>> {
    let unknown = prop_oneof![4 => Just(UnknownAccounts::Create), 1 => Just(UnknownAccounts::Refuse)];
    let app = prop_oneof![9 => Just(0), 1 => Just(1)];
    let step = (some_operation(), unknown, app).prop_map(|(operation, unknown, app)| ModelCall {
        operation,
        unknown,
        app,
    });
    let first = FIRST.map(|name| some_new_group(Just(IdChoice::Given(group_id(name)))));
    let first = first.map(|group| {
        group.prop_map(|operation| ModelCall { operation, unknown: UnknownAccounts::Create, app: 0 })
    });
    (first, prop::collection::vec(step, 1..OPERATIONS_MAX))
        .prop_map(|(first, then)| first.into_iter().chain(then).collect())
}

pub(crate) async fn random_operations_answer_like_the_model(store: &dyn Store) {
    agree(&[store], 1).await;
}

/// Compares `stores` with the model over random sequences, each in two apps of its own. With more than one
/// operation `together`, the stores must perform those that run together in the order of the calls.
pub(crate) async fn agree(stores: &[&dyn Store], together: usize) {
    let compare = async |apps, steps| compare(stores, apps, together, steps).await;
    try_sequences(SEQUENCES, sequence(), compare).await;
}

/// Tries so many sequences, each in two apps of its own. The first that fails makes the test fail, as short as it can be.
pub(super) async fn try_sequences<T: Debug>(
    sequences: u32,
    sequence: impl Strategy<Value = Vec<T>>,
    attempt: impl AsyncFn([AppId; 2], Vec<T>) -> Result<(), String>,
) {
    let mut runner = TestRunner::new(Config::default());
    for number in 0..sequences {
        let mut tree = sequence.new_tree(&mut runner).unwrap();
        let Err(first) = attempt(fresh_apps(number, 0), tree.current()).await else {
            continue;
        };
        // Smaller sequences that still differ are easier to read.
        let mut found = (first, tree.current());
        let mut smaller = tree.simplify();
        for shrink in 1..=SHRINKS_MAX {
            if !smaller {
                break;
            }
            smaller = match attempt(fresh_apps(number, shrink), tree.current()).await {
                Err(difference) => {
                    found = (difference, tree.current());
                    tree.simplify()
                }
                Ok(()) => tree.complicate(),
            };
        }
        panic!("{}\nafter {:#?}", found.0, found.1);
    }
}

/// Neighbours in whatever order a store keeps apps.
fn fresh_apps(number: u32, attempt: u32) -> [AppId; 2] {
    let first = APP.0 + 2 * (number * (SHRINKS_MAX + 1) + attempt);
    [AppId(first), AppId(first + 1)]
}

/// The error describes the first difference; stores are counted from 0.
async fn compare(
    stores: &[&dyn Store],
    apps: [AppId; 2],
    together: usize,
    steps: Vec<ModelCall>,
) -> Result<(), String> {
    let (ids, users) = (ids(), USERS.map(user));
    let model = Memory::default();
    let mut now = 1_000;
    for chunk in steps.chunks(together) {
        let mut calls = Vec::new();
        let mut expected = Vec::new();
        for ModelCall { operation, unknown, app } in chunk {
            now += 10;
            let context = Context { app: apps[*app], now: Timestamp(now), unknown: *unknown };
            expected.push(perform(&model, context, operation.clone()).await.unwrap());
            calls.push((context, operation));
        }
        for (number, store) in stores.iter().enumerate() {
            let calls =
                calls.iter().map(|(context, operation)| perform(*store, *context, (*operation).clone()));
            let answers: Vec<_> = at_once(calls).await.into_iter().map(Result::unwrap).collect();
            if answers != expected {
                return Err(format!(
                    "store {number} answers {answers:?}\nthe model says {expected:?}\nto {chunk:?}"
                ));
            }
        }
    }
    for app in apps {
        let expected = World::of(&model, app, &ids, &users).await.without_positions();
        for (number, store) in stores.iter().enumerate() {
            let found = World::of(*store, app, &ids, &users).await.without_positions();
            if found != expected {
                return Err(format!(
                    "store {number} holds {found:#?}\nthe model {expected:#?}\nin app {app}"
                ));
            }
        }
    }
    Ok(())
}
