//! Messages, many to a row: their pages, and the days that have messages.

use super::keys;
use super::records::{self, Damaged, MESSAGES_PER_PAGE, page_of};
use super::rows::Rows;
use super::tx::Tx;
use crate::messages::day;
use crate::parts::topic_of;
use landfall_domain::error::StoreError;
use landfall_domain::ids::{AppId, GroupId};
use landfall_domain::message::{Conversation, Message, MessageLog};
use landfall_domain::time::Timestamp;
use std::collections::BTreeMap;

/// The pages of the messages with numbers up to `up_to`, the newest first.
pub(super) fn pages_down(log: &MessageLog, up_to: u32) -> impl Iterator<Item = u32> + use<> {
    let (first, last) = (log.first_kept, log.last_seq().min(up_to));
    (page_of(first).0..=page_of(last).0).rev().filter(move |_| first <= last)
}

/// A number that no message sent until `latest` is above. Numbers follow the times at which messages are sent.
pub(super) fn last_until(
    rows: &impl Rows,
    app: AppId,
    group: &GroupId,
    topic: &str,
    log: &MessageLog,
    latest: Timestamp,
) -> Result<u32, StoreError> {
    if log.last_message <= latest {
        return Ok(u32::MAX);
    }
    let (mut first, mut last) = (page_of(log.first_kept).0, page_of(log.last_seq()).0);
    while first < last {
        let middle = first + (last - first).div_ceil(2);
        let key = keys::page(app, group, topic, middle);
        match rows.read(&key, records::first_sent)?.flatten() {
            Some(sent) if latest < sent => last = middle - 1,
            Some(_) | None => first = middle,
        }
    }
    Ok(first.saturating_add(1).saturating_mul(MESSAGES_PER_PAGE))
}

pub(super) fn read_page(
    rows: &impl Rows,
    app: AppId,
    group: &GroupId,
    topic: &str,
    page: u32,
) -> Result<Vec<Message>, StoreError> {
    let key = keys::page(app, group, topic, page);
    Ok(rows.read(&key, |value| records::read_page(page, value))?.unwrap_or_default())
}

/// The pages of messages, with those messages on them: `rewritten` ones that exist, and new ones.
pub(super) fn pages(
    tx: &Tx<'_>,
    app: AppId,
    group: &GroupId,
    rewritten: &[(Conversation, Message)],
    sent: &[(Conversation, Message)],
) -> Result<BTreeMap<Vec<u8>, Vec<u8>>, StoreError> {
    let mut pages: BTreeMap<Vec<u8>, Vec<u8>> = BTreeMap::new();
    let rewritten = rewritten.chunk_by(together).map(|of_page| (of_page, false));
    for (of_page, new) in rewritten.chain(sent.chunk_by(together).map(|of_page| (of_page, true))) {
        let Some((conversation, first)) = of_page.first() else { continue };
        let (page, place) = page_of(first.seq);
        let key = keys::page(app, group, topic_of(conversation), page);
        let added = of_page.iter().map(|(_, message)| message);
        let written = match pages.get(&key) {
            Some(page) => records::write_page(Some(page), added)?,
            // A page is empty before its first message is sent.
            None if new && place == 0 => records::write_page(None, added)?,
            None => tx.rewrite(&key, |page| records::write_page(page, added))?,
        };
        pages.insert(key, written);
    }
    Ok(pages)
}

/// Key and value of a page.
type PageRow = (Vec<u8>, Vec<u8>);

/// The pages of the messages of a new group.
pub(super) fn new_pages(
    app: AppId,
    group: &GroupId,
    sent: &[(Conversation, Message)],
) -> Result<Vec<PageRow>, Damaged> {
    let page = |of_page: &[(Conversation, Message)]| {
        let (conversation, first) = of_page.first()?;
        let key = keys::page(app, group, topic_of(conversation), page_of(first.seq).0);
        Some(records::write_page(None, of_page.iter().map(|(_, message)| message)).map(|page| (key, page)))
    };
    sent.chunk_by(together).filter_map(page).collect()
}

/// When the last of these messages was sent; 0 if there is none.
pub(super) fn latest(messages: &[(Conversation, Message)]) -> Timestamp {
    messages.iter().map(|(_, message)| message.sent).max().unwrap_or_default()
}

/// Whether two messages are on the same page.
fn together(one: &(Conversation, Message), next: &(Conversation, Message)) -> bool {
    one.0 == next.0 && page_of(one.1.seq).0 == page_of(next.1.seq).0
}

/// Names the rows that record on which days conversations have new messages. `recorded` is a day that is already recorded for
/// the group's own conversation.
pub(super) fn record_days(
    app: AppId,
    group: &GroupId,
    recorded: Option<u32>,
    sent: &[(Conversation, Message)],
    mut put: impl FnMut(Vec<u8>),
) {
    let mut last = None;
    for (conversation, message) in sent {
        let day = day(message.sent);
        let known = recorded == Some(day) && *conversation == Conversation::Group;
        if !known && last != Some((conversation, day)) {
            put(keys::day(app, day, group, topic_of(conversation)));
        }
        last = Some((conversation, day));
    }
}
