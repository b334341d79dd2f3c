//! Makes a Slack-like export for tests: always the same files for the same sizes.
//!
//! It has what real ones have and small samples do not: names and texts that are too long, deleted users, authors that no list has, bots,
//! system messages, threads, reactions, edits, files, several messages in one second, conversations of two and of a few.

use serde_json::{Value, json};
use std::fs;
use std::io::{self, BufWriter};
use std::path::Path;

/// How much of everything.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sizes {
    pub(crate) users: usize,
    pub(crate) channels: usize,
    pub(crate) direct: usize,
    /// In all conversations together.
    pub(crate) messages: usize,
}

impl Sizes {
    /// An export of a company of 301: 60 channels, 50 conversations of two and 20,000 messages.
    pub(crate) const COMPANY: Self = Self { users: 301, channels: 60, direct: 50, messages: 20_000 };
}

/// What was made.
#[derive(Clone, Debug, Default)]
pub(crate) struct Made {
    /// Each conversation with the `ts` and text of its messages, in the order in which they were sent. Texts need no conversion.
    pub(crate) conversations: Vec<Conversation>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Conversation {
    pub(crate) id: String,
    pub(crate) members: Vec<String>,
    pub(crate) messages: Vec<(String, String)>,
}

const START: u64 = 1_546_500_000;
const END: u64 = 1_790_840_000;
/// Messages on a day on which somebody writes.
const PER_DAY: usize = 20;
const SYLLABLES: [&str; 16] =
    ["ka", "lo", "mi", "ne", "ru", "sa", "to", "vi", "zo", "be", "da", "fé", "gü", "hø", "jå", "pi"];

/// Numbers that look random and are always the same.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or_default() % end.max(1)
    }

    fn word(&mut self) -> String {
        (0..2 + self.below(3)).map(|_| SYLLABLES[self.below(SYLLABLES.len())]).collect()
    }

    fn words(&mut self, count: usize) -> String {
        (0..count).map(|_| self.word()).collect::<Vec<_>>().join(" ")
    }
}

/// Writes the export into `folder`.
///
/// # Errors
/// The disk fails.
pub(crate) fn write(folder: &Path, sizes: Sizes) -> io::Result<Made> {
    let mut numbers = Numbers(1);
    let users: Vec<String> = (0..sizes.users).map(|number| format!("U{number:08}")).collect();
    save(
        &folder.join("users.json"),
        &Value::from(
            users.iter().enumerate().map(|(number, id)| user(number, id, &mut numbers)).collect::<Vec<_>>(),
        ),
    )?;
    let (mut channels, mut groups, mut dms, mut mpims) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut made = Made::default();
    let conversations = sizes.channels + sizes.direct;
    for number in 0..conversations {
        let is_direct = sizes.channels <= number;
        let id = if is_direct { format!("D{number:08}") } else { format!("C{number:08}") };
        let members = members(number, is_direct, &users, &mut numbers);
        let name = match number % 4 {
            0 => format!("team-{number}-the-one-for-{}", numbers.words(5).replace(' ', "-")),
            _ => format!("team-{number}"),
        };
        let item = json!({
            "id": id, "name": name, "created": START + number as u64, "creator": members[0], "is_archived": number % 10 == 9,
            "members": members, "topic": { "value": numbers.words(number * 2) },
            "purpose": { "value": numbers.words(number) }, "updated": (START + 5) * 1_000,
        });
        let share = sizes.messages / conversations + usize::from(number < sizes.messages % conversations);
        let folder = if is_direct && members.len() == 2 { folder.join(&id) } else { folder.join(&name) };
        let messages = messages(&folder, share, &members, number, &mut numbers)?;
        made.conversations.push(Conversation { id, members, messages });
        match (is_direct, made.conversations[number].members.len(), number % 3) {
            (true, 2, _) => dms.push(item),
            (true, _, _) => mpims.push(item),
            (false, _, 0) => groups.push(item),
            (false, _, _) => channels.push(item),
        }
    }
    for (name, list) in [("channels", channels), ("groups", groups), ("dms", dms), ("mpims", mpims)] {
        save(&folder.join(name).with_extension("json"), &Value::from(list))?;
    }
    Ok(made)
}

