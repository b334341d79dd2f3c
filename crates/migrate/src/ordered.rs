//! The records of a neutral file in the order in which they are brought in.
//!
//! Accounts come first, then files, then group after group: the group, its topics, members, messages in the order in which they
//! were sent, and how far members have read.

use crate::fault::{Fault, FaultCode};
use crate::format::{Kind, LineError, Reader, Record, RecordError};
use crate::sort::{Sorted, Sorter};
use std::io;
use std::path::Path;

/// Memory for records that are being put in order, bytes.
pub const MEMORY_BYTES: usize = 64 << 20;

/// A record, and its line in the neutral file.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    pub line: u64,
    pub record: Record,
}

/// The records of a file, in order.
pub struct Ordered(Sorted);

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
        let mut sorter = Sorter::new(spill_directory, MEMORY_BYTES);
        let mut records = 0_u64;
        for line in Reader::open(file)? {
            match line {
                Ok(line) => match Record::parse(&line.text) {
                    Ok(record) => {
                        records += 1;
                        sorter.push(order_key(&record, line.number), value(line.number, &line.text))?;
                    }
                    Err(error) => on_fault(record_fault(line.number, error), Some(line.text))?,
                },
                Err(error) => on_fault(line_fault(error), None)?,
            }
        }
        if records == 0 {
            on_fault(Fault::new(0, FaultCode::Empty, "the file has no record"), None)?;
        }
        Ok(Self(sorter.finish()?))
    }
}

impl Iterator for Ordered {
    type Item = io::Result<Entry>;

    fn next(&mut self) -> Option<Self::Item> {
        let entry = match self.0.next()? {
            Ok(entry) => entry,
            Err(error) => return Some(Err(error)),
        };
        Some(parsed(&entry.value).ok_or_else(|| io::Error::other("a spilled record was changed on the disk")))
    }
}

fn value(line: u64, text: &str) -> Vec<u8> {
    let mut value = line.to_le_bytes().to_vec();
    value.extend_from_slice(text.as_bytes());
    value
}

fn parsed(value: &[u8]) -> Option<Entry> {
    let (line, text) = value.split_first_chunk::<8>()?;
    let record = Record::parse(std::str::from_utf8(text).ok()?).ok()?;
    Some(Entry { line: u64::from_le_bytes(*line), record })
}

/// Texts are followed by a zero byte, so that `a` and what belongs to it come before `a b`. Equal records are in the order of the file.
fn order_key(record: &Record, line: u64) -> Vec<u8> {
    let mut key = Vec::with_capacity(64);
    let text = |key: &mut Vec<u8>, text: &str| {
        key.extend_from_slice(text.as_bytes());
        key.push(0);
    };
    let kind = record.kind();
    // Accounts, then files, then everything that belongs to groups.
    key.push(match kind {
        Kind::Account => 0,
        Kind::File => 1,
        Kind::Group | Kind::Topic | Kind::Member | Kind::Message | Kind::Read => 2,
    });
    if let Some(group) = record.group_id() {
        text(&mut key, group);
        key.push(kind as u8);
    }
    match record {
        Record::Account(account) => text(&mut key, &account.user_id),
        Record::File(file) => {
            text(&mut key, &file.src);
            text(&mut key, &file.key);
        }
        Record::Group(_) => {}
        Record::Topic(topic) => text(&mut key, &topic.topic_id),
        Record::Member(member) => text(&mut key, &member.account),
        Record::Message(message) => {
            text(&mut key, message.topic_id.as_deref().unwrap_or_default());
            key.extend_from_slice(&message.sent_ms().unwrap_or_default().to_be_bytes());
        }
        Record::Read(read) => {
            text(&mut key, read.topic_id.as_deref().unwrap_or_default());
            text(&mut key, &read.account);
        }
    }
    key.extend_from_slice(&line.to_be_bytes());
    key
}

fn line_fault(error: LineError) -> Fault {
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
        let order: Vec<_> = ordered.map(|entry| entry.unwrap().line).collect();
        assert_eq!(order, [10, 9, 8, 6, 5, 3, 4, 2, 1]);
        assert_eq!(faults, [(7, "not_json")]);
    }
}
