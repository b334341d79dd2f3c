use super::*;
use crate::account::Account;
use crate::group::GroupType;
use crate::ids::TopicId;
use crate::message::ReadMark;
use crate::sample::{CREATED, NOW, context, decide, group_id, snapshot, text, user};
use crate::topic::Topic;

fn send(kind: GroupType, sender: &str) -> SendMessage {
    SendMessage {
        group: group_id(kind),
        conversation: Conversation::Group,
        sender: user(sender),
        by_administrator: false,
        random: 7,
        priority: Priority::Normal,
        body: Body { elements: "[1]".into(), ..Body::default() },
        online_only: false,
        not_last: false,
    }
}

/// `known1` owns it, `admin` and `member` are in it, `stranger` only exists.
fn room(kind: GroupType) -> GroupSnapshot {
    let mut snapshot = snapshot(kind, &[("admin", Role::Admin), ("member", Role::Member)]);
    let accounts = snapshot.members.keys().cloned().chain([user("stranger")]);
    snapshot.profiles = accounts.map(|account| (account, Account::placeholder(NOW))).collect();
    snapshot
}

fn topic_id() -> TopicId {
    TopicId::generate(&group_id(GroupType::Community), 3)
}

/// A community with a topic.
fn community() -> GroupSnapshot {
    let mut snapshot = room(GroupType::Community);
    let topic = Topic {
        id: topic_id(),
        name: text("t"),
        introduction: text(""),
        notification: text(""),
        face_url: text(""),
        custom: text(""),
        created: CREATED,
        mute_all: false,
        log: MessageLog { next_seq: 5, ..MessageLog::default() },
    };
    snapshot.parts.insert(PartKey::Topic(topic_id()), Part::Topic(topic));
    snapshot
}

fn to_topic(sender: &str) -> SendMessage {
    SendMessage { conversation: Conversation::Topic(topic_id()), ..send(GroupType::Community, sender) }
}

fn stored(operation: &SendMessage, seq: u32, sent: u64) -> Message {
    operation.message(seq, Timestamp(sent), &room(GroupType::Public).group)
}

#[test]
fn who_may_speak() {
    let allowed = |sender: &str, change: &dyn Fn(&mut GroupSnapshot)| {
        let mut snapshot = room(GroupType::Public);
        change(&mut snapshot);
        let decided = decide(&send(GroupType::Public, sender), &snapshot).map(|decision| decision.answer.seq);
        let administrator = SendMessage { by_administrator: true, ..send(GroupType::Public, sender) };
        assert_eq!(decide(&administrator, &snapshot).unwrap().answer.seq, 1, "administrators always may");
        decided
    };
    let unknown = Refusal::Unfitting("From_Account nobody is not an imported account".to_owned());
    assert_eq!(allowed("nobody", &|_| {}), Err(unknown));
    let mute_all = |snapshot: &mut GroupSnapshot| snapshot.group.mute_all = true;
    let muted_until = |until| {
        move |snapshot: &mut GroupSnapshot| {
            snapshot.members.values_mut().for_each(|member| member.muted_until = Timestamp(until));
        }
    };
    for (sender, free, muted, all_muted) in [
        ("known1", Ok(1), Err(Refusal::Muted), Ok(1)),
        ("admin", Ok(1), Err(Refusal::Muted), Ok(1)),
        ("member", Ok(1), Err(Refusal::Muted), Err(Refusal::Muted)),
        ("stranger", Ok(1), Ok(1), Err(Refusal::Muted)),
    ] {
        assert_eq!(allowed(sender, &|_| {}), free, "{sender}");
        assert_eq!(allowed(sender, &muted_until(NOW.0 + 1)), muted, "{sender}");
        assert_eq!(allowed(sender, &muted_until(NOW.0)), free, "the mute of {sender} is over");
        assert_eq!(allowed(sender, &mute_all), all_muted, "{sender}");
    }
}

