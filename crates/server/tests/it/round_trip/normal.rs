//! What an export writes of a file that was imported: the same, with what the file leaves to the documented defaults.
//!
//! * `src` and `key` of accounts, friends, blocklists and one-to-one read marks are those of the export. All accounts are there that are named.
//! * A friend has an `AddSource`, and no `RemarkTime`. A one-to-one message has a `MsgSeq` where it is not the first of its millisecond.
//! * What the file leaves to a default is there: settings of groups, times, roles, the owner's member record.
//! * Empty texts are absent. `SendTime` is always there. `Random` is there where it does not follow from `src` and `key`.
//! * A read mark says how many messages are not read. One that says nothing and is called nothing is absent.

use super::records::CREATED;
use crate::harness::APP;
use landfall_migrate::format::identity::Numbering;
use landfall_migrate::format::{
    Account, Block, Friend, Group, Member, Message, Read, Record, Topic, identity,
};
use std::collections::BTreeMap;

pub(super) fn normal(records: &[Record]) -> Vec<Record> {
    let mut whole = Whole::default();
    for record in records {
        match record.clone() {
            Record::Account(record) => drop(whole.accounts.insert(record.user_id.clone(), record)),
            Record::Friend(record) => whole.friends.push(record),
            Record::Block(record) => whole.blocks.push(record),
            Record::Group(record) => drop(whole.groups.insert(record.group_id.clone(), record)),
            Record::Topic(record) => whole.topics.push(record),
            Record::Member(record) => whole.members.push(record),
            Record::Message(record) if record.to.is_some() => whole.direct.push(record),
            Record::Message(record) => whole.messages.push(record),
            Record::Read(record) if record.peer.is_some() => whole.direct_reads.push(record),
            Record::Read(record) => whole.reads.push(record),
            Record::File(_) => {}
        }
    }
    whole.settle()
}

#[derive(Default)]
struct Whole {
    accounts: BTreeMap<String, Account>,
    groups: BTreeMap<String, Group>,
    topics: Vec<Topic>,
    members: Vec<Member>,
    messages: Vec<Message>,
    reads: Vec<Read>,
    friends: Vec<Friend>,
    blocks: Vec<Block>,
    direct: Vec<Message>,
    direct_reads: Vec<Read>,
}

