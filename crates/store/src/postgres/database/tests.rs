//! What becomes of work that fails, is too slow, or loses its connection.

use super::super::tests::{admin, database, layout};
use super::super::{Settings, connect};
use super::*;
use landfall_test_database::FreshDatabase;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::Barrier;
use tokio_postgres::Client;

const PID: &str = "SELECT pg_backend_pid()";

/// A database whose connections are `connections`, and what keeps it.
fn pooled(connections: usize) -> (Database, FreshDatabase) {
    let fresh = database();
    let settings = Settings::parse(fresh.url()).unwrap().with_connections(connections + 1);
    (Database::new(&settings, connect::tls(&settings).unwrap(), true, layout()), fresh)
}

async fn pid(tx: &Tx) -> Result<i32, Failure> {
    Ok(tx.client().query_one(PID, &[]).await?.get(0))
}

/// Writes a row, then says `sql` while attempts are fewer than `failing`.
struct Failing {
    sql: String,
    failing: usize,
    attempts: AtomicUsize,
}

impl Failing {
    /// Fails with an error of this code.
    fn with(code: &str, failing: usize) -> Self {
        let sql = format!("DO $$ BEGIN RAISE EXCEPTION 'on purpose' USING ERRCODE = '{code}'; END $$");
        Self { sql, failing, attempts: AtomicUsize::new(0) }
    }

    fn attempts(&self) -> usize {
        self.attempts.load(Ordering::Relaxed)
    }
}

#[async_trait]
impl Work for Failing {
    type Output = ();
    const DOING: &'static str = "failing";
    const KIND: Kind = Kind::Write;

    async fn perform(&self, tx: &Tx) -> Result<(), Failure> {
        tx.begin(None, &[]).await?;
        tx.client().batch_execute("INSERT INTO landfall.list_positions VALUES (7, 1)").await?;
        if self.attempts.fetch_add(1, Ordering::Relaxed) < self.failing {
            tx.client().batch_execute(&self.sql).await?;
        }
        Ok(())
    }
}

#[tokio::test]
async fn only_passing_failures_are_tried_again() {
    for code in ["40001", "40P01", "57P01", "57P03", "25006"] {
        let (database, _alive) = pooled(2);
        let work = Failing::with(code, 1);
        database.perform(&work).await.unwrap();
        assert_eq!(work.attempts(), 2, "{code}");
    }
    let (database, alive) = pooled(2);
    // On several nodes, a row may have come meanwhile, and some refusals have no code.
    let mut final_ones = vec!["22001", "57014", "55P03"];
    if layout() == Layout::Together {
        final_ones.extend(["23505", "XX000"]);
    }
    for code in final_ones {
        let work = Failing::with(code, 1);
        let failure = database.perform(&work).await.unwrap_err();
        assert_eq!(work.attempts(), 1, "{code}");
        assert_eq!(failure.blames_a_row(), code.starts_with('2') || code == "55P03", "{code}");
    }
    // No more than a few times.
    let work = Failing::with("40001", usize::MAX);
    let failure = database.perform(&work).await.unwrap_err();
    assert_eq!(work.attempts(), ATTEMPTS_MAX);
    assert!(matches!(failure, Failure::Database(_)), "{failure:?}");
    let left = admin(alive.url()).await.query("SELECT FROM landfall.list_positions", &[]).await.unwrap();
    assert_eq!(left.len(), 0, "what failed left something");
}

#[tokio::test]
async fn what_only_other_nodes_can_cause_is_tried_again_there() {
    for (code, attempts) in [("23505", 3), ("XX000", 3), ("08006", ATTEMPTS_MAX)] {
        let (mut database, _alive) = pooled(2);
        database.layout = Layout::Spread;
        let work = Failing::with(code, usize::MAX);
        let failure = database.perform(&work).await.unwrap_err();
        assert_eq!(work.attempts(), attempts, "{code}: {failure:?}");
        assert_eq!(failure.blames_a_row(), code != "XX000", "{code}");
    }
}

#[tokio::test]
async fn work_that_loses_its_connection_before_its_end_is_tried_again() {
    let (database, alive) = pooled(2);
    let sql = "SELECT pg_terminate_backend(pg_backend_pid())".to_owned();
    let work = Failing { sql, failing: 1, attempts: AtomicUsize::new(0) };
    database.perform(&work).await.unwrap();
    assert_eq!(work.attempts(), 2);
    let left = admin(alive.url()).await.query("SELECT FROM landfall.list_positions", &[]).await.unwrap();
    assert_eq!(left.len(), 1);
}

