//! Loading what an operation on one group needs, and writing what it decides.

use super::keys::{self, Sweep};
use super::records::{self, GroupRow};
use super::rows::{Keys, Order, Rows, beginning};
use super::sweep;
use super::tx::Tx;
use crate::messages::day;
use crate::parts::{self, topic_of};
use landfall_domain::account::Account;
use landfall_domain::ids::{AppId, GroupId, UserId};
use landfall_domain::member::Member;
use landfall_domain::message::{Conversation, Message};
use landfall_domain::operation::{Changes, MessageRange, Needs, Pending, Scene};
use landfall_domain::part::{Part, PartFamily, PartKey, PartRange};
use landfall_domain::store::{Context, StoreError};
use landfall_domain::time::Timestamp;
use std::collections::BTreeMap;
use std::ops::{Bound, ControlFlow};

/// Messages that share a row, at most: a page of history is a few rows, and changing one message is cheap.
const MESSAGES_PER_ROW: usize = 20;

/// Performs an operation on one group within a batch.
pub(super) fn change(tx: &mut Tx<'_>, context: Context, operation: &dyn Pending) -> Result<(), StoreError> {
    let Some(row) = tx.group_row(context.app, operation.group())? else {
        operation.decide(&context, None);
        return Ok(());
    };
    let needs = operation.needs(&context, &row.group);
    let before = row.clone();
    let scene = load(tx, context.app, row, needs)?;
    match operation.decide(&context, Some(scene)) {
        Some(changes) => write(tx, context, before, changes),
        None => Ok(()),
    }
}

/// Loads what is needed of a group.
pub(super) fn load(rows: &impl Rows, app: AppId, row: GroupRow, needs: Needs) -> Result<Scene, StoreError> {
    let mut members = BTreeMap::new();
    for account in needs.members {
        let member = member(rows, app, &row, &account)?;
        members.extend(member.map(|member| (account, member)));
    }
    let id = row.group.id.clone();
    let mut scene = Scene { members, ..Scene::of(row.group) };
    for account in needs.accounts {
        if rows.account_exists(app, &account)? {
            scene.accounts.insert(account);
        }
    }
    for key in needs.parts {
        let place = keys::part(app, &id, &parts::name(&key));
        if let Some(part) = rows.read(&place, |value| records::decode_part(&key, value))? {
            scene.parts.insert(key, part);
        }
    }
    for range in needs.ranges {
        load_range(rows, app, &id, &range, &mut scene.parts)?;
    }
    for range in needs.messages {
        load_messages(rows, app, &id, &range, &mut scene)?;
    }
    Ok(scene)
}

fn family_keys(app: AppId, group: &GroupId, family: &PartFamily) -> Keys {
    beginning(keys::part(app, group, &parts::family(family)))
}

fn load_range(
    rows: &impl Rows,
    app: AppId,
    group: &GroupId,
    range: &PartRange,
    found: &mut BTreeMap<PartKey, Part>,
) -> Result<(), StoreError> {
    let (mut start, end) = family_keys(app, group, &range.family);
    if let Some(after) = &range.after {
        start = Bound::Excluded(keys::part(app, group, &parts::name(after)));
    }
    let mut left = range.limit;
    rows.scan((start, end), Order::Ascending, &mut |key, value| {
        if left == 0 {
            return Ok(ControlFlow::Break(()));
        }
        left -= 1;
        let key = keys::part_key(key, group).ok_or(records::Damaged("name of a part"))?;
        let part = records::decode_part(&key, value)?;
        found.insert(key, part);
        Ok(ControlFlow::Continue(()))
    })
}

