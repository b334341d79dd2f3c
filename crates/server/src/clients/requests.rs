//! The requests of clients: one JSON object a frame, its `Command` among them. `docs/gateway.md` describes them.
//!
//! Each request has a file named like its command, and a line in [`REQUESTS`].

mod ack;
mod answers;
mod catch_up;
mod chats;
mod conversation;
mod enter;
mod go;
mod group_msg_get_simple;
mod group_row;
mod groups;
mod history_page;
mod incoming;
mod leave;
mod pin;
mod ping;
mod read;
mod rest;
mod subscriptions;
mod topics;
mod upload_ticket;

pub(super) use incoming::Incoming;

use answers::{Head, NoFields};
use rest::{LINES, RestCommand};

use super::client::ConnectedClient;
use super::frame::ConversationKey;
use super::positions::Positions;
use super::session::CloseReason;
use crate::call::{CALL_TIME_MAX, in_time};
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
use std::time::{Duration, Instant};

/// Longest frame of a client, bytes: a message may say 12,288 bytes, of which escapes make up to three times as many, and
/// six times as many only of control characters.
pub(crate) const FRAME_BYTES_MAX: usize = 64 << 10;

/// All requests, in the order in which the answer to an unknown command names them.
const REQUESTS: &[Entry] = &[
    Entry::of::<ack::Ack>(),
    Entry::of::<catch_up::CatchUp>(),
    Entry::of::<go::Go>(),
    Entry::of::<read::Read>(),
    Entry::of::<group_msg_get_simple::GroupMsgGetSimple>(),
    Entry::of::<groups::Groups>(),
    Entry::of::<topics::Topics>(),
    Entry::of::<chats::Chats>(),
    Entry::of::<subscriptions::Subscriptions>(),
    Entry::of::<enter::Enter>(),
    Entry::of::<leave::Leave>(),
    Entry::of::<pin::Pin>(),
    Entry::of::<upload_ticket::UploadTicket>(),
    Entry::of::<ping::Ping>(),
];

/// The commands of the REST API that clients may call, by their paths.
pub(super) fn rest_paths() -> impl Iterator<Item = &'static str> {
    LINES.iter().map(|(path, _)| *path)
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
    group_id: String,
    topic_id: Option<String>,
    #[serde(rename = "Peer_Account")]
    peer_account: Option<String>,
    #[serde(rename = "Official_Account")]
    official_account: Option<String>,
    msg_seq: u32,
    offset: usize,
    limit: Option<usize>,
    with: Vec<String>,
}

impl CommonFields {
    /// Whether rows are to have the last message, which is all that `With` can name where it is not said otherwise.
    fn with_last(&self) -> Result<bool, Failure> {
        if self.with.iter().any(|name| name != "Last") {
            return Err(Code::GroupParameter.because("With has an unknown name; Last is known"));
        }
        Ok(!self.with.is_empty())
    }

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

/// Performs a request. Returns the frame that answers it, if there is one.
type Handler = for<'a> fn(RequestContext<'a>, Asked<'a>) -> Handled<'a>;

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

/// A request in a frame.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    frame: &'a Incoming<'a>,
    kind: Kind,
}

/// Which request it is.
#[derive(Clone, Copy)]
enum Kind {
    /// A command of REST, by its place in [`LINES`].
    Rest(usize),
    /// By its place in [`REQUESTS`].
    Own(usize),
    Unknown,
}

impl<'a> Asked<'a> {
    pub(super) fn of(frame: &'a Incoming<'a>) -> Self {
        let own = || REQUESTS.iter().position(|entry| entry.command == frame.command);
        let kind = rest::index_of(&frame.command).map(Kind::Rest).or_else(|| own().map(Kind::Own));
        Self { frame, kind: kind.unwrap_or(Kind::Unknown) }
    }

