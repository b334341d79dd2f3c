//! Mattermost's bulk file: a JSON object a line, of its own or in a zip archive or folder with the attached files.
//!
//! Mattermost has no ids there: a channel is `TEAM/NAME`, a direct one `direct:` and its members, a post its channel, millisecond
//! and user; a second one of the same user and millisecond has `#2` behind it. Replies are a thread. [choice]
//!
//! A channel has no time of creation: its group is made before its oldest post. The channels `town-square` and `off-topic`, which
//! every team has, need no line of their own. [choice]

mod parse;
mod post;

use super::builder::Builder;
use super::builder::model::{Channel, Member, ReadMark, Role, User};
use super::input::{Beside, Input};
use super::problem::shape;
use super::sink::ConvertError;
use super::values::positive;
use super::walk::WalkError;
use super::walk::lines::json_lines;
use crate::fault::{Fault, FaultCode};
use crate::losses::LossKind;
use crate::mapping::ChannelKind;
use parse::Line;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Channels that every team has.
const OF_EVERY_TEAM: [&str; 2] = ["town-square", "off-topic"];
const VERSION: u32 = 1;

/// Reads an export: a bulk file, or a folder or zip archive with one.
///
/// # Errors
/// The source cannot be opened, or the output fails.
pub(crate) fn read(path: &Path, builder: &mut Builder<'_>) -> Result<(), ConvertError> {
    builder.absent("times of joining");
    builder.absent("times of creation of channels");
    let mut input = Input::open(path)?;
    for name in input.outermost(".jsonl") {
        let (document, beside) = input.read(&name)?;
        let mut reading = Reading { name: &name, beside, builder, known: State::default() };
        let walked = json_lines(document, &name, |line, text| {
            match text.and_then(|text| shape::<Line>(text).map_err(|problem| problem.on(line))) {
                Ok(item) => reading.take(line, item),
                Err(problem) => Ok(reading.builder.fault(problem.fault(reading.name))?),
            }
        });
        walked.or_else(|error| error.settle(builder))?;
    }
    Ok(())
}

/// What lines before told.
#[derive(Default)]
struct State {
    channels: BTreeSet<String>,
    bots: BTreeSet<String>,
    /// How often keys of posts came, for the last ones.
    keys: BTreeMap<String, u32>,
}

struct Reading<'a, 'b> {
    name: &'a str,
    beside: Beside<'a>,
    builder: &'a mut Builder<'b>,
    known: State,
}

impl Reading<'_, '_> {
    fn take(&mut self, line: u64, item: Line) -> Result<(), WalkError> {
        match item {
            Line { channel: Some(channel), .. } if channel.name.is_empty() => self.missing(line, "name"),
            Line { user: Some(user), .. } if user.username.is_empty() => self.missing(line, "username"),
            Line { direct_channel: Some(channel), .. }
                if channel.members.is_empty() && channel.participants.is_none() =>
            {
                self.missing(line, "members")
            }
            Line { direct_post: Some(post), .. } if post.channel_members.is_empty() => {
                self.missing(line, "channel_members")
            }
            Line { channel: Some(channel), .. } => self.channel(channel),
            Line { user: Some(user), .. } => self.user(user),
            Line { bot: Some(bot), .. } => self.bot(bot),
            Line { post: Some(post), .. } => {
                let channel = channel_id(&post.team, &post.channel);
                self.implied(&post.team, &post.channel)?;
                self.post(&channel, post, None, line)
            }
            Line { direct_channel: Some(channel), .. } => self.direct_channel(&channel),
            Line { direct_post: Some(post), .. } => {
                let channel = direct_id(&post.channel_members);
                let members = post.channel_members.clone();
                if !self.known.channels.contains(&channel) {
                    self.builder.lose(LossKind::ChannelsMade, channel.clone());
                    self.direct_channel(&parse::DirectChannel { members, ..Default::default() })?;
                }
                self.post(&channel, post, None, line)
            }
            Line { kind, version, .. } => {
                match kind.as_str() {
                    "version" if version.is_some_and(|version| version != VERSION) => {
                        let text = format!(
                            "{}, line {line}: the file has another version than {VERSION}",
                            self.name
                        );
                        self.builder.fault(Fault::new(0, FaultCode::UnknownWord, text).field("version"))?;
                    }
                    "version" | "info" | "team" => {}
                    "" => {
                        let text = format!("{}, line {line}: the line has no type", self.name);
                        self.builder.fault(Fault::new(0, FaultCode::UnknownKind, text).field("type"))?;
                    }
                    _ => {
                        self.builder.lose(LossKind::Placeless, format!("{}, line {line}: {kind}", self.name))
                    }
                }
                Ok(())
            }
        }
    }

    fn missing(&mut self, line: u64, member: &'static str) -> Result<(), WalkError> {
        let text = format!("{}, line {line}: it has no {member}", self.name);
        Ok(self.builder.fault(Fault::new(0, FaultCode::Missing, text).field(member))?)
    }

