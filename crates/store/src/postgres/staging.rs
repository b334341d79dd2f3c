//! Groups with more messages than one statement takes. Each is one transaction, which takes the messages as they come and
//! the group at last: until then nobody sees anything, and whatever ends the transaction leaves nothing behind.
//!
//! It holds no lock until it brings the group in, so that nobody waits for it. The id is kept from other callers of this
//! server. When another server makes a group of the same id meanwhile, that group stays.

use super::database::{Database, Kind, Tx, Work};
use super::failure::Failure;
use super::list_positions::ListPositions;
use super::locks;
use super::statements;
use super::tables;
use super::whole_groups::{ImportWholeGroups, MessageRows, bring_in};
use crate::unpoisoned::unpoisoned;
use async_trait::async_trait;
use landfall_domain::bulk::{StageRefusal, WholeGroupOutcome};
use landfall_domain::context::Context;
use landfall_domain::error::StoreError;
use landfall_domain::ids::{AppId, GroupId};
use landfall_domain::message::Conversation;
use landfall_domain::origin::JobId;
use landfall_domain::staged::{Staged, WholeMessage};
use landfall_domain::whole_group::{WholeGroup, WholeGroupRefusal};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

/// Rows of a transaction that brings in several groups, about.
const ROWS_PER_STEP: usize = 4_000;
/// Messages of one statement.
const MESSAGES_PER_STEP: usize = 2_000;
/// Bytes of messages of one statement, about.
const BYTES_PER_STEP: usize = 2 << 20;
/// Steps that wait for the database.
const STEPS_WAITING: usize = 1;

/// Groups that are on their way in by this server.
pub(super) struct Staging {
    database: Database,
    positions: Arc<ListPositions>,
    open: Mutex<BTreeMap<(AppId, GroupId), Open>>,
}

/// A transaction that takes messages.
struct Open {
    job: JobId,
    steps: mpsc::Sender<Step>,
    task: JoinHandle<Result<Option<WholeGroupOutcome>, Failure>>,
}

enum Step {
    Messages(Conversation, Vec<WholeMessage>, oneshot::Sender<Result<(), StageRefusal>>),
    Finish { context: Context, whole: Box<WholeGroup>, position: u64 },
}

fn ended() -> StoreError {
    StoreError::Failed("the transaction of the staged messages has ended; begin the group again".into())
}

