//! Uniting groups that are there with what files have of them, each within one batch of the committer.

use super::change_group;
use super::changes::Decided;
use super::committer::Committer;
use super::key_range::beginning;
use super::keys;
use super::message_pages::{pages_down, read_page, record_days};
use super::records::{self, GroupRow};
use super::rows::Rows;
use super::snapshots::family_keys;
use super::tx::Tx;
use super::whole_groups::topics;
use crate::parts::topic_of;
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use landfall_domain::context::Context;
use landfall_domain::error::StoreError;
use landfall_domain::ids::{AppId, GroupId, TopicId, UserId};
use landfall_domain::member::Member;
use landfall_domain::message::{Conversation, Message, MessageLog};
use landfall_domain::part::{Part, PartFamily, PartKey};
use landfall_domain::topic::{Topic, TopicMember};
use landfall_domain::unite::{Kept, MEMBERS_MAX, OnDifference, Reach, There, UnionOutcome, unite};
use landfall_domain::whole_group::WholeGroup;
use std::collections::BTreeMap;
use std::ops::ControlFlow;

/// Groups that wait for their turn at the same time, so that several share a batch.
const IN_FLIGHT: usize = 16;

pub(super) async fn unite_groups(
    committer: &Committer,
    context: Context,
    groups: Vec<WholeGroup>,
    on: OnDifference,
) -> Result<Vec<UnionOutcome>, StoreError> {
    stream::iter(groups)
        .map(|whole| committer.run(move |tx| unite_one(tx, context, whole, on)))
        .buffered(IN_FLIGHT)
        .try_collect()
        .await
}

fn unite_one(
    tx: &mut Tx<'_>,
    context: Context,
    whole: WholeGroup,
    on: OnDifference,
) -> Result<UnionOutcome, StoreError> {
    let (app, id) = (context.app, whole.id());
    let Some(row) = tx.group_row(app, &id)? else { return Ok(UnionOutcome::Kept(Kept::NotByJob)) };
    let there = match load(tx, app, &row, Reach::of(&whole))? {
        Ok(there) => there,
        Err(kept) => return Ok(UnionOutcome::Kept(kept)),
    };
    let known = |account: &UserId| tx.account_exists(app, account);
    let (union, figures) = match unite(there, whole, on, &context, known)? {
        Ok(united) => united,
        Err(kept) => return Ok(UnionOutcome::Kept(kept)),
    };
    let Some(union) = union else { return Ok(UnionOutcome::Unchanged(figures)) };
    // An older message may be under the number of another.
    let dated: Vec<_> =
        union.changes.updated_messages.iter().chain(&union.changes.new_messages).cloned().collect();
    change_group::write(tx, context, row, union.changes)?;
    record_days(app, &id, None, &dated, |key| tx.put_row(key, Vec::new()));
    tx.put_provenance(app, &id, &union.provenance);
    Ok(UnionOutcome::United(figures))
}

fn load(rows: &impl Rows, app: AppId, row: &GroupRow, mut reach: Reach) -> Decided<There, Kept> {
    let (group, id) = (row.group.clone(), &row.group.id);
    let Some(provenance) = rows.provenance(app, id)? else { return Ok(Err(Kept::NotByJob)) };
    if MEMBERS_MAX < usize::try_from(group.member_count).unwrap_or(usize::MAX) {
        return Ok(Err(Kept::TooManyToLookAt));
    }
    let topics = topics(rows, app, &group)?;
    let mut marks = BTreeMap::new();
    let mut messages = BTreeMap::new();
    for (place, log) in logs(&group.log, &topics) {
        if let Conversation::Topic(topic) = &place {
            load_marks(rows, app, id, topic, &mut marks)?;
        }
        match load_messages(rows, app, id, (&place, log), &mut reach)? {
            Ok(found) => drop(messages.insert(place, found)),
            Err(kept) => return Ok(Err(kept)),
        }
    }
    let members = members(rows, app, row)?;
    Ok(Ok(There { group, provenance, members, topics, marks, messages }))
}

fn logs<'a>(
    own: &'a MessageLog,
    topics: &'a [Topic],
) -> impl Iterator<Item = (Conversation, &'a MessageLog)> {
    let topics = topics.iter().map(|topic| (Conversation::Topic(topic.id.clone()), &topic.log));
    topics.chain([(Conversation::Group, own)])
}

fn load_marks(
    rows: &impl Rows,
    app: AppId,
    id: &GroupId,
    topic: &TopicId,
    marks: &mut BTreeMap<(TopicId, UserId), TopicMember>,
) -> Result<(), StoreError> {
    rows.scan(family_keys(app, id, &PartFamily::TopicMembers(topic.clone())), &mut |key, value| {
        let key = keys::part_key(key, id).ok_or(records::Damaged("name of a part"))?;
        if let (PartKey::TopicMember(topic, account), Part::TopicMember(mark)) =
            (key.clone(), records::decode_part(&key, value)?)
        {
            marks.insert((topic, account), mark);
        }
        Ok(ControlFlow::Continue(()))
    })
}

/// The messages of a conversation that are in reach, in order.
fn load_messages(
    rows: &impl Rows,
    app: AppId,
    id: &GroupId,
    (place, log): (&Conversation, &MessageLog),
    reach: &mut Reach,
) -> Decided<Vec<Message>, Kept> {
    let mut found = Vec::new();
    let Some(from) = reach.from.get(place).copied() else { return Ok(Ok(found)) };
    for page in pages_down(log, u32::MAX) {
        for message in read_page(rows, app, id, topic_of(place), page)?.into_iter().rev() {
            if message.sent < from || message.seq < log.first_kept {
                found.reverse();
                return Ok(Ok(found));
            }
            if let Err(kept) = reach.take(&message) {
                return Ok(Err(kept));
            }
            found.push(message);
        }
    }
    found.reverse();
    Ok(Ok(found))
}

fn members(rows: &impl Rows, app: AppId, row: &GroupRow) -> Result<Vec<Member>, StoreError> {
    let id = &row.group.id;
    let mut members: Vec<Member> = row.owner.iter().cloned().collect();
    rows.scan(beginning(keys::group(app, id)), &mut |key, value| {
        let account = keys::member_account(key, id);
        if !account.is_empty() {
            members.push(records::decode_member(account, value)?);
        }
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(members)
}
