//! Performing operations: the answer's type is forgotten on the way through the store and known again afterwards.

use super::{Changes, Decision, GroupImport, GroupOperation, Imported, Needs, Refusal, Scene};
use crate::event::{Afterwards, Happened, Subscribers};
use crate::group::Group;
use crate::ids::GroupId;
use crate::outbox::{self, Note};
use crate::store::{Context, OperationError, Store, StoreError};
use std::sync::{Arc, Mutex, PoisonError};

/// An operation with its answer's type forgotten, as a store takes it.
pub trait Pending: Send + Sync {
    /// The group.
    fn group(&self) -> &GroupId;

    /// What has to be loaded besides `group`.
    fn needs(&self, context: &Context, group: &Group) -> Needs;

    /// Decides, and keeps the answer for the caller. `None` as a scene: there is no such group. What comes back is to be
    /// written; nothing when the operation was refused.
    fn decide(&self, context: &Context, scene: Option<Scene>) -> Option<Outcome>;
}

/// What a store is to write.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// What becomes of the group.
    pub changes: Changes,
    /// What is put into the outbox, in the lane of the group.
    pub notes: Vec<Note>,
}

type Answered<Answer> = Mutex<Option<Result<Answer, Refusal>>>;

fn answered<Answer>(answer: &Answered<Answer>, with: Result<Answer, Refusal>) {
    *answer.lock().unwrap_or_else(PoisonError::into_inner) = Some(with);
}

struct Asked<O: GroupOperation> {
    operation: O,
    subscribers: Arc<dyn Subscribers>,
    answer: Answered<O::Answer>,
    afterwards: Mutex<Option<Afterwards>>,
}

impl<O: GroupOperation> Pending for Asked<O> {
    fn group(&self) -> &GroupId {
        self.operation.group()
    }

    fn needs(&self, context: &Context, group: &Group) -> Needs {
        self.operation.needs(context, group)
    }

    fn decide(&self, context: &Context, scene: Option<Scene>) -> Option<Outcome> {
        let kind = scene.as_ref().map(|scene| scene.group.kind);
        let decided =
            scene.ok_or(Refusal::NoSuchGroup).and_then(|scene| self.operation.decide(context, scene));
        let mut afterwards = None;
        let (outcome, answer) = match (decided, kind) {
            (Ok(Decision { changes, answer, events }), Some(kind)) => {
                let group = self.operation.group();
                afterwards =
                    self.subscribers.happened(Happened { group, kind, changes: &changes, events: &events });
                let notes = outbox::notes(&*self.subscribers, group, kind, events);
                (Some(Outcome { changes, notes }), Ok(answer))
            }
            (Ok(_), None) => (None, Err(Refusal::NoSuchGroup)),
            (Err(refusal), _) => (None, Err(refusal)),
        };
        *self.afterwards.lock().unwrap_or_else(PoisonError::into_inner) = afterwards;
        answered(&self.answer, answer);
        outcome
    }
}

struct AskedSilently<I: GroupImport> {
    operation: I,
    answer: Answered<I::Answer>,
}

impl<I: GroupImport> Pending for AskedSilently<I> {
    fn group(&self) -> &GroupId {
        self.operation.group()
    }

    fn needs(&self, context: &Context, group: &Group) -> Needs {
        self.operation.needs(context, group)
    }

    fn decide(&self, context: &Context, scene: Option<Scene>) -> Option<Outcome> {
        let decided =
            scene.ok_or(Refusal::NoSuchGroup).and_then(|scene| self.operation.decide(context, scene));
        let (outcome, answer) = match decided {
            Ok(Imported { changes, answer }) => (Some(Outcome { changes, notes: Vec::new() }), Ok(answer)),
            Err(refusal) => (None, Err(refusal)),
        };
        answered(&self.answer, answer);
        outcome
    }
}

/// Performs an operation on one group, and has `subscribers` told of it.
///
/// # Errors
/// A rule refused it, or the store failed.
pub async fn perform<O: GroupOperation>(
    store: &dyn Store,
    context: Context,
    operation: O,
    subscribers: Arc<dyn Subscribers>,
) -> Result<O::Answer, OperationError<Refusal>> {
    let asked =
        Arc::new(Asked { operation, subscribers, answer: Mutex::new(None), afterwards: Mutex::new(None) });
    store.change_group(context, Arc::clone(&asked) as Arc<dyn Pending>).await?;
    let afterwards = asked.afterwards.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(afterwards) = afterwards {
        afterwards();
    }
    taken(&asked.answer)
}

/// Imports something into one group, of which nobody is told.
///
/// # Errors
/// A rule refused it, or the store failed.
pub async fn import<I: GroupImport>(
    store: &dyn Store,
    context: Context,
    operation: I,
) -> Result<I::Answer, OperationError<Refusal>> {
    let asked = Arc::new(AskedSilently { operation, answer: Mutex::new(None) });
    store.change_group(context, Arc::clone(&asked) as Arc<dyn Pending>).await?;
    taken(&asked.answer)
}

fn taken<Answer>(answer: &Answered<Answer>) -> Result<Answer, OperationError<Refusal>> {
    match answer.lock().unwrap_or_else(PoisonError::into_inner).take() {
        Some(decided) => decided.map_err(OperationError::Refused),
        None => Err(StoreError::Failed("the store did not ask the rule".into()).into()),
    }
}
