//! Bringing in whole groups: all rows of some of them in one transaction, so that readers see all of it or nothing.

use super::columns::read_all;
use super::database::{Kind, Tx, Work};
use super::failure::Failure;
use super::rows::{CountLists, DayLists, MessageLists, NewMembers, OriginLists, PartLists};
use super::snapshots;
use super::statements;
use super::tables;
use super::values::app_column;
use crate::messages::day;
use async_trait::async_trait;
use landfall_domain::account::UnknownAccounts;
use landfall_domain::bulk::{BroughtGroup, WholeGroupOutcome};
use landfall_domain::context::Context;
use landfall_domain::ids::{AppId, GroupId, UserId};
use landfall_domain::message::{Conversation, Message};
use landfall_domain::origin::{Provenance, Seal};
use landfall_domain::part::{Part, PartFamily, PartRange};
use landfall_domain::snapshot::Needs;
use landfall_domain::staged::Staged;
use landfall_domain::topic::Topic;
use landfall_domain::whole_group::{CreatedWholeGroup, WholeGroup, whole_group};
use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;

/// Groups of which nothing is staged.
pub(super) struct ImportWholeGroups {
    pub(super) context: Context,
    pub(super) groups: Vec<WholeGroup>,
    /// Of the first group; the others follow.
    pub(super) first_position: u64,
}

#[async_trait]
impl Work for ImportWholeGroups {
    type Output = Vec<WholeGroupOutcome>;
    const DOING: &'static str = "importing whole groups";
    const KIND: Kind = Kind::LongWrite;

    async fn perform(&self, tx: &Tx) -> Result<Self::Output, Failure> {
        tx.begin(Some(self.context.app), &[]).await?;
        let groups = self.groups.iter().map(|whole| (whole.clone(), Staged::default())).collect();
        bring_in(tx, &self.context, groups, self.first_position).await
    }
}

/// Brings groups in, each with what is staged of it. The lock of the app is held, shared.
pub(super) async fn bring_in(
    tx: &Tx,
    context: &Context,
    groups: Vec<(WholeGroup, Staged)>,
    first_position: u64,
) -> Result<Vec<WholeGroupOutcome>, Failure> {
    let app = context.app;
    let ids: Vec<GroupId> = groups.iter().map(|(whole, _)| whole.id()).collect();
    let taken = tables::taken_groups(tx, app, &ids.iter().collect::<Vec<_>>()).await?;
    let known = known_accounts(tx, context, &groups).await?;
    let is_known = |account: &UserId| Ok::<_, Infallible>(known.contains(account));
    let mut outcomes: Vec<Option<WholeGroupOutcome>> = ids.iter().map(|_| None).collect();
    let mut made = Vec::with_capacity(groups.len());
    for (index, (whole, staged)) in groups.into_iter().enumerate() {
        if taken.contains(&ids[index]) {
            continue;
        }
        let Ok(result) = whole_group(whole, staged, first_position + index as u64, context, is_known);
        match result {
            Ok(group) => made.push((index, group)),
            Err(refusal) => outcomes[index] = Some(WholeGroupOutcome::Refused(refusal)),
        }
    }
    // Writers of several servers that want the same ids take them in the same order.
    made.sort_by(|(_, one), (_, other)| one.group.id.cmp(&other.group.id));
    let won = insert(tx, app, &made).await?;
    made.retain(|(_, made)| won.contains(&made.group.list_position));
    write(tx, context, &made).await?;
    for (index, _) in made {
        outcomes[index] = Some(WholeGroupOutcome::Created);
    }
    let there = ids.iter().zip(&outcomes).filter(|(_, outcome)| outcome.is_none()).map(|(id, _)| id);
    let there = brought(tx, app, &there.collect()).await?;
    let already = |id: &GroupId| WholeGroupOutcome::AlreadyThere(there.get(id).cloned().map(Box::new));
    let outcomes = ids.iter().zip(outcomes).map(|(id, outcome)| outcome.unwrap_or_else(|| already(id)));
    Ok(outcomes.collect())
}

/// The accounts that exist, where unknown ones are refused. Otherwise writing them finds out.
async fn known_accounts(
    tx: &Tx,
    context: &Context,
    groups: &[(WholeGroup, Staged)],
) -> Result<BTreeSet<UserId>, Failure> {
    if context.unknown == UnknownAccounts::Create {
        return Ok(BTreeSet::new());
    }
    let of_group = |(whole, _): &'_ (WholeGroup, Staged)| {
        let members = whole.members.iter().map(|member| member.account.clone());
        members.chain(whole.new.owner.clone()).collect::<Vec<_>>()
    };
    known(tx, context, groups.iter().flat_map(of_group).collect()).await
}

