//! Official accounts and the words of an app: what the rules decide is kept and read back.

use super::subscribers::every_event;
use super::{APP, NOW, account, at_once, context, decided, user};
use landfall_domain::people::Subject;
use landfall_domain::people::fact::{Fact, FactFamily, FactKey, FactRange};
use landfall_domain::people::message::DirectRange;
use landfall_domain::people::official::{OfficialAccount, OfficialRefusal, Subscription, broadcasts};
use landfall_domain::people::operation::perform_people;
use landfall_domain::people::operations::add_subscribers::{AddSubscribers, SubscribeOutcome};
use landfall_domain::people::operations::change_words::AddWords;
use landfall_domain::people::operations::create_official::CreateOfficial;
use landfall_domain::people::operations::send_official::SendOfficial;
use landfall_domain::people::snapshot::PeopleNeeds;
use landfall_domain::people::words::Words;
use landfall_domain::store::Store;
use landfall_domain::text::Text;

const NEWS: &str = "@TOA#_news";

fn own(name: &str) -> Subject {
    Subject::Account(user(name))
}

fn text(content: &str) -> Text {
    Text::stored(content.to_owned())
}

fn creation(max_subscribers: u32) -> CreateOfficial {
    CreateOfficial {
        account: user(NEWS),
        owner: user("ann"),
        name: text("\0n'"),
        face_url: text("f"),
        introduction: text("i\u{10ffff}"),
        organization: text("o\t"),
        custom: text("c\n"),
        max_subscribers,
    }
}

/// Ann, Bob, Cy, and an official account of Ann.
async fn open(store: &dyn Store, max_subscribers: u32) {
    let imports = ["ann", "bob", "cy"].map(|name| account(name, None, None)).to_vec();
    store.import_accounts(context(), imports).await.unwrap();
    let operation = creation(max_subscribers);
    decided(perform_people(store, context(), operation, every_event()).await).unwrap();
}

async fn add(store: &dyn Store, names: &[&str]) -> Result<Vec<SubscribeOutcome>, OfficialRefusal> {
    let accounts = names.iter().map(|name| user(name)).collect();
    let operation = AddSubscribers { official: user(NEWS), accounts };
    decided(perform_people(store, context(), operation, every_event()).await)
}

async fn send(store: &dyn Store) -> Result<u32, OfficialRefusal> {
    let operation = SendOfficial {
        official: user(NEWS),
        random: 1,
        body: Default::default(),
        push: Box::default(),
        online_only: false,
        not_last: false,
    };
    decided(perform_people(store, context(), operation, every_event()).await).map(|key| key.seq)
}

async fn names(store: &dyn Store, of: &str, family: FactFamily) -> Vec<String> {
    let ranges = vec![FactRange::all(own(of), family)];
    let found = store.people(APP, PeopleNeeds { ranges, ..PeopleNeeds::default() }).await.unwrap();
    found.facts.keys().filter_map(|(_, key)| key.peer().map(ToString::to_string)).collect()
}

async fn fact(store: &dyn Store, subject: Subject, key: FactKey) -> Option<Fact> {
    let facts = vec![(subject, key)];
    let found = store.people(APP, PeopleNeeds { facts, ..PeopleNeeds::default() }).await.unwrap();
    found.facts.into_values().next()
}

pub(crate) async fn an_official_account_reads_back_with_every_field(store: &dyn Store) {
    open(store, 5).await;
    assert_eq!(add(store, &["bob", "eve"]).await, Ok(vec![SubscribeOutcome::Done, SubscribeOutcome::Failed]));
    let CreateOfficial { owner, introduction, organization, custom, name, .. } = creation(5);
    let expected = OfficialAccount {
        owner,
        introduction,
        organization,
        custom,
        max_subscribers: 5,
        subscribers: 1,
        created: NOW,
    };
    let found = fact(store, own(NEWS), FactKey::Official).await;
    assert_eq!(found, Some(Fact::Official(Box::new(expected))));
    let accounts = store.accounts(APP, vec![user(NEWS)]).await.unwrap();
    assert_eq!(accounts[0].as_ref().unwrap().nick, name);
    let subscription = Fact::Subscription(Subscription { since: NOW, custom: Text::default() });
    for (of, key) in [(NEWS, FactKey::Subscriber(user("bob"))), ("bob", FactKey::Subscribed(user(NEWS)))] {
        assert_eq!(fact(store, own(of), key).await, Some(subscription.clone()));
    }
}

pub(crate) async fn two_callers_cannot_both_become_the_last_subscriber(store: &dyn Store) {
    open(store, 1).await;
    let outcomes = at_once(["bob", "cy"].map(|name| async move { add(store, &[name]).await })).await;
    let done = outcomes.iter().filter(|outcome| **outcome == Ok(vec![SubscribeOutcome::Done])).count();
    assert_eq!(done, 1, "{outcomes:?}");
    assert_eq!(names(store, NEWS, FactFamily::Subscribers).await.len(), 1);
}

pub(crate) async fn a_deleted_account_subscribes_to_nothing(store: &dyn Store) {
    open(store, 2).await;
    add(store, &["bob", "cy"]).await.unwrap();
    store.delete_accounts(context(), vec![user("bob")]).await.unwrap();
    store.import_accounts(context(), vec![account("bob", None, None)]).await.unwrap();
    assert_eq!(names(store, NEWS, FactFamily::Subscribers).await, ["cy"]);
    assert!(names(store, "bob", FactFamily::Subscribed).await.is_empty());
    // The number of subscribers is too high now, and there is room all the same.
    assert_eq!(add(store, &["bob", "ann"]).await, Ok(vec![SubscribeOutcome::Done, SubscribeOutcome::Failed]));
}

pub(crate) async fn a_deleted_official_account_leaves_nothing_with_its_subscribers(store: &dyn Store) {
    open(store, 2).await;
    add(store, &["bob", "cy"]).await.unwrap();
    assert_eq!(send(store).await, Ok(1));
    store.delete_accounts(context(), vec![user(NEWS)]).await.unwrap();
    assert!(names(store, "bob", FactFamily::Subscribed).await.is_empty());
    assert_eq!(send(store).await, Err(OfficialRefusal::NoSuchOfficial));
    open(store, 2).await;
    assert!(names(store, NEWS, FactFamily::Subscribers).await.is_empty());
    let messages = vec![DirectRange::After { pair: broadcasts(&user(NEWS)), seq: 0, limit: 9 }];
    let found = store.people(APP, PeopleNeeds { messages, ..PeopleNeeds::default() }).await.unwrap();
    assert!(found.messages.is_empty());
    assert_eq!(send(store).await, Ok(1));
}

pub(crate) async fn words_read_back_in_their_order(store: &dyn Store) {
    let words: Vec<Text> = ["\u{10ffff}", "a'\0", "b c"].map(text).to_vec();
    let add = AddWords { words: words.clone(), max: 3 };
    decided(perform_people(store, context(), add, every_event()).await).unwrap();
    assert_eq!(fact(store, Subject::App, FactKey::Words).await, Some(Fact::Words(Words(words))));
    let more = AddWords { words: vec![text("d")], max: 3 };
    decided(perform_people(store, context(), more, every_event()).await).unwrap_err();
}
