//! The records of a neutral file in the order in which they are brought in.
//!
//! Accounts come first, then files, then group after group: the group, its topics, members, messages in the order in which they
//! were sent, and how far members have read. Among the groups are the friends and the blocklist of each account, and the messages and read marks of
//! each pair of accounts.

use crate::fault::{Fault, FaultCode};
use crate::format::{File, Kind, LineError, Reader, Record, RecordError, address};
use crate::seen::Seen;
use crate::sort::{Sorted, Sorter};
use outline::Outlines;
use std::io;
use std::path::Path;

mod grouped;
mod outline;

pub use grouped::Grouped;
pub use outline::Outline;

/// Memory for records that are being put in order, bytes.
pub const MEMORY_BYTES: usize = 64 << 20;

/// A record, and its line in the neutral file.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    pub line: u64,
    pub record: Record,
    /// With the first record of a group: what the records behind it say. Empty with all others.
    pub outline: Outline,
}

/// The next record, or what is wrong with a line that is none.
#[derive(Debug)]
pub enum Found {
    Entry(Box<Entry>),
    Fault(Box<Fault>),
}

/// Records in order, however they were put there.
pub type Entries = Box<dyn Iterator<Item = io::Result<Found>> + Send>;

/// The records of a file, in order.
pub struct Ordered {
    records: u64,
    sorted: Sorted,
    outline: Outline,
    /// Names of the files that messages refer to.
    files: Seen,
}

impl Ordered {
    /// Reads the whole file. `on_fault` gets the faults of lines that are no records, in the order of the file; they are not
    /// among the records.
    ///
    /// # Errors
    /// The file cannot be opened, or the disk fails.
    pub fn read(
        file: &Path,
        spill_directory: &Path,
        mut on_fault: impl FnMut(Fault, Option<String>) -> io::Result<()>,
    ) -> io::Result<Self> {
        Self::read_mended(file, spill_directory, |fault, text| on_fault(fault, text).map(|()| None))
    }

    /// Like [`read`](Self::read). Where `on_fault` returns a record, that record takes the place of the line.
    ///
    /// # Errors
    /// The file cannot be opened, or the disk fails.
    pub fn read_mended(
        file: &Path,
        spill_directory: &Path,
        on_fault: impl FnMut(Fault, Option<String>) -> io::Result<Option<Record>>,
    ) -> io::Result<Self> {
        Self::read_watched(file, spill_directory, on_fault, |_| Ok(()))
    }

    /// Like [`read_mended`](Self::read_mended). `watch` gets the number of records after each; its error ends the reading.
    ///
    /// # Errors
    /// The file cannot be opened, the disk fails, or `watch` says so.
    pub fn read_watched(
        file: &Path,
        spill_directory: &Path,
        mut on_fault: impl FnMut(Fault, Option<String>) -> io::Result<Option<Record>>,
        mut watch: impl FnMut(u64) -> io::Result<()>,
    ) -> io::Result<Self> {
        let mut sorter = Sorter::new(spill_directory, MEMORY_BYTES);
        let mut outlines = Outlines::default();
        let mut files = Seen::default();
        let mut records = 0_u64;
        for line in Reader::open(file)? {
            let (number, record, text) = match line {
                Ok(line) => match Record::parse(&line.text) {
                    Ok(record) => (line.number, Some(record), Some(line.text)),
                    Err(error) => {
                        let mended = on_fault(record_fault(line.number, error), Some(line.text))?;
                        (line.number, mended, None)
                    }
                },
                Err(error) => (0, on_fault(line_fault(error), None)?, None),
            };
            let Some(record) = record else { continue };
            records += 1;
            watch(records)?;
            let text = text.unwrap_or_else(|| record.line());
            sorter.push(order_key(&record, number), value(number, record.kind() as u8, &text))?;
            outlines.note(&record);
            if let Record::Message(message) = &record {
                for key in address::files(&message.msg_body) {
                    files.insert(&address::name(&message.src, &key));
                }
            }
            if outlines.is_full() {
                outlines.drain(|group, outline| {
                    sorter.push(outline_key(&group), value(0, OUTLINE_KIND, &outline))
                })?;
            }
        }
        if records == 0 {
            on_fault(Fault::new(0, FaultCode::Empty, "the file has no record"), None)?;
        }
        outlines
            .drain(|group, outline| sorter.push(outline_key(&group), value(0, OUTLINE_KIND, &outline)))?;
        Ok(Self { records, sorted: sorter.finish()?, outline: Outline::default(), files })
    }

