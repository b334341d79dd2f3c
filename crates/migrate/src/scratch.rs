//! A directory for what an import needs on the way. It is removed with its value; what a killed program left is removed by the
//! next one beside it.

use std::fs::{self, File};
use std::io;
use std::path::Path;
use tempfile::TempDir;

/// How the names of such directories begin.
const PREFIX: &str = ".landfall-scratch-";
/// Locked while its program lives.
const LOCK: &str = "lock";
/// How often another program may be about to remove the new directory.
const ATTEMPTS: usize = 8;

pub(crate) struct Scratch {
    directory: TempDir,
    _lock: File,
}

impl Scratch {
    /// # Errors
    /// The disk fails.
    pub(crate) fn new_in(parent: &Path) -> io::Result<Self> {
        remove_stale(parent);
        for _ in 0..ATTEMPTS {
            let directory = tempfile::Builder::new().prefix(PREFIX).tempdir_in(parent)?;
            let path = directory.path().join(LOCK);
            let lock = File::create(&path)?;
            // A program that came in between took it for a stale one.
            if lock.try_lock().is_ok() && path.exists() {
                return Ok(Self { directory, _lock: lock });
            }
        }
        Err(io::Error::other("other programs remove the directory while it is made"))
    }

    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }
}

/// Removes what nobody holds. What cannot be looked at stays.
fn remove_stale(parent: &Path) {
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        if !entry.file_name().to_str().is_some_and(|name| name.starts_with(PREFIX)) {
            continue;
        }
        let lock = File::options().read(true).write(true).open(entry.path().join(LOCK));
        if let Ok(lock) = lock
            && lock.try_lock().is_ok()
        {
            drop(fs::remove_dir_all(entry.path()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_killed_program_left_is_removed_and_what_a_living_one_has_stays() {
        let parent = tempfile::tempdir().unwrap();
        let stale = parent.path().join(format!("{PREFIX}old"));
        fs::create_dir(&stale).unwrap();
        fs::write(stale.join(LOCK), "").unwrap();
        fs::write(stale.join("converted.jsonl"), "x").unwrap();
        let foreign = parent.path().join(".tmpabc");
        fs::create_dir(&foreign).unwrap();
        let first = Scratch::new_in(parent.path()).unwrap();
        assert!(!stale.exists() && foreign.exists());
        let second = Scratch::new_in(parent.path()).unwrap();
        assert!(first.path().exists() && second.path().exists());
        let path = first.path().to_owned();
        drop(first);
        assert!(!path.exists() && second.path().exists());
    }
}