fn user(number: usize, id: &str, numbers: &mut Numbers) -> Value {
    json!({
        "id": id, "team_id": "T00000001", "name": format!("user{number}"), "deleted": number % 20 == 19,
        "is_bot": number % 50 == 49,
        "profile": {
            "real_name": numbers.words(2), "display_name": if number.is_multiple_of(3) { String::new() } else { numbers.word() },
            "email": format!("user{number}@example.com"), "image_72": format!("https://example.com/{id}.png"),
        },
    })
}

fn members(number: usize, is_direct: bool, users: &[String], numbers: &mut Numbers) -> Vec<String> {
    let count = match (is_direct, number % 5) {
        (true, 4) => 3 + numbers.below(4),
        (true, _) => 2,
        (false, 0) => users.len(),
        (false, _) => 5 + numbers.below(30),
    };
    let first = numbers.below(users.len());
    users.iter().cycle().skip(first).take(count.min(users.len())).cloned().collect()
}

/// Writes the messages of a conversation, a file for each day.
fn messages(
    folder: &Path,
    count: usize,
    members: &[String],
    conversation: usize,
    numbers: &mut Numbers,
) -> io::Result<Vec<(String, String)>> {
    fs::create_dir_all(folder)?;
    let mut made: Vec<(String, String)> = Vec::with_capacity(count);
    let mut day: (String, Vec<Value>) = (String::new(), Vec::new());
    // People write on some days, and then several messages.
    let days = count.div_ceil(PER_DAY).max(1) as u64;
    let step = (END - START) / 86_400 / days * 86_400;
    let start = START + 100 + (conversation % 60) as u64;
    for position in 0..count {
        // Every seventh message is of the same second as the one before.
        let slot = position - usize::from(position % 7 == 6);
        let seconds = start + (slot / PER_DAY) as u64 * step + (slot % PER_DAY) as u64 * 40;
        let ts = format!("{seconds}.{:06}", 100 + position % 7);
        let roots: Vec<&str> = made.iter().rev().take(5).map(|(ts, _)| ts.as_str()).collect();
        let message = message(position, &ts, members, &roots, numbers);
        made.push((ts, message["text"].as_str().unwrap_or_default().to_owned()));
        let date = date(seconds);
        if date != day.0 {
            save_day(folder, &day)?;
            day = (date, Vec::new());
        }
        day.1.push(message);
    }
    save_day(folder, &day)?;
    Ok(made)
}

fn message(position: usize, ts: &str, members: &[String], roots: &[&str], numbers: &mut Numbers) -> Value {
    let author = &members[numbers.below(members.len())];
    let text = match position % 997 {
        996 => numbers.words(4_000),
        _ => {
            let count = 3 + numbers.below(20);
            numbers.words(count)
        }
    };
    let mut message = json!({ "type": "message", "user": author, "text": text, "ts": ts });
    match position % 40 {
        3 => message["thread_ts"] = ts.into(),
        4..=6 => message["thread_ts"] = (*roots.last().unwrap_or(&ts)).into(),
        8 => {
            let users: Vec<&String> = members.iter().take(1 + numbers.below(6)).collect();
            message["reactions"] = json!([{ "name": "+1", "users": users, "count": users.len() }]);
        }
        12 => message["edited"] = json!({ "user": author, "ts": ts }),
        16 => {
            let id = format!("F{:010}", numbers.below(1_000_000_000));
            message["files"] = json!([{
                "id": id, "name": "plan.png", "size": 12_345, "mimetype": "image/png",
                "url_private_download": format!("https://files.example.com/{id}/plan.png"),
            }]);
        }
        20 => message["user"] = "U99999999".into(),
        24 => {
            message["subtype"] = "bot_message".into();
            message["bot_id"] = "B00000001".into();
            message["username"] = "Deploy bot".into();
            message.as_object_mut().map(|members| members.remove("user"));
        }
        28 => message["subtype"] = "channel_topic".into(),
        _ => {}
    }
    message
}

fn save_day(folder: &Path, day: &(String, Vec<Value>)) -> io::Result<()> {
    if day.1.is_empty() {
        Ok(())
    } else {
        save(&folder.join(format!("{}.json", day.0)), &Value::from(day.1.clone()))
    }
}

fn save(path: &Path, value: &Value) -> io::Result<()> {
    let file = BufWriter::new(fs::File::create(path)?);
    serde_json::to_writer(file, value).map_err(io::Error::other)
}

/// The day of a time in seconds since 1970, as `YYYY-MM-DD`.
fn date(seconds: u64) -> String {
    let days = seconds / 86_400 + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}
