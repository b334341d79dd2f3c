//! Reads the file and puts it in order, in a thread that ends with the import.

use super::ImportError;
use super::run::Run;
use crate::ordered::Ordered;
use crate::server::CallError;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::{Semaphore, mpsc};

/// Faults that wait for being written down.
const FAULTS_WAITING: usize = 64;

/// Ends the handing out of records when the import is dropped.
pub(super) struct EndOfFeed(pub(super) Arc<Semaphore>);

impl Drop for EndOfFeed {
    fn drop(&mut self) {
        self.0.close();
    }
}

#[derive(Default)]
struct Reading {
    records: AtomicU64,
    end: AtomicBool,
}

/// Ends the reading when the import is dropped.
struct EndOfReading(Arc<Reading>);

impl Drop for EndOfReading {
    fn drop(&mut self) {
        self.0.end.store(true, Ordering::Relaxed);
    }
}

/// `tick`: how often the observer hears of it.
pub(super) async fn read(run: &Run<'_>, file: &Path, tick: Duration) -> Result<Ordered, ImportError> {
    let (file, spill) = (file.to_owned(), run.options.spill_directory.clone());
    let reading = Arc::new(Reading::default());
    let end = EndOfReading(Arc::clone(&reading));
    let (faults, mut found) = mpsc::channel(FAULTS_WAITING);
    let thread = tokio::task::spawn_blocking(move || {
        let gone = || io::Error::from(io::ErrorKind::Interrupted);
        let on_fault = |fault, line| faults.blocking_send((fault, line)).map(|()| None).map_err(|_| gone());
        Ordered::read_watched(&file, &spill, on_fault, |records| {
            reading.records.store(records, Ordering::Relaxed);
            if reading.end.load(Ordering::Relaxed) { Err(gone()) } else { Ok(()) }
        })
    });
    let mut ticks = tokio::time::interval(tick);
    loop {
        tokio::select! {
            _ = ticks.tick() => {
                run.desk.found(end.0.records.load(Ordering::Relaxed));
                run.desk.tick();
                if run.server.is_stopped() {
                    return Err(CallError::Stopped("the import".to_owned()).into());
                }
            }
            fault = found.recv() => match fault {
                Some((fault, line)) => run.desk.no_record(fault, line.as_deref())?,
                None => break,
            },
        }
    }
    Ok(thread.await.map_err(io::Error::other)??)
}
