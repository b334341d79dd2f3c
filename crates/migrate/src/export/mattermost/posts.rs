//! Puts messages together into posts with their replies, in the order in which the posts were sent.

use super::super::held::Held;
use super::super::lost::{self, LostKind};
use super::super::place::Place;
use super::super::said::said;
use super::line::{Attachment, Post, Reaction};
use super::places::{Places, Target};
use super::{cut, put};
use crate::format::identity::digest;
use crate::format::{Json, Message};
use crate::ordered::MEMORY_BYTES;
use crate::sort::{Entry, Sorted, Sorter};
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::path::Path;

const MESSAGE_CHARACTERS_MAX: usize = 16_383;
const EMOJI_CHARACTERS_MAX: usize = 64;
/// Mattermost reads lines of 16 MiB; the replies of a thread beyond this become posts of their own.
const THREAD_BYTES_MAX: usize = 8 << 20;

/// All messages, thread by thread: first the message that it is about, then its replies.
pub(crate) fn spill(held: &mut Held, file: &Path, spill_directory: &Path) -> io::Result<Sorted> {
    let mut sorter = Sorter::new(spill_directory, MEMORY_BYTES);
    let mut without_time = 0_u64;
    held.messages(file, |line, message| {
        let Some(sent) = message.sent_ms().filter(|ms| *ms != 0) else {
            without_time += 1;
            return Ok(());
        };
        let thread = message.thread.as_deref().filter(|thread| *thread != message.key);
        let mut key = place_key(&Place::of(&message));
        match thread {
            Some(thread) => key.extend(thread.as_bytes()),
            None if message.key.is_empty() => key.extend(format!("\u{1}{line:020}").as_bytes()),
            None => key.extend(message.key.as_bytes()),
        }
        key.extend([0, u8::from(thread.is_some())]);
        key.extend(sent.to_be_bytes());
        key.extend(line.to_be_bytes());
        let mut value = line.to_be_bytes().to_vec();
        serde_json::to_writer(&mut value, &message)?;
        sorter.push(key, value)
    })?;
    (0..without_time).for_each(|_| held.lost.count(lost::TIMES));
    sorter.finish()
}

fn place_key(place: &Place) -> Vec<u8> {
    let mut key = Vec::with_capacity(96);
    key.extend(place.group.as_bytes());
    key.push(0);
    key.extend(place.topic.as_bytes());
    key.push(0);
    key
}

struct Thread {
    /// Of the place, and of the thread in it.
    start: Vec<u8>,
    place: Place,
    line: u64,
    post: Post,
    bytes: usize,
}

/// The posts of all threads: those of channels first, then those of direct channels, place by place in order of time.
pub(crate) fn compose(
    threads: Sorted,
    held: &mut Held,
    usernames: &BTreeMap<String, String>,
    places: &Places,
    spill_directory: &Path,
) -> io::Result<Sorted> {
    let mut sorter = Sorter::new(spill_directory, MEMORY_BYTES);
    let mut open: Option<Thread> = None;
    for entry in threads {
        let Entry { key, value } = entry?;
        let damaged = || io::Error::other("a spilled record was changed on the disk");
        let (line, text) = value.split_first_chunk::<8>().ok_or_else(damaged)?;
        let message: Message = serde_json::from_slice(text)?;
        let (start, rest) = key.split_at_checked(key.len().saturating_sub(17)).ok_or_else(damaged)?;
        let is_reply = rest.first() == Some(&1);
        let place = Place::of(&message);
        let Some(target) = places.get(&place) else { continue };
        let reply = post(&message, held, usernames);
        match &mut open {
            Some(thread) if is_reply && thread.start == start && thread.bytes < THREAD_BYTES_MAX => {
                thread.bytes += text.len();
                let after = thread.post.replies.last().unwrap_or(&thread.post);
                let mut reply = reply;
                if reply.create_at < thread.post.create_at
                    || (reply.message == after.message && reply.create_at <= after.create_at)
                {
                    held.lost.count(lost::MOVED);
                    reply.move_to(after.create_at.max(thread.post.create_at) + 1);
                }
                thread.post.replies.push(reply);
            }
            _ => {
                held.lost.count_if(is_reply, lost::THREADS);
                let post = placed(reply, target);
                let line = u64::from_be_bytes(*line);
                let bytes = text.len();
                let next = Thread { start: start.to_vec(), place, line, post, bytes };
                if let Some(thread) = open.replace(next) {
                    close(&mut sorter, &thread)?;
                }
            }
        }
    }
    if let Some(thread) = open {
        close(&mut sorter, &thread)?;
    }
    sorter.finish()
}

fn close(sorter: &mut Sorter, thread: &Thread) -> io::Result<()> {
    let mut key = vec![u8::from(thread.post.channel_members.is_some())];
    key.extend(place_key(&thread.place));
    key.extend(thread.post.create_at.to_be_bytes());
    key.extend(thread.line.to_be_bytes());
    sorter.push(key, serde_json::to_vec(&thread.post)?)
}

