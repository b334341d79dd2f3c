//! Performing operations on people: the types of answer and refusal are forgotten on the way through the store.

use super::{
    DynPeopleOperation, PeopleDecision, PeopleImport, PeopleImported, PeopleOperation, PeopleOutcome,
};
use crate::answer_slot::{AnswerSlot, lock};
use crate::context::Context;
use crate::error::OperationError;
use crate::outbox;
use crate::people::changes::PeopleChanges;
use crate::people::snapshot::{PeopleNeeds, PeopleSnapshot};
use crate::people::{Pair, Subject};
use crate::store::Store;
use crate::subscribers::{AfterCommit, AppliedPeopleChange, Subscribers};
use std::sync::{Arc, Mutex};

/// Whether an operation on `subjects` may make these changes: a pair that it has for itself includes the facts that its
/// accounts keep about each other.
fn are_of(changes: &PeopleChanges, subjects: &[Subject]) -> bool {
    let facts = changes.facts.iter().filter_map(|(subject, key, _)| match (subject, key.peer()) {
        (Subject::Account(account), Some(peer)) => {
            let pair = Pair::of(account.clone(), peer.clone());
            subjects.contains(&Subject::Pair(pair)).then(|| subject.clone())
        }
        _ => None,
    });
    let of_pairs: Vec<Subject> = facts.collect();
    changes.subjects().all(|subject| subjects.contains(&subject) || of_pairs.contains(&subject))
}

struct OperationCall<O: PeopleOperation> {
    operation: O,
    subscribers: Arc<dyn Subscribers>,
    answer: AnswerSlot<O::Answer, O::Refusal>,
    after_commit: Mutex<Option<AfterCommit>>,
}

impl<O: PeopleOperation> DynPeopleOperation for OperationCall<O> {
    fn subjects(&self) -> Vec<Subject> {
        self.operation.subjects()
    }

    fn needs(&self, context: &Context) -> PeopleNeeds {
        self.operation.needs(context)
    }

    fn then_needs(&self, context: &Context, found: &PeopleSnapshot) -> PeopleNeeds {
        self.operation.then_needs(context, found)
    }

    fn decide(&self, context: &Context, snapshot: PeopleSnapshot) -> Option<PeopleOutcome> {
        let mut after_commit = None;
        let (outcome, answer) = match self.operation.decide(context, snapshot) {
            Ok(PeopleDecision { changes, answer, events }) => {
                debug_assert!(are_of(&changes, &self.subjects()), "{changes:?}");
                let change = AppliedPeopleChange { changes: &changes, events: &events };
                after_commit = self.subscribers.on_people_change(change);
                let outbox = outbox::entries_of_people(&*self.subscribers, events);
                (Some(PeopleOutcome { changes, outbox }), Ok(answer))
            }
            Err(refusal) => (None, Err(refusal)),
        };
        *lock(&self.after_commit) = after_commit;
        self.answer.set(answer);
        outcome
    }
}

struct ImportCall<I: PeopleImport> {
    operation: I,
    answer: AnswerSlot<I::Answer, I::Refusal>,
}

impl<I: PeopleImport> DynPeopleOperation for ImportCall<I> {
    fn subjects(&self) -> Vec<Subject> {
        self.operation.subjects()
    }

    fn needs(&self, context: &Context) -> PeopleNeeds {
        self.operation.needs(context)
    }

    fn then_needs(&self, context: &Context, found: &PeopleSnapshot) -> PeopleNeeds {
        self.operation.then_needs(context, found)
    }

    fn decide(&self, context: &Context, snapshot: PeopleSnapshot) -> Option<PeopleOutcome> {
        let (outcome, answer) = match self.operation.decide(context, snapshot) {
            Ok(PeopleImported { changes, answer }) => {
                debug_assert!(are_of(&changes, &self.subjects()), "{changes:?}");
                (Some(PeopleOutcome { changes, outbox: Vec::new() }), Ok(answer))
            }
            Err(refusal) => (None, Err(refusal)),
        };
        self.answer.set(answer);
        outcome
    }
}

/// Performs an operation on people, and notifies `subscribers` of it.
///
/// # Errors
/// A rule refused it, or the store failed.
pub async fn perform_people<O: PeopleOperation>(
    store: &dyn Store,
    context: Context,
    operation: O,
    subscribers: Arc<dyn Subscribers>,
) -> Result<O::Answer, OperationError<O::Refusal>> {
    let (answer, after_commit) = (AnswerSlot::new(), Mutex::new(None));
    let call = Arc::new(OperationCall { operation, subscribers, answer, after_commit });
    store.change_people(context, Arc::clone(&call) as Arc<dyn DynPeopleOperation>).await?;
    let after_commit = lock(&call.after_commit).take();
    if let Some(after_commit) = after_commit {
        after_commit();
    }
    call.answer.take()
}

/// Imports people, silently.
///
/// # Errors
/// A rule refused it, or the store failed.
pub async fn import_people<I: PeopleImport>(
    store: &dyn Store,
    context: Context,
    operation: I,
) -> Result<I::Answer, OperationError<I::Refusal>> {
    let call = Arc::new(ImportCall { operation, answer: AnswerSlot::new() });
    store.change_people(context, Arc::clone(&call) as Arc<dyn DynPeopleOperation>).await?;
    call.answer.take()
}
