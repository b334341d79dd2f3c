//! What one server tells the others, and what happens while they do not hear it.

use super::*;
use crate::suite::{APP, account, context, user};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

/// A store, and what it hears after the first [`RemoteChange::Heard`].
async fn hearing(url: &str) -> (Postgres, UnboundedReceiver<RemoteChange>) {
    let (telling, mut told) = unbounded_channel();
    // The test may be over while the store still hears.
    let store = open_hearing(url, move |change| drop(telling.send(change))).await;
    assert_eq!(in_time(told.recv()).await, Some(RemoteChange::Heard));
    (store, told)
}

fn kicked(name: &str) -> Option<RemoteChange> {
    Some(RemoteChange::Kicked(APP, user(name)))
}

#[tokio::test]
async fn a_kick_is_heard_by_every_server() {
    let database = database();
    let (one, mut told_one) = hearing(database.url()).await;
    let (other, mut told_other) = hearing(database.url()).await;
    let names = ["ann", "a  name of words ", " ", "kicked 7 x"];
    let accounts = names.map(|name| account(name, None, None)).to_vec();
    one.import_accounts(context(), accounts).await.unwrap();
    for (number, name) in names.into_iter().enumerate() {
        [&one, &other][number % 2].kick(context(), user(name)).await.unwrap();
        assert_eq!(in_time(told_one.recv()).await, kicked(name));
        assert_eq!(in_time(told_other.recv()).await, kicked(name));
    }
    // Nobody is told of a kick that did not happen, nor of anything a newer server tells.
    one.kick(context(), user("nobody")).await.unwrap_err();
    let unknown = "NOTIFY landfall, 'renamed 7 ann'; NOTIFY landfall, 'kicked seven ann'; NOTIFY landfall;
        NOTIFY other, 'kicked 1400000001 ann'";
    admin(database.url()).await.batch_execute(unknown).await.unwrap();
    other.kick(context(), user("ann")).await.unwrap();
    assert_eq!(in_time(told_one.recv()).await, kicked("ann"));
    assert_eq!(in_time(told_other.recv()).await, kicked("ann"));
}

#[tokio::test]
async fn packets_are_heard_by_every_server_in_their_order() {
    let database = database();
    let (one, mut told_one) = hearing(database.url()).await;
    let (_other, mut told_other) = hearing(database.url()).await;
    let longest = "\u{e9}".repeat(PACKET_BYTES_MAX / 2);
    let packets = ["2\n{}", "", "10 'quoted'\\\t", &longest, "kicked 1400000001 ann"].map(str::to_owned);
    one.tell_servers(&packets).await.unwrap();
    for packet in packets {
        assert_eq!(in_time(told_one.recv()).await, Some(RemoteChange::Told(packet.clone())));
        assert_eq!(in_time(told_other.recv()).await, Some(RemoteChange::Told(packet)));
    }
    // Of several packets one of which is refused none is told.
    let refused = ["first".to_owned(), "x".repeat(8_000)];
    let problem = one.tell_servers(&refused).await.unwrap_err().to_string();
    assert!(problem.starts_with("telling other servers"), "{problem}");
    one.tell_servers(&["last".to_owned()]).await.unwrap();
    assert_eq!(in_time(told_other.recv()).await, Some(RemoteChange::Told("last".to_owned())));
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
async fn a_server_that_does_not_hear_says_so_and_hears_again() {
    let database = database();
    let (store, mut told) = hearing(database.url()).await;
    assert_eq!(store.health(), Health::Ready);
    let name = database.url().rsplit_once('/').unwrap().1;
    let admin = admin(&other_database(database.url(), "postgres")).await;
    // Until it is allowed again, no new connection comes about.
    admin.batch_execute(&format!("ALTER DATABASE {name} ALLOW_CONNECTIONS false")).await.unwrap();
    let cut = format!("SELECT pg_terminate_backend(pid, 10000) {LISTENING}");
    assert_eq!(admin.query(&cut, &[&name, &locks::SERVING]).await.unwrap().len(), 1);
    assert_eq!(in_time(told.recv()).await, Some(RemoteChange::Unheard));
    let Health::NotReady(why) = store.health() else { panic!("the store says that it is ready") };
    assert!(why.starts_with("the database is not heard"), "{why}");
    admin.batch_execute(&format!("ALTER DATABASE {name} ALLOW_CONNECTIONS true")).await.unwrap();
    assert_eq!(in_time(told.recv()).await, Some(RemoteChange::Heard));
    becomes(&store, |health| *health == Health::Ready).await;
    // From then on everything is heard.
    store.import_accounts(context(), vec![account("ann", None, None)]).await.unwrap();
    open(database.url()).await.kick(context(), user("ann")).await.unwrap();
    assert_eq!(in_time(told.recv()).await, kicked("ann"));
}
