//! The records of a file in order, group by group: read on a thread of its own, a little ahead of the comparison.

use super::VerifyOptions;
use super::files::Places;
use crate::fault::FaultCode;
use crate::format::{File, Record};
use crate::ordered::{Entry, Ordered};
use crate::rules::{Checker, Verdict};
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::io;
use std::path::Path;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

/// What stands between the names of a bundle of people.
pub(super) const BETWEEN: char = '\t';

/// Records of one group that are read ahead.
const RECORDS_AHEAD: usize = 256;

/// Files that are read ahead.
const FILES_AHEAD: usize = 64;

/// One group of the file, or [others that come together](Record::bundle): their `id` has a tab.
pub(super) struct GroupFeed {
    pub id: String,
    /// Group, topics, members, messages, reads, in this order.
    pub records: mpsc::Receiver<Item>,
    /// Bytes of a body and its custom data.
    pub message_bytes: usize,
}

/// What comes next in a group: a record, or `None` for a message of the group itself that was left out because its history
/// ends before it.
pub(super) type Item = Option<Entry>;

/// What an import does with a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Use {
    Taken,
    LeftOut,
    /// Left out, and behind the end of the group's own history.
    Missing,
}

/// All groups of a file.
pub(super) struct Feed {
    /// Comes to its end before the first group.
    pub files: mpsc::Receiver<File>,
    /// Takes what messages have in the places of files.
    pub places: oneshot::Sender<Places>,
    pub groups: mpsc::Receiver<GroupFeed>,
    /// What became of the file, once all groups were handed out.
    pub end: JoinHandle<io::Result<End>>,
}

/// What became of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct End {
    /// Lines and records that were left out.
    pub left_out: u64,
    /// The file cannot be read to its end.
    pub cut_off: bool,
}

/// Begins to read. Records that an import leaves out are left out.
pub(super) fn feed(file: &Path, options: VerifyOptions) -> Feed {
    let (groups, receiver) = mpsc::channel(1);
    let (files, handed_out) = mpsc::channel(FILES_AHEAD);
    let (places, awaited) = oneshot::channel();
    let file = file.to_owned();
    let end = tokio::task::spawn_blocking(move || {
        let mut end = End::default();
        let mut entries = Ordered::read(&file, &options.spill_directory, |fault, _| {
            end.left_out += u64::from(fault.code != FaultCode::Empty.as_str());
            end.cut_off |= fault.code == FaultCode::CutOff.as_str();
            Ok(())
        })?;
        let message_bytes = options.rules.limits.messages.bytes;
        let checker = Checker::new(options.rules);
        let (group, ended) = (String::new(), BTreeSet::new());
        let mut filter = Filter { checker, leave_out_faulty: options.leave_out_faulty, group, ended };
        let mut output = Output { groups, current: None, people: None, message_bytes };
        let mut waiting = Some((files, awaited));
        let mut places = Places::default();
        while let Some(entry) = entries.next() {
            let mut entry = entry?;
            if let Record::File(file) = &entry.record
                && let Some((files, _)) = &waiting
            {
                let is_named = filter.is_file(&entry, &mut end);
                if is_named && entries.refers_to(file) && files.blocking_send(file.clone()).is_err() {
                    break;
                }
                continue;
            }
            if entry.record.bundle().is_some()
                && let Some((files, awaited)) = waiting.take()
            {
                drop(files);
                let Ok(found) = awaited.blocking_recv() else { break };
                places = found;
            }
            let item = match filter.decide(&entry) {
                Use::Taken => {
                    places.put_into(&mut entry.record)?;
                    Some(entry)
                }
                Use::LeftOut => {
                    end.left_out += 1;
                    continue;
                }
                Use::Missing => {
                    end.left_out += 1;
                    None
                }
            };
            if !output.hand_out(item) {
                break;
            }
        }
        Ok(end)
    });
    Feed { files: handed_out, places, groups: receiver, end }
}

/// Leaves out what an import leaves out.
struct Filter {
    checker: Checker,
    leave_out_faulty: bool,
    group: String,
    /// Topics of the group, "" for itself, whose history ends because a message in it is faulty.
    ended: BTreeSet<String>,
}

impl Filter {
    /// Whether messages can refer to the record of a file. A faulty one is left out, and they refer to it nevertheless.
    fn is_file(&mut self, entry: &Entry, end: &mut End) -> bool {
        match self.checker.check(entry) {
            Verdict::Fine => true,
            Verdict::LeftOut => false,
            Verdict::Faulty(faults) => {
                end.left_out += 1;
                faults.iter().all(|fault| fault.code != FaultCode::Duplicate.as_str())
            }
        }
    }

    fn decide(&mut self, entry: &Entry) -> Use {
        let verdict = self.checker.check(entry);
        let message = if let Record::Message(message) = &entry.record
            && message.receiver().is_none()
        {
            message
        } else {
            return if verdict == Verdict::Fine { Use::Taken } else { Use::LeftOut };
        };
        if message.group_id != self.group {
            self.group.clone_from(&message.group_id);
            self.ended.clear();
        }
        let topic = message.topic_id.as_deref().unwrap_or_default();
        // The same message twice is in the history once.
        let repeat = FaultCode::Duplicate.as_str();
        let is_broken =
            matches!(&verdict, Verdict::Faulty(faults) if faults.iter().any(|fault| fault.code != repeat));
        if is_broken && !self.leave_out_faulty {
            self.ended.insert(topic.to_owned());
        }
        match verdict {
            Verdict::Fine | Verdict::Faulty(_) if self.ended.contains(topic) => {
                if topic.is_empty() {
                    Use::Missing
                } else {
                    Use::LeftOut
                }
            }
            Verdict::Fine => Use::Taken,
            Verdict::Faulty(_) | Verdict::LeftOut => Use::LeftOut,
        }
    }
}

