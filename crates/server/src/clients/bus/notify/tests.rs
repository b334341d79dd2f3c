//! Servers over one database.

use super::*;
use crate::clients::bus::tests::{in_time, lines, missed, subscribed};
use crate::clients::bus::{BusEvent, NotifyRelay};
use landfall_store::StoreMetrics;
use landfall_store::postgres::Settings;
use landfall_test_database::{FreshDatabase, fresh_database};
use tokio::sync::mpsc::UnboundedReceiver;

fn database() -> FreshDatabase {
    // The store makes its tables when it is opened: an empty database will do.
    fresh_database("empty", |_| {})
}

/// A server that is subscribed to the others.
struct Server {
    bus: Bus,
    relay: Arc<NotifyRelay>,
    events: UnboundedReceiver<BusEvent>,
}

impl Server {
    async fn start(database: &FreshDatabase) -> Self {
        Self::start_with(database, Bus::over_postgres).await
    }

    async fn start_with(
        database: &FreshDatabase,
        start: impl FnOnce(Arc<Postgres>, &NotifyRelay, OnBusEvent) -> Bus,
    ) -> Self {
        let relay = Arc::<NotifyRelay>::default();
        let of_store = Arc::clone(&relay);
        let settings = Settings::parse(database.url()).unwrap();
        let relay_change = Arc::new(move |change| of_store.pass_on(&change));
        let store = Postgres::open(settings, StoreMetrics::default(), relay_change).await.unwrap();
        let (on_event, events) = subscribed();
        let bus = start(Arc::new(store), &relay, on_event);
        Self { bus, relay, events }
    }
}

async fn two() -> (Server, Server, FreshDatabase) {
    let database = database();
    let one = Server::start(&database).await;
    (one, Server::start(&database).await, database)
}

#[tokio::test]
async fn each_server_receives_the_lines_of_the_others_in_order_and_never_its_own() {
    let (mut one, mut other, _database) = two().await;
    let long = "\u{e9}\u{1f600}'\\".repeat(30_000);
    let sent: Vec<String> = (0..2_000)
        .map(|number| if number % 500 == 250 { format!("{number} {long}") } else { format!("{number}") })
        .collect();
    for line in &sent {
        one.bus.publish(line.clone());
        other.bus.publish(format!("other {line}"));
    }
    let received = lines(&mut other.events, one.bus.me, sent.len()).await;
    assert!(received == sent);
    let received = lines(&mut one.events, other.bus.me, sent.len()).await;
    assert!(received.iter().zip(&sent).all(|(received, sent)| received.strip_prefix("other ") == Some(sent)));
    // What comes after all of that.
    one.bus.publish("last".to_owned());
    assert_eq!(lines(&mut other.events, one.bus.me, 1).await, ["last"]);
    assert!(one.events.try_recv().is_err());
}

#[tokio::test]
async fn lines_that_do_not_fit_the_queue_are_missed() {
    let database = database();
    let few = |store, relay: &NotifyRelay, on_event| Bus::over_postgres_with(store, relay, on_event, 100_000);
    let one = Server::start_with(&database, few).await;
    let mut other = Server::start(&database).await;
    one.bus.publish("first".to_owned());
    assert_eq!(lines(&mut other.events, one.bus.me, 1).await, ["first"]);
    // Without a pause in which some of it could leave.
    for number in 0..200 {
        one.bus.publish(format!("{number:03} {}", "x".repeat(1_000)));
    }
    assert_eq!(missed(&mut other.events).await, Vec::<String>::new());
    let received = lines(&mut other.events, one.bus.me, 97).await;
    assert!(received[0].starts_with("000 ") && received[96].starts_with("096 "));
    one.bus.publish("last".to_owned());
    assert_eq!(lines(&mut other.events, one.bus.me, 1).await, ["last"]);
}

#[tokio::test]
async fn a_server_that_may_have_missed_something_is_notified() {
    let (one, mut other, _database) = two().await;
    one.bus.publish("first".to_owned());
    assert_eq!(lines(&mut other.events, one.bus.me, 1).await, ["first"]);
    for change in [RemoteChange::Disconnected, RemoteChange::Connected] {
        other.relay.pass_on(&change);
        assert_eq!(missed(&mut other.events).await, Vec::<String>::new());
    }
    one.bus.publish("second".to_owned());
    one.bus.end().await;
    assert_eq!(lines(&mut other.events, one.bus.me, 1).await, ["second"]);
}

#[tokio::test]
async fn without_a_bus_nothing_is_received() {
    let (one, mut other, _database) = two().await;
    one.bus.publish("first".to_owned());
    assert_eq!(lines(&mut other.events, one.bus.me, 1).await, ["first"]);
    let Server { bus, relay, mut events } = other;
    drop(bus);
    relay.pass_on(&RemoteChange::Connected);
    relay.pass_on(&RemoteChange::Packet(format!("{} 99 line\nsecond\n", one.bus.me)));
    // The callback is dropped with the bus, once its tasks have ended.
    assert_eq!(in_time(events.recv()).await, None);
}
