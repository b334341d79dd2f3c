//! The server that is moved into or out of: any that speaks the v4 API.

mod error;
mod trust;

pub use error::{CallError, ServerError};

use reqwest::redirect::Policy;
use reqwest::{Client, StatusCode, Url};
use serde_json::Value;
use std::time::Duration;

/// Longest time of a call, from sending it to the end of its answer.
pub const CALL_TIME_MAX: Duration = Duration::from_secs(30);
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
pub struct Server {
    http: Client,
    url: Url,
    app: u32,
    admin: String,
    sign: Sign,
}

impl Server {
    /// Prepares calls; nothing is sent yet.
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
            .timeout(CALL_TIME_MAX)
            .redirect(Policy::none())
            .no_proxy()
            .build()
            .map_err(ServerError::Client)?;
        Ok(Self { http, url, app, admin, sign })
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

    /// Makes one call, such as `group_open_http_svc/import_group`, and returns the whole answer.
    ///
    /// # Errors
    /// The server refused it, or its outcome is not known.
    pub async fn call(&self, command: &str, body: &Value) -> Result<Value, CallError> {
        let unanswered = |cause: reqwest::Error| CallError::Unanswered {
            command: command.to_owned(),
            // The URL of the error has the UserSig.
            cause: cause.without_url(),
        };
        let request = self.http.post(self.command_url(command)).body(body.to_string());
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

    fn command_url(&self, command: &str) -> Url {
        let mut url = self.url.clone();
        url.set_path(&format!("{}/v4/{command}", url.path().trim_end_matches('/')));
        url.query_pairs_mut()
            .append_pair("sdkappid", &self.app.to_string())
            .append_pair("identifier", &self.admin)
            .append_pair("usersig", &(self.sign)())
            .append_pair("random", "1")
            .append_pair("contenttype", "json");
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