/// Takes two locks, with another one of its kind that takes them the other way round.
struct Crossing<'both> {
    locks: [i64; 2],
    meeting: &'both Barrier,
    attempts: AtomicUsize,
}

#[async_trait]
impl Work for Crossing<'_> {
    type Output = ();
    const DOING: &'static str = "crossing";
    const KIND: Kind = Kind::Write;

    async fn perform(&self, tx: &Tx) -> Result<(), Failure> {
        tx.begin(None, &[self.locks[0]]).await?;
        if self.attempts.fetch_add(1, Ordering::Relaxed) == 0 {
            self.meeting.wait().await;
        }
        tx.run(&statements::LOCK, &[&self.locks[1..].to_vec()]).await?;
        Ok(())
    }
}

#[tokio::test]
async fn a_deadlocked_transaction_is_tried_again() {
    let (database, _alive) = pooled(2);
    let meeting = Barrier::new(2);
    let crossing = |locks: [i64; 2]| Crossing { locks, meeting: &meeting, attempts: AtomicUsize::new(0) };
    let (one, other) = (crossing([1, 2]), crossing([2, 1]));
    let (first, second) = tokio::join!(database.perform(&one), database.perform(&other));
    first.unwrap();
    second.unwrap();
    let attempts = one.attempts.into_inner() + other.attempts.into_inner();
    assert!((3..=4).contains(&attempts), "{attempts}");
}

/// Waits for a lock that it never gets, and knows no limit of its own.
struct Waiting {
    pid: Mutex<Option<i32>>,
}

#[async_trait]
impl Work for Waiting {
    type Output = ();
    const DOING: &'static str = "waiting";
    const KIND: Kind = Kind::Write;

    async fn perform(&self, tx: &Tx) -> Result<(), Failure> {
        tx.begin(None, &[]).await?;
        let pid = pid(tx).await?;
        assert_eq!(self.pid.lock().unwrap().replace(pid), None, "it was tried again");
        tx.client().batch_execute("SET statement_timeout = 0; SET lock_timeout = 0").await?;
        tx.client().batch_execute("SELECT pg_advisory_lock(1)").await?;
        Ok(())
    }
}

/// The backend that serves it.
struct Pid;

#[async_trait]
impl Work for Pid {
    type Output = i32;
    const DOING: &'static str = "looking";
    const KIND: Kind = Kind::Read;

    async fn perform(&self, tx: &Tx) -> Result<i32, Failure> {
        tx.begin(None, &[]).await?;
        pid(tx).await
    }
}

#[tokio::test]
async fn work_that_is_too_slow_ends_and_its_connection_is_given_up() {
    let (database, alive) = pooled(1);
    let admin = admin(alive.url()).await;
    admin.query("SELECT pg_advisory_lock(1)", &[]).await.unwrap();
    let before = database.perform(&Pid).await.unwrap();
    assert_eq!(database.perform(&Pid).await.unwrap(), before, "a connection that is fine is kept");
    let (work, started) = (Waiting { pid: Mutex::new(None) }, Instant::now());
    let failure = database.perform(&work).await.unwrap_err();
    assert!(matches!(failure, Failure::Slow(WORK_TIME)), "{failure:?}");
    let took = started.elapsed();
    assert!(WORK_TIME <= took && took < WORK_TIME + Duration::from_secs(2), "{took:?}");
    assert_eq!(work.pid.into_inner().unwrap(), Some(before));
    assert_ne!(database.perform(&Pid).await.unwrap(), before);
}

/// Loses its connection when everything but the end is done.
struct Cut {
    admin: Client,
    attempts: AtomicUsize,
}

#[async_trait]
impl Work for Cut {
    type Output = ();
    const DOING: &'static str = "cutting";
    const KIND: Kind = Kind::Write;

    async fn perform(&self, tx: &Tx) -> Result<(), Failure> {
        tx.begin(None, &[]).await?;
        self.attempts.fetch_add(1, Ordering::Relaxed);
        let pid = pid(tx).await?;
        let ended =
            self.admin.query_one("SELECT pg_terminate_backend($1::integer, 10000::bigint)", &[&pid]).await?;
        assert!(ended.get::<_, bool>(0));
        Ok(())
    }
}

#[tokio::test]
async fn an_end_that_is_not_answered_is_not_tried_again() {
    let (database, alive) = pooled(2);
    let work = Cut { admin: admin(alive.url()).await, attempts: AtomicUsize::new(0) };
    let failure = database.perform(&work).await.unwrap_err();
    assert!(matches!(failure, Failure::Unknown(_)), "{failure:?}");
    assert_eq!(work.attempts.into_inner(), 1);
    database.perform(&Pid).await.unwrap();
}
