//! Bringing in whole groups. Many small ones share a batch with whatever else waits; the messages of a large one are
//! written before, in steps.
//!
//! The steps are short, because other callers wait for the batch they are in. Rows of a group that is not there yet are
//! seen by nobody: every read begins with the group's own row. A sweep's row says what to remove after a crash.

use super::changes::Decided;
use super::committer::Committer;
use super::keys::{self, Sweep};
use super::message_pages::{latest, pages, record_days};
use super::records::{self, GroupRow};
use super::rows::{Rows, provenance_rows};
use super::snapshots::family_keys;
use super::sweep;
use super::tx::Tx;
use crate::parts;
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use landfall_domain::bulk::{BroughtGroup, StageRefusal, WholeGroupOutcome};
use landfall_domain::context::Context;
use landfall_domain::error::StoreError;
use landfall_domain::group::Group;
use landfall_domain::ids::{AppId, GroupId, UserId};
use landfall_domain::member::Role;
use landfall_domain::message::Conversation;
use landfall_domain::origin::{JobId, Provenance, Seal};
use landfall_domain::part::{Part, PartFamily, PartKey};
use landfall_domain::staged::{Staged, WholeMessage};
use landfall_domain::topic::Topic;
use landfall_domain::whole_group::{CreatedWholeGroup, WholeGroup, WholeGroupRefusal, whole_group};
use std::ops::ControlFlow;

/// Rows written in one step, about.
const ROWS_PER_STEP: usize = 200;
/// Steps that wait for their turn at the same time, so that one is ready whenever a batch begins.
const STEPS_IN_FLIGHT: usize = 3;
/// Messages written in one step.
const MESSAGES_PER_STEP: usize = 1_000;
/// Bytes of messages written in one step, about.
const BYTES_PER_STEP: usize = 256 << 10;

/// Brings groups in, as many in one step as are short.
pub(super) async fn import(
    committer: &Committer,
    context: Context,
    groups: Vec<WholeGroup>,
) -> Result<Vec<WholeGroupOutcome>, StoreError> {
    let mut outcomes = Vec::with_capacity(groups.len());
    let mut steps = steps(groups).into_iter().peekable();
    while let Some(step) = steps.next() {
        // A large group is written in many steps of its own, and the same group may be there twice.
        let is_large = matches!(step, Step::Large(_));
        let alike =
            std::iter::from_fn(|| steps.next_if(|next| !is_large && matches!(next, Step::Several(_))));
        let done = stream::iter(std::iter::once(step).chain(alike))
            .map(|step| perform(committer, context, step))
            .buffered(STEPS_IN_FLIGHT)
            .try_collect::<Vec<_>>();
        outcomes.extend(done.await?.into_iter().flatten());
    }
    Ok(outcomes)
}

/// What is brought in at once.
enum Step {
    Several(Vec<WholeGroup>),
    /// One whose messages are written before.
    Large(Box<WholeGroup>),
}

/// Groups in their order, as many in one step as are short.
fn steps(groups: Vec<WholeGroup>) -> Vec<Step> {
    let (mut steps, mut several, mut weight) = (Vec::new(), Vec::new(), 0);
    for whole in groups {
        let rows = rows(&whole);
        let large = is_large(&whole);
        if (large || ROWS_PER_STEP < weight + rows) && !several.is_empty() {
            steps.push(Step::Several(std::mem::take(&mut several)));
            weight = 0;
        }
        if large {
            steps.push(Step::Large(Box::new(whole)));
        } else {
            weight += rows;
            several.push(whole);
        }
    }
    steps.push(Step::Several(several));
    steps
}

async fn perform(
    committer: &Committer,
    context: Context,
    step: Step,
) -> Result<Vec<WholeGroupOutcome>, StoreError> {
    match step {
        Step::Several(groups) => import_step(committer, context, groups).await,
        Step::Large(mut whole) => match stage_all(committer, context.app, &mut whole).await? {
            None => import_step(committer, context, vec![*whole]).await,
            Some(refusal) => Ok(vec![WholeGroupOutcome::Refused(refusal)]),
        },
    }
}

async fn import_step(
    committer: &Committer,
    context: Context,
    groups: Vec<WholeGroup>,
) -> Result<Vec<WholeGroupOutcome>, StoreError> {
    if groups.is_empty() {
        return Ok(Vec::new());
    }
    let mut outcomes = Vec::with_capacity(groups.len());
    let import =
        move |tx: &mut Tx<'_>| groups.into_iter().map(|whole| import_one(tx, context, whole)).collect();
    let done: Vec<Result<WholeGroupOutcome, Box<WholeGroup>>> = committer.run(import).await?;
    for outcome in done {
        outcomes.push(match outcome {
            Ok(outcome) => outcome,
            Err(whole) => import_anew(committer, context, *whole).await?,
        });
    }
    Ok(outcomes)
}

