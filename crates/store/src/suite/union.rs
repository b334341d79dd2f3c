//! Groups that are there, united with what newer files have of them.

use super::scripted::{Action, Script, topic};
use super::subscribers::no_subscribers;
use super::whole::{
    JOB, OTHER_JOB, bring, brought, community, messages, nothing_is_to_be_delivered, of_job, visible, whole,
};
use super::world::World;
use super::{
    APP, CREATED, NOW, at_once, context, decided, group_id, import, owned_group, refusing, text, user,
};
use futures_util::future::{Either, select};
use landfall_domain::account::Account;
use landfall_domain::actor::Actor;
use landfall_domain::bulk::{BulkStore, UndoOutcome};
use landfall_domain::member::Role;
use landfall_domain::message::{Content, Conversation, MessageState};
use landfall_domain::operation::perform;
use landfall_domain::origin::JobId;
use landfall_domain::outbox::Outbox;
use landfall_domain::part::{Part, PartKey};
use landfall_domain::staged::WholeMessage;
use landfall_domain::store::Store;
use landfall_domain::time::Timestamp;
use landfall_domain::unite::{Figures, Kept, OnDifference, UnionOutcome};
use landfall_domain::whole_group::{WholeGroup, WholeMember};
use std::pin::pin;

const THIRD_JOB: JobId = JobId(7);

async fn unite(store: &dyn BulkStore, whole: WholeGroup, on: OnDifference) -> UnionOutcome {
    store.unite_groups(context(), vec![whole], on).await.unwrap().remove(0)
}

async fn united(store: &dyn BulkStore, whole: WholeGroup, on: OnDifference) -> Figures {
    match unite(store, whole, on).await {
        UnionOutcome::United(figures) => figures,
        outcome @ (UnionOutcome::Unchanged(_) | UnionOutcome::Kept(_)) => panic!("{outcome:?}"),
    }
}

fn some(messages: &[&WholeMessage]) -> Vec<(Conversation, Vec<WholeMessage>)> {
    vec![(Conversation::Group, messages.iter().map(|message| (*message).clone()).collect())]
}

fn digest(whole: WholeGroup, digest: &str) -> WholeGroup {
    let origin = landfall_domain::origin::Origin { digest: digest.to_owned(), ..whole.origin };
    WholeGroup { origin, ..whole }
}

/// Random numbers of the messages of a group, in order.
async fn randoms(store: &dyn Store, name: &str) -> Vec<u32> {
    let world = World::of(store, APP, &[group_id(name)], &[]).await;
    world.messages[&group_id(name)][&Conversation::Group].values().map(|message| message.random).collect()
}

async fn unread(store: &dyn Store, name: &str, account: &str) -> u32 {
    let world = World::of(store, APP, &[group_id(name)], &[]).await;
    let (group, members) = &world.groups[&group_id(name)];
    let member = members.iter().find(|member| member.account == user(account)).unwrap();
    group.log.unread(member.read)
}

async fn change(store: &dyn Store, name: &str, action: Action) {
    let script = Script { group: group_id(name), action };
    decided(perform(store, context(), Actor::App, script, no_subscribers()).await).unwrap();
}

