//! Rates on a clock that stands still unless everybody waits.

use super::*;
use crate::commands::{COMMANDS, index_of};
use std::sync::Mutex as StdMutex;
use std::sync::atomic::{AtomicU32, Ordering};
use tokio::task::JoinSet;

const APP: AppId = AppId(7);
/// A command with the whole rate, and one with half of it.
const WHOLE: &str = "group_open_http_svc/import_group";
const HALVED: &str = "im_open_login_svc/account_check";

fn commands() -> impl Iterator<Item = (&'static str, u32)> {
    COMMANDS.iter().map(|entry| (entry.path, entry.rate_divisor))
}

/// What a database does, for one command: calls come evenly at the rate, and a second's worth of them at once.
struct Database {
    behaviour: StdMutex<Behaviour>,
    /// When all calls taken so far would have come evenly.
    caught_up: StdMutex<Instant>,
    /// How often it was asked, and how many calls it granted.
    asked: AtomicU32,
    granted: AtomicU32,
    /// The rates it was asked for, with the commands.
    rates: StdMutex<Vec<(String, u32)>>,
}

#[derive(Clone, Copy)]
enum Behaviour {
    Counts,
    Fails,
    SaysNothing,
}

#[async_trait]
impl SharedCalls for Database {
    async fn take(
        &self,
        app: AppId,
        command: &str,
        calls: u32,
        per_second: NonZeroU32,
    ) -> Result<bool, StoreError> {
        assert_eq!(app, APP);
        self.asked.fetch_add(1, Ordering::SeqCst);
        self.rates.lock().unwrap().push((command.to_owned(), per_second.get()));
        // The way there and back takes a moment, in which others come.
        tokio::time::sleep(Duration::from_millis(1)).await;
        let behaviour = *self.behaviour.lock().unwrap();
        match behaviour {
            Behaviour::Counts => {}
            Behaviour::Fails => return Err(StoreError::Busy),
            Behaviour::SaysNothing => std::future::pending().await,
        }
        let now = Instant::now();
        let mut caught_up = self.caught_up.lock().unwrap();
        let then = now.max(*caught_up) + Duration::from_secs(calls.into()) / per_second.get();
        let granted = then <= now + Duration::from_secs(1);
        if granted {
            *caught_up = then;
            self.granted.fetch_add(calls, Ordering::SeqCst);
        }
        Ok(granted)
    }
}

impl Database {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            behaviour: StdMutex::new(Behaviour::Counts),
            caught_up: StdMutex::new(Instant::now()),
            asked: AtomicU32::new(0),
            granted: AtomicU32::new(0),
            rates: StdMutex::new(Vec::new()),
        })
    }

    fn behave(&self, behaviour: Behaviour) {
        *self.behaviour.lock().unwrap() = behaviour;
    }

    fn asked(&self) -> u32 {
        self.asked.load(Ordering::SeqCst)
    }

    /// The rates of a process that counts here.
    fn process(self: &Arc<Self>, per_second: u32) -> Arc<Rates> {
        let shared: Arc<dyn SharedCalls> = Arc::clone(self) as Arc<dyn SharedCalls>;
        let per_second = NonZeroU32::new(per_second).unwrap();
        Arc::new(Rates::new(APP, per_second, commands(), Some(&shared)))
    }
}

/// How many of `calls` calls, made at once, are let through.
async fn at_once(process: &Arc<Rates>, calls: u32) -> u32 {
    let mut made = JoinSet::new();
    for _ in 0..calls {
        let process = Arc::clone(process);
        made.spawn(async move { u32::from(process.admit(index_of(WHOLE)).await) });
    }
    made.join_all().await.into_iter().sum()
}

async fn one(process: &Arc<Rates>) -> bool {
    at_once(process, 1).await == 1
}

#[tokio::test(start_paused = true)]
async fn many_processes_let_through_what_one_would() {
    const PER_SECOND: u32 = 200;
    const PROCESSES: u32 = 4;
    let database = Database::new();
    let processes: Vec<_> = (0..PROCESSES).map(|_| database.process(PER_SECOND)).collect();
    let begun = Instant::now();
    let (mut made, mut admitted) = (0, 0);
    while begun.elapsed() < Duration::from_secs(10) {
        for process in &processes {
            made += 3;
            admitted += at_once(process, 3).await;
            let most = PER_SECOND + PER_SECOND * u32::try_from(begun.elapsed().as_millis()).unwrap() / 1_000;
            assert!(admitted <= most, "{admitted} after {:?}", begun.elapsed());
        }
        tokio::time::advance(Duration::from_millis(1)).await;
    }
    assert!(PER_SECOND * 10 < admitted, "only {admitted} of {made}");
    let asked = database.asked();
    assert!(asked * 20 < made, "the database was asked {asked} times for {made} calls");
}

