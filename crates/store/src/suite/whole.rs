//! Groups that come in whole, and that jobs take out again.

use super::scripted::{Action, Script, topic};
use super::subscribers::every_event;
use super::world::World;
use super::{
    APP, CREATED, NOW, account, at_once, context, decided, group_id, import, owned_group, refusing, text,
    user,
};
use futures_util::future::{Either, select};
use landfall_domain::account::Account;
use landfall_domain::actor::Actor;
use landfall_domain::bulk::{BroughtGroup, BulkStore, StageRefusal, UndoOutcome, WholeGroupOutcome};
use landfall_domain::error::StoreError;
use landfall_domain::group::GroupType;
use landfall_domain::ids::{AppId, GroupId, UserId};
use landfall_domain::member::Role;
use landfall_domain::message::{Body, Conversation, Priority};
use landfall_domain::new_group::{NewGroup, NewGroupRefusal};
use landfall_domain::operation::perform;
use landfall_domain::origin::{JobId, Origin};
use landfall_domain::outbox::{Claim, Outbox};
use landfall_domain::part::{Part, PartKey};
use landfall_domain::snapshot::{MessageRange, Needs};
use landfall_domain::staged::{BadMessage, WholeMessage};
use landfall_domain::store::{MemberWindow, Store};
use landfall_domain::time::Timestamp;
use landfall_domain::whole_group::{WholeGroup, WholeGroupRefusal, WholeMember, WholeTopic};
use std::collections::BTreeSet;
use std::pin::pin;

pub(crate) const JOB: JobId = JobId(u64::MAX - 1);
pub(super) const OTHER_JOB: JobId = JobId(u64::MAX);

pub(super) fn origin(job: JobId, key: &str) -> Origin {
    Origin {
        job,
        src: "chat\u{0}".to_owned(),
        key: key.to_owned(),
        digest: "d".to_owned(),
        carried: vec![0, 255],
    }
}

/// Messages from the making of a group on, one a second.
pub(super) fn messages(count: u64) -> Vec<WholeMessage> {
    let message = |number| WholeMessage {
        sender: user("gone"),
        sent: Timestamp(CREATED.0 + number % 1_000),
        random: u32::try_from(number).unwrap(),
        priority: if number % 2 == 0 { Priority::High } else { Priority::Lowest },
        body: Body { elements: format!("[{number}]").into(), custom: "\u{0}".into(), ..Body::default() },
    };
    let mut messages: Vec<_> = (0..count).map(message).collect();
    messages.sort_by_key(|message| message.sent);
    messages
}

/// A public group of `ann` with `bob` in it, who has read one message of three.
pub(crate) fn whole(name: &str, job: JobId) -> WholeGroup {
    let reads = vec![(Conversation::Group, 1)];
    WholeGroup {
        new: owned_group(name, "ann"),
        members: vec![WholeMember { reads, ..WholeMember::new(user("bob")) }],
        topics: Vec::new(),
        messages: vec![(Conversation::Group, messages(3))],
        staged: 0,
        origin: origin(job, name),
    }
}

/// A community with two topics, one without messages.
pub(crate) fn community(name: &str) -> WholeGroup {
    let id = group_id(name);
    let new = NewGroup {
        kind: GroupType::Community,
        support_topic: true,
        active: false,
        ..owned_group(name, "ann")
    };
    let of_topic = |number| WholeTopic {
        id: topic(&id, number),
        name: text("t\u{0}"),
        introduction: text("i"),
        notification: text("n"),
        face_url: text("f"),
        custom: text("c"),
        created: Timestamp(1_100),
    };
    let first = Conversation::Topic(topic(&id, 0));
    let ann = WholeMember {
        name_card: "Ann".to_owned(),
        joined: Some(Timestamp(1_200)),
        reads: vec![(Conversation::Group, 0), (first.clone(), 17)],
        ..WholeMember::new(user("ann"))
    };
    let bob = WholeMember {
        role: Role::Admin,
        joined: Some(NOW),
        muted_until: Timestamp(9_999),
        ..WholeMember::new(user("bob"))
    };
    WholeGroup {
        new,
        members: vec![bob, ann],
        topics: vec![of_topic(0), of_topic(1)],
        messages: vec![(first, messages(40)), (Conversation::Group, messages(3))],
        ..whole(name, JOB)
    }
}

