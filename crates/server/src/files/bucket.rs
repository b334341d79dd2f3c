//! Files in a bucket of an S3-compatible service: `PREFIX/APP/AB/ABCD…`, the same names as in a directory.
//!
//! A file goes into the bucket when it is whole, because its name is the SHA-256 of its content. Nobody finds half of one: an
//! object is there when the service has all of it.
//!
//! [choice] Clients read files of a bucket through the server, which needs neither an open bucket nor addresses of another host.

mod http;

use super::address::FileId;
use super::error::FilesError;
use super::incoming::Incoming;
use crate::config::BucketConfig;
use futures_util::stream::{BoxStream, StreamExt as _, TryStreamExt as _};
use http::Connector;
use hyper::body::Bytes;
use landfall_domain::ids::AppId;
use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::path::Path;
use object_store::{
    BackoffConfig, Error, GetOptions, GetRange, MultipartUpload, ObjectStore as _, ObjectStoreExt as _,
    RetryConfig,
};
use std::io::{self, SeekFrom};
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;
use tokio::fs::File;
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};
use tokio::sync::Semaphore;

/// What a server writes when it starts.
const CHECK_NAME: &str = "landfall-check";
const CHECK_CONTENT: &str = "Landfall writes this when it starts, to see whether it can use the bucket.\n";

/// Files that go into the bucket at the same time: each has a part in memory.
const UPLOADS_AT_ONCE: usize = 4;

/// Bytes of a part of an upload. Services want at least 5 MiB.
const PART_BYTES: u64 = 8 << 20;

/// Most parts of one upload.
const PARTS_MAX: u64 = 10_000;

/// Longest text of a failure, bytes: services answer with long ones.
const TEXT_BYTES_MAX: usize = 500;

/// How long a service may take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    /// For a request, but for the content of its answer, and for each piece of that.
    pub(super) request: Duration,
    /// The first wait before a request is repeated; later ones are longer.
    pub(super) backoff: Duration,
}

impl Patience {
    const DEFAULT: Self = Self { request: Duration::from_secs(30), backoff: Duration::from_millis(100) };

    /// A request is tried four times, the last within a minute.
    fn retries(self) -> RetryConfig {
        let backoff = BackoffConfig { init_backoff: self.backoff, max_backoff: self.backoff * 20, base: 3.0 };
        RetryConfig { backoff, max_retries: 3, retry_timeout: Duration::from_secs(60) }
    }
}

pub(crate) struct Bucket {
    objects: Arc<AmazonS3>,
    name: String,
    prefix: Path,
    uploads: Semaphore,
}

/// An object of a bucket.
pub(super) struct Object {
    objects: Arc<AmazonS3>,
    path: Path,
}

impl Bucket {
    pub(super) fn new(config: &BucketConfig) -> Result<Self, FilesError> {
        Self::with(config, Patience::DEFAULT)
    }

    pub(super) fn with(config: &BucketConfig, patience: Patience) -> Result<Self, FilesError> {
        let client = |cause: Error| FilesError::Client(Box::new(cause));
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(&config.name)
            .with_region(&config.region)
            .with_access_key_id(&config.access_key_id)
            .with_secret_access_key(config.secret_access_key.text())
            .with_retry(patience.retries())
            .with_http_connector(Connector::new(config.endpoint.as_ref(), patience.request)?);
        if let Some(endpoint) = &config.endpoint {
            // The name of the bucket is in the path, which every compatible service takes. [choice]
            builder = builder
                .with_endpoint(endpoint.as_str().trim_end_matches('/'))
                .with_allow_http(endpoint.scheme() == "http")
                .with_virtual_hosted_style_request(false);
        }
        let objects = Arc::new(builder.build().map_err(client)?);
        let prefix = Path::from(config.prefix.as_str());
        Ok(Self { objects, name: config.name.clone(), prefix, uploads: Semaphore::new(UPLOADS_AT_ONCE) })
    }

