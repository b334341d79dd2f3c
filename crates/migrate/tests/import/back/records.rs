//! Small neutral files, and what of them a server can hold.

use landfall_migrate::format::{
    Account, CustomValue, Group, Json, Kind, Member, Message, Reaction, Read, Record, Topic, identity,
};
use proptest::prelude::*;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

const CREATED: u64 = 1_500_000_000;

/// A group with everything that belongs to it.
#[derive(Clone, Debug)]
struct Community {
    group: Group,
    topics: Vec<Topic>,
    members: Vec<Member>,
    messages: Vec<Message>,
    reads: Vec<Read>,
}

impl Community {
    fn records(self) -> impl Iterator<Item = Record> {
        [Record::Group(self.group)]
            .into_iter()
            .chain(self.topics.into_iter().map(Record::Topic))
            .chain(self.members.into_iter().map(Record::Member))
            .chain(self.messages.into_iter().map(Record::Message))
            .chain(self.reads.into_iter().map(Record::Read))
    }
}

fn account(number: usize) -> String {
    format!("u{number}")
}

fn some_text() -> impl Strategy<Value = Option<String>> {
    proptest::option::of("[a-zé\"]{0,6}")
}

fn x() -> impl Strategy<Value = Option<Json>> {
    proptest::option::of("[a-z\"]{0,4}").prop_map(|text| text.map(|text| Json::from(json!({ "kept": text }))))
}

/// `ms` is a time since the group was made.
fn message() -> impl Strategy<Value = (u64, bool, Message)> {
    let custom = prop_oneof![
        Just(None),
        Just(Some("plain".to_owned())),
        Just(Some("{\"app\": {\"b\":1}}".to_owned()))
    ];
    let reactions = proptest::collection::vec(("[a-z]{1,3}", 0_usize..5), 0..2).prop_map(|reactions| {
        let reaction = |(name, who)| Reaction { name, accounts: vec![account(who)] };
        reactions.into_iter().map(reaction).collect::<Vec<_>>()
    });
    let random = proptest::option::of(1_u32..9);
    let exact = (1_000_u64..9_000, any::<bool>(), any::<bool>(), any::<bool>());
    ((0_usize..7, "[a-z]{0,5}", custom, reactions), (x(), random, exact)).prop_map(
        |((from, text, cloud_custom_data, reactions), (x, random, (ms, is_exact, in_topic, is_edited)))| {
            let ms = CREATED * 1_000 + ms;
            let message = Message {
                from: account(from),
                ts_ms: is_exact.then_some(ms),
                send_time: (!is_exact).then_some(ms / 1_000),
                edited_ms: is_edited.then_some(ms + 1),
                msg_body: json!([{ "MsgType": "TIMTextElem", "MsgContent": { "Text": text } }]).into(),
                random,
                cloud_custom_data,
                reactions,
                x,
                ..Message::default()
            };
            (ms, in_topic, message)
        },
    )
}

fn member(group: String, account: String) -> impl Strategy<Value = Member> {
    let role = prop_oneof![Just(None), Just(Some("Member".to_owned())), Just(Some("Admin".to_owned()))];
    (role, proptest::option::of(CREATED + 1..CREATED + 99), some_text()).prop_map(
        move |(role, join_time, name_card)| {
            let (group_id, account) = (group.clone(), account.clone());
            Member { group_id, account, role, join_time, name_card, ..Member::default() }
        },
    )
}

fn read(group: String, account: String, keys: Vec<String>) -> impl Strategy<Value = Option<Read>> {
    (0..4, 0_u32..9, 0_u64..9_000, any::<prop::sample::Index>()).prop_map(move |(kind, unread, ms, index)| {
        let of = Read { group_id: group.clone(), account: account.clone(), ..Read::default() };
        match kind {
            0 => None,
            1 if !keys.is_empty() => {
                Some(Read { src: "test".to_owned(), read_key: Some(index.get(&keys).clone()), ..of })
            }
            2 => Some(Read { read_ms: Some(CREATED * 1_000 + ms), ..of }),
            _ => Some(Read { unread_msg_num: Some(unread), ..of }),
        }
    })
}

