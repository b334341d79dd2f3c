//! The requests of clients: one JSON object a frame, its `Command` among them. `docs/gateway.md` describes them.
//!
//! Each request has a file named like its command, and a line in [`REQUESTS`].

mod ack;
mod catch_up;
mod chats;
mod conversation;
mod enter;
mod go;
mod groups;
mod leave;
mod pin;
mod ping;
mod read;
mod rest;

mod subscriptions;
mod topics;

pub(super) use rest::Line as RestLine;

use super::client::ConnectedClient;
use super::frame::{self, ConversationKey};
use super::positions::Positions;
use super::session::CloseReason;
use crate::allowance::Allowance;
use crate::code::Code;
use crate::reply::Failure;
use futures_util::future::BoxFuture;
use landfall_domain::ids::{GroupId, TopicId, UserId};
use landfall_domain::message::Conversation;
use landfall_domain::people::Pair;
use landfall_domain::people::official::{broadcasts, parse_id};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::sync::Arc;
use tokio::time::Instant;

/// All requests, in the order in which the answer to an unknown command names them.
const REQUESTS: &[Entry] = &[
    Entry::of::<ack::Ack>(),
    Entry::of::<catch_up::CatchUp>(),
    Entry::of::<go::Go>(),
    Entry::of::<read::Read>(),
    Entry::of::<groups::Groups>(),
    Entry::of::<topics::Topics>(),
    Entry::of::<chats::Chats>(),
    Entry::of::<subscriptions::Subscriptions>(),
    Entry::of::<enter::Enter>(),
    Entry::of::<leave::Leave>(),
    Entry::of::<pin::Pin>(),
    Entry::of::<ping::Ping>(),
];

/// The commands of the REST API that clients may call, by their paths.
pub(super) fn rest_paths() -> impl Iterator<Item = &'static str> {
    rest::LINES.iter().map(|(path, _)| *path)
}

/// The names of the requests that are none of REST.
pub(super) fn own_names() -> impl Iterator<Item = &'static str> {
    REQUESTS.iter().map(|entry| entry.command)
}

/// A request of clients.
trait ClientRequest {
    /// Its `Command`.
    const COMMAND: &'static str;
    /// Whether the limit on commands exempts it: it costs the store nothing.
    const IS_FREE: bool = false;
    /// What it reads of the frame; other fields are ignored.
    type Fields: DeserializeOwned + Send;
    /// What its answer adds to the envelope.
    type Reply: Serialize;

    /// Performs the request. `None`: it is not answered.
    fn run(
        context: RequestContext<'_>,
        fields: Self::Fields,
    ) -> impl Future<Output = Result<Option<Self::Reply>, RequestError>> + Send;
}

/// The connection on which a request came.
pub(super) struct RequestContext<'a> {
    pub(super) client: &'a ConnectedClient,
    pub(super) positions: &'a mut Positions,
    /// Those in conversations with accounts.
    pub(super) direct: &'a mut Positions<Arc<Pair>>,
}

/// Why a request was not performed.
enum RequestError {
    /// The answer says why.
    Failed(Failure),
    /// The connection is closed.
    Close(CloseReason),
}

impl From<Failure> for RequestError {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl From<CloseReason> for RequestError {
    fn from(reason: CloseReason) -> Self {
        Self::Close(reason)
    }
}

/// The fields of a frame that several requests have. A frame in which one of them has a wrong type is refused, whatever its
/// command.
#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct CommonFields {
    command: String,
    /// Is returned in the answer.
    request_id: Option<Box<RawValue>>,
    group_id: String,
    topic_id: Option<String>,
    #[serde(rename = "Peer_Account")]
    peer_account: Option<String>,
    #[serde(rename = "Official_Account")]
    official_account: Option<String>,
    msg_seq: u32,
    offset: usize,
    limit: Option<usize>,
}

impl CommonFields {
    /// The other account of a one-to-one conversation; `None` where a group is meant.
    fn peer(&self) -> Result<Option<UserId>, Failure> {
        let given = self.peer_account.as_deref().filter(|name| !name.is_empty());
        let illegal = || Code::GroupParameter.because("Peer_Account is not an account");
        given.map(|name| UserId::parse(name).ok_or_else(illegal)).transpose()
    }

