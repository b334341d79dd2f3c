//! Why a call has no result.

use super::limits;
use serde_json::Value;

/// Why no call can be made at all.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    #[error("{0:?} is not the address of a server; it begins with http:// or https://")]
    Address(String),
    #[error("this machine has no certificate authorities; install the package ca-certificates")]
    NoAuthorities,
    #[error("the HTTP client cannot be made")]
    Client(#[source] reqwest::Error),
}

/// Why a call has no result. Never holds the UserSig.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// The server refused the call, and would do so again.
    #[error("{command} was refused with {code}: {info}")]
    Refused {
        command: String,
        /// `ErrorCode`.
        code: u64,
        /// `ErrorInfo`.
        info: String,
        /// The whole answer.
        reply: Box<Value>,
    },
    /// The server cannot do it now; the call may have taken effect after 10002 and 60008.
    #[error("{command} was put off with {code}: {info}")]
    Busy { command: String, code: u64, info: String },
    /// The connection broke or the time was over. Whether the call took effect is not known.
    #[error("{command} was not answered")]
    Unanswered {
        command: String,
        #[source]
        cause: reqwest::Error,
    },
    /// An answer with another status than 200, or without an envelope, or one that is too long.
    #[error("the answer to {command} is not one of the v4 API (HTTP status {status})")]
    NotTheApi { command: String, status: u16 },
    /// The server did not take the call for longer than it is waited for.
    #[error("{command} was given up after {seconds} seconds")]
    GaveUp {
        command: String,
        /// How long it was tried.
        seconds: u64,
        /// Of the last attempt.
        #[source]
        cause: Box<CallError>,
    },
    /// It was not made, because the program is about to end.
    #[error("{0} was not made, because the program is stopping")]
    Stopped(String),
}

/// Codes of calls that may be made again in a moment: too many calls, a time-out, a failure inside the server.
const BUSY: &[u64] = &[60_007, 60_008, 60_011, 10_002, 70_500, 10_006];
/// Those of them that are given before the call is looked at.
const NEVER_RAN: &[u64] = &[60_007, 60_011, 10_006];

impl CallError {
    /// Whether the same call may succeed in a moment.
    #[must_use]
    pub fn passes(&self) -> bool {
        match self {
            Self::Busy { .. } | Self::Unanswered { .. } => true,
            // A gateway in front of the server has no server; or the answer was cut off.
            Self::NotTheApi { status, .. } => matches!(status, 200 | 429 | 500..=599),
            Self::Refused { .. } | Self::GaveUp { .. } | Self::Stopped(_) => false,
        }
    }

    /// Whether the call surely had no effect.
    #[must_use]
    pub fn had_no_effect(&self) -> bool {
        match self {
            Self::Refused { .. } | Self::Stopped(_) => true,
            Self::Busy { code, .. } => NEVER_RAN.contains(code),
            Self::Unanswered { cause, .. } => cause.is_connect(),
            Self::NotTheApi { .. } | Self::GaveUp { .. } => false,
        }
    }

    /// Whether every other call would be refused too: wrong app, administrator or UserSig.
    #[must_use]
    pub fn is_about_the_caller(&self) -> bool {
        self.refusal().is_some_and(|(code, _)| limits::is_about_the_caller(code))
    }

    /// `ErrorCode` and `ErrorInfo` of a refusal.
    #[must_use]
    pub fn refusal(&self) -> Option<(u64, &str)> {
        match self {
            Self::Refused { code, info, .. } => Some((*code, info)),
            Self::Busy { .. }
            | Self::Unanswered { .. }
            | Self::NotTheApi { .. }
            | Self::GaveUp { .. }
            | Self::Stopped(_) => None,
        }
    }

    pub(super) fn refused(command: &str, code: u64, reply: Value) -> Self {
        let command = command.to_owned();
        let info = reply.get("ErrorInfo").and_then(Value::as_str).unwrap_or_default().to_owned();
        if BUSY.contains(&code) {
            Self::Busy { command, code, info }
        } else {
            Self::Refused { command, code, info, reply: Box::new(reply) }
        }
    }
}
