//! Removing old messages.

use super::key_range::beginning;
use super::keys;
use super::records;
use super::rows::Rows as _;
use super::tx::Tx;
use crate::messages::SECONDS_PER_DAY;
use crate::parts;
use landfall_domain::ids::{AppId, GroupId};
use landfall_domain::message::Conversation;
use landfall_domain::part::{Part, PartKey};
use landfall_domain::store::StoreError;
use landfall_domain::time::Timestamp;
use std::ops::{Bound, ControlFlow};

/// One step of an expiry.
pub(super) struct Expired {
    /// Messages removed.
    pub(super) removed: usize,
    /// Where the next step continues; `None` when nothing is left.
    pub(super) next: Option<Vec<u8>>,
}

/// Removes messages sent before `before`, at most about `limit`, from the conversations whose recorded days come after
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
    let mut stays = None;
    let (mut gone, mut last) = (Vec::new(), None);
    let mut count = 0;
    tx.scan(beginning(keys::conversation(app, group, topic)), &mut |key, value| {
        let page = keys::page_of(key).ok_or(records::Damaged("key of messages"))?;
        let messages = records::read_page(page, value)?;
        // Times ascend with the numbers.
        let (old, young) = messages.split_at(messages.partition_point(|message| message.sent < before));
        if limit <= count || old.is_empty() {
            stays = messages.first().map(|first| first.seq);
            return Ok(ControlFlow::Break(()));
        }
        count += old.len();
        last = old.last().map(|message| message.seq);
        let Some(first) = young.first() else {
            gone.push((key.to_vec(), None));
            return Ok(ControlFlow::Continue(()));
        };
        stays = Some(first.seq);
        gone.push((key.to_vec(), Some(records::write_page(None, young)?)));
        Ok(ControlFlow::Break(()))
    })?;
    *removed += count;
    if gone.is_empty() {
        return Ok(true);
    }
    let done = count < limit;
    if let Some(end) = last.and_then(|last: u32| last.checked_add(1)) {
        remove_below(tx, app, group, &conversation, end)?;
    }
    for (key, page) in gone {
        match page {
            Some(page) => tx.put_row(key, page),
            None => tx.remove_row(key),
        }
    }
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
