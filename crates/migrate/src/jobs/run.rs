//! One job, from its file to its end.

use super::command::{CREATE, GET, PAUSE, START, UPLOAD, WAIT_SECONDS};
use super::outcome::{Job, JobOutcome};
use crate::import::{ImportError, Observer, Phase, Point, Progress};
use crate::journal::{Journal, Receipt};
use crate::server::{CallError, Server};
use serde_json::{Value, json};
use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::Path;
use tokio::sync::watch;
use tokio::time::Instant;
use xxhash_rust::xxh3::Xxh3Default;

/// Bytes of the file in one call.
const PIECE_BYTES: usize = 8 << 20;
const POINTS_MAX: usize = 240;

/// How a file is brought in by a job.
pub struct JobOptions<'a> {
    /// What the job is called.
    pub name: &'a str,
    /// `skip`, `update` or `fail`: what becomes of records that the server has with another content.
    pub on_change: &'a str,
    /// The job is paused once this is true.
    pub stop: watch::Receiver<bool>,
}

/// Brings a file in by a job, or goes on with the one that the journal knows. `None` when the server takes no jobs.
///
/// # Errors
/// The file or the journal cannot be read or written, the job failed, or the server did not answer for too long.
pub async fn run(
    file: &Path,
    server: &Server,
    journal: &Journal,
    options: JobOptions<'_>,
    observer: &dyn Observer,
) -> Result<Option<JobOutcome>, ImportError> {
    let path = file.to_owned();
    let fingerprint =
        tokio::task::spawn_blocking(move || fingerprint(&path)).await.map_err(io::Error::other)??;
    let Some(mut job) = find_or_create(server, journal, &fingerprint, &options).await? else {
        return Ok(None);
    };
    let (started, was_done) = (Instant::now(), job.is_done());
    let mut stop = options.stop;
    let mut over_time = Vec::new();
    upload(file, server, &mut job, &stop, observer).await?;
    if !*stop.borrow() && job.needs_start() {
        job = ask(server, START, &json!({ "JobId": job.job_id })).await?;
    }
    while job.is_busy() {
        if *stop.borrow() {
            // A job that has just ended cannot be paused, and need not be.
            match server.ask(PAUSE, &json!({ "JobId": job.job_id })).await {
                Ok(_) | Err(CallError::Refused { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        let question = json!({ "JobId": job.job_id, "Wait": WAIT_SECONDS });
        tokio::select! {
            asked = ask(server, GET, &question) => job = asked?,
            changed = stop.changed() => drop(changed),
        }
        let seconds = started.elapsed().as_secs_f64();
        let point = Point { seconds, records: job.counts.records, faults: job.counts.left_out };
        thin_out(&mut over_time);
        over_time.push(point);
        observer.progress(&job.progress());
    }
    let stopped = *stop.borrow() && !job.is_done();
    if !stopped && !job.is_done() {
        return Err(io::Error::other(job.problem()).into());
    }
    let seconds = started.elapsed().as_secs_f64();
    Ok(Some(JobOutcome {
        finished: !stopped,
        was_done,
        seconds,
        over_time,
        job: job.job_id,
        counts: job.counts,
    }))
}

/// Halves the points of a plot that has too many.
fn thin_out(points: &mut Vec<Point>) {
    if points.len() == POINTS_MAX {
        let mut keep = false;
        points.retain(|_| {
            keep = !keep;
            keep
        });
    }
}

async fn ask(server: &Server, command: &str, body: &Value) -> Result<Job, ImportError> {
    parsed(server.ask(command, body).await?)
}

fn parsed(reply: Value) -> Result<Job, ImportError> {
    Ok(serde_json::from_value(reply).map_err(io::Error::other)?)
}

/// The job of this file, if the server still has it and it can go on; a new one otherwise.
async fn find_or_create(
    server: &Server,
    journal: &Journal,
    fingerprint: &str,
    options: &JobOptions<'_>,
) -> Result<Option<Job>, ImportError> {
    let known = journal.jobs()?.into_iter().find(|(of, _)| of == fingerprint);
    if let Some((_, id)) = known {
        match server.ask(GET, &json!({ "JobId": id })).await {
            Ok(reply) => {
                let job = parsed(reply)?;
                if job.can_go_on() {
                    return Ok(Some(job));
                }
            }
            // It is of another server process, or was removed.
            Err(CallError::Refused { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let body = json!({ "Name": options.name, "OnChange": options.on_change });
    let job = match server.ask(CREATE, &body).await {
        Ok(reply) => parsed(reply)?,
        // A server without a folder for jobs, or one that is older.
        Err(error) if error.refusal().is_some() && !error.is_about_the_caller() => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let receipt = Receipt::Job { fingerprint: fingerprint.to_owned(), job: job.job_id.clone() };
    journal.write(vec![receipt]).await?;
    Ok(Some(job))
}

/// Sends what the server does not have yet.
async fn upload(
    file: &Path,
    server: &Server,
    job: &mut Job,
    stop: &watch::Receiver<bool>,
    observer: &dyn Observer,
) -> Result<(), ImportError> {
    let mut source = File::open(file)?;
    let total = source.metadata()?.len();
    let mut backoff = server.backoff();
    while job.is_receiving() && !*stop.borrow() {
        let mut piece = Vec::new();
        source.seek(SeekFrom::Start(job.bytes))?;
        (&mut source).take(PIECE_BYTES as u64).read_to_end(&mut piece)?;
        let end = job.bytes + piece.len() as u64;
        let head = json!({ "JobId": job.job_id, "Offset": job.bytes, "Complete": u8::from(end == total) });
        let mut body = format!("{head}\n").into_bytes();
        body.append(&mut piece);
        match server.send_bytes(UPLOAD, &body).await {
            Ok(reply) => {
                *job = parsed(reply)?;
                backoff = server.backoff();
            }
            Err(error) => {
                backoff.wait(server, UPLOAD, error).await?;
                *job = ask(server, GET, &json!({ "JobId": job.job_id })).await?;
            }
        }
        observer.progress(&Progress { phase: Phase::Sending, done: job.bytes, total, ..Progress::default() });
    }
    Ok(())
}

/// A hash of the whole file, as hexadecimal digits.
fn fingerprint(file: &Path) -> io::Result<String> {
    let (mut file, mut hash) = (File::open(file)?, Xxh3Default::new());
    let mut buffer = vec![0; 1 << 20];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(format!("{:032x}", hash.digest128())),
            length => hash.update(buffer.get(..length).unwrap_or_default()),
        }
    }
}
