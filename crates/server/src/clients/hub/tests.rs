use super::super::client_subscribers::ClientSubscribers;
use super::super::peer_link::NoPeers;
use super::super::session::OutboundItem;
use super::*;
use crate::clients::direct_frames as direct;
use crate::files::signing::tests::signer;
use crate::lock::lock;
use landfall_domain::account::UnknownAccounts;
use landfall_domain::actor::Actor;
use landfall_domain::context::Context;
use landfall_domain::event::Event;
use landfall_domain::limits::Span;
use landfall_domain::message::{Body, Conversation, Priority};
use landfall_domain::new_group::{IdChoice, NewGroup, NewMember};
use landfall_domain::operation::{import, perform};
use landfall_domain::operations::import_messages::{ImportMessages, ImportedMessage};
use landfall_domain::operations::send_message::SendMessage;
use landfall_domain::people::event::PeopleEvent;
use landfall_domain::subscribers::Subscribers;
use landfall_domain::text::Text;
use landfall_domain::time::SystemClock;
use landfall_store::StoreMetrics;
use landfall_store::embedded::Embedded;
use proptest::prelude::*;
use std::sync::Mutex;
use std::time::Duration;
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio::sync::mpsc::Receiver;

const APP: AppId = AppId(7);
const NOW: Timestamp = Timestamp(1_700_000_000);
const CONTEXT: Context = Context { app: APP, now: NOW, unknown: UnknownAccounts::Create };

fn user(name: &str) -> UserId {
    UserId::parse(name).unwrap()
}

fn group() -> GroupId {
    GroupId::parse("g").unwrap()
}

/// A group of `ann`, who is connected.
struct Fixture {
    hub: Arc<Hub>,
    store: Arc<Embedded>,
    session: Arc<Session>,
    waiting: Receiver<OutboundItem>,
    _dir: TempDir,
}

impl Fixture {
    async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = Arc::new(Embedded::open(dir.path(), StoreMetrics::default()).unwrap());
        let text = |text: &str| Text::parse(text.to_owned(), Span::up_to(100)).unwrap();
        let kind = GroupType::Public;
        let plain = NewGroup::new(IdChoice::Given(group()), kind, text("n"), Timestamp(1));
        let new = NewGroup { members: vec![NewMember::new(user("ann"))], ..plain };
        store.import_group(CONTEXT, new).await.unwrap();
        let (clock, peers) = (Arc::new(SystemClock), Arc::new(NoPeers));
        let hub = Arc::new(Hub::new(APP, Arc::clone(&store) as _, clock, signer(APP), peers));
        let (session, waiting) = Session::new(1, user("ann"), Platform::Web, NOW);
        hub.add_session(&session);
        hub.enter_groups(&session).await.unwrap();
        Self { hub, store, session, waiting, _dir: dir }
    }

    /// Numbers of the next messages that ann is sent.
    async fn numbers(&mut self, count: usize) -> Vec<u32> {
        let mut numbers = Vec::new();
        while numbers.len() < count {
            let next = tokio::time::timeout(Duration::from_secs(20), self.waiting.recv()).await;
            let waiting = next.unwrap_or_else(|_| panic!("no message after {numbers:?}")).unwrap();
            let OutboundItem::Frame(frame) = waiting else { panic!("nothing is forgotten here") };
            let Some((key, number)) = frame.number.clone() else {
                assert_eq!(&*frame.text, direct::missed());
                continue;
            };
            assert_eq!(key.group, group());
            numbers.push(number);
        }
        numbers
    }
}

fn message(random: u32) -> SendMessage {
    SendMessage {
        group: group(),
        conversation: Conversation::Group,
        sender: user("admin"),
        by_administrator: true,
        random,
        priority: Priority::Normal,
        body: Body { elements: "[]".into(), ..Body::default() },
        online_only: false,
        not_last: false,
    }
}

/// The clients of a hub, as subscribers of what `admin` does.
fn clients(hub: &Arc<Hub>) -> Arc<dyn Subscribers> {
    Arc::new(ClientSubscribers { hub: Arc::clone(hub), operator: user("admin"), now: NOW })
}

async fn send(store: &Embedded, random: u32, subscribers: Arc<dyn Subscribers>) {
    perform(store, CONTEXT, Actor::App, message(random), subscribers).await.unwrap();
}

/// Records the updates for clients instead of publishing them.
#[derive(Default)]
struct RecordedUpdates(Arc<Mutex<Vec<ClientUpdate>>>);

impl Subscribers for RecordedUpdates {
    fn wants_former_members(&self, _: GroupType) -> bool {
        false
    }

    fn outbox_entry(&self, _: &GroupId, _: GroupType, _: Event) -> Option<Vec<u8>> {
        None
    }

    fn people_entry(&self, _: PeopleEvent) -> Option<Vec<u8>> {
        None
    }