#[test]
fn who_may_speak_in_a_topic() {
    let answer = |snapshot: &GroupSnapshot, sender: &str| {
        decide(&to_topic(sender), snapshot).map(|sent| sent.answer.seq)
    };
    let mut snapshot = community();
    assert_eq!(answer(&snapshot, "member"), Ok(5));
    let muted = TopicMember { muted_until: Timestamp(NOW.0 + 1), ..TopicMember::default() };
    snapshot.parts.insert(PartKey::TopicMember(topic_id(), user("member")), Part::TopicMember(muted));
    assert_eq!(answer(&snapshot, "member"), Err(Refusal::Muted));
    if let Some(Part::Topic(topic)) = snapshot.parts.get_mut(&PartKey::Topic(topic_id())) {
        topic.mute_all = true;
    }
    assert_eq!((answer(&snapshot, "stranger"), answer(&snapshot, "admin")), (Err(Refusal::Muted), Ok(5)));
    snapshot.parts.clear();
    assert_eq!(answer(&snapshot, "admin"), Err(Refusal::NoSuchTopic));
}

#[test]
fn administrators_of_a_live_stream_speak_while_all_are_muted() {
    let mut snapshot = room(GroupType::AvChatRoom);
    snapshot.members.clear();
    snapshot.group.mute_all = true;
    let operation = send(GroupType::AvChatRoom, "stranger");
    assert_eq!(decide(&operation, &snapshot).unwrap_err(), Refusal::Muted);
    snapshot.parts.insert(PartKey::LiveAdmin(user("stranger")), Part::LiveAdmin(NOW));
    let decision = decide(&operation, &snapshot).unwrap();
    assert_eq!(decision.answer, Sent { seq: 1, sent: NOW });
    assert_eq!(decision.changes.group.unwrap().log.next_seq, 2);
    assert!(decision.changes.new_messages.is_empty(), "such a group has no history");
}

#[test]
fn a_message_is_numbered_kept_and_read_by_its_sender() {
    let mut snapshot = room(GroupType::Public);
    snapshot.group.log.next_seq = 3;
    snapshot.members.get_mut(&user("admin")).unwrap().read = ReadMark { seq: 2, made_at: 0 };
    let decision = decide(&send(GroupType::Public, "admin"), &snapshot).unwrap();
    let group = decision.changes.group.unwrap();
    assert_eq!((group.log.next_seq, group.log.last_message), (4, NOW));
    let sender = &decision.changes.updated_members[0];
    assert_eq!((sender.last_message, group.log.unread(sender.read)), (NOW, 0));
    let (conversation, message) = &decision.changes.new_messages[0];
    assert_eq!((conversation, message.seq, message.sent), (&Conversation::Group, 3, NOW));
    // Sending a message does not mark earlier unread messages as read.
    let decision = decide(&send(GroupType::Public, "member"), &snapshot).unwrap();
    assert_eq!(group.log.unread(decision.changes.updated_members[0].read), 3);

    let unnumbered = SendMessage { online_only: true, ..send(GroupType::Public, "admin") };
    let decision = decide(&unnumbered, &snapshot).unwrap();
    assert_eq!(decision.answer, Sent { seq: 0, sent: NOW });
    assert!(decision.changes.group.is_none() && decision.changes.new_messages.is_empty());

    let not_last = SendMessage { not_last: true, ..send(GroupType::Public, "admin") };
    let log = decide(&not_last, &snapshot).unwrap().changes.group.unwrap().log;
    assert_eq!((log.next_seq, log.last_message), (4, Timestamp(0)));

    snapshot.group.log.next_seq = u32::MAX;
    assert_eq!(decide(&send(GroupType::Public, "admin"), &snapshot).unwrap_err(), Refusal::NoNumbersLeft);
}

