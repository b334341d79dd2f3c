//! The server that is moved into or out of: any that speaks the v4 API.

mod error;
mod limits;
mod pacing;
mod retry;
mod signature;
mod tally;
mod transfer;
mod trust;

pub use error::{CallError, ServerError};
pub use limits::CallLimits;
pub use retry::{Backoff, Patience};
pub use tally::Calls;
pub use transfer::{Content, FetchError};

use pacing::Pacer;
use signature::Signature;
use tally::Tally;

use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder, StatusCode, Url};
use serde::Serialize;
use serde_json::Value;
use std::time::Duration;

/// Largest answer accepted, bytes: beyond the largest one of a server under relaxed limits.
pub const REPLY_BYTES_MAX: usize = 32 << 20;
const CONNECT_TIME_MAX: Duration = Duration::from_secs(5);

/// Makes a UserSig of the administrator. Called again before the one before expires.
pub type Sign = Box<dyn Fn() -> String + Send + Sync>;

/// How a server is reached.
pub struct ServerOptions {
    /// Its address with the scheme, such as `https://console.tim.qq.com`; a path is kept.
    pub url: String,
    /// `SDKAppID`.
    pub app: u32,
    /// The administrator that makes the calls.
    pub admin: String,
    pub sign: Sign,
}

/// A server. It holds UserSigs, so it has no `Debug`.
///
/// Calls are paced: no more in a second than the server takes, and fewer at the same time while it is slow.
pub struct Server {
    http: Client,
    url: Url,
    app: u32,
    admin: String,
    signature: Signature,
    patience: Patience,
    /// The most calls in a second, whatever the server takes.
    rate: Option<u32>,
    pacer: Pacer,
    tally: Tally,
}

