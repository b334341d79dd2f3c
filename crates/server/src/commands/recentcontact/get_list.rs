//! `recentcontact/get_list`: the conversations of an account, with accounts and in groups, the newest first.
//!
//! The list is made when it is read: from the account's own notes and from the groups it is in. So a message to a group
//! costs nothing for it.
//!
//! [choice] A page has 100 conversations. `TimeStamp` is the time of its last one, and `StartIndex` says how many with that
//! time were given; `TopTimeStamp` and `TopStartIndex` are the same of pinned ones. Without bit 0 of `AssistFlags` pinned
//! conversations are in their place among the others; without bit 2 all of them are on the first page.
//! [choice] A conversation is empty when nothing was said in it. Live-stream groups, which keep no members, are not listed,
//! nor is a Private group before its first message. At most 10,000 groups are looked at.

use super::{from_account, internal, number, unknown_owner};
use crate::call::{Call, Command};
use crate::field::Field;
use crate::reply::Failure;
use landfall_domain::group::{Group, GroupType};
use landfall_domain::ids::UserId;
use landfall_domain::people::fact::{Chat, ChatState, Fact, FactFamily, FactKey, FactRange};
use landfall_domain::people::snapshot::PeopleNeeds;
use landfall_domain::people::{Pair, Subject};
use landfall_domain::store::JoinedWindow;
use landfall_domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// Conversations on a page. [doc]
const PAGE: usize = 100;
/// Notes of an account that are read at once.
const READ_AT_ONCE: usize = 1_000;
/// Groups that are looked at.
const GROUPS_MAX: usize = 10_000;

const WITH_PINNED: u32 = 1;
const WITH_EMPTY: u32 = 2;
const PAGED_PINNED: u32 = 4;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    #[serde(rename = "From_Account")]
    from_account: Field<String>,
    time_stamp: Field<i128>,
    start_index: Field<i128>,
    top_time_stamp: Field<i128>,
    top_start_index: Field<i128>,
    assist_flags: Field<i128>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Reply {
    session_item: Vec<Row>,
    complete_flag: u8,
    time_stamp: u64,
    start_index: usize,
    top_time_stamp: u64,
    top_start_index: usize,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Row {
    #[serde(rename = "Type")]
    kind: u8,
    #[serde(rename = "To_Account", skip_serializing_if = "Option::is_none")]
    to_account: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    group_id: Option<String>,
    msg_time: u64,
    top_flag: u8,
}

impl Command for Request {
    const PATH: &'static str = "recentcontact/get_list";
    type Reply = Reply;

    async fn run(self, call: &Call) -> Result<Reply, Failure> {
        let account = from_account(self.from_account)?;
        let ordinary = Cursor::read(self.time_stamp, "TimeStamp", self.start_index, "StartIndex")?;
        let pinned =
            Cursor::read(self.top_time_stamp, "TopTimeStamp", self.top_start_index, "TopStartIndex")?;
        let flags = number(self.assist_flags, "AssistFlags")?;
        let mut lists = Lists { flags, pinned: List::after(pinned), ordinary: List::after(ordinary) };
        let states = read_direct(call, &account, &mut lists).await?;
        read_groups(call, account, &states, &mut lists).await?;
        Ok(lists.reply())
    }
}

/// Where a page begins: behind `given` conversations whose last message was sent at `time`; 0: at the first.
#[derive(Clone, Copy, Debug, Default)]
struct Cursor {
    time: u64,
    given: usize,
}

impl Cursor {
    fn read(
        time: Field<i128>,
        time_field: &str,
        index: Field<i128>,
        index_field: &str,
    ) -> Result<Self, Failure> {
        let time = u64::from(number(time, time_field)?);
        let given = usize::try_from(number(index, index_field)?).unwrap_or(usize::MAX);
        Ok(Self { time, given })
    }
}

/// A conversation of a list. Lists are in the order of these, the newest first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Item {
    time: Reverse<u64>,
    chat: Chat,
}

