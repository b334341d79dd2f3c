//! Accounts of every role act at random in groups of all types: stores and model agree on what becomes of it, and the table of
//! rights says whether it may.

use super::changes::some_change;
use super::deeds::{Deed, some_deed};
use super::memory::Memory;
use super::model::{some_user, try_sequences};
use super::operation::Change;
use super::oracle::{Doer, Whole, group_of, judge};
use super::rights::{Watch, acting};
use super::{NOW, decided, group, member, user};
use landfall_domain::account::{AccountImport, UnknownAccounts};
use landfall_domain::actor::Actor;
use landfall_domain::context::Context;
use landfall_domain::group::{GroupType, InviteOption, JoinOption, Profile};
use landfall_domain::ids::{AppId, UserId};
use landfall_domain::member::Role;
use landfall_domain::new_group::{IdChoice, NewGroup, NewMember};
use landfall_domain::refusal::Refusal;
use landfall_domain::store::Store;
use landfall_domain::subscribers::Subscribers;
use landfall_domain::time::Timestamp;
use proptest::prelude::*;
use proptest::sample::select;
use std::sync::Arc;

/// Sequences tried.
const SEQUENCES: u32 = 6;
/// Steps of a sequence, at most.
const STEPS_MAX: usize = 120;

/// Those who are in every group from the start, and two who are in none.
const MEMBERS: [&str; 4] = ["a", "a ", "aa", "b"];
const STRANGERS: [&str; 2] = ["~", "Z"];

/// Who does what.
#[derive(Clone, Debug)]
enum Act {
    /// The app, which may do everything.
    App(Change),
    Account {
        account: UserId,
        entered: bool,
        deed: Deed,
    },
}

#[derive(Clone, Debug)]
struct Step {
    kind: GroupType,
    act: Act,
    /// Seconds since the step before.
    later: u64,
}

/// The options with which the groups of a sequence begin.
#[derive(Clone, Copy, Debug)]
struct Options {
    join: JoinOption,
    invite: InviteOption,
    permissions: bool,
    history_before_join: bool,
}

fn some_step() -> impl Strategy<Value = Step> {
    select(GroupType::ALL.to_vec()).prop_flat_map(|kind| {
        // Owners and administrators act more often than others, since they may do more.
        let account = prop_oneof![1 => select(MEMBERS.map(user)[..2].to_vec()), 2 => some_user()];
        let by_account = (account, prop::bool::weighted(0.7), some_deed())
            .prop_map(|(account, entered, deed)| Act::Account { account, entered, deed });
        let act = prop_oneof![
            1 => some_change(group_of(kind, "")).prop_map(Act::App),
            5 => by_account,
        ];
        let later = prop_oneof![5 => Just(10), 1 => Just(100)];
        (act, later).prop_map(move |(act, later)| Step { kind, act, later })
    })
}

fn some_options() -> impl Strategy<Value = Options> {
    let join = select(vec![JoinOption::FreeAccess, JoinOption::NeedPermission, JoinOption::DisableApply]);
    let invite =
        select(vec![InviteOption::FreeAccess, InviteOption::NeedPermission, InviteOption::DisableInvite]);
    (join, invite, any::<bool>(), any::<bool>()).prop_map(
        |(join, invite, permissions, history_before_join)| Options {
            join,
            invite,
            permissions,
            history_before_join,
        },
    )
}

/// A group with an owner, an administrator and two other members.
fn new(kind: GroupType, options: Options) -> NewGroup {
    let [owner, admin, ..] = MEMBERS;
    let plain = group("n");
    let members = MEMBERS.iter().skip(1).map(|name| NewMember {
        role: if *name == admin { Role::Admin } else { Role::Member },
        joined: Some(Timestamp(NOW.0 - 1)),
        ..member(name)
    });
    NewGroup {
        id: IdChoice::Given(group_of(kind, "")),
        kind,
        profile: Profile { join_option: options.join, ..plain.profile.clone() },
        owner: Some(user(owner)),
        members: members.filter(|_| kind != GroupType::AvChatRoom).collect(),
        support_topic: kind == GroupType::Community,
        permissions_enabled: options.permissions,
        default_permissions: u64::MAX,
        invite_option: options.invite,
        history_before_join: Some(options.history_before_join),
        ..plain
    }
}

