use super::*;
use crate::group::GroupType;
use crate::ids::TopicId;
use crate::part::Part;
use crate::sample::{CREATED, NOW, context, decide_import, group_id, snapshot, text, user};
use crate::topic::Topic;
use MessageOutcome::{Imported, Refused};

fn message(sent: u64, random: u32) -> ImportedMessage {
    ImportedMessage {
        conversation: Conversation::Group,
        sender: user("gone"),
        sent: Timestamp(sent),
        random,
        body: Ok(Body { elements: "[1]".into(), ..Body::default() }),
    }
}

fn import(messages: Vec<ImportedMessage>) -> ImportMessages {
    ImportMessages { group: group_id(GroupType::Public), messages, listed: true }
}

fn imported(seq: u32, sent: u64) -> MessageOutcome {
    Imported { seq, sent: Timestamp(sent) }
}

/// The outcome of a message sent at `sent` when that cannot be.
fn untimely(sent: u64) -> MessageOutcome {
    let problem = check_time(Timestamp(sent), CREATED, NOW).unwrap_err();
    Refused(MessageRefusal::SendTime(problem))
}

fn before(sent: u64, newest: u64) -> MessageOutcome {
    Refused(MessageRefusal::BeforeNewest { sent: Timestamp(sent), newest: Timestamp(newest) })
}

/// A group whose second message was sent at 1500.
fn room() -> GroupSnapshot {
    let mut snapshot = snapshot(GroupType::Public, &[]);
    snapshot.group.log = MessageLog { next_seq: 3, last_message: Timestamp(1_500), ..MessageLog::default() };
    snapshot
}

fn outcomes(messages: Vec<ImportedMessage>, snapshot: &GroupSnapshot) -> Vec<MessageOutcome> {
    decide_import(&import(messages), snapshot).unwrap().answer
}

#[test]
fn times_ascend_between_the_group_and_now() {
    let empty = snapshot(GroupType::Public, &[]);
    for (sent, snapshot, expected) in [
        (CREATED.0, &empty, untimely(CREATED.0)),
        (CREATED.0 + 1, &empty, imported(1, CREATED.0 + 1)),
        (NOW.0 - 1, &empty, imported(1, NOW.0 - 1)),
        (NOW.0, &empty, untimely(NOW.0)),
        (1_499, &room(), before(1_499, 1_500)),
        (1_500, &room(), imported(3, 1_500)),
    ] {
        assert_eq!(outcomes(vec![message(sent, 0)], snapshot), [expected], "{sent}");
    }
}

#[test]
fn a_bad_message_does_not_harm_the_others() {
    let problem = BodyTooLong { got: 9, max: 8 };
    let too_long = ImportedMessage { body: Err(problem), ..message(1_600, 1) };
    let asked = vec![message(1_600, 1), message(1_599, 2), too_long, message(1_600, 0), message(1_700, 4)];
    let decision = decide_import(&import(asked), &room()).unwrap();
    let too_long = Refused(MessageRefusal::TooLong(problem));
    let expected =
        [imported(3, 1_600), before(1_599, 1_600), too_long, imported(4, 1_600), imported(5, 1_700)];
    assert_eq!(decision.answer, expected);
    let group = decision.changes.group.unwrap();
    assert_eq!((group.log.next_seq, group.log.last_message), (6, Timestamp(1_700)));
    assert_eq!(group.log.read_by_all, 5, "everybody has read everything");
    assert!(decision.changes.updated_members.is_empty() && decision.changes.placeholders.is_empty());
    assert_eq!(
        decision.changes.new_messages.iter().map(|(_, message)| message.seq).collect::<Vec<_>>(),
        [3, 4, 5]
    );
}

