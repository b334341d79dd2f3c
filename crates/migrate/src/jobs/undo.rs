//! Takes out what jobs brought in.

use super::command::{GET, UNDO, WAIT_SECONDS};
use super::outcome::{Job, receipts};
use crate::import::ImportError;
use crate::journal::{Journal, Receipt};
use crate::server::{CallError, Server};
use serde_json::json;
use std::collections::BTreeMap;
use std::io;

/// What undoing jobs did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct JobUndo {
    pub jobs: u64,
    /// Groups that were taken out, silently.
    pub removed: u64,
    /// Groups that are kept: somebody has touched them since, or they are of several imports.
    pub kept: u64,
    /// Profiles, lists of friends, blocklists and one-to-one conversations that were taken back.
    pub people: u64,
}

/// Undoes the jobs that the journal knows. `on_kept` gets each group that is kept, with the reason.
///
/// # Errors
/// The server refuses or does not answer for too long, or the journal cannot be written.
pub async fn undo(
    server: &Server,
    journal: &Journal,
    force: bool,
    on_kept: impl FnMut(&str, &str),
) -> Result<JobUndo, ImportError> {
    let mut run = Run { server, force, undone: JobUndo::default(), kept: BTreeMap::new() };
    let (mut jobs, mut left) = (journal.jobs()?, Vec::new());
    // A group goes with the job that made it, once those that added to it are undone.
    for is_last in [false, true] {
        for (fingerprint, id) in std::mem::take(&mut jobs) {
            let Some(stays) = run.job(&id).await? else { continue };
            if stays.added_to != 0 && !is_last {
                left.push((fingerprint, id));
            } else if stays == Stays::default() {
                journal.write(vec![Receipt::JobUndone { fingerprint }]).await?;
            }
        }
        run.undone.jobs -= if is_last { 0 } else { left.len() as u64 };
        std::mem::swap(&mut jobs, &mut left);
    }
    Ok(run.finish(on_kept))
}

/// Undoes one job of the server; `None` when the server does not know it.
///
/// # Errors
/// The server refuses or does not answer for too long.
pub async fn undo_one(
    server: &Server,
    job: &str,
    force: bool,
    on_kept: impl FnMut(&str, &str),
) -> Result<Option<JobUndo>, ImportError> {
    let mut run = Run { server, force, undone: JobUndo::default(), kept: BTreeMap::new() };
    let known = run.job(job).await?;
    Ok(known.map(|_| run.finish(on_kept)))
}

/// Groups of a job that another undo of it may take out.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct Stays {
    touched: u64,
    added_to: u64,
}

struct Run<'a> {
    server: &'a Server,
    force: bool,
    undone: JobUndo,
    /// Why groups are kept.
    kept: BTreeMap<String, &'static str>,
}

impl Run<'_> {
    /// Undoes a job; `None` when the server does not know it.
    async fn job(&mut self, id: &str) -> Result<Option<Stays>, ImportError> {
        let server = self.server;
        let body = json!({ "JobId": id, "Force": u8::from(self.force) });
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
        let mut stays = Stays::default();
        receipts(server, id, |receipt| {
            let why = match receipt.result.as_str() {
                "touched" => {
                    stays.touched += 1;
                    "somebody has changed it since"
                }
                "added_to" => {
                    stays.added_to += 1;
                    "another import has added to it since; undo that one first"
                }
                "made_by_another" => "another import made it; what this one added stays",
                _ => {
                    self.kept.remove(&receipt.name);
                    return Ok(());
                }
            };
            // Two accounts have a tab between them, and one with its friends has it behind it.
            let name = receipt.name.replace('\t', " ").trim_end().to_owned();
            self.kept.insert(name, why);
            Ok(())
        })
        .await?;
        self.undone.jobs += 1;
        self.undone.removed += job.counts.removed;
        self.undone.people += job.counts.removed_people;
        Ok(Some(stays))
    }

    fn finish(mut self, mut on_kept: impl FnMut(&str, &str)) -> JobUndo {
        self.kept.iter().for_each(|(group, why)| on_kept(group, why));
        self.undone.kept = self.kept.len() as u64;
        self.undone
    }
}
