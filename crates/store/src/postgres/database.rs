//! One piece of work in one transaction: bounded in time, repeated where that is safe.

use super::columns::Lists;
use super::connect;
use super::failure::Failure;
use super::layout::Layout;
use super::reach::{Away, Keys, Warnings};
use super::settings::Settings;
use super::spread;
use super::statements::{self, Statement, Writing};
use async_trait::async_trait;
use deadpool_postgres::{Object, Pool};
use futures_util::future::try_join_all;
use landfall_domain::ids::AppId;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio_postgres::error::{DbError, Severity};
use tokio_postgres::types::ToSql;
use tokio_postgres::{Row, Statement as Prepared};
use tokio_postgres_rustls::MakeRustlsConnect;

/// Longest time one ordinary transaction may take.
const WORK_TIME: Duration = Duration::from_millis(2_200);
/// Longest time of one that changes any number of rows.
const LONG_WORK_TIME: Duration = Duration::from_secs(60);
/// Longest time of one that reads or writes for a copy, such as counting all rows there are.
const COPY_TIME: Duration = Duration::from_secs(3_600);
/// Longest time for a request to cancel.
const CANCEL_TIME: Duration = Duration::from_secs(1);
/// After this time no further attempt is made. PostgreSQL takes a second to notice that writers wait in a circle.
const RETRY_TIME: Duration = Duration::from_millis(1_500);
/// Attempts at most.
const ATTEMPTS_MAX: usize = 4;

/// Whether a piece of work writes, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// One statement, which is a transaction by itself. May happen twice.
    Statement,
    /// Sees the database as it is at one moment.
    Read,
    /// Each statement sees all that was committed before it.
    Write,
    /// The same, on any number of rows.
    LongWrite,
    /// Reads or writes for a copy, on any number of rows.
    Copy,
}

impl Kind {
    fn writes(self) -> bool {
        match self {
            Self::Statement | Self::Read => false,
            Self::Write | Self::LongWrite | Self::Copy => true,
        }
    }
}

/// The work of one transaction. It may be performed several times; only the last time counts.
#[async_trait]
pub(super) trait Work: Send + Sync {
    type Output: Send;
    /// What the work does, for error messages.
    const DOING: &'static str;
    const KIND: Kind;

    async fn perform(&self, tx: &Tx) -> Result<Self::Output, Failure>;

    /// The groups and accounts without which there is nothing to do.
    fn keys(&self) -> Keys<'_> {
        Keys::default()
    }
}

/// The database, through a pool of connections.
#[derive(Clone)]
pub(super) struct Database {
    pool: Pool,
    /// For connections that cancel a query.
    tls: MakeRustlsConnect,
    layout: Layout,
    warnings: Warnings,
    away: Away,
}

impl Database {
    /// A pool of connections; `serving` as for [`connect::pool`].
    pub(super) fn new(settings: &Settings, tls: MakeRustlsConnect, serving: bool, layout: Layout) -> Self {
        let warnings = Warnings::default();
        let pool = connect::pool(settings, tls.clone(), serving, layout, &warnings);
        Self { pool, tls, layout, warnings, away: Away::default() }
    }

    /// What the database has warned of.
    pub(super) fn warnings(&self) -> &Warnings {
        &self.warnings
    }

    /// The nodes that do not answer.
    pub(super) fn away(&self) -> &Away {
        &self.away
    }

    /// Which of them need a node that does not answer.
    pub(super) async fn out_of_reach(&self, keys: Vec<Keys<'_>>) -> Result<Vec<bool>, Failure> {
        if self.away.is_empty() {
            return Ok(keys.iter().map(|_| false).collect());
        }
        let held = self.away.holds(&**self.pool.get().await?, &Keys::all(&keys)).await?;
        Ok(keys.iter().map(|keys| keys.any_of(&held)).collect())
    }

    /// Performs `work` in a transaction. The one place where attempts are repeated.
    pub(super) async fn perform<W: Work>(&self, work: &W) -> Result<W::Output, Failure> {
        let time = match W::KIND {
            Kind::Statement | Kind::Read | Kind::Write => WORK_TIME,
            Kind::LongWrite => LONG_WORK_TIME,
            Kind::Copy => COPY_TIME,
        };
        let started = Instant::now();
        let mut attempt = 1;
        loop {
            let done = self.attempt(work, time, attempt).await;
            if done.as_ref().is_err_and(Failure::leaves_doubt) {
                self.warnings.add_doubt();
            }
            match done {
                Err(failure)
                    if failure.passes(self.layout, attempt)
                        && attempt < ATTEMPTS_MAX
                        && started.elapsed() < RETRY_TIME =>
                {
                    tracing::debug!(error = %failure, attempt, "{} is tried again: {failure}", W::DOING);
                    // Where one connection was cut, the others may be too.
                    self.pool.retain(|client, _| !client.is_closed());
                    attempt += 1;
                }
                done => return done,
            }
        }
    }