#[test]
fn nothing_changes_when_nothing_is_new() {
    let mut snapshot = room();
    let known = message(1_400, 9);
    snapshot.messages =
        [(Conversation::Group, [(1, known.kept(1, known.body.as_ref().unwrap()))].into())].into();
    let decision = decide_import(&import(vec![known.clone(), message(1_000, 0)]), &snapshot).unwrap();
    assert_eq!(decision.answer, [imported(1, 1_400), untimely(1_000)]);
    assert!(decision.changes.group.is_none() && decision.changes.new_messages.is_empty());
    // Another content, or more than five minutes later, is another message.
    let other = Ok(Body { elements: "[2]".into(), ..Body::default() });
    let asked = vec![ImportedMessage { body: other, ..message(1_500, 9) }, message(1_701, 9)];
    assert_eq!(outcomes(asked, &snapshot), [imported(3, 1_500), imported(4, 1_701)]);
    assert_eq!(outcomes(vec![message(1_700, 9)], &snapshot), [imported(1, 1_400)]);
}

#[test]
fn a_group_with_a_history_is_seen() {
    let mut snapshot = room();
    snapshot.group.active = false;
    let changes = decide_import(&import(vec![message(1_900, 1)]), &snapshot).unwrap().changes;
    assert!(changes.group.unwrap().active);
    let changes = decide_import(&import(vec![message(1, 1)]), &snapshot).unwrap().changes;
    assert!(changes.group.is_none(), "nothing was imported");
}

#[test]
fn a_message_may_stand_twice_in_a_call() {
    let asked = vec![message(1_600, 5), message(1_601, 5), message(1_601, 0), message(1_601, 0)];
    let expected = [imported(3, 1_600), imported(3, 1_600), imported(4, 1_601), imported(5, 1_601)];
    assert_eq!(outcomes(asked, &room()), expected);
}

#[test]
fn topics_have_their_own_order() {
    let kind = GroupType::Community;
    let id = TopicId::generate(&group_id(kind), 3);
    let in_topic =
        |sent| ImportedMessage { conversation: Conversation::Topic(id.clone()), ..message(sent, 0) };
    let mut snapshot = snapshot(kind, &[]);
    let asked = import(vec![message(1_700, 0), in_topic(1_600), message(1_650, 0), in_topic(1_800)]);
    let nowhere = Refused(MessageRefusal::NoSuchTopic);
    let expected = [imported(1, 1_700), nowhere, before(1_650, 1_700), nowhere];
    assert_eq!(decide_import(&asked, &snapshot).unwrap().answer, expected);
    let topic = Topic {
        id: id.clone(),
        name: text("t"),
        introduction: text(""),
        notification: text(""),
        face_url: text(""),
        custom: text(""),
        // The time of the group is what counts.
        created: NOW,
        mute_all: false,
        log: MessageLog { next_seq: 8, ..MessageLog::default() },
    };
    snapshot.parts.insert(PartKey::Topic(id.clone()), Part::Topic(topic));
    let decision = decide_import(&asked, &snapshot).unwrap();
    assert_eq!(
        decision.answer,
        [imported(1, 1_700), imported(8, 1_600), before(1_650, 1_700), imported(9, 1_800)]
    );
    assert_eq!(decision.changes.group.unwrap().log.next_seq, 2);
    let [(_, Some(Part::Topic(topic)))] = &decision.changes.parts[..] else {
        panic!("the topic has changed")
    };
    assert_eq!((topic.log.next_seq, topic.log.read_by_all), (10, 9));
}

#[test]
fn what_is_refused_whole() {
    for kind in GroupType::ALL {
        let refused = decide_import(&import(vec![message(1_600, 0)]), &snapshot(kind, &[])).err();
        let expected =
            (!kind.can().import).then_some(Refusal::TypeForbids("do not accept imported messages"));
        assert_eq!(refused, expected, "{kind:?}");
    }
    let mut full = room();
    full.group.log.next_seq = u32::MAX;
    assert_eq!(decide_import(&import(vec![message(1_600, 0)]), &full).unwrap_err(), Refusal::NoNumbersLeft);
}

#[test]
fn earlier_messages_are_looked_for_where_one_can_be() {
    let asks = |messages| import(messages).needs(&context(), &room().group).messages;
    assert_eq!(asks(vec![message(1_600, 0)]), []);
    assert_eq!(asks(vec![message(1_801, 1)]), []);
    let wanted = MessageRange::Random {
        conversation: Conversation::Group,
        random: vec![1, 2],
        since: Timestamp(1_300),
    };
    assert_eq!(asks(vec![message(1_600, 1), message(1_610, 0), message(1_620, 2)]), [wanted]);
}