impl Server {
    /// Prepares calls; nothing is sent yet. Until [`Server::limits`] has asked, calls are paced for a server that is not ours.
    ///
    /// # Errors
    /// The address is no URL, or this machine has no authorities for https.
    pub fn new(options: ServerOptions) -> Result<Self, ServerError> {
        let ServerOptions { url, app, admin, sign } = options;
        let url = Url::parse(&url).map_err(|_| ServerError::Address(url))?;
        if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
            return Err(ServerError::Address(url.to_string()));
        }
        let http = Client::builder()
            .use_preconfigured_tls(trust::client_config(url.scheme() == "https")?)
            .connect_timeout(CONNECT_TIME_MAX)
            .redirect(Policy::none())
            .no_proxy()
            .build()
            .map_err(ServerError::Client)?;
        let pacer = Pacer::new(limits::FOREIGN_CALLS_PER_SECOND);
        let (signature, patience, tally) = (Signature::new(sign), Patience::default(), Tally::default());
        Ok(Self { http, url, app, admin, signature, patience, rate: None, pacer, tally })
    }

    /// How long calls and outages may last, where the default does not fit.
    #[must_use]
    pub fn with_patience(self, patience: Patience) -> Self {
        Self { patience, ..self }
    }

    /// Makes at most so many calls in a second, where the server takes more.
    #[must_use]
    pub fn with_rate(self, calls_per_second: u32) -> Self {
        self.pacer.set_rate(calls_per_second.min(limits::FOREIGN_CALLS_PER_SECOND));
        Self { rate: Some(calls_per_second), ..self }
    }

    /// `SDKAppID`.
    #[must_use]
    pub fn app(&self) -> u32 {
        self.app
    }

    /// Where it is, without the query.
    #[must_use]
    pub fn address(&self) -> &str {
        self.url.as_str()
    }

    /// How long calls and outages may last.
    #[must_use]
    pub fn patience(&self) -> Patience {
        self.patience
    }

    /// What was called so far.
    #[must_use]
    pub fn calls(&self) -> Calls {
        self.tally.calls(self.pacer.slow_downs())
    }

    /// How long the server has taken no call by now; zero while it takes them.
    #[must_use]
    pub fn waiting(&self) -> Duration {
        self.pacer.trouble()
    }

    /// Ends all calls that wait for their turn or for the server, and refuses new ones. Calls that were sent go on to their end.
    pub fn stop(&self) {
        self.pacer.stop();
    }

    /// Whether [`stop`](Self::stop) was called.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.pacer.is_stopped()
    }

    /// Makes one call in its turn, such as `group_open_http_svc/import_group`, and returns the whole answer.
    ///
    /// # Errors
    /// The server refused it, or its outcome is not known.
    pub async fn call<B>(&self, command: &str, body: &B) -> Result<Value, CallError>
    where
        B: Serialize + Sync + ?Sized,
    {
        self.send_bytes(command, &serde_json::to_vec(body).unwrap_or_default()).await
    }

    /// The same with a body that is not only JSON.
    ///
    /// # Errors
    /// The server refused it, or its outcome is not known.
    pub async fn send_bytes(&self, command: &str, body: &[u8]) -> Result<Value, CallError> {
        let usersig = self.signature.current();
        match self.attempt(command, body, &usersig).await {
            // Nothing has happened yet, and a new one may do.
            Err(CallError::Refused { code: 70_001, .. }) => {
                let usersig = self.signature.renewed(&usersig);
                self.attempt(command, body, &usersig).await
            }
            answer => answer,
        }
    }

    async fn attempt(&self, command: &str, body: &[u8], usersig: &str) -> Result<Value, CallError> {
        let request = self.http.post(self.command_url(command, usersig)).timeout(self.patience.call);
        self.in_turn(command, self.send(command, request.body(body.to_owned()))).await
    }

    /// Makes a call when its turn has come.
    async fn in_turn(
        &self,
        command: &str,
        call: impl Future<Output = Result<Value, CallError>>,
    ) -> Result<Value, CallError> {
        let turn = self.pacer.enter(limits::turns(command)).await;
        let turn = turn.ok_or_else(|| CallError::Stopped(command.to_owned()))?;
        let answer = call.await;
        let slow = answer.as_ref().is_err_and(CallError::passes);
        turn.done(slow);
        self.tally.count(&answer);
        answer
    }

    async fn send(&self, command: &str, request: RequestBuilder) -> Result<Value, CallError> {
        let unanswered = |cause: reqwest::Error| CallError::Unanswered {
            command: command.to_owned(),
            // The URL of the error has the UserSig.
            cause: cause.without_url(),
        };
        let answer = request.send().await.map_err(unanswered)?;
        let status = answer.status();
        let body = read(answer).await.map_err(unanswered)?;
        let not_the_api = || CallError::NotTheApi { command: command.to_owned(), status: status.as_u16() };
        let reply: Value = body
            .filter(|_| status == StatusCode::OK)
            .and_then(|body| serde_json::from_slice(&body).ok())
            .ok_or_else(not_the_api)?;
        match reply.get("ErrorCode").and_then(Value::as_u64) {
            Some(0) => Ok(reply),
            Some(code) => Err(CallError::refused(command, code, reply)),
            None => Err(not_the_api()),
        }
    }

    fn command_url(&self, command: &str, usersig: &str) -> Url {
        let mut url = self.signed_url(&format!("/v4/{command}"), usersig);
        url.query_pairs_mut().append_pair("random", "1").append_pair("contenttype", "json");
        url
    }

    /// A path on the server with the login of the administrator.
    fn signed_url(&self, path: &str, usersig: &str) -> Url {
        let mut url = self.url.clone();
        url.set_path(&format!("{}{path}", url.path().trim_end_matches('/')));
        url.query_pairs_mut()
            .append_pair("sdkappid", &self.app.to_string())
            .append_pair("identifier", &self.admin)
            .append_pair("usersig", usersig);
        url
    }
}

/// `None` when the answer is too long.
async fn read(mut answer: reqwest::Response) -> Result<Option<Vec<u8>>, reqwest::Error> {
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await? {
        if REPLY_BYTES_MAX < body.len() + chunk.len() {
            return Ok(None);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Some(body))
}
