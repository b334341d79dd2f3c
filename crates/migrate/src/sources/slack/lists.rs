//! The lists of a Slack export: users and conversations.

use super::arrays;
use super::json;
use crate::fault::{Fault, FaultCode};
use crate::losses::LossKind;
use crate::mapping::ChannelKind;
use crate::sources::archive::Archive;
use crate::sources::builder::Builder;
use crate::sources::builder::model::{Channel, Member, User};
use crate::sources::sink::ConvertError;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::io;

const LISTS: [(&str, ChannelKind); 4] = [
    ("channels.json", ChannelKind::Public),
    ("groups.json", ChannelKind::Private),
    ("dms.json", ChannelKind::Direct),
    ("mpims.json", ChannelKind::GroupDirect),
];

/// What the lists say.
#[derive(Debug, Default)]
pub(super) struct Lists {
    /// The user that is a bot.
    pub(super) bots: BTreeMap<String, String>,
    /// Users that are bots.
    pub(super) bot_users: BTreeSet<String>,
    /// What the folder of each conversation may be called, the best first.
    names: BTreeMap<String, Vec<String>>,
    /// The folders that have messages of each conversation.
    folders: BTreeMap<String, Vec<String>>,
}

impl Lists {
    /// Each conversation that has messages, with its folders.
    pub(super) fn folders(&self) -> impl Iterator<Item = (&str, &[String])> {
        self.folders.iter().map(|(channel, folders)| (channel.as_str(), folders.as_slice()))
    }

    /// Reads the lists in the folder `base`.
    pub(super) fn read(
        &mut self,
        base: &str,
        archive: &mut Archive,
        builder: &mut Builder<'_>,
    ) -> Result<(), ConvertError> {
        for file in ["users.json", "org_users.json"] {
            each(&format!("{base}{file}"), archive, builder, |user, builder| Ok(self.user(user, builder)?))?;
        }
        for (file, kind) in LISTS {
            each(&format!("{base}{file}"), archive, builder, |channel, builder| {
                self.channel(channel, base, kind, builder)
            })?;
        }
        Ok(())
    }

    fn user(&mut self, user: &Value, builder: &mut Builder<'_>) -> io::Result<()> {
        let id = json::text(user, "id");
        if id.is_empty() {
            let text = "a user has no id";
            return builder.fault(Fault::new(0, FaultCode::Missing, text).field("id"));
        }
        let nothing = Value::Null;
        let profile = user.get("profile").unwrap_or(&nothing);
        let bot = json::text(profile, "bot_id");
        if !bot.is_empty() {
            self.bots.insert(bot.to_owned(), id.to_owned());
        }
        if json::flag(user, "is_bot") {
            self.bot_users.insert(id.to_owned());
        }
        let shown = json::first_text(profile, &["display_name", "real_name"]);
        let own = json::first_text(user, &["real_name", "name"]);
        let mut x = json!({});
        for (name, value) in [
            ("name", json::text(user, "name")),
            ("email", json::text(profile, "email")),
            ("title", json::text(profile, "title")),
        ] {
            if !value.is_empty() && value != shown {
                x[name] = value.into();
            }
        }
        for (name, member) in [("deleted", "deleted"), ("bot", "is_bot"), ("guest", "is_restricted")] {
            if json::flag(user, member) {
                x[name] = true.into();
            }
        }
        let has_extras = x.as_object().is_some_and(|members| !members.is_empty());
        builder.user(User {
            id: id.to_owned(),
            nick: if shown.is_empty() { own } else { shown }.to_owned(),
            face_url: json::first_text(profile, &["image_512", "image_192", "image_72", "image_48"])
                .to_owned(),
            x: if has_extras { x } else { Value::Null },
        })
    }

