//! What an operation on a group writes, row by row, and what removing leaves.

use super::*;
use crate::suite::subscribers::every_event;
use crate::suite::{APP, NOW, context, decided, group_id, member, owned_group, user};
use landfall_domain::actor::{Action, Actor};
use landfall_domain::changes::Changes;
use landfall_domain::extension::{Extension, ExtensionHead};
use landfall_domain::ids::TopicId;
use landfall_domain::member::{Member, Role};
use landfall_domain::message::{
    Body, Content, Conversation, Message, MessageLog, MessageState, Priority, Tip, TipField, TipKind,
};
use landfall_domain::operation::{Decision, GroupOperation, perform};
use landfall_domain::part::{Part, PartFamily, PartKey, PartRange};
use landfall_domain::refusal::Refusal;
use landfall_domain::snapshot::MessageRange;
use landfall_domain::text::Text;
use landfall_domain::topic::{Topic, TopicMember};

const DAY: u64 = 86_400;

/// An operation of the test's own.
struct Act<Decide> {
    group: GroupId,
    needs: Needs,
    decide: Decide,
}

impl<Decide> GroupOperation for Act<Decide>
where
    Decide: Fn(GroupSnapshot) -> Changes + Send + Sync + 'static,
{
    type Answer = ();

    fn group(&self) -> &GroupId {
        &self.group
    }

    fn actions(&self) -> Vec<Action> {
        vec![Action::AppOnly]
    }

    fn needs(&self, _: &Context, _: &Group) -> Needs {
        self.needs.clone()
    }

    fn decide(&self, _: &Context, snapshot: GroupSnapshot) -> Result<Decision<()>, Refusal> {
        Ok(Decision::new((self.decide)(snapshot), ()))
    }
}

async fn act(
    store: &Postgres,
    needs: Needs,
    decide: impl Fn(GroupSnapshot) -> Changes + Send + Sync + 'static,
) -> Result<(), Refusal> {
    decided(
        perform(store, context(), Actor::App, Act { group: group_id("g"), needs, decide }, every_event())
            .await,
    )
}

fn topic_id() -> TopicId {
    TopicId::parse("g@TOPIC#_t", &group_id("g")).unwrap()
}

fn topic_key() -> PartKey {
    PartKey::Topic(topic_id())
}

fn topic() -> Topic {
    let text = |content: &str| Text::stored(content.to_owned());
    Topic {
        id: topic_id(),
        name: text("n\0\u{10ffff}"),
        introduction: text(""),
        notification: text(""),
        face_url: text(""),
        custom: text("\"\\"),
        created: NOW,
        mute_all: false,
        log: MessageLog::default(),
    }
}

fn message(seq: u32, sent: Timestamp) -> Message {
    let body = Body {
        elements: r#"[{"MsgType":"TIMTextElem","MsgContent":{"Text":"\u0000 \\ ' 😀"}}]"#.into(),
        custom: "c\0".into(),
        receipt: seq.is_multiple_of(2),
        to: if seq.is_multiple_of(2) { vec![user("ann")] } else { Vec::new() },
        ..Body::default()
    };
    Message {
        seq,
        sent,
        sender: user("ann"),
        random: u32::MAX - seq % 3,
        priority: Priority::Lowest,
        state: MessageState::Kept,
        content: Content::Sent(body),
    }
}

/// Messages sent at these times, as a change of the conversation that `snapshot` shows.
fn say(snapshot: GroupSnapshot, place: &Conversation, times: &[u64]) -> Changes {
    let mut group = snapshot.group;
    let mut topic = snapshot
        .parts
        .into_values()
        .find_map(|part| if let Part::Topic(topic) = part { Some(topic) } else { None });
    let log = match (place, &mut topic) {
        (Conversation::Topic(_), Some(topic)) => &mut topic.log,
        (Conversation::Topic(_), None) | (Conversation::Group, _) => &mut group.log,
    };
    let take = |sent: &u64| message(log.take_seq(Timestamp(*sent)).unwrap(), Timestamp(*sent));
    let sent: Vec<_> = times.iter().map(take).map(|message| (place.clone(), message)).collect();
    let mut changes = Changes { new_messages: sent, ..Changes::of(group) };
    if let Some(topic) = topic {
        changes.put(topic_key(), Part::Topic(topic));
    }
    changes
}