fn given(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

impl Whole {
    fn settle(mut self) -> Vec<Record> {
        self.messages.sort_by_key(Message::sent_ms);
        for member in &self.members {
            if member.role.as_deref() == Some("Owner")
                && let Some(group) = self.groups.get_mut(&member.group_id)
            {
                group.owner = Some(member.account.clone());
            }
        }
        for group in self.groups.values() {
            let owner = group.owner.clone().unwrap();
            if !self.members.iter().any(|member| member.group_id == group.group_id && member.account == owner)
            {
                let group_id = group.group_id.clone();
                self.members.push(Member { group_id, account: owner, ..Member::default() });
            }
        }
        self.direct.sort_by_key(Message::sent_ms);
        let mut records = self.accounts();
        records.extend(self.friends.iter().cloned().map(friend).map(Record::Friend));
        records.extend(self.blocks.iter().cloned().map(block).map(Record::Block));
        records.extend(self.direct_reads.iter().filter_map(|read| self.direct_read(read)).map(Record::Read));
        records.extend(numbered(&self.direct).into_iter().map(Record::Message));
        records.extend(self.reads.iter().filter_map(|read| self.read(read)).map(Record::Read));
        records.extend(self.members.iter().map(|member| Record::Member(self.member(member))));
        records.extend(self.groups.values().cloned().map(|record| Record::Group(group(record))));
        records.extend(self.topics.into_iter().map(|topic| {
            let (introduction, custom_string) = (given(topic.introduction), given(topic.custom_string));
            Record::Topic(Topic { create_time: Some(CREATED), introduction, custom_string, ..topic })
        }));
        records.extend(self.messages.into_iter().map(|message| Record::Message(sent(message))));
        records
    }

    fn accounts(&self) -> Vec<Record> {
        let members = self.members.iter().map(|member| &member.account);
        let friends = self.friends.iter().flat_map(|friend| [&friend.account, &friend.friend]);
        let direct = self.direct.iter().flat_map(|message| [Some(&message.from), message.to.as_ref()]);
        let blocks = self.blocks.iter().flat_map(|block| [&block.account, &block.blocked]);
        let named = members.chain(friends).chain(blocks).chain(direct.flatten()).chain(self.accounts.keys());
        let mut names: Vec<_> = self.messages.iter().map(|message| &message.from).chain(named).collect();
        names.sort();
        names.dedup();
        let account = |name: &String| {
            let Account { nick, face_url, profile, .. } =
                self.accounts.get(name).cloned().unwrap_or_default();
            let (nick, face_url) = (given(nick), given(face_url));
            let (src, key, user_id) = (format!("v4:{APP}"), name.clone(), name.clone());
            Record::Account(Account { src, key, user_id, nick, face_url, profile, x: None })
        };
        names.into_iter().map(account).collect()
    }

    fn member(&self, member: &Member) -> Member {
        let is_owner = self.groups[&member.group_id].owner.as_ref() == Some(&member.account);
        let role = if is_owner { Some("Owner".to_owned()) } else { member.role.clone() };
        let joined = if is_owner { CREATED } else { member.join_time.unwrap_or(CREATED + 1) };
        Member {
            role: role.or_else(|| Some("Member".to_owned())),
            join_time: Some(joined),
            name_card: given(member.name_card.clone()),
            ..member.clone()
        }
    }

    /// Of two accounts: what the other has said since, if anything.
    fn direct_read(&self, read: &Read) -> Option<Read> {
        let peer = read.peer.as_ref().unwrap();
        let is_of = |message: &&Message| {
            let two = [&message.from, message.to.as_ref().unwrap()];
            two == [&read.account, peer] || two == [peer, &read.account]
        };
        let messages: Vec<_> = self.direct.iter().filter(is_of).collect();
        let of_other = |message: &&&Message| message.from != read.account;
        let unread = if let Some(unread) = read.unread_msg_num {
            messages.iter().filter(of_other).count().min(usize::try_from(unread).unwrap())
        } else if let Some(key) = &read.read_key {
            messages.iter().rev().take_while(|message| message.key != *key).filter(of_other).count()
        } else {
            messages.iter().filter(|message| read.read_ms < message.sent_ms()).filter(of_other).count()
        };
        (unread != 0).then(|| Read {
            src: format!("v4:{APP}"),
            key: format!("{}:{peer}", read.account),
            account: read.account.clone(),
            peer: Some(peer.clone()),
            unread_msg_num: Some(u32::try_from(unread).unwrap()),
            ..Read::default()
        })
    }

    fn read(&self, read: &Read) -> Option<Read> {
        let is_of =
            |message: &&Message| message.group_id == read.group_id && message.topic_id == read.topic_id;
        let messages: Vec<_> = self.messages.iter().filter(is_of).collect();
        let unread = if let Some(unread) = read.unread_msg_num {
            messages.len().min(usize::try_from(unread).unwrap())
        } else if let Some(key) = &read.read_key {
            messages.iter().rev().take_while(|message| message.key != *key).count()
        } else {
            messages.iter().filter(|message| read.read_ms < message.sent_ms()).count()
        };
        let counts = self.groups[&read.group_id].kind != "ChatRoom";
        let unread = if counts { u32::try_from(unread).unwrap() } else { 0 };
        let is_called = !(read.src.is_empty() && read.key.is_empty()) || read.x.is_some();
        (unread != 0 || is_called).then(|| Read {
            unread_msg_num: Some(unread),
            read_key: None,
            read_ms: None,
            ..read.clone()
        })
    }
}

fn friend(friend: Friend) -> Friend {
    Friend {
        src: format!("v4:{APP}"),
        key: format!("{}:{}", friend.account, friend.friend),
        add_source: friend.add_source.or_else(|| Some("AddSource_Type_Import".to_owned())),
        remark: given(friend.remark),
        add_wording: given(friend.add_wording),
        remark_time: None,
        x: None,
        ..friend
    }
}

fn block(block: Block) -> Block {
    Block { src: format!("v4:{APP}"), key: format!("{}:{}", block.account, block.blocked), x: None, ..block }
}

/// One-to-one messages as they come out.
fn numbered(messages: &[Message]) -> Vec<Message> {
    let mut numbering: BTreeMap<[String; 2], Numbering> = BTreeMap::new();
    let number = |message: &Message| {
        let mut two = [message.from.clone(), message.to.clone().unwrap()];
        two.sort();
        let number = numbering.entry(two).or_default().number(message);
        let msg_seq = Some(number).filter(|number| !identity::is_first_number(message, *number));
        Message { msg_seq, ..sent(message.clone()) }
    };
    messages.iter().map(number).collect()
}

fn group(group: Group) -> Group {
    let (is_community, is_room) = (group.kind == "Community", group.kind == "ChatRoom");
    let text = |text: &str| Some(text.to_owned()).filter(|_| !is_community);
    let join = if group.kind == "Private" { "DisableApply" } else { "NeedPermission" };
    Group {
        introduction: given(group.introduction),
        notification: given(group.notification),
        max_member_num: group.max_member_num.or(Some(2_000)),
        history_msg_before_join: group
            .history_msg_before_join
            .or_else(|| text(if is_room { "On" } else { "Off" })),
        apply_join_option: group.apply_join_option.or_else(|| text(join)),
        ..group
    }
}

fn sent(message: Message) -> Message {
    let send_time = message.sent();
    let random = message.random.filter(|random| *random != identity::derived_random(&message));
    Message { send_time, random, ..message }
}
