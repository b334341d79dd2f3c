//! Raises a directory of an older format to that of this program, before the engine opens it.
//!
//! In format 1 the engine merged its tables by itself. That is one of its settings, which lie in a tree of their own, and it
//! cannot be changed through the engine once a keyspace exists. So the two rows are written to that tree.

use super::format::{self, FOLDER, OpenError};
use super::merges;
use fjall::AbstractTree as _;
use lsm_tree::{Config, SequenceNumberCounter};
use std::io;
use std::path::Path;

/// Tree of the engine's settings, and the number of the only keyspace in it.
const SETTINGS: &str = "keyspaces/0";
const KEYSPACE: u64 = 1;

/// Raises the undamaged directory `dir`. After an interruption the next start does it again.
pub(super) fn raise(dir: &Path) -> Result<(), OpenError> {
    let io_error = |cause| OpenError::Io { dir: dir.to_owned(), cause };
    if format::is_current(dir).map_err(io_error)? {
        return Ok(());
    }
    let settings = dir.join(FOLDER).join(SETTINGS);
    if settings.try_exists().map_err(io_error)? {
        leave_merging_alone(&settings)
            .map_err(|cause| OpenError::Io { dir: dir.to_owned(), cause: io::Error::other(cause) })?;
    }
    format::write(dir).map_err(io_error)
}

fn leave_merging_alone(settings: &Path) -> lsm_tree::Result<()> {
    let numbers = SequenceNumberCounter::default;
    let tree = Config::new(settings, numbers(), numbers()).open()?;
    let next = tree.get_highest_persisted_seqno().map_or(0, |last| last + 1);
    for (name, value) in merges::left_alone().get_config() {
        let key = [b"c".as_slice(), &KEYSPACE.to_be_bytes(), &name].concat();
        // A keyspace whose creation was interrupted has none, and is created again.
        if tree.get(&key, u64::MAX)?.is_some() {
            tree.insert(key, value, next);
        }
    }
    tree.flush_active_memtable(0)
}