pub(super) async fn bring(store: &dyn BulkStore, groups: Vec<WholeGroup>) -> Vec<WholeGroupOutcome> {
    store.import_whole_groups(context(), groups).await.unwrap()
}

pub(super) async fn of_job(store: &dyn BulkStore, job: JobId) -> Vec<GroupId> {
    let all = store.groups_of_job(APP, job, None, 100).await.unwrap();
    let mut paged: Vec<GroupId> = Vec::new();
    loop {
        let page = store.groups_of_job(APP, job, paged.last().cloned(), 2).await.unwrap();
        if page.is_empty() {
            break;
        }
        paged.extend(page);
    }
    assert_eq!(paged, all);
    all
}

pub(super) async fn brought(store: &dyn BulkStore, name: &str) -> Option<BroughtGroup> {
    store.brought_groups(APP, vec![group_id(name)]).await.unwrap().remove(0)
}

pub(super) async fn nothing_is_to_be_delivered(store: &dyn Outbox) {
    let claim = Claim { token: 1, now: NOW, until: Timestamp(NOW.0 + 9), lanes: 9, entries: 9 };
    assert!(store.claim_lanes(APP, claim).await.unwrap().is_empty());
}

/// How many messages of a conversation are visible; `None` when the group is not.
pub(super) async fn visible(store: &dyn Store, name: &str) -> Option<usize> {
    let range =
        MessageRange::Newest { conversation: Conversation::Group, up_to: u32::MAX, limit: usize::MAX };
    let needs = Needs { messages: vec![range], ..Needs::default() };
    let snapshot = decided(store.snapshot(APP, group_id(name), needs).await).ok()?;
    let messages = snapshot.messages_of(&Conversation::Group);
    let numbers: Vec<_> = messages.iter().map(|message| message.seq).collect();
    let last = u32::try_from(numbers.len()).unwrap();
    assert_eq!(numbers, (1..=last).collect::<Vec<_>>());
    assert_eq!((snapshot.group.log.next_seq, snapshot.group.log.read_by_all), (last + 1, last));
    Some(numbers.len())
}

pub(crate) async fn a_whole_group_reads_back_with_everything_in_it(
    store: &(impl Store + BulkStore + Outbox),
) {
    let (id, names) = (group_id("@TGS#_c"), ["ann", "bob", "gone"].map(user));
    assert_eq!(bring(store, vec![community("@TGS#_c")]).await, [WholeGroupOutcome::Created]);
    let world = World::of(store, APP, std::slice::from_ref(&id), &names).await;
    let (group, members) = &world.groups[&id];
    assert!(group.active && group.support_topic && group.member_count == 2);
    assert_eq!((group.log.next_seq, group.log.read_by_all, group.log.last_message.0), (4, 3, 1_002));
    let [ann, bob] = &members[..] else { panic!("{members:?}") };
    assert_eq!((ann.role, ann.joined.0, ann.name_card.as_str()), (Role::Owner, 1_200, "Ann"));
    assert_eq!((bob.role, bob.joined, bob.muted_until.0), (Role::Admin, NOW, 9_999));
    assert_eq!([group.log.unread(ann.read), group.log.unread(bob.read)], [3, 0]);
    let parts = &world.parts[&id];
    let Some(Part::Topic(first)) = parts.get(&PartKey::Topic(topic(&id, 0))) else { panic!("{parts:?}") };
    let Some(Part::Topic(empty)) = parts.get(&PartKey::Topic(topic(&id, 1))) else { panic!("{parts:?}") };
    assert_eq!((first.log.next_seq, first.log.read_by_all, empty.log.next_seq), (41, 40, 1));
    assert_eq!((first.name.as_str(), first.custom.as_str(), first.created.0), ("t\u{0}", "c", 1_100));
    let key = PartKey::TopicMember(topic(&id, 0), user("ann"));
    let Some(Part::TopicMember(mark)) = parts.get(&key) else { panic!("{parts:?}") };
    assert_eq!((first.log.unread(mark.read), parts.len()), (23, 3));
    let found = &world.messages[&id][&Conversation::Topic(topic(&id, 0))];
    let expected = messages(40);
    assert_eq!(found.len(), 40);
    for (message, expected) in found.values().zip(&expected) {
        let of = (message.sent, message.random, message.priority, &message.sender);
        assert_eq!(of, (expected.sent, expected.random, expected.priority, &expected.sender));
        assert!(message.is_repeated_by(&expected.sender, expected.random, expected.sent, &expected.body));
    }
    // A sender that is no member makes no account.
    assert_eq!(world.accounts.values().collect::<Vec<_>>(), [&Account::placeholder(NOW); 2]);
    let came = brought(store, "@TGS#_c").await.unwrap();
    assert_eq!((came.touched, came.provenance.brought), (false, NOW));
    assert_eq!(came.provenance.origin, origin(JOB, "@TGS#_c"));
    nothing_is_to_be_delivered(store).await;
}

