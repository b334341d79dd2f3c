//! The rules of official accounts, on a snapshot that keeps what they change.

use super::add_subscribers::{AddSubscribers, SubscribeOutcome};
use super::change_words::{AddWords, DeleteWords, TooManyWords};
use super::create_official::CreateOfficial;
use super::delete_subscribers::DeleteSubscribers;
use super::destroy_official::DestroyOfficial;
use super::modify_official::ModifyOfficial;
use super::modify_subscriber::ModifySubscriber;
use super::recall_direct::DirectRefusal;
use super::recall_official::RecallOfficial;
use super::send_official::SendOfficial;
use crate::account::Account;
use crate::message::Body;
use crate::people::Subject;
use crate::people::event::PeopleEvent;
use crate::people::fact::{Fact, FactFamily, FactKey};
use crate::people::official::{
    BroadcastKey, OfficialAccount, OfficialEvent, OfficialRefusal, Subscription, broadcasts,
};
use crate::people::operation::{PeopleDecision, PeopleOperation};
use crate::people::snapshot::PeopleSnapshot;
use crate::sample::{NOW, context, text, user};
use SubscribeOutcome::{Already, Done, Failed};

/// Ann, Bob, Cy and Di, and the official account of Ann, which takes two subscribers.
struct World(PeopleSnapshot);

impl World {
    fn new() -> Self {
        let accounts = ["ann", "bob", "cy", "di"].map(|name| (user(name), Account::placeholder(NOW)));
        let mut world = Self(PeopleSnapshot { accounts: accounts.into(), ..PeopleSnapshot::default() });
        world.perform(&create("@TOA#_news", "ann")).unwrap();
        world
    }

    /// Everybody knows everything there is, but for counts: a rule looks at what it asks for.
    fn perform<O: PeopleOperation>(
        &mut self,
        operation: &O,
    ) -> Result<(O::Answer, Vec<OfficialEvent>), O::Refusal> {
        let mut snapshot = self.0.clone();
        for (subject, family) in operation.then_needs(&context(), &snapshot).counts {
            assert_eq!(family, FactFamily::Subscribers);
            let keys = snapshot.facts.keys();
            let count = keys.filter(|(_, key)| matches!(key, FactKey::Subscriber(_))).count();
            snapshot.counts.insert((subject, family), count as u64);
        }
        let PeopleDecision { changes, answer, events } = operation.decide(&context(), snapshot)?;
        self.0.accounts.extend(changes.accounts);
        for (subject, key, fact) in changes.facts {
            match fact {
                Some(fact) => drop(self.0.facts.insert((subject, key), fact)),
                None => drop(self.0.facts.remove(&(subject, key))),
            }
        }
        for (pair, message) in changes.new_messages.into_iter().chain(changes.updated_messages) {
            self.0.messages.entry(pair).or_default().insert(message.seq, message);
        }
        let events = events.into_iter().map(|event| {
            let PeopleEvent::Official { account, event } = event else { panic!("{event:?}") };
            assert_eq!(account, user("@TOA#_news"));
            event
        });
        Ok((answer, events.collect()))
    }

    fn official(&self) -> OfficialAccount {
        match self.0.fact(&Subject::Account(user("@TOA#_news")), &FactKey::Official) {
            Some(Fact::Official(official)) => (**official).clone(),
            other => panic!("{other:?}"),
        }
    }

    fn add(&mut self, names: &[&str]) -> (Vec<SubscribeOutcome>, Vec<OfficialEvent>) {
        let accounts = names.iter().map(|name| user(name)).collect();
        self.perform(&AddSubscribers { official: user("@TOA#_news"), accounts }).unwrap()
    }

    fn send(&mut self, random: u32, elements: &str, online_only: bool) -> BroadcastKey {
        let body = Body { elements: elements.into(), ..Body::default() };
        let official = user("@TOA#_news");
        let send =
            SendOfficial { official, random, body, push: Box::default(), online_only, not_last: false };
        self.perform(&send).unwrap().0
    }
}

fn create(account: &str, owner: &str) -> CreateOfficial {
    CreateOfficial {
        account: user(account),
        owner: user(owner),
        name: text("News"),
        face_url: text("f"),
        introduction: text("i"),
        organization: text("o"),
        custom: text("c"),
        max_subscribers: 2,
    }
}

#[test]
fn a_name_is_taken_once_and_the_owner_exists() {
    let mut world = World::new();
    let account = &world.0.accounts[&user("@TOA#_news")];
    assert_eq!((account.nick.as_str(), account.placeholder), ("News", false));
    assert_eq!(world.perform(&create("@TOA#_news", "ann")).unwrap_err(), OfficialRefusal::Taken);
    let mut nobody = World(PeopleSnapshot::default());
    assert_eq!(nobody.perform(&create("@TOA#_x", "eve")).unwrap_err(), OfficialRefusal::NoSuchOwner);
}

#[test]
fn what_is_not_given_stays_and_only_what_is_shown_causes_an_event() {
    let mut world = World::new();
    let nothing = ModifyOfficial {
        account: user("@TOA#_news"),
        name: None,
        face_url: None,
        introduction: None,
        organization: None,
        custom: None,
        max_subscribers: None,
    };
    let quiet = ModifyOfficial { custom: Some(text("d")), max_subscribers: Some(9), ..nothing.clone() };
    assert_eq!(world.perform(&quiet).unwrap().1, []);
    let shown = ModifyOfficial { name: Some(text("Noise")), introduction: Some(text("")), ..nothing };
    let expected = OfficialEvent::Changed {
        name: Some(text("Noise")),
        introduction: Some(text("")),
        face_url: None,
        organization: None,
    };
    assert_eq!(world.perform(&shown).unwrap().1, [expected]);
    let OfficialAccount { introduction, organization, custom, max_subscribers, .. } = world.official();
    assert_eq!([introduction, organization, custom], ["", "o", "d"].map(text));
    assert_eq!(max_subscribers, 9);
    assert_eq!(world.0.accounts[&user("@TOA#_news")].nick, text("Noise"));
    let destroyed = OfficialEvent::Destroyed { owner: user("ann"), name: text("Noise") };
    let destroy = DestroyOfficial { account: user("@TOA#_news") };
    assert_eq!(world.perform(&destroy).unwrap().1, [destroyed]);
}