fn community(number: usize) -> impl Strategy<Value = Community> {
    let messages = proptest::collection::vec(message(), 0..30);
    let profile = (some_text(), some_text(), "[a-z]{1,3}", any::<bool>(), any::<bool>());
    (profile, messages, 1_usize..5).prop_flat_map(move |(profile, messages, count)| {
        let (introduction, notification, value, is_community, owner_by_role) = profile;
        let id = if is_community { format!("@TGS#_c{number}") } else { format!("g{number}") };
        let topic_id = format!("{id}@TOPIC#_a");
        let group = Group {
            group_id: id.clone(),
            kind: if is_community { "Community" } else { "Public" }.to_owned(),
            name: format!("Group {number}"),
            owner: (!owner_by_role).then(|| account(0)),
            introduction,
            notification,
            create_time: Some(CREATED),
            support_topic: is_community.then_some(1),
            app_defined_data: vec![CustomValue { key: "Room".to_owned(), value }],
            x: Some(json!({ "lost": 1 }).into()),
            ..Group::default()
        };
        let topic = Topic {
            group_id: id.clone(),
            topic_id: topic_id.clone(),
            topic_name: "Talk".to_owned(),
            ..Topic::default()
        };
        let mut numbered = Vec::new();
        for (place, (ms, in_topic, message)) in messages.into_iter().enumerate() {
            let topic = (is_community && in_topic).then(|| topic_id.clone());
            let (src, key) = ("test".to_owned(), format!("{id}:{place}"));
            numbered.push((ms, Message { group_id: id.clone(), topic_id: topic, src, key, ..message }));
        }
        let thread = numbered.first().map(|(_, message)| message.key.clone());
        for (place, (_, message)) in numbered.iter_mut().enumerate() {
            message.thread = thread.clone().filter(|_| place % 3 == 1);
            message.reply_to = thread.clone().filter(|_| place % 4 == 1);
        }
        let own = numbered.iter().filter(|(_, message)| message.topic_id.is_none());
        let keys: Vec<_> = own.map(|(_, message)| message.key.clone()).collect();
        let messages: Vec<_> = numbered.into_iter().map(|(_, message)| message).collect();
        let members: Vec<_> = (0..count).map(|number| member(id.clone(), account(number))).collect();
        let reads: Vec<_> =
            (0..count).map(|number| read(id.clone(), account(number), keys.clone())).collect();
        (members, reads).prop_map(move |(mut members, reads)| {
            if let Some(owner) = members.first_mut() {
                owner.role = owner_by_role.then(|| "Owner".to_owned());
            }
            Community {
                group: group.clone(),
                topics: is_community.then(|| topic.clone()).into_iter().collect(),
                members,
                messages: messages.clone(),
                reads: reads.into_iter().flatten().collect(),
            }
        })
    })
}

/// The records of a small file, in any order.
pub(super) fn file() -> impl Strategy<Value = Vec<Record>> {
    let accounts: Vec<_> = (0..7).map(account).collect();
    let accounts = accounts.into_iter().map(|user_id| {
        let nick = Some(format!("Nick of {user_id}"));
        Record::Account(Account { user_id, nick, ..Account::default() })
    });
    let accounts: Vec<_> = accounts.collect();
    (community(0), community(1), 1_usize..3)
        .prop_map(move |(first, second, groups)| {
            let groups = [first, second].into_iter().take(groups).flat_map(Community::records);
            accounts.iter().cloned().chain(groups).collect::<Vec<_>>()
        })
        .prop_shuffle()
}

