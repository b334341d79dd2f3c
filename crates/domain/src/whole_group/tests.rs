use super::*;
use crate::message::Priority;
use crate::origin::{CARRIED_BYTES_MAX, JobId};
use crate::sample::{CREATED, NOW, context, group, text, user};
use std::convert::Infallible;

fn origin() -> Origin {
    Origin { job: JobId(1), src: "s".to_owned(), key: "k".to_owned(), digest: String::new(), carried: vec![] }
}

fn message(sent: u64) -> WholeMessage {
    let body = crate::message::Body::default();
    WholeMessage { sender: user("gone"), sent: Timestamp(sent), random: 1, priority: Priority::Normal, body }
}

fn messages(place: Conversation, sent: &[u64]) -> (Conversation, Vec<WholeMessage>) {
    (place, sent.iter().map(|sent| message(*sent)).collect())
}

/// A group of `known1` with `known2` in it, and three messages.
fn whole() -> WholeGroup {
    WholeGroup {
        new: group(GroupType::Public, Some("known1"), Vec::new()),
        members: vec![WholeMember::new(user("known2"))],
        topics: Vec::new(),
        messages: vec![messages(Conversation::Group, &[1_000, 1_500, 1_500])],
        staged: 0,
        origin: origin(),
    }
}

/// A community with one topic, and a message in each conversation.
fn community() -> WholeGroup {
    let kind = GroupType::Community;
    let new = NewGroup { support_topic: true, ..group(kind, Some("known1"), Vec::new()) };
    let mut whole = WholeGroup { new, ..whole() };
    let topic = WholeTopic {
        id: TopicId::parse(&format!("{}@TOPIC#_t", whole.id()), &whole.id()).unwrap(),
        name: text("t"),
        introduction: text(""),
        notification: text(""),
        face_url: text(""),
        custom: text(""),
        created: CREATED,
    };
    whole.messages.push(messages(Conversation::Topic(topic.id.clone()), &[1_200, 1_300]));
    whole.topics.push(topic);
    whole
}

fn made_of(whole: WholeGroup, staged: Staged) -> Result<CreatedWholeGroup, WholeGroupRefusal> {
    let known = |account: &UserId| Ok::<_, Infallible>(account.as_str().starts_with("known"));
    let Ok(made) = whole_group(whole, staged, 1, &context(), known);
    made
}

fn made(whole: WholeGroup) -> CreatedWholeGroup {
    made_of(whole, Staged::default()).unwrap()
}

fn refused(change: impl FnOnce(&mut WholeGroup)) -> WholeGroupRefusal {
    let mut whole = community();
    change(&mut whole);
    made_of(whole, Staged::default()).unwrap_err()
}

#[test]
fn messages_are_numbered_from_one_and_read_by_all_who_have_no_read_mark() {
    let made = made(WholeGroup {
        members: vec![
            WholeMember { reads: vec![(Conversation::Group, 1)], ..WholeMember::new(user("known2")) },
            WholeMember { reads: vec![(Conversation::Group, 0)], ..WholeMember::new(user("known1")) },
            WholeMember::new(user("known3")),
        ],
        ..whole()
    });
    let log = &made.group.log;
    assert_eq!((log.next_seq, log.last_message.0, log.read_by_all), (4, 1_500, 3));
    assert_eq!(made.messages.iter().map(|(_, message)| message.seq).collect::<Vec<_>>(), [1, 2, 3]);
    let unread = |name: &str| {
        let member = made.members.iter().find(|member| member.account == user(name)).unwrap();
        log.unread(member.read)
    };
    assert_eq!([unread("known1"), unread("known2"), unread("known3")], [3, 2, 0]);
    assert_eq!(made.group.member_count, 3);
    assert_eq!((made.members[0].account.as_str(), made.members[0].role), ("known1", Role::Owner));
}

#[test]
fn staged_messages_come_before_the_others_and_a_refused_stage_changes_nothing() {
    let mut staged = Staged::default();
    let early = staged.number(vec![messages(Conversation::Group, &[1_000, 1_100])]).unwrap();
    assert_eq!(early.last().unwrap().1.seq, 2);
    let late = vec![messages(Conversation::Group, &[1_200, 1_050])];
    assert_eq!(staged.number(late), Err(BadMessage::OutOfOrder(4)));
    let rest = |number| WholeGroup {
        messages: vec![messages(Conversation::Group, &[1_100])],
        staged: number,
        ..whole()
    };
    assert_eq!(made_of(rest(3), staged.clone()), Err(WholeGroupRefusal::StagedLost(3, 2)));
    let made = made_of(rest(2), staged).unwrap();
    assert_eq!((made.messages[0].1.seq, made.group.log.next_seq, made.group.log.read_by_all), (3, 4, 3));
}

