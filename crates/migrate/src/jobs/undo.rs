//! Takes out what jobs brought in.

use super::command::{GET, UNDO, WAIT_SECONDS};
use super::outcome::{Job, receipts};
use crate::import::ImportError;
use crate::journal::{Journal, Receipt};
use crate::server::{CallError, Server};
use serde_json::json;
use std::io;

/// What undoing jobs did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct JobUndo {
    pub jobs: u64,
    /// Groups that were taken out, silently.
    pub removed: u64,
    /// Groups that somebody has touched since; they are kept.
    pub touched: u64,
}

/// Undoes the jobs that the journal knows. `on_kept` gets each group that is kept, with the reason.
///
/// # Errors
/// The server refuses or does not answer for too long, or the journal cannot be written.
pub async fn undo(
    server: &Server,
    journal: &Journal,
    force: bool,
    mut on_kept: impl FnMut(&str, &str),
) -> Result<JobUndo, ImportError> {
    let mut undone = JobUndo::default();
    for (fingerprint, id) in journal.jobs()? {
        let Some(touched) = undo_job(server, &id, force, &mut undone, &mut on_kept).await? else { continue };
        if touched == 0 {
            journal.write(vec![Receipt::JobUndone { fingerprint }]).await?;
        }
    }
    Ok(undone)
}

/// Undoes one job of the server; `None` when the server does not know it.
///
/// # Errors
/// The server refuses or does not answer for too long.
pub async fn undo_one(
    server: &Server,
    job: &str,
    force: bool,
    mut on_kept: impl FnMut(&str, &str),
) -> Result<Option<JobUndo>, ImportError> {
    let mut undone = JobUndo::default();
    let known = undo_job(server, job, force, &mut undone, &mut on_kept).await?;
    Ok(known.map(|_| undone))
}

/// How many groups were kept; `None` when the server does not know the job.
async fn undo_job(
    server: &Server,
    id: &str,
    force: bool,
    undone: &mut JobUndo,
    on_kept: &mut impl FnMut(&str, &str),
) -> Result<Option<u64>, ImportError> {
    let body = json!({ "JobId": id, "Force": u8::from(force) });
    let mut job: Job = match server.ask(UNDO, &body).await {
        Ok(reply) => serde_json::from_value(reply).map_err(io::Error::other)?,
        Err(CallError::Refused { .. }) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    while job.is_busy() {
        let reply = server.ask(GET, &json!({ "JobId": id, "Wait": WAIT_SECONDS })).await?;
        job = serde_json::from_value(reply).map_err(io::Error::other)?;
    }
    if !job.is_undone() {
        return Err(io::Error::other(job.problem()).into());
    }
    let mut touched = 0;
    receipts(server, id, |receipt| {
        if receipt.result == "touched" {
            touched += 1;
            on_kept(&receipt.name, "somebody has changed it since");
        }
        Ok(())
    })
    .await?;
    undone.jobs += 1;
    undone.removed += job.counts.removed;
    undone.touched += touched;
    Ok(Some(touched))
}
