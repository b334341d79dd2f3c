//! Performing an operation on one group: its lock, what the rule needs, the rule, and what it decided.

use super::database::{Kind, Tx, Work};
use super::failure::Failure;
use super::locks;
use super::outbox::NewEntries;
use super::reach::Keys;
use super::rows::{self, DayLists, MemberLists, MessageLists, NameRange, NewMembers, PartLists};
use super::snapshots;
use super::statements;
use super::tables;
use super::values::app_column;
use crate::messages::day;
use crate::parts;
use async_trait::async_trait;
use futures_util::future::try_join_all;
use landfall_domain::changes::Changes;
use landfall_domain::context::Context;
use landfall_domain::group::Group;
use landfall_domain::ids::{AppId, UserId};
use landfall_domain::message::{Conversation, Message};
use landfall_domain::operation::{DynOperation, Outcome};
use landfall_domain::outbox::OutboxEntry;
use landfall_domain::part::{Part, PartKey};
use landfall_domain::snapshot::GroupSnapshot;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Performs an operation on one group, alone with it.
///
/// Nearly all of them take a few milliseconds, and a database that hangs must not keep their connections for a
/// minute. Those that remove any number of rows are known only when they have decided: they change nothing at first,
/// and are performed again as `LONG` ones.
pub(super) struct ChangeGroup<const LONG: bool> {
    pub(super) context: Context,
    pub(super) operation: Arc<dyn DynOperation>,
}

#[async_trait]
impl<const LONG: bool> Work for ChangeGroup<LONG> {
    /// False when it takes a long one.
    type Output = bool;
    const DOING: &'static str = "changing a group";
    const KIND: Kind = if LONG { Kind::LongWrite } else { Kind::Write };

    fn keys(&self) -> Keys<'_> {
        Keys::of_group(self.operation.group())
    }

    async fn perform(&self, tx: &Tx) -> Result<bool, Failure> {
        let (app, id) = (self.context.app, self.operation.group());
        tx.begin(Some(app), &locks::groups(app, [id].into_iter())).await?;
        let Some(group) = tables::group_alone(tx, app, id).await? else {
            self.operation.decide(&self.context, None);
            return Ok(true);
        };
        let needs = self.operation.needs(&self.context, &group);
        let snapshot = snapshots::load(tx, app, group, &needs).await?;
        let before = PreviousState::of(&snapshot);
        let Some(Outcome { changes, outbox }) = self.operation.decide(&self.context, Some(snapshot)) else {
            return Ok(true);
        };
        let takes_long = !(changes.removed_families.is_empty() && changes.cleared_topics.is_empty());
        if takes_long && !LONG {
            return Ok(false);
        }
        before.write(tx, &self.context, &changes, &outbox).await?;
        Ok(true)
    }
}

/// Writes changes of a group, which is loaded as far as `snapshot` goes. Its lock is held.
pub(super) async fn write(
    tx: &Tx,
    context: &Context,
    snapshot: &GroupSnapshot,
    changes: &Changes,
) -> Result<(), Failure> {
    PreviousState::of(snapshot).write(tx, context, changes, &[]).await
}

/// The state before a change.
struct PreviousState {
    group: Group,
    /// The day of the last message of each conversation that has messages, as far as it was loaded.
    days: BTreeMap<Conversation, u32>,
}

impl PreviousState {
    fn of(snapshot: &GroupSnapshot) -> Self {
        let topics = snapshot.parts.values().filter_map(|part| match part {
            Part::Topic(topic) => Some((Conversation::Topic(topic.id.clone()), &topic.log)),
            Part::Attributes(_)
            | Part::Counters(_)
            | Part::TopicMember(_)
            | Part::Ban(_)
            | Part::Application(_)
            | Part::LiveAdmin(_)
            | Part::PermissionGroup(_)
            | Part::TopicPermission(_)
            | Part::PermissionGroupMember(_)
            | Part::Reader(_)
            | Part::ExtensionHead(_)
            | Part::Extension(_) => None,
        });
        let logs = topics.chain([(Conversation::Group, &snapshot.group.log)]);
        let with_messages = logs.filter(|(_, log)| log.first_kept < log.next_seq);
        let days = with_messages.map(|(place, log)| (place, day(log.last_message))).collect();
        Self { group: snapshot.group.clone(), days }
    }

    /// Writes what an operation decided.
    async fn write(
        &self,
        tx: &Tx,
        context: &Context,
        changes: &Changes,
        outbox: &[OutboxEntry],
    ) -> Result<(), Failure> {
        // Of two parts or rows with one key the last counts, as in a store that writes them one by one.
        let parts: BTreeMap<&PartKey, Option<&Part>> =
            changes.parts.iter().map(|(key, part)| (key, part.as_ref())).collect();
        // Removals come before inserts.
        self.remove(tx, context.app, changes, &parts).await?;
        let entries = NewEntries::of(context, self.group.id.as_str(), outbox);
        self.put(tx, context, changes, &parts, &entries).await
    }

