//! A file whose records come group by group already, as converters and exports write them: it is read once more, a group at a
//! time, and nothing is spilled.

use super::outline::Outline;
use super::{
    Entry, Found, MEMORY_BYTES, Parsed, changed, line_fault, order_key, parsed, record_fault, value,
};
use crate::fault::Fault;
use crate::format::record::pair_name;
use crate::format::{Kind, Line, LineError, Message, Reader, Record};
use crate::sort::{Sorted, Sorter};
use serde::Deserialize;
use std::borrow::Cow;
use std::cmp::Ordering;
use std::io;
use std::path::{Path, PathBuf};
use xxhash_rust::xxh3::xxh3_64;

/// Text of records that are put in order in memory; a group with more is put in order on the disk.
const HELD_BYTES: usize = 4 << 20;

/// The records of such a file, in order, and the faults of lines that are no records.
pub struct Grouped {
    lines: Reader,
    spill_directory: PathBuf,
    records: u64,
    /// The group that is read.
    reading: Reading,
    /// The group that is handed out.
    chunk: Chunk,
    outline: Outline,
}

/// Records of one group, or accounts and files, so far.
#[derive(Default)]
struct Reading {
    group: Option<String>,
    outline: Outline,
    #[expect(clippy::vec_box, reason = "each is handed on by itself, and a record is large to move")]
    held: Vec<Box<Entry>>,
    bytes: usize,
    /// Takes all of them once they are more than memory should hold.
    spilled: Option<Sorter>,
}

/// Records that are put in order together.
enum Chunk {
    Held(std::vec::IntoIter<Box<Entry>>),
    Sorted(Sorted),
}

/// What reading on has met.
enum Met {
    Chunk,
    Fault(Fault),
    End,
}

impl Reading {
    fn is_empty(&self) -> bool {
        self.held.is_empty() && self.spilled.is_none()
    }

    fn add(&mut self, line: u64, record: Record, bytes: usize, spill_directory: &Path) -> io::Result<()> {
        if self.is_empty() {
            self.group = record.bundle().map(Cow::into_owned);
        }
        self.outline.note(&record);
        self.bytes += bytes;
        if let Some(sorter) = &mut self.spilled {
            return push(sorter, line, &record);
        }
        self.held.push(Box::new(Entry { line, record, outline: Outline::default() }));
        if HELD_BYTES < self.bytes {
            let mut sorter = Sorter::new(spill_directory, MEMORY_BYTES / 4);
            self.held.drain(..).try_for_each(|entry| push(&mut sorter, entry.line, &entry.record))?;
            self.spilled = Some(sorter);
        }
        Ok(())
    }

    /// The records in order, and what they say together where they are of a group.
    fn finish(mut self) -> io::Result<(Chunk, Outline)> {
        let outline = if self.group.is_some() { self.outline } else { Outline::default() };
        let chunk = match self.spilled {
            Some(sorter) => Chunk::Sorted(sorter.finish()?),
            None => {
                self.held.sort_by(|left, right| compare(&left.record, &right.record));
                Chunk::Held(self.held.into_iter())
            }
        };
        Ok((chunk, outline))
    }
}

fn push(sorter: &mut Sorter, line: u64, record: &Record) -> io::Result<()> {
    sorter.push(order_key(record, line), value(line, record.kind() as u8, &record.line()))
}

impl Grouped {
    /// Looks through the file. `None` when its records do not come group by group, behind all accounts and files.
    ///
    /// # Errors
    /// The file cannot be opened, or the disk fails.
    pub fn open(file: &Path, spill_directory: &Path) -> io::Result<Option<Self>> {
        let Some(records) = survey(Reader::open(file)?, spill_directory)? else { return Ok(None) };
        Ok(Some(Self {
            lines: Reader::open(file)?,
            spill_directory: spill_directory.to_owned(),
            records,
            reading: Reading::default(),
            chunk: Chunk::Held(Vec::new().into_iter()),
            outline: Outline::default(),
        }))
    }

    /// How many records the file has.
    #[must_use]
    pub fn records(&self) -> u64 {
        self.records
    }