    /// The official account that is meant, if one is.
    fn official(&self) -> Result<Option<UserId>, Failure> {
        let given = self.official_account.as_deref().filter(|name| !name.is_empty());
        let illegal = || Code::GroupParameter.because("Official_Account is not an official account");
        given.map(|name| parse_id(name).ok_or_else(illegal)).transpose()
    }

    /// A conversation of `account` with another, or the messages of an official account; `None` where a group is meant.
    fn pair(&self, account: &UserId) -> Result<Option<Arc<Pair>>, Failure> {
        if let Some(official) = self.official()? {
            return Ok(Some(Arc::new(broadcasts(&official))));
        }
        Ok(self.peer()?.map(|peer| Arc::new(Pair::of(account.clone(), peer))))
    }

    fn group_id(&self) -> Result<GroupId, Failure> {
        GroupId::parse(&self.group_id)
            .ok_or_else(|| Code::GroupIdIllegal.because("GroupId is missing, or not a group id"))
    }

    fn conversation(&self) -> Result<ConversationKey, Failure> {
        let group = self.group_id()?;
        let topic = match self.topic_id.as_deref() {
            None | Some("") => None,
            Some(id) => {
                let topic = TopicId::parse(id, &group);
                Some(
                    topic
                        .ok_or_else(|| Code::GroupParameter.because("TopicId is not a topic of the group"))?,
                )
            }
        };
        Ok(ConversationKey { group, conversation: Conversation::of(topic) })
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct AnswerFrame<'a, T> {
    event: &'static str,
    command: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<&'a RawValue>,
    action_status: &'static str,
    error_info: &'a str,
    error_code: u32,
    #[serde(flatten)]
    reply: T,
}

/// The reply of a request that has nothing to say.
#[derive(Serialize)]
struct NoFields {}

/// Performs a request. Returns the frame that answers it, if there is one.
type Handler = for<'a> fn(RequestContext<'a>, &'a CommonFields, &'a str) -> Handled<'a>;

type Handled<'a> = BoxFuture<'a, Result<Option<String>, CloseReason>>;

/// A line of the table.
struct Entry {
    command: &'static str,
    is_free: bool,
    handler: Handler,
}

impl Entry {
    const fn of<R: ClientRequest>() -> Self {
        Self { command: R::COMMAND, is_free: R::IS_FREE, handler: handle::<R> }
    }
}

fn handle<'a, R: ClientRequest>(
    context: RequestContext<'a>,
    common: &'a CommonFields,
    text: &'a str,
) -> Handled<'a> {
    Box::pin(async move {
        let client = context.client;
        let done = match serde_json::from_str(text) {
            Ok(fields) => R::run(context, fields).await,
            Err(_) => Err(malformed().into()),
        };
        match done {
            Ok(None) => Ok(None),
            Ok(Some(reply)) => Ok(Some(answer(common, &reply))),
            Err(RequestError::Failed(failure)) => Ok(Some(refusal(client, common, &failure))),
            Err(RequestError::Close(reason)) => Err(reason),
        }
    })
}

/// The frame that answers a command of the REST API.
pub(super) async fn perform_rest(client: &ConnectedClient, line: RestLine, text: &str) -> String {
    let Ok(common) = serde_json::from_str::<Envelope>(text) else {
        return refusal(client, &CommonFields::default(), &malformed());
    };
    let Envelope { command, request_id } = common;
    let common = CommonFields { command, request_id, ..CommonFields::default() };
    match rest::perform(client, line, text).await {
        Ok(answer) => rest_answer(&common, &answer),
        Err(failure) => refusal(client, &common, &failure),
    }
}

/// The frame that answers a request beyond a limit of the connection.
pub(super) fn too_many(client: &ConnectedClient, text: &str, why: &'static str) -> String {
    let Envelope { command, request_id } = serde_json::from_str(text).unwrap_or_default();
    let common = CommonFields { command, request_id, ..CommonFields::default() };
    refusal(client, &common, &Code::TooFrequent.because(why))
}

/// What every frame has, whatever its command.
#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct Envelope {
    command: String,
    request_id: Option<Box<RawValue>>,
}

