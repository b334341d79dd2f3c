//! Writes receipts in batches: all that wait share one sync.

use super::{JournalError, Receipt, tables};
use redb::Database;
use std::sync::Arc;
use std::thread::JoinHandle;
use tokio::sync::{mpsc, oneshot};

/// Callers that may wait for the next batch.
const WAITING_MAX: usize = 256;
/// Receipts of one batch, about.
const BATCH_RECEIPTS: usize = 10_000;

type Outcome = Result<(), String>;

struct Job {
    receipts: Vec<Receipt>,
    done: oneshot::Sender<Outcome>,
}

/// The thread that writes. Dropping it waits for its last batch.
pub(super) struct Writer {
    jobs: Option<mpsc::Sender<Job>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    pub(super) fn start(database: Arc<Database>) -> Self {
        let (jobs, waiting) = mpsc::channel(WAITING_MAX);
        let thread = std::thread::spawn(move || write_all(&database, waiting));
        Self { jobs: Some(jobs), thread: Some(thread) }
    }

    pub(super) async fn write(&self, receipts: Vec<Receipt>) -> Result<(), JournalError> {
        let gone = || JournalError::Write("its thread ended".to_owned());
        let (done, written) = oneshot::channel();
        let jobs = self.jobs.as_ref().ok_or_else(gone)?;
        jobs.send(Job { receipts, done }).await.map_err(|_| gone())?;
        written.await.map_err(|_| gone())?.map_err(JournalError::Write)
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        drop(self.jobs.take());
        // A thread that panicked has nothing left to wait for.
        if let Some(thread) = self.thread.take() {
            thread.join().ok();
        }
    }
}

fn write_all(database: &Database, mut waiting: mpsc::Receiver<Job>) {
    while let Some(job) = waiting.blocking_recv() {
        let mut batch = vec![job];
        let mut receipts = batch.iter().map(|job| job.receipts.len()).sum::<usize>();
        while receipts < BATCH_RECEIPTS {
            let Ok(job) = waiting.try_recv() else { break };
            receipts += job.receipts.len();
            batch.push(job);
        }
        let outcome = write_batch(database, &batch).map_err(|error| report(&error));
        for job in batch {
            // A caller that was dropped does not wait any more.
            job.done.send(outcome.clone()).ok();
        }
    }
}

fn write_batch(database: &Database, batch: &[Job]) -> Result<(), JournalError> {
    let transaction = database.begin_write()?;
    for job in batch {
        tables::put(&transaction, &job.receipts)?;
    }
    Ok(transaction.commit()?)
}

/// An error with its causes.
fn report(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| (*cause).source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}
