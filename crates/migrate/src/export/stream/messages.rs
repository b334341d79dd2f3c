//! The messages and reactions of a Stream import file.

use super::super::held::Held;
use super::super::lost;
use super::super::place::Place;
use super::super::said::{Attached, said};
use super::places::Places;
use super::{extras, put, set, time};
use crate::format::identity::digest;
use crate::format::{Json, Message, identity};
use crate::ordered::MEMORY_BYTES;
use crate::sort::{Sorted, Sorter};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, BufWriter, Seek as _, SeekFrom, Write};
use std::path::Path;

const REACTION_BYTES_MAX: usize = 30;
const MESSAGE_ID_BYTES_MAX: usize = 255;

/// All messages, place by place in order of time; and the ids of those that threads begin with.
pub(crate) fn spill(
    held: &mut Held,
    file: &Path,
    spill_directory: &Path,
) -> io::Result<(Sorted, BTreeSet<String>)> {
    let mut sorter = Sorter::new(spill_directory, MEMORY_BYTES);
    let mut threads = BTreeSet::new();
    let mut without_time = 0_u64;
    held.messages(file, |line, message| {
        let Some(sent) = message.sent_ms() else {
            without_time += 1;
            return Ok(());
        };
        if let Some(thread) = thread(&message) {
            threads.insert(thread);
        }
        let place = Place::of(&message);
        let mut key = format!("{}\0{}\0", place.group, place.topic).into_bytes();
        key.extend(sent.to_be_bytes());
        key.extend(line.to_be_bytes());
        sorter.push(key, serde_json::to_vec(&message)?)
    })?;
    (0..without_time).for_each(|_| held.lost.count(lost::TIMES));
    Ok((sorter.finish()?, threads))
}

/// The id of the message with this key.
fn id_of_key(src: &str, key: &str) -> String {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let fits = src.starts_with("stream") && key.len() <= MESSAGE_ID_BYTES_MAX && key.bytes().all(legal);
    if fits { key.to_owned() } else { digest(&format!("{src}\0{key}")) }
}

fn id(message: &Message) -> String {
    if message.key.is_empty() {
        digest(&format!("{}\0{}", Place::of(message).group, identity::identity(message)))
    } else {
        id_of_key(&message.src, &message.key)
    }
}

/// The id of the first message of the thread that a reply belongs to.
fn thread(message: &Message) -> Option<String> {
    let thread = message.thread.as_deref().filter(|thread| *thread != message.key)?;
    Some(id_of_key(&message.src, thread))
}

/// Writes the messages, then all reactions.
pub(crate) fn put_all(
    messages: Sorted,
    threads: &BTreeSet<String>,
    held: &mut Held,
    user_ids: &BTreeMap<String, String>,
    places: &Places,
    spill_directory: &Path,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut reactions = BufWriter::new(tempfile::tempfile_in(spill_directory)?);
    let mut seen = BTreeSet::new();
    for entry in messages {
        let message: Message = serde_json::from_slice(&entry?.value)?;
        let Some(target) = places.get(&Place::of(&message)) else { continue };
        let id = id(&message);
        let parent = thread(&message).filter(|parent| seen.contains(parent));
        held.lost.count_if(parent.is_none() && thread(&message).is_some(), lost::THREADS);
        if threads.contains(&id) {
            seen.insert(id.clone());
        }
        react(&message, &id, held, user_ids, &mut reactions)?;
        let mut item = target.reference();
        item.extend(body(&message, held));
        set(&mut item, "id", Some(id));
        set(&mut item, "user", user_ids.get(&message.from).map(String::as_str));
        set(
            &mut item,
            "type",
            Some(kind(&message).unwrap_or(if parent.is_some() { "reply" } else { "regular" })),
        );
        set(&mut item, "parent_id", parent);
        put(out, "message", &item)?;
    }
    let mut reactions = reactions.into_inner().map_err(io::IntoInnerError::into_error)?;
    reactions.seek(SeekFrom::Start(0))?;
    io::copy(&mut reactions, out)?;
    Ok(())
}

/// The type of a message that is no ordinary one.
fn kind(message: &Message) -> Option<&'static str> {
    let x = message.x.as_ref().map(Json::value)?;
    match x.get("kind")?.as_str()? {
        "system" => Some("system"),
        "deleted" => Some("deleted"),
        _ => None,
    }
}

fn react(
    message: &Message,
    id: &str,
    held: &mut Held,
    user_ids: &BTreeMap<String, String>,
    reactions: &mut dyn Write,
) -> io::Result<()> {
    let created_at = message.sent_ms().and_then(time);
    for reaction in &message.reactions {
        if REACTION_BYTES_MAX < reaction.name.len() {
            held.lost.count(lost::REACTIONS);
            continue;
        }
        for user in reaction.accounts.iter().filter_map(|account| user_ids.get(account)) {
            let item = json!({
                "message_id": id, "type": reaction.name, "user_id": user, "created_at": created_at,
            });
            put(reactions, "reaction", &item)?;
        }
    }
    Ok(())
}

fn body(message: &Message, held: &mut Held) -> Map<String, Value> {
    let said = said(&message.msg_body);
    held.lost.count_if(said.flattened != 0, lost::ELEMENTS);
    held.lost.count_if(message.cloud_custom_data.is_some(), lost::CUSTOM_DATA);
    held.lost.count_if(message.x.is_some() && !message.src.starts_with("stream"), lost::EXTRAS);
    let mut item = extras(&message.src, message.x.as_ref());
    set(&mut item, "text", Some(said.text));
    set(&mut item, "created_at", message.sent_ms().and_then(time));
    set(&mut item, "updated_at", message.edited_ms.and_then(time));
    let quoted = message.reply_to.as_deref().map(|key| id_of_key(&message.src, key));
    set(&mut item, "quoted_message_id", quoted);
    let mut attachments: Vec<Value> = said.files.iter().map(|file| attachment(file, held)).collect();
    if let Some(others) = item.get_mut("attachments").and_then(Value::as_array_mut) {
        attachments.append(others);
    }
    set(&mut item, "attachments", Some(attachments).filter(|all| !all.is_empty()));
    item
}

fn attachment(file: &Attached, held: &mut Held) -> Value {
    let place = held.file(&file.address).to_owned();
    held.lost.count_if(!place.contains("://"), lost::PATHS);
    let mut item = Map::new();
    set(&mut item, "type", Some(file.kind));
    set(&mut item, "title", file.name.as_deref());
    set(&mut item, if file.kind == "image" { "image_url" } else { "asset_url" }, Some(place));
    set(&mut item, "size", file.size);
    set(&mut item, "original_width", file.width);
    set(&mut item, "original_height", file.height);
    Value::Object(item)
}
