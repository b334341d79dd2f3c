//! Operations on one group: the rows an operation reads, and the changes it makes.
//!
//! An operation is a value with a pure rule. A store loads what the rule asks for, calls it within a transaction that
//! has the group for itself, and writes what it answers: whole or not at all. So an operation is written once, for
//! every store.

#![warn(missing_docs)]

mod perform;

pub use perform::{import, perform};

use crate::actor::Action;
use crate::changes::Changes;
use crate::context::Context;
use crate::event::Event;
use crate::group::Group;
use crate::ids::{GroupId, UserId};
use crate::outbox::OutboxEntry;
use crate::refusal::Refusal;
use crate::snapshot::{GroupSnapshot, Needs};

/// The decision of a rule.
#[derive(Clone, Debug)]
pub struct Decision<Answer> {
    /// The changes of the group.
    pub changes: Changes,
    /// The answer to the caller.
    pub answer: Answer,
    /// The events that webhooks and clients receive.
    pub events: Vec<Event>,
}

impl<Answer> Decision<Answer> {
    /// Changes without an event.
    #[must_use]
    pub fn new(changes: Changes, answer: Answer) -> Self {
        Self { changes, answer, events: Vec::new() }
    }

    /// Nothing changes.
    #[must_use]
    pub fn unchanged(answer: Answer) -> Self {
        Self::new(Changes::default(), answer)
    }

    /// The same with another answer.
    #[must_use]
    pub fn answered<Other>(self, answer: Other) -> Decision<Other> {
        Decision { changes: self.changes, answer, events: self.events }
    }

    /// Adds an event, if there is one.
    #[must_use]
    pub fn with_event(mut self, event: impl Into<Option<Event>>) -> Self {
        self.events.extend(event.into());
        self
    }
}

/// The decision of an import: it has no field for events.
#[derive(Clone, Debug)]
pub struct Imported<Answer> {
    /// The changes of the group.
    pub changes: Changes,
    /// The answer to the caller.
    pub answer: Answer,
}

/// An operation on one group.
pub trait GroupOperation: Send + Sync + 'static {
    /// The answer to the caller.
    type Answer: Send + 'static;

    /// The group.
    fn group(&self) -> &GroupId;

    /// What it does, as far as rights go: checked before [`decide`](Self::decide) where an account acts for itself.
    fn actions(&self) -> Vec<Action>;

    /// The rows to load besides `group`.
    fn needs(&self, context: &Context, group: &Group) -> Needs;

    /// Whom a tip about it names: who does it, and then with whom. Where clients listen, what others see of them is loaded.
    fn tells_of(&self) -> Vec<&UserId> {
        Vec::new()
    }

    /// Decides. May be called several times; only the last call counts. The snapshot has what [`needs`](Self::needs) named, and
    /// where an account acts what the check of its rights read: its own membership among others.
    ///
    /// # Errors
    /// The reason why nothing changes.
    fn decide(&self, context: &Context, snapshot: GroupSnapshot) -> Result<Decision<Self::Answer>, Refusal>;
}

/// An import into one group: an operation without events, by type.
///
/// ```compile_fail,E0560
/// use landfall_domain::event::Event;
/// use landfall_domain::changes::Changes;
/// use landfall_domain::operation::Imported;
/// let imported = Imported { changes: Changes::default(), answer: (), events: vec![Event::Full] };
/// ```
///
/// The function that performs an import takes no subscribers:
///
/// ```compile_fail,E0061
/// use landfall_domain::subscribers::Subscribers;
/// use landfall_domain::operation::{GroupImport, import};
/// use landfall_domain::context::Context;
/// use landfall_domain::store::Store;
/// use std::sync::Arc;
/// async fn reach<I: GroupImport>(store: &dyn Store, context: Context, operation: I, all: Arc<dyn Subscribers>) {
///     drop(import(store, context, operation, all).await);
/// }
/// ```
///
/// No account can perform it for itself, with its events:
///
/// ```compile_fail,E0277
/// use landfall_domain::actor::Actor;
/// use landfall_domain::context::Context;
/// use landfall_domain::operation::{GroupImport, perform};
/// use landfall_domain::store::Store;
/// use landfall_domain::subscribers::Subscribers;
/// use std::sync::Arc;
/// async fn reach<I: GroupImport>(store: &dyn Store, context: Context, actor: Actor, operation: I, all: Arc<dyn Subscribers>) {
///     drop(perform(store, context, actor, operation, all).await);
/// }
/// ```
///
/// where an operation compiles:
///
/// ```
/// use landfall_domain::actor::Actor;
/// use landfall_domain::context::Context;
/// use landfall_domain::operation::{GroupOperation, perform};
/// use landfall_domain::store::Store;
/// use landfall_domain::subscribers::Subscribers;
/// use std::sync::Arc;
/// async fn reach<O: GroupOperation>(store: &dyn Store, context: Context, actor: Actor, operation: O, all: Arc<dyn Subscribers>) {
///     drop(perform(store, context, actor, operation, all).await);
/// }
/// ```
pub trait GroupImport: Send + Sync + 'static {
    /// The answer to the caller.
    type Answer: Send + 'static;

    /// The group.
    fn group(&self) -> &GroupId;

    /// The rows to load besides `group`.
    fn needs(&self, context: &Context, group: &Group) -> Needs;

    /// Decides. May be called several times; only the last call counts.
    ///
    /// # Errors
    /// The reason why nothing changes.
    fn decide(&self, context: &Context, snapshot: GroupSnapshot) -> Result<Imported<Self::Answer>, Refusal>;
}

/// An operation with its answer's type forgotten, as a store takes it.
pub trait DynOperation: Send + Sync {
    /// The group.
    fn group(&self) -> &GroupId;

    /// The rows to load besides `group`.
    fn needs(&self, context: &Context, group: &Group) -> Needs;

    /// Decides, and keeps the answer for the caller. `None` as a snapshot: there is no such group. What comes back is to be
    /// written; nothing when the operation was refused.
    fn decide(&self, context: &Context, snapshot: Option<GroupSnapshot>) -> Option<Outcome>;
}

/// What a store is to write.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The changes of the group.
    pub changes: Changes,
    /// What is put into the outbox, in the lane of the group.
    pub outbox: Vec<OutboxEntry>,
}
