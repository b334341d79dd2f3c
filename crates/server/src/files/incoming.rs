//! A file that arrives: on this machine's disk until it is whole, whatever keeps it then.

use super::address::FileId;
use sha2::{Digest as _, Sha256};
use std::io;
use std::path::{Path, PathBuf};
use tokio::fs::{self, File};
use tokio::io::AsyncWriteExt as _;

/// A file that arrives. Dropped before it is kept, it is removed.
pub(crate) struct Incoming {
    file: File,
    /// `None`: it has no name, and ends with this value.
    path: Option<PathBuf>,
    digest: Sha256,
    /// How many have arrived.
    pub(crate) bytes: u64,
}

impl Incoming {
    /// `path`: where `file` is, unless it has no name.
    pub(super) fn new(file: File, path: Option<PathBuf>) -> Self {
        Self { file, path, digest: Sha256::new(), bytes: 0 }
    }

    pub(crate) async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes).await?;
        self.digest.update(bytes);
        self.bytes = self.bytes.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        Ok(())
    }

    /// The id of its content. To be called when it is whole.
    pub(super) fn id(&mut self) -> FileId {
        FileId::of(&std::mem::take(&mut self.digest).finalize().into())
    }

    /// Waits until all of it is written.
    pub(super) async fn flush(&mut self) -> io::Result<()> {
        self.file.flush().await
    }

    /// Its content.
    pub(super) fn file(&mut self) -> &mut File {
        &mut self.file
    }

    /// Gives it a name, under which it stays.
    pub(super) async fn keep_as(&mut self, path: &Path) -> io::Result<()> {
        if let Some(from) = &self.path {
            fs::rename(from, path).await?;
            self.path = None;
        }
        Ok(())
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        if let Some(path) = &self.path
            && let Err(error) = std::fs::remove_file(path)
        {
            tracing::warn!(%error, path = %path.display(), "a file that did not arrive whole stays: {error}");
        }
    }
}
