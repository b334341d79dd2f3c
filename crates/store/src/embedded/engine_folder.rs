//! The engine's folder before the engine opens it: its lock, whether its creation was finished, and the files without
//! which nothing in it can be read.

use super::engine_error::EngineError;
use super::format::{FOLDER, OpenError};
use super::journal;
use super::tables::{self, DamagedFile};
use std::fs;
use std::io;
use std::path::Path;

/// The last file that the engine writes and syncs when it creates its folder, before it takes any data.
const MARKER: &str = "version";
/// The engine holds a lock on this file while it is open.
const LOCK: &str = "lock";
/// Content of [`MARKER`].
const ENGINE_VERSION: &[u8] = b"FJL\x03";

/// Removes a folder whose creation was interrupted: nothing was stored in it, and the engine neither opens it nor creates
/// it again.
pub(super) fn clear_unfinished(dir: &Path) -> Result<(), OpenError> {
    let io_error = |cause| OpenError::Io { dir: dir.to_owned(), cause };
    let engine = dir.join(FOLDER);
    if !engine.try_exists().map_err(io_error)? || is_finished(&engine).map_err(io_error)? {
        return Ok(());
    }
    // Another process may be creating it right now.
    let _lock = lock(dir)?;
    if is_finished(&engine).map_err(io_error)? {
        return Ok(());
    }
    if holds_data(&engine).map_err(io_error)? {
        let why = format!(
            "the file {} is missing or empty, and there are data; restore it, or the whole directory, from a backup",
            engine.join(MARKER).display()
        );
        return Err(OpenError::Damaged { dir: dir.to_owned(), why });
    }
    for entry in fs::read_dir(&engine).map_err(io_error)? {
        let entry = entry.map_err(io_error)?;
        if entry.file_type().map_err(io_error)?.is_dir() {
            fs::remove_dir_all(entry.path()).map_err(io_error)?;
        } else if entry.file_name() != LOCK {
            fs::remove_file(entry.path()).map_err(io_error)?;
        }
    }
    Ok(())
}

/// Locks the folder of the engine as the engine does, for as long as the file lives.
pub(super) fn lock(dir: &Path) -> Result<fs::File, OpenError> {
    let io_error = |cause| OpenError::Io { dir: dir.to_owned(), cause };
    let path = dir.join(FOLDER).join(LOCK);
    let lock = fs::File::options().create(true).append(true).open(path).map_err(io_error)?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(fs::TryLockError::WouldBlock) => Err(OpenError::Locked(dir.to_owned())),
        Err(fs::TryLockError::Error(cause)) => Err(io_error(cause)),
    }
}

/// Whether an engine's folder holds anything that is written only after its creation.
pub(super) fn holds_data(engine: &Path) -> io::Result<bool> {
    let survey = journal::survey(engine)?;
    Ok(0 < survey.batches || survey.broken.is_some() || tables::any(engine)?)
}

/// Whether the creation of the engine's folder was finished.
pub(super) fn is_made(dir: &Path) -> io::Result<bool> {
    is_finished(&dir.join(FOLDER))
}

fn is_finished(engine: &Path) -> io::Result<bool> {
    match fs::metadata(engine.join(MARKER)) {
        Ok(marker) => Ok(marker.len() != 0),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Checks the version in an engine's folder, the lists of tables of every tree, and the tables of the engine's own
/// settings: small files without which nothing can be read. An error is a damaged file.
pub(super) fn check(engine: &Path) -> io::Result<Result<(), DamagedFile>> {
    let marker = engine.join(MARKER);
    match fs::read(&marker) {
        Ok(content) if content != ENGINE_VERSION => {
            let why = "it does not name the version of the engine".to_owned();
            return Ok(Err(DamagedFile { path: marker, places: vec![tables::whole(content.len())], why }));
        }
        Ok(_) => {}
        // A folder whose creation was interrupted holds no data.
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            if holds_data(engine)? {
                let why = "it is missing".to_owned();
                return Ok(Err(DamagedFile { path: marker, places: vec![tables::whole(0)], why }));
            }
        }
        Err(error) => return Err(error),
    }
    let settings = engine.join(tables::TREES).join(tables::SETTINGS).join("current");
    // The engine creates it after the marker, and before it takes any data.
    if !settings.try_exists()? && holds_data(engine)? {
        let why = "it is missing".to_owned();
        return Ok(Err(DamagedFile { path: settings, places: vec![tables::whole(0)], why }));
    }
    tables::check_lists(engine)
}

/// Why the engine does not open. It names no file, so this searches for the damaged one.
pub(super) fn unopened(dir: &Path, engine: &Path, cause: fjall::Error) -> OpenError {
    let found = tables::all(engine).and_then(|listed| {
        let Ok(listed) = listed else { return Ok(None) };
        listed.iter().map(tables::check).find_map(Result::transpose).transpose()
    });
    match found {
        Ok(Some(file)) => OpenError::Damaged {
            dir: dir.to_owned(),
            why: format!("{file}; restore it, or the whole directory, from a backup"),
        },
        Ok(None) | Err(_) => {
            OpenError::Engine { dir: dir.to_owned(), why: EngineError::from(cause).to_string() }
        }
    }
}