    /// How many records the file has.
    #[must_use]
    pub fn records(&self) -> u64 {
        self.records
    }

    /// The records one after the other, without faults: those were told before.
    #[must_use]
    pub fn entries(self) -> Entries {
        Box::new(self.map(|entry| entry.map(|entry| Found::Entry(Box::new(entry)))))
    }

    /// Whether a message refers to a file; also true where more than two million files are referred to.
    #[must_use]
    pub fn refers_to(&self, file: &File) -> bool {
        self.files.may_contain(&address::name(&file.src, &file.key))
    }
}

impl Iterator for Ordered {
    type Item = io::Result<Entry>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let entry = match self.sorted.next()? {
                Ok(entry) => entry,
                Err(error) => return Some(Err(error)),
            };
            match parsed(&entry.value) {
                Some(Parsed::Outline(outline)) => self.outline.add(outline),
                Some(Parsed::Record(line, record)) => {
                    return Some(Ok(Entry {
                        line,
                        record: *record,
                        outline: std::mem::take(&mut self.outline),
                    }));
                }
                None => return Some(Err(changed())),
            }
        }
    }
}

fn changed() -> io::Error {
    io::Error::other("a spilled record was changed on the disk")
}

/// The kind of an outline, which no record has.
const OUTLINE_KIND: u8 = u8::MAX;

/// `kind` of a record, or [`OUTLINE_KIND`].
fn value(line: u64, kind: u8, text: &str) -> Vec<u8> {
    let mut value = Vec::with_capacity(9 + text.len());
    value.extend_from_slice(&line.to_le_bytes());
    value.push(kind);
    value.extend_from_slice(text.as_bytes());
    value
}

enum Parsed {
    Record(u64, Box<Record>),
    Outline(Outline),
}

fn parsed(value: &[u8]) -> Option<Parsed> {
    let (line, rest) = value.split_first_chunk::<8>()?;
    let (kind, text) = rest.split_first()?;
    let text = std::str::from_utf8(text).ok()?;
    if *kind == OUTLINE_KIND {
        return serde_json::from_str(text).ok().map(Parsed::Outline);
    }
    let kind = Kind::ALL.into_iter().find(|known| *known as u8 == *kind)?;
    let record = Record::parse_as(kind, text).ok()?;
    Some(Parsed::Record(u64::from_le_bytes(*line), Box::new(record)))
}

/// First byte of the keys of accounts, files, and everything that belongs to groups, conversations and lists of friends.
const ACCOUNTS: u8 = 0;
const FILES: u8 = 1;
const GROUPS: u8 = 2;
/// Where records of a group have their kind; outlines come before all of them.
const OUTLINE: u8 = 0;

/// The key of the outline of a group.
fn outline_key(group: &str) -> Vec<u8> {
    let mut key = vec![GROUPS];
    push_text(&mut key, group);
    key.push(OUTLINE);
    key
}

fn push_text(key: &mut Vec<u8>, text: &str) {
    key.extend_from_slice(text.as_bytes());
    key.push(0);
}

/// Texts are followed by a zero byte, so that `a` and what belongs to it come before `a b`. Equal records are in the order of the file.
fn order_key(record: &Record, line: u64) -> Vec<u8> {
    let mut key = Vec::with_capacity(64);
    let kind = record.kind();
    key.push(match kind {
        Kind::Account => ACCOUNTS,
        Kind::File => FILES,
        Kind::Friend
        | Kind::Block
        | Kind::Group
        | Kind::Topic
        | Kind::Member
        | Kind::Message
        | Kind::Read => GROUPS,
    });
    if let Some(bundle) = record.bundle() {
        push_text(&mut key, &bundle);
        key.push(kind as u8);
    }
    match record {
        Record::Account(account) => push_text(&mut key, &account.user_id),
        Record::File(file) => {
            push_text(&mut key, &file.src);
            push_text(&mut key, &file.key);
        }
        Record::Friend(friend) => push_text(&mut key, &friend.friend),
        Record::Block(block) => push_text(&mut key, &block.blocked),
        Record::Group(_) => {}
        Record::Topic(topic) => push_text(&mut key, &topic.topic_id),
        Record::Member(member) => push_text(&mut key, &member.account),
        Record::Message(message) => {
            push_text(&mut key, message.topic_id.as_deref().unwrap_or_default());
            key.extend_from_slice(&message.sent_ms().unwrap_or_default().to_be_bytes());
        }
        Record::Read(read) => {
            push_text(&mut key, read.topic_id.as_deref().unwrap_or_default());
            push_text(&mut key, &read.account);
        }
    }
    key.extend_from_slice(&line.to_be_bytes());
    key
}