fn load_messages(
    rows: &impl Rows,
    app: AppId,
    group: &GroupId,
    range: &MessageRange,
    scene: &mut Scene,
) -> Result<(), StoreError> {
    let mut keep = |conversation: &Conversation, message: Message| {
        scene.messages.entry(conversation.clone()).or_default().insert(message.seq, message);
    };
    match range {
        MessageRange::Numbered(conversation, numbers) => {
            let mut numbers = numbers.clone();
            numbers.sort_unstable();
            let mut row: Vec<Message> = Vec::new();
            for seq in numbers {
                if !row.iter().any(|message| message.seq == seq) {
                    row = row_of(rows, app, group, topic_of(conversation), seq)?;
                }
                if let Some(message) = row.iter().find(|message| message.seq == seq) {
                    keep(conversation, message.clone());
                }
            }
            Ok(())
        }
        MessageRange::Newest { conversation, up_to, limit } => {
            let mut left = *limit;
            if left == 0 {
                return Ok(());
            }
            newest(rows, app, group, topic_of(conversation), *up_to, &mut |message| {
                left = left.saturating_sub(1);
                keep(conversation, message);
                if left == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            })
        }
        MessageRange::Random { conversation, random, since } => {
            let topic = topic_of(conversation);
            rows.scan(all_messages(app, group, topic, u32::MAX), Order::Descending, &mut |key, value| {
                let mut young = false;
                let matching = records::decode_messages_if(first_of(key)?, value, |sent, number| {
                    young |= *since <= sent;
                    *since <= sent && random.contains(&number)
                })?;
                matching.into_iter().for_each(|message| keep(conversation, message));
                Ok(if young { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
            })
        }
    }
}

/// The keys of the messages with numbers up to `up_to`.
fn all_messages(app: AppId, group: &GroupId, topic: &str, up_to: u32) -> Keys {
    (
        Bound::Included(keys::conversation(app, group, topic)),
        Bound::Included(keys::message(app, group, topic, up_to)),
    )
}

/// Shows the messages with numbers up to `up_to`, the newest first.
fn newest(
    rows: &impl Rows,
    app: AppId,
    group: &GroupId,
    topic: &str,
    up_to: u32,
    visit: &mut dyn FnMut(Message) -> ControlFlow<()>,
) -> Result<(), StoreError> {
    rows.scan(all_messages(app, group, topic, up_to), Order::Descending, &mut |key, value| {
        for message in row_messages(key, value)?.into_iter().rev().filter(|message| message.seq <= up_to) {
            if visit(message).is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    })
}

/// The messages of the row that has number `seq`, if there is one.
fn row_of(
    rows: &impl Rows,
    app: AppId,
    group: &GroupId,
    topic: &str,
    seq: u32,
) -> Result<Vec<Message>, StoreError> {
    let mut found = Vec::new();
    rows.scan(all_messages(app, group, topic, seq), Order::Descending, &mut |key, value| {
        found = row_messages(key, value)?;
        Ok(ControlFlow::Break(()))
    })?;
    Ok(found)
}

fn first_of(key: &[u8]) -> Result<u32, records::Damaged> {
    keys::first_message(key).ok_or(records::Damaged("key of messages"))
}

fn row_messages(key: &[u8], value: &[u8]) -> Result<Vec<Message>, records::Damaged> {
    records::decode_messages(first_of(key)?, value)
}

/// Writes what an operation decided about the group that was `before`.
fn write(tx: &mut Tx<'_>, context: Context, before: GroupRow, changes: Changes) -> Result<(), StoreError> {
    let app = context.app;
    // What reads comes before what writes, so that a failure leaves nothing behind.
    let rewritten = rewritten_rows(tx, app, &before.group.id, &changes.rewritten)?;
    let Changes { group, joined, changed, left, placeholders, parts, sent, rewritten: _, dropped, silenced } =
        changes;
    let after = group.unwrap_or_else(|| before.group.clone());
    let id = after.id.clone();
    let mut budget = sweep::ROWS_PER_BATCH;
    for family in dropped {
        let (Bound::Included(start), _) = family_keys(app, &id, &family) else { continue };
        sweep::begin(tx, Sweep::Parts(app, id.clone(), start), &mut budget)?;
    }
    for topic in silenced {
        for name in parts::of_messages(&topic) {
            sweep::begin(tx, Sweep::Parts(app, id.clone(), keys::part(app, &id, &name)), &mut budget)?;
        }
        sweep::begin(tx, Sweep::Messages(app, id.clone(), topic.to_string()), &mut budget)?;
    }
    for account in &placeholders {
        tx.put_account(app, account, &Account::placeholder(context.now));
    }
    let mut owner = before.owner.clone().filter(|owner| Some(&owner.account) == after.owner.as_ref());
    for member in changed {
        if Some(&member.account) == after.owner.as_ref() {
            if !before.is_owned_by(&member.account) {
                tx.remove_member_row(app, &id, &member.account);
            }
            owner = Some(member);
        } else {
            tx.put_member_row(app, &id, &member);
        }
    }
    for account in &left {
        tx.remove_member(app, &id, account);
    }
    for member in &joined {
        tx.put_member(app, &after, member);
    }
    for (key, part) in parts {
        tx.put_part(app, &id, &key, part.as_ref());
    }
    for (key, value) in rewritten {
        tx.put_messages(key, value);
    }
    let log = &before.group.log;
    let noted = (log.first_kept < log.next_seq).then(|| day(log.last_message));
    send(tx, app, &id, noted, &sent);
    let row = GroupRow { group: after, owner };
    if row != before {
        tx.put_group(app, &row);
    }
    Ok(())
}

/// The rows that hold the messages named, with those in place of what they were.
fn rewritten_rows(
    tx: &Tx<'_>,
    app: AppId,
    group: &GroupId,
    messages: &[(Conversation, Message)],
) -> Result<Vec<(Vec<u8>, Vec<u8>)>, StoreError> {
    let mut rows: BTreeMap<Vec<u8>, Vec<Message>> = BTreeMap::new();
    for (conversation, message) in messages {
        let topic = topic_of(conversation);
        let row = row_of(tx, app, group, topic, message.seq)?;
        let Some(first) = row.first() else { continue };
        let row = rows.entry(keys::message(app, group, topic, first.seq)).or_insert(row);
        if let Some(place) = row.iter_mut().find(|place| place.seq == message.seq) {
            *place = message.clone();
        }
    }
    Ok(rows.into_iter().map(|(key, row)| (key, records::encode_messages(&row))).collect())
}

/// Writes new messages of a group, those that follow each other together. `noted` is a day on which the group's own
/// conversation is known to have messages.
pub(super) fn send(
    tx: &mut Tx<'_>,
    app: AppId,
    group: &GroupId,
    noted: Option<u32>,
    sent: &[(Conversation, Message)],
) {
    let follow = |one: &(Conversation, Message), next: &(Conversation, Message)| {
        one.0 == next.0 && one.1.seq.checked_add(1) == Some(next.1.seq)
    };
    for run in sent.chunk_by(follow) {
        for row in run.chunks(MESSAGES_PER_ROW) {
            if let Some((conversation, first)) = row.first() {
                let key = keys::message(app, group, topic_of(conversation), first.seq);
                tx.put_messages(key, records::encode_messages(row.iter().map(|(_, message)| message)));
            }
        }
        let mut last = None;
        for (conversation, message) in run {
            let day = Some(day(message.sent));
            if day != last && (day != noted || *conversation != Conversation::Group) {
                tx.put_day(app, day.unwrap_or_default(), group, topic_of(conversation));
            }
            last = day;
        }
    }
}

/// One step of an expiry.
pub(super) struct Expired {
    /// Messages removed.
    pub(super) removed: usize,
    /// Where the next step goes on; `None` when nothing is left.
    pub(super) next: Option<Vec<u8>>,
}

/// Removes messages sent before `before` from the conversations whose days say that they have some, those after
/// `after`, at most about `limit`.
pub(super) fn expire(
    tx: &mut Tx<'_>,
    app: AppId,
    before: Timestamp,
    after: Option<Vec<u8>>,
    limit: usize,
) -> Result<Expired, StoreError> {
    let mut days = Vec::new();
    let (start, end) = beginning(keys::all_days(app));
    let start = after.map_or(start, Bound::Excluded);
    tx.scan((start, end), Order::Ascending, &mut |key, _| {
        let (day, group, topic) = keys::day_of(key).ok_or(records::Damaged("day"))?;
        let is_young = before.0 <= u64::from(day) * SECONDS_PER_DAY;
        if is_young || DAYS_PER_STEP <= days.len() {
            return Ok(ControlFlow::Break(()));
        }
        days.push((key.to_vec(), day, group, topic.to_owned()));
        Ok(ControlFlow::Continue(()))
    })?;
    let mut expired = Expired { removed: 0, next: None };
    let full = days.len() == DAYS_PER_STEP;
    for (key, day, group, topic) in days {
        if limit <= expired.removed {
            return Ok(expired);
        }
        let left = limit - expired.removed;
        let done = expire_conversation(tx, app, &group, &topic, before, left, &mut expired.removed)?;
        if !done {
            return Ok(expired);
        }
        if (u64::from(day) + 1) * SECONDS_PER_DAY <= before.0 {
            tx.remove_day(app, day, &group, &topic);
        }
        expired.next = full.then_some(key);
    }
    Ok(expired)
}

const SECONDS_PER_DAY: u64 = 86_400;

/// Conversations that one step of an expiry looks at.
const DAYS_PER_STEP: usize = 256;

/// True when the conversation has no older messages left.
fn expire_conversation(
    tx: &mut Tx<'_>,
    app: AppId,
    group: &GroupId,
    topic: &str,
    before: Timestamp,
    limit: usize,
    removed: &mut usize,
) -> Result<bool, StoreError> {
    let Some(mut row) = tx.group_row(app, group)? else { return Ok(true) };
    let conversation = parts::conversation(topic).ok_or(records::Damaged("conversation"))?;
    let mut stays = None;
    let (mut gone, mut last) = (Vec::new(), None);
    let mut count = 0;
    tx.scan(beginning(keys::conversation(app, group, topic)), Order::Ascending, &mut |key, value| {
        let messages = row_messages(key, value)?;
        // A row goes when all in it are old; times ascend with the numbers.
        if messages.last().is_some_and(|last| before <= last.sent) || limit <= count {
            stays = messages.first().map(|first| first.seq);
            return Ok(ControlFlow::Break(()));
        }
        count += messages.len();
        last = messages.last().map(|message| message.seq);
        gone.push(key.to_vec());
        Ok(ControlFlow::Continue(()))
    })?;
    *removed += count;
    if gone.is_empty() {
        return Ok(true);
    }
    let done = count < limit;
    if let Some(end) = last.and_then(|last: u32| last.checked_add(1)) {
        remove_below(tx, app, group, &conversation, end)?;
    }
    gone.into_iter().for_each(|key| tx.remove_row(key));
    match conversation {
        Conversation::Group => {
            row.group.log.first_kept = stays.unwrap_or(row.group.log.next_seq);
            tx.put_group(app, &row);
        }
        Conversation::Topic(id) => {
            let key = PartKey::Topic(id);
            let place = keys::part(app, group, &parts::name(&key));
            let part = tx.read(&place, |value| records::decode_part(&key, value))?;
            if let Some(Part::Topic(mut topic)) = part {
                topic.log.first_kept = stays.unwrap_or(topic.log.next_seq);
                tx.put_part(app, group, &key, Some(&Part::Topic(topic)));
            }
        }
    }
    Ok(done)
}

/// Removes what hangs on the messages of a conversation with numbers below `end`.
fn remove_below(
    tx: &mut Tx<'_>,
    app: AppId,
    group: &GroupId,
    conversation: &Conversation,
    end: u32,
) -> Result<(), StoreError> {
    let mut found = Vec::new();
    for (first, end) in parts::below_message(conversation, end) {
        let keys =
            (Bound::Included(keys::part(app, group, &first)), Bound::Excluded(keys::part(app, group, &end)));
        tx.scan(keys, Order::Ascending, &mut |key, _| {
            found.push(key.to_vec());
            Ok(ControlFlow::Continue(()))
        })?;
    }
    found.into_iter().for_each(|key| tx.remove_row(key));
    Ok(())
}

/// The membership of one account in one group.
pub(super) fn member(
    rows: &impl Rows,
    app: AppId,
    row: &GroupRow,
    account: &UserId,
) -> Result<Option<Member>, StoreError> {
    match &row.owner {
        Some(owner) if owner.account == *account => Ok(Some(owner.clone())),
        Some(_) | None => rows.member_row(app, &row.group.id, account),
    }
}
