//! Why a request could not be sent, or had no usable answer.

use super::resolve::NoPublicAddress;
use crate::logging::chain;
use crate::tls::TlsError;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;
use tokio_rustls::rustls;

/// Longest answer taken, bytes. A message of the size that the cloud allows fits in it several times. [choice]
pub const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// Longest text of a cause, bytes: causes quote certificates, and end in logs and dead letters.
const CAUSE_BYTES_MAX: usize = 300;

/// Why no requests can be made.
#[derive(Debug, thiserror::Error)]
pub enum SenderError {
    /// A PEM file cannot be used.
    #[error("TLS cannot be used for the webhook")]
    Tls(#[from] TlsError),
    /// A certificate cannot be trusted.
    #[error("{} holds a certificate that cannot be trusted as an authority", path.display())]
    Authority {
        /// The file.
        path: PathBuf,
        /// What the TLS library said.
        source: rustls::Error,
    },
    /// There is no authority that could vouch for the receiver.
    #[error("this machine has no list of authorities; name a file with `ca`")]
    NoAuthorities,
    /// The HTTP client cannot be made.
    #[error("the HTTP client cannot be made")]
    Client(#[source] reqwest::Error),
}

/// Why there is no usable answer. Short enough to be kept; holds no token, no signature and no query.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// It took longer than this.
    #[error("no complete answer within {0:?}")]
    TimedOut(Duration),
    /// The receiver's only addresses, of which this is one, are not of the public internet.
    #[error("{0} is in a private network or on this machine, and allow_private does not let it in")]
    NotPublic(IpAddr),
    /// The name is not known, nobody accepts connections, or TLS was not agreed on.
    #[error("cannot connect: {0}")]
    Connect(String),
    /// The connection broke, or what came over it is no HTTP.
    #[error("the connection failed: {0}")]
    Broken(String),
    /// The receiver answered with a status other than 200. Redirects are not followed.
    #[error("the receiver answered with HTTP status {0}")]
    Status(u16),
    /// The answer is longer than [`ANSWER_BYTES_MAX`].
    #[error("the answer is longer than {ANSWER_BYTES_MAX} bytes")]
    TooLong,
    /// The answer is something else than a JSON object.
    #[error("the answer is not a JSON object")]
    NotJson,
    /// The answer has no whole number as `ErrorCode`.
    #[error("the answer has no ErrorCode")]
    NoErrorCode,
    /// The answer allows the call, but what else it says cannot be used.
    #[error("{0}")]
    Unusable(String),
    /// The event could not be written as JSON.
    #[error("the event cannot be written as JSON")]
    Unwritable,
}

impl SendError {
    /// The answer cannot be used for this reason.
    pub(in crate::webhook) fn unusable(mut what: String) -> Self {
        what.truncate(what.floor_char_boundary(CAUSE_BYTES_MAX));
        Self::Unusable(what)
    }

    /// How far the request got, as the end of a sentence about the receiver.
    pub(in crate::webhook) fn fate(&self) -> &'static str {
        match self {
            Self::NotPublic(_) | Self::Connect(_) | Self::Unwritable => "was not asked",
            Self::TimedOut(_) | Self::Broken(_) => "gave no answer",
            Self::Status(_) | Self::TooLong | Self::NotJson | Self::NoErrorCode | Self::Unusable(_) => {
                "was asked, its answer could not be used"
            }
        }
    }

    /// What the HTTP client ran into.
    pub(super) fn from_client(error: reqwest::Error) -> Self {
        if let Some(found) = chain(&error).find_map(|cause| cause.downcast_ref::<NoPublicAddress>()) {
            return Self::NotPublic(found.0);
        }
        // It names the whole address, signature included.
        let error = error.without_url();
        // The innermost cause says what happened; those around it only say during what.
        let mut cause = chain(&error).last().map(ToString::to_string).unwrap_or_default();
        cause.truncate(cause.floor_char_boundary(CAUSE_BYTES_MAX));
        if error.is_connect() { Self::Connect(cause) } else { Self::Broken(cause) }
    }
}
