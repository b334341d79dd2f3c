//! Checks a neutral file, estimates its import, and mends what can be mended. Nothing is sent.

mod estimate;
mod in_use;
mod line;
mod mend;
mod split;

pub use estimate::Estimate;
pub use in_use::groups_in_use;

use crate::fault::Fault;
use crate::files;
use crate::format::address::Place;
use crate::format::{Kind, Record, Writer, address, identity};
use crate::journal::hash;
use crate::ordered::{Entry, Ordered};
use crate::rules::{Checker, ServerLimits, Verdict, name};
use crate::sources::contents::Contents;
use mend::Mender;
use serde::Serialize;
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::io;
use std::path::Path;

/// Records between two reports of progress.
const PROGRESS_RECORDS: u64 = 10_000;

/// What a check does beside finding faults.
#[derive(Clone, Copy, Debug)]
pub struct CheckOptions<'a> {
    /// Where a corrected file goes; the ending of its name says how it is compressed.
    pub fix: Option<&'a Path>,
    /// Where records go while they are put in order.
    pub spill_directory: &'a Path,
    /// Where the contents of the files lie that messages refer to.
    pub contents: &'a Contents,
}

/// What a check reports while it goes on.
#[derive(Clone, Debug, PartialEq)]
pub enum CheckEvent {
    Fault(Fault),
    /// Something that the corrected file has otherwise.
    Change(Change),
    /// A group without a fault, for those who ask a server whether it has it.
    Group {
        line: u64,
        id: String,
    },
    /// So many records of all are checked.
    Progress {
        checked: u64,
        records: u64,
    },
}

/// What becomes of a record in the corrected file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// Line of the file that was checked.
    pub line: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub record: Option<&'static str>,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// Such as `Name is cut`, or why the record is left out.
    pub what: String,
    /// Whether the corrected file lacks the record.
    pub left_out: bool,
}

/// What a check found.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct CheckReport {
    /// Lines that are records, mended ones included.
    pub records: u64,
    pub records_by_kind: BTreeMap<&'static str, u64>,
    pub faults: u64,
    pub faults_by_code: BTreeMap<&'static str, u64>,
    /// Records, and lines that are none, with a fault.
    pub faulty: u64,
    /// Records without a fault of their own whose group, topic or member has one.
    pub left_out: u64,
    /// What importing the records without faults takes.
    pub estimate: Estimate,
    /// Records of the corrected file; 0 without one.
    pub written: u64,
    /// Records of the corrected file that differ, and lines that it lacks.
    pub changes: u64,
}

/// Checks every record of a file.
///
/// # Errors
/// The file cannot be opened, the disk fails, or `on_event` fails.
pub fn check(
    file: &Path,
    server: ServerLimits,
    options: CheckOptions<'_>,
    on_event: &mut dyn FnMut(CheckEvent) -> io::Result<()>,
) -> io::Result<CheckReport> {
    let fix = options.fix.map(|path| Fix::new(path, server.clone())).transpose()?;
    let mut run = Run { report: CheckReport::default(), on_event, fix, contents: options.contents };
    let ordered =
        Ordered::read_mended(file, options.spill_directory, |fault, text| run.line(fault, text.as_deref()))?;
    let records = ordered.records();
    let mut checker = Checker::new(server.clone());
    let mut estimate = estimate::Estimator::new(server);
    for entry in ordered {
        let entry = entry?;
        let verdict = run.beside(checker.check(&entry), &entry);
        if verdict == Verdict::Fine {
            estimate.add(&entry.record);
            if let Record::Group(group) = &entry.record {
                (run.on_event)(CheckEvent::Group { line: entry.line, id: group.group_id.clone() })?;
            }
        }
        run.record(verdict, entry)?;
        if run.report.records.is_multiple_of(PROGRESS_RECORDS) || run.report.records == records {
            (run.on_event)(CheckEvent::Progress { checked: run.report.records, records })?;
        }
    }
    run.report.estimate = estimate.finish();
    run.finish()
}

struct Run<'a> {
    report: CheckReport,
    on_event: &'a mut dyn FnMut(CheckEvent) -> io::Result<()>,
    fix: Option<Fix>,
    contents: &'a Contents,
}