    /// Reads up to the end of a group, or of all accounts and files, or to a line that is no record.
    fn read_on(&mut self) -> io::Result<Met> {
        for line in &mut self.lines {
            let Line { number, text } = match line {
                Ok(line) => line,
                Err(error) => return Ok(Met::Fault(line_fault(error))),
            };
            let record = match Record::parse(&text) {
                Ok(record) => record,
                Err(error) => return Ok(Met::Fault(record_fault(number, error))),
            };
            let done = (!self.reading.is_empty()
                && record.bundle().as_deref() != self.reading.group.as_deref())
            .then(|| std::mem::take(&mut self.reading));
            self.reading.add(number, record, text.len(), &self.spill_directory)?;
            if let Some(done) = done {
                (self.chunk, self.outline) = done.finish()?;
                return Ok(Met::Chunk);
            }
        }
        if self.reading.is_empty() {
            return Ok(Met::End);
        }
        (self.chunk, self.outline) = std::mem::take(&mut self.reading).finish()?;
        Ok(Met::Chunk)
    }
}

impl Iterator for Grouped {
    type Item = io::Result<Found>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let found = match &mut self.chunk {
                Chunk::Held(records) => records.next().map(Ok),
                Chunk::Sorted(sorted) => sorted.next().map(|entry| match parsed(&entry?.value) {
                    Some(Parsed::Record(line, record)) => {
                        Ok(Box::new(Entry { line, record: *record, outline: Outline::default() }))
                    }
                    Some(Parsed::Outline(_)) | None => Err(changed()),
                }),
            };
            match found {
                Some(Ok(mut entry)) => {
                    entry.outline = std::mem::take(&mut self.outline);
                    return Some(Ok(Found::Entry(entry)));
                }
                Some(Err(error)) => return Some(Err(error)),
                None => match self.read_on() {
                    Ok(Met::Chunk) => {}
                    Ok(Met::Fault(fault)) => return Some(Ok(Found::Fault(Box::new(fault)))),
                    Ok(Met::End) => return None,
                    Err(error) => return Some(Err(error)),
                },
            }
        }
    }
}

/// The order of [`order_key`] among records of one group, or among accounts and files. Records that are equal stay in the order
/// of the file.
fn compare(left: &Record, right: &Record) -> Ordering {
    let sent = |message: &Message| message.sent_ms().unwrap_or_default();
    let topic = |topic: &Option<String>| topic.as_deref().unwrap_or_default().to_owned();
    match (left, right) {
        (Record::Message(left), Record::Message(right)) => {
            let topics = if left.topic_id == right.topic_id {
                Ordering::Equal
            } else {
                topic(&left.topic_id).cmp(&topic(&right.topic_id))
            };
            topics.then_with(|| sent(left).cmp(&sent(right)))
        }
        (Record::Member(left), Record::Member(right)) => left.account.cmp(&right.account),
        (Record::Account(left), Record::Account(right)) => left.user_id.cmp(&right.user_id),
        (Record::File(left), Record::File(right)) => (&left.src, &left.key).cmp(&(&right.src, &right.key)),
        (Record::Friend(left), Record::Friend(right)) => left.friend.cmp(&right.friend),
        (Record::Block(left), Record::Block(right)) => left.blocked.cmp(&right.blocked),
        (Record::Topic(left), Record::Topic(right)) => left.topic_id.cmp(&right.topic_id),
        (Record::Read(left), Record::Read(right)) => {
            topic(&left.topic_id).cmp(&topic(&right.topic_id)).then_with(|| left.account.cmp(&right.account))
        }
        (left, right) => left.kind().cmp(&right.kind()),
    }
}

/// What the survey looks at in a line.
#[derive(Deserialize)]
struct Head<'a> {
    #[serde(borrow, rename = "t")]
    kind: Cow<'a, str>,
    #[serde(borrow, rename = "GroupId", default)]
    group: Option<Cow<'a, str>>,
    #[serde(borrow, rename = "From_Account", default)]
    from: Option<Cow<'a, str>>,
    #[serde(borrow, rename = "To_Account", default)]
    to: Option<Cow<'a, str>>,
    #[serde(borrow, rename = "Member_Account", default)]
    member: Option<Cow<'a, str>>,
    #[serde(borrow, rename = "Peer_Account", default)]
    peer: Option<Cow<'a, str>>,
}

