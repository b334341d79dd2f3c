//! An import that takes the fast path where the server has one.

use super::earlier;
use super::lines::{self, Failed, Rest};
use super::run::{JobOptions, run};
use crate::fault::Fault;
use crate::import::{
    self, Ahead, ImportError, ImportOptions, ImportReport, Observer, OnChange, Progress, files_ahead,
};
use crate::journal::{Journal, Owner, Receipt};
use crate::scratch::Scratch;
use crate::server::{CallError, CallLimits, Server};
use std::collections::BTreeSet;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::watch;

/// Imports `file` by a job where the server takes jobs, and over the API otherwise. Groups that are there already and that
/// the job keeps as they are, because somebody has touched them, get what is new by single calls. So do those that differ when
/// changes are to fail: single calls say which records that are. Ends in order once `stop` is true.
///
/// # Errors
/// As those of [`import::run`], or the job failed.
pub async fn import(
    file: &Path,
    name: &str,
    server: Arc<Server>,
    options: &ImportOptions,
    stop: watch::Receiver<bool>,
    observer: &dyn Observer,
) -> Result<ImportReport, ImportError> {
    let mut options = options.clone();
    let limits = match server.limits().await {
        Ok(limits) => limits,
        Err(CallError::Stopped(_)) => return Ok(ImportReport::default()),
        Err(error) => return Err(error.into()),
    };
    let owner = Owner { server: server.address().to_owned(), app: server.app() };
    let journal = Arc::new(Journal::open(&options.journal, &owner)?);
    let is_same = journal.source()?.is_none_or(|source| source == name);
    journal.write(vec![Receipt::Source(name.to_owned())]).await?;
    let directory = Scratch::new_in(&options.spill_directory)?;
    let failed = directory.path().join("all-failed.jsonl");
    let out = std::mem::replace(&mut options.failed, failed.clone());
    let imported = if limits.takes_jobs() {
        by_job(file, name, (&server, limits), journal, (&options, directory.path()), stop, observer).await
    } else {
        drop(journal);
        over_api(file, server, &options, stop, observer).await
    };
    let is_through = imported.as_ref().is_ok_and(|report| report.finished);
    let source = is_through.then(|| file.to_owned());
    let settled = tokio::task::spawn_blocking(move || {
        if is_same && source.is_some() {
            earlier::replace(&failed, &out)
        } else {
            earlier::keep(source.as_deref(), &failed, &out)
        }
    });
    let settled = settled.await.map_err(io::Error::other)?;
    let report = imported?;
    settled?;
    Ok(report)
}

async fn by_job(
    file: &Path,
    name: &str,
    (server, limits): (&Arc<Server>, CallLimits),
    journal: Arc<Journal>,
    (options, directory): (&ImportOptions, &Path),
    stop: watch::Receiver<bool>,
    observer: &dyn Observer,
) -> Result<ImportReport, ImportError> {
    let path = |name: &str| directory.join(name);
    let noted = Noted { observer, faults: Mutex::default() };
    let ahead = {
        let options = ImportOptions { failed: path("files.jsonl"), ..options.clone() };
        let out = path("placed.jsonl.zst");
        let ahead = files_ahead(file, &out, (server, limits), &journal, &options, &noted);
        until_stopped(ahead, server, stop.clone()).await?
    };
    let (placed, files) = match ahead {
        Ahead::Nothing => (file.to_owned(), None),
        Ahead::Copied(report) if report.finished => (path("placed.jsonl.zst"), Some(*report)),
        Ahead::Copied(report) => return Ok(*report),
    };
    let job = JobOptions { name, on_change: word(options.on_change), stop: stop.clone() };
    let outcome = run(&placed, server, &journal, job, observer).await?;
    // The API opens it again.
    drop(journal);
    let Some(outcome) = outcome else {
        return over_api(file, Arc::clone(server), options, stop, observer).await;
    };
    let (mut rest, mut failed) = (Rest::default(), Failed::new());
    for fault in noted.faults.into_inner().unwrap_or_else(PoisonError::into_inner) {
        failed.entry(fault.line).or_default().push(fault);
    }
    let mut orphans = BTreeSet::new();
    let mut report = outcome
        .report(
            server,
            observer,
            options.on_change == OnChange::Fail,
            |group| rest.groups.extend([group.to_owned()]),
            |fault| failed.entry(fault.line).or_default().push(fault.clone()),
            |line| orphans.extend([line]),
        )
        .await?;
    rest.lines = orphans;
    if let Some(files) = files {
        report.add(files);
    }
    let more = path("failed.jsonl");
    if !rest.is_empty() && report.finished {
        let part = path("rest.jsonl.zst");
        let (source, out) = (placed, part.clone());
        tokio::task::spawn_blocking(move || lines::write_rest(&source, &rest, &out))
            .await
            .map_err(io::Error::other)??;
        let options = ImportOptions { failed: more.clone(), ..options.clone() };
        report.add(over_api(&part, Arc::clone(server), &options, stop, observer).await?);
    }
    lines::write_failed(file, &failed, &more, &options.failed)?;
    Ok(report)
}

fn word(on_change: OnChange) -> &'static str {
    match on_change {
        OnChange::Skip => "skip",
        OnChange::Update => "update",
        OnChange::Fail => "fail",
    }
}

async fn over_api(
    file: &Path,
    server: Arc<Server>,
    options: &ImportOptions,
    stop: watch::Receiver<bool>,
    observer: &dyn Observer,
) -> Result<ImportReport, ImportError> {
    let stopped = Arc::clone(&server);
    until_stopped(import::run(file, server, options, observer), &stopped, stop).await
}

/// Lets no further calls be made once `stop` is true.
async fn until_stopped<T>(
    work: impl Future<Output = T>,
    server: &Server,
    mut stop: watch::Receiver<bool>,
) -> T {
    let mut work = std::pin::pin!(work);
    tokio::select! {
        done = &mut work => return done,
        // Also when nobody is left who could stop it; then it goes on to its end.
        stopping = stop.wait_for(|stop| *stop) => if stopping.is_ok() { server.stop() },
    }
    work.await
}

/// Keeps the faults of files, which are written down with those of the job.
struct Noted<'a> {
    observer: &'a dyn Observer,
    faults: Mutex<Vec<Fault>>,
}

impl Observer for Noted<'_> {
    fn progress(&self, progress: &Progress) {
        self.observer.progress(progress);
    }

    fn fault(&self, fault: &Fault) {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner).push(fault.clone());
        self.observer.fault(fault);
    }
}