/// The conversations of one kind that a page may have.
struct List {
    cursor: Cursor,
    items: Vec<Item>,
}

impl List {
    fn after(cursor: Cursor) -> Self {
        Self { cursor, items: Vec::new() }
    }

    fn add(&mut self, chat: Chat, time: Timestamp) {
        let is_behind = self.cursor.time == 0 && self.cursor.given == 0 || time.0 <= self.cursor.time;
        if is_behind {
            self.items.push(Item { time: Reverse(time.0), chat });
        }
        // Only those that may be on the page are kept; the cursor leaves some out that have its time.
        let most = PAGE.saturating_add(self.cursor.given).saturating_add(1);
        if most.saturating_mul(2) <= self.items.len() {
            self.items.sort();
            self.items.truncate(most);
        }
    }

    /// Up to `limit` conversations, the cursor behind them, and whether they are the last ones.
    fn page(mut self, limit: usize) -> (Vec<Item>, Cursor, bool) {
        self.items.sort();
        let Cursor { time, given } = self.cursor;
        let same = self.items.iter().take_while(|item| item.time.0 == time).count();
        let mut items = self.items.split_off(same.min(given));
        let is_last = items.len() <= limit;
        items.truncate(limit);
        let Some(last) = items.last() else { return (items, self.cursor, is_last) };
        let last_time = last.time.0;
        let of_last = items.iter().filter(|item| item.time.0 == last_time).count();
        let before = if last_time == time { given } else { 0 };
        (items, Cursor { time: last_time, given: before + of_last }, is_last)
    }
}

struct Lists {
    flags: u32,
    pinned: List,
    ordinary: List,
}

impl Lists {
    fn has(&self, flag: u32) -> bool {
        self.flags & flag != 0
    }

    fn add(&mut self, chat: Chat, state: &ChatState, time: Timestamp) {
        if time.0 == 0 && !self.has(WITH_EMPTY) {
            return;
        }
        if state.pinned.is_some() && self.has(WITH_PINNED) {
            self.pinned.add(chat, time);
        } else {
            self.ordinary.add(chat, time);
        }
    }

    fn reply(self) -> Reply {
        let is_first = self.ordinary.cursor.time == 0 && self.ordinary.cursor.given == 0;
        let (pinned, top, no_more_pinned) = match (self.has(PAGED_PINNED), is_first) {
            (true, _) => self.pinned.page(PAGE),
            (false, true) => self.pinned.page(usize::MAX),
            (false, false) => (Vec::new(), self.pinned.cursor, true),
        };
        let room = PAGE.saturating_sub(pinned.len());
        let (ordinary, next, no_more) = self.ordinary.page(room);
        let rows = pinned.into_iter().map(|item| row(item, 1));
        Reply {
            session_item: rows.chain(ordinary.into_iter().map(|item| row(item, 0))).collect(),
            complete_flag: u8::from(no_more_pinned && no_more),
            time_stamp: next.time,
            start_index: next.given,
            top_time_stamp: top.time,
            top_start_index: top.given,
        }
    }
}

fn row(Item { time: Reverse(msg_time), chat }: Item, top_flag: u8) -> Row {
    match chat {
        Chat::Direct(peer) => {
            Row { kind: 1, to_account: Some(peer.to_string()), group_id: None, msg_time, top_flag }
        }
        Chat::Group(id) => {
            Row { kind: 2, to_account: None, group_id: Some(id.as_str().to_owned()), msg_time, top_flag }
        }
    }
}