impl Head<'_> {
    /// As [`Record::bundle`] says it.
    fn bundle(&self) -> Option<Cow<'_, str>> {
        fn text<'b>(text: &'b Option<Cow<'_, str>>) -> &'b str {
            text.as_deref().unwrap_or_default()
        }
        let is = |kind: Kind| kind.as_str() == self.kind;
        if is(Kind::Account) || is(Kind::File) {
            return None;
        }
        if is(Kind::Friend) || is(Kind::Block) {
            return Some(Cow::Owned(format!("{}\t", text(&self.from))));
        }
        let (own, other) = if is(Kind::Read) { (&self.member, &self.peer) } else { (&self.from, &self.to) };
        let is_direct =
            (is(Kind::Read) || is(Kind::Message) || self.kind == "msg") && !text(other).is_empty();
        Some(if is_direct {
            Cow::Owned(pair_name(text(own), text(other)))
        } else {
            Cow::Borrowed(text(&self.group))
        })
    }
}

/// How many records the lines have, if they come group by group.
fn survey(lines: Reader, spill_directory: &Path) -> io::Result<Option<u64>> {
    let mut records = 0;
    let mut group: Option<String> = None;
    let mut seen = Sorter::new(spill_directory, MEMORY_BYTES / 2);
    for line in lines {
        let text = match line {
            Ok(line) => line.text,
            Err(LineError::NotUtf8 { .. } | LineError::TooLong(_) | LineError::Broken { .. }) => continue,
        };
        let Ok(head) = serde_json::from_str::<Head<'_>>(&text) else {
            // What this does not take for a record must not be one.
            if Record::parse(&text).is_ok() {
                return Ok(None);
            }
            continue;
        };
        records += 1;
        match (&mut group, head.bundle()) {
            (None, None) => {}
            (Some(_), None) => return Ok(None),
            (Some(group), Some(of)) if *group == of => {}
            (None | Some(_), Some(of)) => {
                seen.push(xxh3_64(of.as_bytes()).to_be_bytes().to_vec(), Vec::new())?;
                group = Some(of.into_owned());
            }
        }
    }
    let mut last = None;
    for entry in seen.finish()? {
        let key = Some(entry?.key);
        if last == key {
            return Ok(None);
        }
        last = key;
    }
    // A file without any record has a fault of its own.
    Ok((0 < records).then_some(records))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ordered::Ordered;
    use proptest::prelude::*;
    use std::collections::BTreeMap;
    use std::fs;

    /// The lines of all entries by group, in order, with the outline of each group; and the lines with faults.
    type Seen = (BTreeMap<Option<String>, (Vec<u64>, Outline)>, Vec<u64>);

    fn see(entries: impl Iterator<Item = io::Result<Found>>) -> Seen {
        let (mut groups, mut faults) = (BTreeMap::<_, (Vec<u64>, Outline)>::new(), Vec::new());
        for entry in entries {
            match entry.unwrap() {
                Found::Entry(entry) => {
                    let of = groups.entry(entry.record.bundle().map(Cow::into_owned)).or_default();
                    of.0.push(entry.line);
                    of.1.add(entry.outline);
                }
                Found::Fault(fault) => faults.push(fault.line),
            }
        }
        (groups, faults)
    }

    fn line(group: u8, kind: u8, number: u8) -> String {
        match kind {
            0 => format!(r#"{{"t":"group","GroupId":"g{group}","Type":"Public","Name":"n"}}"#),
            1 => format!(r#"{{"t":"topic","GroupId":"g{group}","TopicId":"t{number}","TopicName":"n"}}"#),
            2 => format!(
                r#"{{"GroupId":"g{group}","t":"member","Member_Account":"m{number}","JoinTime":{number}}}"#
            ),
            3 => format!(
                r#"{{"t":"message","GroupId":"g{group}","TopicId":"t{}","From_Account":"a","ts_ms":1{number}00,"MsgBody":[]}}"#,
                number % 2
            ),
            4 => format!(
                r#"{{"t":"read","GroupId":"g{group}","Member_Account":"m{number}","UnreadMsgNum":1}}"#
            ),
            5 => r#"{"t":"member","GroupId":7}"#.to_owned(),
            7 => format!(r#"{{"t":"friend","From_Account":"g{group}","To_Account":"m{number}"}}"#),
            8 => format!(
                r#"{{"t":"message","From_Account":"g{group}","To_Account":"b","ts_ms":1{number}00,"MsgBody":[]}}"#
            ),
            10 => format!(r#"{{"t":"block","From_Account":"g{group}","To_Account":"m{number}"}}"#),
            9 => format!(r#"{{"t":"read","Member_Account":"b","Peer_Account":"g{group}","UnreadMsgNum":1}}"#),
            _ => "oops".to_owned(),
        }
    }

    proptest! {
        #[test]
        fn both_orders_agree_wherever_records_come_group_by_group(
            records in proptest::collection::vec((0_u8..4, 0_u8..11, 0_u8..5), 1..60), grouped: bool,
        ) {
            let mut records = records;
            if grouped {
                // Friends with a blocklist, and what passes between two accounts, are groups of their own.
                let part = |kind: u8| match kind {
                    0..=6 => 0,
                    7 | 10 => 1,
                    _ => 2,
                };
                records.sort_by_key(|(group, kind, _)| (*group, part(*kind)));
            }
            let directory = tempfile::tempdir().unwrap();
            let path = directory.path().join("a.jsonl");
            let lines: Vec<_> = records.iter().map(|(group, kind, number)| line(*group, *kind, *number)).collect();
            fs::write(&path, lines.join("\n")).unwrap();
            let mut faults = Vec::new();
            let ordered = Ordered::read(&path, directory.path(), |fault, _| {
                faults.push(fault.line);
                Ok(())
            });
            let (groups, _) = see(ordered.unwrap().entries());
            let is_any = records.iter().any(|(_, kind, _)| !matches!(kind, 5 | 6));
            match Grouped::open(&path, directory.path()).unwrap() {
                Some(read) => prop_assert_eq!(see(read), (groups, faults)),
                None => prop_assert!(!grouped || !is_any),
            }
        }
    }

    #[test]
    fn a_group_that_is_larger_than_memory_is_put_in_order_on_the_disk() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.jsonl");
        let text = "x".repeat(HELD_BYTES / 20);
        let message = |second: u64| {
            format!(
                r#"{{"t":"message","GroupId":"g","From_Account":"a","SendTime":{second},"MsgBody":["{text}"]}}"#
            )
        };
        let mut lines =
            vec![line(1, 0, 0), r#"{"t":"group","GroupId":"g","Type":"Public","Name":"n"}"#.to_owned()];
        lines.extend((1..50).rev().map(message));
        lines.push(line(2, 0, 0));
        fs::write(&path, lines.join("\n")).unwrap();
        let (groups, faults) = see(Grouped::open(&path, directory.path()).unwrap().unwrap());
        assert_eq!((groups.len(), faults.len()), (3, 0));
        let (lines, outline) = groups.get(&Some("g".to_owned())).unwrap();
        assert_eq!(lines.first(), Some(&2));
        assert!(lines.iter().skip(1).rev().is_sorted());
        assert_eq!(outline.first_message, Some(1));
    }

    #[test]
    fn a_file_with_scattered_groups_or_late_accounts_is_left_alone() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.jsonl");
        let account = r#"{"t":"account","UserID":"a"}"#.to_owned();
        for (lines, is_grouped) in [
            (vec![account.clone(), line(1, 0, 0), line(1, 2, 0), line(2, 0, 0)], true),
            (vec![line(1, 0, 0), line(2, 0, 0), line(1, 2, 0)], false),
            (vec![line(1, 0, 0), account], false),
            (vec![String::new()], false),
        ] {
            fs::write(&path, lines.join("\n")).unwrap();
            assert_eq!(Grouped::open(&path, directory.path()).unwrap().is_some(), is_grouped, "{lines:?}");
        }
    }
}