    fn channel(
        &mut self,
        channel: &Value,
        base: &str,
        kind: ChannelKind,
        builder: &mut Builder<'_>,
    ) -> Result<(), ConvertError> {
        let (id, name) = (json::text(channel, "id"), json::text(channel, "name"));
        if id.is_empty() {
            let text = format!("the conversation {name:?} has no id");
            builder.fault(Fault::new(0, FaultCode::Missing, text).field("id"))?;
            return Ok(());
        }
        let kind = flagged(channel, kind);
        let names = self.names.entry(id.to_owned()).or_default();
        for folder in [name, id] {
            if !folder.is_empty() {
                names.push(format!("{base}{folder}"));
            }
        }
        let value =
            |member: &str| channel.get(member).map(|part| json::text(part, "value")).unwrap_or_default();
        let lists_members = channel.get("members").is_some_and(Value::is_array);
        if !builder.knows_channel(id) {
            let is_direct = matches!(kind, ChannelKind::Direct | ChannelKind::GroupDirect);
            builder.channel(Channel {
                introduction: super::text::plain(value("purpose"), &*builder),
                notification: super::text::plain(value("topic"), &*builder),
                owner: Some(json::text(channel, "creator").to_owned())
                    .filter(|creator| !creator.is_empty() && !is_direct),
                created_ms: json::number(channel, "created").map(milliseconds),
                archived: json::flag(channel, "is_archived"),
                authors_are_members: !lists_members,
                ..Channel::new(id, if is_direct { "" } else { name }, kind)
            })?;
        }
        // Some tools name only the other one.
        let other =
            Some(json::text(channel, "user")).filter(|user| !user.is_empty() && kind == ChannelKind::Direct);
        for user in json::texts(channel, "members").chain(other) {
            builder.member(id, Member { user: user.to_owned(), ..Member::default() })?;
        }
        Ok(())
    }

    /// Finds the folder of each conversation, and makes conversations of the others that have messages.
    pub(super) fn find_folders(
        &mut self,
        archive: &mut Archive,
        builder: &mut Builder<'_>,
    ) -> Result<(), ConvertError> {
        let mut free: BTreeSet<String> =
            archive.names().filter_map(folder_of_day).map(str::to_owned).collect();
        for (channel, names) in &self.names {
            // A workspace's own folders first; a conversation may have messages in several workspaces.
            let found: Vec<String> = names.iter().filter(|name| free.remove(*name)).cloned().collect();
            if !found.is_empty() {
                self.folders.insert(channel.clone(), found);
            }
        }
        for folder in free {
            let id = folder.rsplit('/').next().unwrap_or(&folder).to_owned();
            if !builder.knows_channel(&id) {
                builder.lose(LossKind::ChannelsMade, folder.clone());
                builder.channel(Channel {
                    authors_are_members: true,
                    ..Channel::new(&id, &id, ChannelKind::Private)
                })?;
            }
            self.folders.entry(id).or_default().push(folder);
        }
        Ok(())
    }
}

/// The folder of a file that has the messages of a day; `None` for other files.
pub(super) fn folder_of_day(name: &str) -> Option<&str> {
    let (folder, file) = name.rsplit_once('/')?;
    let date = file.strip_suffix(".json")?.as_bytes().get(..10)?;
    let is_date = date.iter().enumerate().all(|(position, byte)| match position {
        4 | 7 => *byte == b'-',
        _ => byte.is_ascii_digit(),
    });
    is_date.then_some(folder)
}

/// Hands over each object of a list, which may be missing.
fn each(
    name: &str,
    archive: &mut Archive,
    builder: &mut Builder<'_>,
    mut take: impl FnMut(&Value, &mut Builder<'_>) -> Result<(), ConvertError>,
) -> Result<(), ConvertError> {
    if !archive.has(name) {
        return Ok(());
    }
    arrays::each(name, archive, builder, |number, item, builder| match serde_json::from_str::<Value>(item) {
        Ok(value) if value.is_object() => take(&value, builder),
        Ok(_) | Err(_) => {
            let text = format!("{name}, item {number}, is no object that can be read");
            Ok(builder.fault(Fault::new(0, FaultCode::WrongType, text))?)
        }
    })
}

/// What a conversation is: some tools put all into one list. A private one must not become public.
fn flagged(channel: &Value, listed: ChannelKind) -> ChannelKind {
    let flags = [
        ("is_im", ChannelKind::Direct),
        ("is_mpim", ChannelKind::GroupDirect),
        ("is_private", ChannelKind::Private),
        ("is_group", ChannelKind::Private),
    ];
    let flag = flags.into_iter().find(|(flag, _)| json::flag(channel, flag));
    if listed == ChannelKind::Public { flag.map_or(listed, |(_, kind)| kind) } else { listed }
}

/// A time in seconds, or in milliseconds as some exports have it.
fn milliseconds(time: u64) -> u64 {
    if time < 100_000_000_000 { time * 1_000 } else { time }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_of_days_have_messages() {
        for (name, folder) in [
            ("general/2019-01-03.json", Some("general")),
            ("teams/a/general/2019-01-03.json", Some("teams/a/general")),
            ("general/canvas_in_the_conversation.json", None),
            ("users.json", None),
            ("general/2019-1-3.json", None),
            ("2019-01-03.json", None),
        ] {
            assert_eq!(folder_of_day(name), folder, "{name}");
        }
    }
}
