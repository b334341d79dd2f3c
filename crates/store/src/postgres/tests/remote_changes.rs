//! Notifications between servers, and what happens while the subscription to them is lost.

use super::*;
use crate::suite::{APP, account, context, user};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

/// A store, and the changes it receives after the first [`RemoteChange::Connected`].
async fn open_recording(url: &str) -> (Postgres, UnboundedReceiver<RemoteChange>) {
    let (sender, mut changes) = unbounded_channel();
    // The test may be over while the store still listens.
    let store = open_with(url, move |change| drop(sender.send(change))).await;
    assert_eq!(in_time(changes.recv()).await, Some(RemoteChange::Connected));
    (store, changes)
}

fn kicked(name: &str) -> Option<RemoteChange> {
    Some(RemoteChange::Kicked(APP, user(name)))
}

#[tokio::test]
async fn every_server_is_notified_of_a_kick() {
    let database = database();
    let (one, mut changes_of_one) = open_recording(database.url()).await;
    let (other, mut changes_of_other) = open_recording(database.url()).await;
    let names = ["ann", "a  name of words ", " ", "kicked 7 x"];
    let accounts = names.map(|name| account(name, None, None)).to_vec();
    one.import_accounts(context(), accounts).await.unwrap();
    for (number, name) in names.into_iter().enumerate() {
        [&one, &other][number % 2].kick(context(), user(name)).await.unwrap();
        assert_eq!(in_time(changes_of_one.recv()).await, kicked(name));
        assert_eq!(in_time(changes_of_other.recv()).await, kicked(name));
    }
    // A kick that did not happen is not sent, and notifications of newer servers are ignored.
    one.kick(context(), user("nobody")).await.unwrap_err();
    let unknown = "NOTIFY landfall, 'renamed 7 ann'; NOTIFY landfall, 'kicked seven ann'; NOTIFY landfall;
        NOTIFY other, 'kicked 1400000001 ann'";
    admin(database.url()).await.batch_execute(unknown).await.unwrap();
    other.kick(context(), user("ann")).await.unwrap();
    assert_eq!(in_time(changes_of_one.recv()).await, kicked("ann"));
    assert_eq!(in_time(changes_of_other.recv()).await, kicked("ann"));
}

#[tokio::test]
async fn every_server_receives_packets_in_their_order() {
    let database = database();
    let (one, mut changes_of_one) = open_recording(database.url()).await;
    let (_other, mut changes_of_other) = open_recording(database.url()).await;
    let longest = "\u{e9}".repeat(PACKET_BYTES_MAX / 2);
    let packets = ["2\n{}", "", "10 'quoted'\\\t", &longest, "kicked 1400000001 ann"].map(str::to_owned);
    one.notify_servers(&packets).await.unwrap();
    for packet in packets {
        assert_eq!(in_time(changes_of_one.recv()).await, Some(RemoteChange::Packet(packet.clone())));
        assert_eq!(in_time(changes_of_other.recv()).await, Some(RemoteChange::Packet(packet)));
    }
    // Of several packets one of which is refused none is sent.
    let refused = ["first".to_owned(), "x".repeat(8_000)];
    let problem = one.notify_servers(&refused).await.unwrap_err().to_string();
    assert!(problem.starts_with("notifying other servers"), "{problem}");
    one.notify_servers(&["last".to_owned()]).await.unwrap();
    assert_eq!(in_time(changes_of_other.recv()).await, Some(RemoteChange::Packet("last".to_owned())));
}

/// The connections that hold the lock of a server that serves: while it has done nothing, the one that listens.
const LISTENING: &str = "FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database
    WHERE locktype = 'advisory' AND mode = 'ShareLock' AND datname = $1
        AND (classid::bigint << 32 | objid::bigint) = $2";

async fn becomes(store: &Postgres, wanted: impl Fn(&Health) -> bool) {
    in_time(async {
        while !wanted(&store.health()) {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_server_that_lost_its_subscription_says_so_and_reconnects() {
    let database = database();
    let (store, mut changes) = open_recording(database.url()).await;
    assert_eq!(store.health(), Health::Ready);
    let name = database.url().rsplit_once('/').unwrap().1;
    let admin = admin(&other_database(database.url(), "postgres")).await;
    // Until it is allowed again, no new connection comes about.
    admin.batch_execute(&format!("ALTER DATABASE {name} ALLOW_CONNECTIONS false")).await.unwrap();
    let cut = format!("SELECT pg_terminate_backend(pid, 10000) {LISTENING}");
    // On several nodes another connection looks after them.
    let held = match layout() {
        Layout::Together => 1,
        Layout::Spread => 2,
    };
    assert_eq!(admin.query(&cut, &[&name, &locks::SERVING]).await.unwrap().len(), held);
    assert_eq!(in_time(changes.recv()).await, Some(RemoteChange::Disconnected));
    let Health::NotReady(why) = store.health() else { panic!("the store says that it is ready") };
    assert!(why.starts_with("no subscription to the database's notifications"), "{why}");
    admin.batch_execute(&format!("ALTER DATABASE {name} ALLOW_CONNECTIONS true")).await.unwrap();
    assert_eq!(in_time(changes.recv()).await, Some(RemoteChange::Connected));
    becomes(&store, |health| *health == Health::Ready).await;
    // From then on all changes arrive.
    store.import_accounts(context(), vec![account("ann", None, None)]).await.unwrap();
    open(database.url()).await.kick(context(), user("ann")).await.unwrap();
    assert_eq!(in_time(changes.recv()).await, kicked("ann"));
}