    fn hand_over(&mut self, channel: Channel) -> Result<(), WalkError> {
        self.known.channels.insert(channel.id.clone());
        self.builder.channel(channel).map_err(Box::new)?;
        Ok(())
    }

    fn channel(&mut self, channel: parse::Channel) -> Result<(), WalkError> {
        let kind = if channel.kind == "O" { ChannelKind::Public } else { ChannelKind::Private };
        let name =
            channel.display_name.filter(|name| !name.is_empty()).unwrap_or_else(|| channel.name.clone());
        self.hand_over(Channel {
            introduction: channel.purpose.unwrap_or_default(),
            notification: channel.header.unwrap_or_default(),
            ..Channel::new(channel_id(&channel.team, &channel.name), name, kind)
        })
    }

    /// Hands over a channel that every team has.
    fn implied(&mut self, team: &str, name: &str) -> Result<(), WalkError> {
        let id = channel_id(team, name);
        if OF_EVERY_TEAM.contains(&name) && !self.known.channels.contains(&id) {
            self.builder.lose(LossKind::ChannelsMade, id.clone());
            self.hand_over(Channel::new(id, name, ChannelKind::Public))?;
        }
        Ok(())
    }

    fn user(&mut self, user: parse::User) -> Result<(), WalkError> {
        let full = [user.first_name.as_deref(), user.last_name.as_deref()].into_iter().flatten();
        let full = full.collect::<Vec<_>>().join(" ").trim().to_owned();
        let nick = user.nickname.clone().filter(|nick| !nick.is_empty()).unwrap_or(full);
        let mut x = Map::new();
        let texts = [
            ("email", user.email),
            ("first_name", user.first_name),
            ("last_name", user.last_name),
            ("position", user.position),
            ("roles", user.roles),
            ("profile_image", user.profile_image),
        ];
        let filled = |(name, text): (&str, Option<String>)| {
            Some((name.to_owned(), Value::from(text.filter(|text| !text.is_empty())?)))
        };
        x.extend(texts.into_iter().filter_map(filled));
        x.extend(positive(user.delete_at).map(|ms| ("delete_at".to_owned(), ms.into())));
        let x = if x.is_empty() { Value::Null } else { Value::Object(x) };
        self.builder.user(User { id: user.username.clone(), nick, face_url: String::new(), x })?;
        for team in user.teams.unwrap_or_default() {
            for channel in team.channels.unwrap_or_default() {
                self.implied(&team.name, &channel.name)?;
                let id = channel_id(&team.name, &channel.name);
                let is_admin = channel.roles.as_deref().unwrap_or_default().contains("channel_admin");
                let role = if is_admin { Role::Admin } else { Role::Member };
                let member = Member { user: user.username.clone(), role, ..Member::default() };
                self.builder.member(&id, member)?;
                if let Some(ms) = positive(channel.last_viewed_at) {
                    self.builder.read(&id, &user.username, ReadMark::UpTo(ms))?;
                }
            }
        }
        Ok(())
    }

    fn bot(&mut self, bot: parse::Bot) -> Result<(), WalkError> {
        let x = json!({ "bot": true, "owner": bot.owner });
        let nick = bot.display_name.unwrap_or_default();
        self.builder.user(User { id: bot.username.clone(), nick, face_url: String::new(), x })?;
        self.known.bots.insert(bot.username);
        Ok(())
    }

    fn direct_channel(&mut self, channel: &parse::DirectChannel) -> Result<(), WalkError> {
        let participants = channel.participants.as_deref().unwrap_or_default();
        let named = participants.iter().map(|participant| &participant.username);
        let members: Vec<String> = channel.members.iter().chain(named).cloned().collect();
        let id = direct_id(&members);
        let kind = if sorted(&members).len() <= 2 { ChannelKind::Direct } else { ChannelKind::GroupDirect };
        self.hand_over(Channel {
            notification: channel.header.clone().unwrap_or_default(),
            ..Channel::new(id.clone(), "", kind)
        })?;
        for user in sorted(&members) {
            self.builder.member(&id, Member { user: user.to_owned(), ..Member::default() })?;
        }
        for participant in participants {
            if let Some(ms) = positive(participant.last_viewed_at) {
                self.builder.read(&id, &participant.username, ReadMark::UpTo(ms))?;
            }
        }
        Ok(())
    }
}

fn channel_id(team: &str, name: &str) -> String {
    format!("{team}/{name}")
}

fn direct_id(members: &[String]) -> String {
    format!("direct:{}", sorted(members).join(","))
}

fn sorted(members: &[String]) -> Vec<&str> {
    let mut members: Vec<_> = members.iter().map(String::as_str).collect();
    members.sort_unstable();
    members.dedup();
    members
}
