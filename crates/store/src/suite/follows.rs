//! Following, attributes, tags and pushes: what the rules decide is kept and read back.

use super::subscribers::every_event;
use super::{APP, account, at_once, context, decided, user};
use landfall_domain::ids::UserId;
use landfall_domain::limits::{Limits, PushLimits};
use landfall_domain::people::Subject;
use landfall_domain::people::fact::{Fact, FactFamily, FactKey, FactRange};
use landfall_domain::people::follow::{FollowProblem, Tie, followers};
use landfall_domain::people::labels::{Audience, Slots};
use landfall_domain::people::operation::perform_people;
use landfall_domain::people::operations::accept_push::AcceptPush;
use landfall_domain::people::operations::label_accounts::{LabelAccounts, LabelChange, LabelRefusal};
use landfall_domain::people::operations::name_attributes::NameAttributes;
use landfall_domain::people::operations::set_follows::SetFollows;
use landfall_domain::people::operations::step_push::StepPush;
use landfall_domain::people::snapshot::PeopleNeeds;
use landfall_domain::store::Store;
use landfall_domain::text::Text;
use landfall_domain::time::Timestamp;

fn own(name: &str) -> Subject {
    Subject::Account(user(name))
}

fn text(content: &str) -> Text {
    Text::stored(content.to_owned())
}

async fn known(store: &dyn Store, names: &[String]) {
    let imports = names.iter().map(|name| account(name, None, None)).collect();
    store.import_accounts(context(), imports).await.unwrap();
}