#[test]
fn a_topic_has_numbers_and_read_marks_of_its_own() {
    let mut whole = community();
    let topic = Conversation::Topic(whole.topics[0].id.clone());
    whole.members[0].reads = vec![(topic, 1)];
    let made = made(whole.clone());
    let of_topic = |key: &PartKey| made.parts.iter().find(|(of, _)| of == key).map(|(_, part)| part.clone());
    let id = whole.topics[0].id.clone();
    let Some(Part::Topic(topic)) = of_topic(&PartKey::Topic(id.clone())) else { panic!("no topic") };
    assert_eq!((topic.log.next_seq, topic.log.read_by_all, made.group.log.next_seq), (3, 2, 4));
    let Some(Part::TopicMember(member)) = of_topic(&PartKey::TopicMember(id, user("known2"))) else {
        panic!("no read mark")
    };
    assert_eq!(topic.log.unread(member.read), 1);
}

#[test]
fn what_cannot_be_is_refused_with_its_reason() {
    let stranger = TopicId::parse(&format!("{}@TOPIC#_other", community().id()), &community().id()).unwrap();
    let place = Conversation::Topic(stranger.clone());
    assert_eq!(
        refused(|whole| whole.new.kind = GroupType::AvChatRoom),
        WholeGroupRefusal::TypeNotImportable(GroupType::AvChatRoom)
    );
    assert_eq!(refused(|whole| whole.new.created = Timestamp(NOW.0 + 1)), WholeGroupRefusal::MadeLater);
    assert_eq!(refused(|whole| whole.new.support_topic = false), WholeGroupRefusal::NoTopics);
    let topic = community().topics.remove(0);
    assert_eq!(
        refused(|whole| whole.topics.push(topic.clone())),
        WholeGroupRefusal::TopicTwice(topic.id.clone())
    );
    assert_eq!(
        refused(|whole| whole.messages.push(messages(place.clone(), &[1_500]))),
        WholeGroupRefusal::NoSuchTopic(stranger.clone())
    );
    assert_eq!(
        refused(|whole| whole.members[0].reads.push((place.clone(), 0))),
        WholeGroupRefusal::NoSuchTopic(stranger)
    );
    let second = user("known2");
    let member = WholeMember::new(second.clone());
    assert_eq!(refused(|whole| whole.members.push(member)), WholeGroupRefusal::MemberTwice(second.clone()));
    assert_eq!(
        refused(|whole| whole.members[0].role = Role::Owner),
        WholeGroupRefusal::RoleDoesNotFit(second.clone())
    );
    for joined in [999, 2_001] {
        let refusal = refused(|whole| whole.members[0].joined = Some(Timestamp(joined)));
        assert_eq!(refusal, WholeGroupRefusal::BadJoinTime(second.clone()));
    }
    assert_eq!(
        refused(|whole| whole.members[0].reads.push((Conversation::Group, 4))),
        WholeGroupRefusal::BadRead(second)
    );
    for (sent, reason) in
        [(999, BadMessage::TooEarly), (2_001, BadMessage::TooLate), (1_400, BadMessage::OutOfOrder(4))]
    {
        let place = if sent == 999 { 0 } else { 3 };
        let refusal = refused(|whole| whole.messages[0].1.insert(place, message(sent)));
        assert_eq!(refusal, WholeGroupRefusal::Message(reason));
    }
    assert_eq!(
        refused(|whole| whole.origin.carried = vec![0; CARRIED_BYTES_MAX + 1]),
        WholeGroupRefusal::OriginTooLong
    );
    let many = ["known3", "known4", "known5"].map(|name| WholeMember::new(user(name)));
    assert_eq!(refused(|whole| whole.members.extend(many)), WholeGroupRefusal::TooManyMembers(5, 3));
    let stranger = WholeMember::new(user("stranger"));
    assert!(matches!(refused(|whole| whole.members.push(stranger)), WholeGroupRefusal::Account(_)));
}

#[test]
fn a_seal_breaks_when_the_group_is_touched_and_not_when_it_is_read_or_grows_old() {
    let made = made(community());
    let topics: Vec<Topic> = made
        .parts
        .iter()
        .filter_map(|(_, part)| if let Part::Topic(topic) = part { Some(topic.clone()) } else { None })
        .collect();
    let seal = made.provenance.seal;
    assert_eq!(Seal::of(&made.group, &topics), seal);
    let mut old = made.group.clone();
    (old.log.first_kept, old.log.read_by_all) = (3, 0);
    assert_eq!(Seal::of(&old, &topics), seal);
    let changes: &[fn(&mut Group)] = &[
        |group| group.log.next_seq += 1,
        |group| group.log.cleared = 1,
        |group| group.info_seq += 1,
        |group| group.member_count -= 1,
        |group| group.mute_all = true,
        |group| group.owner = None,
    ];
    for change in changes {
        let mut touched = made.group.clone();
        change(&mut touched);
        assert_ne!(Seal::of(&touched, &topics), seal);
    }
    let changes: &[fn(&mut Topic)] =
        &[|topic| topic.log.next_seq += 1, |topic| topic.name = text("u"), |topic| topic.mute_all = true];
    for change in changes {
        let mut touched = topics.clone();
        change(&mut touched[0]);
        assert_ne!(Seal::of(&made.group, &touched), seal);
    }
    assert_ne!(Seal::of(&made.group, &[]), seal);
}
