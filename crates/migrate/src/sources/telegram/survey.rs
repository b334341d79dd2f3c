//! The first reading: chats, their members, and what belongs together.

use super::contacts::Contacts;
use super::parse::{self, Found, Head, Message, Number, seconds_ms};
use super::service::{Change, changes};
use crate::losses::LossKind;
use crate::mapping::ChannelKind;
use crate::sources::builder::Builder;
use crate::sources::builder::model::{Channel, Member, Role, User};
use crate::sources::sink::ConvertError;
use crate::sources::walk::{Walk, WalkError};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::io::BufRead;

/// Somebody in a chat, as far as the messages so far say.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    joined_ms: Option<u64>,
    left: bool,
}

#[derive(Debug, Default)]
struct Chat {
    head: Head,
    /// By id.
    seen: BTreeMap<String, Seen>,
    /// By name, of those whose id the message does not have.
    named: BTreeMap<String, Seen>,
    maker: Option<String>,
    made_ms: Option<u64>,
    /// It became a supergroup.
    moved_on: bool,
    /// The name of the group that it was made of.
    made_of: Option<String>,
    /// Where in the chat it says so, counted from 1.
    made_of_at: u64,
    /// The chat that it is a part of.
    part_of: Option<String>,
    messages: u64,
}

/// All chats of a document.
#[derive(Debug, Default)]
pub(crate) struct Survey {
    /// By peer.
    chats: BTreeMap<String, Chat>,
    /// What people are called, by id.
    names: BTreeMap<String, String>,
    /// Who has a name; `None` for several.
    by_name: BTreeMap<String, Option<String>>,
    myself: Option<String>,
    contacts: Contacts,
}

impl Survey {
    pub(crate) fn read<R: BufRead>(&mut self, walk: &mut Walk<R>) -> Result<(), WalkError> {
        parse::walk(walk, |head, found| {
            match found {
                Found::Myself(person) => {
                    let name =
                        [person.first_name, person.last_name].into_iter().flatten().collect::<Vec<_>>();
                    if let Some(id) = person.user_id {
                        self.myself = Some(id.peer());
                        self.know(&id.peer(), Some(name.join(" ").trim()));
                    }
                }
                Found::Contact(contact) => {
                    if let Some((id, name)) = self.contacts.take(contact) {
                        self.know(&id, Some(&name));
                    }
                }
                Found::Chat => {
                    let chat = self.chats.entry(head.peer()).or_default();
                    chat.head = head.clone();
                }
                Found::Message(message) => self.message(head, &message),
                Found::Bad(_) => {}
            }
            Ok(())
        })
    }

    fn know(&mut self, id: &str, name: Option<&str>) {
        let Some(name) = name.filter(|name| !name.is_empty()) else { return };
        if self.names.get(id).is_some_and(|known| known == name) {
            return;
        }
        self.names.insert(id.to_owned(), name.to_owned());
        let who = self.by_name.entry(name.to_owned()).or_insert_with(|| Some(id.to_owned()));
        if who.as_deref() != Some(id) {
            *who = None;
        }
    }

    fn message(&mut self, head: &Head, message: &Message) {
        let (who, name) = (message.from_id.as_ref().or(message.actor_id.as_ref()), &message.from);
        let who = who.map(Number::peer);
        if let Some(who) = &who {
            self.know(who, name.as_ref().or(message.actor.as_ref()).map(String::as_str));
        }
        let Some(chat) = self.chats.get_mut(&head.peer()) else { return };
        chat.messages += 1;
        // A channel or group that writes in its own name is no member of itself.
        if let Some(who) = who.as_ref().filter(|who| who.starts_with("user")) {
            chat.seen.entry(who.clone()).or_default();
        }
        let at = seconds_ms(message.date_unixtime.as_ref());
        match message.action.as_deref() {
            Some("migrate_to_supergroup") => chat.moved_on = true,
            Some("migrate_from_group") => {
                chat.made_of.clone_from(&message.title);
                chat.made_of_at = chat.messages;
            }
            Some(_) | None => {}
        }
        for change in changes(message) {
            match change {
                Change::Makes => {
                    chat.maker = who.clone();
                    chat.made_ms = at;
                }
                Change::ActorJoins => {
                    if let Some(who) = &who {
                        join(chat.seen.entry(who.clone()).or_default(), at);
                    }
                }
                Change::Joins(name) => join(chat.named.entry(name.to_owned()).or_default(), at),
                Change::Leaves(name) => chat.named.entry(name.to_owned()).or_default().left = true,
            }
        }
    }

    /// Finds out which names are one account, and which chats are one.
    pub(crate) fn settle(&mut self) {
        self.join_moved();
        for chat in self.chats.values_mut() {
            for (name, seen) in std::mem::take(&mut chat.named) {
                let id = match self.by_name.get(&name) {
                    Some(Some(id)) => id.clone(),
                    Some(None) | None => {
                        let id = format!("name:{name}");
                        self.names.insert(id.clone(), name);
                        id
                    }
                };
                let known = chat.seen.entry(id).or_default();
                known.joined_ms = known.joined_ms.or(seen.joined_ms);
                known.left = seen.left;
            }
            if matches!(chat.head.kind.as_str(), "personal_chat" | "bot_chat" | "saved_messages") {
                if let Some(name) = &chat.head.name {
                    self.names.entry(chat.head.peer()).or_insert_with(|| name.clone());
                }
                chat.seen.entry(chat.head.peer()).or_default();
                chat.seen.extend(self.myself.clone().map(|myself| (myself, Seen::default())));
            }
        }
        self.adopt();
        self.contacts.settle(&self.by_name);
    }

