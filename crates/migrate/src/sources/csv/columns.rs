//! Which column of a CSV file is which.

use crate::sources::times;

/// Spellings of each column: letters and digits only, in lower case.
const TIME: &[&str] = &[
    "time",
    "timestamp",
    "ts",
    "datetime",
    "date",
    "sendtime",
    "sentat",
    "createdat",
    "created",
    "messagetime",
    "tsms",
    "unixtime",
];
const CHANNEL: &[&str] = &[
    "channel",
    "channelname",
    "channelid",
    "room",
    "roomname",
    "roomid",
    "group",
    "groupname",
    "groupid",
    "conversation",
    "chat",
    "topic",
];
const USER: &[&str] = &[
    "user",
    "username",
    "userid",
    "author",
    "authorname",
    "sender",
    "sendername",
    "from",
    "fromaccount",
    "name",
    "nick",
    "nickname",
];
const TEXT: &[&str] = &["text", "message", "body", "content", "contents", "msg", "messagetext"];
const ID: &[&str] = &["id", "messageid", "msgid", "key", "uuid"];

/// Where the columns are, counted from 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::sources) struct Columns {
    pub(in crate::sources) separator: u8,
    pub(in crate::sources) has_header: bool,
    pub(in crate::sources) time: usize,
    pub(in crate::sources) channel: usize,
    pub(in crate::sources) user: usize,
    pub(in crate::sources) text: usize,
    /// Of the message.
    pub(in crate::sources) id: Option<usize>,
}

impl Columns {
    /// How many columns a row has at least.
    pub(in crate::sources) fn fields_min(&self) -> usize {
        1 + self.time.max(self.channel).max(self.user).max(self.text)
    }
}

/// Finds the columns by the first row. `start` is the beginning of a file.
///
/// # Errors
/// Which columns are missing.
pub(in crate::sources) fn find(start: &[u8]) -> Result<Columns, String> {
    let mut problem = None;
    for separator in *b",;\t" {
        let mut reader = csv::ReaderBuilder::new().has_headers(false).delimiter(separator).from_reader(start);
        let mut row = csv::ByteRecord::new();
        if !reader.read_byte_record(&mut row).unwrap_or(false) {
            continue;
        }
        let fields: Vec<String> =
            row.iter().map(|field| String::from_utf8_lossy(field).into_owned()).collect();
        match of_row(&fields, separator) {
            Ok(columns) => return Ok(columns),
            Err(first) => problem = problem.or(Some(first)),
        }
    }
    Err(problem.unwrap_or_else(|| "it has no rows".to_owned()))
}

fn of_row(fields: &[String], separator: u8) -> Result<Columns, String> {
    let names: Vec<String> = fields
        .iter()
        .map(|field| {
            field.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect()
        })
        .collect();
    let find = |spellings: &[&str]| {
        spellings.iter().find_map(|spelling| names.iter().position(|name| name == spelling))
    };
    let found = [TIME, CHANNEL, USER, TEXT].map(find);
    if let [Some(time), Some(channel), Some(user), Some(text)] = found {
        return Ok(Columns { separator, has_header: true, time, channel, user, text, id: find(ID) });
    }
    if 4 <= fields.len() && fields.first().is_some_and(|first| times::parse_ms(first).is_some()) {
        return Ok(Columns { separator, has_header: false, time: 0, channel: 1, user: 2, text: 3, id: None });
    }
    let missing = ["time", "channel", "user", "text"].into_iter().zip(found);
    let missing: Vec<&str> = missing.filter(|(_, place)| place.is_none()).map(|(name, _)| name).collect();
    Err(format!(
        "its first row names no column for {}; name the columns time, channel, user and text there",
        missing.join(", ")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_found_by_many_names_in_any_order() {
        for (start, expected) in [
            ("time,channel,user,text\n", Some((b',', true, [0, 1, 2, 3]))),
            ("Message;Sender;Room Name;Created_At\r\n", Some((b';', true, [3, 2, 1, 0]))),
            ("id\tbody\tfrom\tgroup_id\ttimestamp\n", Some((b'\t', true, [4, 3, 2, 1]))),
            ("\"1546500000\",\"general\",\"ann\",\"hi, you\"\n", Some((b',', false, [0, 1, 2, 3]))),
            ("time,user,text\n", None),
            ("{\"type\":\"version\"}\n", None),
        ] {
            let found = find(start.as_bytes()).ok();
            let found = found.map(|found| {
                (found.separator, found.has_header, [found.time, found.channel, found.user, found.text])
            });
            assert_eq!(found, expected, "{start}");
        }
        assert!(find(b"time,user,text\n").unwrap_err().contains("no column for channel;"));
    }
}
