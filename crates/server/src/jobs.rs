//! Jobs that bring whole groups in, and people: a neutral file arrives, is put in order, and its groups are brought in, each whole
//! or not at all. Jobs survive a restart; their files and receipts lie in a folder of this server.

mod background;
mod batches;
mod folder;
mod loads;
mod people;
mod people_batches;
mod record;
mod runner;
mod undo;
mod union;
mod upload;
mod work;

use crate::apps::Apps;
use crate::clients::Hub;
use crate::lock::lock;
use folder::Folder;
use landfall_domain::account::UnknownAccounts;
use landfall_domain::bulk::{BroughtGroup, BulkStore};
use landfall_domain::context::Context;
use landfall_domain::error::StoreError;
use landfall_domain::fields::{FieldKey, UserFieldRule};
use landfall_domain::ids::{AppId, GroupId, UserId};
use landfall_domain::limits::Limits;
use landfall_domain::origin::JobId;
use landfall_domain::store::Store;
use landfall_domain::time::Clock;
use landfall_migrate::rules::ServerLimits;
use record::Counts;
pub(crate) use record::{JobAnswer, JobRecord, OnChange, State, job_named, name_of};
use runner::{Broken, Run};
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::{Notify, Semaphore};
use tokio::time::Instant;

/// Jobs of one app, at most.
const JOBS_MAX: usize = 1_000;
/// Longest name of a job, bytes.
pub(crate) const NAME_BYTES_MAX: usize = 200;
/// Largest file, bytes.
const FILE_BYTES_MAX: u64 = 1 << 40;

