//! `recentcontact/get_list`: the conversations of an account, with accounts and in groups, the newest first.
//!
//! The list is made when it is read: from the account's own notes and from the groups it is in. So a message to a group
//! costs nothing for it. Groups are looked at some at a time, and only conversations that may be on the page are kept.
//!
//! [choice] A page has 100 conversations. `TimeStamp` is the time of its last one, and `StartIndex` says how many with that
//! time were given; `TopTimeStamp` and `TopStartIndex` are the same of pinned ones. Without bit 0 of `AssistFlags` pinned
//! conversations are in their place among the others; without bit 2 all of them are on the first page.
//! [choice] Bits 3, 4 and 5 of `AssistFlags` ask for `StandardMark`, `CustomMark` and `ContactGroupId`: 63 asks for
//! everything, as documented.
//! [choice] A conversation is empty when nothing was said in it that lists show. Live-stream groups, which keep no members,
//! are not listed, nor is a Private group before its first message. At most 100,000 groups are looked at.

use super::folder::{Marks, keys, marks_of};
use super::page::{Cursor, Item, List, PAGE};
use super::{from_account, internal, number, unknown_owner};
use crate::call::{Call, Command};
use crate::field::Field;
use crate::reply::Failure;
use landfall_domain::ids::UserId;
use landfall_domain::people::fact::{Chat, ChatState, Fact, FactFamily, FactKey, FactRange};
use landfall_domain::people::snapshot::{PeopleNeeds, PeopleSnapshot};
use landfall_domain::people::{Pair, Subject};
use landfall_domain::store::JoinedChat;
use landfall_domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// Notes of an account that are read at once.
const READ_AT_ONCE: usize = 1_000;
/// Groups that are looked at, at once and in all.
const GROUPS_AT_ONCE: usize = 5_000;
const GROUPS_MAX: usize = 100_000;

const WITH_PINNED: u32 = 1;
const WITH_EMPTY: u32 = 2;
const PAGED_PINNED: u32 = 4;
const WITH_STANDARD_MARK: u32 = 8;
const WITH_CUSTOM_MARK: u32 = 16;
const WITH_FOLDERS: u32 = 32;

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
    #[serde(flatten)]
    marks: Marks,
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
        let pins = pins(call, &account).await?;
        let mut lists = Lists { flags, pins, pinned: List::after(pinned), ordinary: List::after(ordinary) };
        let states = read_direct(call, &account, &mut lists).await?;
        read_groups(call, &account, &states, &mut lists).await?;
        let page = lists.page();
        let marks = page.marks(call, &account, flags).await?;
        Ok(page.reply(&account, flags, &marks))
    }
}

struct Lists {
    flags: u32,
    pins: BTreeSet<Chat>,
    pinned: List,
    ordinary: List,
}

impl Lists {
    fn has(&self, flag: u32) -> bool {
        self.flags & flag != 0
    }

    fn add(&mut self, chat: Chat, time: Timestamp) {
        if time.0 == 0 && !self.has(WITH_EMPTY) {
            return;
        }
        if self.has(WITH_PINNED) && self.pins.contains(&chat) {
            self.pinned.add(chat, time);
        } else {
            self.ordinary.add(chat, time);
        }
    }

    fn page(self) -> Page {
        let (pinned, top, no_more_pinned) = match (self.has(PAGED_PINNED), self.ordinary.cursor.is_first()) {
            (true, _) => self.pinned.page(PAGE),
            (false, true) => self.pinned.page(usize::MAX),
            (false, false) => (Vec::new(), self.pinned.cursor, true),
        };
        let room = PAGE.saturating_sub(pinned.len());
        let (ordinary, next, no_more) = self.ordinary.page(room);
        Page { pinned, ordinary, next, top, complete: no_more_pinned && no_more }
    }
}

/// What is answered, without marks.
struct Page {
    pinned: Vec<Item>,
    ordinary: Vec<Item>,
    next: Cursor,
    top: Cursor,
    complete: bool,
}

impl Page {
    /// What the account keeps about these conversations, if that is asked for.
    async fn marks(&self, call: &Call, account: &UserId, flags: u32) -> Result<PeopleSnapshot, Failure> {
        if flags & (WITH_STANDARD_MARK | WITH_CUSTOM_MARK | WITH_FOLDERS) == 0 {
            return Ok(PeopleSnapshot::default());
        }
        let own = Subject::Account(account.clone());
        let items = self.pinned.iter().chain(&self.ordinary);
        let facts = items.flat_map(|item| keys(&item.chat)).map(|key| (own.clone(), key)).collect();
        call.people(PeopleNeeds { facts, ..PeopleNeeds::default() }).await.map_err(internal)
    }