/// A store with a group that `ann` owns, of which `bob` is a member and which has a topic.
async fn with_group() -> (Postgres, FreshDatabase) {
    let (store, alive) = fresh().await;
    let new = NewGroup { members: vec![member("bob")], ..owned_group("g", "ann") };
    decided(store.create_group(context(), new, every_event()).await).unwrap();
    let put_topic = |snapshot: GroupSnapshot| {
        let mut changes = Changes::of(snapshot.group);
        changes.put(topic_key(), Part::Topic(topic()));
        changes
    };
    act(&store, Needs::default(), put_topic).await.unwrap();
    (store, alive)
}

fn with_topic() -> Needs {
    Needs { parts: vec![topic_key()], ..Needs::default() }
}

async fn look(store: &Postgres, needs: Needs) -> GroupSnapshot {
    decided(store.snapshot(APP, group_id("g"), needs).await).unwrap()
}

fn newest(place: &Conversation) -> Needs {
    let newest = MessageRange::Newest { conversation: place.clone(), up_to: u32::MAX, limit: 100 };
    Needs { messages: vec![newest], ..with_topic() }
}

#[tokio::test]
async fn everything_an_operation_changes_reads_back() {
    let (store, _alive) = with_group().await;
    let extension = |key: &str| PartKey::Extension(Conversation::Group, 7, key.to_owned());
    let names = ["a", "a\0", "a\u{10ffff}", "b", "c"];
    let value = |seq| Part::Extension(Extension { value: "v\0\u{10ffff}".to_owned(), seq });
    let needs = Needs { members: vec![user("ann"), user("bob"), user("cy")], ..Needs::default() };
    let change = move |snapshot: GroupSnapshot| {
        let mut group = snapshot.group;
        let mut members = snapshot.members;
        assert_eq!(members.keys().cloned().collect::<Vec<_>>(), [user("ann"), user("bob")]);
        let [ann, bob] = [members.remove(&user("ann")), members.remove(&user("bob"))].map(Option::unwrap);
        group.owner = Some(bob.account.clone());
        (group.default_permissions, group.active) = (u64::MAX, false);
        let mut changes = Changes {
            added_members: vec![Member { account: user("cy"), role: Role::Member, ..ann }],
            updated_members: vec![Member { role: Role::Owner, muted_until: NOW, ..bob }],
            removed_members: vec![user("ann")],
            placeholders: vec![user("cy")],
            ..Changes::of(group)
        };
        names.iter().zip(1..).for_each(|(name, seq)| changes.put(extension(name), value(seq)));
        // Of two the last counts.
        changes.put(extension("c"), value(9));
        changes.remove(extension("b"));
        changes
    };
    act(&store, needs, change).await.unwrap();

    let family = PartFamily::Extensions(Conversation::Group, 7);
    let needs = Needs {
        members: vec![user("ann"), user("bob"), user("cy")],
        accounts: vec![user("cy"), user("dan")],
        profiles: Vec::new(),
        parts: vec![extension("c"), extension("b"), topic_key()],
        ranges: vec![PartRange { family: family.clone(), after: Some(extension("a")), limit: 2 }],
        messages: Vec::new(),
    };
    let snapshot = look(&store, needs).await;
    assert_eq!(snapshot.group.owner, Some(user("bob")));
    assert_eq!((snapshot.group.default_permissions, snapshot.group.active), (u64::MAX, false));
    let seen: Vec<_> =
        snapshot.members.values().map(|member| (member.account.as_str(), member.role)).collect();
    assert_eq!(seen, [("bob", Role::Owner), ("cy", Role::Member)]);
    assert_eq!(snapshot.members[&user("bob")].muted_until, NOW);
    assert_eq!(snapshot.accounts, [user("cy")].into());
    let mut parts = snapshot.parts;
    assert_eq!(parts.remove(&topic_key()), Some(Part::Topic(topic())));
    assert_eq!(parts.remove(&extension("c")), Some(value(9)));
    let rest: Vec<_> = parts.into_iter().collect();
    assert_eq!(rest, [(extension("a\0"), value(2)), (extension("a\u{10ffff}"), value(3))]);
    let all = Needs { ranges: vec![PartRange::all(family)], ..Needs::default() };
    assert_eq!(look(&store, all).await.parts.len(), 4);

    let window = |inactive| JoinedWindow {
        kinds: GroupType::ALL.to_vec(),
        support_topic: Some(false),
        inactive,
        offset: 0,
        limit: 10,
    };
    for (name, groups) in [("ann", 0), ("bob", 1), ("cy", 1)] {
        let page = store.joined_groups(APP, user(name), window(true)).await.unwrap();
        assert_eq!((page.total, page.groups.len()), (groups, groups as usize), "{name}");
        assert!(page.groups.iter().all(|(_, member)| member.account == user(name)));
    }
}

