use super::*;
use crate::group::GroupType;
use crate::member::Member;
use crate::message::{Body, Content, MessageState, Priority, ReadMark};
use crate::new_group::NewGroup;
use crate::origin::JobId;
use crate::sample::{CREATED, context, group, text, user};
use crate::staged::Staged;
use crate::whole_group::{CreatedWholeGroup, WholeMember, whole_group};
use proptest::prelude::*;
use std::convert::Infallible;

fn message(sent: u64, random: u32) -> WholeMessage {
    let body = Body { elements: format!("[{random}]").into(), ..Body::default() };
    WholeMessage { sender: user("gone"), sent: Timestamp(sent), random, priority: Priority::Normal, body }
}

/// A group of `known1` with `known2` in it.
fn whole(job: u64, messages: Vec<WholeMessage>) -> WholeGroup {
    let new = group(GroupType::Public, Some("known1"), Vec::new());
    let profile = Profile { max_members: 9, ..new.profile.clone() };
    WholeGroup {
        new: NewGroup { profile, ..new },
        members: vec![WholeMember::new(user("known2"))],
        topics: Vec::new(),
        messages: vec![(Conversation::Group, messages)],
        staged: 0,
        origin: Origin {
            job: JobId(job),
            src: "s".to_owned(),
            key: "k".to_owned(),
            digest: format!("{job}"),
            carried: vec![],
        },
    }
}

fn with_read(mut whole: WholeGroup, read: u32) -> WholeGroup {
    whole.members[0].reads = vec![(Conversation::Group, read)];
    whole
}

/// What a store has of a group that a job brought in.
fn there(whole: WholeGroup) -> There {
    let known = |_: &UserId| Ok::<_, Infallible>(true);
    let Ok(made) = whole_group(whole, Staged::default(), 1, &context(), known);
    let CreatedWholeGroup { group, members, messages, provenance, .. } = made.unwrap();
    let messages = messages.into_iter().map(|(_, message)| message).collect();
    There {
        group,
        provenance,
        members,
        topics: Vec::new(),
        marks: BTreeMap::new(),
        messages: [(Conversation::Group, messages)].into(),
    }
}

/// The same after a union.
fn after(mut there: There, union: Union) -> There {
    let Changes { group, added_members, updated_members, new_messages, updated_messages, .. } = union.changes;
    there.group = group.unwrap_or(there.group);
    there.provenance = union.provenance;
    let updated = |member: &Member| updated_members.iter().any(|other| other.account == member.account);
    there.members.retain(|member| !updated(member));
    there.members.extend(updated_members.iter().cloned().chain(added_members));
    let all = there.messages.entry(Conversation::Group).or_default();
    let mut by_number: BTreeMap<u32, Message> = all.drain(..).map(|message| (message.seq, message)).collect();
    let changed = updated_messages.into_iter().chain(new_messages);
    by_number.extend(changed.map(|(_, message)| (message.seq, message)));
    all.extend(by_number.into_values());
    there
}

fn union(there: &There, whole: WholeGroup, on: OnDifference) -> Result<(Option<Union>, Figures), Kept> {
    let known = |account: &UserId| Ok::<_, Infallible>(account.as_str().starts_with("known"));
    let Ok(united) = unite(within_reach(there, &whole), whole, on, &context(), known);
    united
}

/// What a store loads.
fn within_reach(there: &There, whole: &WholeGroup) -> There {
    let (mut there, from) = (there.clone(), Reach::of(whole).from);
    for (place, messages) in &mut there.messages {
        messages.retain(|message| from.get(place).is_some_and(|from| *from <= message.sent));
    }
    there
}

fn united(before: There, whole: WholeGroup) -> There {
    match union(&before, whole, OnDifference::Keep).unwrap().0 {
        Some(union) => after(before, union),
        None => before,
    }
}

fn randoms(there: &There) -> Vec<u32> {
    let messages = &there.messages[&Conversation::Group];
    assert!(messages.iter().map(|message| message.seq).eq(1..=there.group.log.last_seq()));
    messages.iter().map(|message| message.random).collect()
}

fn unread(there: &There, name: &str) -> u32 {
    let member = there.members.iter().find(|member| member.account == user(name)).unwrap();
    there.group.log.unread(member.read)
}

#[test]
fn marks_stay_at_their_messages_and_only_go_forward() {
    let old = vec![message(1_010, 1), message(1_030, 3), message(1_050, 5)];
    let new = || (0..7).map(|random| message(1_000 + u64::from(random) * 10, random)).collect::<Vec<_>>();
    // Of seven: nobody said anything; only the first file; only the second; both, and the further one counts.
    for (first, second, expected) in [
        (None, None, 0),
        (Some(0), None, 7),
        (Some(1), None, 5),
        (None, Some(3), 4),
        (Some(2), Some(3), 3),
        (Some(1), Some(6), 1),
        // Whoever has read everything that was there has read what comes, unless the file says how far.
        (Some(3), None, 0),
        (Some(3), Some(3), 1),
        (None, Some(7), 0),
    ] {
        let with = |whole, read: Option<u32>| match read {
            Some(read) => with_read(whole, read),
            None => whole,
        };
        let before = there(with(whole(1, old.clone()), first));
        let after = united(before, with(whole(2, new()), second));
        assert_eq!(unread(&after, "known2"), expected, "{first:?} {second:?}");
        assert_eq!((unread(&after, "known1"), after.group.log.read_by_all), (0, 7));
    }
}

