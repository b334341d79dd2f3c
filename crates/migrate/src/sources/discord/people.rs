//! Whoever wrote, reacted or was mentioned.

use super::parse::{Message, User as Seen};
use crate::sources::builder::Builder;
use crate::sources::builder::model::{Member, User};
use crate::sources::sink::ConvertError;
use crate::sources::times::parse_ms;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

#[derive(Default)]
struct Person {
    nickname: String,
    roles: Vec<String>,
    /// Of the server, milliseconds since 1970.
    joined_ms: Option<u64>,
}

/// By conversation, then user.
#[derive(Default)]
pub(crate) struct People {
    users: BTreeMap<String, User>,
    members: BTreeMap<String, BTreeMap<String, Person>>,
}

impl People {
    pub(crate) fn see(&mut self, conversation: &str, message: &Message) {
        self.know(conversation, &message.author);
        let reactors = message.reactions.iter().flat_map(|reaction| &reaction.users);
        for user in message.mentions.iter().chain(reactors) {
            self.know(conversation, user);
        }
        if message.kind == "GuildMemberJoin"
            && let Some(members) = self.members.get_mut(conversation)
            && let Some(person) = members.get_mut(&message.author.id)
        {
            person.joined_ms = message.timestamp.as_deref().and_then(parse_ms);
        }
    }

    fn know(&mut self, conversation: &str, seen: &Seen) {
        if seen.id.is_empty() {
            return;
        }
        if !self.users.contains_key(&seen.id) {
            let tag = seen.discriminator.as_deref().filter(|tag| !matches!(*tag, "" | "0" | "0000"));
            let x = json!({ "discriminator": tag, "bot": seen.is_bot.then_some(true) });
            let user = User {
                id: seen.id.clone(),
                nick: seen.name.clone(),
                face_url: seen.avatar_url.clone().filter(|url| url.contains("://")).unwrap_or_default(),
                x: without_nulls(x),
            };
            self.users.insert(seen.id.clone(), user);
        }
        if !self.members.contains_key(conversation) {
            self.members.insert(conversation.to_owned(), BTreeMap::new());
        }
        let Some(members) = self.members.get_mut(conversation) else { return };
        let person = members.entry(seen.id.clone()).or_default();
        if let Some(nickname) = seen.nickname.as_ref().filter(|nickname| **nickname != seen.name) {
            person.nickname.clone_from(nickname);
        }
        if person.roles.is_empty() && !seen.roles.is_empty() {
            person.roles = seen.roles.iter().map(|role| role.name.clone()).collect();
        }
    }

    pub(crate) fn hand_over(self, builder: &mut Builder<'_>) -> Result<(), ConvertError> {
        for user in self.users.into_values() {
            builder.user(user)?;
        }
        for (conversation, members) in self.members {
            for (user, person) in members {
                let roles = Some(person.roles).filter(|roles| !roles.is_empty());
                let x = without_nulls(json!({ "roles": roles, "joined_server_ms": person.joined_ms }));
                builder.member(
                    &conversation,
                    Member { user, name_card: person.nickname, x, ..Member::default() },
                )?;
            }
        }
        Ok(())
    }
}

/// The members that have a value; `Null` for none.
pub(crate) fn without_nulls(value: Value) -> Value {
    let Value::Object(members) = value else { return value };
    let members: Map<_, _> = members.into_iter().filter(|(_, value)| !value.is_null()).collect();
    if members.is_empty() { Value::Null } else { Value::Object(members) }
}