/// Brings a group in after removing what a call that broke off has left of it.
async fn import_anew(
    committer: &Committer,
    context: Context,
    whole: WholeGroup,
) -> Result<WholeGroupOutcome, StoreError> {
    let (app, id, job) = (context.app, whole.id(), whole.origin.job);
    committer.run_alone(move |tx| discard_staged(tx, app, job, &id)).await?;
    let outcome = committer.run(move |tx| import_one(tx, context, whole)).await?;
    Ok(outcome.unwrap_or(WholeGroupOutcome::Refused(WholeGroupRefusal::BeingImported)))
}

/// Rows that a group takes, about.
fn rows(whole: &WholeGroup) -> usize {
    let messages: usize = whole.messages.iter().map(|(_, messages)| messages.len()).sum();
    6 + 2 * whole.members.len() + whole.topics.len() + messages / 4
}

fn bytes(message: &WholeMessage) -> usize {
    message.body.elements.len() + message.body.custom.len() + 64
}

/// Whether the messages of a group are more than a step writes.
pub(super) fn is_large(whole: &WholeGroup) -> bool {
    let messages = || whole.messages.iter().flat_map(|(_, messages)| messages);
    MESSAGES_PER_STEP < messages().count() || BYTES_PER_STEP < messages().map(bytes).sum()
}

/// Stages all messages of a group; the reason when that is refused.
async fn stage_all(
    committer: &Committer,
    app: AppId,
    whole: &mut WholeGroup,
) -> Result<Option<WholeGroupRefusal>, StoreError> {
    let (id, job) = (whole.id(), whole.origin.job);
    if whole.staged == 0 {
        let id = id.clone();
        committer.run_alone(move |tx| discard_staged(tx, app, job, &id)).await?;
    }
    let count = whole.messages.iter().map(|(_, messages)| messages.len() as u64).sum::<u64>();
    Ok(match stage(committer, app, job, &id, std::mem::take(&mut whole.messages)).await? {
        // What is there is found out again by the step that brings the group in.
        Ok(()) | Err(StageRefusal::AlreadyThere) => {
            whole.staged += count;
            None
        }
        Err(StageRefusal::BeingImported) => Some(WholeGroupRefusal::BeingImported),
        Err(StageRefusal::Message(bad)) => {
            committer.run_alone(move |tx| discard_staged(tx, app, job, &id)).await?;
            Some(WholeGroupRefusal::Message(bad))
        }
    })
}

/// Writes messages of a group that is not there yet, in short steps.
pub(super) async fn stage(
    committer: &Committer,
    app: AppId,
    job: JobId,
    id: &GroupId,
    messages: Vec<(Conversation, Vec<WholeMessage>)>,
) -> Decided<(), StageRefusal> {
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
            let (id, place) = (id.clone(), place.clone());
            let staged = committer.run(move |tx| stage_step(tx, app, job, &id, place, step)).await?;
            if let Err(refusal) = staged {
                return Ok(Err(refusal));
            }
        }
    }
    Ok(Ok(()))
}

fn stage_step(
    tx: &mut Tx<'_>,
    app: AppId,
    job: JobId,
    id: &GroupId,
    place: Conversation,
    messages: Vec<WholeMessage>,
) -> Decided<(), StageRefusal> {
    let mut staged = match tx.staged(app, id) {
        Some((of, staged)) if of == job => staged,
        Some(_) => return Ok(Err(StageRefusal::BeingImported)),
        None if tx.group_exists(app, id)? => return Ok(Err(StageRefusal::AlreadyThere)),
        None => Staged::default(),
    };
    let messages = match staged.number(vec![(place, messages)]) {
        Ok(messages) => messages,
        Err(bad) => return Ok(Err(bad.into())),
    };
    let pages = pages(tx, app, id, &[], &messages)?;
    tx.existence().messages.skip(latest(&messages));
    tx.set_staged(app, id, Some((job, staged)));
    pages.into_iter().for_each(|(key, page)| tx.put_row(key, page));
    record_days(app, id, None, &messages, |key| tx.put_row(key, Vec::new()));
    Ok(Ok(()))
}

/// Removes what a job has staged for a group.
pub(super) fn discard_staged(
    tx: &mut Tx<'_>,
    app: AppId,
    job: JobId,
    id: &GroupId,
) -> Result<(), StoreError> {
    if tx.staged(app, id).is_some_and(|(of, _)| of == job) {
        tx.set_staged(app, id, None);
        let mut budget = sweep::ROWS_PER_BATCH;
        sweep::begin(tx, Sweep::Group(app, id.clone()), &mut budget)?;
    }
    Ok(())
}

