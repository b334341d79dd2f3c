//! The commands that move groups in and out.

mod check;
mod convert;
mod display;
mod export;
mod import;
mod undo;
mod verify;

pub(super) use check::check;
pub(super) use convert::convert;
pub(super) use export::export;
pub(super) use import::import;
pub(super) use undo::undo;
pub(super) use verify::verify;

use super::Failure;
use super::access::{Access, Given};
use super::arguments::moving::{ServerArguments, SourceArguments};
use crate::usersig;
use display::Display;
use landfall_domain::time::{Clock as _, SystemClock};
use landfall_migrate::rules::ServerLimits;
use landfall_migrate::server::{CallError, CallLimits, Server, ServerError, ServerOptions};
use landfall_migrate::sources::v4::PullError;
use landfall_migrate::sources::{self, ConvertError, Opened};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// Seconds that a UserSig of a migration is valid; it is made anew before that.
const USERSIG_SECONDS: u64 = 86_400;

/// Why a command that moves groups did not do all it should.
#[derive(Debug, thiserror::Error)]
pub(super) enum MovingError {
    #[error("--server cannot be used")]
    Server(#[from] ServerError),
    #[error("no administrator is named; give --admin, or --config")]
    NoAdmin,
    #[error("there is no journal {}; give the one of the import with --journal", .0.display())]
    NoJournal(PathBuf),
    #[error("{} is the source itself; choose another file", .0.display())]
    OutputIsSource(PathBuf),
    #[error("the server has no job {0}")]
    NoJob(String),
    #[error(transparent)]
    Convert(#[from] ConvertError),
    #[error(transparent)]
    Journal(#[from] landfall_migrate::journal::JournalError),
    #[error("the undo ended early; the same command again goes on from there")]
    Undo(#[from] landfall_migrate::undo::UndoError),
    #[error("the import ended early")]
    Import(#[from] landfall_migrate::import::ImportError),
    #[error("the comparison ended early")]
    Verify(#[from] landfall_migrate::verify::VerifyError),
    #[error("the export ended early")]
    Export(#[from] PullError),
    #[error("the server {server} cannot be used")]
    Unusable { server: String, source: CallError },
    #[error("stopped before the end; the same command again goes on from there")]
    Stopped,
    /// The command did its work, and some records have faults.
    #[error("done, but for {0} faults; see above")]
    Faults(u64),
    /// Groups were touched, or were there before.
    #[error("done, but {0} groups are kept; see above")]
    Kept(u64),
    /// The server does not have what the file has.
    #[error("the server differs from the file; see above")]
    Differs,
}

impl MovingError {
    /// The exit code of the program.
    pub(super) fn code(&self) -> u8 {
        match self {
            Self::Server(_) | Self::NoAdmin | Self::OutputIsSource(_) => 2,
            Self::NoJournal(_)
            | Self::NoJob(_)
            | Self::Convert(_)
            | Self::Journal(_)
            | Self::Undo(_)
            | Self::Import(_)
            | Self::Verify(_)
            | Self::Export(_)
            | Self::Unusable { .. }
            | Self::Stopped => 1,
            Self::Faults(_) | Self::Kept(_) => 3,
            Self::Differs => 4,
        }
    }
}

/// The server that the arguments name.
fn server(
    arguments: ServerArguments,
    variables: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<Server, Failure> {
    let ServerArguments { server, app, admin, key_file, config, rate } = arguments;
    let Access { server: url, app, key, admin: first } =
        Given { server, app, key_file, config }.access(variables)?;
    let admin = admin.or_else(|| first.map(|first| first.as_str().to_owned()));
    let admin = admin.ok_or(MovingError::NoAdmin)?;
    let name = admin.clone();
    let sign = move || usersig::make(&name, app, &key, SystemClock.now(), USERSIG_SECONDS);
    let options = ServerOptions { url, app: app.0, admin, sign: Box::new(sign) };
    let server = Server::new(options).map_err(MovingError::Server)?;
    Ok(match rate {
        Some(rate) => server.with_rate(rate),
        None => server,
    })
}

/// Refuses an output that would take the place of what is read.
fn refuse_source(source: &Path, out: &Path) -> Result<(), MovingError> {
    let same = source.canonicalize().ok().zip(out.canonicalize().ok()).is_some_and(|(a, b)| a == b);
    if same { Err(MovingError::OutputIsSource(out.to_owned())) } else { Ok(()) }
}

/// The first call.
async fn reach(server: &Server) -> Result<CallLimits, MovingError> {
    server.limits().await.map_err(|error| unusable(server, error))
}

fn unusable(server: &Server, source: CallError) -> MovingError {
    MovingError::Unusable { server: server.address().to_owned(), source }
}

/// What the server takes; the documented limits where it is not Landfall.
async fn limits(server: &Server) -> Result<ServerLimits, Failure> {
    let limits = reach(server).await?;
    Ok(rules(&limits))
}

fn rules(limits: &CallLimits) -> ServerLimits {
    let now = SystemClock.now();
    match &limits.landfall {
        Some(answer) => ServerLimits::answered(answer, now),
        None => ServerLimits::faithful(now),
    }
}

/// The source as a neutral file; faults of a conversion are shown.
fn open(source: &SourceArguments, limits: &ServerLimits, display: &Display) -> Result<Opened, Failure> {
    let mapping = sources::read_mapping(source.mapping.as_deref()).map_err(MovingError::Convert)?;
    let spill = spill_directory(&source.source);
    let mut on_fault = |fault| display.add_fault(&fault);
    let opened = sources::open(&source.source, &mapping, &limits.limits, &spill, &mut on_fault);
    Ok(opened.map_err(MovingError::Convert)?)
}

/// Where records go that do not fit in memory: beside the source, which most likely has room for as much again.
fn spill_directory(source: &Path) -> PathBuf {
    let parent = source.parent().filter(|parent| !parent.as_os_str().is_empty());
    parent.unwrap_or(Path::new(".")).to_owned()
}