pub(crate) async fn a_partial_file_puts_history_before_between_and_behind_what_is_there(
    store: &(impl Store + BulkStore + Outbox),
) {
    let all = messages(300);
    // The first has `ann` and `bob`, with one of its messages read: number 101.
    let first: Vec<_> = (100..250).filter(|number| number % 3 != 0).map(|number| &all[number]).collect();
    bring(store, vec![WholeGroup { messages: some(&first), ..whole("g", JOB) }]).await;
    let marked = first[0].random;
    change(store, "g", Action::Recall(None, vec![3])).await;
    // The other has what is missing, some of what is there, and `cy`, with all but two of its messages read.
    let second: Vec<_> =
        (0..300).filter(|number| number % 2 == 0 || number % 3 == 0).map(|n| &all[n]).collect();
    let read = u32::try_from(second.len()).unwrap() - 2;
    let reads = vec![(Conversation::Group, read)];
    let more = WholeGroup {
        members: vec![WholeMember { reads, joined: Some(CREATED), ..WholeMember::new(user("cy")) }],
        messages: some(&second),
        ..digest(whole("g", OTHER_JOB), "e")
    };
    let expected: Vec<u32> = (0..300)
        .filter(|number| number % 2 == 0 || number % 3 == 0 || (100..250).contains(number))
        .map(|number| all[number].random)
        .collect();
    let figures = united(store, more.clone(), OnDifference::Keep).await;
    let added = (expected.len() - first.len()) as u64;
    assert_eq!((figures.messages.added, figures.messages.unchanged), (added, second.len() as u64 - added));
    assert_eq!((figures.members.added, figures.members.unchanged, figures.reads.added), (1, 1, 1));
    assert_eq!((randoms(store, "g").await, figures.differing()), (expected.clone(), 0));
    assert_eq!(visible(store, "g").await, Some(expected.len()));
    let place = expected.iter().position(|random| *random == marked).unwrap();
    assert_eq!(unread(store, "g", "bob").await as usize, expected.len() - place - 1);
    let read = second[second.len() - 3].random;
    let place = expected.iter().position(|random| *random == read).unwrap();
    assert_eq!(unread(store, "g", "cy").await as usize, expected.len() - place - 1);
    assert_eq!(unread(store, "g", "ann").await, 0);
    let ids = [group_id("g")];
    let world = World::of(store, APP, &ids, &["ann", "bob", "cy"].map(user)).await;
    // What was recalled stays so, under its new number.
    let gone: Vec<_> = world.messages[&ids[0]][&Conversation::Group]
        .values()
        .filter(|message| message.state == MessageState::Recalled)
        .collect();
    assert_eq!((gone.len(), gone[0].random, &gone[0].content), (1, first[2].random, &Content::Gone(None)));
    assert_eq!(world.accounts.values().collect::<Vec<_>>(), [&Account::placeholder(NOW); 3]);
    assert_eq!((world.groups[&ids[0]].0.member_count, world.lists[0].1), (3, 1));
    assert!(world.joined.values().all(|joined| joined.len() == 1));
    let came = brought(store, "g").await.unwrap();
    assert_eq!(
        (came.touched, came.provenance.origin.job, came.provenance.added),
        (false, JOB, vec![OTHER_JOB])
    );
    assert_eq!(came.provenance.origin.digest, "e");
    assert_eq!((of_job(store, JOB).await, of_job(store, OTHER_JOB).await), (ids.to_vec(), ids.to_vec()));
    nothing_is_to_be_delivered(store).await;
    // Again, and with the first file: nothing is missing.
    let first = WholeGroup { messages: some(&first), ..whole("g", JOB) };
    for again in [more, first] {
        let outcome = unite(store, again, OnDifference::TakeOver).await;
        assert!(matches!(outcome, UnionOutcome::Unchanged(_)), "{outcome:?}");
    }
    assert_eq!(World::of(store, APP, &ids, &["ann", "bob", "cy"].map(user)).await, world);
    // The days of all of them are known.
    let expired = store.expire_messages(APP, Timestamp(NOW.0 * 100), 10_000).await.unwrap();
    assert_eq!(expired, expected.len());
    assert!(!brought(store, "g").await.unwrap().touched);
}

