//! Removing old messages.

use super::key_range::beginning;
use super::keys;
use super::message_pages::read_page;
use super::people;
use super::records::{self, page_of};
use super::rows::Rows as _;
use super::snapshots::log_of;
use super::tx::Tx;
use crate::messages::SECONDS_PER_DAY;
use crate::parts;
use landfall_domain::error::StoreError;
use landfall_domain::ids::{AppId, GroupId};
use landfall_domain::message::Conversation;
use landfall_domain::part::{Part, PartKey};
use landfall_domain::time::Timestamp;
use landfall_domain::topic::Topic;
use std::collections::BTreeSet;
use std::ops::{Bound, ControlFlow};

/// One step of an expiry.
pub(super) struct Expired {
    /// Messages removed.
    pub(super) removed: usize,
    /// Where the next step continues; `None` when nothing is left.
    pub(super) next: Option<Vec<u8>>,
}

/// Removes messages sent before `before`, at most `limit`, from the conversations whose recorded days come after
/// `after`.
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
        // It is on its way in, and its days stay recorded.
        if tx.staged(app, &group).is_some() {
            expired.next = full.then_some(key);
            continue;
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

/// Conversations per step of an expiry.
const DAYS_PER_STEP: usize = 256;

/// Removes messages between two accounts that were sent before `before`, at most `limit`, from the pairs whose recorded days
/// come after `after`.
pub(super) fn expire_direct(
    tx: &mut Tx<'_>,
    app: AppId,
    before: Timestamp,
    after: Option<Vec<u8>>,
    limit: usize,
) -> Result<Expired, StoreError> {
    let mut days = Vec::new();
    let (start, end) = beginning(keys::all_direct_days(app));
    let start = after.map_or(start, Bound::Excluded);
    tx.scan((start, end), &mut |key, _| {
        let (day, pair) = keys::direct_day_of(key).ok_or(records::Damaged("day"))?;
        let is_young = before.0 <= u64::from(day) * SECONDS_PER_DAY;
        if is_young || DAYS_PER_STEP <= days.len() {
            return Ok(ControlFlow::Break(()));
        }
        days.push((key.to_vec(), day, pair));
        Ok(ControlFlow::Continue(()))
    })?;
    let mut expired = Expired { removed: 0, next: None };
    let full = days.len() == DAYS_PER_STEP;
    for (key, day, pair) in days {
        let (of_pair, complete) = people::expire(tx, app, &pair, before, limit - expired.removed)?;
        expired.removed += of_pair;
        if !complete || limit <= expired.removed {
            break;
        }
        if (u64::from(day) + 1) * SECONDS_PER_DAY <= before.0 {
            tx.remove_row(key.clone());
        }
        expired.next = full.then_some(key);
    }
    Ok(expired)
}

/// True when the conversation has no such messages left.
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

/// Removes the parts of a conversation's messages with numbers below `end`.
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
