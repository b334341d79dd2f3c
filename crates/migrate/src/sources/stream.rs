//! Stream's import file: a JSON object a line, or the older form, one array of them.
//!
//! Reactions follow all messages in the file, so messages are put together with theirs on the disk, and keep the order of the file.
//!
//! A distinct channel, which has members instead of an id, is known by a hash of its sorted members, and is a direct conversation.
//! `livestream` channels become public, all other types private. Members that are none of Stream's own stay in `x`, where an
//! export finds them again: custom fields would have to be enabled at the server first. [choice]

mod message;
mod parse;

use super::builder::Builder;
use super::builder::model::{Channel, Member, ReadMark, Role, User};
use super::input::Input;
use super::sink::ConvertError;
use super::times::parse_ms;
use super::walk::WalkError;
use crate::fault::{Fault, FaultCode};
use crate::format::Kind;
use crate::format::identity::digest;
use crate::losses::LossKind;
use crate::mapping::ChannelKind;
use message::Joined;
use parse::{Custom, Item};
use serde_json::Value;
use std::path::Path;

/// Enough to tell channels apart, and few enough for the id of a group.
const HASH_DIGITS: usize = 20;

/// Reads an export: a file, or a folder or zip archive with several.
///
/// # Errors
/// The source cannot be opened, or the output or the disk fails.
pub(crate) fn read(path: &Path, builder: &mut Builder<'_>) -> Result<(), ConvertError> {
    let mut input = Input::open(path)?;
    let mut joined = Joined::new(&builder.spill_directory())?;
    for name in input.documents(&[".jsonl", ".ndjson", ".json"]) {
        let (document, _) = input.read(&name)?;
        let walked = parse::walk(document, &name, |found| match found {
            Ok(item) => take(item, &name, &mut joined, builder),
            Err(problem) => Ok(builder.fault(problem.fault(&name))?),
        });
        walked.or_else(|error| error.settle(builder))?;
    }
    Ok(joined.hand_over(builder)?)
}

fn take(item: Item, name: &str, joined: &mut Joined, builder: &mut Builder<'_>) -> Result<(), WalkError> {
    match item {
        Item::User(user) => builder.user(User {
            id: user.id,
            nick: user.name.unwrap_or_default(),
            face_url: user.image.unwrap_or_default(),
            x: object(user.rest),
        })?,
        Item::Channel(channel) => take_channel(channel, builder)?,
        Item::Member(member) if member.user_id.is_empty() => {
            let text = format!("{name}: a member of {} has no user_id", member.channel_type);
            builder.fault(Fault::new(0, FaultCode::Missing, text).of(Kind::Member, "").field("user_id"))?;
        }
        Item::Member(member) => {
            let channel = key(&member.channel_type, member.channel_id.as_deref(), &member.channel_member_ids);
            let read = member.last_read.as_deref().and_then(parse_ms);
            let role = if member.is_moderator { Role::Admin } else { Role::Member };
            let joined_ms = member.created_at.as_deref().and_then(parse_ms);
            let user = member.user_id;
            if let Some(ms) = read {
                builder.read(&channel, &user, ReadMark::UpTo(ms))?;
            }
            let x = object(member.rest);
            builder.member(&channel, Member { user, role, joined_ms, x, ..Member::default() })?;
        }
        Item::Message(message, text) => joined.message(&message, name, &text)?,
        Item::Reaction(reaction) => joined.reaction(&reaction)?,
        Item::Other(kind) => builder.lose(LossKind::Placeless, format!("{name}: {kind}")),
    }
    Ok(())
}

fn take_channel(channel: parse::Channel, builder: &mut Builder<'_>) -> Result<(), WalkError> {
    let id = key(&channel.kind, channel.id.as_deref(), &channel.member_ids);
    let is_distinct = channel.id.is_none();
    let kind = match (channel.kind.as_str(), is_distinct) {
        (_, true) if channel.member_ids.len() <= 2 => ChannelKind::Direct,
        (_, true) => ChannelKind::GroupDirect,
        ("livestream", false) => ChannelKind::Public,
        (_, false) => ChannelKind::Private,
    };
    let mut x = channel.rest;
    let archived = x.get("frozen").and_then(Value::as_bool) == Some(true);
    let members = sorted(&channel.member_ids);
    if is_distinct {
        x.insert("member_ids".to_owned(), members.clone().into());
    }
    let made = Channel {
        face_url: channel.image.unwrap_or_default(),
        owner: channel.created_by.map(|who| who.id().to_owned()),
        created_ms: channel.created_at.as_deref().and_then(parse_ms),
        archived,
        x: object(x),
        ..Channel::new(id.clone(), channel.name.unwrap_or_default(), kind)
    };
    builder.channel(made).map_err(Box::new)?;
    for user in members {
        builder.member(&id, Member { user, ..Member::default() })?;
    }
    Ok(())
}

/// What a channel is known by: `type:id`.
fn key(kind: &str, id: Option<&str>, members: &[String]) -> String {
    match id {
        Some(id) => format!("{kind}:{id}"),
        None => {
            let hash = digest(&sorted(members).join(","));
            format!("{kind}:!members-{}", hash.get(..HASH_DIGITS).unwrap_or(&hash))
        }
    }
}

fn sorted(members: &[String]) -> Vec<String> {
    let mut members = members.to_vec();
    members.sort();
    members.dedup();
    members
}

fn object(members: Custom) -> Value {
    if members.is_empty() { Value::Null } else { Value::Object(members) }
}
