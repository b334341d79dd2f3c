//! Writes a Mattermost bulk file: `version`, teams, channels, users with their memberships, posts, direct channels, direct posts.
//!
//! Groups that came from Mattermost keep their team and name; all others become channels of the team `landfall`, a topic a
//! channel of its own. Private groups become private channels, all others public ones. Accounts that no e-mail address is
//! known of get one at `example.invalid`. The owner becomes an administrator of the channel. One-to-one conversations become direct
//! channels, before those groups that came from one with the same members. [choice]
//!
//! Custom fields of profiles that are called like a member of a user, such as `Tag_Profile_Custom_Position`, go there, as does what
//! the source said of the user under such a name; a title is the position. [choice]
//!
//! Mattermost knows a post by its channel, text and millisecond: a second one with the same is moved to the next millisecond.

mod archive;
mod line;
mod places;
mod posts;
mod profile;

pub use archive::{CONTENTS, write as write_archive};

use super::held::{Held, Role};
use super::lost;
use super::names::Names;
use crate::format::Json;
use crate::losses::Loss;
use line::{Participant, User, UserChannel, UserTeam};
use places::{Places, Target};
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;

const USERNAME_BYTES_MAX: usize = 64;
const NICKNAME_CHARACTERS_MAX: usize = 64;

/// Writes the records of a neutral file as a Mattermost bulk file, and answers what that cannot hold.
///
/// Everything but the messages is held in memory; messages are put in order in `spill_directory`. Attached files keep the
/// paths that the neutral file has for them.
///
/// # Errors
/// The neutral file cannot be read, or `out` or the disk fails.
pub fn write(file: &Path, spill_directory: &Path, out: &mut dyn Write) -> io::Result<Vec<Loss>> {
    let mut held = Held::read(file)?;
    let threads = posts::spill(&mut held, file, spill_directory)?;
    let usernames = usernames(&mut held);
    let places = Places::new(&mut held, &usernames);
    put(out, &json!({ "type": "version", "version": 1 }))?;
    for team in places.teams() {
        let team = json!({ "name": team, "display_name": team, "type": "I" });
        put(out, &json!({ "type": "team", "team": team }))?;
    }
    for channel in places.channels(&mut held) {
        put(out, &json!({ "type": "channel", "channel": channel }))?;
    }
    users(&mut held, &usernames, &places, out)?;
    let posts = posts::compose(threads, &mut held, &usernames, &places, spill_directory)?;
    posts::put_all(posts, &mut held, out, |out| direct_channels(&places, out))?;
    Ok(held.lost.into_list())
}

fn put<T: Serialize>(out: &mut dyn Write, line: &T) -> io::Result<()> {
    serde_json::to_writer(&mut *out, line)?;
    out.write_all(b"\n")
}

/// The user name of each account.
fn usernames(held: &mut Held) -> BTreeMap<String, String> {
    let allowed = |letter: char| {
        letter.is_ascii_lowercase() || letter.is_ascii_digit() || matches!(letter, '.' | '-' | '_')
    };
    let mut names = Names::new(allowed, USERNAME_BYTES_MAX);
    // Reserved by Mattermost.
    for reserved in ["all", "channel", "here", "matterbot", "system"] {
        names.take(reserved, reserved);
    }
    let mut usernames = BTreeMap::new();
    for (id, account) in &held.accounts {
        let wanted = if account.src.starts_with("mattermost") { &account.key } else { id };
        let lower = wanted.to_ascii_lowercase();
        let starts_well = lower.starts_with(|letter: char| letter.is_ascii_lowercase());
        let lower = if starts_well { lower } else { format!("u{lower}") };
        let username = names.take(&lower, id);
        held.lost.count_if(username != *wanted, lost::IDS);
        usernames.insert(id.clone(), username);
    }
    usernames
}

fn users(
    held: &mut Held,
    usernames: &BTreeMap<String, String>,
    places: &Places,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut memberships: BTreeMap<&str, BTreeMap<&str, Vec<UserChannel<'_>>>> = BTreeMap::new();
    for (place, target) in places.all() {
        for membership in held.members.get(&place.group).into_iter().flat_map(BTreeMap::values) {
            held.lost.count_if(membership.joined.is_some() && place.topic.is_empty(), lost::JOIN_TIMES);
        }
        let Target::Channel { team, name } = target else { continue };
        for (account, membership) in held.members.get(&place.group).into_iter().flatten() {
            let roles = match membership.role {
                Role::Owner | Role::Admin => "channel_user channel_admin",
                Role::Member => "channel_user",
            };
            let last_viewed_at = held.read_ms(place, account, "mattermost");
            let channel = UserChannel { name, roles, last_viewed_at };
            memberships.entry(account).or_default().entry(team).or_default().push(channel);
        }
    }
    for (id, account) in &held.accounts {
        let Some(username) = usernames.get(id) else { continue };
        held.lost.count_if(account.face_url.is_some(), lost::PICTURES);
        let teams = memberships.remove(id.as_str()).unwrap_or_default();
        let x = account.x.as_ref().filter(|_| account.src.starts_with("mattermost"));
        let x = x.map(Json::value).unwrap_or_default();
        let known = |member: &str| x.get(member)?.as_str().map(str::to_owned);
        let profile = profile::of(account);
        held.lost.count_if(profile.has_more, lost::PROFILES);
        if teams.is_empty() && x.get("bot").and_then(Value::as_bool) == Some(true) {
            let name = account.nick.as_deref().unwrap_or_default();
            let owner = known("owner").unwrap_or_else(|| (*username).clone());
            let bot = json!({ "username": username, "display_name": name, "owner": owner });
            put(out, &json!({ "type": "bot", "bot": bot }))?;
            continue;
        }
        let email = profile.text("email");
        held.lost.count_if(email.is_none(), lost::EMAILS);
        let nick = cut(account.nick.as_deref().unwrap_or_default(), NICKNAME_CHARACTERS_MAX);
        held.lost.count_if(nick.1, lost::NAMES);
        let user = User {
            username,
            email: email.unwrap_or_else(|| format!("{username}@example.invalid")),
            nickname: nick.0,
            first_name: profile.text("first_name"),
            last_name: profile.text("last_name"),
            position: profile.text("position").or_else(|| profile.text("title")),
            roles: known("roles").unwrap_or_else(|| "system_user".to_owned()),
            delete_at: x.get("delete_at").and_then(Value::as_u64),
            teams: teams
                .into_iter()
                .map(|(name, channels)| UserTeam { name, roles: "team_user", channels })
                .collect(),
        };
        put(out, &json!({ "type": "user", "user": user }))?;
    }
    Ok(())
}

fn direct_channels(places: &Places, out: &mut dyn Write) -> io::Result<()> {
    for (_, target) in places.all() {
        let Target::Direct { members, header, viewed } = target else { continue };
        let participants: Vec<_> =
            viewed.iter().map(|(username, ms)| Participant { username, last_viewed_at: *ms }).collect();
        let mut channel = json!({ "members": members, "header": header });
        if let (false, Some(channel)) = (participants.is_empty(), channel.as_object_mut()) {
            channel.insert("participants".to_owned(), json!(participants));
        }
        put(out, &json!({ "type": "direct_channel", "direct_channel": channel }))?;
    }
    Ok(())
}

/// A text of at most so many characters, and whether that is not all of it.
fn cut(text: &str, characters_max: usize) -> (String, bool) {
    let cut: String = text.chars().take(characters_max).collect();
    let is_cut = cut.len() < text.len();
    (cut, is_cut)
}