struct Output {
    groups: mpsc::Sender<GroupFeed>,
    /// Takes the records of the current group; `None` once nobody wants more of it.
    current: Option<mpsc::Sender<Item>>,
    /// What the current one is, where it is no group.
    people: Option<String>,
    message_bytes: usize,
}

impl Output {
    /// `false` when nobody wants any more groups.
    fn hand_out(&mut self, item: Item) -> bool {
        let record = item.as_ref().map(|entry| &entry.record);
        let bundle = record.and_then(Record::bundle).map(Cow::into_owned);
        let people = bundle.clone().filter(|name| name.contains(BETWEEN));
        let begins = match (record, &people) {
            (Some(Record::Group(_)), _) => true,
            (Some(_), Some(_)) => self.people != people,
            (_, _) => false,
        };
        if begins {
            let (sender, records) = mpsc::channel(RECORDS_AHEAD);
            (self.current, self.people) = (Some(sender), people);
            let (id, message_bytes) = (bundle.clone().unwrap_or_default(), self.message_bytes);
            if self.groups.blocking_send(GroupFeed { id, records, message_bytes }).is_err() {
                return false;
            }
        }
        if (record.is_none() || bundle.is_some())
            && let Some(current) = &self.current
            && current.blocking_send(item).is_err()
        {
            self.current = None;
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::ServerLimits;
    use landfall_domain::time::Timestamp;
    use std::fs;

    fn options(spill_directory: &Path) -> VerifyOptions {
        VerifyOptions {
            spill_directory: spill_directory.to_owned(),
            rules: ServerLimits::faithful(Timestamp(1_000_000)),
            leave_out_faulty: false,
            contents: std::sync::Arc::new(crate::sources::contents::Contents::beside(spill_directory)),
        }
    }

    #[tokio::test]
    async fn groups_come_with_what_an_import_takes_of_them() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.jsonl");
        let body = r#""MsgBody":[{"MsgType":"TIMTextElem","MsgContent":{"Text":"x"}}]"#;
        let message = |key: &str, from: &str, ms: u64| {
            format!(
                r#"{{"t":"message","key":"{key}","GroupId":"b","From_Account":"{from}","ts_ms":{ms},{body}}}"#
            )
        };
        let lines = [
            r#"{"t":"account","UserID":"m"}"#.to_owned(),
            "oops".to_owned(),
            message("1", "m", 2_000_001),
            message("2", "", 2_000_002),
            message("3", "m", 2_000_003),
            r#"{"t":"group","GroupId":"b","Type":"Public","Name":"b","CreateTime":1000}"#.to_owned(),
            r#"{"t":"group","GroupId":"a","Type":"Public","Name":"a"}"#.to_owned(),
            r#"{"t":"member","GroupId":"c","Member_Account":"m"}"#.to_owned(),
        ];
        fs::write(&path, lines.join("\n")).unwrap();
        let Feed { files, places, mut groups, end } = feed(&path, options(directory.path()));
        places.send(Places::default()).ok().unwrap();
        drop(files);
        let mut seen = Vec::new();
        while let Some(mut group) = groups.recv().await {
            let mut lines = Vec::new();
            while let Some(item) = group.records.recv().await {
                lines.push(item.map_or(0, |entry| entry.line));
            }
            seen.push((group.id, lines));
        }
        assert_eq!(seen, [("a".to_owned(), vec![7]), ("b".to_owned(), vec![6, 3, 0, 0])]);
        // A broken line, a message without a sender and the one behind it, a member of a group without a record.
        assert_eq!(end.await.unwrap().unwrap(), End { left_out: 4, cut_off: false });
    }

    #[tokio::test]
    async fn a_group_that_nobody_wants_more_of_does_not_hold_up_the_next() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.jsonl");
        let mut lines = vec![
            r#"{"t":"group","GroupId":"a","Type":"Public","Name":"a"}"#.to_owned(),
            r#"{"t":"group","GroupId":"b","Type":"Public","Name":"b"}"#.to_owned(),
        ];
        let members = 0..2 * RECORDS_AHEAD;
        lines.extend(
            members.map(|number| format!(r#"{{"t":"member","GroupId":"a","Member_Account":"m{number}"}}"#)),
        );
        fs::write(&path, lines.join("\n")).unwrap();
        let Feed { files, places, mut groups, end } = feed(&path, options(directory.path()));
        places.send(Places::default()).ok().unwrap();
        drop(files);
        drop(groups.recv().await.unwrap());
        assert_eq!(groups.recv().await.unwrap().id, "b");
        assert!(groups.recv().await.is_none());
        assert_eq!(end.await.unwrap().unwrap(), End::default());
    }
}
