//! Files with the messages of past hours, for `get_history`: made in the background, kept among the files, and removed after
//! a week.
//!
//! When an hour is over, one of the servers makes its files. A file is in the store of files, whole, before it becomes known,
//! so nobody finds half of one; after a crash the hour is made again. An hour for which there are no files is made, once more,
//! when somebody asks for it.
//!
//! [choice] Messages are archived as they are when the file is made: without those that were recalled, removed or sent to
//! connected clients only, and with those that an import has put into the hour before that. Addresses of files in them are
//! not signed. Messages of one conversation come together, in their order.
//! [choice] A file with exactly the same content that an administrator has put in goes when the archived one goes.

mod messages;
mod writer;

use crate::state::Server;
use landfall_domain::context::Context;
use landfall_domain::error::{OperationError, StoreError};
use landfall_domain::ids::AppId;
use landfall_domain::people::Subject;
use landfall_domain::people::archive::{ArchiveFile, ArchiveKind, Hour};
use landfall_domain::people::fact::{Fact, FactFamily, FactKey, FactRange};
use landfall_domain::people::operation::{PeopleImport, import_people};
use landfall_domain::people::operations::archive::{
    ClaimHour, FinishHour, ForgetArchive, HOURS_KEPT, KeepArchive,
};
use landfall_domain::people::snapshot::PeopleNeeds;
use landfall_domain::store::Store;
use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior};
use writer::Writer;

/// How often it is looked whether an hour is over.
const ROUND_TIME: Duration = Duration::from_secs(60);

/// Why files were not made.
#[derive(Debug, thiserror::Error)]
enum ArchiveError {
    #[error("the store failed: {0}")]
    Store(#[from] StoreError),
    #[error("a file cannot be written: {0}")]
    File(#[from] io::Error),
    /// It is made after the next start.
    #[error("the server is stopping")]
    Stopping,
}

/// Runs until the server stops.
pub(crate) async fn run(server: Arc<Server>, mut draining: watch::Receiver<bool>) {
    let mut rounds = tokio::time::interval_at(Instant::now() + ROUND_TIME, ROUND_TIME);
    rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = rounds.tick() => {
                for app in server.apps.all() {
                    log(app.id, round(&server, app.id).await);
                }
            }
            () = server.archives.added() => {}
            _ = draining.changed() => return,
        }
        while let Some((app, kind, hour)) = server.archives.take() {
            log(app, make(&server, app, kind, hour).await);
        }
    }
}

fn log(app: AppId, done: Result<(), ArchiveError>) {
    if let Err(error @ (ArchiveError::Store(_) | ArchiveError::File(_))) = done {
        tracing::error!(%app, %error, "the messages of an hour of app {app} are archived later: {error}");
    }
}

/// Makes the files of the hours that are over, and removes those of a week ago.
async fn round(server: &Server, app: AppId) -> Result<(), ArchiveError> {
    while let Some(hour) = perform(server, app, ClaimHour).await? {
        for kind in [ArchiveKind::Direct, ArchiveKind::Group] {
            make(server, app, kind, hour).await?;
        }
        perform(server, app, FinishHour(hour)).await?;
    }
    for kind in [ArchiveKind::Direct, ArchiveKind::Group] {
        expire(server, app, kind).await?;
    }
    Ok(())
}

async fn perform<I: PeopleImport<Refusal = Infallible>>(
    server: &Server,
    app: AppId,
    operation: I,
) -> Result<I::Answer, StoreError> {
    let context = Context { app, now: server.clock.now(), unknown: server.unknown_accounts };
    match import_people(&*server.store, context, operation).await {
        Ok(answer) => Ok(answer),
        Err(OperationError::Store(error)) => Err(error),
    }
}

/// The files of an hour that are known; none when there are none.
async fn known(
    store: &dyn Store,
    app: AppId,
    kind: ArchiveKind,
    hour: Hour,
) -> Result<Vec<ArchiveFile>, StoreError> {
    let key = FactKey::Archive(kind, hour);
    let needs = PeopleNeeds { facts: vec![(Subject::App, key)], ..PeopleNeeds::default() };
    let found = store.people(app, needs).await?.facts.into_values().next();
    Ok(match found {
        Some(Fact::Archive(files)) => files,
        Some(_) | None => Vec::new(),
    })
}

/// Makes the files of an hour, unless they are known.
async fn make(server: &Server, app: AppId, kind: ArchiveKind, hour: Hour) -> Result<(), ArchiveError> {
    if !known(&*server.store, app, kind, hour).await?.is_empty() {
        return Ok(());
    }
    let mut writer = Writer::new(&server.files, app, kind, hour);
    match kind {
        ArchiveKind::Direct => messages::of_pairs(server, app, hour, &mut writer).await?,
        ArchiveKind::Group => messages::of_groups(server, app, hour, &mut writer).await?,
    }
    let files = writer.finish().await?;
    if files.is_empty() {
        return Ok(());
    }
    if !perform(server, app, KeepArchive { kind, hour, files: files.clone() }).await? {
        // Another server was faster, and something was recalled in between.
        let kept = known(&*server.store, app, kind, hour).await?;
        for file in files.iter().filter(|file| !kept.contains(file)) {
            server.files.remove(app, &file.id).await?;
        }
    }
    Ok(())
}

/// Removes the files of hours that are no longer kept, and then forgets them.
async fn expire(server: &Server, app: AppId, kind: ArchiveKind) -> Result<(), ArchiveError> {
    let first = Hour::of(server.clock.now()).0.saturating_sub(HOURS_KEPT);
    loop {
        let oldest =
            FactRange { subject: Subject::App, family: FactFamily::Archives(kind), after: None, limit: 1 };
        let needs = PeopleNeeds { ranges: vec![oldest], ..PeopleNeeds::default() };
        let found = server.store.people(app, needs).await?.facts.into_iter().next();
        let Some(((_, FactKey::Archive(_, hour)), Fact::Archive(files))) = found else { return Ok(()) };
        if first <= hour.0 {
            return Ok(());
        }
        for file in &files {
            server.files.remove(app, &file.id).await?;
        }
        perform(server, app, ForgetArchive(kind, hour)).await?;
    }
}
