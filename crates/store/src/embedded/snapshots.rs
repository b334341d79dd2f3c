//! Loading what an operation on one group needs, and writing what it decides.

use super::keys::{self, Sweep};
use super::outbox;
use super::records::{self, GroupRow, page_of};
use super::rows::{Keys, Rows, beginning};
use super::sweep;
use super::tx::Tx;
use crate::messages::{SECONDS_PER_DAY, day};
use crate::parts::{self, topic_of};
use landfall_domain::account::Account;
use landfall_domain::group::Group;
use landfall_domain::ids::{AppId, GroupId, UserId};
use landfall_domain::member::Member;
use landfall_domain::message::{Conversation, Message, MessageLog};
use landfall_domain::operation::{Changes, DynOperation, GroupSnapshot, MessageRange, Needs, Outcome};
use landfall_domain::outbox::Lane;
use landfall_domain::part::{Part, PartFamily, PartKey, PartRange};
use landfall_domain::store::{Context, StoreError};
use landfall_domain::time::Timestamp;
use landfall_domain::topic::Topic;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::{Bound, ControlFlow};

/// Performs an operation on one group within a batch.
pub(super) fn change(
    tx: &mut Tx<'_>,
    context: Context,
    operation: &dyn DynOperation,
) -> Result<(), StoreError> {
    let Some(row) = tx.group_row(context.app, operation.group())? else {
        operation.decide(&context, None);
        return Ok(());
    };
    let needs = operation.needs(&context, &row.group);
    let before = row.clone();
    let snapshot = load(tx, context.app, row, needs)?;
    match operation.decide(&context, Some(snapshot)) {
        Some(Outcome { changes, outbox: notes }) => {
            let lane = Lane::Group(before.group.id.clone());
            write(tx, context, before, changes)?;
            outbox::append(tx, context, &lane, notes)
        }
        None => Ok(()),
    }
}

