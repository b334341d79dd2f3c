//! Writes a Stream import file: users, channels, members, messages, reactions, one a line.
//!
//! Groups that came from Stream keep their type and id; all others become channels of the type `messaging`, a topic a channel of
//! its own. A channel without an owner is made by an administrator or another member, because Stream asks who made it. Messages
//! of other systems get an id made of `src` and `key`. One-to-one conversations become distinct channels of the type `messaging`;
//! fields of profiles become custom data of users, called like their tags. [choice]

mod messages;
mod places;

use super::held::{Held, Role};
use super::lost;
use super::names::Names;
use crate::format::{Account, Json};
use crate::losses::Loss;
use places::Places;
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

const USER_ID_BYTES_MAX: usize = 255;

/// Writes the records of a neutral file as a Stream import file, and answers what that cannot hold.
///
/// Everything but the messages is held in memory; messages are put in order in `spill_directory`. Stream takes files of at most
/// 300 MB.
///
/// # Errors
/// The neutral file cannot be read, or `out` or the disk fails.
pub fn write(file: &Path, spill_directory: &Path, out: &mut dyn Write) -> io::Result<Vec<Loss>> {
    let mut held = Held::read(file)?;
    let (sorted, threads) = messages::spill(&mut held, file, spill_directory)?;
    if held.accounts.is_empty() {
        let maker = Account { user_id: "landfall".to_owned(), ..Account::default() };
        held.accounts.insert(maker.user_id.clone(), maker);
    }
    let user_ids = user_ids(&mut held);
    let places = Places::new(&mut held, &user_ids);
    for (id, account) in &held.accounts {
        put(out, "user", &user(account, user_ids.get(id).map_or(id, |id| id)))?;
    }
    for channel in places.channels(&mut held, &user_ids) {
        put(out, "channel", &channel)?;
    }
    members(&mut held, &user_ids, &places, out)?;
    messages::put_all(sorted, &threads, &mut held, &user_ids, &places, spill_directory, out)?;
    Ok(held.lost.into_list())
}

fn put<T: Serialize>(out: &mut dyn Write, kind: &str, item: &T) -> io::Result<()> {
    serde_json::to_writer(&mut *out, &json!({ "type": kind, "item": item }))?;
    out.write_all(b"\n")
}

/// The id of each account in Stream.
fn user_ids(held: &mut Held) -> BTreeMap<String, String> {
    let allowed = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '@' | '_' | '-');
    let mut names = Names::new(allowed, USER_ID_BYTES_MAX);
    let mut ids = BTreeMap::new();
    for (id, account) in &held.accounts {
        let wanted = if account.src.starts_with("stream") { &account.key } else { id };
        let taken = names.take(wanted, id);
        held.lost.count_if(taken != *wanted, lost::IDS);
        ids.insert(id.clone(), taken);
    }
    ids
}

fn user(account: &Account, id: &str) -> Value {
    let mut item = extras(&account.src, account.x.as_ref());
    set(&mut item, "id", Some(id));
    set(&mut item, "name", account.nick.as_deref());
    set(&mut item, "image", account.face_url.as_deref());
    for field in &account.profile {
        item.insert(field.tag.clone(), json!(field.value));
    }
    item.entry("role").or_insert_with(|| "user".into());
    Value::Object(item)
}

/// What `x` has of an item that came from Stream, without what the conversion put there.
fn extras(src: &str, x: Option<&Json>) -> Map<String, Value> {
    const OF_THE_CONVERSION: [&str; 10] = [
        "direct",
        "placeholder",
        "kind",
        "archived",
        "name",
        "nick",
        "picture",
        "introduction",
        "notification",
        "joined_ms",
    ];
    let x = x.filter(|_| src.starts_with("stream")).map(Json::value);
    let mut x = x.and_then(|x| x.as_object().cloned()).unwrap_or_default();
    x.retain(|member, _| !OF_THE_CONVERSION.contains(&member.as_str()));
    x
}

fn set(item: &mut Map<String, Value>, member: &str, value: Option<impl Into<Value>>) {
    if let Some(value) = value {
        item.insert(member.to_owned(), value.into());
    }
}

/// A time as Stream writes it. `None` for one that no calendar has.
fn time(ms: u64) -> Option<String> {
    let time = OffsetDateTime::from_unix_timestamp_nanos(i128::from(ms) * 1_000_000).ok()?;
    time.format(&Rfc3339).ok()
}

fn members(
    held: &mut Held,
    user_ids: &BTreeMap<String, String>,
    places: &Places,
    out: &mut dyn Write,
) -> io::Result<()> {
    for (place, target) in places.all() {
        for (account, membership) in held.members.get(&place.group).into_iter().flatten() {
            let mut item = extras("stream", membership.x.as_ref());
            item.extend(target.reference());
            set(&mut item, "user_id", user_ids.get(account).map(String::as_str));
            if membership.role == Role::Admin {
                set(&mut item, "is_moderator", Some(true));
            }
            set(
                &mut item,
                "created_at",
                membership.joined.and_then(|seconds| time(seconds.saturating_mul(1_000))),
            );
            set(&mut item, "last_read", held.read_ms(place, account, "stream").and_then(time));
            put(out, "member", &item)?;
        }
    }
    Ok(())
}
