//! The messages of an hour, conversation by conversation.
//!
//! A conversation is read backwards from its end, because an hour is archived soon after it is over. Where it has more
//! messages than a page, their numbers are collected first, so that never more than a page is held.

use super::ArchiveError;
use super::writer::Writer;
use crate::state::Server;
use landfall_domain::error::OperationError;
use landfall_domain::ids::{AppId, GroupId};
use landfall_domain::message::{Content, Conversation, Message};
use landfall_domain::people::Pair;
use landfall_domain::people::archive::Hour;
use landfall_domain::people::message::{DirectMessage, DirectRange, MessageKey};
use landfall_domain::people::snapshot::PeopleNeeds;
use landfall_domain::snapshot::{MessageRange, Needs};
use serde::Serialize;
use serde_json::value::RawValue;
use std::sync::atomic::Ordering;

/// Messages read at once.
const PAGE: usize = 200;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct DirectLine<'a> {
    #[serde(rename = "From_Account")]
    from_account: &'a str,
    #[serde(rename = "To_Account")]
    to_account: &'a str,
    msg_timestamp: u64,
    msg_seq: u32,
    msg_random: u32,
    msg_body: &'a RawValue,
    #[serde(skip_serializing_if = "str::is_empty")]
    cloud_custom_data: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct GroupLine<'a> {
    #[serde(rename = "From_Account")]
    from_account: &'a str,
    group_id: &'a str,
    /// Of our own: the documentation has no topics here.
    #[serde(skip_serializing_if = "Option::is_none")]
    topic_id: Option<&'a str>,
    msg_timestamp: u64,
    msg_seq: u32,
    msg_body: &'a RawValue,
    #[serde(skip_serializing_if = "str::is_empty")]
    cloud_custom_data: &'a str,
}

/// What a message says, if it is still there.
fn said(content: &Content) -> Option<(&RawValue, &str)> {
    match content {
        Content::Sent(body) => Some((serde_json::from_str(&body.elements).ok()?, &body.custom)),
        Content::Tip(_) | Content::Gone(_) => None,
    }
}

async fn add(writer: &mut Writer<'_>, line: &impl Serialize) -> Result<(), ArchiveError> {
    // Texts, numbers and what is JSON already always serialize.
    Ok(writer.add(&serde_json::to_string(line).unwrap_or_default()).await?)
}

/// A server that stops waits for one conversation at most.
fn check_running(server: &Server) -> Result<(), ArchiveError> {
    if server.draining.load(Ordering::Relaxed) { Err(ArchiveError::Stopping) } else { Ok(()) }
}

/// The messages between accounts.
pub(super) async fn of_pairs(
    server: &Server,
    app: AppId,
    hour: Hour,
    writer: &mut Writer<'_>,
) -> Result<(), ArchiveError> {
    let mut after = None;
    loop {
        let pairs = server.survey.pairs_of_day(app, hour.day(), after).await?;
        let Some(last) = pairs.last().cloned() else { return Ok(()) };
        for pair in pairs {
            check_running(server)?;
            of_pair(server, app, hour, &pair, writer).await?;
        }
        after = Some(last);
    }
}

async fn of_pair(
    server: &Server,
    app: AppId,
    hour: Hour,
    pair: &Pair,
    writer: &mut Writer<'_>,
) -> Result<(), ArchiveError> {
    let read = async |range: DirectRange| {
        let needs = PeopleNeeds { messages: vec![range], ..PeopleNeeds::default() };
        let found = server.store.people(app, needs).await?;
        let mut messages: Vec<DirectMessage> =
            found.messages.into_values().flat_map(|of| of.into_values()).collect();
        messages.sort_by_key(|message| message.key);
        Ok::<_, ArchiveError>(messages)
    };
    let (from, mut to) = (MessageKey::first_of(hour.begin()), MessageKey::first_of(hour.end()));
    let mut keys = Vec::new();
    loop {
        let page = read(DirectRange::Between { pair: pair.clone(), from, to, limit: PAGE }).await?;
        if page.len() < PAGE && keys.is_empty() {
            return add_direct(pair, &page, writer).await;
        }
        keys.extend(page.iter().rev().map(|message| message.key));
        match page.first() {
            Some(first) if page.len() == PAGE => to = first.key,
            Some(_) | None => break,
        }
    }
    keys.reverse();
    for some in keys.chunks(PAGE) {
        add_direct(pair, &read(DirectRange::Keyed(pair.clone(), some.to_vec())).await?, writer).await?;
    }
    Ok(())
}