#[test]
fn a_topic_has_its_own_numbers_and_marks() {
    let mut snapshot = community();
    let read = TopicMember { read: ReadMark { seq: 4, made_at: 0 }, ..TopicMember::default() };
    let place = PartKey::TopicMember(topic_id(), user("member"));
    snapshot.parts.insert(place.clone(), Part::TopicMember(read.clone()));
    let body = Body { receipt: true, extensible: true, ..to_topic("member").body };
    let decision = decide(&SendMessage { body, ..to_topic("member") }, &snapshot).unwrap();
    assert!(decision.changes.group.is_none());
    let read = TopicMember { read: ReadMark { seq: 5, made_at: 0 }, ..read };
    assert_eq!(decision.changes.parts[0], (place, Some(Part::TopicMember(read))));
    let Some(Part::Topic(topic)) = &decision.changes.parts[1].1 else { panic!("the topic has changed") };
    assert_eq!((topic.log.next_seq, topic.log.last_message), (6, NOW));
    assert_eq!(decision.changes.updated_members[0].last_message, NOW);
    let Content::Sent(body) = &decision.changes.new_messages[0].1.content else {
        panic!("a message was sent")
    };
    assert!(!body.receipt && !body.extensible, "not in topics");
    // Sending in a topic makes no read mark for a member without one.
    assert_eq!(decide(&to_topic("admin"), &snapshot).unwrap().changes.parts.len(), 1);
}

#[test]
fn the_same_again_is_the_first_one() {
    let operation = send(GroupType::Public, "member");
    let mut snapshot = room(GroupType::Public);
    snapshot.group.log = MessageLog { next_seq: 2, last_message: Timestamp(1_700), ..MessageLog::default() };
    let mut answer = |operation: &SendMessage, earlier: Message| {
        snapshot.messages = [(Conversation::Group, [(1, earlier)].into())].into();
        let decision = decide(operation, &snapshot).unwrap();
        assert_eq!(decision.changes.new_messages.is_empty(), decision.answer.seq == 1);
        decision.answer
    };
    let first = Sent { seq: 1, sent: Timestamp(1_700) };
    let second = Sent { seq: 2, sent: NOW };
    assert_eq!(answer(&operation, stored(&operation, 1, 1_700)), first);
    assert_eq!(answer(&operation, stored(&operation, 1, 1_699)), second, "five minutes are over");
    for other in [
        SendMessage { random: 8, ..operation.clone() },
        SendMessage { sender: user("admin"), ..operation.clone() },
        SendMessage { body: Body { elements: "[2]".into(), ..Body::default() }, ..operation.clone() },
    ] {
        assert_eq!(answer(&operation, stored(&other, 1, 1_700)), second, "{other:?}");
    }
}

#[test]
fn earlier_messages_are_looked_for_where_one_can_be() {
    let asks = |operation: SendMessage, kind, last_message| {
        let mut group = room(kind).group;
        group.log.last_message = Timestamp(last_message);
        operation.needs(&context(), &group).messages.len()
    };
    let operation = send(GroupType::Public, "member");
    assert_eq!(asks(operation.clone(), GroupType::Public, 1_699), 0);
    assert_eq!(asks(operation.clone(), GroupType::Public, 1_700), 1);
    assert_eq!(asks(SendMessage { not_last: true, ..operation.clone() }, GroupType::Public, 0), 1);
    assert_eq!(asks(SendMessage { online_only: true, ..operation }, GroupType::Public, 1_700), 0);
    assert_eq!(asks(send(GroupType::AvChatRoom, "member"), GroupType::AvChatRoom, 1_700), 0);
    assert_eq!(asks(to_topic("member"), GroupType::Community, 0), 1);
}

#[test]
fn the_owner_s_first_message_makes_a_group_visible_or_anybody_s_where_there_is_none() {
    for (sender, owned, active) in
        [("known1", true, true), ("member", true, false), ("member", false, true), ("stranger", false, true)]
    {
        let mut snapshot = room(GroupType::Private);
        snapshot.group.active = false;
        snapshot.group.owner.take_if(|_| !owned);
        let group = decide(&send(GroupType::Private, sender), &snapshot).unwrap().changes.group.unwrap();
        assert_eq!((group.active, group.log.next_seq), (active, 2), "{sender} {owned}");
    }
}
