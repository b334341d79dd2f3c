//! The messages of one conversation of a Slack export: a folder with a file for each day, sorted by `ts` on the disk.

use super::arrays;
use super::files::Attached;
use super::json;
use super::lists::{Lists, folder_of_day};
use super::message;
use crate::fault::{Fault, FaultCode};
use crate::format::Kind;
use crate::sort::Sorter;
use crate::sources::archive::Archive;
use crate::sources::builder::Builder;
use crate::sources::sink::ConvertError;
use crate::sources::times;
use serde_json::Value;
use std::io;

/// Memory for messages that are being put in order, bytes.
const MEMORY_BYTES: usize = 32 << 20;

/// Hands over the messages of a conversation.
pub(super) fn read(
    channel: &str,
    folders: &[String],
    lists: &Lists,
    attached: &Attached,
    archive: &mut Archive,
    builder: &mut Builder<'_>,
) -> Result<(), ConvertError> {
    let mut sorter = Sorter::new(&builder.spill_directory(), MEMORY_BYTES);
    for folder in folders {
        let days: Vec<String> = archive
            .names_in(folder)
            .filter(|name| folder_of_day(name) == Some(folder))
            .map(str::to_owned)
            .collect();
        for day in days {
            arrays::each(&day, archive, builder, |number, item, builder| {
                Ok(sort(channel, format!("{day}, message {number}"), item, &mut sorter, builder)?)
            })?;
        }
    }
    let mut same = Same::default();
    for entry in sorter.finish()? {
        let entry = entry?;
        let (place, item): (String, Value) =
            serde_json::from_slice(&entry.value).map_err(io::Error::other)?;
        let Some(key) = same.key(channel, &item, builder) else { continue };
        let context = message::Context { channel, lists, attached, archive };
        message::hand_over(&context, key, place, &item, builder)?;
    }
    Ok(())
}

/// Puts a message among those to be sorted.
fn sort(
    channel: &str,
    place: String,
    item: &str,
    sorter: &mut Sorter,
    builder: &mut Builder<'_>,
) -> io::Result<()> {
    let value: Value = match serde_json::from_str(item) {
        Ok(value) => value,
        Err(error) => {
            let problem = error.to_string();
            let problem = problem.split(" at line ").next().unwrap_or_default();
            let fault =
                Fault::new(0, FaultCode::NotJson, format!("{place}: the message cannot be read: {problem}"));
            return builder.fault(fault.of(Kind::Message, channel));
        }
    };
    let Some(us) = times::parse_us(&message::ts(&value)) else {
        return builder.message(crate::sources::builder::model::Message {
            channel: channel.to_owned(),
            key: format!("{channel}:{}", message::ts(&value)),
            place,
            ..Default::default()
        });
    };
    let value = serde_json::to_vec(&(place, value)).map_err(io::Error::other)?;
    sorter.push(us.to_be_bytes().to_vec(), value)
}

/// Messages with the same `ts`: some exports have a message twice.
#[derive(Default)]
struct Same {
    ts: String,
    items: Vec<(String, String)>,
}

impl Same {
    /// The key of a message; `None` for one that was there already.
    fn key(&mut self, channel: &str, item: &Value, builder: &mut Builder<'_>) -> Option<String> {
        let ts = message::ts(item);
        if ts != self.ts {
            self.ts.clone_from(&ts);
            self.items.clear();
        }
        let content =
            (json::first_text(item, &["user", "bot_id"]).to_owned(), json::text(item, "text").to_owned());
        let key = format!("{channel}:{ts}");
        if self.items.contains(&content) {
            builder.repeated_message(&key);
            return None;
        }
        self.items.push(content);
        Some(if self.items.len() == 1 { key } else { format!("{key}:{}", self.items.len()) })
    }
}
