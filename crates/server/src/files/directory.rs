//! Files in a directory: `APP/AB/ABCD…`, each named by the SHA-256 of its content, so that the same content is kept once.
//!
//! A file arrives under `incoming/` and is renamed when it is whole and on the disk, so that nobody finds half of one.

use super::address::FileId;
use landfall_domain::ids::AppId;
use sha2::{Digest as _, Sha256};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::fs::{self, DirBuilder, File, OpenOptions};
use tokio::io::AsyncWriteExt as _;

/// The folder of files that arrive.
const INCOMING: &str = "incoming";

/// A file that nobody has written to for this long no longer arrives, at whichever server.
const LEFT_BEHIND_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

pub(crate) struct FileDirectory {
    root: PathBuf,
}

/// A file that arrives. Dropped before it is kept, it is removed.
pub(crate) struct Incoming {
    path: PathBuf,
    file: File,
    digest: Sha256,
    /// How many have arrived.
    pub(crate) bytes: u64,
    kept: bool,
}

impl FileDirectory {
    /// The directory `root`, which is made when the first file arrives.
    pub(crate) fn new(root: PathBuf) -> Self {
        Self { root }
    }

    fn path(&self, app: AppId, id: &FileId) -> PathBuf {
        let (start, _) = id.as_str().split_at(2);
        self.root.join(app.0.to_string()).join(start).join(id.as_str())
    }

    /// Removes what servers that were killed have left behind of files that were arriving.
    pub(crate) async fn remove_leftovers(&self) {
        let Ok(mut entries) = fs::read_dir(self.root.join(INCOMING)).await else { return };
        while let Ok(Some(entry)) = entries.next_entry().await {
            let changed = entry.metadata().await.and_then(|metadata| metadata.modified());
            let age = changed.ok().and_then(|changed| changed.elapsed().ok()).unwrap_or_default();
            if LEFT_BEHIND_AFTER < age
                && let Err(error) = fs::remove_file(entry.path()).await
            {
                tracing::warn!(%error, "an old file that did not arrive whole stays: {error}");
            }
        }
    }

    pub(crate) async fn begin(&self) -> io::Result<Incoming> {
        let folder = self.root.join(INCOMING);
        make(&folder).await?;
        let path = folder.join(format!("{:016x}{:016x}", fastrand::u64(..), fastrand::u64(..)));
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path).await?;
        Ok(Incoming { path, file, digest: Sha256::new(), bytes: 0, kept: false })
    }

    /// Keeps a file that has arrived.
    pub(crate) async fn keep(&self, app: AppId, mut incoming: Incoming) -> io::Result<FileId> {
        incoming.file.flush().await?;
        incoming.file.sync_all().await?;
        let digest = std::mem::take(&mut incoming.digest);
        let id = FileId::of(&digest.finalize().into());
        let path = self.path(app, &id);
        let Some(folder) = path.parent() else { return Ok(id) };
        make(folder).await?;
        if !fs::try_exists(&path).await? {
            fs::rename(&incoming.path, &path).await?;
            incoming.kept = true;
        }
        // Also when it was there: the call that brought it may not have come so far.
        for folder in folder.ancestors().take(3) {
            File::open(folder).await?.sync_all().await?;
        }
        Ok(id)
    }

    /// A file and its length in bytes; `None` if there is none.
    pub(crate) async fn open(&self, app: AppId, id: &FileId) -> io::Result<Option<(File, u64)>> {
        match File::open(self.path(app, id)).await {
            Ok(file) => {
                let length = file.metadata().await?.len();
                Ok(Some((file, length)))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

impl Incoming {
    pub(crate) async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.digest.update(bytes);
        self.bytes = self.bytes.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        self.file.write_all(bytes).await
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        if !self.kept
            && let Err(error) = std::fs::remove_file(&self.path)
        {
            tracing::warn!(%error, path = %self.path.display(), "a file that did not arrive whole stays: {error}");
        }
    }
}

/// Makes a folder for this user only, and those above it.
async fn make(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder).await
}