impl Run<'_> {
    /// A line that is no record; returns the one that it should be.
    fn line(&mut self, fault: Fault, text: Option<&str>) -> io::Result<Option<Record>> {
        let mended = text.and_then(line::mended);
        let (number, kind) = (fault.line, mended.as_ref().map(|(record, _)| record.kind().as_str()));
        let fix = mended.as_ref().map(|(_, what)| what.clone());
        let fault = Fault { record: fault.record.or(kind), fix: fix.clone().or(fault.fix), ..fault };
        self.report.faulty += 1;
        let what = fix.clone().unwrap_or_else(|| fault.message.clone());
        let change =
            Change { line: number, record: kind, name: String::new(), what, left_out: fix.is_none() };
        self.fault(fault)?;
        if self.fix.is_some() && number != 0 {
            self.change(change)?;
        }
        Ok(mended.map(|(record, _)| record))
    }

    fn fault(&mut self, fault: Fault) -> io::Result<()> {
        self.report.faults += 1;
        *self.report.faults_by_code.entry(fault.code).or_default() += 1;
        (self.on_event)(CheckEvent::Fault(fault))
    }

    fn change(&mut self, change: Change) -> io::Result<()> {
        self.report.changes += 1;
        (self.on_event)(CheckEvent::Change(change))
    }

    /// Adds what pure rules cannot see: whether the content of a file is there.
    fn beside(&self, verdict: Verdict, entry: &Entry) -> Verdict {
        let Record::File(file) = &entry.record else { return verdict };
        let Some(path) =
            file.path.as_deref().filter(|path| file.url.is_none() && address::stays_inside(path))
        else {
            return verdict;
        };
        if verdict != Verdict::Fine || self.contents.size(path).is_some() {
            return verdict;
        }
        let problem =
            format!("there is no file {path:?} in the export or beside the neutral file, and no Url");
        let fault = Fault::new(entry.line, crate::fault::FaultCode::NoSuchFile, problem).field("path");
        Verdict::Faulty(vec![fault.of(Kind::File, name(&entry.record))])
    }

    fn record(&mut self, verdict: Verdict, entry: Entry) -> io::Result<()> {
        self.report.records += 1;
        *self.report.records_by_kind.entry(entry.record.kind().as_str()).or_default() += 1;
        let is_fine = verdict == Verdict::Fine;
        let mut missing_content = false;
        match verdict {
            Verdict::Fine => {}
            Verdict::LeftOut => self.report.left_out += 1,
            Verdict::Faulty(faults) => {
                self.report.faulty += 1;
                missing_content = faults
                    .iter()
                    .all(|fault| matches!(entry.record, Record::File(_)) && fault.code == "no_such_file");
                for fault in faults {
                    self.fault(fault)?;
                }
            }
        }
        let Some(fix) = &mut self.fix else { return Ok(()) };
        if missing_content && !is_fine {
            fix.forget(&entry.record);
            let what = "left out: its content is not there".to_owned();
            return self.change(changed(&entry, what, true));
        }
        for change in fix.record(entry, is_fine)? {
            self.change(change)?;
        }
        Ok(())
    }

    fn finish(self) -> io::Result<CheckReport> {
        let mut report = self.report;
        if let Some(fix) = self.fix {
            report.written = fix.writer.records();
            fix.writer.finish()?;
        }
        Ok(report)
    }
}

fn changed(entry: &Entry, what: String, left_out: bool) -> Change {
    let record = Some(entry.record.kind().as_str());
    Change { line: entry.line, record, name: name(&entry.record), what, left_out }
}

/// Writes the corrected file. What goes into it is checked once more, so that it has no fault.
struct Fix {
    mender: Mender,
    checker: Checker,
    writer: Writer,
    /// What messages have in the places of files that are left out, by hashes of their names.
    gone: BTreeMap<u64, Place>,
}

impl Fix {
    fn new(path: &Path, server: ServerLimits) -> io::Result<Self> {
        let writer = Writer::create(path)?;
        Ok(Self {
            mender: Mender::new(server.clone()),
            checker: Checker::new(server),
            writer,
            gone: BTreeMap::new(),
        })
    }

    /// A file whose content is not there.
    fn forget(&mut self, record: &Record) {
        if let Record::File(file) = record {
            self.gone.insert(hash(&address::name(&file.src, &file.key)), files::elsewhere(file));
        }
    }

    /// Whether a message refers to files that are left out; it has their names then.
    fn without_gone_files(&self, record: &mut Record) -> bool {
        let Record::Message(message) = record else { return false };
        let place = |key: &str| -> Result<_, Infallible> {
            Ok(self.gone.get(&hash(&address::name(&message.src, key))).cloned())
        };
        let Ok(Some(body)) = address::with_addresses(&message.msg_body, place) else { return false };
        message.random = Some(identity::random(message));
        message.msg_body = body;
        true
    }

    /// Writes what becomes of a record. Returns what is changed.
    fn record(&mut self, mut entry: Entry, is_fine: bool) -> io::Result<Vec<Change>> {
        let named = self.without_gone_files(&mut entry.record);
        let (mended, mut what) = self.mender.mend(&entry, is_fine);
        if named {
            what.push("a text names the file that is not there".to_owned());
        }
        let outline = Mender::outline(&entry.outline);
        let mut changes = Vec::new();
        let mut written = 0_u32;
        for record in mended {
            let mended = Entry { line: entry.line, record, outline: outline.clone() };
            let why = match self.checker.check(&mended) {
                Verdict::Fine => {
                    self.writer.write(&mended.record)?;
                    written += 1;
                    continue;
                }
                Verdict::Faulty(faults) => {
                    let first = faults.into_iter().next().map(|fault| fault.message);
                    format!("left out: {}", first.unwrap_or_default())
                }
                Verdict::LeftOut => "left out, because its group, topic or member is".to_owned(),
            };
            changes.push(changed(&entry, why, true));
        }
        if 0 < written && !what.is_empty() {
            changes.push(changed(&entry, what.join("; "), false));
        }
        Ok(changes)
    }
}

#[cfg(test)]
mod tests;