pub(crate) async fn groups_come_in_once_however_often_they_are_sent(store: &(impl Store + BulkStore)) {
    import(store, owned_group("old", "cy")).await.unwrap();
    let some = || vec![whole("g", JOB), whole("old", JOB), whole("h", JOB), whole("g", OTHER_JOB)];
    let there = |name: &'static str| async move {
        WholeGroupOutcome::AlreadyThere(brought(store, name).await.map(Box::new))
    };
    let first = bring(store, some()).await;
    let (g, old, h) = (there("g").await, there("old").await, there("h").await);
    assert_eq!(first, [WholeGroupOutcome::Created, old.clone(), WholeGroupOutcome::Created, g.clone()]);
    assert_eq!(old, WholeGroupOutcome::AlreadyThere(None));
    let (ids, names) = (["g", "h", "old"].map(group_id), ["ann", "bob", "cy"].map(user));
    let before = World::of(store, APP, &ids, &names).await;
    assert_eq!(bring(store, some()).await, [g.clone(), old, h, g]);
    assert_eq!(World::of(store, APP, &ids, &names).await, before);
    assert_eq!((before.lists[0].1, of_job(store, JOB).await), (3, ids[..2].to_vec()));
    assert_eq!(of_job(store, OTHER_JOB).await, []);
}

pub(crate) async fn a_refused_group_leaves_nothing_and_stops_no_other(store: &(impl Store + BulkStore)) {
    let (ids, names) = (["bad", "good", "large"].map(group_id), ["ann", "bob", "stranger"].map(user));
    let accounts = vec![account("ann", None, None), account("bob", None, None)];
    store.import_accounts(context(), accounts).await.unwrap();
    let before = World::of(store, APP, &ids, &names).await;
    let mut twice = whole("bad", JOB);
    twice.members.push(WholeMember::new(user("bob")));
    let mut late =
        WholeGroup { messages: vec![(Conversation::Group, messages(5_000))], ..whole("large", JOB) };
    late.messages[0].1.last_mut().unwrap().sent = Timestamp(NOW.0 + 1);
    let mut disordered =
        WholeGroup { messages: vec![(Conversation::Group, messages(5_000))], ..whole("large", JOB) };
    disordered.messages[0].1.last_mut().unwrap().sent = CREATED;
    let mut strange = whole("large", JOB);
    strange.members.push(WholeMember::new(user("stranger")));
    let asked = vec![twice, whole("good", JOB), late, disordered, strange];
    let outcomes = store.import_whole_groups(refusing(), asked).await.unwrap();
    let refused = WholeGroupOutcome::Refused;
    assert_eq!(
        outcomes[..4],
        [
            refused(WholeGroupRefusal::MemberTwice(user("bob"))),
            WholeGroupOutcome::Created,
            refused(BadMessage::TooLate.into()),
            refused(BadMessage::OutOfOrder(5_000).into())
        ]
    );
    assert!(matches!(&outcomes[4], WholeGroupOutcome::Refused(WholeGroupRefusal::Account(_))));
    assert_eq!(of_job(store, JOB).await, ids[1..2]);
    let undone = store.undo_groups(context(), JOB, vec![group_id("good")], false).await.unwrap();
    assert_eq!(undone, [UndoOutcome::Removed]);
    assert_eq!(World::of(store, APP, &ids, &names).await, before);
    // The id is free, and has no messages.
    import(store, owned_group("large", "ann")).await.unwrap();
    assert_eq!(visible(store, "large").await, Some(0));
}

