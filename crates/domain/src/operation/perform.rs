//! Performing operations: the answer's type is forgotten on the way through the store and known again afterwards.

use super::{Decision, DynOperation, GroupImport, GroupOperation, Imported, Outcome};
use crate::account::SenderProfiles;
use crate::actor::Actor;
use crate::answer_slot::{AnswerSlot, lock};
use crate::context::Context;
use crate::error::OperationError;
use crate::group::Group;
use crate::ids::{GroupId, UserId};
use crate::message::Tip;
use crate::outbox;
use crate::refusal::Refusal;
use crate::snapshot::{GroupSnapshot, Needs};
use crate::store::Store;
use crate::subscribers::{AfterCommit, AppliedChange, Subscribers};
use std::sync::{Arc, Mutex};

struct OperationCall<O: GroupOperation> {
    actor: Actor,
    operation: O,
    subscribers: Arc<dyn Subscribers>,
    answer: AnswerSlot<O::Answer, Refusal>,
    after_commit: Mutex<Option<AfterCommit>>,
}

impl<O: GroupOperation> OperationCall<O> {
    /// Of whom clients get more than the name.
    fn shown(&self) -> Vec<&UserId> {
        if !self.subscribers.show_accounts() {
            return Vec::new();
        }
        let mut shown = self.operation.tells_of();
        shown.truncate(1 + Tip::SHOWN_MAX);
        shown
    }
}

impl<O: GroupOperation> DynOperation for OperationCall<O> {
    fn group(&self) -> &GroupId {
        self.operation.group()
    }

    fn needs(&self, context: &Context, group: &Group) -> Needs {
        let mut needs = self.operation.needs(context, group);
        if let Actor::Account(account) = &self.actor {
            account.add_needs(&self.operation.actions(), group, &mut needs);
        }
        for account in self.shown() {
            if !needs.profiles.contains(account) {
                needs.profiles.push(account.clone());
            }
        }
        needs
    }

    fn decide(&self, context: &Context, snapshot: Option<GroupSnapshot>) -> Option<Outcome> {
        let kind = snapshot.as_ref().map(|snapshot| snapshot.group.kind);
        let mut seen = SenderProfiles::default();
        let decided = snapshot.ok_or(Refusal::NoSuchGroup).and_then(|snapshot| {
            if let Actor::Account(account) = &self.actor {
                account.check(context, &snapshot, &self.operation.actions())?;
            }
            let shown = self.shown().into_iter();
            seen = shown.map(|account| (account.clone(), snapshot.sender_profile(account))).collect();
            self.operation.decide(context, snapshot)
        });
        let mut after_commit = None;
        let (outcome, answer) = match (decided, kind) {
            (Ok(Decision { changes, answer, events }), Some(kind)) => {
                let group = self.operation.group();
                after_commit = self.subscribers.on_change(AppliedChange {
                    group,
                    kind,
                    changes: &changes,
                    events: &events,
                    seen: &seen,
                });
                let outbox = outbox::entries(&*self.subscribers, group, kind, events);
                (Some(Outcome { changes, outbox }), Ok(answer))
            }
            (Ok(_), None) => (None, Err(Refusal::NoSuchGroup)),
            (Err(refusal), _) => (None, Err(refusal)),
        };
        *lock(&self.after_commit) = after_commit;
        self.answer.set(answer);
        outcome
    }
}

struct ImportCall<I: GroupImport> {
    operation: I,
    answer: AnswerSlot<I::Answer, Refusal>,
}

impl<I: GroupImport> DynOperation for ImportCall<I> {
    fn group(&self) -> &GroupId {
        self.operation.group()
    }

    fn needs(&self, context: &Context, group: &Group) -> Needs {
        self.operation.needs(context, group)
    }

    fn decide(&self, context: &Context, snapshot: Option<GroupSnapshot>) -> Option<Outcome> {
        let decided = snapshot
            .ok_or(Refusal::NoSuchGroup)
            .and_then(|snapshot| self.operation.decide(context, snapshot));
        let (outcome, answer) = match decided {
            Ok(Imported { changes, answer }) => (Some(Outcome { changes, outbox: Vec::new() }), Ok(answer)),
            Err(refusal) => (None, Err(refusal)),
        };
        self.answer.set(answer);
        outcome
    }
}

/// Performs an operation on one group for `actor`, and notifies `subscribers` of it.
///
/// # Errors
/// A rule refused it, or the store failed.
pub async fn perform<O: GroupOperation>(
    store: &dyn Store,
    context: Context,
    actor: Actor,
    operation: O,
    subscribers: Arc<dyn Subscribers>,
) -> Result<O::Answer, OperationError<Refusal>> {
    let call = Arc::new(OperationCall {
        actor,
        operation,
        subscribers,
        answer: AnswerSlot::new(),
        after_commit: Mutex::new(None),
    });
    store.change_group(context, Arc::clone(&call) as Arc<dyn DynOperation>).await?;
    let after_commit = lock(&call.after_commit).take();
    if let Some(after_commit) = after_commit {
        after_commit();
    }
    call.answer.take()
}

/// Imports into one group, silently.
///
/// # Errors
/// A rule refused it, or the store failed.
pub async fn import<I: GroupImport>(
    store: &dyn Store,
    context: Context,
    operation: I,
) -> Result<I::Answer, OperationError<Refusal>> {
    let call = Arc::new(ImportCall { operation, answer: AnswerSlot::new() });
    store.change_group(context, Arc::clone(&call) as Arc<dyn DynOperation>).await?;
    call.answer.take()
}