    fn on_change(&self, change: AppliedChange<'_>) -> Option<AfterCommit> {
        let (update, kept) =
            (ClientUpdate::of(change, &user("admin"), NOW, &signer(APP)), Arc::clone(&self.0));
        Some(Box::new(move || lock(&kept).push(update)))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_sent_side_by_side_are_delivered_in_order() {
    const TASKS: u32 = 8;
    const EACH: u32 = 40;
    let mut fixture = Fixture::new().await;
    let mut sending = tokio::task::JoinSet::new();
    for task in 0..TASKS {
        let (hub, store) = (Arc::clone(&fixture.hub), Arc::clone(&fixture.store));
        sending.spawn(async move {
            for number in 0..EACH {
                send(&store, task * EACH + number + 1, clients(&hub)).await;
            }
        });
    }
    let numbers = fixture.numbers(usize::try_from(TASKS * EACH).unwrap()).await;
    assert!(numbers.iter().copied().eq(1..=TASKS * EACH), "{numbers:?}");
    sending.join_all().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_import_into_a_group_in_use_is_not_delivered_and_loses_nothing() {
    let mut fixture = Fixture::new().await;
    let (hub, store) = (Arc::clone(&fixture.hub), Arc::clone(&fixture.store));
    let live = || clients(&hub);
    send(&store, 1, live()).await;
    let imported = ImportedMessage {
        conversation: Conversation::Group,
        sender: user("ann"),
        sent: NOW,
        random: 9,
        body: Ok(Body { elements: "[]".into(), ..Body::default() }),
    };
    let later = Context { now: Timestamp(NOW.0 + 5), ..CONTEXT };
    let messages =
        (0..7).map(|number| ImportedMessage { random: 100 + number, ..imported.clone() }).collect();
    import(&*store, later, ImportMessages { group: group(), messages, listed: true }).await.unwrap();
    // One that is published late, and one that is published at once.
    let kept = RecordedUpdates::default();
    let updates = Arc::clone(&kept.0);
    send(&store, 2, Arc::new(kept)).await;
    send(&store, 3, live()).await;
    assert_eq!(fixture.numbers(3).await, [1, 9, 10]);
    for update in std::mem::take(&mut *lock(&updates)) {
        hub.publish(&group(), update);
    }
    send(&store, 4, live()).await;
    assert_eq!(fixture.numbers(1).await, [11]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_takes_nothing_is_disconnected() {
    let fixture = Fixture::new().await;
    let frame = Arc::new(Frame {
        text: "{}".into(),
        number: None,
        direct: None,
        is_message: true,
        to: Vec::new(),
        sender: None,
    });
    for _ in 0..super::super::session::FRAMES_MAX {
        fixture.session.push(&frame);
    }
    assert_eq!(fixture.session.close_reason(), None);
    fixture.session.push(&frame);
    assert_eq!(fixture.session.close_reason(), Some(CloseReason::Slow));
    fixture.hub.remove_session(&fixture.session);
    assert_eq!((fixture.hub.count(), fixture.hub.devices_here(&user("ann"))), (0, vec![]));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Whatever comes in whatever order, or not at all: every message once, in order, as soon as a later one comes.
    #[test]
    fn updates_in_any_order_are_delivered_in_the_order_of_their_numbers(
        order in Just((0..30_usize).collect::<Vec<_>>()).prop_shuffle(),
        lost in 0..20_usize,
    ) {
        Runtime::new().unwrap().block_on(async {
            let mut fixture = Fixture::new().await;
            let kept = Arc::new(RecordedUpdates::default());
            for random in 1..=30 {
                send(&fixture.store, random, Arc::clone(&kept) as _).await;
            }
            let updates = lock(&kept.0).clone();
            for index in order.iter().skip(lost) {
                fixture.hub.publish(&group(), updates[*index].clone());
            }
            let last = order.iter().skip(lost).max().unwrap() + 1;
            let numbers = fixture.numbers(last).await;
            assert!(numbers.iter().copied().eq(1..=u32::try_from(last).unwrap()), "{numbers:?}");
            // Updates that were never published are found when the rooms catch up.
            fixture.hub.catch_up().await;
            let rest = fixture.numbers(30 - last).await;
            assert!(rest.iter().copied().eq(u32::try_from(last).unwrap() + 1..=30), "{rest:?}");
        });
    }
}

#[tokio::test]
async fn a_check_of_all_clients_spares_those_whose_account_is_being_created() {
    let Fixture { hub, store: _store, session, waiting: _waiting, _dir } = Fixture::new().await;
    let (new, _frames) = Session::new(2, user("new"), Platform::Web, NOW);
    hub.add_session(&new);
    hub.catch_up().await;
    assert_eq!((new.close_reason(), session.close_reason()), (None, None));
    new.finish_entering();
    hub.catch_up().await;
    assert_eq!(new.close_reason(), Some(CloseReason::Deleted));
}
