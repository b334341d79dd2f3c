//! Files in a directory: `APP/AB/ABCD…`, each named by the SHA-256 of its content, so that the same content is kept once, or by
//! the id of its upload. Never by a name that somebody gave.
//!
//! A file arrives under `incoming/` and is renamed when it is whole and on the disk, so that nobody finds half of one.

use super::address::FileId;
use super::incoming::Incoming;
use landfall_domain::ids::AppId;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::fs::{self, DirBuilder, File, OpenOptions};

/// The folder of files that arrive.
const INCOMING: &str = "incoming";

/// A file that nobody has written to for this long no longer arrives, at whichever server.
const LEFT_BEHIND_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

pub(crate) struct FileDirectory {
    root: PathBuf,
}

impl FileDirectory {
    /// The directory `root`, which is made when the first file arrives.
    pub(super) fn new(root: PathBuf) -> Self {
        Self { root }
    }

    fn path(&self, app: AppId, id: &FileId) -> PathBuf {
        let (start, _) = id.as_str().split_at(2);
        self.root.join(app.0.to_string()).join(start).join(id.as_str())
    }

    /// Removes what servers that were killed have left behind of files that were arriving.
    pub(super) async fn remove_leftovers(&self) {
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

    pub(super) async fn begin(&self) -> io::Result<Incoming> {
        let folder = self.root.join(INCOMING);
        make(&folder).await?;
        let path = folder.join(format!("{:016x}{:016x}", fastrand::u64(..), fastrand::u64(..)));
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path).await?;
        Ok(Incoming::new(file, Some(path)))
    }

    /// Keeps a file that has arrived.
    pub(super) async fn keep(&self, app: AppId, mut incoming: Incoming, id: &FileId) -> io::Result<()> {
        incoming.file().sync_all().await?;
        let path = self.path(app, id);
        let Some(folder) = path.parent() else { return Ok(()) };
        make(folder).await?;
        if !fs::try_exists(&path).await? {
            incoming.keep_as(&path).await?;
        }
        // Also when it was there: the call that brought it may not have come so far.
        for folder in folder.ancestors().take(3) {
            File::open(folder).await?.sync_all().await?;
        }
        Ok(())
    }

    /// Removes a file, if it is there.
    pub(super) async fn remove(&self, app: AppId, id: &FileId) -> io::Result<()> {
        match fs::remove_file(self.path(app, id)).await {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// A file and its length in bytes; `None` if there is none.
    pub(super) async fn open(&self, app: AppId, id: &FileId) -> io::Result<Option<(File, u64)>> {
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

/// Makes a folder for this user only, and those above it.
async fn make(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder).await
}