/// Those of these accounts that exist, where unknown ones are refused.
pub(super) async fn known(
    tx: &Tx,
    context: &Context,
    named: BTreeSet<UserId>,
) -> Result<BTreeSet<UserId>, Failure> {
    if context.unknown == UnknownAccounts::Create {
        return Ok(BTreeSet::new());
    }
    tables::known_accounts(tx, context.app, &named).await
}

/// Writes groups whose id is free; the list positions of those that were written.
async fn insert(tx: &Tx, app: AppId, made: &[(usize, CreatedWholeGroup)]) -> Result<BTreeSet<u64>, Failure> {
    tables::insert_groups(tx, app, made.iter().map(|(_, made)| &made.group)).await
}

/// Writes everything that belongs to new groups.
async fn write(tx: &Tx, context: &Context, made: &[(usize, CreatedWholeGroup)]) -> Result<(), Failure> {
    let app = context.app;
    if made.is_empty() {
        return Ok(());
    }
    let made = || made.iter().map(|(_, made)| made);
    let mut members = NewMembers::with_capacity(app, made().map(|made| made.members.len()).sum());
    let mut origins = OriginLists::with_capacity(app, made().count());
    let mut parts = PartLists::with_capacity(app, made().map(|made| made.parts.len()).sum());
    let mut messages = MessageRows::with_capacity(app, made().map(|made| made.messages.len()).sum());
    for CreatedWholeGroup { group, members: all, parts: of_group, messages: sent, provenance, .. } in made() {
        all.iter().for_each(|member| members.push(group, member));
        of_group.iter().for_each(|(key, part)| parts.push(&group.id, key, part));
        messages.push(&group.id, sent);
        origins.push(&group.id, provenance);
    }
    let named = made().flat_map(|made| made.placeholders.iter().map(|account| (account, context.now)));
    let placeholders = tables::placeholders(app, named);
    let counts = CountLists::of(app, made().map(|made| (made.group.kind, 1)));
    // Sent one after the other without waiting for each other's answers.
    futures_util::try_join!(
        tables::put_placeholders(tx, app, placeholders),
        tables::insert_members(tx, &members),
        tables::put(tx, &statements::PUT_PARTS, &parts),
        messages.write(tx),
        tables::put(tx, &statements::INSERT_ORIGINS, &origins),
        tables::put(tx, &statements::COUNT_GROUPS, &counts),
    )?;
    Ok(())
}

/// Messages of groups that are not visible, and the days on which their conversations have some.
pub(super) struct MessageRows<'row> {
    app: AppId,
    messages: MessageLists<'row>,
    days: BTreeSet<(&'row GroupId, &'row Conversation, u32)>,
}

impl<'row> MessageRows<'row> {
    pub(super) fn with_capacity(app: AppId, rows: usize) -> Self {
        Self { app, messages: MessageLists::with_capacity(app, rows), days: BTreeSet::new() }
    }

    pub(super) fn push(&mut self, group: &'row GroupId, sent: &'row [(Conversation, Message)]) {
        for (place, message) in sent {
            self.messages.push(group, place, message);
            self.days.insert((group, place, day(message.sent)));
        }
    }

    pub(super) async fn write(&self, tx: &Tx) -> Result<(), Failure> {
        let mut days = DayLists::with_capacity(self.app, self.days.len());
        self.days.iter().for_each(|(group, place, day)| days.push(group, place, *day));
        futures_util::try_join!(
            tables::put(tx, &statements::INSERT_MESSAGES, &self.messages),
            tables::put(tx, &statements::INSERT_DAYS, &days),
        )?;
        Ok(())
    }
}

/// Which of the groups jobs brought in, and whether they were touched since.
pub(super) async fn brought(
    tx: &Tx,
    of: AppId,
    ids: &BTreeSet<&GroupId>,
) -> Result<BTreeMap<GroupId, BroughtGroup>, Failure> {
    let names: Vec<&str> = ids.iter().map(|id| id.as_str()).collect();
    let rows = tx.query(&statements::ORIGINS, &[&app_column(of), &names]).await?;
    let mut origins: BTreeMap<GroupId, Provenance> = read_all(&rows)?;
    let groups = tables::groups(tx, of, origins.keys()).await?;
    let mut brought = BTreeMap::new();
    for (id, group) in groups {
        let Some(provenance) = origins.remove(&id) else { continue };
        let mut needs = Needs::default();
        if group.support_topic {
            needs.ranges.push(PartRange::all(PartFamily::Topics));
        }
        let snapshot = snapshots::load(tx, of, group, &needs).await?;
        let topics = snapshot.parts.values().filter_map(topic_in);
        let touched = Seal::of(&snapshot.group, topics) != provenance.seal;
        brought.insert(id, BroughtGroup { provenance, touched });
    }
    Ok(brought)
}

pub(super) fn topic_in(part: &Part) -> Option<&Topic> {
    if let Part::Topic(topic) = part { Some(topic) } else { None }
}