    fn join_moved(&mut self) {
        let mut old: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        let mut new: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (peer, chat) in &self.chats {
            if let Some(name) = chat.head.name.as_deref().filter(|_| chat.moved_on) {
                old.entry(name).or_default().push(peer);
            }
            if let Some(name) = &chat.made_of {
                new.entry(name).or_default().push(peer);
            }
        }
        let pair = |(name, old): (&&str, &Vec<&str>)| match (old.as_slice(), new.get(name)?.as_slice()) {
            ([old], [new]) if old != new => Some(((*old).to_owned(), (*new).to_owned())),
            _ => None,
        };
        let pairs: Vec<_> = old.iter().filter_map(pair).collect();
        for (old, new) in pairs {
            if let Some(chat) = self.chats.get_mut(&old) {
                chat.part_of = Some(new);
            }
        }
    }

    /// A supergroup has the members and the maker of the group that it was made of.
    fn adopt(&mut self) {
        let moved: Vec<_> = self
            .chats
            .values()
            .filter_map(|chat| {
                Some((chat.part_of.clone()?, chat.seen.clone(), chat.maker.clone(), chat.made_ms))
            })
            .collect();
        for (new, seen, maker, made_ms) in moved {
            let Some(chat) = self.chats.get_mut(&new) else { continue };
            for (id, old) in seen {
                let known = chat.seen.entry(id).or_insert(old);
                known.joined_ms = old.joined_ms.or(known.joined_ms);
            }
            // Telegram names the supergroup itself as the maker.
            chat.maker = maker.or(chat.maker.take());
            chat.made_ms = made_ms.or(chat.made_ms);
        }
    }

    /// Hands over people, chats and members.
    pub(crate) fn hand_over(&self, builder: &mut Builder<'_>) -> Result<(), ConvertError> {
        let members: BTreeSet<&String> = self
            .chats
            .values()
            .flat_map(|chat| &chat.seen)
            .filter_map(|(id, seen)| (!seen.left).then_some(id))
            .collect();
        for (id, name) in &self.names {
            let is_guess = id.starts_with("name:");
            if !is_guess || members.contains(id) {
                let x = if is_guess { json!({ "without_id": true }) } else { serde_json::Value::Null };
                builder.user(User { id: id.clone(), nick: name.clone(), x, ..User::default() })?;
            }
        }
        self.contacts.hand_over(self.myself.as_deref(), &self.names, builder)?;
        for (peer, chat) in self.chats.iter().filter(|(_, chat)| chat.part_of.is_none()) {
            let name = chat.head.name.clone().unwrap_or_else(|| match chat.head.kind.as_str() {
                "saved_messages" => "Saved messages".to_owned(),
                "replies" => "Replies".to_owned(),
                _ => String::new(),
            });
            let channel = Channel::new(peer.clone(), name, kind(&chat.head.kind));
            if channel.kind == ChannelKind::Broadcast {
                builder.lose(LossKind::Placeless, format!("{peer}: only administrators may write"));
            }
            builder.channel(Channel {
                owner: chat.maker.clone(),
                created_ms: chat.made_ms,
                x: json!({ "type": chat.head.kind }),
                ..channel
            })?;
            for (id, seen) in chat.seen.iter().filter(|(_, seen)| !seen.left) {
                let role = if chat.maker.as_ref() == Some(id) { Role::Owner } else { Role::Member };
                let member =
                    Member { user: id.clone(), role, joined_ms: seen.joined_ms, ..Member::default() };
                builder.member(peer, member)?;
            }
        }
        Ok(())
    }

    /// The conversation that the messages of a chat belong to.
    pub(crate) fn conversation(&self, head: &Head) -> String {
        let peer = head.peer();
        self.chats.get(&peer).and_then(|chat| chat.part_of.clone()).unwrap_or(peer)
    }

    /// Whether a message stands in front of the one that says what its chat was made of: its number is one of the old group.
    /// `position` is counted from 1.
    pub(crate) fn is_old_part(&self, head: &Head, position: u64) -> bool {
        self.chats.get(&head.peer()).is_some_and(|chat| position < chat.made_of_at)
    }
}

fn join(seen: &mut Seen, at: Option<u64>) {
    // Whoever left and came back sees everything again.
    seen.joined_ms = seen.joined_ms.or(at);
    seen.left = false;
}

fn kind(kind: &str) -> ChannelKind {
    match kind {
        "personal_chat" | "bot_chat" | "saved_messages" | "replies" => ChannelKind::Direct,
        "public_supergroup" => ChannelKind::Public,
        "private_channel" | "public_channel" => ChannelKind::Broadcast,
        _ => ChannelKind::Private,
    }
}
