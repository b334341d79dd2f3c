//! Operations on people: the rows an operation reads, and the changes it makes.

mod perform;

pub use perform::{import_people, perform_people};

use super::Subject;
use super::changes::PeopleChanges;
use super::event::PeopleEvent;
use super::snapshot::{PeopleNeeds, PeopleSnapshot};
use crate::context::Context;
use crate::outbox::{Lane, OutboxEntry};

/// The decision of a rule.
#[derive(Clone, Debug)]
pub struct PeopleDecision<Answer> {
    /// What changes.
    pub changes: PeopleChanges,
    /// The answer to the caller.
    pub answer: Answer,
    /// The events that webhooks and clients receive.
    pub events: Vec<PeopleEvent>,
}

impl<Answer> PeopleDecision<Answer> {
    /// Changes without an event.
    #[must_use]
    pub fn new(changes: PeopleChanges, answer: Answer) -> Self {
        Self { changes, answer, events: Vec::new() }
    }

    /// Nothing changes.
    #[must_use]
    pub fn unchanged(answer: Answer) -> Self {
        Self::new(PeopleChanges::default(), answer)
    }

    /// Adds an event, if there is one.
    #[must_use]
    pub fn with_event(mut self, event: impl Into<Option<PeopleEvent>>) -> Self {
        self.events.extend(event.into());
        self
    }
}

/// The decision of an import: it has no field for events.
#[derive(Clone, Debug)]
pub struct PeopleImported<Answer> {
    /// What changes.
    pub changes: PeopleChanges,
    /// The answer to the caller.
    pub answer: Answer,
}

/// An operation on people.
pub trait PeopleOperation: Send + Sync + 'static {
    /// The answer to the caller.
    type Answer: Send + 'static;
    /// The reasons why nothing changes.
    type Refusal: Send + 'static;

    /// What the operation has for itself while it decides; it changes nothing of other subjects. The deletion of an account
    /// waits for all operations of the app, so an account that is only looked at stays.
    fn subjects(&self) -> Vec<Subject>;

    /// The rows to load.
    fn needs(&self, context: &Context) -> PeopleNeeds;

    /// The rows to load once `found` is known, if there are any.
    fn then_needs(&self, _: &Context, _found: &PeopleSnapshot) -> PeopleNeeds {
        PeopleNeeds::default()
    }

    /// Decides. May be called several times; only the last call counts.
    ///
    /// # Errors
    /// The reason why nothing changes.
    fn decide(
        &self,
        context: &Context,
        snapshot: PeopleSnapshot,
    ) -> Result<PeopleDecision<Self::Answer>, Self::Refusal>;
}

/// An import of people: an operation without events, by type.
///
/// ```compile_fail,E0560
/// use landfall_domain::people::changes::PeopleChanges;
/// use landfall_domain::people::operation::PeopleImported;
/// let imported = PeopleImported { changes: PeopleChanges::default(), answer: (), events: Vec::new() };
/// ```
///
/// The function that performs an import takes no subscribers:
///
/// ```compile_fail,E0061
/// use landfall_domain::context::Context;
/// use landfall_domain::people::operation::{PeopleImport, import_people};
/// use landfall_domain::store::Store;
/// use landfall_domain::subscribers::Subscribers;
/// use std::sync::Arc;
/// async fn reach<I: PeopleImport>(store: &dyn Store, context: Context, import: I, all: Arc<dyn Subscribers>) {
///     drop(import_people(store, context, import, all).await);
/// }
/// ```
pub trait PeopleImport: Send + Sync + 'static {
    /// The answer to the caller.
    type Answer: Send + 'static;
    /// The reasons why nothing changes.
    type Refusal: Send + 'static;

    /// As of an [operation](PeopleOperation::subjects).
    fn subjects(&self) -> Vec<Subject>;

    /// The rows to load.
    fn needs(&self, context: &Context) -> PeopleNeeds;

    /// The rows to load once `found` is known, if there are any.
    fn then_needs(&self, _: &Context, _found: &PeopleSnapshot) -> PeopleNeeds {
        PeopleNeeds::default()
    }

    /// Decides. May be called several times; only the last call counts.
    ///
    /// # Errors
    /// The reason why nothing changes.
    fn decide(
        &self,
        context: &Context,
        snapshot: PeopleSnapshot,
    ) -> Result<PeopleImported<Self::Answer>, Self::Refusal>;
}

/// An operation with the types of its answer and refusals forgotten, as a store takes it.
pub trait DynPeopleOperation: Send + Sync {
    /// What the operation has for itself.
    fn subjects(&self) -> Vec<Subject>;

    /// The rows to load.
    fn needs(&self, context: &Context) -> PeopleNeeds;

    /// The rows to load once `found` is known, added to it.
    fn then_needs(&self, context: &Context, found: &PeopleSnapshot) -> PeopleNeeds;

    /// Decides, and keeps the answer for the caller. What comes back is to be written; nothing when the operation was
    /// refused.
    fn decide(&self, context: &Context, snapshot: PeopleSnapshot) -> Option<PeopleOutcome>;
}

/// What a store is to write.
#[derive(Clone, Debug)]
pub struct PeopleOutcome {
    /// What changes.
    pub changes: PeopleChanges,
    /// What is put into the outbox, each entry at the end of its lane.
    pub outbox: Vec<(Lane, OutboxEntry)>,
}