    async fn attempt<W: Work>(&self, work: &W, time: Duration, attempt: usize) -> Result<W::Output, Failure> {
        let client = self.pool.get().await?;
        if self.layout == Layout::Spread && !self.away.holds(&**client, &work.keys()).await?.is_empty() {
            return Err(Failure::Away);
        }
        let client = Some(client);
        let tx = Tx { client, kind: W::KIND, layout: self.layout, attempt, has_read: AtomicBool::new(false) };
        let cancel = tx.client().cancel_token();
        let until = tokio::time::Instant::now() + time;
        let slow = || {
            // So that the database does not go on, or wait for a replica, with no one left to receive the answer.
            let (cancel, tls) = (cancel.clone(), self.tls.clone());
            tokio::spawn(async move {
                drop(tokio::time::timeout(CANCEL_TIME, cancel.cancel_query(tls)).await);
            });
            Failure::Slow(time)
        };
        let done = match tokio::time::timeout_at(until, work.perform(&tx)).await {
            Ok(Ok(done)) => done,
            Ok(Err(failure)) => {
                // With several nodes a connection has others behind it, which are dear to open again.
                if self.layout == Layout::Spread && failure.was_refused() {
                    drop(tokio::time::timeout_at(until, tx.give_back()).await);
                }
                return Err(failure);
            }
            Err(_) => return Err(slow()),
        };
        let warnings = self.warnings.count();
        match tokio::time::timeout_at(until, tx.commit()).await {
            Ok(committed) => committed?,
            Err(_) => return Err(Failure::Unknown(Box::new(slow()))),
        }
        if W::KIND.writes() && self.layout == Layout::Spread && self.warnings.count() != warnings {
            // Perhaps of another connection's commit: then this one says less than it could.
            return Err(Failure::Unknown(Box::new(Failure::Unconfirmed)));
        }
        Ok(done)
    }
}

/// A transaction under way. One that is dropped before its end takes its connection with it.
pub(super) struct Tx {
    client: Option<Object>,
    kind: Kind,
    layout: Layout,
    /// It has read rows.
    has_read: AtomicBool,
    /// Counted from 1.
    attempt: usize,
}

impl Tx {
    fn client(&self) -> &Object {
        self.client.as_ref().expect("taken by commit only, which takes the transaction")
    }

    /// Begins, and takes locks: that of `app`, shared, then `keys`. Everything else comes after it, and sees what
    /// the earlier holders of the locks have committed.
    pub(super) async fn begin(&self, app: Option<AppId>, keys: &[i64]) -> Result<(), Failure> {
        let begin = match self.kind {
            Kind::Statement => return Ok(()),
            Kind::Read => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
            Kind::Write => "BEGIN",
            Kind::LongWrite => "BEGIN; SET LOCAL statement_timeout = '60s'",
            Kind::Copy => "BEGIN; SET LOCAL statement_timeout = '1h'",
        };
        self.begin_with(begin, app, keys).await
    }

    /// Begins a transaction that only inserts. The contents of the tables make no difference to its plan, so it is planned
    /// once for each connection rather than each time, which is a quarter of a small batch.
    pub(super) async fn begin_inserting(&self, app: AppId) -> Result<(), Failure> {
        let begin = match self.layout {
            Layout::Together => "BEGIN; SET LOCAL plan_cache_mode = force_generic_plan",
            // Which shard a row belongs to is part of its plan.
            Layout::Spread => "BEGIN; SET LOCAL lock_timeout = '2s'",
        };
        self.begin_as(begin, Some(app), &[]).await
    }

    /// Begins a transaction for several callers, which must not all wait for a lock that only one of them needs.
    pub(super) async fn begin_for_several(&self, app: AppId, keys: &[i64]) -> Result<(), Failure> {
        self.begin_with("BEGIN; SET LOCAL lock_timeout = '250ms'", Some(app), keys).await
    }

    async fn begin_with(&self, begin: &str, app: Option<AppId>, keys: &[i64]) -> Result<(), Failure> {
        match self.layout {
            Layout::Together => self.begin_as(begin, app, keys).await,
            Layout::Spread => {
                self.begin_as(&format!("{begin}; {}", connect::OF_TRANSACTIONS), app, keys).await
            }
        }
    }