pub(crate) async fn what_differs_stays_or_is_taken_over(store: &(impl Store + BulkStore)) {
    bring(store, vec![whole("g", JOB)]).await;
    let edited = || {
        let mut edited = digest(whole("g", OTHER_JOB), "e");
        edited.messages[0].1[1].body.elements = "[\"edited\"]".into();
        edited.new.profile.name = text("other");
        edited.new.owner = Some(user("bob"));
        edited.new.created = Timestamp(CREATED.0 - 9);
        let mut early = edited.messages[0].1[0].clone();
        (early.sent, early.random) = (Timestamp(CREATED.0 - 5), 77);
        edited.messages[0].1.insert(0, early);
        edited.members[0].name_card = "Bob".to_owned();
        edited.members[0].reads = vec![(Conversation::Group, 3)];
        edited
    };
    let elements = async || {
        let world = World::of(store, APP, &[group_id("g")], &[]).await;
        let messages = &world.messages[&group_id("g")][&Conversation::Group];
        let Content::Sent(body) = &messages[&3].content else { panic!("{messages:?}") };
        (body.elements.to_string(), world.groups[&group_id("g")].clone())
    };
    let kept = united(store, edited(), OnDifference::Keep).await;
    let differing = [kept.group.differing, kept.members.differing, kept.messages.differing];
    assert_eq!((differing, kept.messages.added, kept.reads.updated), ([1, 1, 1], 1, 1));
    let (body, (group, members)) = elements().await;
    assert_eq!((body.as_str(), group.profile.name.as_str(), group.owner), ("[1]", "g", Some(user("ann"))));
    assert_eq!((group.created.0, group.info_changed.0, group.log.next_seq), (991, 991, 5));
    assert_eq!((members[0].account.as_str(), unread(store, "g", "bob").await), ("bob", 1));
    let taken = united(store, edited(), OnDifference::TakeOver).await;
    assert_eq!([taken.group.updated, taken.members.updated, taken.messages.updated], [1, 1, 1]);
    assert_eq!((taken.differing(), taken.messages.added, taken.reads.unchanged), (0, 0, 1));
    let (body, (group, members)) = elements().await;
    assert_eq!((body.as_str(), group.profile.name.as_str()), ("[\"edited\"]", "other"));
    assert_eq!((group.owner, group.log.next_seq), (Some(user("bob")), 5));
    let roles: Vec<_> = members
        .iter()
        .map(|member| (member.account.as_str(), member.role, member.name_card.as_str()))
        .collect();
    assert_eq!(roles, [("bob", Role::Owner, "Bob"), ("ann", Role::Member, "")]);
    assert!(!brought(store, "g").await.unwrap().touched);
    assert!(matches!(unite(store, edited(), OnDifference::Keep).await, UnionOutcome::Unchanged(_)));
}

pub(crate) async fn a_topic_is_united_with_its_marks(store: &(impl Store + BulkStore)) {
    let id = group_id("@TGS#_c");
    let [first, other] = [0, 1].map(|number| topic(&id, number));
    let place = Conversation::Topic(first.clone());
    let mut old = community("@TGS#_c");
    // Of 40 messages, the last 20; `ann` has read 7 of them.
    old.messages[0].1.drain(..20);
    old.members[1].reads = vec![(place.clone(), 7)];
    old.topics.truncate(1);
    bring(store, vec![old]).await;
    change(store, "@TGS#_c", Action::PutParts(user("eve"), 99)).await;
    let before = World::of(store, APP, std::slice::from_ref(&id), &[]).await;
    let mut new = digest(community("@TGS#_c"), "e");
    new.origin.job = OTHER_JOB;
    new.members[1].reads = vec![(Conversation::Topic(other.clone()), 0)];
    new.members[0].reads = vec![(place.clone(), 39)];
    let figures = united(store, new, OnDifference::Keep).await;
    assert_eq!((figures.topics.added, figures.topics.unchanged, figures.messages.added), (1, 1, 20));
    let world = World::of(store, APP, std::slice::from_ref(&id), &[]).await;
    let parts = &world.parts[&id];
    let Some(Part::Topic(united)) = parts.get(&PartKey::Topic(first.clone())) else { panic!("{parts:?}") };
    let unread = |name: &str| {
        let Some(Part::TopicMember(mark)) = parts.get(&PartKey::TopicMember(first.clone(), user(name)))
        else {
            panic!("{parts:?}")
        };
        united.log.unread(mark.read)
    };
    assert_eq!((united.log.next_seq, unread("ann"), unread("bob")), (41, 13, 1));
    assert!(parts.contains_key(&PartKey::Topic(other)));
    let sent = world.messages[&id][&place].values().map(|message| message.sent);
    assert!(world.messages[&id][&place].len() == 40 && sent.is_sorted());
    // What else hangs on the group stays.
    let rest = |world: &World| {
        let parts = world.parts[&id].clone();
        parts
            .into_iter()
            .filter(|(key, _)| matches!(key, PartKey::Attributes | PartKey::Ban(_)))
            .collect::<Vec<_>>()
    };
    assert!(!rest(&before).is_empty() && rest(&before) == rest(&world));
    assert!(!brought(store, "@TGS#_c").await.unwrap().touched);
}

pub(crate) async fn a_union_with_what_is_there_writes_nothing(store: &(impl Store + BulkStore)) {
    bring(store, vec![whole("g", JOB)]).await;
    let ids = [group_id("g")];
    let before = World::of(store, APP, &ids, &["ann", "bob"].map(user)).await;
    let came = brought(store, "g").await;
    let mut less = digest(whole("g", OTHER_JOB), "e");
    less.messages[0].1.remove(1);
    less.members.clear();
    assert!(matches!(unite(store, less, OnDifference::TakeOver).await, UnionOutcome::Unchanged(_)));
    assert_eq!(World::of(store, APP, &ids, &["ann", "bob"].map(user)).await, before);
    assert_eq!((brought(store, "g").await, of_job(store, OTHER_JOB).await), (came, vec![]));
}

