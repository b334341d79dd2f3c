//! A store whose calls fail, and the end of a migration that repeats them.

use super::forwarding::{Forwarding, Route};
use super::operation::{Answer, Operation, perform};
use super::world::World;
use super::{APP, account, context, group_id, member, owned_group, user};
use async_trait::async_trait;
use landfall_domain::context::Context;
use landfall_domain::error::{NoSuchGroup, StoreError};
use landfall_domain::group::Profile;
use landfall_domain::ids::AppId;
use landfall_domain::import::MemberOutcome;
use landfall_domain::member::Role;
use landfall_domain::new_group::{NewGroup, NewGroupRefusal, NewMember};
use landfall_domain::store::Store;
use landfall_domain::time::Timestamp;
use std::future::Future;
use std::sync::atomic::{AtomicUsize, Ordering};

/// When a call fails.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Moment {
    /// Before the store has seen it.
    Before,
    /// After the store has done the work: only its answer is lost.
    After,
}

/// Fails one of the calls that write to a store.
pub(crate) struct Faulty<'a> {
    store: &'a dyn Store,
    /// The call that fails, counted from 0.
    failing: usize,
    moment: Moment,
    calls: AtomicUsize,
}

#[async_trait]
impl<'a> Route for Faulty<'a> {
    type Store = dyn Store + 'a;

    fn store(&self) -> &Self::Store {
        self.store
    }

    async fn write<T: Send, E: From<StoreError> + Send>(
        &self,
        work: impl Future<Output = Result<T, E>> + Send,
    ) -> Result<T, E> {
        if self.calls.fetch_add(1, Ordering::Relaxed) != self.failing {
            return work.await;
        }
        if self.moment == Moment::After {
            drop(work.await);
        }
        Err(StoreError::Failed("on purpose".into()).into())
    }
}

const GROUPS: [&str; 3] = ["large", "small", "short-lived"];
const USERS: [&str; 6] = ["ann", "bob", "cy", "dan", "eve", "nobody"];

/// The calls of a migration, with every operation whose repetition could do harm.
fn migration() -> Vec<Operation> {
    let members = |group: &str, names: &[&str]| {
        Operation::ImportMembers(group_id(group), names.iter().map(|name| member(name)).collect())
    };
    let admin = NewMember { role: Role::Admin, joined: Some(Timestamp(1_500)), ..member("bob") };
    let large = NewGroup { members: vec![admin, member("dan")], ..owned_group("large", "ann") };
    let small = owned_group("small", "cy");
    let small = NewGroup { profile: Profile { max_members: 4, ..small.profile }, ..small };
    let short_lived = NewGroup { members: vec![member("ann")], ..owned_group("short-lived", "bob") };
    vec![
        Operation::ImportAccounts(vec![account("ann", Some("Ann"), None), account("bob", None, Some("f"))]),
        Operation::ImportGroup(large),
        Operation::ImportGroup(small),
        members("large", &["cy", "eve"]),
        members("small", &["ann", "bob"]),
        // Takes the last seat, and finds none for the last account.
        members("small", &["bob", "dan", "eve"]),
        Operation::ImportGroup(short_lived),
        Operation::Kick(user("ann")),
        Operation::DestroyGroup(group_id("short-lived")),
        Operation::DeleteAccounts(["eve", "nobody", "bob"].map(user).to_vec()),
        // Removed accounts and groups come back.
        Operation::ImportAccounts(vec![account("bob", Some("Bob"), None), account("ann", None, Some("f"))]),
        members("large", &["bob"]),
        Operation::ImportGroup(owned_group("short-lived", "dan")),
    ]
}

/// Runs the migration and repeats a failed call. A caller knows only that it failed.
async fn migrate(store: &dyn Store, app: AppId) -> Vec<Answer> {
    let mut answers = Vec::new();
    for (operation, now) in migration().into_iter().zip((2_000..).step_by(10)) {
        let context = Context { app, now: Timestamp(now), ..context() };
        answers.push(match perform(store, context, operation.clone()).await {
            Ok(answer) => answer,
            Err(_failed) => perform(store, context, operation).await.unwrap(),
        });
    }
    answers
}

/// The answer to a repeated call whose first try had done all the work.
fn already(answer: Answer) -> Answer {
    match answer {
        Answer::Group(Ok(_)) => Answer::Group(Err(NewGroupRefusal::IdTaken)),
        Answer::Members(Ok(mut outcomes)) => {
            for outcome in &mut outcomes {
                if *outcome == MemberOutcome::Imported {
                    *outcome = MemberOutcome::AlreadyMember;
                }
            }
            Answer::Members(Ok(outcomes))
        }
        Answer::Destroyed(Ok(())) => Answer::Destroyed(Err(NoSuchGroup)),
        Answer::Deleted(existed) => Answer::Deleted(vec![false; existed.len()]),
        same @ (Answer::Group(Err(_))
        | Answer::Members(Err(_))
        | Answer::Destroyed(Err(_))
        | Answer::Imported
        | Answer::Changed(_)
        | Answer::People(_)
        | Answer::ChangedPeople(_)
        | Answer::Direct(_)
        | Answer::Kicked(_)) => same,
    }
}

pub(crate) async fn a_migration_that_repeats_what_failed_ends_like_one_without_failures(store: &dyn Store) {
    let (ids, users) = (GROUPS.map(group_id), USERS.map(user));
    let smooth = migrate(store, APP).await;
    let expected = World::of(store, APP, &ids, &users).await.without_positions();
    assert_eq!((expected.groups.len(), expected.accounts.len()), (3, 4));
    for (app, failing) in (APP.0 + 1..).step_by(2).zip(0..smooth.len()) {
        for (app, moment) in [(AppId(app), Moment::Before), (AppId(app + 1), Moment::After)] {
            let faulty = Forwarding(Faulty { store, failing, moment, calls: AtomicUsize::new(0) });
            let answers = migrate(&faulty, app).await;
            let mut expected_answers = smooth.clone();
            if moment == Moment::After {
                expected_answers[failing] = already(expected_answers[failing].clone());
            }
            assert_eq!(answers, expected_answers, "call {failing} failed {moment:?} the work");
            assert_eq!(faulty.0.calls.into_inner(), smooth.len() + 1, "not exactly one call was repeated");
            let found = World::of(store, app, &ids, &users).await.without_positions();
            assert_eq!(found, expected, "call {failing} failed {moment:?} the work");
        }
    }
}
