//! Random operations against stores and a small model in memory: all answers and all that can be read are equal.
//!
//! The rules are the same functions in all of them; the model shows that a store keeps what they say.

use super::operation::{Answer, Operation, perform};
use super::world::{World, listed_types};
use super::{APP, at_once, group, group_id, member, text, user};
use landfall_domain::account::{Account, AccountImport, UnknownAccounts};
use landfall_domain::group::{Group, GroupType, Profile};
use landfall_domain::ids::{AppId, GroupId, UserId};
use landfall_domain::import::{self, ImportMembersRefusal, MemberOutcome, Standing};
use landfall_domain::member::{Member, Role};
use landfall_domain::new_group::{IdChoice, NewGroup, NewGroupRefusal, NewMember};
use landfall_domain::store::{Context, NoSuchAccount, NoSuchGroup, Store};
use landfall_domain::time::Timestamp;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, TestRunner};
use std::collections::BTreeMap;

/// Sequences of operations tried.
const SEQUENCES: u32 = 48;
/// Operations in a sequence, at most.
const OPERATIONS_MAX: usize = 40;

/// Smaller sequences tried after a difference.
const SHRINKS_MAX: u32 = 500;

/// Names that are each other's beginnings, and differ in the bytes next to the end mark of keys.
const GROUPS: [&str; 5] = ["g", "g ", "g!", "gg", "@TGS#_c"];
const USERS: [&str; 6] = ["a", "a ", "aa", "b", "~", "Z"];

/// An operation, and how it is asked for.
#[derive(Clone, Debug)]
struct Step {
    operation: Operation,
    unknown: UnknownAccounts,
    /// Which of the two apps asks; both use the same names.
    app: usize,
}

/// What one app should hold.
#[derive(Default)]
struct Model {
    groups: BTreeMap<GroupId, (Group, Vec<Member>)>,
    accounts: BTreeMap<UserId, Account>,
    last_position: u64,
}

impl Model {
    fn perform(&mut self, context: Context, operation: Operation) -> Answer {
        match operation {
            Operation::ImportGroup(import) => Answer::Group(self.import_group(context, import)),
            Operation::ImportMembers(group, members) => {
                Answer::Members(self.import_members(context, &group, &members))
            }
            Operation::DestroyGroup(group) => {
                Answer::Destroyed(self.groups.remove(&group).map(|_| ()).ok_or(NoSuchGroup))
            }
            Operation::ImportAccounts(accounts) => {
                for import in accounts {
                    let before = self.accounts.remove(&import.id);
                    self.accounts.insert(import.id.clone(), Account::imported(before, &import, context.now));
                }
                Answer::Imported
            }
            Operation::DeleteAccounts(ids) => Answer::Deleted(ids.iter().map(|id| self.delete(id)).collect()),
            Operation::Kick(id) => Answer::Kicked(match self.accounts.get_mut(&id) {
                Some(account) => {
                    *account = account.clone().kicked(context.now);
                    Ok(())
                }
                None => Err(NoSuchAccount),
            }),
        }
    }

    fn import_group(&mut self, context: Context, asked: NewGroup) -> Result<GroupId, NewGroupRefusal> {
        let id = (0..)
            .map_while(|attempt| asked.id.candidate(asked.kind, attempt))
            .find(|id| !self.groups.contains_key(id))
            .ok_or(NewGroupRefusal::IdTaken)?;
        let known = |account: &UserId| Ok::<_, std::convert::Infallible>(self.accounts.contains_key(account));
        let position = self.last_position + 1;
        let Ok(made) = import::import_group(asked, id.clone(), position, context.unknown, context.now, known);
        let made = made?;
        self.last_position = position;
        self.place(context, made.placeholders);
        self.groups.insert(id.clone(), (made.group, made.members));
        Ok(id)
    }