pub(crate) async fn a_group_that_was_touched_is_kept(store: &(impl Store + BulkStore)) {
    bring(store, vec![whole("a", JOB), whole("b", JOB), whole("read", JOB)]).await;
    import(store, owned_group("mine", "ann")).await.unwrap();
    change(store, "a", Action::Send(None, vec![1])).await;
    change(store, "b", Action::Join(user("dan"))).await;
    change(store, "read", Action::ReadEverything).await;
    let (ids, names) = (["a", "b", "mine", "none"].map(group_id), ["ann", "bob", "dan"].map(user));
    let before = World::of(store, APP, &ids, &names).await;
    let more = |name: &str| {
        let more = digest(whole(name, OTHER_JOB), "e");
        WholeGroup { messages: vec![(Conversation::Group, messages(9))], ..more }
    };
    let asked = ["a", "b", "mine", "none"].map(more).to_vec();
    let outcomes = store.unite_groups(context(), asked, OnDifference::TakeOver).await.unwrap();
    let [touched, not] = [Kept::Touched, Kept::NotByJob].map(UnionOutcome::Kept);
    assert_eq!(outcomes, [touched.clone(), touched, not.clone(), not]);
    assert_eq!(World::of(store, APP, &ids, &names).await, before);
    // Reading does not count.
    united(store, more("read"), OnDifference::Keep).await;
    assert_eq!((visible(store, "read").await, unread(store, "read", "bob").await), (Some(9), 8));
}

pub(crate) async fn readers_see_a_union_whole_or_not_at_all(store: &(impl Store + BulkStore)) {
    let all = messages(6_000);
    let odd: Vec<_> = all.iter().skip(1).step_by(2).collect();
    bring(store, vec![WholeGroup { messages: some(&odd), ..whole("g", JOB) }]).await;
    let more =
        WholeGroup { messages: vec![(Conversation::Group, all)], ..digest(whole("g", OTHER_JOB), "e") };
    let mut uniting = pin!(store.unite_groups(context(), vec![more], OnDifference::Keep));
    let outcomes = loop {
        match select(uniting.as_mut(), pin!(visible(store, "g"))).await {
            Either::Left((outcomes, _)) => break outcomes.unwrap(),
            Either::Right((seen, _)) => assert!([Some(3_000), Some(6_000)].contains(&seen), "{seen:?}"),
        }
    };
    assert!(matches!(outcomes[..], [UnionOutcome::United(_)]), "{outcomes:?}");
    assert_eq!(visible(store, "g").await, Some(6_000));
}

pub(crate) async fn of_concurrent_unions_none_loses_what_another_brought(store: &(impl Store + BulkStore)) {
    let all = messages(120);
    bring(store, vec![WholeGroup { messages: Vec::new(), members: Vec::new(), ..whole("g", JOB) }]).await;
    let part = |number: usize| {
        let job = JobId(100 + number as u64);
        let every: Vec<_> = all.iter().skip(number).step_by(6).collect();
        let member = WholeMember::new(user(&format!("member{number}")));
        let part = WholeGroup { messages: some(&every), members: vec![member], ..whole("g", job) };
        store.unite_groups(context(), vec![digest(part, &format!("{number}"))], OnDifference::Keep)
    };
    for outcome in at_once((0..6).map(part)).await {
        assert!(matches!(outcome.unwrap()[..], [UnionOutcome::United(_)]));
    }
    assert_eq!(randoms(store, "g").await, all.iter().map(|message| message.random).collect::<Vec<_>>());
    let came = brought(store, "g").await.unwrap();
    assert_eq!((came.touched, came.provenance.added.len()), (false, 6));
    let world = World::of(store, APP, &[group_id("g")], &[user("member5")]).await;
    let (group, members) = &world.groups[&group_id("g")];
    assert_eq!((group.member_count, members.len(), world.joined[&user("member5")].len()), (7, 7, 1));
}