fn named(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

async fn follow(
    store: &dyn Store,
    account: &str,
    others: &[String],
    follows: bool,
) -> Vec<Result<(), FollowProblem>> {
    let others = others.iter().map(|name| user(name)).collect();
    let operation = SetFollows { account: user(account), others, follows, limit: 5_000 };
    decided(perform_people(store, context(), operation, every_event()).await).unwrap()
}

/// Those that are this to an account, and that they are as many as are counted.
async fn those(store: &dyn Store, account: &str, tie: Tie) -> Vec<String> {
    let family = FactFamily::Follows(tie);
    let needs = PeopleNeeds {
        ranges: vec![FactRange::all(own(account), family)],
        counts: vec![(own(account), family)],
        ..PeopleNeeds::default()
    };
    let found = store.people(APP, needs).await.unwrap();
    assert_eq!(found.counts[&(own(account), family)], found.facts.len() as u64);
    found.facts.into_keys().filter_map(|(_, key)| key.peer().map(UserId::to_string)).collect()
}

async fn count(store: &dyn Store, account: &str) -> u64 {
    let facts = vec![(own(account), FactKey::Followers)];
    let found = store.people(APP, PeopleNeeds { facts, ..PeopleNeeds::default() }).await.unwrap();
    followers(&found, &user(account))
}

pub(crate) async fn those_who_follow_are_listed_and_counted(store: &dyn Store) {
    let names: Vec<String> = (0..30).map(|number| format!("u{number:02}")).collect();
    known(store, &names).await;
    known(store, &named(&["ann", "bob"])).await;
    let popular = named(&["ann", "bob"]);
    let calls = names.iter().map(|name| follow(store, name, &popular, true));
    assert!(at_once(calls).await.iter().flatten().all(Result::is_ok));
    follow(store, "ann", &names[..10], true).await;
    follow(store, "ann", &names[..3], false).await;
    assert_eq!(those(store, "ann", Tie::Mutual).await, names[3..10]);
    assert_eq!(those(store, "ann", Tie::Follower).await, [&names[..3], &names[10..]].concat());
    assert_eq!(those(store, "ann", Tie::Followed).await, Vec::<String>::new());
    assert_eq!(those(store, "u05", Tie::Mutual).await, ["ann"]);
    assert_eq!(those(store, "u05", Tie::Followed).await, ["bob"]);
    assert_eq!(
        (count(store, "ann").await, count(store, "bob").await, count(store, "u05").await),
        (30, 30, 1)
    );
}

pub(crate) async fn a_deleted_account_follows_nobody_and_counts_nowhere(store: &dyn Store) {
    let names: Vec<String> = (0..1_100).map(|number| format!("p{number:04}")).collect();
    known(store, &names).await;
    known(store, &named(&["ann", "bob", "cy"])).await;
    // It follows more than a store looks at in one step, and is followed by some of them.
    for some in names.chunks(100) {
        assert!(follow(store, "ann", some, true).await.iter().all(Result::is_ok));
    }
    follow(store, "ann", &named(&["bob"]), true).await;
    for name in ["bob", "p0007", "cy"] {
        follow(store, name, &named(&["ann", "p0001"]), true).await;
    }
    assert_eq!((count(store, "p0001").await, count(store, "bob").await), (4, 1));
    // Two that name each other go with one call.
    let gone = vec![user("ann"), user("bob")];
    assert_eq!(store.delete_accounts(context(), gone).await.unwrap(), [true, true]);
    known(store, &named(&["ann", "bob"])).await;
    for (name, expected) in [("p0000", 0), ("p0001", 2), ("p1099", 0), ("ann", 0), ("bob", 0), ("cy", 0)] {
        assert_eq!(count(store, name).await, expected, "{name}");
    }
    assert_eq!(those(store, "p0007", Tie::Mutual).await, Vec::<String>::new());
    assert_eq!(those(store, "p0007", Tie::Followed).await, ["p0001"]);
    assert_eq!(those(store, "cy", Tie::Followed).await, ["p0001"]);
    assert_eq!(those(store, "p1099", Tie::Follower).await, Vec::<String>::new());
    assert_eq!(those(store, "ann", Tie::Mutual).await, Vec::<String>::new());
    assert_eq!(follow(store, "ann", &named(&["p0000"]), true).await, [Ok(())]);
    assert_eq!(count(store, "p0000").await, 1);
}

async fn label(store: &dyn Store, changes: Vec<(&str, LabelChange)>) -> Result<(), LabelRefusal> {
    let changes = changes.into_iter().map(|(name, change)| (user(name), change)).collect();
    decided(perform_people(store, context(), LabelAccounts { changes, tags_max: 100 }, every_event()).await)
}

pub(crate) async fn attributes_and_tags_read_back_and_go_with_their_account(store: &dyn Store) {
    known(store, &named(&["ann", "bob"])).await;
    let odd = text("\0'\u{10ffff}");
    let names = [(0, odd.clone()), (9, text("city"))].into();
    decided(perform_people(store, context(), NameAttributes { names }, every_event()).await).unwrap();
    let set = |value: &str| LabelChange::SetAttributes(vec![(odd.clone(), text(value))]);
    let tags = || LabelChange::AddTags(vec![text("b"), odd.clone(), text("a")]);
    label(store, vec![("ann", set("x")), ("bob", set("")), ("ann", tags())]).await.unwrap();
    let unknown = label(store, vec![("ann", set("lost")), ("zoe", tags())]).await;
    assert_eq!(unknown, Err(LabelRefusal::NoSuchAccount(user("zoe"))));
    let look = async || {
        let place = |name: &str| [FactKey::Attributes, FactKey::Tags].map(|key| (own(name), key));
        let facts = ["ann", "bob"].iter().flat_map(|name| place(name)).collect();
        store.people(APP, PeopleNeeds { facts, ..PeopleNeeds::default() }).await.unwrap()
    };
    let found = look().await;
    assert_eq!(found.slots(&own("ann"), &FactKey::Attributes), [(0, text("x"))].into());
    assert_eq!(found.slots(&own("bob"), &FactKey::Attributes), [(0, text(""))].into());
    assert_eq!(found.tags(&user("ann")), [text("b"), odd.clone(), text("a")]);
    store.delete_accounts(context(), vec![user("ann")]).await.unwrap();
    known(store, &named(&["ann"])).await;
    assert_eq!(look().await.facts.len(), 1);
}

pub(crate) async fn a_push_is_accepted_once_and_one_server_works_on_it(store: &dyn Store) {
    let accept = |random, audience| AcceptPush {
        sender: user("administrator"),
        by_administrator: true,
        random,
        elements: "[\u{0}]".into(),
        offline: "{}".into(),
        online_only: false,
        audience,
        limits: PushLimits { seconds_apart: 0, ..Limits::FAITHFUL.push },
    };
    let everybody = || accept(7, Audience::Everybody);
    let calls = (0..8).map(|_| perform_people(store, context(), everybody(), every_event()));
    let numbers: Vec<u32> =
        at_once(calls).await.into_iter().map(|mark| decided(mark).unwrap().number).collect();
    assert_eq!(numbers, [1; 8]);
    let audience = Audience::Tags { all: vec![text("a")], any: vec![text(""), text("b")] };
    let tagged = perform_people(store, context(), accept(8, audience.clone()), every_event()).await;
    assert_eq!(decided(tagged).unwrap().number, 2);
    let waiting = async || {
        let ranges = vec![FactRange::all(Subject::App, FactFamily::Pushes)];
        let found = store.people(APP, PeopleNeeds { ranges, ..PeopleNeeds::default() }).await.unwrap();
        let push = |(_, fact)| if let Fact::Push(push) = fact { Some(push) } else { None };
        found.facts.into_iter().filter_map(push).collect::<Vec<_>>()
    };
    let step = |holder, until: Option<u64>| StepPush {
        number: 1,
        holder,
        reached: Some(user("m")),
        until: until.map(Timestamp),
    };
    let steps = [step(1, Some(9_000)), step(2, Some(9_000))];
    let held = at_once(steps.map(|step| perform_people(store, context(), step, every_event()))).await;
    let held: Vec<bool> = held.into_iter().map(|held| decided(held).unwrap()).collect();
    assert_eq!(held.iter().filter(|held| **held).count(), 1, "{held:?}");
    let pushes = waiting().await;
    assert_eq!(pushes.iter().map(|push| push.random).collect::<Vec<_>>(), [7, 8]);
    assert_eq!(pushes[0].reached, Some(user("m")));
    assert_eq!(Ok(pushes[1].audience.clone()), audience.numbered(&Slots::new()));
    assert_eq!((&*pushes[0].elements, &*pushes[0].offline), ("[\u{0}]", "{}"));
    let holder = if held[0] { 1 } else { 2 };
    let ended = perform_people(store, context(), step(holder, None), every_event()).await;
    assert_eq!((decided(ended), waiting().await.len()), (Ok(true), 1));
    let again = perform_people(store, context(), step(holder, None), every_event()).await;
    assert_eq!(decided(again), Ok(false));
}
