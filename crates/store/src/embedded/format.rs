//! The data directory: its format version, and why it cannot be opened.

use super::{journal, tables};
use crate::transfer::Undelivered;
use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

/// Version of the layout this program writes. Each opens what those before it wrote. 2 added the kicks of deleted accounts and
/// the stamps of batches, which a program that knows only 1 would forget, and took merging tables away from the engine.
pub(super) const FORMAT: u32 = 2;

const FORMAT_FILE: &str = "FORMAT";
/// The same while it is written.
const FORMAT_FILE_NEW: &str = "FORMAT.new";
/// What is stored is for the user who runs the server only.
const PRIVATE: u32 = 0o700;
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
    /// Something else is kept there.
    #[error("{} holds no data of this program, but {found}; choose an empty directory, or one that is not there", dir.display())]
    NotEmpty {
        /// The directory.
        dir: PathBuf,
        /// A name in it.
        found: String,
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
    #[error("cannot open the data directory {}: {why}", dir.display())]
    Engine {
        /// The directory.
        dir: PathBuf,
        /// The cause, in words.
        why: String,
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

/// Whether there is a data directory.
#[must_use]
pub fn exists(dir: &Path) -> bool {
    dir.join(FORMAT_FILE).exists()
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
    fs::DirBuilder::new().recursive(true).mode(PRIVATE).create(dir).map_err(io_error)?;
    let file = dir.join(FORMAT_FILE);
    match fs::read(&file) {
        Ok(text) => match String::from_utf8_lossy(&text).trim().parse::<u32>() {
            Ok(0) => Err(OpenError::Foreign { dir: dir.to_owned(), why: "its FORMAT file names no format" }),
            Ok(found) if FORMAT < found => Err(OpenError::Newer { dir: dir.to_owned(), found }),
            Ok(_) => Ok(()),
            Err(_) => Err(OpenError::Foreign { dir: dir.to_owned(), why: "its FORMAT file holds no number" }),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            if dir.join(super::engine::FOLDER).exists() {
                return Err(OpenError::Foreign { dir: dir.to_owned(), why: "its FORMAT file is missing" });
            }
            if let Some(found) = something_else(dir, FORMAT_FILE_NEW).map_err(io_error)? {
                return Err(OpenError::NotEmpty { dir: dir.to_owned(), found });
            }
            note(dir).map_err(io_error)
        }
        Err(error) => Err(io_error(error)),
    }
}

/// Whether the directory has the format of this program.
pub(super) fn is_current(dir: &Path) -> io::Result<bool> {
    Ok(fs::read(dir.join(FORMAT_FILE))? == text().as_bytes())
}

/// Notes that the directory has the format of this program.
pub(super) fn note(dir: &Path) -> io::Result<()> {
    write_durably(dir, FORMAT_FILE, text().as_bytes())
}

fn text() -> String {
    format!("{FORMAT}\n")
}

/// A name in the directory `dir` that nobody has who wants to begin there. `unfinished` is what a beginning that broke off
/// leaves.
///
/// # Errors
/// It cannot be looked through.
pub fn something_else(dir: &Path, unfinished: &str) -> io::Result<Option<String>> {
    for entry in fs::read_dir(dir)? {
        let name = entry?.file_name();
        // The other is in every new file system of Linux.
        if name != unfinished && name != "lost+found" {
            return Ok(Some(name.display().to_string()));
        }
    }
    Ok(None)
}

/// Lets nobody but its owner into a folder, whatever the files in it allow. A folder of another owner stays as it is: it
/// was opened to this program on purpose.
pub(super) fn keep_private(folder: &Path) {
    if let Err(error) = fs::set_permissions(folder, fs::Permissions::from_mode(PRIVATE)) {
        tracing::warn!(%error, "{} cannot be closed to other users: {error}", folder.display());
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
    let _lock = lock_engine(dir)?;
    if is_finished(&engine).map_err(io_error)? {
        return Ok(());
    }
    if holds_data(&engine).map_err(io_error)? {
        let why = format!(
            "the file {} is missing or empty, and there are data; restore it, or the whole directory, from a backup",
            engine.join(ENGINE_MARKER).display()
        );
        return Err(OpenError::Damaged { dir: dir.to_owned(), why });
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

/// Locks the folder of the engine as the engine does, for as long as the file lives.
pub(super) fn lock_engine(dir: &Path) -> Result<fs::File, OpenError> {
    let io_error = |cause| OpenError::Io { dir: dir.to_owned(), cause };
    let path = dir.join(super::engine::FOLDER).join(ENGINE_LOCK);
    let lock = fs::File::options().create(true).append(true).open(path).map_err(io_error)?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(fs::TryLockError::WouldBlock) => Err(OpenError::Locked(dir.to_owned())),
        Err(fs::TryLockError::Error(cause)) => Err(io_error(cause)),
    }
}

/// The file that a clean stop leaves: whoever opens the directory then knows which batch is the last. It is removed
/// before anything is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct CleanStop {
    /// Number of the last batch.
    pub(super) number: u64,
}

impl CleanStop {
    const FILE: &str = "CLEAN";

    fn text(self) -> String {
        let line = format!("stopped after batch {}\n", self.number);
        format!("{line}{:016x}\n", xxhash_rust::xxh3::xxh3_64(line.as_bytes()))
    }

    /// `None` where the last stop was not clean, and where the file says nothing that can be trusted.
    pub(super) fn read(dir: &Path) -> io::Result<Option<Self>> {
        let text = match fs::read(dir.join(Self::FILE)) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let number = std::str::from_utf8(&text)
            .ok()
            .and_then(|text| text.lines().next()?.strip_prefix("stopped after batch ")?.parse::<u64>().ok());
        let read = number.map(|number| Self { number }).filter(|read| read.text().as_bytes() == text);
        if read.is_none() {
            let file = dir.join(Self::FILE);
            tracing::warn!(file = %file.display(), "the file {} cannot be read; going on without it", file.display());
        }
        Ok(read)
    }

    pub(super) fn write(self, dir: &Path) -> io::Result<()> {
        write_durably(dir, Self::FILE, self.text().as_bytes())
    }

    pub(super) fn remove(dir: &Path) -> io::Result<()> {
        match fs::remove_file(dir.join(Self::FILE)) {
            Ok(()) => fs::File::open(dir)?.sync_all(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        }
    }
}

/// Whether there is anything in an engine's folder that an engine in the making has not written yet.
pub(super) fn holds_data(engine: &Path) -> io::Result<bool> {
    let survey = journal::survey(engine)?;
    Ok(0 < survey.batches || survey.broken.is_some() || tables::any(engine)?)
}

/// Whether the engine's folder was made to its end.
pub(super) fn is_made(dir: &Path) -> io::Result<bool> {
    is_finished(&dir.join(super::engine::FOLDER))
}

fn is_finished(engine: &Path) -> io::Result<bool> {
    match fs::metadata(engine.join(ENGINE_MARKER)) {
        Ok(marker) => Ok(marker.len() != 0),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Writes a file of the directory beside, syncs, renames: it is there whole or not at all.
fn write_durably(dir: &Path, name: &str, content: &[u8]) -> io::Result<()> {
    let beside = dir.join(format!("{name}.new"));
    let mut written =
        fs::File::options().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
    written.write_all(content)?;
    written.sync_all()?;
    fs::rename(&beside, dir.join(name))?;
    fs::File::open(dir)?.sync_all()
}