pub(crate) async fn members_and_accounts_are_refused_whole(store: &(impl Store + BulkStore)) {
    bring(store, vec![whole("g", JOB)]).await;
    let (ids, names) = ([group_id("g")], ["ann", "bob", "stranger"].map(user));
    let before = World::of(store, APP, &ids, &names).await;
    let more = || {
        let more = digest(whole("g", OTHER_JOB), "e");
        WholeGroup { messages: vec![(Conversation::Group, messages(9))], ..more }
    };
    let mut strange = more();
    strange.members.push(WholeMember::new(user("stranger")));
    let outcomes = store.unite_groups(refusing(), vec![strange], OnDifference::Keep).await.unwrap();
    assert!(matches!(&outcomes[..], [UnionOutcome::Kept(Kept::UnknownAccount(_))]), "{outcomes:?}");
    let mut full = more();
    full.members.extend((0..10_000).map(|number| WholeMember::new(user(&format!("m{number}")))));
    let kept = unite(store, full, OnDifference::Keep).await;
    assert_eq!(kept, UnionOutcome::Kept(Kept::TooManyMembers(10_002, 10_000)));
    let mut late = more();
    late.messages[0].1.last_mut().unwrap().sent = Timestamp(NOW.0 + 1);
    assert_eq!(unite(store, late, OnDifference::Keep).await, UnionOutcome::Kept(Kept::BadMessage));
    assert_eq!(World::of(store, APP, &ids, &names).await, before);
    assert_eq!(of_job(store, OTHER_JOB).await, []);
}

pub(crate) async fn a_very_long_history_is_united_where_it_ends(store: &(impl Store + BulkStore)) {
    let all = messages(24_000);
    let start = all[..23_990].to_vec();
    bring(store, vec![WholeGroup { messages: vec![(Conversation::Group, start)], ..whole("g", JOB) }]).await;
    let end = |from: usize| {
        let end = all[from..].to_vec();
        WholeGroup { messages: vec![(Conversation::Group, end)], ..digest(whole("g", OTHER_JOB), "e") }
    };
    let far = unite(store, end(10), OnDifference::Keep).await;
    assert_eq!(far, UnionOutcome::Kept(Kept::TooManyMessages));
    let figures = united(store, end(23_980), OnDifference::Keep).await;
    assert_eq!((figures.messages.added, figures.messages.unchanged), (10, 10));
    assert_eq!(visible(store, "g").await, Some(24_000));
}

pub(crate) async fn undo_of_a_later_job_leaves_what_an_earlier_one_brought(store: &(impl Store + BulkStore)) {
    let more = |job, count| {
        let more = digest(whole("g", job), &format!("{count}"));
        WholeGroup { messages: vec![(Conversation::Group, messages(count))], ..more }
    };
    bring(store, vec![whole("g", JOB)]).await;
    united(store, more(OTHER_JOB, 5), OnDifference::Keep).await;
    united(store, more(THIRD_JOB, 9), OnDifference::Keep).await;
    united(store, more(OTHER_JOB, 12), OnDifference::Keep).await;
    let added = async || brought(store, "g").await.map(|came| came.provenance.added);
    assert_eq!(added().await, Some(vec![THIRD_JOB, OTHER_JOB]));
    let undo = async |job, force| {
        store.undo_groups(context(), job, vec![group_id("g")], force).await.unwrap().remove(0)
    };
    assert_eq!(undo(JOB, false).await, UndoOutcome::AddedTo);
    // Not even by force: another one made it.
    assert_eq!(undo(THIRD_JOB, true).await, UndoOutcome::MadeByAnother);
    assert_eq!(undo(THIRD_JOB, true).await, UndoOutcome::NotOfJob);
    assert_eq!((of_job(store, THIRD_JOB).await, added().await), (vec![], Some(vec![OTHER_JOB])));
    assert_eq!(undo(JOB, false).await, UndoOutcome::AddedTo);
    assert_eq!(undo(OTHER_JOB, false).await, UndoOutcome::MadeByAnother);
    assert_eq!(visible(store, "g").await, Some(12));
    assert_eq!(undo(JOB, false).await, UndoOutcome::Removed);
    assert_eq!((visible(store, "g").await, of_job(store, JOB).await), (None, vec![]));
    bring(store, vec![whole("g", JOB)]).await;
    united(store, more(OTHER_JOB, 5), OnDifference::Keep).await;
    assert_eq!(undo(JOB, true).await, UndoOutcome::Removed);
    assert_eq!((visible(store, "g").await, of_job(store, OTHER_JOB).await), (None, vec![]));
}