#[tokio::test(start_paused = true)]
async fn callers_at_the_same_moment_share_a_lease() {
    let database = Database::new();
    let process = database.process(1_000);
    assert_eq!(at_once(&process, 500).await, 500);
    // 1, 2, 4, 8, 16 and 32 calls, and then 50 at a time.
    assert_eq!(database.asked(), 6 + 9);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_holds_until_one_more_lease_has_accrued() {
    let database = Database::new();
    let process = database.process(10);
    assert_eq!(at_once(&process, 1_000).await, 10);
    assert_eq!(database.asked(), 11);
    assert_eq!(at_once(&process, 1_000).await, 0);
    assert_eq!(database.asked(), 11);
    tokio::time::advance(Duration::from_millis(100)).await;
    assert_eq!(at_once(&process, 1_000).await, 1);
    assert_eq!(database.asked(), 13);
}

#[tokio::test(start_paused = true)]
async fn what_is_left_of_a_lease_after_a_second_is_dropped() {
    let database = Database::new();
    let process = database.process(1_000);
    assert_eq!(at_once(&process, 8).await, 8);
    // 1, 2, 4, and 8, of which one is used.
    assert_eq!(database.asked(), 4);
    tokio::time::advance(Duration::from_millis(990)).await;
    assert!(one(&process).await);
    assert_eq!(database.asked(), 4);
    tokio::time::advance(Duration::from_millis(20)).await;
    assert!(one(&process).await);
    assert_eq!(database.asked(), 5);
    assert_eq!(
        database.granted.load(Ordering::SeqCst),
        1 + 2 + 4 + 8 + 2,
        "as many as were used of the last"
    );
}

#[tokio::test(start_paused = true)]
async fn seldom_callers_take_nothing_from_others() {
    let database = Database::new();
    let process = database.process(1_000);
    for _ in 0..5 {
        assert!(one(&process).await);
        tokio::time::advance(Duration::from_secs(2)).await;
    }
    assert_eq!(database.granted.load(Ordering::SeqCst), 5);
}

#[tokio::test(start_paused = true)]
async fn without_the_database_a_process_counts_alone_and_then_together_again() {
    for behaviour in [Behaviour::Fails, Behaviour::SaysNothing] {
        let database = Database::new();
        let process = database.process(1);
        database.behave(behaviour);
        let begun = Instant::now();
        let admitted = at_once(&process, 10_000).await;
        // That clock is the machine's, so a few more may pass.
        assert!((1..100).contains(&admitted), "{admitted} of 10,000 were let through");
        assert_eq!(database.asked(), 1, "one waits for the database, and the others for that one");
        assert!(begun.elapsed() <= 2 * ANSWER_TIME_MAX, "{:?}", begun.elapsed());
        database.behave(Behaviour::Counts);
        tokio::time::advance(ALONE_TIME).await;
        assert_eq!(at_once(&process, 10).await, 1);
        assert_eq!(database.granted.load(Ordering::SeqCst), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn commands_are_counted_apart_some_at_half_the_rate_and_the_unknown_together() {
    let database = Database::new();
    let process = database.process(9);
    for command in [index_of(WHOLE), index_of(HALVED), None, Some(COMMANDS.len())] {
        assert!(process.admit(command).await);
    }
    let asked = database.rates.lock().unwrap().clone();
    let expected = [(WHOLE, 9), (HALVED, 4), (UNKNOWN, 9), (UNKNOWN, 9)];
    assert_eq!(asked, expected.map(|(command, per_second)| (command.to_owned(), per_second)));
}

#[tokio::test]
async fn a_process_by_itself_counts_by_itself() {
    let process = Arc::new(Rates::new(APP, NonZeroU32::MIN, commands(), None));
    let admitted = at_once(&process, 10_000).await;
    assert!((1..100).contains(&admitted), "{admitted} of 10,000 were let through");
}