#[test]
fn subscribers_come_once_until_no_more_are_taken() {
    let mut world = World::new();
    let (outcomes, events) = world.add(&["bob", "bob", "eve", "@TOA#_news"]);
    assert_eq!(outcomes, [Done, Already, Failed, Failed]);
    assert_eq!(events, [OfficialEvent::Subscribed(vec![user("bob")])]);
    let (outcomes, events) = world.add(&["bob", "cy", "di"]);
    assert_eq!(outcomes, [Already, Done, Failed]);
    assert_eq!(events, [OfficialEvent::Subscribed(vec![user("cy")]), OfficialEvent::Full]);
    assert_eq!(world.add(&["di"]), (vec![Failed], vec![]));
    let official = user("@TOA#_news");
    let delete =
        DeleteSubscribers { official: official.clone(), accounts: ["bob", "bob", "di"].map(user).to_vec() };
    let (outcomes, events) = world.perform(&delete).unwrap();
    assert_eq!(outcomes, [Done, Already, Already]);
    assert_eq!(events, [OfficialEvent::Unsubscribed(vec![user("bob")])]);
    assert_eq!(world.official().subscribers, 1);
    let modify = |account| ModifySubscriber { official: official.clone(), account, custom: text("vip") };
    assert_eq!(world.perform(&modify(user("bob"))).unwrap_err(), OfficialRefusal::NotSubscribed);
    world.perform(&modify(user("cy"))).unwrap();
    let expected = Some(&Fact::Subscription(Subscription { since: NOW, custom: text("vip") }));
    for (subject, key) in
        [("@TOA#_news", FactKey::Subscriber(user("cy"))), ("cy", FactKey::Subscribed(official))]
    {
        assert_eq!(world.0.fact(&Subject::Account(user(subject)), &key), expected);
    }
}

#[test]
fn nobody_is_refused_because_of_a_number_that_is_too_high() {
    let mut world = World::new();
    world.add(&["bob", "cy"]);
    let gone =
        [("@TOA#_news", FactKey::Subscriber(user("cy"))), ("cy", FactKey::Subscribed(user("@TOA#_news")))];
    for (subject, key) in gone {
        world.0.facts.remove(&(Subject::Account(user(subject)), key)).unwrap();
    }
    assert_eq!(world.official().subscribers, 2);
    assert_eq!(world.add(&["di"]).0, [Done]);
    assert_eq!(world.official().subscribers, 2);
}

#[test]
fn a_message_is_one_row_and_comes_once() {
    let mut world = World::new();
    let first = world.send(1, "[1]", false);
    assert_eq!(first, BroadcastKey { seq: 1, sent: NOW });
    assert_eq!(world.send(1, "[1]", false), first);
    assert_eq!(world.send(1, "[2]", false).seq, 2);
    assert_eq!(world.send(2, "[1]", false).seq, 3);
    assert_eq!(world.send(3, "[1]", true).seq, 0);
    assert_eq!(world.0.messages_of(&broadcasts(&user("@TOA#_news"))).count(), 3);
}

#[test]
fn each_message_is_recalled_once() {
    let mut world = World::new();
    let key = world.send(1, "[1]", false);
    let other_second = BroadcastKey { seq: 1, sent: NOW.plus(1) };
    let recall = RecallOfficial { official: user("@TOA#_news"), keys: vec![key, key, other_second] };
    let (outcomes, events) = world.perform(&recall).unwrap();
    assert_eq!(outcomes, [Ok(()), Err(DirectRefusal::Recalled), Err(DirectRefusal::NoSuchMessage)]);
    assert!(matches!(&events[..], [OfficialEvent::Recalled(gone)] if gone.len() == 1 && gone[0].seq == 1));
    let (outcomes, events) = world.perform(&recall).unwrap();
    assert_eq!((outcomes[0], events), (Err(DirectRefusal::Recalled), vec![]));
    assert_eq!(world.send(1, "[1]", false).seq, 2, "what was recalled may be said again");
}

#[test]
fn words_are_kept_once_in_their_order() {
    let words = |names: &[&str]| names.iter().map(|name| text(name)).collect::<Vec<_>>();
    let mut world = World(PeopleSnapshot::default());
    let add = |names: &[&str]| AddWords { words: words(names), max: 3 };
    world.perform(&add(&["b", "a", "b"])).unwrap();
    assert_eq!(world.perform(&add(&["c", "d"])).unwrap_err(), TooManyWords);
    world.perform(&add(&["a", "c"])).unwrap();
    world.perform(&DeleteWords(words(&["a", "x"]))).unwrap();
    let kept = world.0.fact(&Subject::App, &FactKey::Words).cloned();
    assert_eq!(kept, Some(Fact::Words(crate::people::words::Words(words(&["b", "c"])))));
    world.perform(&DeleteWords(words(&["b", "c"]))).unwrap();
    assert_eq!(world.0.fact(&Subject::App, &FactKey::Words), None);
}
