//! What a client says: one JSON object a frame, its `Command` among them. `docs/gateway.md` describes them.

use super::client::ConnectedClient;
use super::client_subscribers::ClientSubscribers;
use super::connection::{ClientConnection, Disconnected};
use super::delivery_progress::DeliveryProgress;
use super::frame::{self, ConversationKey};
use crate::code::Code;
use crate::commands::refusal;
use crate::reply::Failure;
use landfall_domain::group::{Group, GroupType};
use landfall_domain::ids::{GroupId, TopicId};
use landfall_domain::member::Member;
use landfall_domain::message::{Conversation, MessageLog};
use landfall_domain::operation::{GroupSnapshot, Needs, Refusal, perform};
use landfall_domain::operations::read_up_to::ReadUpTo;
use landfall_domain::part::{Part, PartFamily, PartKey, PartRange};
use landfall_domain::store::{JoinedWindow, OperationError};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Instant;

/// Groups in one answer.
const GROUPS_MAX: usize = 200;

/// A request. What a command does not need is passed over.
#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct Request {
    command: String,
    /// Comes back in the answer.
    request_id: Option<serde_json::Value>,
    group_id: String,
    topic_id: Option<String>,
    msg_seq: u32,
    offset: usize,
    limit: Option<usize>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Answer<'a, T> {
    event: &'static str,
    command: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<&'a serde_json::Value>,
    action_status: &'static str,
    error_info: &'a str,
    error_code: u32,
    #[serde(flatten)]
    what: T,
}

#[derive(Serialize)]
struct NoFields {}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Conversations {
    total_count: u64,
    group_list: Vec<Row>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Topics {
    topic_list: Vec<Row>,
}

/// A conversation and how far its reader is.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Row {
    #[serde(skip_serializing_if = "Option::is_none")]
    group_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    topic_id: Option<String>,
    #[serde(rename = "Type", skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    name: String,
    /// Number of the last message.
    msg_seq: u32,
    read_msg_seq: u32,
    unread_msg_num: u32,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Unread {
    unread_msg_num: u32,
}

/// Does what a client says, and answers.
pub(super) async fn answer<S>(connection: &mut ClientConnection<S>, text: &str) -> Result<(), Disconnected>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let Ok(request) = serde_json::from_str::<Request>(text) else {
        let failure =
            Code::GroupParameter.because("a frame is a JSON object with Command, and numbers are numbers");
        return reply(connection, &Request::default(), Err::<NoFields, _>(failure)).await;
    };
    // What only says where the client is, or that it is there, costs the store nothing.
    let is_free = matches!(request.command.as_str(), "ack" | "go" | "ping");
    if !is_free && !connection.commands.take(Instant::now()) {
        let failure = Code::TooFrequent.because("too many requests; try again in a second");
        return reply(connection, &request, Err::<NoFields, _>(failure)).await;
    }
    match request.command.as_str() {
        "ack" => match key(&request) {
            Ok(key) => {
                connection.positions.acknowledge(&Arc::new(key), request.msg_seq);
                Ok(())
            }
            Err(failure) => reply(connection, &request, Err::<NoFields, _>(failure)).await,
        },
        "catch_up" => {
            let done = catch_up(connection, &request).await?;
            reply(connection, &request, done).await
        }
        "read" => {
            let done = read(&connection.client, &request).await;
            reply(connection, &request, done).await
        }
        "groups" => {
            let done = groups(&connection.client, &request).await;
            reply(connection, &request, done).await
        }
        "topics" => {
            let done = topics(&connection.client, &request).await;
            reply(connection, &request, done).await
        }
        "enter" | "leave" => {
            let done = visit(&connection.client, &request).await;
            reply(connection, &request, done).await
        }
        "go" => {
            connection.positions.release();
            Ok(())
        }
        "ping" => reply(connection, &request, Ok(NoFields {})).await,
        _ => {
            let known = "ack, catch_up, go, read, groups, topics, enter, leave, ping";
            let failure = Code::GroupCommandUnknown.because(format!("Command is none of {known}"));
            reply(connection, &request, Err::<NoFields, _>(failure)).await
        }
    }
}