    /// What the rates call it.
    pub(super) fn name(self) -> &'static str {
        let name = match self.kind {
            Kind::Rest(index) => LINES.get(index).map(|(path, _)| *path),
            Kind::Own(index) => REQUESTS.get(index).map(|entry| entry.command),
            Kind::Unknown => None,
        };
        name.unwrap_or_default()
    }

    /// Whether it is a command of REST, which waits until those before it are performed.
    pub(super) fn is_rest(self) -> bool {
        matches!(self.kind, Kind::Rest(_))
    }

    /// Whether the limits on commands exempt it.
    pub(super) fn is_free(self) -> bool {
        matches!(self.kind, Kind::Own(index) if REQUESTS.get(index).is_some_and(|entry| entry.is_free))
    }

    /// Its place in [`command_names`].
    fn number(self) -> Option<usize> {
        match self.kind {
            Kind::Rest(index) => Some(index),
            Kind::Own(index) => Some(LINES.len() + index),
            Kind::Unknown => None,
        }
    }

    /// The frame that refuses it.
    pub(super) fn refused(self, client: &ConnectedClient, failure: &Failure) -> String {
        answers::failure(client, self.number(), Head::of(self.frame), failure, Duration::ZERO)
    }

    /// The future of the frame that answers it, if it is a command of REST. It borrows nothing.
    pub(super) fn performing(self, client: &Arc<ConnectedClient>) -> BoxFuture<'static, String> {
        let (client, number) = (Arc::clone(client), self.number());
        let (command, request_id) =
            (self.frame.command.to_string(), self.frame.request_id.map(RawValue::to_owned));
        let line = if let Kind::Rest(index) = self.kind { LINES.get(index) } else { None };
        let read = line.ok_or_else(unknown);
        let read = read.and_then(|line| RestCommand::read(*line, self.frame, client.account()));
        Box::pin(async move {
            let begun = Instant::now();
            let done = match read {
                Ok(read) => read.perform(&client).await,
                Err(failure) => Err(failure),
            };
            let head = Head { command: &command, request_id: request_id.as_deref() };
            match done {
                Ok(answer) => {
                    client.server.metrics.client_calls.called(number, None, begun.elapsed());
                    answers::of_rest(head, &answer)
                }
                Err(failure) => answers::failure(&client, number, head, &failure, begun.elapsed()),
            }
        })
    }
}

/// The names of all requests, by which they are counted: those of REST with their service.
pub(crate) fn command_names() -> impl Iterator<Item = &'static str> {
    LINES.iter().map(|(path, _)| *path).chain(REQUESTS.iter().map(|entry| entry.command))
}

fn handle<'a, R: ClientRequest>(context: RequestContext<'a>, asked: Asked<'a>) -> Handled<'a> {
    Box::pin(async move {
        let (client, head, begun) = (context.client, Head::of(asked.frame), Instant::now());
        let done = match serde_json::from_str(asked.frame.text) {
            Ok(fields) => in_time(R::COMMAND, CALL_TIME_MAX, R::run(context, fields)).await,
            Err(_) => return Ok(Some(asked.refused(client, &malformed()))),
        };
        match done {
            Ok(reply) => {
                client.server.metrics.client_calls.called(asked.number(), None, begun.elapsed());
                Ok(reply.map(|reply| answers::success(head, reply)))
            }
            Err(RequestError::Failed(failure)) => {
                Ok(Some(answers::failure(client, asked.number(), head, &failure, begun.elapsed())))
            }
            Err(RequestError::Close(reason)) => Err(reason),
        }
    })
}

/// Performs a request that is no command of REST; returns the frame that answers it, if there is one.
///
/// # Errors
/// The connection is to be closed.
pub(super) async fn perform(
    context: RequestContext<'_>,
    asked: Asked<'_>,
) -> Result<Option<String>, CloseReason> {
    let entry = if let Kind::Own(index) = asked.kind { REQUESTS.get(index) } else { None };
    match entry {
        Some(entry) => (entry.handler)(context, asked).await,
        None if serde_json::from_str::<CommonFields>(asked.frame.text).is_err() => {
            Ok(Some(asked.refused(context.client, &malformed())))
        }
        None => Ok(Some(asked.refused(context.client, &unknown()))),
    }
}

fn unknown() -> Failure {
    let known: Vec<_> = REQUESTS.iter().map(|entry| entry.command).collect();
    Code::GroupCommandUnknown.because(format!("Command is none of {}", known.join(", ")))
}

/// The frame that refuses what is no request at all.
pub(super) fn refuse_unread(client: &ConnectedClient, failure: &Failure) -> String {
    answers::failure(client, None, Head::default(), failure, Duration::ZERO)
}

fn malformed() -> Failure {
    Code::GroupParameter.because("a frame must be a JSON object with Command; numbers must not be quoted")
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