#[tokio::test]
async fn messages_read_back_by_number_by_age_and_by_random_number() {
    let (store, _alive) = with_group().await;
    for place in [Conversation::Group, Conversation::Topic(topic_id())] {
        let times = [1, 2, 3, 4, 5].map(|second| NOW.0 + second);
        let said = place.clone();
        act(&store, with_topic(), move |snapshot| say(snapshot, &said, &times)).await.unwrap();
        let gone = place.clone();
        let edit = move |_: GroupSnapshot| {
            let tip = Tip {
                kind: TipKind::ProfileChanged,
                accounts: vec![user("bob")],
                changes: vec![(TipField::Name, "n\0".to_owned())],
            };
            let rewritten = vec![
                (gone.clone(), message(2, Timestamp(NOW.0 + 2)).without_content(MessageState::Recalled)),
                (gone.clone(), Message { content: Content::Tip(tip), ..message(3, Timestamp(NOW.0 + 3)) }),
            ];
            Changes { updated_messages: rewritten, ..Changes::default() }
        };
        act(&store, Needs::default(), edit).await.unwrap();
        let ranges = [
            (MessageRange::Numbered(place.clone(), vec![5, 1, 9]), vec![1, 5]),
            (MessageRange::Newest { conversation: place.clone(), up_to: 4, limit: 2 }, vec![3, 4]),
            (
                MessageRange::Random {
                    conversation: place.clone(),
                    random: vec![u32::MAX, u32::MAX - 1],
                    since: Timestamp(NOW.0 + 3),
                },
                vec![3, 4],
            ),
        ];
        for (range, expected) in ranges {
            let snapshot = look(&store, Needs { messages: vec![range.clone()], ..Needs::default() }).await;
            let seqs: Vec<_> = snapshot.messages_of(&place).iter().map(|message| message.seq).collect();
            assert_eq!(seqs, expected, "{range:?}");
            assert!(snapshot.messages.len() == 1);
        }
        let snapshot = look(&store, newest(&place)).await;
        let messages = snapshot.messages_of(&place);
        assert_eq!(*messages[0], message(1, Timestamp(NOW.0 + 1)));
        assert_eq!(*messages[1], message(2, Timestamp(NOW.0 + 2)).without_content(MessageState::Recalled));
        assert!(matches!(&messages[2].content, Content::Tip(tip) if tip.changes[0].1 == "n\0"));
        assert_eq!(*messages[3], message(4, Timestamp(NOW.0 + 4)));
    }
}

/// How many rows hang on groups: parts, messages, days.
async fn hanging(database: &FreshDatabase) -> [i64; 3] {
    let client = admin(database.url()).await;
    let mut counts = [0; 3];
    for (count, table) in counts.iter_mut().zip(["parts", "messages", "message_days"]) {
        *count = number(&client, &format!("SELECT count(*) FROM landfall.{table}")).await;
    }
    counts
}

/// The readers of each message, and one extension of each.
fn hang(place: &Conversation, seqs: impl Iterator<Item = u32>) -> Changes {
    let mut changes = Changes::default();
    for seq in seqs {
        changes.put(PartKey::Reader(place.clone(), seq, user("bob")), Part::Reader(NOW));
        changes
            .put(PartKey::ExtensionHead(place.clone(), seq), Part::ExtensionHead(ExtensionHead::default()));
        let extension = Extension { value: String::new(), seq: 1 };
        changes.put(PartKey::Extension(place.clone(), seq, "k".to_owned()), Part::Extension(extension));
    }
    changes
}