impl Staging {
    pub(super) fn new(database: Database, positions: Arc<ListPositions>) -> Self {
        Self { database, positions, open: Mutex::default() }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<(AppId, GroupId), Open>> {
        // Every change of the map is one step.
        unpoisoned(self.open.lock())
    }

    /// Whether a group of this id is on its way in.
    pub(super) fn has(&self, app: AppId, id: &GroupId) -> bool {
        let open = self.lock();
        !open.is_empty() && open.contains_key(&(app, id.clone()))
    }

    /// The job that brings a group of this id in.
    fn job_of(&self, app: AppId, id: &GroupId) -> Option<JobId> {
        self.lock().get(&(app, id.clone())).map(|open| open.job)
    }

    /// Brings groups in: those that are staged or large by themselves, the others together.
    pub(super) async fn import(
        &self,
        context: Context,
        groups: Vec<WholeGroup>,
    ) -> Result<Vec<WholeGroupOutcome>, StoreError> {
        let mut outcomes = Vec::with_capacity(groups.len());
        let (mut step, mut weight) = (Vec::new(), 0);
        for whole in groups {
            let alone = is_large(&whole) || self.has(context.app, &whole.id());
            let rows = rows(&whole);
            if alone || ROWS_PER_STEP < weight + rows {
                outcomes.append(&mut self.import_step(context, std::mem::take(&mut step)).await?);
                weight = 0;
            }
            if alone {
                outcomes.push(self.import_alone(context, whole).await?);
            } else {
                weight += rows;
                step.push(whole);
            }
        }
        outcomes.append(&mut self.import_step(context, step).await?);
        Ok(outcomes)
    }

    async fn import_step(
        &self,
        context: Context,
        groups: Vec<WholeGroup>,
    ) -> Result<Vec<WholeGroupOutcome>, StoreError> {
        if groups.is_empty() {
            return Ok(Vec::new());
        }
        let failed = |failure: Failure| failure.while_doing(ImportWholeGroups::DOING);
        let count = groups.len() as u64;
        let first = self.positions.take(&self.database, context.app, count).await.map_err(failed)?;
        let work = ImportWholeGroups { context, groups, first_position: first };
        let database = self.database.clone();
        // To the end, even when the caller goes away.
        let importing = tokio::spawn(async move { database.perform(&work).await });
        importing.await.unwrap_or(Err(Failure::Panicked)).map_err(failed)
    }

    async fn import_alone(
        &self,
        context: Context,
        mut whole: WholeGroup,
    ) -> Result<WholeGroupOutcome, StoreError> {
        let (app, id, job) = (context.app, whole.id(), whole.origin.job);
        if whole.staged == 0 {
            // What a call that broke off has left.
            self.discard(app, job, &id).await?;
        }
        let count = whole.messages.iter().map(|(_, messages)| messages.len() as u64).sum::<u64>();
        let staged = self.stage(app, job, &id, std::mem::take(&mut whole.messages)).await;
        match staged {
            // What is there is found out again by the step that brings the group in.
            Ok(Ok(()) | Err(StageRefusal::AlreadyThere)) => whole.staged += count,
            Ok(Err(StageRefusal::BeingImported)) => {
                return Ok(WholeGroupOutcome::Refused(WholeGroupRefusal::BeingImported));
            }
            Ok(Err(StageRefusal::Message(bad))) => {
                self.discard(app, job, &id).await?;
                return Ok(WholeGroupOutcome::Refused(WholeGroupRefusal::Message(bad)));
            }
            Err(error) => {
                self.discard(app, job, &id).await?;
                return Err(error);
            }
        }
        let failed = |failure: Failure| failure.while_doing(StagedGroup::DOING);
        let position = self.positions.take(&self.database, app, 1).await.map_err(failed)?;
        // There may be none if the group has no messages.
        drop(self.steps(app, job, &id));
        let Some(open) = self.take(app, job, &id) else { return Err(ended()) };
        let finish = Step::Finish { context, whole: Box::new(whole), position };
        open.steps.send(finish).await.map_err(|_| ended())?;
        drop(open.steps);
        open.task.await.unwrap_or(Err(Failure::Panicked)).map_err(failed)?.ok_or_else(ended)
    }

    /// Takes messages of a group that is not there yet.
    pub(super) async fn stage(
        &self,
        app: AppId,
        job: JobId,
        id: &GroupId,
        messages: Vec<(Conversation, Vec<WholeMessage>)>,
    ) -> Result<Result<(), StageRefusal>, StoreError> {
        if self.job_of(app, id).is_some_and(|of| of != job) {
            return Ok(Err(StageRefusal::BeingImported));
        }
        for (place, messages) in messages {
            let mut messages = messages.into_iter().peekable();
            while messages.peek().is_some() {
                let mut left = BYTES_PER_STEP;
                let mut step = Vec::new();
                while step.len() < MESSAGES_PER_STEP && 0 < left {
                    let Some(message) = messages.next() else { break };
                    left = left.saturating_sub(bytes(&message));
                    step.push(message);
                }
                let (reply, answer) = oneshot::channel();
                let steps = self.steps(app, job, id);
                steps.send(Step::Messages(place.clone(), step, reply)).await.map_err(|_| ended())?;
                match answer.await {
                    Ok(Ok(())) => {}
                    Ok(Err(refusal)) => return Ok(Err(refusal)),
                    Err(_) => return Err(ended()),
                }
            }
        }
        Ok(Ok(()))
    }

    /// The transaction of a group, begun now if there is none.
    fn steps(&self, app: AppId, job: JobId, id: &GroupId) -> mpsc::Sender<Step> {
        let mut all = self.lock();
        let open = all.entry((app, id.clone())).or_insert_with(|| {
            let (steps, waiting) = mpsc::channel(STEPS_WAITING);
            let (database, id) = (self.database.clone(), id.clone());
            let task = tokio::spawn(async move {
                let group = StagedGroup { app, id, steps: tokio::sync::Mutex::new(waiting) };
                let done = database.perform(&group).await;
                if let Err(failure) = &done {
                    tracing::warn!(error = %failure, group = %group.id, "a staged group is lost: {failure}");
                }
                done
            });
            Open { job, steps, task }
        });
        open.steps.clone()
    }

    fn take(&self, app: AppId, job: JobId, id: &GroupId) -> Option<Open> {
        let mut all = self.lock();
        let key = (app, id.clone());
        if all.get(&key).is_some_and(|open| open.job == job) { all.remove(&key) } else { None }
    }

    /// Ends the transaction of a group, which leaves nothing.
    pub(super) async fn discard(&self, app: AppId, job: JobId, id: &GroupId) -> Result<(), StoreError> {
        if let Some(open) = self.take(app, job, id) {
            drop(open.steps);
            // One that failed has left nothing either.
            drop(open.task.await);
        }
        Ok(())
    }
}

/// Rows that a group takes, about.
fn rows(whole: &WholeGroup) -> usize {
    let messages: usize = whole.messages.iter().map(|(_, messages)| messages.len()).sum();
    6 + 2 * whole.members.len() + whole.topics.len() + messages
}

fn bytes(message: &WholeMessage) -> usize {
    message.body.elements.len() + message.body.custom.len() + 64
}

/// Whether the messages of a group are more than a statement takes.
fn is_large(whole: &WholeGroup) -> bool {
    let messages = || whole.messages.iter().flat_map(|(_, messages)| messages);
    MESSAGES_PER_STEP < messages().count() || BYTES_PER_STEP < messages().map(bytes).sum()
}

/// The transaction of one group.
struct StagedGroup {
    app: AppId,
    id: GroupId,
    steps: tokio::sync::Mutex<mpsc::Receiver<Step>>,
}

#[async_trait]
impl Work for StagedGroup {
    /// `None` when the group was given up.
    type Output = Option<WholeGroupOutcome>;
    const DOING: &'static str = "importing a large group";
    const KIND: Kind = Kind::Copy;