    async fn begin_as(&self, begin: &str, app: Option<AppId>, keys: &[i64]) -> Result<(), Failure> {
        // A statement that has to be prepared first would leave after the one behind it.
        if app.is_some() {
            self.prepared(&statements::LOCK_SHARED).await?;
        }
        let begin = async {
            let begin = match self.layout {
                Layout::Together => vec![begin],
                // Citus passes a setting on with all that was sent together with it, also what was before it.
                Layout::Spread => begin.split(';').collect(),
            };
            try_join_all(begin.into_iter().map(|one| self.client().batch_execute(one))).await.map(drop)
        };
        let app = app.map(super::locks::app);
        let shared = async {
            match &app {
                Some(app) => self.run(&statements::LOCK_SHARED, &[app]).await.map(drop),
                None => Ok(()),
            }
        };
        let alone = async {
            if keys.is_empty() { Ok(()) } else { self.run(&statements::LOCK, &[&keys]).await.map(drop) }
        };
        // Sent in this order without waiting for each other's answers.
        let (begun, shared, alone) = futures_util::join!(begin, shared, alone);
        begun?;
        shared?;
        alone
    }

    /// Rows that a statement returns.
    pub(super) async fn query(
        &self,
        statement: &Statement,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>, Failure> {
        self.has_read.store(true, Ordering::Relaxed);
        let prepared = self.prepared(statement).await?;
        Ok(self.client().query(&prepared, parameters).await?)
    }

    /// How many rows a statement changed.
    pub(super) async fn run(
        &self,
        statement: &Statement,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<u64, Failure> {
        let prepared = self.prepared(statement).await?;
        Ok(self.client().execute(&prepared, parameters).await?)
    }

    /// Writes rows; what the statement returns of them.
    pub(super) async fn write(&self, writing: &Writing, rows: &impl Lists) -> Result<Vec<Row>, Failure> {
        match self.layout {
            Layout::Together => self.query(&writing.lists, &rows.parameters()).await,
            Layout::Spread => {
                let may_copy = self.attempt == 1 && !self.has_read();
                spread::write(self.client(), writing.rows(), rows, may_copy).await
            }
        }
    }

    /// Writes rows of which none is there, as was found out before.
    pub(super) async fn write_missing(
        &self,
        writing: &Writing,
        rows: &impl Lists,
    ) -> Result<Vec<Row>, Failure> {
        match self.layout {
            Layout::Together => self.query(&writing.lists, &rows.parameters()).await,
            Layout::Spread => spread::write(self.client(), writing.rows(), rows, !self.has_read()).await,
        }
    }

    /// Copies rows of which none is there beside others that this transaction writes to the same nodes in another way.
    pub(super) async fn copy_beside(&self, writing: &Writing, rows: &impl Lists) -> Result<(), Failure> {
        spread::write(self.client(), writing.rows(), rows, true).await.map(drop)
    }

    /// Whether it has read rows. Citus does not notice that a `COPY` changes a node from which the transaction has read
    /// the same part before, and would not commit that node in two phases.
    pub(super) fn has_read(&self) -> bool {
        self.has_read.load(Ordering::Relaxed)
    }

    pub(super) fn layout(&self) -> Layout {
        self.layout
    }

    /// How often the work was begun, this time included.
    pub(super) fn attempt(&self) -> usize {
        self.attempt
    }

    /// Prepared once for each connection.
    async fn prepared(&self, statement: &Statement) -> Result<Prepared, Failure> {
        Ok(self.client().prepare_cached(statement.sql()).await?)
    }

    /// Takes back what the transaction did; nothing may follow. Its work then ends well, having changed nothing.
    pub(super) async fn take_back(&self) -> Result<(), Failure> {
        Ok(self.client().batch_execute("ROLLBACK").await?)
    }

    /// Gives the connection of a transaction back that the database has refused.
    async fn give_back(mut self) {
        if self.take_back().await.is_ok() {
            drop(self.client.take());
        }
    }

    async fn commit(mut self) -> Result<(), Failure> {
        if self.kind != Kind::Statement
            && let Err(error) = self.client().batch_execute("COMMIT").await
        {
            // With a graver error the connection ends, and whether that was before or after the commit is not said.
            let severity = error.as_db_error().and_then(DbError::parsed_severity);
            let refused = severity == Some(Severity::Error);
            return Err(if refused { error.into() } else { Failure::Unknown(Box::new(error.into())) });
        }
        // Now the connection may go back to the pool.
        drop(self.client.take());
        Ok(())
    }
}

impl Drop for Tx {
    fn drop(&mut self) {
        if let Some(client) = self.client.take() {
            // Closed, not given back: it may be in the middle of anything.
            drop(Object::take(client));
        }
    }
}

#[cfg(test)]
mod tests;