#[tokio::test]
async fn old_messages_go_with_all_that_hangs_on_them() {
    let (store, database) = with_group().await;
    let places = [Conversation::Group, Conversation::Topic(topic_id())];
    // Five messages on three days, the last two of them on the third.
    let times = [DAY, DAY + 5, 2 * DAY, 3 * DAY + 7, 3 * DAY + 9];
    for place in places.clone() {
        let said = place.clone();
        act(&store, with_topic(), move |snapshot| say(snapshot, &said, &times)).await.unwrap();
        act(&store, Needs::default(), move |_| hang(&place, 1..=5)).await.unwrap();
    }
    assert_eq!(hanging(&database).await, [1 + 2 * 15, 10, 6]);
    let expire = async |before, limit| store.expire_messages(APP, Timestamp(before), limit).await.unwrap();
    assert_eq!(expire(0, 100).await, 0);
    assert_eq!(expire(DAY, 100).await, 0);
    assert_eq!(expire(3 * DAY, 3).await, 3);
    assert_eq!(hanging(&database).await[1], 7);
    assert_eq!(expire(3 * DAY, 100).await, 3);
    assert_eq!(expire(3 * DAY, 100).await, 0);
    assert_eq!(hanging(&database).await, [1 + 2 * 6, 4, 2]);
    // In the middle of a day.
    assert_eq!(expire(3 * DAY + 8, 100).await, 2);
    assert_eq!(hanging(&database).await, [1 + 2 * 3, 2, 2]);
    for place in &places {
        let snapshot = look(&store, newest(place)).await;
        assert_eq!(*snapshot.messages_of(place)[0], message(5, Timestamp(3 * DAY + 9)));
        let first_kept = match place {
            Conversation::Group => snapshot.group.log.first_kept,
            Conversation::Topic(id) => snapshot.topic(id).unwrap().log.first_kept,
        };
        assert_eq!(first_kept, 5);
    }
    assert_eq!(expire(u64::MAX, 100).await, 2);
    assert_eq!(hanging(&database).await, [1, 0, 0]);
    // What is said later on the day of what is gone is not forgotten.
    act(&store, Needs::default(), |snapshot| say(snapshot, &Conversation::Group, &[3 * DAY + 10]))
        .await
        .unwrap();
    assert_eq!(hanging(&database).await, [1, 1, 1]);
    assert_eq!(expire(u64::MAX, 100).await, 1);
}

#[tokio::test]
async fn topics_and_groups_go_with_all_that_hangs_on_them() {
    let (store, database) = with_group().await;
    let places = [Conversation::Group, Conversation::Topic(topic_id())];
    for place in places.clone() {
        let said = place.clone();
        act(&store, with_topic(), move |snapshot| say(snapshot, &said, &[DAY, 2 * DAY])).await.unwrap();
        act(&store, Needs::default(), move |_| hang(&place, 1..=2)).await.unwrap();
    }
    let silence = |_: GroupSnapshot| {
        let mut changes = Changes {
            cleared_topics: vec![topic_id()],
            removed_families: vec![PartFamily::TopicMembers(topic_id())],
            ..Changes::default()
        };
        changes.remove(topic_key());
        changes
    };
    let know_bob = |_: GroupSnapshot| {
        let mut changes = Changes::default();
        let key = PartKey::TopicMember(topic_id(), user("bob"));
        changes.put(key, Part::TopicMember(TopicMember::default()));
        changes
    };
    act(&store, Needs::default(), know_bob).await.unwrap();
    assert_eq!(hanging(&database).await, [1 + 12 + 1, 4, 4]);
    act(&store, Needs::default(), silence).await.unwrap();
    assert_eq!(hanging(&database).await, [6, 2, 2]);
    decided(store.destroy_group(context(), group_id("g"), every_event()).await).unwrap();
    assert_eq!(hanging(&database).await, [0, 0, 0]);
    assert_eq!(act(&store, Needs::default(), |_| Changes::default()).await, Err(Refusal::NoSuchGroup));
    assert!(store.snapshot(APP, group_id("g"), Needs::default()).await.is_err());
}
