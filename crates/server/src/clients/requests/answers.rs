//! The frames that answer requests.

use super::incoming::Incoming;
use crate::clients::client::ConnectedClient;
use crate::clients::frame;
use crate::reply::Failure;
use serde::Serialize;
use serde_json::value::RawValue;
use std::time::Duration;

/// Of a request, what its answer repeats.
#[derive(Clone, Copy, Default)]
pub(super) struct Head<'a> {
    pub(super) command: &'a str,
    pub(super) request_id: Option<&'a RawValue>,
}

impl<'a> Head<'a> {
    pub(super) fn of(frame: &'a Incoming<'_>) -> Self {
        Self { command: &frame.command, request_id: frame.request_id }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct AnswerFrame<'a, T> {
    event: &'static str,
    command: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<&'a RawValue>,
    #[serde(flatten)]
    rest: T,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Outcome<'a, T> {
    action_status: &'static str,
    error_info: &'a str,
    error_code: u32,
    #[serde(flatten)]
    reply: T,
}

/// The reply of a request that has nothing to say.
#[derive(Serialize)]
pub(super) struct NoFields {}

fn frame_of(Head { command, request_id }: Head<'_>, rest: impl Serialize) -> String {
    frame::text(&AnswerFrame { event: "answer", command, request_id, rest })
}

/// The answer to a request that was performed.
pub(super) fn success(head: Head<'_>, reply: impl Serialize) -> String {
    frame_of(head, Outcome { action_status: "OK", error_info: "", error_code: 0, reply })
}

/// The answer of REST, which is a JSON object, behind what every answer has.
pub(super) fn of_rest(head: Head<'_>, answer: &[u8]) -> String {
    let head = frame_of(head, NoFields {});
    let answer = String::from_utf8_lossy(answer);
    match (head.strip_suffix('}'), answer.trim_start().strip_prefix('{')) {
        (Some(head), Some(rest)) => format!("{head},{rest}"),
        _ => head,
    }
}

/// The answer to a request that failed; the cause is logged, and the failure counted for the request with this number.
pub(super) fn failure(
    client: &ConnectedClient,
    request: Option<usize>,
    head: Head<'_>,
    failure: &Failure,
    took: Duration,
) -> String {
    client.server.metrics.client_calls.called(request, Some(failure.code), took);
    let command = head.command;
    if let Some(cause) = &failure.cause {
        client.server.error_log.log(|suppressed| {
            tracing::error!(command, %cause, suppressed, "a client's {command} failed: {cause}");
        });
    }
    let (error_info, error_code, reply) = (failure.text.as_ref(), failure.number(), NoFields {});
    frame_of(head, Outcome { action_status: "FAIL", error_info, error_code, reply })
}