async fn reply<S, T>(
    connection: &mut ClientConnection<S>,
    request: &Request,
    done: Result<T, Failure>,
) -> Result<(), Disconnected>
where
    S: AsyncRead + AsyncWrite + Unpin,
    T: Serialize,
{
    connection.spend_answer();
    let (event, command, request_id) = ("answer", request.command.as_str(), request.request_id.as_ref());
    let text = match done {
        Ok(what) => {
            let (action_status, error_info, error_code) = ("OK", "", 0);
            frame::text(&Answer { event, command, request_id, action_status, error_info, error_code, what })
        }
        Err(failure) => {
            if let Some(cause) = &failure.cause
                && let Some(suppressed) = connection.client.server.error_log.admit()
            {
                tracing::error!(command, %cause, suppressed, "a client's {command} failed: {cause}");
            }
            let (action_status, error_info, error_code) = ("FAIL", failure.text.as_ref(), failure.number());
            let what = NoFields {};
            frame::text(&Answer { event, command, request_id, action_status, error_info, error_code, what })
        }
    };
    connection.send(text).await
}

fn group_id(request: &Request) -> Result<GroupId, Failure> {
    GroupId::parse(&request.group_id)
        .ok_or_else(|| Code::GroupIdIllegal.because("GroupId is missing, or not a group id"))
}

fn key(request: &Request) -> Result<ConversationKey, Failure> {
    let group = group_id(request)?;
    let topic = match request.topic_id.as_deref() {
        None | Some("") => None,
        Some(id) => {
            let topic = TopicId::parse(id, &group);
            Some(topic.ok_or_else(|| Code::GroupParameter.because("TopicId is not a topic of the group"))?)
        }
    };
    Ok(ConversationKey { group, conversation: Conversation::of(topic) })
}

async fn catch_up<S>(
    connection: &mut ClientConnection<S>,
    request: &Request,
) -> Result<Result<NoFields, Failure>, Disconnected>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let key = match key(request) {
        Ok(key) => key,
        Err(failure) => return Ok(Err(failure)),
    };
    let Some(snapshot) = connection.client.history(&key, Vec::new()).await? else {
        // Who has entered a live-stream group is no member of it.
        let is_live = connection.client.session.live_groups().contains(&key.group);
        let why = if is_live {
            "groups of this type keep no messages"
        } else {
            "you are in no such group, or it has no such topic"
        };
        return Ok(Err(Code::GroupNotAllowed.because(why)));
    };
    // A client of a group that was made anew, or of an older copy of the store, knows numbers that are still to come; it must
    // not miss what gets them.
    let last = snapshot.log(&key.conversation).map_or(0, MessageLog::last_seq);
    connection.positions.catch_up(&Arc::new(key), request.msg_seq.min(last));
    Ok(Ok(NoFields {}))
}

async fn read(client: &ConnectedClient, request: &Request) -> Result<Unread, Failure> {
    let ConversationKey { group, conversation } = key(request)?;
    let (hub, reader, context) = (&client.hub, client.account().clone(), client.context());
    let operation = ReadUpTo { group, conversation, reader: reader.clone(), seq: request.msg_seq };
    let subscribers =
        Arc::new(ClientSubscribers { hub: Arc::clone(hub), operator: reader, now: context.now });
    let unread_msg_num =
        perform(&*client.server.store, context, operation, subscribers).await.map_err(refusal::failure)?;
    Ok(Unread { unread_msg_num })
}

fn row(kind: GroupType, name: &str, log: &MessageLog, read_msg_seq: u32) -> Row {
    let unread = log.last_seq().saturating_sub(read_msg_seq);
    Row {
        group_id: None,
        topic_id: None,
        kind: None,
        name: name.to_owned(),
        msg_seq: log.last_seq(),
        read_msg_seq,
        unread_msg_num: if kind.can().unread { unread } else { 0 },
    }
}