pub(crate) async fn members_of_every_role_do_only_what_the_table_allows(store: &dyn Store) {
    agree(&[store]).await;
}

/// Compares `stores` with the model and with the table over random sequences.
pub(crate) async fn agree(stores: &[&dyn Store]) {
    let first = some_options().prop_map(Entry::Options);
    let steps = prop::collection::vec(some_step().prop_map(Entry::Step), 1..STEPS_MAX);
    let sequence = (first, steps).prop_map(|(first, steps)| std::iter::once(first).chain(steps).collect());
    try_sequences(SEQUENCES, sequence, async |[app, _], entries| compare(stores, app, entries).await).await;
}

/// Of a sequence: the options first, then the steps.
#[derive(Clone, Debug)]
enum Entry {
    Options(Options),
    Step(Step),
}

async fn compare(stores: &[&dyn Store], app: AppId, entries: Vec<Entry>) -> Result<(), String> {
    let model = Memory::default();
    let mut now = NOW;
    let context = |now| Context { app, now, unknown: UnknownAccounts::Create };
    for entry in entries {
        match entry {
            Entry::Options(options) => {
                for store in stores.iter().copied().chain([&model as &dyn Store]) {
                    begin(store, context(now), options).await;
                }
            }
            Entry::Step(step) => {
                now = Timestamp(now.0 + step.later);
                check(stores, &model, context(now), &step).await?;
            }
        }
    }
    Ok(())
}

/// Makes the accounts, and a group of each type.
async fn begin(store: &dyn Store, context: Context, options: Options) {
    let account = |name: &&str| AccountImport { id: user(name), nick: None, face_url: None };
    let accounts = MEMBERS.iter().chain(&STRANGERS).map(account).collect();
    store.import_accounts(context, accounts).await.unwrap();
    for kind in GroupType::ALL {
        decided(store.create_group(context, new(kind, options), Arc::new(())).await).unwrap();
    }
}

async fn check(stores: &[&dyn Store], model: &Memory, context: Context, step: &Step) -> Result<(), String> {
    let id = group_of(step.kind, "");
    let read = async |store: &dyn Store| Whole::read(store, context.app, &id).await.unwrap();
    let before = read(model).await;
    let (answer, has_events) = perform(model, context, step).await;
    let after = read(model).await;
    if let Act::Account { account, entered, deed } = &step.act {
        let doer = Doer { account: account.clone(), entered: *entered, now: context.now };
        let expected = doer.expected(deed, &before);
        judge((&doer, deed), expected, &answer, (&before, &after), has_events)
            .map_err(|problem| format!("{step:?}: {problem}"))?;
    }
    for (number, store) in stores.iter().enumerate() {
        let found = perform(*store, context, step).await;
        if found != (answer.clone(), has_events) {
            let model = (&answer, has_events);
            return Err(format!("store {number} answers {found:?}, the model {model:?}, to {step:?}"));
        }
        let found = read(*store).await;
        if found != after {
            return Err(format!("store {number} holds {found:#?}\nthe model {after:#?}\nafter {step:?}"));
        }
    }
    Ok(())
}

/// What became of it, and whether subscribers were shown anything.
async fn perform(store: &dyn Store, context: Context, step: &Step) -> (Result<String, Refusal>, bool) {
    let watch = Arc::new(Watch::default());
    let subscribers = Arc::clone(&watch) as Arc<dyn Subscribers>;
    let id = group_of(step.kind, "");
    let (change, actor) = match &step.act {
        Act::App(change) => (change.clone(), Actor::App),
        Act::Account { account, entered, deed } => {
            let doer = Doer { account: account.clone(), entered: *entered, now: context.now };
            (deed.change(&id, step.kind, account, context.now), acting(&doer))
        }
    };
    let answer = change.perform(store, context, actor, subscribers).await.unwrap();
    (answer, watch.has_seen())
}