pub(crate) async fn staged_messages_are_seen_when_their_group_is_there(store: &(impl Store + BulkStore)) {
    let (ids, names) = ([group_id("g")], ["ann", "bob"].map(user));
    let before = World::of(store, APP, &ids, &names).await;
    let all = messages(6_000);
    let stage = |job, messages: &[WholeMessage]| {
        store.stage_messages(context(), job, group_id("g"), vec![(Conversation::Group, messages.to_vec())])
    };
    decided(stage(JOB, &all[..3_001]).await).unwrap();
    decided(stage(JOB, &all[3_001..5_999]).await).unwrap();
    assert_eq!(decided(stage(OTHER_JOB, &all[..1]).await), Err(StageRefusal::BeingImported));
    assert_eq!(decided(stage(JOB, &all[..1]).await), Err(BadMessage::OutOfOrder(6_000).into()));
    assert_eq!(World::of(store, APP, &ids, &names).await, before, "half of a group is visible");
    assert_eq!(import(store, owned_group("g", "cy")).await, Err(NewGroupRefusal::IdTaken));
    // Old messages go only from groups that are there.
    assert_eq!(store.expire_messages(APP, Timestamp(NOW.0 * 100), 10_000).await.unwrap(), 0);
    let rest = |staged, job| WholeGroup {
        messages: vec![(Conversation::Group, all[5_999..].to_vec())],
        staged,
        ..whole("g", job)
    };
    let other = bring(store, vec![rest(5_999, OTHER_JOB)]).await;
    assert_eq!(other, [WholeGroupOutcome::Refused(WholeGroupRefusal::BeingImported)]);
    assert_eq!(bring(store, vec![rest(5_999, JOB)]).await, [WholeGroupOutcome::Created]);
    assert_eq!(visible(store, "g").await, Some(6_000));
    assert_eq!(decided(stage(JOB, &all[..1]).await), Err(StageRefusal::AlreadyThere));
    let expired = store.expire_messages(APP, Timestamp(NOW.0 * 100), 10_000).await.unwrap();
    assert_eq!(expired, 6_000, "the days of staged messages are not known");
    assert!(!brought(store, "g").await.unwrap().touched, "a group whose messages grew old counts as touched");
}

pub(crate) async fn what_was_staged_and_given_up_does_not_come_back(store: &(impl Store + BulkStore)) {
    let stage = |count| {
        let some = vec![(Conversation::Group, messages(count))];
        store.stage_messages(context(), JOB, group_id("g"), some)
    };
    decided(stage(5_000).await).unwrap();
    // Only the job that staged them may discard them.
    store.discard_staged(context(), OTHER_JOB, group_id("g")).await.unwrap();
    assert_eq!(import(store, owned_group("g", "ann")).await, Err(NewGroupRefusal::IdTaken));
    store.discard_staged(context(), JOB, group_id("g")).await.unwrap();
    store.discard_staged(context(), JOB, group_id("g")).await.unwrap();
    let lost = WholeGroup { staged: 5_000, ..whole("g", JOB) };
    let refused = WholeGroupOutcome::Refused(WholeGroupRefusal::StagedLost(5_000, 0));
    assert_eq!(bring(store, vec![lost]).await, [refused]);
    // A call that brings the whole group does not count what another one left.
    decided(stage(4_000).await).unwrap();
    assert_eq!(bring(store, vec![whole("g", JOB)]).await, [WholeGroupOutcome::Created]);
    assert_eq!(visible(store, "g").await, Some(3));
    assert_eq!(store.expire_messages(APP, Timestamp(NOW.0 * 100), 10_000).await.unwrap(), 3);
}

