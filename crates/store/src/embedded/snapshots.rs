//! Loading what an operation on one group needs.

use super::key_range::{Keys, beginning};
use super::keys;
use super::message_pages::{last_until, pages_down, read_page};
use super::recent::Mark;
use super::records::{self, GroupRow, page_of};
use super::rows::Rows;
use crate::parts::{self, topic_of};
use landfall_domain::error::StoreError;
use landfall_domain::group::Group;
use landfall_domain::ids::{AppId, GroupId, UserId};
use landfall_domain::member::Member;
use landfall_domain::message::{Conversation, Message, MessageLog};
use landfall_domain::part::{Part, PartFamily, PartKey, PartRange};
use landfall_domain::snapshot::{GroupSnapshot, MessageRange, Needs};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::{Bound, ControlFlow};

/// Loads the needed parts of a group.
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
    for account in needs.profiles {
        if rows.account_exists(app, &account)? {
            let profile = rows.account(app, &account)?;
            snapshot.profiles.extend(profile.map(|profile| (account, profile)));
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

/// The keys of the parts of a family.
pub(super) fn family_keys(app: AppId, group: &GroupId, family: &PartFamily) -> Keys {
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
            let topic = topic_of(conversation);
            let latest = |random: &u32| rows.latest_message(Mark::group(app, group, topic, *random), *since);
            let Some(latest) = random.iter().filter_map(latest).max() else { return Ok(found) };
            let log = log_of(rows, app, of, conversation)?;
            for page in pages_down(&log, last_until(rows, app, group, topic, &log, latest)?) {
                let key = keys::page(app, group, topic, page);
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

/// The message numbers of a conversation; those of an empty one for a topic that does not exist.
pub(super) fn log_of(
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