fn placed(post: Post, target: &Target) -> Post {
    match target {
        Target::Channel { team, name } => {
            Post { team: Some(team.clone()), channel: Some(name.clone()), ..post }
        }
        Target::Direct { members, .. } => Post { channel_members: Some(members.clone()), ..post },
    }
}

fn post(message: &Message, held: &mut Held, usernames: &BTreeMap<String, String>) -> Post {
    let said = said(&message.msg_body);
    let x = message.x.as_ref().map(Json::value).unwrap_or_default();
    let count = |lost: bool, kind: LostKind, held: &mut Held| held.lost.count_if(lost, kind);
    let (mut text, is_cut) = cut(&said.text, MESSAGE_CHARACTERS_MAX);
    let mut attachments = Vec::new();
    for file in &said.files {
        let place = held.file(&file.address).to_owned();
        if place.contains("://") || place.starts_with('/') || place.is_empty() {
            held.lost.count(lost::FILES);
            // Mattermost takes files from its own archive only.
            let line = [file.name.as_deref().unwrap_or_default(), &place].join(" ");
            text = [text.as_str(), line.trim()].join("\n").trim_start_matches('\n').to_owned();
        } else {
            // In the archive they lie in the folder `data`.
            let path = place.strip_prefix("data/").unwrap_or(&place).to_owned();
            attachments.push(Attachment { path });
        }
    }
    count(is_cut, lost::TEXTS, held);
    count(said.flattened != 0, lost::ELEMENTS, held);
    count(message.cloud_custom_data.is_some(), lost::CUSTOM_DATA, held);
    let thread = message.thread.as_deref();
    count(message.reply_to.is_some() && message.reply_to.as_deref() != thread, lost::QUOTES, held);
    let from_here = message.src.starts_with("mattermost");
    let others = |x: &Value| {
        x.as_object().is_some_and(|x| x.keys().any(|member| !(from_here && KEPT.contains(&member.as_str()))))
    };
    count(others(&x), lost::EXTRAS, held);
    let create_at = message.sent_ms().unwrap_or_default();
    let name = |account: &String| usernames.get(account).cloned();
    let mut reactions = Vec::new();
    for reaction in &message.reactions {
        if EMOJI_CHARACTERS_MAX < reaction.name.chars().count() {
            held.lost.count(lost::REACTIONS);
            continue;
        }
        let users = reaction.accounts.iter().filter_map(name);
        reactions.extend(users.map(|user| Reaction { user, emoji_name: reaction.name.clone(), create_at }));
    }
    Post {
        user: name(&message.from).unwrap_or_default(),
        kind: x.get("type").and_then(Value::as_str).filter(|_| from_here).map(str::to_owned),
        message: text,
        create_at,
        edit_at: message.edited_ms,
        props: x.get("props").filter(|_| from_here).cloned(),
        is_pinned: x.get("is_pinned").filter(|_| from_here).and_then(Value::as_bool),
        reactions,
        attachments,
        ..Post::default()
    }
}

/// What of `x` a post has a place for.
const KEPT: [&str; 4] = ["props", "is_pinned", "type", "kind"];

#[derive(Serialize)]
struct Line {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(flatten)]
    post: Value,
}

/// Writes the posts. `between` is called behind those of channels.
pub(crate) fn put_all(
    posts: Sorted,
    held: &mut Held,
    out: &mut dyn Write,
    between: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let mut between = Some(between);
    let mut taken = Taken::default();
    for entry in posts {
        let mut post: Post = serde_json::from_slice(&entry?.value)?;
        let is_direct = post.channel_members.is_some();
        if is_direct && let Some(between) = between.take() {
            between(&mut *out)?;
        }
        let free = taken.free(&post);
        if free != post.create_at {
            held.lost.count(lost::MOVED);
            post.move_to(free);
        }
        let kind = if is_direct { "direct_post" } else { "post" };
        put(out, &Line { kind, post: json!({ kind: post }) })?;
    }
    match between.take() {
        Some(between) => between(out),
        None => Ok(()),
    }
}

/// The texts of the newest milliseconds of a channel.
#[derive(Default)]
struct Taken {
    /// Team and name, or the members.
    channel: Vec<String>,
    texts: BTreeSet<(u64, String)>,
}

impl Taken {
    /// The first millisecond from the post's on that no post with the same text has.
    fn free(&mut self, post: &Post) -> u64 {
        let named = post.team.iter().chain(&post.channel);
        let channel: Vec<_> = named.chain(post.channel_members.iter().flatten()).cloned().collect();
        if self.channel != channel {
            self.channel = channel;
            self.texts.clear();
        }
        self.texts = self.texts.split_off(&(post.create_at, String::new()));
        let text = digest(&post.message);
        let mut at = post.create_at;
        while !self.texts.insert((at, text.clone())) {
            at += 1;
        }
        at
    }
}