    async fn remove(
        &self,
        tx: &Tx,
        app: AppId,
        changes: &Changes,
        parts: &BTreeMap<&PartKey, Option<&Part>>,
    ) -> Result<(), Failure> {
        let (app, id) = (app_column(app), self.group.id.as_str());
        let removed: Vec<(i16, String)> =
            parts.iter().filter(|(_, part)| part.is_none()).map(|(key, _)| rows::part_name(key)).collect();
        let cleared: Vec<Conversation> =
            changes.cleared_topics.iter().cloned().map(Conversation::Topic).collect();
        let families = changes.removed_families.iter().map(NameRange::of_family);
        let ranges: Vec<NameRange> =
            families.chain(cleared.iter().flat_map(|place| NameRange::of_messages(place, None))).collect();
        let removed = removed
            .iter()
            .map(async |(kind, name)| tx.run(&statements::REMOVE_PART, &[&app, &id, kind, name]).await);
        let ranges = ranges.iter().map(async |NameRange { kind, from, to }| {
            tx.run(&statements::REMOVE_PART_RANGE, &[&app, &id, kind, from, to]).await
        });
        let cleared = cleared.iter().map(async |place| {
            let topic = parts::topic_of(place);
            tx.run(&statements::REMOVE_MESSAGES_BELOW, &[&app, &id, &topic, &i64::MAX]).await?;
            tx.run(&statements::REMOVE_DAYS_BEFORE, &[&app, &id, &topic, &i64::MAX]).await
        });
        let left: Vec<&str> = changes.removed_members.iter().map(UserId::as_str).collect();
        let left = async {
            if !left.is_empty() {
                tx.run(&statements::REMOVE_LEFT, &[&app, &id, &left]).await?;
                tx.run(&statements::REMOVE_MEMBERSHIP, &[&app, &left, &id]).await?;
            }
            Ok(())
        };
        futures_util::try_join!(try_join_all(removed), try_join_all(ranges), try_join_all(cleared), left,)?;
        Ok(())
    }

    async fn put(
        &self,
        tx: &Tx,
        context: &Context,
        changes: &Changes,
        parts: &BTreeMap<&PartKey, Option<&Part>>,
        entries: &NewEntries<'_>,
    ) -> Result<(), Failure> {
        let (app, id) = (context.app, &self.group.id);
        let mut joined = NewMembers::with_capacity(app, changes.added_members.len());
        let group = changes.group.as_ref().unwrap_or(&self.group);
        changes.added_members.iter().for_each(|member| joined.push(group, member));
        let named = changes.placeholders.iter().map(|account| (account, context.now));
        let placeholders = tables::placeholders(app, named);
        let changed: BTreeMap<_, _> =
            changes.updated_members.iter().map(|member| (&member.account, member)).collect();
        let mut members = MemberLists::with_capacity(app, changed.len());
        changed.values().for_each(|member| members.push(id, member));
        let mut put = PartLists::with_capacity(app, parts.len());
        let there = parts.iter().filter_map(|(key, part)| part.map(|part| (*key, part)));
        there.for_each(|(key, part)| put.push(id, key, part));
        let mut sent = MessageLists::with_capacity(app, changes.new_messages.len());
        changes.new_messages.iter().for_each(|(place, message)| sent.push(id, place, message));
        let mut days = DayLists::with_capacity(app, 1);
        self.new_days(&changes.new_messages).into_iter().for_each(|(place, day)| days.push(id, place, day));
        let by_number: BTreeMap<_, _> =
            changes.updated_messages.iter().map(|(place, message)| ((place, message.seq), message)).collect();
        let mut updated = MessageLists::with_capacity(app, by_number.len());
        by_number.iter().for_each(|((place, _), message)| updated.push(id, place, message));
        // Sent one after the other without waiting for each other's answers.
        futures_util::try_join!(
            tables::put_group(tx, app, &self.group, group),
            tables::put_placeholders(tx, app, placeholders),
            tables::insert_members(tx, &joined),
            tables::put(tx, &statements::PUT_MEMBERS, &members),
            tables::put(tx, &statements::PUT_PARTS, &put),
            tables::put(tx, &statements::INSERT_MESSAGES, &sent),
            tables::put(tx, &statements::PUT_MESSAGES, &updated),
            tables::put(tx, &statements::INSERT_DAYS, &days),
            entries.append(tx),
        )?;
        Ok(())
    }

    /// The days on which conversations get their first message.
    fn new_days<'sent>(
        &'sent self,
        sent: &'sent [(Conversation, Message)],
    ) -> Vec<(&'sent Conversation, u32)> {
        let mut last: BTreeMap<&Conversation, u32> =
            self.days.iter().map(|(place, day)| (place, *day)).collect();
        let days = sent.iter().map(|(place, message)| (place, day(message.sent)));
        days.filter(|(place, day)| last.insert(*place, *day) != Some(*day)).collect()
    }
}
