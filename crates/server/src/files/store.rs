//! Where files are kept: in a directory or in a bucket, under the same names.

use super::address::FileId;
use super::bucket::{Bucket, Object};
use super::directory::FileDirectory;
use super::error::FilesError;
pub(crate) use super::incoming::Incoming as IncomingFile;
use super::incoming::Incoming;
use crate::config::{FilesConfig, FilesPlace};
use futures_util::stream::{self, BoxStream, StreamExt as _};
use hyper::body::Bytes;
use landfall_domain::ids::AppId;
use std::io::{self, SeekFrom};
use std::ops::Range;
use tokio::fs::File;
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};

/// Bytes read at a time from a directory.
const CHUNK: usize = 64 << 10;

/// A content as it is read.
pub(crate) type Chunks = BoxStream<'static, io::Result<Bytes>>;

pub(crate) enum FileStore {
    Directory(FileDirectory),
    Bucket(Bucket),
}

/// A file that is kept.
pub(crate) struct StoredFile {
    /// Bytes.
    pub(crate) length: u64,
    content: StoredContent,
}

enum StoredContent {
    File(File),
    Object(Object),
}

impl FileStore {
    /// The store of a configuration. A bucket must be there: an object is written and read.
    ///
    /// # Errors
    /// It cannot be used.
    pub(crate) async fn open(config: &FilesConfig) -> Result<Self, FilesError> {
        match &config.place {
            FilesPlace::Directory(directory) => {
                tracing::info!(dir = %directory.display(), "files: in {}", directory.display());
                let directory = FileDirectory::new(directory.clone());
                directory.remove_leftovers().await;
                Ok(Self::Directory(directory))
            }
            FilesPlace::Bucket(config) => {
                let bucket = Bucket::new(config)?;
                bucket.check().await?;
                tracing::info!(bucket = config.name, "files: in the bucket {}", config.name);
                Ok(Self::Bucket(bucket))
            }
        }
    }

    pub(crate) async fn begin(&self) -> io::Result<Incoming> {
        match self {
            Self::Directory(directory) => directory.begin().await,
            Self::Bucket(_) => Ok(Incoming::new(File::from_std(tempfile::tempfile()?), None)),
        }
    }

    /// Keeps a file that has arrived, by its content.
    pub(crate) async fn keep(&self, app: AppId, mut incoming: Incoming) -> io::Result<FileId> {
        let id = incoming.id();
        self.keep_as(app, incoming, &id).await?;
        Ok(id)
    }

    /// Keeps a file that has arrived, by this id, which is that of its content, or no other file's.
    pub(crate) async fn keep_as(&self, app: AppId, mut incoming: Incoming, id: &FileId) -> io::Result<()> {
        incoming.flush().await?;
        match self {
            Self::Directory(directory) => directory.keep(app, incoming, id).await,
            Self::Bucket(bucket) => bucket.keep(app, incoming, id).await,
        }
    }

    /// Removes a file, if it is there. `id`: as it is printed.
    pub(crate) async fn remove(&self, app: AppId, id: &str) -> io::Result<()> {
        let Some(id) = FileId::parse(id) else { return Ok(()) };
        match self {
            Self::Directory(directory) => directory.remove(app, &id).await,
            Self::Bucket(bucket) => bucket.remove(app, &id).await,
        }
    }

    /// `None` if there is no such file.
    pub(crate) async fn find(&self, app: AppId, id: &FileId) -> io::Result<Option<StoredFile>> {
        let found = match self {
            Self::Directory(directory) => directory
                .open(app, id)
                .await?
                .map(|(file, length)| StoredFile { length, content: StoredContent::File(file) }),
            Self::Bucket(bucket) => bucket
                .find(app, id)
                .await?
                .map(|(object, length)| StoredFile { length, content: StoredContent::Object(object) }),
        };
        Ok(found)
    }
}

impl StoredFile {
    /// A part of it, which must not end behind it.
    pub(crate) async fn read(self, part: Range<u64>) -> io::Result<Chunks> {
        match self.content {
            StoredContent::File(mut file) => {
                file.seek(SeekFrom::Start(part.start)).await?;
                Ok(chunks(file, part.end.saturating_sub(part.start)))
            }
            StoredContent::Object(object) => object.read(part).await,
        }
    }
}

fn chunks(file: File, bytes: u64) -> Chunks {
    let chunks = stream::try_unfold(file.take(bytes), |mut file| async move {
        let mut chunk = vec![0; CHUNK];
        let read = file.read(&mut chunk).await?;
        chunk.truncate(read);
        Ok((read != 0).then(|| (Bytes::from(chunk), file)))
    });
    chunks.boxed()
}

#[cfg(test)]
mod tests;
