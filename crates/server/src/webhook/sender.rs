//! One request to the receiver of an app, and what counts as an answer.

mod answer;
mod error;
mod resolve;
#[cfg(test)]
mod tests;
mod trust;

pub use answer::{Answer, INFO_BYTES_MAX};
pub use error::{ANSWER_BYTES_MAX, SendError, SenderError};

use super::address::is_public;
use super::token::Token;
use super::url::literal;
use crate::config::WebhookConfig;
use hyper::body::Bytes;
use hyper::header::CONTENT_TYPE;
use landfall_domain::ids::AppId;
use landfall_domain::time::Timestamp;
// Well maintained, pools its connections, and lets us resolve names ourselves and follow no redirect.
use reqwest::dns::Resolve;
use reqwest::redirect::Policy;
use reqwest::{Client, StatusCode, Url};
use resolve::{Guard, System};
use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

/// Longest time for one request: looking up the name, connecting, sending, and reading the answer. [doc]
pub const TIME_MAX: Duration = Duration::from_secs(2);

/// Time a connection is kept without a request. Less than the 5 s after which common servers close theirs: a request
/// that meets the end of its connection is lost, and those before an event are sent once only.
const IDLE_MAX: Duration = Duration::from_secs(4);

/// Connections to the receiver that are kept without a request.
const IDLE_CONNECTIONS_MAX: usize = 32;

/// The client that caused an event, as the query names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The address of the client that caused it (`ClientIP`); for a REST call that of the caller. Empty: no single client
    /// caused it, and the query does not name one.
    pub client_ip: String,
    /// What kind of client that is (`OptPlatform`), such as `RESTAPI`.
    pub platform: Cow<'static, str>,
}

/// Posts events to the receiver of one app, over connections it keeps. Holds the token, which it never prints.
pub struct Sender {
    client: Client,
    url: Url,
    app: AppId,
    token: Option<Token>,
    /// The address in the URL when it is one that must not be called: no name is resolved for it, so nothing else would
    /// check it.
    closed: Option<IpAddr>,
    time_max: Duration,
}

impl fmt::Debug for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = self.url.as_str();
        f.debug_struct("Sender").field("app", &self.app).field("url", &url).finish_non_exhaustive()
    }
}

impl Sender {
    /// A sender to the receiver of `app`. Reads the PEM files of the configuration, and for https the authorities of
    /// this machine: call it at start or from a thread that may block.
    ///
    /// # Errors
    /// A [`SenderError`] when a file, or the authorities of this machine, cannot be used.
    pub fn new(config: &WebhookConfig, app: AppId) -> Result<Self, SenderError> {
        Self::with(config, app, TIME_MAX, Arc::new(System::default()))
    }

    fn with(
        config: &WebhookConfig,
        app: AppId,
        time_max: Duration,
        names: Arc<dyn Resolve>,
    ) -> Result<Self, SenderError> {
        let client = Client::builder()
            .use_preconfigured_tls(trust::client_config(config)?)
            .dns_resolver(Arc::new(Guard::new(names, config.allow_private)))
            .user_agent(concat!("landfall/", env!("CARGO_PKG_VERSION")))
            .pool_idle_timeout(IDLE_MAX)
            .pool_max_idle_per_host(IDLE_CONNECTIONS_MAX)
            // Neither a proxy of the machine nor an answer may lead to another address.
            .no_proxy()
            .redirect(Policy::none())
            // The caller decides what is sent again.
            .retry(reqwest::retry::never())
            .http1_only()
            .build()
            .map_err(SenderError::Client)?;
        let closed = literal(&config.url).filter(|address| !config.allow_private && !is_public(*address));
        Ok(Self { client, url: config.url.clone(), app, token: config.token.clone(), closed, time_max })
    }

    /// The app whose events it posts.
    #[must_use]
    pub fn app(&self) -> AppId {
        self.app
    }

    /// Posts `body`, a JSON object that begins with its `CallbackCommand`, as the event `command`, and gives the
    /// receiver's answer. `now` is the time the request is signed with. Takes [`TIME_MAX`] at most and never sends
    /// the same request a second time.
    ///
    /// # Errors
    /// A [`SendError`] when there is no answer that could be used; whether the receiver has got the event is then not
    /// known.
    pub async fn post(
        &self,
        command: &str,
        origin: &Origin,
        body: Bytes,
        now: Timestamp,
    ) -> Result<Answer, SendError> {
        if let Some(address) = self.closed {
            return Err(SendError::NotPublic(address));
        }
        let exchange = self.exchange(self.url(command, origin, now), body);
        timeout(self.time_max, exchange).await.unwrap_or(Err(SendError::TimedOut(self.time_max)))
    }

    /// The address of one request.
    fn url(&self, command: &str, origin: &Origin, now: Timestamp) -> Url {
        let mut url = self.url.clone();
        let mut query = url.query_pairs_mut();
        query
            .append_pair("SdkAppid", &self.app.to_string())
            .append_pair("CallbackCommand", command)
            .append_pair("contenttype", "json");
        if !origin.client_ip.is_empty() {
            query.append_pair("ClientIP", &origin.client_ip);
        }
        query.append_pair("OptPlatform", &origin.platform);
        if let Some(token) = &self.token {
            query.append_pair("RequestTime", &now.0.to_string()).append_pair("Sign", &token.sign(now));
        }
        drop(query);
        url
    }

    async fn exchange(&self, url: Url, body: Bytes) -> Result<Answer, SendError> {
        let request = self.client.post(url).header(CONTENT_TYPE, "application/json").body(body);
        let mut response = request.send().await.map_err(SendError::from_client)?;
        if response.status() != StatusCode::OK {
            return Err(SendError::Status(response.status().as_u16()));
        }
        let mut text = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(SendError::from_client)? {
            if ANSWER_BYTES_MAX < text.len() + chunk.len() {
                return Err(SendError::TooLong);
            }
            text.extend_from_slice(&chunk);
        }
        Answer::parse(&text)
    }
}
