//! Small neutral files with records of every kind that a group consists of.

use landfall_migrate::format::{
    Account, Block, CustomValue, FieldValue, Friend, Group, Json, Member, Message, Reaction, Read, Record,
    TagValue, Topic,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::json;

/// When groups are made, seconds since 1970.
pub(super) const CREATED: u64 = 1_500_000_000;
const ACCOUNTS: usize = 6;

pub(super) fn account(number: usize) -> String {
    format!("u{number}")
}

/// `src`, `key` and `x`: each record is called after its source, or after another, or not at all.
type Name = (String, String, Option<Json>);

fn name() -> impl Strategy<Value = Name> {
    let src = select(vec!["test", "test", "other:\"1\"", ""]).prop_map(str::to_owned);
    let x = option::of("[a-zé\"\\\\]{0,4}");
    (src, "[a-z0-9:\" ]{0,4}", x).prop_map(|(src, key, x)| {
        (src, key, x.map(|text| Json::from(json!({ "kept": text, "more": [1.5, null] }))))
    })
}

fn text() -> impl Strategy<Value = Option<String>> {
    option::of("[a-zé\"\n]{0,6}")
}

/// How far a member has read, in the words of a record.
#[derive(Clone, Debug)]
enum Mark {
    Unread(u32),
    Ms(u64),
    Key(Index),
}

fn mark() -> impl Strategy<Value = Mark> {
    prop_oneof![
        (0_u32..9).prop_map(Mark::Unread),
        (0_u64..9_000).prop_map(|ms| Mark::Ms(CREATED * 1_000 + ms)),
        any::<Index>().prop_map(Mark::Key),
    ]
}

#[derive(Clone, Debug)]
struct Seat {
    role: Option<String>,
    joined: Option<u64>,
    card: Option<String>,
    mute: bool,
    team: Option<String>,
    name: Name,
    /// Of the group, and of its topic.
    marks: [Option<(Mark, Name)>; 2],
}

fn seat() -> impl Strategy<Value = Seat> {
    let role = select(vec![None, Some("Member".to_owned()), Some("Admin".to_owned())]);
    let marks = [option::of((mark(), name())), option::of((mark(), name()))];
    let joined = option::of(CREATED + 1..CREATED + 99);
    (role, joined, text(), any::<bool>(), option::of("[a-z]{1,4}"), name(), marks).prop_map(
        |(role, joined, card, mute, team, name, marks)| Seat { role, joined, card, mute, team, name, marks },
    )
}

/// In a topic or not, milliseconds after the group was made, and the rest.
fn message() -> impl Strategy<Value = (bool, u64, Message)> {
    let custom = select(vec![None, Some("plain".to_owned()), Some("{\"app\": {\"b\":1}}".to_owned())]);
    let reactions = vec(("[a-z]{1,3}", 0..ACCOUNTS), 0..2).prop_map(|reactions| {
        let reaction = |(name, who)| Reaction { name, accounts: vec![account(who)] };
        reactions.into_iter().map(reaction).collect::<Vec<_>>()
    });
    let times = (any::<bool>(), 1_001_u64..9_000, any::<bool>(), any::<bool>());
    let rest = (option::of(1_u32..9), option::of("[a-z]{0,3}"), any::<bool>());
    (0..ACCOUNTS, "[a-zé]{0,5}", custom, reactions, times, rest).prop_map(
        |(
            from,
            text,
            cloud_custom_data,
            reactions,
            (in_topic, ms, is_exact, is_edited),
            (random, x, is_reply),
        )| {
            let at = CREATED * 1_000 + ms;
            let message = Message {
                from: account(from),
                ts_ms: is_exact.then_some(at),
                send_time: (!is_exact).then_some(at / 1_000),
                edited_ms: is_edited.then_some(at + 1),
                msg_body: json!([{ "MsgType": "TIMTextElem", "MsgContent": { "Text": text } }]).into(),
                random,
                cloud_custom_data,
                reactions,
                reply_to: is_reply.then(|| "0".to_owned()),
                thread: is_reply.then(|| "0".to_owned()),
                x: x.map(|text| json!({ "kept": text }).into()),
                ..Message::default()
            };
            (in_topic, ms, message)
        },
    )
}

/// A group, for the records of its members.
struct Place {
    group_id: String,
    topic_id: String,
    kind: &'static str,
    owner_by_role: bool,
    /// Keys of the messages of the group, and of its topic.
    keys: [Vec<String>; 2],
}

impl Place {
    /// A member, and how far it has read.
    fn records(&self, number: usize, seat: Seat) -> Vec<Record> {
        let Seat { mut role, joined, card, mute, team, name: (src, key, x), marks } = seat;
        if number == 0 {
            role = self.owner_by_role.then(|| "Owner".to_owned());
        } else if self.kind == "Private" {
            role = role.filter(|role| role != "Admin");
        }
        let topics = if self.kind == "Community" { 2 } else { 1 };
        let marks = marks.into_iter().enumerate().take(topics);
        let mut records: Vec<_> =
            marks.filter_map(|(topic, mark)| Some(self.read(number, topic, mark?))).collect();
        let team = team.map(|value| CustomValue { key: "Team".to_owned(), value });
        records.push(Record::Member(Member {
            src,
            key,
            group_id: self.group_id.clone(),
            account: account(number),
            role,
            join_time: joined,
            name_card: card,
            mute_until: (mute && number != 0 && self.kind != "Private").then_some(4_000_000_000),
            app_member_defined_data: team.into_iter().collect(),
            x,
        }));
        records
    }

    fn read(&self, number: usize, topic: usize, (mark, (src, key, x)): (Mark, Name)) -> Record {
        let read = Read {
            src,
            key,
            x,
            group_id: self.group_id.clone(),
            topic_id: (topic == 1).then(|| self.topic_id.clone()),
            account: account(number),
            ..Read::default()
        };
        let keys = &self.keys[topic];
        Record::Read(match mark {
            Mark::Unread(unread) => Read { unread_msg_num: Some(unread), ..read },
            Mark::Key(index) if !keys.is_empty() => {
                Read { src: "test".to_owned(), read_key: Some(index.get(keys).clone()), ..read }
            }
            Mark::Key(_) => Read { read_ms: Some(CREATED * 1_000), ..read },
            Mark::Ms(ms) => Read { read_ms: Some(ms), ..read },
        })
    }
}

/// A group with all that belongs to it.
fn community(number: usize) -> impl Strategy<Value = Vec<Record>> {
    let kind = select(vec!["Public", "Private", "ChatRoom", "Community"]);
    let profile = (kind, text(), text(), option::of("[a-z]{1,3}"), option::of(100_u32..200), any::<bool>());
    let settings = (
        select(vec![None, Some("On"), Some("Off")]),
        select(vec![None, Some("FreeAccess"), Some("DisableApply")]),
    );
    let seats = vec(seat(), 1..ACCOUNTS);
    (profile, settings, seats, vec(message(), 0..12), name(), (name(), text(), text())).prop_map(
        move |(profile, (history, join), seats, messages, (src, key, x), topic)| {
            let (kind, introduction, notification, value, max_member_num, owner_by_role) = profile;
            let is_community = kind == "Community";
            let group_id = if is_community { format!("@TGS#_g{number}") } else { format!("g{number}") };
            let topic_id = format!("{group_id}@TOPIC#_t");
            let value = value.map(|value| CustomValue { key: "OldRoomNo".to_owned(), value });
            let group = Group {
                src,
                key,
                group_id: group_id.clone(),
                kind: kind.to_owned(),
                name: format!("Group \"{number}\""),
                owner: (!owner_by_role).then(|| account(0)),
                introduction,
                notification,
                max_member_num,
                history_msg_before_join: history.filter(|_| !is_community).map(str::to_owned),
                apply_join_option: join.filter(|_| !is_community).map(str::to_owned),
                create_time: Some(CREATED),
                support_topic: is_community.then_some(1),
                app_defined_data: value.into_iter().collect(),
                x,
                ..Group::default()
            };
            let mut records = vec![Record::Group(group)];
            if is_community {
                let ((src, key, x), introduction, custom_string) = topic;
                let topic = Topic { src, key, x, introduction, custom_string, ..Topic::default() };
                let (group_id, topic_id) = (group_id.clone(), topic_id.clone());
                records.push(Record::Topic(Topic {
                    group_id,
                    topic_id,
                    topic_name: "Talk".to_owned(),
                    ..topic
                }));
            }
            let mut keys = [Vec::new(), Vec::new()];
            for (place, (in_topic, _, message)) in messages.into_iter().enumerate() {
                let in_topic = in_topic && is_community;
                let (src, key) = ("test".to_owned(), format!("{number}:{place}"));
                keys[usize::from(in_topic)].push(key.clone());
                let topic_id = in_topic.then(|| topic_id.clone());
                records.push(Record::Message(Message {
                    src,
                    key,
                    group_id: group_id.clone(),
                    topic_id,
                    ..message
                }));
            }
            let place = Place { group_id, topic_id, kind, owner_by_role, keys };
            records
                .extend(seats.into_iter().enumerate().flat_map(|(number, seat)| place.records(number, seat)));
            records
        },
    )
}

/// Friends of the first account.
fn friends() -> impl Strategy<Value = Vec<Record>> {
    let friend = (name(), text(), vec("[a-c]{1,2}", 0..3), 1_u64..9, option::of("[a-z]{1,3}"));
    vec(friend, 0..ACCOUNTS - 1).prop_map(|friends| {
        let record = |(place, ((src, key, x), remark, mut lists, added, wording)): (
            usize,
            (Name, _, Vec<_>, _, _),
        )| {
            lists.sort();
            lists.dedup();
            Record::Friend(Friend {
                src,
                key,
                x,
                account: account(0),
                friend: account(place + 1),
                remark,
                lists,
                add_wording: wording,
                add_time: Some(added),
                ..Friend::default()
            })
        };
        friends.into_iter().enumerate().map(record).collect()
    })
}

/// The blocklist of the first account, which may have friends on it.
fn blocklist() -> impl Strategy<Value = Vec<Record>> {
    let block = (name(), 1_u64..9);
    vec(block, 0..ACCOUNTS - 1).prop_map(|blocks| {
        let record = |(place, ((src, key, x), added))| {
            let (account, blocked) = (account(0), account(place + 1));
            Record::Block(Block { src, key, account, blocked, add_time: Some(added), x })
        };
        blocks.into_iter().enumerate().map(record).collect()
    })
}

/// What the first two accounts have said to each other, and how far they have read.
fn conversation() -> impl Strategy<Value = Vec<Record>> {
    let message = (0_u64..9_000, any::<bool>(), x_of(), "[a-z]{0,4}");
    (vec(message, 0..8), option::of(mark()), option::of(mark())).prop_map(|(messages, first, second)| {
        let two = |swap: bool| if swap { (account(1), account(0)) } else { (account(0), account(1)) };
        let mut records = Vec::new();
        let mut keys = Vec::new();
        for (place, (ms, swap, x, text)) in messages.into_iter().enumerate() {
            let (src, key) = ("test".to_owned(), format!("d:{place}"));
            keys.push(key.clone());
            let (from, to) = two(swap);
            let body = json!([{ "MsgType": "TIMTextElem", "MsgContent": { "Text": text } }]);
            records.push(Record::Message(Message {
                src,
                key,
                from,
                to: Some(to),
                ts_ms: Some(CREATED * 1_000 + ms),
                msg_body: body.into(),
                x,
                ..Message::default()
            }));
        }
        for (swap, mark) in [(false, first), (true, second)] {
            let (account, peer) = two(swap);
            let read = Read { src: "test".to_owned(), account, peer: Some(peer), ..Read::default() };
            let mark = mark.filter(|_| !keys.is_empty());
            records.extend(mark.map(|mark| {
                Record::Read(match mark {
                    Mark::Unread(unread) => Read { unread_msg_num: Some(unread), ..read },
                    Mark::Ms(ms) => Read { read_ms: Some(ms), ..read },
                    Mark::Key(key) => Read { read_key: Some(key.get(&keys).clone()), ..read },
                })
            }));
        }
        records
    })
}

fn x_of() -> impl Strategy<Value = Option<Json>> {
    name().prop_map(|(_, _, x)| x)
}

/// The records of a small file, in any order.
pub(super) fn file() -> impl Strategy<Value = Vec<Record>> {
    let profile = (option::of(0_u64..9), option::of("[a-z]{1,4}")).prop_map(|(level, signature)| {
        let field = |name: &str, value| TagValue { tag: format!("Tag_Profile_IM_{name}"), value };
        let level = level.map(|level| field("Level", FieldValue::Number(level)));
        let signature = signature.map(|text| field("SelfSignature", FieldValue::Text(text)));
        signature.into_iter().chain(level).collect::<Vec<_>>()
    });
    let accounts = vec((any::<bool>(), text(), text(), profile), ACCOUNTS).prop_map(|accounts| {
        let known = accounts.into_iter().enumerate().filter(|(_, (is_known, ..))| *is_known);
        let record = |(number, (_, nick, face_url, profile))| {
            let user_id = account(number);
            Record::Account(Account { user_id, nick, face_url, profile, ..Account::default() })
        };
        known.map(record).collect::<Vec<_>>()
    });
    (accounts, community(0), community(1), friends(), blocklist(), conversation())
        .prop_map(|(accounts, first, second, friends, blocks, direct)| {
            [accounts, first, second, friends, blocks, direct].concat()
        })
        .prop_shuffle()
}