/// The command of the REST API in a frame, if it is one.
pub(super) fn rest_line(text: &str) -> Option<RestLine> {
    let envelope = serde_json::from_str::<Envelope>(text).ok()?;
    rest::line(&envelope.command).copied()
}

/// The answer of REST, which is a JSON object, behind what every answer has.
fn rest_answer(common: &CommonFields, answer: &[u8]) -> String {
    let CommonFields { command, request_id, .. } = common;
    let head = frame::text(&AnswerHead { event: "answer", command, request_id: request_id.as_deref() });
    let answer = String::from_utf8_lossy(answer);
    match (head.strip_suffix('}'), answer.trim_start().strip_prefix('{')) {
        (Some(head), Some(rest)) => format!("{head},{rest}"),
        _ => head,
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct AnswerHead<'a> {
    event: &'static str,
    command: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<&'a RawValue>,
}

/// Performs the request in a frame; returns the frame that answers it, if there is one.
///
/// # Errors
/// The connection is to be closed.
pub(super) async fn perform(
    context: RequestContext<'_>,
    commands: &mut Allowance,
    text: &str,
) -> Result<Option<String>, CloseReason> {
    let client = context.client;
    let Ok(common) = serde_json::from_str::<CommonFields>(text) else {
        return Ok(Some(refusal(client, &CommonFields::default(), &malformed())));
    };
    let entry = REQUESTS.iter().find(|entry| entry.command == common.command);
    if !entry.is_some_and(|entry| entry.is_free) && !commands.take(Instant::now()) {
        let failure = Code::TooFrequent.because("too many requests; try again in a second");
        return Ok(Some(refusal(client, &common, &failure)));
    }
    match entry {
        Some(entry) => (entry.handler)(context, &common, text).await,
        None => {
            let known: Vec<_> = REQUESTS.iter().map(|entry| entry.command).collect();
            let text = format!("Command is none of {}", known.join(", "));
            Ok(Some(refusal(client, &common, &Code::GroupCommandUnknown.because(text))))
        }
    }
}

fn malformed() -> Failure {
    Code::GroupParameter.because("a frame must be a JSON object with Command; numbers must not be quoted")
}

fn answer(common: &CommonFields, reply: impl Serialize) -> String {
    let CommonFields { command, request_id, .. } = common;
    let (event, request_id, action_status) = ("answer", request_id.as_deref(), "OK");
    frame::text(&AnswerFrame {
        event,
        command,
        request_id,
        action_status,
        error_info: "",
        error_code: 0,
        reply,
    })
}

fn refusal(client: &ConnectedClient, common: &CommonFields, failure: &Failure) -> String {
    let CommonFields { command, request_id, .. } = common;
    if let Some(cause) = &failure.cause {
        client.server.error_log.log(|suppressed| {
            tracing::error!(command, %cause, suppressed, "a client's {command} failed: {cause}");
        });
    }
    let (event, request_id, action_status) = ("answer", request_id.as_deref(), "FAIL");
    let (error_info, error_code, reply) = (failure.text.as_ref(), failure.number(), NoFields {});
    frame::text(&AnswerFrame { event, command, request_id, action_status, error_info, error_code, reply })
}

#[cfg(test)]
mod tests {
    use super::super::page::{PAGE, rows};
    use super::*;
    use std::collections::BTreeSet;

    /// The commands in the table of the page; a row may name several.
    fn documented() -> BTreeSet<&'static str> {
        let cells = rows("## Commands").into_iter().map(|(commands, _)| commands);
        cells.flat_map(|cell| cell.split(", ")).map(|command| command.trim_matches('`')).collect()
    }

    #[test]
    fn the_page_lists_every_request_and_no_other() {
        let commands: BTreeSet<_> = REQUESTS.iter().map(|entry| entry.command).collect();
        assert_eq!(commands, documented());
        assert_eq!(commands.len(), REQUESTS.len(), "a command appears twice");
    }

    #[test]
    fn the_page_names_the_requests_that_are_exempt_from_the_limit() {
        let free: Vec<_> = REQUESTS.iter().filter(|entry| entry.is_free).map(|entry| entry.command).collect();
        assert_eq!(free, ["ack", "go", "ping"]);
        assert!(PAGE.contains("\n| Commands except `ack`, `go` and `ping` |"));
    }
}
