//! Why nothing more of an upload was taken.

use crate::code::Code;
use crate::files::partials::Busy;
use crate::reply::Failure;
use hyper::StatusCode;
use landfall_domain::error::StoreError;
use std::io;

/// Why nothing more was taken, and how the answer says it.
pub(super) struct Refused {
    pub(super) status: StatusCode,
    pub(super) failure: Failure,
    /// How much of the file is there, where the client can go on.
    pub(super) offset: Option<u64>,
}

impl Refused {
    pub(super) fn new(status: StatusCode, code: Code, text: impl Into<String>) -> Self {
        Self { status, failure: code.because(text.into()), offset: None }
    }

    pub(super) fn wrong(text: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, Code::GroupParameter, text)
    }

    pub(super) fn too_large(sent: u64, announced: u64) -> Self {
        let text = format!("the file has {sent} bytes or more; it was announced with {announced}");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, Code::GroupParameter, text)
    }

    pub(super) fn too_late() -> Self {
        let text = "the time of the ticket is over; ask for another upload_ticket";
        Self::new(StatusCode::NOT_FOUND, Code::GroupParameter, text)
    }

    pub(super) fn conflict(text: impl Into<String>, offset: Option<u64>) -> Self {
        Self { offset, ..Self::new(StatusCode::CONFLICT, Code::GroupParameter, text) }
    }

    pub(super) fn internal(cause: impl std::error::Error + Send + Sync + 'static) -> Self {
        let failure = Code::GroupInternal.internal(cause);
        Self { status: StatusCode::INTERNAL_SERVER_ERROR, failure, offset: None }
    }
}

impl From<io::Error> for Refused {
    fn from(error: io::Error) -> Self {
        Self::internal(error)
    }
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        Self::internal(error)
    }
}

impl From<Busy> for Refused {
    fn from(busy: Busy) -> Self {
        match busy {
            Busy::Overtaken => Self::conflict("a later request goes on with this file", None),
            Busy::TooMany => Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                Code::TooFrequent,
                "too many files are on their way; try again",
            ),
        }
    }
}
