//! The data directory: its format version, and why it cannot be opened.

use crate::transfer::Undelivered;
use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

/// Version of the layout that this program writes; it also opens every earlier one. Version 2 added the kicks of deleted
/// accounts and the stamps of batches, which a program that knows only 1 would lose, and moved merging out of the engine.
/// Version 3 added the origins of groups, which an older program would leave behind when it dissolves one.
pub(super) const FORMAT: u32 = 3;

/// Folder of the engine within the data directory.
pub(super) const FOLDER: &str = "engine";

const FORMAT_FILE: &str = "FORMAT";
/// The format file while it is written.
const FORMAT_FILE_NEW: &str = "FORMAT.new";
/// Only the user of the server may read the data.
const PRIVATE: u32 = 0o700;

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
    /// It can be read but not written. The engine does not say why.
    #[error("the data directory {} can be opened but not written; the disk may be full or failing", .0.display())]
    Unwritable(PathBuf),
    /// A file or a stored value is damaged.
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
    /// It was to be copied, and its outbox is not empty.
    #[error("the data directory {} cannot be copied: {what}", dir.display())]
    Undelivered {
        /// The directory.
        dir: PathBuf,
        /// What is in the outbox.
        what: Undelivered,
    },
    /// The committer thread could not be started.
    #[error("cannot start the committer thread: {0}")]
    Thread(io::Error),
}

/// Whether `dir` is a data directory.
#[must_use]
pub fn exists(dir: &Path) -> bool {
    dir.join(FORMAT_FILE).exists()
}

/// An error when there is no data directory, so that a mistyped name creates nothing.
pub(super) fn must_exist(dir: &Path) -> Result<(), OpenError> {
    match dir.join(FORMAT_FILE).try_exists() {
        Ok(true) => Ok(()),
        Ok(false) => Err(OpenError::Foreign { dir: dir.to_owned(), why: "its FORMAT file is missing" }),
        Err(cause) => Err(OpenError::Io { dir: dir.to_owned(), cause }),
    }
}

/// Creates `dir` if needed. An error when its format is unknown to this program.
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
            if dir.join(FOLDER).exists() {
                return Err(OpenError::Foreign { dir: dir.to_owned(), why: "its FORMAT file is missing" });
            }
            if let Some(found) = something_else(dir, FORMAT_FILE_NEW).map_err(io_error)? {
                return Err(OpenError::NotEmpty { dir: dir.to_owned(), found });
            }
            write(dir).map_err(io_error)
        }
        Err(error) => Err(io_error(error)),
    }
}

/// Whether the directory has the format of this program.
pub(super) fn is_current(dir: &Path) -> io::Result<bool> {
    Ok(fs::read(dir.join(FORMAT_FILE))? == text().as_bytes())
}

/// Writes that the directory has the format of this program.
pub(super) fn write(dir: &Path) -> io::Result<()> {
    write_durably(dir, FORMAT_FILE, text().as_bytes())
}

fn text() -> String {
    format!("{FORMAT}\n")
}

/// A name in the directory `dir` that keeps a new store from being created there. `unfinished` is the name that an
/// interrupted creation leaves.
///
/// # Errors
/// It cannot be read.
pub fn something_else(dir: &Path, unfinished: &str) -> io::Result<Option<String>> {
    for entry in fs::read_dir(dir)? {
        let name = entry?.file_name();
        // `lost+found` is in every new file system of Linux.
        if name != unfinished && name != "lost+found" {
            return Ok(Some(name.display().to_string()));
        }
    }
    Ok(None)
}

/// Closes a folder to all users but its owner, whatever the files in it allow. A folder of another owner stays as it is:
/// it was opened to this program on purpose.
pub(super) fn keep_private(folder: &Path) {
    if let Err(error) = fs::set_permissions(folder, fs::Permissions::from_mode(PRIVATE)) {
        tracing::warn!(%error, "{} cannot be closed to other users: {error}", folder.display());
    }
}

/// Writes a file under another name, syncs it and renames it, so that it is complete or absent.
pub(super) fn write_durably(dir: &Path, name: &str, content: &[u8]) -> io::Result<()> {
    let beside = dir.join(format!("{name}.new"));
    let mut written =
        fs::File::options().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
    written.write_all(content)?;
    written.sync_all()?;
    fs::rename(&beside, dir.join(name))?;
    fs::File::open(dir)?.sync_all()
}