async fn groups(client: &ConnectedClient, request: &Request) -> Result<Conversations, Failure> {
    let window = JoinedWindow {
        kinds: GroupType::ALL.into_iter().filter(|kind| kind.can().members).collect(),
        support_topic: None,
        inactive: false,
        offset: request.offset,
        limit: request.limit.unwrap_or(GROUPS_MAX).min(GROUPS_MAX),
    };
    let page = client.server.store.joined_groups(client.app.id, client.account().clone(), window).await;
    let page = page.map_err(|error| Code::GroupInternal.internal(error))?;
    let rows = page.groups.iter().map(|(group, member): &(Group, Member)| Row {
        group_id: Some(group.id.as_str().to_owned()),
        kind: Some(group.kind.as_str()),
        ..row(group.kind, group.profile.name.as_str(), &group.log, group.log.read_seq(member.read))
    });
    Ok(Conversations { total_count: page.total, group_list: rows.collect() })
}

async fn topics(client: &ConnectedClient, request: &Request) -> Result<Topics, Failure> {
    let group = group_id(request)?;
    let account = client.account();
    // Both have a bound: `TopicLimits::count`.
    let needs = Needs {
        members: vec![account.clone()],
        ranges: vec![PartRange::all(PartFamily::Topics)],
        ..Needs::default()
    };
    let snapshot = look(client, &group, needs).await?;
    snapshot.check_visible_to(account).map_err(|hidden| refusal::of(&hidden))?;
    if !snapshot.members.contains_key(account) {
        return Err(refusal::of(&Refusal::NotAMember(account.clone())));
    }
    let topics: Vec<_> = snapshot
        .parts
        .into_values()
        .filter_map(|part| if let Part::Topic(topic) = part { Some(topic) } else { None })
        .collect();
    let key = |id: &TopicId| PartKey::TopicMember(id.clone(), account.clone());
    let parts = topics.iter().map(|topic| key(&topic.id)).collect();
    let known = look(client, &group, Needs { parts, ..Needs::default() }).await?;
    let rows = topics.iter().map(|topic| {
        let mark = match known.parts.get(&key(&topic.id)) {
            Some(Part::TopicMember(member)) => member.read,
            Some(_) | None => Default::default(),
        };
        let topic_id = Some(topic.id.as_str().to_owned());
        Row {
            topic_id,
            ..row(snapshot.group.kind, topic.name.as_str(), &topic.log, topic.log.read_seq(mark))
        }
    });
    Ok(Topics { topic_list: rows.collect() })
}

async fn look(client: &ConnectedClient, group: &GroupId, needs: Needs) -> Result<GroupSnapshot, Failure> {
    client.server.store.snapshot(client.app.id, group.clone(), needs).await.map_err(|error| match error {
        OperationError::Refused(no_such_group) => refusal::of(&no_such_group.into()),
        OperationError::Store(error) => Code::GroupInternal.internal(error),
    })
}

/// Enters or leaves a live-stream group, which keeps no members: who is there is who has entered.
async fn visit(client: &ConnectedClient, request: &Request) -> Result<NoFields, Failure> {
    let group = group_id(request)?;
    let (hub, session) = (&client.hub, &client.session);
    if request.command == "leave" {
        if session.leave_live(&group) {
            hub.leave_live(session, &group);
            client.report_visit(&group, false).await;
        }
        return Ok(NoFields {});
    }
    let account = client.account();
    let ban = PartKey::Ban(account.clone());
    let needs = Needs { members: vec![account.clone()], parts: vec![ban.clone()], ..Needs::default() };
    let snapshot = look(client, &group, needs).await?;
    snapshot.check_visible_to(account).map_err(|hidden| refusal::of(&hidden))?;
    if !snapshot.group.kind.can().live {
        return Err(Code::GroupNotAllowed.because("only groups of Type AVChatRoom are entered and left"));
    }
    if matches!(snapshot.parts.get(&ban), Some(Part::Ban(until)) if client.now() < *until) {
        return Err(Code::GroupNotAllowed.because("you are banned from the group"));
    }
    if session.enter_live(&group) {
        hub.enter_live(session, DeliveryProgress::of_group(&snapshot.group), &group);
        client.report_visit(&group, true).await;
    }
    Ok(NoFields {})
}
