//! Brings a neutral file into a server over its API.
//!
//! The records are put in order on the disk, accounts and files are brought in, then groups, several at the same time, each by one
//! worker: the group, its topics, members, messages, changes of what is there already, read marks. So are the friends of an account,
//! and the messages between two. What the server took is
//! written to the journal before the next step, so that an import can be stopped anywhere and started again.
//!
//! [choice] A group's history stops at its first message that is faulty or refused; those behind it are left for another run.

mod accounts;
mod ahead;
mod changes;
mod desk;
mod failed;
mod feed;
mod files;
mod group;
mod history;
mod members;
mod message;
mod messages;
mod options;
mod people;
mod profile;
mod reading;
mod reads;
mod report;
mod run;
mod talk;
mod topics;

pub(crate) use ahead::{Ahead, files_ahead};
pub(crate) use failed::line as failed_line;
pub use options::{ImportOptions, OnChange};
pub use report::{Counts, ImportReport, Observer, Phase, Point, Progress, Size};

use crate::format::Kind;
use crate::journal::{Journal, JournalError, Owner};
use crate::rules::ServerLimits;
use crate::server::{CallError, CallLimits, Server};
use desk::Desk;
use feed::{Feed, Item, Work};
use files::FileItem;
use futures_util::future::BoxFuture;
use futures_util::stream::{self, FuturesUnordered, StreamExt as _};
use landfall_domain::account::UnknownAccounts;
use landfall_domain::limits::Limits;
use landfall_domain::time::{Clock as _, SystemClock};
use run::Run;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Semaphore, mpsc};

/// How often the observer hears how far the import is.
const TICK: Duration = Duration::from_millis(200);

/// Why an import ended before its end. What was brought in until then is in the journal.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The source, the failed file or the disk.
    #[error("the disk failed or a file cannot be read")]
    Io(#[from] io::Error),
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The server did not take a call for too long, or refuses every call.
    #[error("the import cannot go on; start it again and it continues from here")]
    Server(#[from] CallError),
}

/// Imports `file`. `server.stop()` ends it in order; then the report is not `finished`. Dropping it stops at once; the next
/// import with the same journal, or without any, finds out what was brought in.
///
/// # Errors
/// The file or the journal cannot be read or written, or the server did not answer for too long.
pub async fn run(
    file: &Path,
    server: Arc<Server>,
    options: &ImportOptions,
    observer: &dyn Observer,
) -> Result<ImportReport, ImportError> {
    let calls = match server.limits().await {
        Ok(calls) => calls,
        Err(CallError::Stopped(_)) => return Ok(ImportReport::default()),
        Err(error) => return Err(error.into()),
    };
    let owner = Owner { server: server.address().to_owned(), app: server.app() };
    let journal = Journal::open(&options.journal, &owner)?;
    let rules = limits_of(options, &calls);
    let desk = Desk::new(observer, &server, &options.failed);
    let sending = Semaphore::new(files::AT_ONCE);
    let run = Run { server: &server, calls, rules, journal: &journal, options, desk, sending };
    let outcome = import(&run, file).await;
    let finished = match outcome {
        Ok(()) => true,
        Err(ImportError::Server(CallError::Stopped(_))) => false,
        Err(error) => return Err(error),
    };
    Ok(run.desk.close(finished)?)
}

/// What records are checked against.
fn limits_of(options: &ImportOptions, calls: &CallLimits) -> ServerLimits {
    options.rules.clone().unwrap_or_else(|| {
        let word = |name| calls.landfall.as_ref().and_then(|reply| reply.get(name)?.as_str());
        let limits = if word("Mode") == Some("relaxed") { Limits::RELAXED } else { Limits::FAITHFUL };
        let unknown_accounts = match word("UnknownAccounts") {
            Some("create") => UnknownAccounts::Create,
            Some(_) | None => UnknownAccounts::Refuse,
        };
        ServerLimits { limits, unknown_accounts, ..ServerLimits::faithful(SystemClock.now()) }
    })
}

async fn import(run: &Run<'_>, file: &Path) -> Result<(), ImportError> {
    let records = reading::read(run, file, TICK).await?;
    run.desk.found(records.records());
    let (work, mut taken) = mpsc::channel(1);
    let feed = Feed::new(run.rules.clone(), work);
    let end_of_feed = reading::EndOfFeed(feed.places());
    let runtime = tokio::runtime::Handle::current();
    let reading = tokio::task::spawn_blocking(move || feed.run(records, &runtime));
    let outcome = work_off(run, &mut taken).await;
    drop((end_of_feed, taken));
    let read = reading.await.map_err(io::Error::other)?;
    outcome?;
    Ok(read?)
}

/// Accounts and files.
async fn single(run: &Run<'_>, items: Vec<Item>) -> Result<(), ImportError> {
    let (files, accounts): (Vec<_>, _) =
        items.into_iter().partition(|item| item.entry.record.kind() == Kind::File);
    accounts::import(run, accounts).await?;
    files::import(run, stream::iter(files.into_iter().map(FileItem::from))).await
}

/// Starts workers, and waits for all of them. The first error stops the others before their next call.
async fn work_off(run: &Run<'_>, work: &mut mpsc::Receiver<Work>) -> Result<(), ImportError> {
    let mut workers: FuturesUnordered<BoxFuture<'_, Result<(), ImportError>>> = FuturesUnordered::new();
    let mut ticks = tokio::time::interval(TICK);
    let (mut outcome, mut groups, mut open) = (Ok(()), false, true);
    let mut next: Option<Work> = None;
    run.desk.phase(Phase::Accounts);
    while open || !workers.is_empty() || next.is_some() {
        // Groups wait for the accounts.
        if workers.is_empty() && matches!(next, Some(Work::Group(..))) {
            groups = true;
            run.desk.phase(Phase::Groups);
        }
        if let Some(ready) = next.take_if(|next| groups || matches!(next, Work::Single(_))) {
            workers.push(match ready {
                Work::Single(items) => Box::pin(single(run, items)),
                Work::Group(id, items) if id.contains(people::BETWEEN) => {
                    Box::pin(people::import(run, items))
                }
                Work::Group(id, items) => Box::pin(group::import(run, id, items)),
            });
        }
        let room = open && next.is_none() && workers.len() < run.options.workers.max(1);
        tokio::select! {
            _ = ticks.tick() => run.desk.tick(),
            Some(ended) = workers.next() => if let Err(error) = ended {
                open = false;
                next = None;
                work.close();
                run.server.stop();
                // An error counts for more than that the others were stopped by it.
                if outcome.is_ok() || is_stop(&outcome) {
                    outcome = Err(error);
                }
            },
            taken = work.recv(), if room => match taken {
                Some(taken) => next = Some(taken),
                None => open = false,
            },
        }
    }
    outcome
}

fn is_stop(outcome: &Result<(), ImportError>) -> bool {
    matches!(outcome, Err(ImportError::Server(CallError::Stopped(_))))
}
