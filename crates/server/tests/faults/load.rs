//! Many connections that import groups, and record what was acknowledged.

use crate::server::{Server, WAIT_MAX};
use landfall::client::{ClientError, RestClient};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio::task::JoinSet;

pub(crate) const IMPORT_GROUP: &str = "group_open_http_svc/import_group";
/// The server answers every call within 3 seconds; the rest is for a busy machine.
const ANSWER_MAX: Duration = Duration::from_secs(8);
/// Accounts that own the groups of one connection.
const OWNERS: usize = 7;

/// The import of the group `id`; all of it follows from the id.
pub(crate) fn group(id: &str) -> Value {
    json!({
        "Owner_Account": owner(id),
        "Type": "Public",
        "GroupId": id,
        "Name": "load",
        "AppDefinedData": [{"Key": "Tag", "Value": tag(id)}],
    })
}

/// The owner of the group `id`, one of the few of its connection.
pub(crate) fn owner(id: &str) -> String {
    let (connection, number) = id.rsplit_once('-').unwrap();
    format!("{connection}-owner{}", number.parse::<usize>().unwrap() % OWNERS)
}

/// The custom field of the group `id`, of a length of its own.
pub(crate) fn tag(id: &str) -> String {
    let number: usize = id.rsplit_once('-').unwrap().1.parse().unwrap();
    format!("{id}:{}", "x".repeat(number * 37 % 400))
}

/// The groups that the clients know.
#[derive(Debug, Default)]
pub(crate) struct Book {
    /// Groups whose import was answered with success.
    pub(crate) acknowledged: BTreeSet<String>,
    /// Groups whose import was answered with a failure, or not at all: they may exist.
    pub(crate) unknown: BTreeSet<String>,
}

impl Book {
    pub(crate) fn add(&mut self, other: Self) {
        self.acknowledged.extend(other.acknowledged);
        self.unknown.extend(other.unknown);
    }
}

/// The task of the connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Import; every answer must be a success.
    Healthy,
    /// Import until one fails; then this many more, which must all fail in the same way.
    Failing(usize),
    /// Import; any call may fail, as one does whose connection to the database is cut.
    Shaken,
    /// Stop.
    Over,
}

/// A load under way.
pub(crate) struct Load {
    phase: watch::Sender<Phase>,
    acknowledged: Arc<watch::Sender<usize>>,
    failed: Arc<watch::Sender<usize>>,
    connections: JoinSet<Book>,
}

impl Load {
    /// Starts `connections` connections to each of `servers`, whose groups are called `prefix`-connection-number.
    pub(crate) async fn start(servers: &[Server], connections: usize, prefix: &str) -> Self {
        let phase = watch::Sender::new(Phase::Healthy);
        let (acknowledged, failed) = (Arc::new(watch::Sender::new(0)), Arc::new(watch::Sender::new(0)));
        let mut running = JoinSet::new();
        let places = servers.iter().flat_map(|server| std::iter::repeat_n(server, connections));
        for (number, server) in places.enumerate() {
            let connection = Connection {
                client: server.client().await,
                prefix: format!("{prefix}-{number}"),
                phase: phase.subscribe(),
                acknowledged: Arc::clone(&acknowledged),
                failed: Arc::clone(&failed),
                book: Book::default(),
            };
            running.spawn(connection.run());
        }
        Self { phase, acknowledged, failed, connections: running }
    }

    pub(crate) fn set(&self, phase: Phase) {
        self.phase.send_replace(phase);
    }

    /// Waits until `more` further imports are acknowledged.
    pub(crate) async fn acknowledged(&self, more: usize) {
        let already = *self.acknowledged.borrow();
        reached(&self.acknowledged, already + more).await;
    }

    /// Waits until `in_all` imports have failed.
    pub(crate) async fn failed(&self, in_all: usize) {
        reached(&self.failed, in_all).await;
    }

    /// Waits until every connection has ended, by itself or because the phase says so.
    pub(crate) async fn closed(mut self) -> Book {
        let mut book = Book::default();
        let all = async {
            while let Some(ended) = self.connections.join_next().await {
                book.add(ended.unwrap());
            }
        };
        tokio::time::timeout(WAIT_MAX, all).await.unwrap();
        book
    }
}

async fn reached(counter: &watch::Sender<usize>, target: usize) {
    let mut counter = counter.subscribe();
    let there = counter.wait_for(|count| target <= *count);
    drop(tokio::time::timeout(WAIT_MAX, there).await.expect("the load makes no progress").unwrap());
}

struct Connection {
    client: RestClient,
    prefix: String,
    phase: watch::Receiver<Phase>,
    acknowledged: Arc<watch::Sender<usize>>,
    failed: Arc<watch::Sender<usize>>,
    book: Book,
}

impl Connection {
    async fn run(mut self) -> Book {
        let mut failures = 0;
        for number in 0_usize.. {
            let phase = *self.phase.borrow();
            match phase {
                Phase::Over => break,
                Phase::Healthy | Phase::Shaken => failures = 0,
                Phase::Failing(most) if failures == most => {
                    // Waits until the phase changes; an error means that the test is over.
                    if self.phase.changed().await.is_err() {
                        break;
                    }
                    continue;
                }
                Phase::Failing(_) => {}
            }
            let id = format!("{}-{number}", self.prefix);
            let asked = Instant::now();
            let answer = self.client.call(IMPORT_GROUP, &group(&id)).await;
            assert!(asked.elapsed() < ANSWER_MAX, "{id}: answered after {:?}", asked.elapsed());
            match answer {
                Ok(reply) => {
                    assert_eq!(reply["GroupId"], id);
                    assert!(failures == 0, "{id}: a store that failed goes on before the fault is gone");
                    self.book.acknowledged.insert(id);
                    self.acknowledged.send_modify(|count| *count += 1);
                }
                Err(ClientError::Refused { code, info, .. }) => {
                    let healthy = phase == Phase::Healthy && *self.phase.borrow() == Phase::Healthy;
                    assert!(!healthy, "{id}: refused with {code}: {info}");
                    assert_eq!(code, 10_002, "{id}: {info}");
                    self.book.unknown.insert(id);
                    failures += 1;
                    self.failed.send_modify(|count| *count += 1);
                }
                // The connection closed before any answer; the assertion above limits the wait.
                Err(ClientError::Http { .. } | ClientError::Connect { .. }) => {
                    self.book.unknown.insert(id);
                    break;
                }
                Err(error) => panic!("{id}: {error:?}"),
            }
        }
        self.book
    }
}