async fn add_direct(
    pair: &Pair,
    messages: &[DirectMessage],
    writer: &mut Writer<'_>,
) -> Result<(), ArchiveError> {
    for message in messages {
        let Some((msg_body, cloud_custom_data)) = said(&message.content) else { continue };
        let line = DirectLine {
            from_account: message.sender.as_str(),
            to_account: message.receiver(pair).as_str(),
            msg_timestamp: message.key.sent.0,
            msg_seq: message.key.number,
            msg_random: message.key.random,
            msg_body,
            cloud_custom_data,
        };
        add(writer, &line).await?;
    }
    Ok(())
}

/// The messages in groups and topics.
pub(super) async fn of_groups(
    server: &Server,
    app: AppId,
    hour: Hour,
    writer: &mut Writer<'_>,
) -> Result<(), ArchiveError> {
    let mut after = None;
    loop {
        let places = server.survey.groups_of_day(app, hour.day(), after).await?;
        let Some(last) = places.last().cloned() else { return Ok(()) };
        for (group, conversation) in places {
            check_running(server)?;
            of_group(server, app, hour, (&group, &conversation), writer).await?;
        }
        after = Some(last);
    }
}

async fn of_group(
    server: &Server,
    app: AppId,
    hour: Hour,
    place: (&GroupId, &Conversation),
    writer: &mut Writer<'_>,
) -> Result<(), ArchiveError> {
    let (group, conversation) = place;
    let read = async |range: MessageRange| {
        let needs = Needs { messages: vec![range], ..Needs::default() };
        let mut found = match server.store.snapshot(app, group.clone(), needs).await {
            Ok(found) => found,
            Err(OperationError::Refused(_)) => return Ok(Vec::new()),
            Err(OperationError::Store(error)) => return Err(ArchiveError::Store(error)),
        };
        Ok(found.messages.remove(conversation).map(|of| of.into_values().collect()).unwrap_or_default())
    };
    let mut up_to = u32::MAX;
    let mut numbers = Vec::new();
    loop {
        let newest = MessageRange::Newest { conversation: conversation.clone(), up_to, limit: PAGE };
        let mut page: Vec<Message> = read(newest).await?;
        let first = page.first().map(|message| (message.seq, message.sent));
        let is_last = page.len() < PAGE || first.is_none_or(|(_, sent)| sent < hour.begin());
        page.retain(|message| hour.begin() <= message.sent && message.sent < hour.end());
        if is_last && numbers.is_empty() {
            return add_group(place, &page, writer).await;
        }
        numbers.extend(page.iter().rev().map(|message| message.seq));
        match first.and_then(|(seq, _)| seq.checked_sub(1)) {
            Some(below) if !is_last => up_to = below,
            Some(_) | None => break,
        }
    }
    numbers.reverse();
    for some in numbers.chunks(PAGE) {
        let range = MessageRange::Numbered(conversation.clone(), some.to_vec());
        add_group(place, &read(range).await?, writer).await?;
    }
    Ok(())
}

async fn add_group(
    (group, conversation): (&GroupId, &Conversation),
    messages: &[Message],
    writer: &mut Writer<'_>,
) -> Result<(), ArchiveError> {
    for message in messages {
        let Some((msg_body, cloud_custom_data)) = said(&message.content) else { continue };
        let topic_id = match conversation {
            Conversation::Group => None,
            Conversation::Topic(id) => Some(id.as_str()),
        };
        let line = GroupLine {
            from_account: message.sender.as_str(),
            group_id: group.as_str(),
            topic_id,
            msg_timestamp: message.sent.0,
            msg_seq: message.seq,
            msg_body,
            cloud_custom_data,
        };
        add(writer, &line).await?;
    }
    Ok(())
}
