//! The data directory: its format version, and why it cannot be opened.

use crate::transfer::Undelivered;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Version of the layout this program writes. Each opens what those before it wrote, and changes nothing of it: 2 added
/// the kicks of deleted accounts, which a program that knows only 1 would forget.
pub(super) const FORMAT: u32 = 2;

const FORMAT_FILE: &str = "FORMAT";
/// The engine writes and syncs this file last when it makes its folder, before it takes any data.
const ENGINE_MARKER: &str = "version";
/// The engine holds a lock on this file while it is open.
const ENGINE_LOCK: &str = "lock";

/// Why a data directory cannot be opened. Each text says what to do.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has it.
    #[error("the data directory {} is in use by another process; stop that process, or choose another directory", .0.display())]
    Locked(PathBuf),
    /// Written by a newer program.
    #[error("the data directory {} has format {found}, this program knows up to {FORMAT}; start the newer program that wrote it", dir.display())]
    Newer {
        /// The directory.
        dir: PathBuf,
        /// Its format.
        found: u32,
    },
    /// A format file that holds no number, or files of something else.
    #[error("{} is no data directory of this program: {why}", dir.display())]
    Foreign {
        /// The directory.
        dir: PathBuf,
        /// What was found.
        why: &'static str,
    },
    /// Reading or writing failed.
    #[error("cannot open the data directory {}: {cause}", dir.display())]
    Io {
        /// The directory.
        dir: PathBuf,
        /// The cause.
        cause: io::Error,
    },
    /// The engine refused.
    #[error("cannot open the data directory {}: {cause}", dir.display())]
    Engine {
        /// The directory.
        dir: PathBuf,
        /// The cause.
        cause: fjall::Error,
    },
    /// It can be read, but what is in memory cannot be written to it. The engine keeps the cause to itself.
    #[error("the data directory {} can be opened but not written; the disk may be full or failing", .0.display())]
    Unwritable(PathBuf),
    /// A stored value makes no sense.
    #[error("the data directory {} is damaged: {why}", dir.display())]
    Damaged {
        /// The directory.
        dir: PathBuf,
        /// What was found.
        why: String,
    },
    /// A copy into it was begun and not finished, so it may hold half of what it should.
    #[error("the data directory {} holds the unfinished copy of {of}; run `landfall store copy` from there once more to finish it", dir.display())]
    Unfinished {
        /// The directory.
        dir: PathBuf,
        /// What was copied from.
        of: String,
    },
    /// It was to be copied, and has something to tell.
    #[error("the data directory {} cannot be copied: {what}", dir.display())]
    Undelivered {
        /// The directory.
        dir: PathBuf,
        /// What there is.
        what: Undelivered,
    },
    /// The committer thread could not be started.
    #[error("cannot start the committer thread: {0}")]
    Thread(io::Error),
}

/// Makes sure that there is a data directory, so that nothing is made where a name was mistyped.
pub(super) fn must_exist(dir: &Path) -> Result<(), OpenError> {
    match dir.join(FORMAT_FILE).try_exists() {
        Ok(true) => Ok(()),
        Ok(false) => Err(OpenError::Foreign { dir: dir.to_owned(), why: "its FORMAT file is missing" }),
        Err(cause) => Err(OpenError::Io { dir: dir.to_owned(), cause }),
    }
}

/// Makes `dir` if needed, and makes sure that it has a format this program knows.
pub(super) fn check(dir: &Path) -> Result<(), OpenError> {
    let io_error = |cause| OpenError::Io { dir: dir.to_owned(), cause };
    fs::create_dir_all(dir).map_err(io_error)?;
    let file = dir.join(FORMAT_FILE);
    match fs::read_to_string(&file) {
        Ok(text) => match text.trim().parse::<u32>() {
            Ok(found) if FORMAT < found => Err(OpenError::Newer { dir: dir.to_owned(), found }),
            Ok(found) if found < FORMAT => {
                write_durably(dir, &file, format!("{FORMAT}\n").as_bytes()).map_err(io_error)
            }
            Ok(_) => Ok(()),
            Err(_) => Err(OpenError::Foreign { dir: dir.to_owned(), why: "its FORMAT file holds no number" }),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            if dir.join(super::engine::FOLDER).exists() {
                return Err(OpenError::Foreign { dir: dir.to_owned(), why: "its FORMAT file is missing" });
            }
            write_durably(dir, &file, format!("{FORMAT}\n").as_bytes()).map_err(io_error)
        }
        Err(error) => Err(io_error(error)),
    }
}

/// Removes the folder of an engine whose making broke off: nothing was stored in it, and the engine itself neither
/// opens it nor makes it anew.
pub(super) fn clear_unfinished(dir: &Path) -> Result<(), OpenError> {
    let io_error = |cause| OpenError::Io { dir: dir.to_owned(), cause };
    let engine = dir.join(super::engine::FOLDER);
    if !engine.try_exists().map_err(io_error)? || is_finished(&engine).map_err(io_error)? {
        return Ok(());
    }
    // It may be in the making by another process right now.
    let lock =
        fs::File::options().create(true).append(true).open(engine.join(ENGINE_LOCK)).map_err(io_error)?;
    match lock.try_lock() {
        Ok(()) => {}
        Err(fs::TryLockError::WouldBlock) => return Err(OpenError::Locked(dir.to_owned())),
        Err(fs::TryLockError::Error(cause)) => return Err(io_error(cause)),
    }
    if is_finished(&engine).map_err(io_error)? {
        return Ok(());
    }
    for entry in fs::read_dir(&engine).map_err(io_error)? {
        let entry = entry.map_err(io_error)?;
        if entry.file_type().map_err(io_error)?.is_dir() {
            fs::remove_dir_all(entry.path()).map_err(io_error)?;
        } else if entry.file_name() != ENGINE_LOCK {
            fs::remove_file(entry.path()).map_err(io_error)?;
        }
    }
    Ok(())
}

fn is_finished(engine: &Path) -> io::Result<bool> {
    match fs::metadata(engine.join(ENGINE_MARKER)) {
        Ok(marker) => Ok(marker.len() != 0),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Writes beside, syncs, renames: the file is there whole or not at all.
fn write_durably(dir: &Path, file: &Path, content: &[u8]) -> io::Result<()> {
    let beside = file.with_extension("new");
    let mut written = fs::File::create(&beside)?;
    written.write_all(content)?;
    written.sync_all()?;
    fs::rename(&beside, file)?;
    fs::File::open(dir)?.sync_all()
}