    fn reply(self, account: &UserId, flags: u32, found: &PeopleSnapshot) -> Reply {
        let wanted = |flag: u32| flags & flag != 0;
        let row = |item: Item, top_flag| {
            let marks = marks_of(found, account, &item.chat).map(|(marks, _)| marks).unwrap_or_default();
            let marks = Marks {
                standard_mark: marks.standard_mark.filter(|_| wanted(WITH_STANDARD_MARK)),
                custom_mark: marks.custom_mark.filter(|_| wanted(WITH_CUSTOM_MARK)),
                contact_group_id: marks.contact_group_id.filter(|_| wanted(WITH_FOLDERS)),
            };
            row(item, top_flag, marks)
        };
        let pinned = self.pinned.into_iter().map(|item| row(item, 1));
        Reply {
            session_item: pinned.chain(self.ordinary.into_iter().map(|item| row(item, 0))).collect(),
            complete_flag: u8::from(self.complete),
            time_stamp: self.next.time,
            start_index: self.next.given,
            top_time_stamp: self.top.time,
            top_start_index: self.top.given,
        }
    }
}

fn row(Item { time: Reverse(msg_time), chat }: Item, top_flag: u8, marks: Marks) -> Row {
    match chat {
        Chat::Direct(peer) => {
            Row { kind: 1, to_account: Some(peer.to_string()), group_id: None, msg_time, top_flag, marks }
        }
        Chat::Group(id) => {
            let group_id = Some(id.as_str().to_owned());
            Row { kind: 2, to_account: None, group_id, msg_time, top_flag, marks }
        }
    }
}

/// The conversations that the account has pinned; their number has a bound.
async fn pins(call: &Call, account: &UserId) -> Result<BTreeSet<Chat>, Failure> {
    let ranges = vec![FactRange::all(Subject::Account(account.clone()), FactFamily::Pins)];
    let needs = PeopleNeeds { accounts: vec![account.clone()], ranges, ..PeopleNeeds::default() };
    let found = call.people(needs).await.map_err(internal)?;
    if !found.accounts.contains_key(account) {
        return Err(unknown_owner());
    }
    let pinned = |key: FactKey| if let FactKey::Pin(chat) = key { Some(chat) } else { None };
    Ok(found.facts.into_keys().filter_map(|(_, key)| pinned(key)).collect())
}

/// Adds the conversations with accounts. Returns what the account has done with those in groups.
async fn read_direct(
    call: &Call,
    account: &UserId,
    lists: &mut Lists,
) -> Result<BTreeMap<Chat, ChatState>, Failure> {
    let own = Subject::Account(account.clone());
    let mut groups = BTreeMap::new();
    let mut after = None;
    loop {
        let (family, limit) = (FactFamily::Chats, READ_AT_ONCE);
        let range = FactRange { subject: own.clone(), family, after, limit };
        let needs = PeopleNeeds { ranges: vec![range], ..PeopleNeeds::default() };
        let found = call.people(needs).await.map_err(internal)?;
        let is_last = found.facts.len() < READ_AT_ONCE;
        after = found.facts.keys().next_back().map(|(_, key)| key.clone());
        let mut shown = Vec::new();
        for ((_, key), fact) in found.facts {
            match (key, fact) {
                (FactKey::Chat(Chat::Direct(peer)), Fact::Chat(state)) if state.removed.is_none() => {
                    shown.push(peer);
                }
                (FactKey::Chat(chat @ Chat::Group(_)), Fact::Chat(state)) => {
                    groups.insert(chat, state);
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
    shown: Vec<UserId>,
    lists: &mut Lists,
) -> Result<(), Failure> {
    if shown.is_empty() {
        return Ok(());
    }
    let log_of = |peer: &UserId| (Subject::Pair(Pair::of(account.clone(), peer.clone())), FactKey::Log);
    let facts = shown.iter().map(log_of).collect();
    let found = call.people(PeopleNeeds { facts, ..PeopleNeeds::default() }).await.map_err(internal)?;
    for peer in shown {
        let last_message = match found.facts.get(&log_of(&peer)) {
            Some(Fact::Log(log)) => log.last_message,
            _ => Timestamp(0),
        };
        lists.add(Chat::Direct(peer), last_message);
    }
    Ok(())
}

/// Adds the conversations in groups, unless the account has taken them off its list since the last message.
async fn read_groups(
    call: &Call,
    account: &UserId,
    states: &BTreeMap<Chat, ChatState>,
    lists: &mut Lists,
) -> Result<(), Failure> {
    let mut after = None;
    for _ in 0..GROUPS_MAX / GROUPS_AT_ONCE {
        let page = call.joined_chats(account.clone(), after, GROUPS_AT_ONCE).await.map_err(internal)?;
        for joined in page.chats {
            let chat = Chat::Group(joined.group.clone());
            if !states.get(&chat).is_some_and(|state| is_removed(&joined, state)) {
                lists.add(chat, joined.last_listed);
            }
        }
        after = page.last;
        if after.is_none() {
            break;
        }
    }
    Ok(())
}

/// A group that was made after the note is another one. Messages that lists do not show bring nothing back.
fn is_removed(joined: &JoinedChat, state: &ChatState) -> bool {
    state.removed.is_some_and(|removed| {
        let nothing_new = joined.last_seq <= state.cleared || joined.quiet && joined.last_listed <= removed;
        joined.created <= removed && nothing_new
    })
}