pub(crate) async fn a_large_group_becomes_visible_at_once(store: &(impl Store + BulkStore)) {
    let names: Vec<_> = (0..3_000).map(|number| user(&format!("member{number}"))).collect();
    let large = WholeGroup {
        members: names.iter().cloned().map(WholeMember::new).collect(),
        messages: vec![(Conversation::Group, messages(9_000))],
        ..whole("large", JOB)
    };
    let mut importing = pin!(store.import_whole_groups(context(), vec![large]));
    let read = || async {
        let seen = visible(store, "large").await;
        let listed = store.list_groups(APP, None, 0, 9).await.unwrap().ids.len();
        let window = MemberWindow::ByName { after: None, limit: 10_000 };
        let members = decided(store.members(APP, group_id("large"), Vec::new(), window).await);
        (seen, listed, members.map(|page| page.members.len()).ok())
    };
    let outcomes = loop {
        match select(importing.as_mut(), pin!(read())).await {
            Either::Left((outcomes, _)) => break outcomes.unwrap(),
            Either::Right(((seen, ..), _)) => assert!([None, Some(9_000)].contains(&seen), "{seen:?}"),
        }
    };
    assert_eq!(outcomes, [WholeGroupOutcome::Created]);
    assert_eq!(read().await, (Some(9_000), 1, Some(3_001)));
    let world = World::of(store, APP, &[group_id("large")], &names[..2]).await;
    assert_eq!(world.accounts.len(), 2);
}

pub(crate) async fn of_concurrent_imports_each_group_comes_in_once(store: &(impl Store + BulkStore)) {
    let names: Vec<String> = (0..60).map(|number| format!("g{number:02}")).collect();
    let all = || names.iter().map(|name| whole(name, JOB)).collect::<Vec<_>>();
    let calls = (0..6).map(|turn: usize| {
        let mut groups = all();
        groups.rotate_left(turn * 7);
        store.import_whole_groups(context(), groups)
    });
    let outcomes: Result<Vec<_>, StoreError> = at_once(calls).await.into_iter().collect();
    let outcomes: Vec<_> = outcomes.unwrap().into_iter().flatten().collect();
    let created = outcomes.iter().filter(|outcome| **outcome == WholeGroupOutcome::Created).count();
    assert_eq!((created, outcomes.len()), (60, 360));
    let ids: Vec<_> = names.iter().map(|name| group_id(name)).collect();
    let world = World::of(store, APP, &ids, &["ann", "bob"].map(user)).await;
    assert_eq!((world.groups.len(), world.lists[0].1), (60, 60));
    assert!(world.messages.values().all(|places| places[&Conversation::Group].len() == 3));
    assert_eq!(of_job(store, JOB).await, ids);
}

pub(crate) async fn undo_takes_out_what_a_job_brought_and_nothing_else(
    store: &(impl Store + BulkStore + Outbox),
) {
    let names = ["ann", "bob", "cy"].map(user);
    let ids = ["a", "b", "c", "d", "mine", "@TGS#_c"].map(group_id);
    let accounts = vec![account("ann", None, None), account("bob", None, None)];
    store.import_accounts(context(), accounts).await.unwrap();
    import(store, owned_group("mine", "ann")).await.unwrap();
    bring(store, vec![whole("d", OTHER_JOB)]).await;
    let before = World::of(store, APP, &ids, &names).await;
    let asked = vec![whole("a", JOB), whole("b", JOB), whole("c", JOB), community("@TGS#_c")];
    assert_eq!(bring(store, asked).await, vec![WholeGroupOutcome::Created; 4]);
    let change = |name: &str, action| {
        let script = Script { group: group_id(name), action };
        perform(store, context(), Actor::App, script, super::subscribers::no_subscribers())
    };
    decided(change("a", Action::ReadEverything).await).unwrap();
    decided(change("b", Action::Send(None, vec![1])).await).unwrap();
    decided(change("@TGS#_c", Action::DropTopic(1)).await).unwrap();
    let touched = async |name: &str| brought(store, name).await.unwrap().touched;
    let found = [touched("a").await, touched("b").await, touched("c").await, touched("@TGS#_c").await];
    assert_eq!(found, [false, true, false, true]);
    let undo = |job, force| {
        let asked = [ids.as_slice(), &[group_id("none")]].concat();
        store.undo_groups(context(), job, asked, force)
    };
    let (removed, kept, others) = (UndoOutcome::Removed, UndoOutcome::Touched, UndoOutcome::NotOfJob);
    assert_eq!(undo(JOB, false).await.unwrap(), [removed, kept, removed, others, others, kept, others]);
    assert_eq!(of_job(store, JOB).await, ["@TGS#_c", "b"].map(group_id));
    assert_eq!(undo(JOB, true).await.unwrap(), [others, removed, others, others, others, removed, others]);
    assert_eq!(World::of(store, APP, &ids, &names).await, before);
    assert_eq!((of_job(store, JOB).await, of_job(store, OTHER_JOB).await), (vec![], vec![group_id("d")]));
    nothing_is_to_be_delivered(store).await;
    // The same job may bring them in again.
    assert_eq!(bring(store, vec![whole("b", JOB)]).await, [WholeGroupOutcome::Created]);
    assert_eq!(visible(store, "b").await, Some(3));
}