    async fn perform(&self, tx: &Tx) -> Result<Self::Output, Failure> {
        let mut steps = self.steps.lock().await;
        tx.begin(None, &[]).await?;
        let there = !tables::taken_groups(tx, self.app, &[&self.id]).await?.is_empty();
        let mut staged = Staged::default();
        while let Some(step) = steps.recv().await {
            match step {
                Step::Messages(_, _, reply) if there => drop(reply.send(Err(StageRefusal::AlreadyThere))),
                Step::Messages(place, messages, reply) => {
                    let answer = match staged.number(vec![(place, messages)]) {
                        Ok(messages) => {
                            let mut rows = MessageRows::with_capacity(self.app, messages.len());
                            rows.push(&self.id, &messages);
                            rows.write(tx).await?;
                            Ok(())
                        }
                        Err(bad) => Err(bad.into()),
                    };
                    drop(reply.send(answer));
                }
                Step::Finish { context, whole, position } => {
                    tx.run(&statements::LOCK_SHARED, &[&locks::app(self.app)]).await?;
                    let outcome = bring_in(tx, &context, vec![(*whole, staged)], position).await?.pop();
                    if outcome != Some(WholeGroupOutcome::Created) {
                        tx.take_back().await?;
                    }
                    return Ok(outcome);
                }
            }
        }
        tx.take_back().await?;
        Ok(None)
    }
}