    fn import_members(
        &mut self,
        context: Context,
        id: &GroupId,
        asked: &[NewMember],
    ) -> Result<Vec<MemberOutcome>, ImportMembersRefusal> {
        let (group, members) = self.groups.get_mut(id).ok_or(ImportMembersRefusal::NoSuchGroup)?;
        let standing = |asked: &NewMember| Standing {
            known: self.accounts.contains_key(&asked.account),
            member: members.iter().any(|member| member.account == asked.account),
        };
        let standings: Vec<_> = asked.iter().map(standing).collect();
        let change = import::import_members(group, asked, &standings, context.unknown, context.now)?;
        members.extend(change.added);
        group.member_count = u32::try_from(members.len()).unwrap();
        self.place(context, change.placeholders);
        Ok(change.outcomes)
    }

    fn place(&mut self, context: Context, placeholders: Vec<UserId>) {
        let placeholder = || Account::placeholder(context.now);
        self.accounts.extend(placeholders.into_iter().map(|account| (account, placeholder())));
    }

    fn delete(&mut self, id: &UserId) -> bool {
        if self.accounts.remove(id).is_none() {
            return false;
        }
        for (group, members) in self.groups.values_mut() {
            members.retain(|member| member.account != *id);
            group.member_count = u32::try_from(members.len()).unwrap();
            group.owner.take_if(|owner| owner == id);
        }
        true
    }

    fn world(&self) -> World {
        let mut groups = self.groups.clone();
        for (_, members) in groups.values_mut() {
            members.sort_by_key(|member| (member.joined, member.role != Role::Owner, member.account.clone()));
        }
        let mut arrived: Vec<_> = self.groups.values().map(|(group, _)| group).collect();
        arrived.sort_by_key(|group| group.list_position);
        let list = |kind: Option<GroupType>| {
            let listed = arrived.iter().filter(|group| kind.is_none_or(|kind| group.kind == kind));
            let ids: Vec<_> = listed.map(|group| group.id.clone()).collect();
            (kind, ids.len() as u64, ids)
        };
        World { groups, accounts: self.accounts.clone(), lists: listed_types().map(list).collect() }
    }
}

fn ids() -> Vec<GroupId> {
    let generated =
        (0..16).filter_map(|attempt| IdChoice::Generated(1).candidate(GroupType::Public, attempt));
    GROUPS.map(group_id).into_iter().chain(generated).collect()
}

fn some_group() -> impl Strategy<Value = GroupId> {
    select(ids()[..7].to_vec())
}

fn some_user() -> impl Strategy<Value = UserId> {
    select(USERS.map(user).to_vec())
}

fn some_member(account: UserId) -> impl Strategy<Value = NewMember> {
    let role = prop_oneof![6 => Just(Role::Member), 2 => Just(Role::Admin), 1 => Just(Role::Owner)];
    let joined = prop_oneof![2 => Just(None), 1 => (900_u64..1_200).prop_map(|at| Some(Timestamp(at)))];
    (role, joined, 0_u32..3, 0_u64..3).prop_map(move |(role, joined, unread, muted_until)| NewMember {
        role,
        joined,
        unread,
        muted_until: Timestamp(muted_until),
        ..member(account.as_str())
    })
}