/// Loads what is needed of a group.
pub(super) fn load(
    rows: &impl Rows,
    app: AppId,
    row: GroupRow,
    needs: Needs,
) -> Result<GroupSnapshot, StoreError> {
    let mut members = BTreeMap::new();
    for account in needs.members {
        let member = member(rows, app, &row, &account)?;
        members.extend(member.map(|member| (account, member)));
    }
    let id = row.group.id.clone();
    let mut snapshot = GroupSnapshot { members, ..GroupSnapshot::of(row.group) };
    for account in needs.accounts {
        if rows.account_exists(app, &account)? {
            snapshot.accounts.insert(account);
        }
    }
    for key in needs.parts {
        let place = keys::part(app, &id, &parts::name(&key));
        if let Some(part) = rows.read(&place, |value| records::decode_part(&key, value))? {
            snapshot.parts.insert(key, part);
        }
    }
    for range in needs.ranges {
        load_range(rows, app, &id, &range, &mut snapshot.parts)?;
    }
    for range in needs.messages {
        for (conversation, message) in load_messages(rows, app, &snapshot.group, &range)? {
            snapshot.messages.entry(conversation).or_default().insert(message.seq, message);
        }
    }
    Ok(snapshot)
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
    rows.scan((start, end), &mut |key, value| {
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
    of: &Group,
    range: &MessageRange,
) -> Result<Vec<(Conversation, Message)>, StoreError> {
    let group = &of.id;
    let mut found = Vec::new();
    let mut keep =
        |conversation: &Conversation, message: Message| found.push((conversation.clone(), message));
    match range {
        MessageRange::Numbered(conversation, numbers) => {
            let pages: BTreeSet<u32> = numbers.iter().map(|seq| page_of(*seq).0).collect();
            for page in pages {
                for message in read_page(rows, app, group, topic_of(conversation), page)? {
                    if numbers.contains(&message.seq) {
                        keep(conversation, message);
                    }
                }
            }
        }
        MessageRange::Newest { conversation, up_to, limit } => {
            let (log, mut left) = (log_of(rows, app, of, conversation)?, *limit);
            for page in pages_down(&log, *up_to) {
                if left == 0 {
                    break;
                }
                let messages = read_page(rows, app, group, topic_of(conversation), page)?.into_iter();
                for message in messages.rev().filter(|message| message.seq <= *up_to).take(left) {
                    left -= 1;
                    keep(conversation, message);
                }
            }
        }
        MessageRange::Random { conversation, random, since } => {
            let log = log_of(rows, app, of, conversation)?;
            for page in pages_down(&log, u32::MAX) {
                let key = keys::page(app, group, topic_of(conversation), page);
                let mut young = false;
                let matching = rows.read(&key, |value| {
                    records::read_page_if(page, value, |sent, number| {
                        young |= *since <= sent;
                        *since <= sent && random.contains(&number)
                    })
                })?;
                matching.into_iter().flatten().for_each(|message| keep(conversation, message));
                if !young {
                    break;
                }
            }
        }
    }
    Ok(found)
}

/// The numbers of a conversation; those of none for a topic that is not there.
fn log_of(
    rows: &impl Rows,
    app: AppId,
    group: &Group,
    conversation: &Conversation,
) -> Result<MessageLog, StoreError> {
    let Conversation::Topic(topic) = conversation else { return Ok(group.log.clone()) };
    let key = PartKey::Topic(topic.clone());
    let place = keys::part(app, &group.id, &parts::name(&key));
    Ok(match rows.read(&place, |value| records::decode_part(&key, value))? {
        Some(Part::Topic(topic)) => topic.log,
        Some(_) | None => MessageLog::default(),
    })
}

/// The pages of the messages with numbers up to `up_to`, the newest first.
fn pages_down(log: &MessageLog, up_to: u32) -> impl Iterator<Item = u32> + use<> {
    let (first, last) = (log.first_kept, log.last_seq().min(up_to));
    (page_of(first).0..=page_of(last).0).rev().filter(move |_| first <= last)
}

fn read_page(
    rows: &impl Rows,
    app: AppId,
    group: &GroupId,
    topic: &str,
    page: u32,
) -> Result<Vec<Message>, StoreError> {
    let key = keys::page(app, group, topic, page);
    Ok(rows.read(&key, |value| records::read_page(page, value))?.unwrap_or_default())
}

/// Writes what an operation decided about the group that was `before`.
fn write(tx: &mut Tx<'_>, context: Context, before: GroupRow, changes: Changes) -> Result<(), StoreError> {
    let app = context.app;
    // What reads comes before what writes, so that a failure leaves nothing behind.
    let pages = pages(tx, app, &before.group.id, &changes.updated_messages, &changes.new_messages)?;
    let Changes {
        group,
        added_members: joined,
        updated_members: changed,
        removed_members: left,
        placeholders,
        parts,
        new_messages: sent,
        updated_messages: _,
        removed_families: dropped,
        cleared_topics: silenced,
    } = changes;
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
    pages.into_iter().for_each(|(key, page)| tx.put_row(key, page));
    let log = &before.group.log;
    let noted = (log.first_kept < log.next_seq).then(|| day(log.last_message));
    note_days(tx, app, &id, noted, &sent);
    let row = GroupRow { group: after, owner };
    if row != before {
        tx.put_group(app, &row);
    }
    Ok(())
}

/// The pages that messages stand on, with those messages on them: `rewritten` ones that were there, and new ones.
pub(super) fn pages(
    tx: &Tx<'_>,
    app: AppId,
    group: &GroupId,
    rewritten: &[(Conversation, Message)],
    sent: &[(Conversation, Message)],
) -> Result<BTreeMap<Vec<u8>, Vec<u8>>, StoreError> {
    let mut pages: BTreeMap<Vec<u8>, Vec<u8>> = BTreeMap::new();
    let together = |one: &(Conversation, Message), next: &(Conversation, Message)| {
        one.0 == next.0 && page_of(one.1.seq).0 == page_of(next.1.seq).0
    };
    let rewritten = rewritten.chunk_by(together).map(|of_page| (of_page, false));
    for (of_page, new) in rewritten.chain(sent.chunk_by(together).map(|of_page| (of_page, true))) {
        let Some((conversation, first)) = of_page.first() else { continue };
        let (page, place) = page_of(first.seq);
        let key = keys::page(app, group, topic_of(conversation), page);
        let added = of_page.iter().map(|(_, message)| message);
        let written = match pages.get(&key) {
            Some(page) => records::write_page(Some(page), added)?,
            // Nothing stands on a page before its first message is sent.
            None if new && place == 0 => records::write_page(None, added)?,
            None => tx.rewrite(&key, |page| records::write_page(page, added))?,
        };
        pages.insert(key, written);
    }
    Ok(pages)
}

/// Notes the days on which conversations have new messages. `noted` is a day on which the group's own is known to
/// have some.
pub(super) fn note_days(
    tx: &mut Tx<'_>,
    app: AppId,
    group: &GroupId,
    noted: Option<u32>,
    sent: &[(Conversation, Message)],
) {
    let mut last = None;
    for (conversation, message) in sent {
        let day = day(message.sent);
        let known = noted == Some(day) && *conversation == Conversation::Group;
        if !known && last != Some((conversation, day)) {
            tx.put_day(app, day, group, topic_of(conversation));
        }
        last = Some((conversation, day));
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
/// `after`, at most `limit`.
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
    tx.scan((start, end), &mut |key, _| {
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
    let mut oldest: Vec<(u32, Timestamp)> = Vec::new();
    tx.scan(beginning(keys::conversation(app, group, topic)), &mut |key, value| {
        let page = keys::page_of(key).ok_or(records::Damaged("key of messages"))?;
        oldest.extend(records::read_page(page, value)?.iter().map(|message| (message.seq, message.sent)));
        let enough = limit < oldest.len() || oldest.last().is_some_and(|(_, sent)| before <= *sent);
        Ok(if enough { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    })?;
    let mut log = log_of(tx, app, &row.group, &conversation)?;
    let expiry = log.expire(&oldest, before, limit);
    *removed += expiry.removed;
    let Some(end) = expiry.removed.checked_sub(1).and_then(|last| oldest[last].0.checked_add(1)) else {
        return Ok(expiry.complete);
    };
    let gone: BTreeSet<u32> = oldest[..expiry.removed].iter().map(|(seq, _)| page_of(*seq).0).collect();
    let split = gone.last().copied().unwrap_or_default();
    let mut stays = read_page(tx, app, group, topic, split)?;
    stays.retain(|message| end <= message.seq);
    let stays = (!stays.is_empty()).then(|| records::write_page(None, &stays)).transpose()?;
    remove_below(tx, app, group, &conversation, end)?;
    gone.into_iter().for_each(|page| tx.remove_row(keys::page(app, group, topic, page)));
    if let Some(page) = stays {
        tx.put_row(keys::page(app, group, topic, split), page);
    }
    log.first_kept = expiry.first_kept;
    match conversation {
        Conversation::Group => {
            row.group.log = log;
            tx.put_group(app, &row);
        }
        Conversation::Topic(id) => {
            let key = PartKey::Topic(id);
            let place = keys::part(app, group, &parts::name(&key));
            let part = tx.read(&place, |value| records::decode_part(&key, value))?;
            if let Some(Part::Topic(topic)) = part {
                tx.put_part(app, group, &key, Some(&Part::Topic(Topic { log, ..topic })));
            }
        }
    }
    Ok(expiry.complete)
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
        tx.scan(keys, &mut |key, _| {
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
