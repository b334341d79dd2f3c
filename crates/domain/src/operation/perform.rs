//! Performing operations: the answer's type is forgotten on the way through the store and known again afterwards.

use super::{Decision, DynOperation, GroupImport, GroupOperation, Imported, Outcome};
use crate::context::Context;
use crate::error::{OperationError, StoreError};
use crate::group::Group;
use crate::ids::GroupId;
use crate::outbox;
use crate::refusal::Refusal;
use crate::snapshot::{GroupSnapshot, Needs};
use crate::store::Store;
use crate::subscribers::{AfterCommit, AppliedChange, Subscribers};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

type AnswerSlot<Answer> = Mutex<Option<Result<Answer, Refusal>>>;

/// The guard of a lock, also when an earlier holder panicked: one panic must not fail every later call.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn set_answer<Answer>(answer: &AnswerSlot<Answer>, with: Result<Answer, Refusal>) {
    *lock(answer) = Some(with);
}

struct OperationCall<O: GroupOperation> {
    operation: O,
    subscribers: Arc<dyn Subscribers>,
    answer: AnswerSlot<O::Answer>,
    after_commit: Mutex<Option<AfterCommit>>,
}

impl<O: GroupOperation> DynOperation for OperationCall<O> {
    fn group(&self) -> &GroupId {
        self.operation.group()
    }

    fn needs(&self, context: &Context, group: &Group) -> Needs {
        self.operation.needs(context, group)
    }

    fn decide(&self, context: &Context, snapshot: Option<GroupSnapshot>) -> Option<Outcome> {
        let kind = snapshot.as_ref().map(|snapshot| snapshot.group.kind);
        let decided = snapshot
            .ok_or(Refusal::NoSuchGroup)
            .and_then(|snapshot| self.operation.decide(context, snapshot));
        let mut after_commit = None;
        let (outcome, answer) = match (decided, kind) {
            (Ok(Decision { changes, answer, events }), Some(kind)) => {
                let group = self.operation.group();
                after_commit = self.subscribers.on_change(AppliedChange {
                    group,
                    kind,
                    changes: &changes,
                    events: &events,
                });
                let outbox = outbox::entries(&*self.subscribers, group, kind, events);
                (Some(Outcome { changes, outbox }), Ok(answer))
            }
            (Ok(_), None) => (None, Err(Refusal::NoSuchGroup)),
            (Err(refusal), _) => (None, Err(refusal)),
        };
        *lock(&self.after_commit) = after_commit;
        set_answer(&self.answer, answer);
        outcome
    }
}

struct ImportCall<I: GroupImport> {
    operation: I,
    answer: AnswerSlot<I::Answer>,
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
        set_answer(&self.answer, answer);
        outcome
    }
}

/// Performs an operation on one group, and notifies `subscribers` of it.
///
/// # Errors
/// A rule refused it, or the store failed.
pub async fn perform<O: GroupOperation>(
    store: &dyn Store,
    context: Context,
    operation: O,
    subscribers: Arc<dyn Subscribers>,
) -> Result<O::Answer, OperationError<Refusal>> {
    let call = Arc::new(OperationCall {
        operation,
        subscribers,
        answer: Mutex::new(None),
        after_commit: Mutex::new(None),
    });
    store.change_group(context, Arc::clone(&call) as Arc<dyn DynOperation>).await?;
    let after_commit = lock(&call.after_commit).take();
    if let Some(after_commit) = after_commit {
        after_commit();
    }
    take_answer(&call.answer)
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
    let call = Arc::new(ImportCall { operation, answer: Mutex::new(None) });
    store.change_group(context, Arc::clone(&call) as Arc<dyn DynOperation>).await?;
    take_answer(&call.answer)
}

fn take_answer<Answer>(answer: &AnswerSlot<Answer>) -> Result<Answer, OperationError<Refusal>> {
    match lock(answer).take() {
        Some(decided) => decided.map_err(OperationError::Refused),
        None => Err(StoreError::Failed("the store did not ask the rule".into()).into()),
    }
}