fn some_import() -> impl Strategy<Value = Operation> {
    let id = prop_oneof![
        4 => select(GROUPS.to_vec()).prop_map(|name| IdChoice::Given(group_id(name))),
        1 => Just(IdChoice::Generated(1)),
    ];
    // Each account once: the first of those chosen owns the group, or nobody does.
    let seats = subsequence(USERS.to_vec(), 0..=4).prop_shuffle();
    (id, select(GroupType::ALL.to_vec()), seats, any::<bool>(), 1_u32..6, 950_u64..1_050).prop_flat_map(
        |(id, kind, seats, owned, max_members, created)| {
            // The candidates of one type are enough, and can all be looked at.
            let kind = if matches!(id, IdChoice::Generated(_)) { GroupType::Public } else { kind };
            let (owner, others) = seats.split_at(usize::from(owned).min(seats.len()));
            let owner = owner.first().map(|name| user(name));
            let others: Vec<_> = others.iter().map(|name| some_member(user(name))).collect();
            others.prop_map(move |members| {
                let plain = group("n");
                let members = members.into_iter().map(|member| NewMember {
                    role: if member.role == Role::Owner { Role::Member } else { member.role },
                    ..member
                });
                Operation::ImportGroup(NewGroup {
                    id: id.clone(),
                    kind,
                    profile: Profile { max_members, ..plain.profile },
                    owner: owner.clone(),
                    members: members.collect(),
                    created: Timestamp(created),
                    support_topic: false,
                })
            })
        },
    )
}

fn some_operation() -> impl Strategy<Value = Operation> {
    let members = prop::collection::vec(some_user().prop_flat_map(some_member), 1..5);
    let value = || prop::option::of("[a-c]?".prop_map(|value| text(&value)));
    let account =
        (some_user(), value(), value()).prop_map(|(id, nick, face_url)| AccountImport { id, nick, face_url });
    prop_oneof![
        4 => some_import(),
        4 => (some_group(), members).prop_map(|(group, members)| Operation::ImportMembers(group, members)),
        1 => some_group().prop_map(Operation::DestroyGroup),
        1 => prop::collection::vec(account, 1..3).prop_map(Operation::ImportAccounts),
        1 => prop::collection::vec(some_user(), 1..4).prop_map(Operation::DeleteAccounts),
        1 => some_user().prop_map(Operation::Kick),
    ]
}

fn sequence() -> impl Strategy<Value = Vec<Step>> {
    let unknown = prop_oneof![4 => Just(UnknownAccounts::Create), 1 => Just(UnknownAccounts::Refuse)];
    let app = prop_oneof![4 => Just(0), 1 => Just(1)];
    let step = (some_operation(), unknown, app).prop_map(|(operation, unknown, app)| Step {
        operation,
        unknown,
        app,
    });
    prop::collection::vec(step, 1..OPERATIONS_MAX)
}

pub(crate) async fn random_operations_answer_like_the_model(store: &dyn Store) {
    agree(&[store], 1).await;
}

/// Compares `stores` with the model over random sequences, each in two apps of its own. With more than one
/// operation `together`, the stores must perform those that run together in the order they were asked for.
pub(crate) async fn agree(stores: &[&dyn Store], together: usize) {
    let mut runner = TestRunner::new(Config::default());
    for number in 0..SEQUENCES {
        let mut tree = sequence().new_tree(&mut runner).unwrap();
        let Err(first) = compare(stores, fresh_apps(number, 0), together, tree.current()).await else {
            continue;
        };
        // Smaller sequences that still differ are easier to read.
        let mut found = (first, tree.current());
        let mut smaller = tree.simplify();
        for attempt in 1..=SHRINKS_MAX {
            if !smaller {
                break;
            }
            smaller = match compare(stores, fresh_apps(number, attempt), together, tree.current()).await {
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

/// The error tells of the first difference; stores are counted from 0.
async fn compare(
    stores: &[&dyn Store],
    apps: [AppId; 2],
    together: usize,
    steps: Vec<Step>,
) -> Result<(), String> {
    let (ids, users) = (ids(), USERS.map(user));
    let mut models = [Model::default(), Model::default()];
    let mut now = 1_000;
    for chunk in steps.chunks(together) {
        let mut calls = Vec::new();
        let mut expected = Vec::new();
        for Step { operation, unknown, app } in chunk {
            now += 10;
            let context = Context { app: apps[*app], now: Timestamp(now), unknown: *unknown };
            expected.push(models[*app].perform(context, operation.clone()));
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
    for (app, model) in apps.into_iter().zip(&models) {
        let expected = model.world().without_positions();
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
