//! Posts and their replies.

use super::Reading;
use super::parse::{self, Post};
use crate::losses::LossKind;
use crate::sources::builder::model::{File, Message, MessageKind, Reaction};
use crate::sources::values::{file_at, file_elsewhere, positive};
use crate::sources::walk::WalkError;
use serde_json::{Map, Value};

/// How many keys of posts are remembered to tell equal ones apart.
const KEYS_MAX: usize = 100_000;

impl Reading<'_, '_> {
    /// Hands over a post and its replies.
    pub(super) fn post(
        &mut self,
        channel: &str,
        post: Post,
        thread: Option<&str>,
        line: u64,
    ) -> Result<(), WalkError> {
        let key = self.key(channel, &post);
        if post.flagged_by.as_ref().is_some_and(|users| !users.is_empty()) {
            self.builder.lose(LossKind::Placeless, format!("{key}: saved by users (flagged_by)"));
        }
        let files =
            post.attachments.iter().flatten().filter_map(|file| self.file(file.path.as_deref()?)).collect();
        let message = Message {
            channel: channel.to_owned(),
            key: key.clone(),
            author: post.user.clone(),
            author_name: prop(&post, "override_username").unwrap_or_default().to_owned(),
            ts_ms: positive(post.create_at),
            kind: self.kind(&post),
            text: post.message.clone().unwrap_or_default(),
            thread: thread.map(str::to_owned),
            reply_to: None,
            reactions: reactions(post.reactions.as_deref().unwrap_or_default()),
            edited_ms: positive(post.edit_at),
            files,
            elements: Vec::new(),
            x: extras(&post),
            place: format!("{}, line {line}", self.name),
        };
        self.builder.message(message)?;
        let root = thread.unwrap_or(&key);
        for reply in post.replies.unwrap_or_default() {
            self.post(channel, reply, Some(root), line)?;
        }
        Ok(())
    }

    fn key(&mut self, channel: &str, post: &Post) -> String {
        let key = format!("{channel}:{}:{}", post.create_at.unwrap_or_default(), post.user);
        if KEYS_MAX < self.known.keys.len() {
            self.known.keys.clear();
        }
        let count = self.known.keys.entry(key.clone()).or_default();
        *count += 1;
        if *count == 1 { key } else { format!("{key}#{count}") }
    }

    fn kind(&self, post: &Post) -> MessageKind {
        let is_true = |name: &str| prop(post, name) == Some("true");
        if post.kind.as_deref().unwrap_or_default().starts_with("system_") {
            MessageKind::System
        } else if self.known.bots.contains(&post.user) || is_true("from_bot") || is_true("from_webhook") {
            MessageKind::Bot
        } else {
            MessageKind::Regular
        }
    }

    /// Mattermost puts attached files into the folder `data` of the archive.
    fn file(&self, path: &str) -> Option<File> {
        let path = path.trim_start_matches("./");
        if path.is_empty() {
            return None;
        }
        let inner = path.strip_prefix("data/").unwrap_or(path);
        let found = [format!("data/{inner}"), inner.to_owned()]
            .iter()
            .find_map(|name| self.beside.path_from(self.name, name));
        Some(match found {
            Some(found) => file_at(inner, found),
            None => {
                let name = inner.rsplit('/').next().unwrap_or_default();
                file_elsewhere(inner.to_owned(), "", name)
            }
        })
    }
}

fn prop<'a>(post: &'a Post, name: &str) -> Option<&'a str> {
    post.props.as_ref()?.get(name)?.as_str()
}

fn reactions(each: &[parse::Reaction]) -> Vec<Reaction> {
    let mut reactions: Vec<Reaction> = Vec::new();
    for parse::Reaction { user, emoji_name } in each {
        match reactions.iter_mut().find(|reaction| reaction.name == *emoji_name) {
            Some(reaction) => {
                reaction.users.push(user.clone());
                reaction.count += 1;
            }
            None => {
                reactions.push(Reaction { name: emoji_name.clone(), users: vec![user.clone()], count: 1 })
            }
        }
    }
    reactions
}

fn extras(post: &Post) -> Value {
    let mut x = Map::new();
    let props = post.props.as_ref().filter(|props| props.as_object().is_some_and(|props| !props.is_empty()));
    x.extend(props.map(|props| ("props".to_owned(), props.clone())));
    x.extend(post.is_pinned.filter(|pinned| *pinned).map(|pinned| ("is_pinned".to_owned(), pinned.into())));
    let kind = post.kind.as_ref().filter(|kind| !kind.is_empty());
    x.extend(kind.map(|kind| ("type".to_owned(), kind.clone().into())));
    if x.is_empty() { Value::Null } else { Value::Object(x) }
}