#[test]
fn an_export_that_ends_early_leaves_what_is_behind_it_as_read_as_it_was() {
    let all: Vec<_> = (0..6).map(|random| message(1_000 + u64::from(random), random)).collect();
    let before = there(whole(1, all.clone()));
    let after = united(before, with_read(whole(2, all[..3].to_vec()), 3));
    assert_eq!(unread(&after, "known2"), 0);
    let bad = with_read(whole(2, all[..3].to_vec()), 4);
    assert_eq!(union(&after, bad, OnDifference::Keep).unwrap_err(), Kept::BadRead);
}

#[test]
fn what_went_because_of_its_age_does_not_come_back() {
    let all: Vec<_> = (0..6).map(|random| message(1_000 + u64::from(random), random)).collect();
    let mut before = there(whole(1, all[..4].to_vec()));
    before.group.log.first_kept = 3;
    before.messages.get_mut(&Conversation::Group).unwrap().drain(..2);
    let after = union(&before, with_read(whole(2, all.clone()), 5), OnDifference::Keep).unwrap();
    assert_eq!((after.1.messages.added, after.1.messages.unchanged), (2, 4));
    let changes = after.0.unwrap().changes;
    assert_eq!(changes.new_messages.iter().map(|(_, message)| message.seq).collect::<Vec<_>>(), [5, 6]);
    assert_eq!(changes.updated_members[0].read, ReadMark { seq: 5, made_at: 6 });
    before.group.log.first_kept = 5;
    before.messages.clear();
    let after = union(&before, whole(2, all), OnDifference::Keep).unwrap().1;
    assert_eq!((after.messages.added, after.messages.unchanged), (2, 4));
}

#[test]
fn a_recalled_message_stays_gone_and_one_with_a_receipt_keeps_its_number() {
    let all = || vec![message(1_001, 1), message(1_002, 2)];
    let mut before = there(whole(1, all()));
    let messages = before.messages.get_mut(&Conversation::Group).unwrap();
    messages[0] = messages[0].clone().without_content(MessageState::Recalled);
    let early = || [vec![message(1_000, 0)], all()].concat();
    let after = united(before.clone(), whole(2, early()));
    assert_eq!(after.messages[&Conversation::Group][1].state, MessageState::Recalled);
    let messages = before.messages.get_mut(&Conversation::Group).unwrap();
    let Content::Sent(body) = &mut messages[1].content else { panic!("{messages:?}") };
    body.receipt = true;
    assert_eq!(union(&before, whole(2, early()), OnDifference::Keep).unwrap_err(), Kept::Fixed);
    let late = [all(), vec![message(1_003, 3)]].concat();
    assert_eq!(randoms(&united(before, whole(2, late))), [1, 2, 3]);
}

#[test]
fn what_cannot_be_keeps_the_group_with_its_reason() {
    let before = there(whole(1, vec![message(1_500, 1)]));
    let kept = |change: &dyn Fn(&mut WholeGroup)| {
        let mut whole = whole(2, vec![message(1_500, 1), message(1_600, 2)]);
        change(&mut whole);
        union(&before, whole, OnDifference::TakeOver).unwrap_err()
    };
    let stranger = UserId::parse("stranger").unwrap();
    type Change = Box<dyn Fn(&mut WholeGroup)>;
    let changes: Vec<(Kept, Change)> = vec![
        (Kept::OtherType, Box::new(|whole| whole.new.kind = GroupType::Private)),
        (Kept::BadMessage, Box::new(|whole| whole.messages[0].1[0].sent = Timestamp(1_700))),
        (Kept::BadMessage, Box::new(|whole| whole.messages[0].1[1].sent = Timestamp(2_001))),
        (Kept::BadMessage, Box::new(|whole| whole.messages[0].1[0].sent = Timestamp(999))),
        (Kept::BadMember(user("known2")), Box::new(|whole| whole.members[0].joined = Some(Timestamp(2_001)))),
        (
            Kept::BadMember(user("known2")),
            Box::new(|whole| whole.members[0].role = crate::member::Role::Owner),
        ),
        (
            Kept::TooManyMembers(11, 9),
            Box::new(|whole| {
                whole.members.extend((3..12).map(|number| WholeMember::new(user(&format!("known{number}")))));
            }),
        ),
        (
            Kept::UnknownAccount(Several::of([&stranger]).unwrap()),
            Box::new(|whole| whole.members.push(WholeMember::new(user("stranger")))),
        ),
        (Kept::OriginTooLong, Box::new(|whole| whole.origin.carried = vec![0; 2 << 20])),
    ];
    for (expected, change) in changes {
        assert_eq!(kept(&*change), expected);
    }
    let mut touched = before.clone();
    touched.group.info_seq += 1;
    let more = whole(2, vec![message(1_600, 2)]);
    assert_eq!(union(&touched, more, OnDifference::Keep).unwrap_err(), Kept::Touched);
}