    /// Whether objects can be written and read.
    pub(super) async fn check(&self) -> Result<(), FilesError> {
        let path = self.prefix.clone().join(CHECK_NAME);
        let unusable =
            |source| FilesError::Unusable { name: self.name.clone(), object: path.to_string(), source };
        self.objects.put(&path, CHECK_CONTENT.into()).await.map_err(failed).map_err(unusable)?;
        let read = async { self.objects.get(&path).await?.bytes().await };
        let content = read.await.map_err(failed).map_err(unusable)?;
        if content != CHECK_CONTENT.as_bytes() {
            return Err(unusable(io::Error::other("it has another content than was written")));
        }
        Ok(())
    }

    fn path(&self, app: AppId, id: &FileId) -> Path {
        let (start, _) = id.as_str().split_at(2);
        self.prefix.clone().join(app.0.to_string()).join(start).join(id.as_str())
    }

    /// Keeps a file that has arrived.
    pub(super) async fn keep(&self, app: AppId, mut incoming: Incoming, id: &FileId) -> io::Result<()> {
        let path = self.path(app, id);
        let _turn = self.uploads.acquire().await.map_err(io::Error::other)?;
        if self.length(&path).await? == Some(incoming.bytes) {
            return Ok(());
        }
        let bytes = incoming.bytes;
        let file = incoming.file();
        file.seek(SeekFrom::Start(0)).await?;
        if bytes <= PART_BYTES {
            let content = part(file, bytes).await?;
            self.objects.put(&path, content.into()).await.map_err(failed)?;
            return Ok(());
        }
        let mut upload = self.objects.put_multipart(&path).await.map_err(failed)?;
        let sent = send_parts(&mut *upload, file, bytes).await;
        if sent.is_err()
            && let Err(error) = upload.abort().await
        {
            let error = failed(error);
            tracing::warn!(%error, "parts of a file stay in the bucket {}: {error}", self.name);
        }
        sent
    }

    /// Removes an object, if it is there.
    pub(super) async fn remove(&self, app: AppId, id: &FileId) -> io::Result<()> {
        match self.objects.delete(&self.path(app, id)).await {
            Ok(()) | Err(Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(failed(error)),
        }
    }

    /// An object and its length in bytes; `None` if there is none.
    pub(super) async fn find(&self, app: AppId, id: &FileId) -> io::Result<Option<(Object, u64)>> {
        let path = self.path(app, id);
        let length = self.length(&path).await?;
        Ok(length.map(|length| (Object { objects: Arc::clone(&self.objects), path }, length)))
    }

    async fn length(&self, path: &Path) -> io::Result<Option<u64>> {
        match self.objects.head(path).await {
            Ok(meta) => Ok(Some(meta.size)),
            Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(failed(error)),
        }
    }
}

async fn send_parts(upload: &mut dyn MultipartUpload, file: &mut File, bytes: u64) -> io::Result<()> {
    let size = PART_BYTES.max(bytes.div_ceil(PARTS_MAX));
    let mut left = bytes;
    while left != 0 {
        let content = part(file, left.min(size)).await?;
        upload.put_part(content.into()).await.map_err(failed)?;
        left = left.saturating_sub(size);
    }
    upload.complete().await.map_err(failed).map(|_| ())
}

/// The next bytes of a file.
async fn part(file: &mut File, bytes: u64) -> io::Result<Bytes> {
    let mut part = vec![0; usize::try_from(bytes).map_err(io::Error::other)?];
    file.read_exact(&mut part).await?;
    Ok(part.into())
}

impl Object {
    pub(super) async fn read(self, part: Range<u64>) -> io::Result<BoxStream<'static, io::Result<Bytes>>> {
        let range = Some(GetRange::Bounded(part));
        let options = GetOptions { range, ..GetOptions::default() };
        let found = self.objects.get_opts(&self.path, options).await.map_err(failed)?;
        Ok(found.into_stream().map_err(failed).boxed())
    }
}

/// A failure as one line: what the service answers can be long.
fn failed(error: Error) -> io::Error {
    let text = error.to_string();
    let mut text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    text.truncate(text.floor_char_boundary(TEXT_BYTES_MAX));
    io::Error::other(text)
}
