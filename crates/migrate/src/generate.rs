//! Makes neutral files for tests and benchmarks, always the same: groups, members, messages, read marks, and among them
//! records with known faults. No record without a fault depends on one with a fault.

mod faults;

use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::path::Path;

/// When the first group was made, seconds since 1970.
const START: u64 = 1_500_000_000;
/// Members are taken from so many accounts.
const ACCOUNTS: u64 = 1_000;
/// One group of so many is a community, whose messages are in a topic.
const COMMUNITY_EVERY: u64 = 10;

/// What a file consists of.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    pub groups: u64,
    /// Of each group, the owner included; 1,000 at most.
    pub members: u64,
    /// Of each group.
    pub messages: u64,
    /// Records with a fault, all kinds of faults in turn.
    pub faults: u64,
}

impl Shape {
    /// About so many records, in groups of 20.
    #[must_use]
    pub fn of_records(records: u64, faults: u64) -> Self {
        Self {
            groups: records.saturating_sub(ACCOUNTS + faults).div_ceil(20),
            members: 5,
            messages: 14,
            faults,
        }
    }
}

/// A fault that a file has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Planted {
    pub line: u64,
    pub code: &'static str,
    /// Empty where the fault is about no member.
    pub field: &'static str,
}

/// How many kinds of faults there are.
#[must_use]
pub fn kinds_of_faults() -> usize {
    faults::FAULTS.len()
}

/// Writes a file, plain. Returns how many lines it has, and the faults in the order of the file.
///
/// # Errors
/// The file cannot be written.
pub fn write(path: &Path, shape: Shape) -> io::Result<(u64, Vec<Planted>)> {
    let mut lines = Lines { file: BufWriter::new(File::create(path)?), lines: 0 };
    for account in 0..ACCOUNTS {
        lines
            .line(format!(r#"{{"t":"account","UserID":"u{account}","Nick":"User {account}"}}"#).as_bytes())?;
    }
    let mut planted = Vec::new();
    for group in 0..shape.groups {
        lines.group(group, shape)?;
        let so_far = (group + 1) * shape.faults / shape.groups;
        for number in u64::try_from(planted.len()).unwrap_or(u64::MAX)..so_far {
            let index = usize::try_from(number).unwrap_or(usize::MAX) % faults::FAULTS.len();
            let Some((code, field, line)) = faults::FAULTS.get(index) else { continue };
            // Only communities have topics.
            let community = group - group % COMMUNITY_EVERY;
            lines.line(&line(number, group_id(community).as_str(), START + community))?;
            planted.push(Planted { line: lines.lines, code, field });
        }
    }
    lines.file.flush()?;
    Ok((lines.lines, planted))
}

struct Lines {
    file: BufWriter<File>,
    lines: u64,
}

fn group_id(group: u64) -> String {
    if group.is_multiple_of(COMMUNITY_EVERY) { format!("@TGS#_g{group}") } else { format!("g{group}") }
}

fn account(group: u64, member: u64) -> u64 {
    (group * 7 + member) % ACCOUNTS
}

impl Lines {
    fn line(&mut self, line: &[u8]) -> io::Result<()> {
        self.lines += 1;
        self.file.write_all(line)?;
        self.file.write_all(b"\n")
    }

    fn group(&mut self, group: u64, shape: Shape) -> io::Result<()> {
        let (id, created, owner) = (group_id(group), START + group, account(group, 0));
        let community = group.is_multiple_of(COMMUNITY_EVERY);
        let kind = if community { "Community" } else { "Public" };
        let origin = |key: &str| format!(r#""src":"made:1","key":"{id}{key}","GroupId":"{id}""#);
        self.line(
            format!(
                r#"{{"t":"group",{},"Type":"{kind}","Name":"Group {group}","Owner_Account":"u{owner}","CreateTime":{created}}}"#,
                origin("")
            )
            .as_bytes(),
        )?;
        let topic = if community {
            let topic = format!(r#","TopicId":"{id}@TOPIC#_t""#);
            self.line(format!(r#"{{"t":"topic",{}{topic},"TopicName":"t"}}"#, origin(":t")).as_bytes())?;
            topic
        } else {
            String::new()
        };
        for member in 1..shape.members.min(ACCOUNTS) {
            let (account, joined) = (account(group, member), created + member);
            let key = origin(&format!(":u{account}"));
            self.line(
                format!(r#"{{"t":"member",{key},"Member_Account":"u{account}","JoinTime":{joined}}}"#)
                    .as_bytes(),
            )?;
        }
        for message in 0..shape.messages {
            let from = account(group, message % shape.members.clamp(1, ACCOUNTS));
            let sent = (created + 60 + message) * 1_000;
            let text = format!("Message {message} of group {group}, which is as long as people write");
            self.line(
                format!(
                    r#"{{"t":"message",{}{topic},"From_Account":"u{from}","ts_ms":{sent},"MsgBody":[{{"MsgType":"TIMTextElem","MsgContent":{{"Text":"{text}"}}}}]}}"#,
                    origin(&format!(":{message}"))
                )
                .as_bytes(),
            )?;
        }
        self.line(
            format!(r#"{{"t":"read",{},"Member_Account":"u{owner}","UnreadMsgNum":1}}"#, origin(":r"))
                .as_bytes(),
        )
    }
}