/// What is wrong with a line that cannot be read.
pub(crate) fn line_fault(error: LineError) -> Fault {
    let message = match &error {
        LineError::NotUtf8 { byte, position, .. } => {
            format!(
                "the line is not UTF-8: byte {byte:#04x} at position {position}; convert the file to UTF-8"
            )
        }
        LineError::TooLong(_) => "the line is too long".to_owned(),
        LineError::Broken { cause, .. } => {
            format!("the file is cut off or damaged behind this line: {cause}")
        }
    };
    match error {
        LineError::NotUtf8 { number, .. } => Fault::new(number, FaultCode::NotUtf8, message),
        LineError::TooLong(number) => {
            Fault::new(number, FaultCode::LineTooLong, message).limit(crate::format::reader::LINE_BYTES_MAX)
        }
        LineError::Broken { after, .. } => Fault::new(after, FaultCode::CutOff, message),
    }
}

fn record_fault(line: u64, error: RecordError) -> Fault {
    let message = error.to_string();
    match error {
        RecordError::NotJson(_) => Fault::new(line, FaultCode::NotJson, message),
        RecordError::NoKind | RecordError::UnknownKind(_) => {
            Fault::new(line, FaultCode::UnknownKind, message).field("t")
        }
        RecordError::UnknownMember { kind, member } => Fault::new(line, FaultCode::UnknownMember, message)
            .of(kind, "")
            .fix(format!("{member} moves into x"))
            .field(member),
        RecordError::WrongType { member, .. } => {
            Fault::new(line, FaultCode::WrongType, message).field(member)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn records_come_in_the_order_in_which_they_are_brought_in() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.jsonl");
        let lines = [
            r#"{"t":"read","GroupId":"b","Member_Account":"m","UnreadMsgNum":1}"#,
            r#"{"t":"message","key":"2","GroupId":"b","From_Account":"m","ts_ms":2001,"MsgBody":[]}"#,
            r#"{"t":"message","key":"3","GroupId":"b","From_Account":"m","SendTime":2,"MsgBody":[]}"#,
            r#"{"t":"message","key":"4","GroupId":"b","From_Account":"m","SendTime":2,"MsgBody":[]}"#,
            r#"{"t":"member","GroupId":"b","Member_Account":"m"}"#,
            r#"{"t":"group","GroupId":"b","Type":"Public","Name":"b"}"#,
            "oops",
            r#"{"t":"group","GroupId":"a","Type":"Public","Name":"a"}"#,
            r#"{"t":"file","key":"f"}"#,
            r#"{"t":"account","UserID":"m"}"#,
        ];
        fs::write(&path, lines.join("\n")).unwrap();
        let mut faults = Vec::new();
        let on_fault = |fault: Fault, _| {
            faults.push((fault.line, fault.code));
            Ok(())
        };
        let ordered = Ordered::read(&path, directory.path(), on_fault).unwrap();
        let entries: Vec<_> = ordered.map(|entry| entry.unwrap()).collect();
        let order: Vec<_> = entries.iter().map(|entry| entry.line).collect();
        assert_eq!(order, [10, 9, 8, 6, 5, 3, 4, 2, 1]);
        let outline = Outline { first_message: Some(2), members: 1, ..Outline::default() };
        let outlines: Vec<_> = entries.iter().map(|entry| &entry.outline).collect();
        assert!(outlines.iter().enumerate().all(|(place, other)| (**other == outline) == (place == 3)));
        assert_eq!(faults, [(7, "not_json")]);
    }
}