#[test]
fn only_so_many_messages_are_looked_at() {
    let mut reach = Reach::of(&whole(1, vec![message(1_001, 1)]));
    assert_eq!(reach.from, [(Conversation::Group, Timestamp(1_001))].into());
    let large = Body { elements: "x".repeat(BYTES_MAX).into(), ..Body::default() };
    let some = there(whole(1, vec![WholeMessage { body: large, ..message(1_001, 1) }, message(1_002, 2)]));
    let messages = &some.messages[&Conversation::Group];
    assert_eq!(reach.clone().take(&messages[0]), Ok(()));
    (0..MESSAGES_MAX).for_each(|_| reach.take(&messages[1]).unwrap());
    assert_eq!(reach.take(&messages[1]), Err(Kept::TooManyMessages));
}

#[test]
fn only_the_job_that_made_a_group_takes_it_out_and_not_while_others_have_added() {
    let [one, two, three] = [1, 2, 3].map(JobId);
    let before = there(whole(1, vec![message(1_001, 1)]));
    let more = |job, count| whole(job, (1..=count).map(|random| message(1_001, random)).collect());
    let provenance = united(united(before, more(2, 2)), more(1, 3)).provenance;
    assert_eq!((provenance.origin.job, &provenance.added), (one, &vec![two]));
    let undo = |job, touched, force| provenance.undo(job, touched, force);
    assert_eq!(undo(one, false, false), crate::origin::Undo::KeepAddedTo);
    assert_eq!(undo(one, true, false), crate::origin::Undo::KeepTouched);
    assert_eq!(undo(one, true, true), crate::origin::Undo::Remove);
    assert_eq!(undo(two, true, true), crate::origin::Undo::Forget);
    assert_eq!(undo(three, false, true), crate::origin::Undo::NotOfJob);
    assert_eq!(provenance.without(two).undo(one, false, false), crate::origin::Undo::Remove);
}

#[test]
fn the_profile_of_a_topic_is_taken_over_and_its_history_stays() {
    let mut figure = Figure::default();
    let topic = |name: &str| WholeTopic {
        id: crate::sample::topic_id("t"),
        name: text(name),
        introduction: text(""),
        notification: text(""),
        face_url: text(""),
        custom: text(""),
        created: CREATED,
    };
    let mut there = topic("old").made();
    (there.mute_all, there.log.next_seq) = (true, 7);
    let renamed = unite_topics(vec![there.clone()], vec![topic("new")], OnDifference::TakeOver, &mut figure);
    assert_eq!(renamed, [(Topic { name: text("new"), ..there.clone() }, true)]);
    let kept = unite_topics(vec![there.clone()], vec![topic("new")], OnDifference::Keep, &mut figure);
    assert_eq!((kept, figure.updated, figure.differing), (vec![(there, false)], 1, 1));
}

fn some() -> impl Strategy<Value = Vec<WholeMessage>> {
    prop::collection::btree_set((1_000_u64..1_012, 0_u32..4), 0..25)
        .prop_map(|messages| messages.into_iter().map(|(sent, random)| message(sent, random)).collect())
}

proptest! {
    #[test]
    fn unions_have_everything_once_whatever_their_order(files in prop::collection::vec(some(), 2..5)) {
        let key = |sent: Timestamp, random| (sent, random);
        let mut group = there(whole(1, files[0].clone()));
        for file in files.iter().chain(&files) {
            group = united(group, whole(2, file.clone()));
        }
        let mut expected: Vec<_> =
            files.iter().flatten().map(|message| key(message.sent, message.random)).collect();
        expected.sort_unstable();
        expected.dedup();
        let messages = &group.messages[&Conversation::Group];
        prop_assert!(messages.is_sorted_by_key(|message| message.sent));
        prop_assert!(messages.iter().map(|message| message.seq).eq(1..=group.group.log.last_seq()));
        let mut found: Vec<_> = messages.iter().map(|message| key(message.sent, message.random)).collect();
        found.sort_unstable();
        prop_assert_eq!(found, expected);
        let seal = Seal::of(&group.group, &[]);
        prop_assert_eq!(seal, group.provenance.seal);
        for file in files {
            let (more, figures) = union(&group, whole(2, file.clone()), OnDifference::TakeOver).unwrap();
            prop_assert!(more.is_none());
            prop_assert_eq!(figures.messages.unchanged, file.len() as u64);
        }
    }
}
