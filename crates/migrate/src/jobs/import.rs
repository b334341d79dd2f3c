//! An import that takes the fast path where the server has one.

use super::lines::{self, Failed};
use super::run::{JobOptions, run};
use crate::import::{self, ImportError, ImportOptions, ImportReport, Observer, OnChange};
use crate::journal::{Journal, Owner, Receipt};
use crate::server::{CallError, Server};
use std::collections::BTreeSet;
use std::io;
use std::path::Path;
use std::sync::Arc;
use tokio::sync::watch;

/// Imports `file` by a job where the server takes jobs, and over the API otherwise. Groups that are there already and
/// differ are left by the job: the API adds what is new in them. Ends in order once `stop` is true.
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
    let limits = match server.limits().await {
        Ok(limits) => limits,
        Err(CallError::Stopped(_)) => return Ok(ImportReport::default()),
        Err(error) => return Err(error.into()),
    };
    if !limits.takes_jobs() {
        return over_api(file, server, options, stop, observer).await;
    }
    let owner = Owner { server: server.address().to_owned(), app: server.app() };
    let journal = Journal::open(&options.journal, &owner)?;
    journal.write(vec![Receipt::Source(name.to_owned())]).await?;
    let on_change = match options.on_change {
        OnChange::Skip => "skip",
        OnChange::Update => "update",
        OnChange::Fail => "fail",
    };
    let job = JobOptions { name, on_change, stop: stop.clone() };
    let outcome = run(file, &server, &journal, job, observer).await?;
    // The API opens it again.
    drop(journal);
    let Some(outcome) = outcome else { return over_api(file, server, options, stop, observer).await };
    let (mut kept, mut failed) = (BTreeSet::new(), Failed::new());
    let mut report = outcome
        .report(
            &server,
            observer,
            |group| {
                kept.insert(group.to_owned());
                Ok(())
            },
            |fault| {
                failed.entry(fault.line).or_default().push(fault.clone());
                Ok(())
            },
        )
        .await?;
    let directory = tempfile::tempdir_in(&options.spill_directory)?;
    let more = directory.path().join("failed.jsonl");
    if !kept.is_empty() && report.finished {
        let rest = directory.path().join("kept.jsonl.zst");
        let (source, groups, out) = (file.to_owned(), kept, rest.clone());
        tokio::task::spawn_blocking(move || lines::write_groups(&source, &groups, &out))
            .await
            .map_err(io::Error::other)??;
        let options = ImportOptions { failed: more.clone(), ..options.clone() };
        report.add(over_api(&rest, server, &options, stop, observer).await?);
    }
    lines::write_failed(file, &failed, &more, &options.failed)?;
    Ok(report)
}

async fn over_api(
    file: &Path,
    server: Arc<Server>,
    options: &ImportOptions,
    mut stop: watch::Receiver<bool>,
    observer: &dyn Observer,
) -> Result<ImportReport, ImportError> {
    let stopped = Arc::clone(&server);
    let imported = import::run(file, server, options, observer);
    let mut imported = std::pin::pin!(imported);
    tokio::select! {
        report = &mut imported => return report,
        // Also when nobody is left who could stop it; then it goes on to its end.
        stopping = stop.wait_for(|stop| *stop) => if stopping.is_ok() { stopped.stop() },
    }
    imported.await
}