/// What of the records of a file the API can hold, as a pull names it:
///
/// * Accounts come without nick and picture, and only those that are members or have sent something.
/// * `src`, `key` and `x` of groups, topics, members, accounts and read marks are those of the pull. Messages keep theirs.
/// * What the file leaves to a default is there: times of topics and members, roles, the owner of a group.
/// * Empty texts are absent. `SendTime` is always there. `Random` is there where it does not follow from `src` and `key`.
/// * Read marks are counts of unread messages, for members who have any. A count is at most that of all messages.
/// * Messages are in order; everything else has none.
pub(super) fn held(records: &[Record]) -> Held {
    let mut held = Held::default();
    let mut reads = Vec::new();
    let messages = in_order(records);
    for record in records {
        match record.clone() {
            Record::Group(group) => held.group(group),
            Record::Topic(topic) => held.topic(topic),
            Record::Member(member) => held.member(member),
            Record::Read(read) => reads.push(read),
            Record::Account(_)
            | Record::File(_)
            | Record::Friend(_)
            | Record::Block(_)
            | Record::Message(_) => {}
        }
    }
    for member in records.iter().filter(|record| record.kind() == Kind::Member) {
        let Record::Member(member) = member else { continue };
        if member.role.as_deref() == Some("Owner")
            && let Some(group) = held.groups.get_mut(&member.group_id)
        {
            group.owner = Some(member.account.clone());
        }
    }
    held.owners();
    for message in messages {
        held.accounts.insert(message.from.clone());
        let id = message.topic_id.clone().unwrap_or_else(|| message.group_id.clone());
        held.messages.entry(id).or_default().push(stored(message));
    }
    for read in reads {
        held.read(&read);
    }
    held
}

fn in_order(records: &[Record]) -> Vec<Message> {
    let messages = records.iter().filter_map(|record| {
        if let Record::Message(message) = record { Some(message.clone()) } else { None }
    });
    let mut messages: Vec<_> = messages.collect();
    messages.sort_by_key(Message::sent_ms);
    messages
}

fn stored(message: Message) -> Message {
    let send_time = message.sent();
    let random = message.random.filter(|random| *random != identity::derived_random(&message));
    Message { send_time, random, ..message }
}

#[derive(Debug, Default, PartialEq)]
pub(super) struct Held {
    accounts: BTreeSet<String>,
    groups: BTreeMap<String, Group>,
    topics: BTreeMap<String, Topic>,
    members: BTreeMap<(String, String), Member>,
    /// By topic or group.
    messages: BTreeMap<String, Vec<Message>>,
    /// Unread messages by group and account.
    unread: BTreeMap<(String, String), u32>,
}

fn given(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

impl Held {
    fn group(&mut self, group: Group) {
        let group = Group {
            src: String::new(),
            key: String::new(),
            introduction: given(group.introduction),
            notification: given(group.notification),
            x: None,
            ..group
        };
        self.groups.insert(group.group_id.clone(), group);
    }

    fn topic(&mut self, topic: Topic) {
        let create_time = topic.create_time.or(Some(CREATED));
        let (src, key) = (String::new(), String::new());
        self.topics.insert(topic.topic_id.clone(), Topic { src, key, create_time, ..topic });
    }

    fn member(&mut self, member: Member) {
        self.accounts.insert(member.account.clone());
        let member = Member {
            src: String::new(),
            key: String::new(),
            role: member.role.or_else(|| Some("Member".to_owned())),
            join_time: member.join_time.or(Some(CREATED + 1)),
            name_card: given(member.name_card),
            ..member
        };
        self.members.insert((member.group_id.clone(), member.account.clone()), member);
    }

    /// The owner joins with its group, whatever its record says.
    fn owners(&mut self) {
        for group in self.groups.values() {
            let Some(owner) = &group.owner else { continue };
            let key = (group.group_id.clone(), owner.clone());
            let member = self.members.entry(key).or_insert_with(|| Member {
                group_id: group.group_id.clone(),
                account: owner.clone(),
                ..Member::default()
            });
            member.role = Some("Owner".to_owned());
            member.join_time = Some(CREATED);
            self.accounts.insert(owner.clone());
        }
    }

    fn read(&mut self, read: &Read) {
        let own = self.messages.get(&read.group_id).map(Vec::as_slice).unwrap_or_default();
        let unread = if let Some(unread) = read.unread_msg_num {
            own.len().min(usize::try_from(unread).unwrap())
        } else if let Some(key) = &read.read_key {
            own.iter().rev().take_while(|message| message.key != *key).count()
        } else {
            own.iter().filter(|message| read.read_ms < message.sent_ms()).count()
        };
        if unread != 0 {
            let key = (read.group_id.clone(), read.account.clone());
            self.unread.insert(key, u32::try_from(unread).unwrap());
        }
    }
}