/// Why a call about a job is refused.
#[derive(Debug, thiserror::Error)]
pub(crate) enum JobProblem {
    #[error("there is no such job")]
    NoSuchJob,
    #[error("the app has {JOBS_MAX} jobs; cancel or undo one of them")]
    TooMany,
    #[error("the job is {}; {wanted}", name_of_state(*.is))]
    WrongState { is: State, wanted: &'static str },
    /// The same call can succeed in a moment.
    #[error("the job is busy: {0}; try again")]
    Busy(&'static str),
    #[error("Offset is {asked}, and {have} bytes of the file are there")]
    WrongOffset { asked: u64, have: u64 },
    #[error("the file is larger than {} bytes", FILE_BYTES_MAX)]
    TooLarge,
    #[error("the body broke off: {0}")]
    Broken(String),
    #[error("the folder of the jobs cannot be used: {0}")]
    Disk(#[from] io::Error),
}

fn name_of_state(state: State) -> String {
    format!("{state:?}").to_lowercase()
}

/// What jobs need of the server.
pub(crate) struct Needs {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) bulk: Arc<dyn BulkStore>,
    pub(crate) apps: Arc<Apps>,
    pub(crate) hub: Box<dyn Fn(AppId) -> Arc<Hub> + Send + Sync>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) limits: Limits,
    pub(crate) unknown: UnknownAccounts,
}

/// The jobs of this server.
pub(crate) struct Jobs {
    directory: PathBuf,
    needs: Needs,
    jobs: Mutex<BTreeMap<(AppId, JobId), Job>>,
    /// One runs at a time.
    turn: Semaphore,
    closing: AtomicBool,
    /// Told when the work of a job ends.
    ended: Notify,
}

struct Job {
    folder: Folder,
    record: JobRecord,
    /// Whether a task works for it, or its file arrives.
    busy: bool,
    stop: Arc<AtomicBool>,
}

impl Jobs {
    /// The jobs in a directory, which is made when the first one is. Those that a stop of the server broke off go on.
    ///
    /// # Errors
    /// The directory is there and cannot be read.
    pub(crate) fn open(directory: &Path, needs: Needs) -> io::Result<Arc<Self>> {
        let mut jobs = BTreeMap::new();
        for (app, path) in folders(directory)? {
            let Some(app) = app.parse().ok().map(AppId) else { continue };
            for (name, path) in folders(&path)? {
                let folder = Folder::new(path);
                if let (Some(id), Some(record)) = (job_named(&name), folder.load()?) {
                    jobs.insert((app, id), Job { folder, record, busy: false, stop: Arc::default() });
                }
            }
        }
        let broken_off: Vec<_> =
            jobs.iter().filter(|(_, job)| job.record.state.is_busy()).map(|(id, _)| *id).collect();
        let jobs = Arc::new(Self {
            directory: directory.to_owned(),
            needs,
            jobs: Mutex::new(jobs),
            turn: Semaphore::new(1),
            closing: AtomicBool::new(false),
            ended: Notify::new(),
        });
        for (app, job) in broken_off {
            jobs.work(app, job);
        }
        Ok(jobs)
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<(AppId, JobId), Job>> {
        lock(&self.jobs)
    }

    /// Makes a job that waits for its file.
    pub(crate) fn create(
        &self,
        app: AppId,
        name: String,
        on_change: OnChange,
        random_bits: u64,
    ) -> Result<JobRecord, JobProblem> {
        let mut jobs = self.lock();
        if JOBS_MAX <= jobs.range((app, JobId(0))..=(app, JobId(u64::MAX))).count() {
            return Err(JobProblem::TooMany);
        }
        let mut id = JobId(random_bits);
        while jobs.contains_key(&(app, id)) {
            id = JobId(id.0.wrapping_add(1));
        }
        let record = JobRecord {
            job_id: name_of(id),
            name,
            on_change,
            create_time: self.needs.clock.now().0,
            ..JobRecord::default()
        };
        let folder = Folder::new(self.directory.join(app.to_string()).join(name_of(id)));
        folder.save(&record)?;
        jobs.insert((app, id), Job { folder, record: record.clone(), busy: false, stop: Arc::default() });
        Ok(record)
    }

    pub(crate) fn get(&self, app: AppId, job: JobId) -> Result<JobRecord, JobProblem> {
        let jobs = self.lock();
        let job = jobs.get(&(app, job)).ok_or(JobProblem::NoSuchJob)?;
        let mut record = job.record.clone();
        if record.state == State::Receiving {
            // More than was noted, where a body is arriving or the server was killed.
            record.bytes = job.folder.file().metadata().map_or(record.bytes, |file| file.len());
        }
        Ok(record)
    }

    /// Like [`get`](Self::get), once the job is no longer at work, or after `wait`.
    pub(crate) async fn get_ended(
        &self,
        app: AppId,
        job: JobId,
        wait: Duration,
    ) -> Result<JobRecord, JobProblem> {
        let until = Instant::now() + wait;
        loop {
            let ended = self.ended.notified();
            let record = self.get(app, job)?;
            if !record.state.is_busy() || tokio::time::timeout_at(until, ended).await.is_err() {
                return Ok(record);
            }
        }
    }

    /// The jobs of an app.
    pub(crate) fn list(&self, app: AppId) -> Vec<JobRecord> {
        let jobs = self.lock();
        jobs.range((app, JobId(0))..=(app, JobId(u64::MAX))).map(|(_, job)| job.record.clone()).collect()
    }

    /// Where groups came from, as [`BulkStore::brought_groups`] says it.
    pub(crate) async fn brought_groups(
        &self,
        app: AppId,
        groups: Vec<GroupId>,
    ) -> Result<Vec<Option<BroughtGroup>>, StoreError> {
        self.needs.bulk.brought_groups(app, groups).await
    }

    /// Accounts, as [`Store::list_accounts`] lists them.
    pub(crate) async fn list_accounts(
        &self,
        app: AppId,
        after: Option<UserId>,
        limit: usize,
    ) -> Result<Vec<UserId>, StoreError> {
        self.needs.store.list_accounts(app, after, limit).await
    }

    /// Receipts of a job from the byte `offset` on, at most `limit`, and where the next page starts.
    pub(crate) fn receipts(
        &self,
        app: AppId,
        job: JobId,
        offset: u64,
        limit: usize,
    ) -> Result<(Vec<String>, u64), JobProblem> {
        let folder = self.lock().get(&(app, job)).map(|job| job.folder.clone());
        Ok(folder.ok_or(JobProblem::NoSuchJob)?.read_receipts(offset, limit)?)
    }

    /// Starts a job, or resumes one that is paused. One that is at work or done stays as it is.
    pub(crate) fn start(self: &Arc<Self>, app: AppId, job: JobId) -> Result<JobRecord, JobProblem> {
        const WANTED: &str = "send its file with Complete first";
        self.begin(app, job, |record| match record.state {
            State::Ready | State::Paused => Ok(Some(State::Checking)),
            State::Checking | State::Running | State::Done => Ok(None),
            is @ (State::Receiving | State::Undoing | State::Undone | State::Cancelled | State::Failed) => {
                Err(JobProblem::WrongState { is, wanted: WANTED })
            }
        })
    }

    /// Takes out what a job brought in; also what was touched since, with `force`.
    pub(crate) fn undo(
        self: &Arc<Self>,
        app: AppId,
        job: JobId,
        force: bool,
    ) -> Result<JobRecord, JobProblem> {
        const WANTED: &str = "pause or cancel it first";
        self.begin(app, job, |record| match record.state {
            State::Checking | State::Running => {
                Err(JobProblem::WrongState { is: record.state, wanted: WANTED })
            }
            State::Undoing => Ok(None),
            State::Receiving
            | State::Ready
            | State::Paused
            | State::Done
            | State::Undone
            | State::Cancelled
            | State::Failed => {
                record.force = force;
                record.counts.removed = 0;
                Ok(Some(State::Undoing))
            }
        })
    }

    /// Sets a job to work, if `next` says so.
    fn begin(
        self: &Arc<Self>,
        app: AppId,
        id: JobId,
        next: impl FnOnce(&mut JobRecord) -> Result<Option<State>, JobProblem>,
    ) -> Result<JobRecord, JobProblem> {
        let mut jobs = self.lock();
        let job = jobs.get_mut(&(app, id)).ok_or(JobProblem::NoSuchJob)?;
        let mut record = job.record.clone();
        let Some(state) = next(&mut record)? else { return Ok(record) };
        if job.busy {
            return Err(JobProblem::Busy("its work is about to end"));
        }
        let start_time = self.needs.clock.now().0;
        let record = JobRecord { state, start_time, end_time: 0, problem: String::new(), ..record };
        job.folder.save(&record)?;
        job.record = record.clone();
        drop(jobs);
        self.work(app, id);
        Ok(record)
    }

    /// Pauses a job that is at work, or stops it for good.
    pub(crate) fn stop(&self, app: AppId, id: JobId, for_good: bool) -> Result<JobRecord, JobProblem> {
        let mut jobs = self.lock();
        let job = jobs.get_mut(&(app, id)).ok_or(JobProblem::NoSuchJob)?;
        let is = job.record.state;
        let state = match (is, for_good) {
            (State::Ready | State::Checking | State::Running | State::Paused, false) => State::Paused,
            (
                State::Receiving
                | State::Ready
                | State::Checking
                | State::Running
                | State::Paused
                | State::Cancelled,
                true,
            ) => State::Cancelled,
            _ => {
                return Err(JobProblem::WrongState {
                    is,
                    wanted: "only one that is not yet done can be stopped",
                });
            }
        };
        job.stop.store(true, Ordering::Relaxed);
        job.record.state = state;
        job.folder.save(&job.record)?;
        if for_good && !job.busy {
            job.folder.remove_file()?;
        }
        Ok(job.record.clone())
    }

    /// Lets a task do the work that the state of a job names.
    fn work(self: &Arc<Self>, app: AppId, id: JobId) {
        let stop = {
            let mut jobs = self.lock();
            let Some(job) = jobs.get_mut(&(app, id)) else { return };
            job.busy = true;
            job.stop = Arc::default();
            Arc::clone(&job.stop)
        };
        let jobs = Arc::clone(self);
        tokio::spawn(async move {
            let Ok(_turn) = jobs.turn.acquire().await else { return };
            let (worker, runtime) = (Arc::clone(&jobs), Handle::current());
            let done = background::run(move || worker.perform(app, id, &stop, runtime)).await;
            jobs.end(app, id, done.unwrap_or_else(|failed| Err(Broken::Disk(failed))));
            jobs.ended.notify_waiters();
        });
    }

    /// Does the work of a job, and says in which state it is then.
    fn perform(
        &self,
        app: AppId,
        id: JobId,
        stop: &AtomicBool,
        runtime: Handle,
    ) -> Result<(State, Counts), Broken> {
        let (folder, record) = {
            let jobs = self.lock();
            let job = jobs.get(&(app, id)).ok_or(Broken::Stopped)?;
            (job.folder.clone(), job.record.clone())
        };
        let check = || {
            let stops = stop.load(Ordering::Relaxed) || self.closing.load(Ordering::Relaxed);
            if stops { Err(Broken::Stopped) } else { Ok(()) }
        };
        check()?;
        let Needs { store, bulk, apps, hub, clock, limits, unknown } = &self.needs;
        let context = Context { app, now: clock.now(), unknown: *unknown };
        if record.state == State::Undoing {
            let counts = undo::undo((&**store, &**bulk), &folder, context, id, &record, &check, &runtime)?;
            return Ok((State::Undone, counts));
        }
        let found = apps.get(app);
        let on_progress = |counts: Counts, running: bool| {
            self.note(app, id, counts, running);
            check()
        };
        let run = Run {
            job: id,
            on_change: record.on_change,
            context,
            limits: ServerLimits {
                landfall: true,
                limits: Limits { generated_ids: true, ..*limits },
                group_fields: found.as_ref().map(|app| app.group_fields.clone()),
                member_fields: found.as_ref().map(|app| app.member_fields.clone()),
                user_fields: found.as_ref().map(|app| writable(&app.user_fields)),
                friend_fields: found.as_ref().map(|app| writable(&app.friend_fields)),
                unknown_accounts: *unknown,
                now: context.now,
            },
            folder: &folder,
            store: &**store,
            bulk: &**bulk,
            hub: hub(app),
            runtime,
            on_progress: &on_progress,
        };
        runner::run(&run).map(|counts| (State::Done, counts))
    }

    /// Notes how far a job has come.
    fn note(&self, app: AppId, id: JobId, counts: Counts, running: bool) {
        if let Some(job) = self.lock().get_mut(&(app, id)) {
            job.record.counts = counts;
            if running && job.record.state == State::Checking {
                job.record.state = State::Running;
            }
        }
    }

    /// Notes the end of the work of a job. A server that stops leaves the state as it is, so that the job goes on with the
    /// next start.
    fn end(&self, app: AppId, id: JobId, done: Result<(State, Counts), Broken>) {
        let mut jobs = self.lock();
        let Some(job) = jobs.get_mut(&(app, id)) else { return };
        job.busy = false;
        match done {
            // One that was told to stop a moment too late is done all the same.
            Ok((state, counts)) => (job.record.state, job.record.counts) = (state, counts),
            Err(Broken::Stopped) if self.closing.load(Ordering::Relaxed) => return,
            Err(Broken::Stopped) => {}
            Err(error) => {
                // What is half undone can be undone again.
                let resumable = matches!(error, Broken::Store(_)) && job.record.state != State::Undoing;
                job.record.state = if resumable { State::Paused } else { State::Failed };
                job.record.problem = error.to_string();
            }
        }
        job.record.end_time = self.needs.clock.now().0;
        let saved = job.folder.save(&job.record);
        // Not before: a server that is killed in between would look for the file.
        let is_over = job.record.state.is_over();
        if let Err(error) = saved.and_then(|()| if is_over { job.folder.remove_file() } else { Ok(()) }) {
            let id = name_of(id);
            tracing::error!(job = id, %error, "the state of job {id} cannot be written: {error}");
        }
    }

    /// Stops the work of all jobs, which goes on with the next start.
    pub(crate) async fn close(&self) {
        self.closing.store(true, Ordering::Relaxed);
        // Whoever works holds the turn.
        drop(self.turn.acquire().await);
        self.turn.close();
    }
}

/// The custom fields that callers may write.
fn writable(fields: &[UserFieldRule]) -> Vec<FieldKey> {
    fields.iter().filter(|field| field.writable).map(|field| field.key.clone()).collect()
}

/// The folders in a directory by name; none where there is no directory.
fn folders(directory: &Path) -> io::Result<Vec<(String, PathBuf)>> {
    let entries = match std::fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            found.push((entry.file_name().to_string_lossy().into_owned(), entry.path()));
        }
    }
    Ok(found)
}
