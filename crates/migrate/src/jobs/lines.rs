//! Parts of a file, by line: records that were left out, and groups that a job left to the API.

use crate::fault::Fault;
use crate::format::{Line, Reader, Record, Writer};
use crate::import::failed_line;
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;

/// Faults of the records that were left out, by line.
pub(super) type Failed = BTreeMap<u64, Vec<Fault>>;

/// What a job leaves to single calls.
#[derive(Debug, Default)]
pub(super) struct Rest {
    /// Groups, and what else comes together, that are there already and differ.
    pub(super) groups: BTreeSet<String>,
    /// Lines of records whose group the file does not have.
    pub(super) lines: BTreeSet<u64>,
}

impl Rest {
    pub(super) fn is_empty(&self) -> bool {
        self.groups.is_empty() && self.lines.is_empty()
    }
}

/// Writes what a job leaves to a file in which it has the same lines; the others are empty.
pub(super) fn write_rest(file: &Path, rest: &Rest, out: &Path) -> io::Result<()> {
    let mut writer = Writer::create(out)?;
    let mut written = 0;
    for line in Reader::open(file)? {
        // The job has said what is wrong with the others.
        let Ok(Line { number, text }) = line else { continue };
        let record = Record::parse(&text).ok();
        let Some(id) = record.as_ref().and_then(Record::bundle) else { continue };
        if rest.groups.contains(id.as_ref()) || rest.lines.contains(&number) {
            while written + 1 < number {
                writer.write_line("")?;
                written += 1;
            }
            writer.write_line(&text)?;
            written = number;
        }
    }
    writer.finish()
}

/// Writes the records that were left out, with their faults, and behind them the lines of `more`, if there is such a file.
pub(super) fn write_failed(file: &Path, failed: &Failed, more: &Path, out: &Path) -> io::Result<()> {
    if failed.is_empty() && !more.exists() {
        // That of an earlier run has nothing that still fails.
        return match std::fs::remove_file(out) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            Ok(()) | Err(_) => Ok(()),
        };
    }
    let mut writer = Writer::create(out)?;
    if !failed.is_empty() {
        for line in Reader::open(file)? {
            let Ok(Line { number, text }) = line else { continue };
            let Some(faults) = failed.get(&number) else { continue };
            match Record::parse(&text) {
                Ok(record) => writer.write_line(&failed_line(&record, faults))?,
                Err(_) => writer.write_line(&text)?,
            }
        }
    }
    if more.exists() {
        for line in Reader::open(more)?.flatten() {
            writer.write_line(&line.text)?;
        }
    }
    writer.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::FaultCode;

    #[test]
    fn records_keep_their_lines_and_failed_ones_get_their_faults() {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name);
        let lines = [
            r#"{"t":"account","UserID":"ann"}"#,
            r#"{"t":"group","GroupId":"a","Type":"Public","Name":"a"}"#,
            "oops",
            r#"{"t":"group","GroupId":"b","Type":"Public","Name":"b"}"#,
        ];
        std::fs::write(path("file"), lines.join("\n")).unwrap();
        let rest = Rest { groups: ["b".to_owned()].into(), lines: [2].into() };
        write_rest(&path("file"), &rest, &path("groups")).unwrap();
        let kept: Vec<_> = Reader::open(&path("groups")).unwrap().map(|line| line.unwrap()).collect();
        let line = |number: u64, text: &str| Line { number, text: text.to_owned() };
        assert_eq!(kept, [line(2, lines[1]), line(4, lines[3])]);

        let fault = |line| Fault::new(line, FaultCode::Refused, "no");
        let failed: Failed = [(2, vec![fault(2)]), (3, vec![fault(3)])].into();
        write_failed(&path("file"), &failed, &path("none"), &path("failed")).unwrap();
        let written = std::fs::read_to_string(path("failed")).unwrap();
        let written: Vec<_> = written.lines().collect();
        assert_eq!(written.len(), 2);
        assert!(
            written[0].contains(r#""fault":[{"code":"refused","message":"no"}]"#) && written[1] == "oops"
        );
        write_failed(&path("file"), &Failed::new(), &path("none"), &path("failed")).unwrap();
        assert!(!path("failed").exists());
    }
}
