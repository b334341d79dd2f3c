//! Which addresses are called.

use super::*;
use reqwest::dns::{Addrs, Name, Resolving};
use std::str::FromStr as _;
use std::sync::Mutex;

/// A name server that gives each of these answers once, the last first.
struct Answers(Mutex<Vec<&'static [&'static str]>>);

impl Answers {
    fn new(answers: &[&'static [&'static str]]) -> Arc<Self> {
        Arc::new(Self(Mutex::new(answers.to_vec())))
    }
}

impl Resolve for Answers {
    fn resolve(&self, _: Name) -> Resolving {
        let answer = self.0.lock().unwrap().pop().unwrap();
        let addresses: Vec<SocketAddr> =
            answer.iter().map(|address| SocketAddr::new(address.parse().unwrap(), 0)).collect();
        Box::pin(async move { Ok(Box::new(addresses.into_iter()) as Addrs) })
    }
}

/// A name server that never answers.
struct Silent;

impl Resolve for Silent {
    fn resolve(&self, _: Name) -> Resolving {
        Box::pin(std::future::pending())
    }
}

/// A name server that takes every name for one of this machine.
pub(super) struct Here;

impl Resolve for Here {
    fn resolve(&self, _: Name) -> Resolving {
        let address = SocketAddr::from(([127, 0, 0, 1], 0));
        Box::pin(async move { Ok(Box::new(std::iter::once(address)) as Addrs) })
    }
}

fn guarded(url: &str) -> WebhookConfig {
    WebhookConfig { allow_private: false, ..signed(url) }
}

#[tokio::test]
async fn addresses_of_this_machine_are_called_only_when_allowed() {
    let receiver = Receiver::start(|_| ok()).await;
    let port = receiver.address.port();
    for host in ["127.0.0.1", "127.1", "2130706433", "[::ffff:127.0.0.1]", "0.0.0.0", "localhost"] {
        let found = post(&sender(&guarded(&format!("http://{host}:{port}/")))).await.unwrap_err();
        let SendError::NotPublic(address) = found else { panic!("{host}: {found:?}") };
        assert!(address.to_canonical().is_loopback() || address.is_unspecified(), "{host}: {address}");
    }
    assert_eq!(receiver.accepted(), 0);
    assert!(post(&sender(&config(&format!("http://localhost:{port}/")))).await.is_ok());
    assert_eq!(receiver.accepted(), 1);
}

/// A name that leads elsewhere the next time it is looked up.
#[tokio::test]
async fn a_name_is_checked_for_each_connection() {
    let receiver = Receiver::start(|_| ok()).await;
    let config = guarded(&format!("http://example.com:{}/", receiver.address.port()));
    let names = Answers::new(&[&["127.0.0.1", "10.0.0.1"], &["169.254.169.254"]]);
    let sender = Sender::with(&config, APP, PATIENCE, names).unwrap();
    for expected in ["169.254.169.254", "127.0.0.1"] {
        let found = post(&sender).await.unwrap_err();
        assert_eq!(found, SendError::NotPublic(expected.parse().unwrap()));
    }
    assert_eq!(receiver.accepted(), 0);
}

#[tokio::test]
async fn of_several_addresses_the_public_ones_are_called() {
    let names = Answers::new(&[&["127.0.0.1", "8.8.8.8", "::1", "2606:4700::1111", "192.168.0.1"]]);
    let guard = Guard::new(names, false);
    let found = guard.resolve(Name::from_str("example.com").unwrap()).await.unwrap();
    let found: Vec<String> = found.map(|address| address.ip().to_string()).collect();
    assert_eq!(found, ["8.8.8.8", "2606:4700::1111"]);
}

#[tokio::test]
async fn looking_up_a_name_is_part_of_the_time() {
    let sender = Sender::with(&guarded("http://example.com/"), APP, HURRY, Arc::new(Silent)).unwrap();
    assert_eq!(post(&sender).await.unwrap_err(), SendError::TimedOut(HURRY));
}

#[tokio::test]
async fn a_name_without_addresses_is_no_connection() {
    let names = Answers::new(&[&[]]);
    let sender = Sender::with(&guarded("http://example.com/"), APP, PATIENCE, names).unwrap();
    let found = post(&sender).await.unwrap_err();
    assert!(matches!(&found, SendError::Connect(cause) if !cause.is_empty()), "{found:?}");
}
