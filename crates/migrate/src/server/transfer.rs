//! Contents of files, to and from the file store of a Landfall server. They are passed on piece by piece.

use super::{CallError, Server};
use futures_util::stream;
use http_body_util::StreamBody;
use hyper::body::{Bytes, Frame};
use reqwest::{Body, Method, Response, StatusCode, header};
use serde_json::Value;
use std::io;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::timeout;

const PUT: &str = "landfall_import_svc/put_file";
/// What calls for files are called in errors.
const GET: &str = "a file";
/// A content may take a second longer for each so many bytes.
const BYTES_PER_SECOND: u64 = 256 << 10;
/// An expired UserSig.
const EXPIRED: u64 = 70_001;

/// Pieces of a content that is sent; an error, and the call breaks off.
pub type Content = mpsc::Receiver<io::Result<Vec<u8>>>;

/// Why a content was not read.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    #[error(transparent)]
    Call(#[from] CallError),
    #[error("the content cannot be written")]
    Disk(#[from] io::Error),
}

impl Server {
    /// Brings in a file of `bytes` bytes, and returns the answer, which has its `Address`. The same content can be sent again.
    ///
    /// # Errors
    /// The server refused it, or the outcome is not known. Where [`CallError::passes`], another attempt with a new `content`
    /// may do.
    pub async fn put_file(&self, name: &str, bytes: u64, mut content: Content) -> Result<Value, CallError> {
        let usersig = self.signature.current();
        let mut url = self.command_url(PUT, &usersig);
        url.query_pairs_mut().append_pair("name", name);
        let pieces = stream::poll_fn(move |context| {
            content
                .poll_recv(context)
                .map(|piece| piece.map(|piece| Ok::<_, io::Error>(Frame::data(Bytes::from(piece?)))))
        });
        let request = self
            .http
            .put(url)
            .timeout(self.patience.call + Duration::from_secs(bytes / BYTES_PER_SECOND))
            .header(header::CONTENT_LENGTH, bytes)
            .body(Body::wrap(StreamBody::new(pieces)));
        let answer = self.in_turn(PUT, self.send(PUT, request)).await;
        if let Err(CallError::Refused { command, code: EXPIRED, info, .. }) = answer {
            // The next attempt has a new one.
            self.signature.renewed(&usersig);
            return Err(CallError::Busy { command, code: EXPIRED, info });
        }
        answer
    }

    /// Whether the server has the file at an address of its own, such as `/files/7/…`.
    ///
    /// # Errors
    /// The server does not answer for too long, or does not let the administrator read files.
    pub async fn has_file(&self, address: &str) -> Result<bool, CallError> {
        let mut backoff = self.backoff();
        loop {
            match self.file(Method::HEAD, address).await {
                Ok(answer) => return Ok(answer.is_some()),
                Err(error) => backoff.wait(self, GET, error).await?,
            }
        }
    }

    /// Hands the content at an address to `take`, piece by piece; `false` where the server has no such file.
    ///
    /// # Errors
    /// The server did not answer, or not whole; or `take` says so. Where the call [`passes`](CallError::passes), another
    /// attempt from the start may do.
    pub async fn get_file(
        &self,
        address: &str,
        take: &mut (dyn FnMut(&[u8]) -> io::Result<()> + Send),
    ) -> Result<bool, FetchError> {
        let Some(mut answer) = self.file(Method::GET, address).await? else { return Ok(false) };
        loop {
            let piece = timeout(self.patience.call, answer.chunk()).await;
            let piece = piece.map_err(|_| not_the_api(StatusCode::GATEWAY_TIMEOUT))?.map_err(unanswered)?;
            match piece {
                Some(piece) => take(&piece)?,
                None => return Ok(true),
            }
        }
    }

    /// The head of an answer; `None` where there is no such file.
    async fn file(&self, method: Method, address: &str) -> Result<Option<Response>, CallError> {
        let stopped = || CallError::Stopped(GET.to_owned());
        let turn = self.pacer.enter(1).await.ok_or_else(stopped)?;
        let url = self.signed_url(address, &self.signature.current());
        let answer = timeout(self.patience.call, self.http.request(method, url).send()).await;
        let answer = match answer {
            Ok(answer) => answer.map_err(unanswered),
            Err(_) => Err(not_the_api(StatusCode::GATEWAY_TIMEOUT)),
        };
        let answer = answer.and_then(|answer| match answer.status() {
            StatusCode::OK => Ok(Some(answer)),
            StatusCode::NOT_FOUND => Ok(None),
            other => Err(not_the_api(other)),
        });
        turn.done(answer.as_ref().is_err_and(CallError::passes));
        answer
    }
}

fn unanswered(cause: reqwest::Error) -> CallError {
    CallError::Unanswered { command: GET.to_owned(), cause: cause.without_url() }
}

fn not_the_api(status: StatusCode) -> CallError {
    CallError::NotTheApi { command: GET.to_owned(), status: status.as_u16() }
}
