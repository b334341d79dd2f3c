//! The HTTP client of a bucket: the one that webhooks use, so that TLS is the same everywhere.

use crate::files::error::FilesError;
use crate::logging::chain;
use crate::tls;
use async_trait::async_trait;
use http_body_util::BodyExt as _;
use object_store::ClientOptions;
use object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse, HttpResponseBody,
    HttpService,
};
use reqwest::redirect::Policy;
use reqwest::{Body, Client, Request, Url};
use std::io;
use std::time::Duration;
use tokio_rustls::rustls::RootCertStore;

const CONNECT_MAX: Duration = Duration::from_secs(5);

/// Gives one client to whoever asks.
#[derive(Debug)]
pub(super) struct Connector(Client);

#[derive(Debug)]
struct Service(Client);

impl Connector {
    /// For the service at `endpoint`; `None`: that of AWS, by https. `time_max`: as in `Patience`.
    pub(super) fn new(endpoint: Option<&Url>, time_max: Duration) -> Result<Self, FilesError> {
        let is_plain = endpoint.is_some_and(|endpoint| endpoint.scheme() == "http");
        let authorities = if is_plain { RootCertStore::empty() } else { tls::machine_authorities()? };
        let mut tls = tls::client_settings(authorities).with_no_client_auth();
        tls.alpn_protocols = vec![b"http/1.1".to_vec()];
        let client = Client::builder()
            .use_preconfigured_tls(tls)
            .user_agent(concat!("landfall/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT_MAX)
            .read_timeout(time_max)
            // A signature is good for one address only.
            .no_proxy()
            .redirect(Policy::none())
            // The store of objects repeats requests itself.
            .retry(reqwest::retry::never())
            .http1_only()
            .build();
        client.map(Self).map_err(|cause| FilesError::Client(Box::new(cause)))
    }
}

impl HttpConnector for Connector {
    fn connect(&self, _options: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(Service(self.0.clone())))
    }
}

#[async_trait]
impl HttpService for Service {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let request = Request::try_from(request.map(Body::wrap)).map_err(failed)?;
        let response = self.0.execute(request).await.map_err(failed)?;
        let response = hyper::Response::<Body>::from(response);
        Ok(response.map(|body| HttpResponseBody::new(body.map_err(failed))))
    }
}

/// All that is known of a failure: the library shows the first text only.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Cause(String);

/// A failure, by which it is known whether the request may be repeated.
fn failed(error: reqwest::Error) -> HttpError {
    let mut kind = if error.is_timeout() {
        HttpErrorKind::Timeout
    } else if error.is_connect() {
        HttpErrorKind::Connect
    } else {
        HttpErrorKind::Unknown
    };
    let mut source = std::error::Error::source(&error);
    while let (HttpErrorKind::Unknown, Some(cause)) = (kind, source) {
        let is_cut = cause.downcast_ref::<hyper::Error>().is_some_and(|cause| {
            cause.is_closed() || cause.is_incomplete_message() || cause.is_body_write_aborted()
        });
        let is_lost = cause.downcast_ref::<io::Error>().is_some();
        if is_cut || is_lost {
            kind = HttpErrorKind::Interrupted;
        }
        source = cause.source();
    }
    let causes: Vec<_> = chain(&error.without_url()).map(ToString::to_string).collect();
    HttpError::new(kind, Cause(causes.join(": ")))
}
