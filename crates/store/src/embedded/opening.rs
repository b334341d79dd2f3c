//! Opening a data directory: everything that comes before the first operation, in order.

use super::engine::Engine;
use super::engine_folder;
use super::format::{self, OpenError};
use super::guard;
use super::load_notes;
use super::raise;
use super::sweep;
use std::path::Path;

/// Opens the engine of the data directory `dir`, or creates it. Finishes the removals that a crash interrupted.
pub(super) fn open(dir: &Path) -> Result<Engine, OpenError> {
    format::check(dir)?;
    engine_folder::clear_unfinished(dir)?;
    let number = guard::check(dir)?;
    raise::raise(dir)?;
    let engine = Engine::open(dir, number)?;
    load_notes::settle_all(&engine)
        .and_then(|()| sweep::finish_all(&engine))
        .map_err(|why| OpenError::Damaged { dir: dir.to_owned(), why: why.to_string() })?;
    Ok(engine)
}