/// Brings one group in: its rows, then its head. It comes back when what a call that broke off has left is in its way.
fn import_one(
    tx: &mut Tx<'_>,
    context: Context,
    whole: WholeGroup,
) -> Result<Result<WholeGroupOutcome, Box<WholeGroup>>, StoreError> {
    let (app, id, job) = (context.app, whole.id(), whole.origin.job);
    let staged = match tx.staged(app, &id) {
        Some((of, _)) if of == job && whole.staged == 0 => return Ok(Err(Box::new(whole))),
        Some((of, staged)) if of == job => Some(staged),
        Some(_) => return Ok(Ok(WholeGroupOutcome::Refused(WholeGroupRefusal::BeingImported))),
        None if tx.group_exists(app, &id)? => {
            return Ok(Ok(WholeGroupOutcome::AlreadyThere(brought(tx, app, &id)?.map(Box::new))));
        }
        None => None,
    };
    let was_staged = staged.is_some();
    let position = tx.counters(app)?.last_position + 1;
    let known = |account: &UserId| tx.account_exists(app, account);
    let made = whole_group(whole, staged.unwrap_or_default(), position, &context, known)?;
    let CreatedWholeGroup { group, members, parts, messages, placeholders, provenance } = match made {
        Ok(made) => made,
        Err(refusal) => {
            discard_staged(tx, app, job, &id)?;
            return Ok(Ok(WholeGroupOutcome::Refused(refusal)));
        }
    };
    let pages = pages(tx, app, &id, &[], &messages)?;
    tx.existence().messages.skip(latest(&messages));
    let counters = tx.counters(app)?;
    counters.last_position = position;
    counters.groups[usize::from(group.kind.code())] += 1;
    if was_staged {
        tx.set_staged(app, &id, None);
    }
    tx.put_placeholders(app, &placeholders, context.now);
    pages.into_iter().for_each(|(key, page)| tx.put_row(key, page));
    record_days(app, &id, None, &messages, |key| tx.put_row(key, Vec::new()));
    rows_beside(app, &id, &parts, &provenance, |key, value| tx.put_row(key, value));
    let (owner, others): (Vec<_>, Vec<_>) =
        members.into_iter().partition(|member| member.role == Role::Owner);
    let row = GroupRow { group, owner: owner.into_iter().next() };
    for member in &others {
        tx.put_member(app, &row.group, member);
    }
    if let Some(owner) = &row.owner {
        tx.put_joined(app, &row.group, &owner.account);
    }
    tx.put_listed(app, &row.group);
    tx.put_group(app, &row);
    Ok(Ok(WholeGroupOutcome::Created))
}

/// The parts of a new group, and where it came from.
pub(super) fn rows_beside(
    app: AppId,
    id: &GroupId,
    new: &[(PartKey, Part)],
    provenance: &Provenance,
    mut put: impl FnMut(Vec<u8>, Vec<u8>),
) {
    for (key, part) in new {
        put(keys::part(app, id, &parts::name(key)), records::encode_part(part));
    }
    provenance_rows(app, id, provenance).for_each(|(key, value)| put(key, value));
}

/// Where a group came from and whether it was touched since; `None` where no job brought it in.
pub(super) fn brought(
    rows: &impl Rows,
    app: AppId,
    id: &GroupId,
) -> Result<Option<BroughtGroup>, StoreError> {
    // Most of those asked for are new.
    let Some(provenance) = rows.provenance(app, id)? else { return Ok(None) };
    let Some(row) = rows.group_row(app, id)? else { return Ok(None) };
    let topics = topics(rows, app, &row.group)?;
    let touched = Seal::of(&row.group, &topics) != provenance.seal;
    Ok(Some(BroughtGroup { provenance, touched }))
}

/// The topics of a group.
pub(super) fn topics(rows: &impl Rows, app: AppId, group: &Group) -> Result<Vec<Topic>, StoreError> {
    let (mut topics, id) = (Vec::new(), &group.id);
    if group.support_topic {
        rows.scan(family_keys(app, id, &PartFamily::Topics), &mut |key, value| {
            let key = keys::part_key(key, id).ok_or(records::Damaged("name of a part"))?;
            if let Part::Topic(topic) = records::decode_part(&key, value)? {
                topics.push(topic);
            }
            Ok(ControlFlow::Continue(()))
        })?;
    }
    Ok(topics)
}