/// Adds the conversations with accounts. Returns what the account has done with those in groups.
async fn read_direct(
    call: &Call,
    account: &UserId,
    lists: &mut Lists,
) -> Result<BTreeMap<FactKey, ChatState>, Failure> {
    let own = Subject::Account(account.clone());
    let mut groups = BTreeMap::new();
    let mut after = None;
    loop {
        let (family, limit) = (FactFamily::Chats, READ_AT_ONCE);
        let range = FactRange { subject: own.clone(), family, after, limit };
        let needs =
            PeopleNeeds { accounts: vec![account.clone()], ranges: vec![range], ..PeopleNeeds::default() };
        let found = call.people(needs).await.map_err(internal)?;
        if !found.accounts.contains_key(account) {
            return Err(unknown_owner());
        }
        let is_last = found.facts.len() < READ_AT_ONCE;
        after = found.facts.keys().next_back().map(|(_, key)| key.clone());
        let mut shown = Vec::new();
        for ((_, key), fact) in found.facts {
            match (key, fact) {
                (FactKey::Chat(Chat::Direct(peer)), Fact::Chat(state)) if state.removed.is_none() => {
                    shown.push((peer, state));
                }
                (key @ FactKey::Chat(Chat::Group(_)), Fact::Chat(state)) => {
                    groups.insert(key, state);
                }
                _ => {}
            }
        }
        add_direct(call, account, shown, lists).await?;
        if is_last {
            return Ok(groups);
        }
    }
}

async fn add_direct(
    call: &Call,
    account: &UserId,
    shown: Vec<(UserId, ChatState)>,
    lists: &mut Lists,
) -> Result<(), Failure> {
    let log_of = |peer: &UserId| (Subject::Pair(Pair::of(account.clone(), peer.clone())), FactKey::Log);
    let facts = shown.iter().map(|(peer, _)| log_of(peer)).collect();
    let found = call.people(PeopleNeeds { facts, ..PeopleNeeds::default() }).await.map_err(internal)?;
    for (peer, state) in shown {
        let last_message = match found.facts.get(&log_of(&peer)) {
            Some(Fact::Log(log)) => log.last_message,
            _ => Timestamp(0),
        };
        lists.add(Chat::Direct(peer), &state, last_message);
    }
    Ok(())
}

/// Adds the conversations in groups, unless the account has taken them off its list since the last message.
async fn read_groups(
    call: &Call,
    account: UserId,
    states: &BTreeMap<FactKey, ChatState>,
    lists: &mut Lists,
) -> Result<(), Failure> {
    let window = JoinedWindow {
        kinds: GroupType::ALL.into_iter().filter(|kind| kind.can().members).collect(),
        support_topic: None,
        inactive: false,
        offset: 0,
        limit: GROUPS_MAX,
    };
    let page = call.joined_groups(account, window).await.map_err(internal)?;
    for (group, _) in page.groups {
        let chat = Chat::Group(group.id.clone());
        let state = states.get(&FactKey::Chat(chat.clone())).cloned().unwrap_or_default();
        if !is_removed(&group, &state) {
            lists.add(chat, &state, group.log.last_message);
        }
    }
    Ok(())
}

/// A group that was made after the note is another one.
fn is_removed(group: &Group, state: &ChatState) -> bool {
    state.removed.is_some_and(|removed| group.created <= removed) && group.log.last_seq() <= state.cleared
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Twelve conversations, three with each time.
    fn list(cursor: Cursor) -> List {
        let mut list = List::after(cursor);
        for number in 0..12_u64 {
            let peer = UserId::parse(&format!("u{number:02}")).unwrap();
            list.add(Chat::Direct(peer), Timestamp(1 + number % 4));
        }
        list
    }

    #[test]
    fn pages_of_any_size_have_every_conversation_once() {
        for limit in 1..=13 {
            let (mut seen, mut cursor, mut is_last) = (Vec::new(), Cursor::default(), false);
            while !is_last {
                let (items, next, last) = list(cursor).page(limit);
                (cursor, is_last) = (next, last);
                seen.extend(items);
            }
            assert_eq!(seen.len(), 12, "pages of {limit}");
            assert!(seen.is_sorted());
        }
    }
}