pub(crate) async fn a_dissolved_group_is_no_longer_of_its_job(store: &(impl Store + BulkStore)) {
    bring(store, vec![whole("g", JOB)]).await;
    decided(store.destroy_group(context(), group_id("g"), every_event()).await).unwrap();
    assert_eq!((brought(store, "g").await, of_job(store, JOB).await), (None, vec![]));
    import(store, owned_group("g", "ann")).await.unwrap();
    let undone = store.undo_groups(context(), JOB, vec![group_id("g")], true).await.unwrap();
    assert_eq!(undone, [UndoOutcome::NotOfJob]);
    assert_eq!(bring(store, vec![whole("g", JOB)]).await, [WholeGroupOutcome::AlreadyThere(None)]);
    assert_eq!(visible(store, "g").await, Some(0));
}

pub(crate) async fn no_membership_of_a_staged_group_outlives_its_account(store: &(impl Store + BulkStore)) {
    let some = vec![(Conversation::Group, messages(3))];
    decided(store.stage_messages(context(), JOB, group_id("g"), some).await).unwrap();
    store.import_accounts(context(), vec![account("bob", Some("Bob"), None)]).await.unwrap();
    store.delete_accounts(context(), vec![user("bob")]).await.unwrap();
    let rest = WholeGroup { messages: Vec::new(), staged: 3, ..whole("g", JOB) };
    assert_eq!(bring(store, vec![rest]).await, [WholeGroupOutcome::Created]);
    let world = World::of(store, APP, &[group_id("g")], &["ann", "bob"].map(user)).await;
    assert_eq!(world.accounts[&user("bob")], Account::placeholder(NOW));
    store.delete_accounts(context(), vec![user("bob"), user("ann")]).await.unwrap();
    assert!(brought(store, "g").await.unwrap().touched);
}

pub(crate) async fn jobs_of_different_apps_are_separate(store: &(impl Store + BulkStore)) {
    let elsewhere = AppId(APP.0 + 1);
    let of = landfall_domain::context::Context { app: elsewhere, ..context() };
    assert_eq!(bring(store, vec![whole("g", JOB)]).await, [WholeGroupOutcome::Created]);
    let outcomes = store.import_whole_groups(of, vec![whole("g", JOB)]).await.unwrap();
    assert_eq!(outcomes, [WholeGroupOutcome::Created]);
    let names: BTreeSet<UserId> = ["ann", "bob"].map(user).into();
    let names: Vec<_> = names.into_iter().collect();
    let kept = World::of(store, elsewhere, &[group_id("g")], &names).await;
    store.undo_groups(context(), JOB, vec![group_id("g")], true).await.unwrap();
    assert_eq!(World::of(store, elsewhere, &[group_id("g")], &names).await, kept);
    assert_eq!(store.groups_of_job(elsewhere, JOB, None, 9).await.unwrap(), [group_id("g")]);
    assert_eq!(of_job(store, JOB).await, []);
}
