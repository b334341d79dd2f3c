//! The report of an import.

use super::{CallCount, Count, FaultCount, Note, Report, Sample, SizeCount, grouped};
use crate::import::ImportReport;
use std::collections::BTreeMap;

/// What stands for parts of the source that a conversion could not read.
const SOURCE: &str = "source";

/// What an import was about.
#[derive(Clone, Debug, Default)]
pub struct About {
    /// The source and what was found in it, a sentence.
    pub source: String,
    pub server: String,
    /// When it began, Unix seconds.
    pub started: u64,
    /// What the conversion settled by defaults.
    pub notes: Vec<Note>,
    /// The first fault of each kind, as a sentence.
    pub examples: BTreeMap<&'static str, String>,
    /// Faults of the conversion, by kind; they are not among those of the import.
    pub conversion_faults: BTreeMap<&'static str, u64>,
    /// The file with the records that failed, where there is one.
    pub failed_records: Option<String>,
}

impl Report {
    /// The report of an import.
    #[must_use]
    pub fn of_import(about: About, import: &ImportReport) -> Self {
        let unread = about.conversion_faults.values().sum();
        let mut faults = about.conversion_faults;
        for (code, count) in &import.faults {
            *faults.entry(code).or_default() += count;
        }
        let faults: Vec<_> = faults
            .into_iter()
            .map(|(code, count)| FaultCount {
                code: code.to_owned(),
                count,
                example: about.examples.get(code).cloned().unwrap_or_default(),
            })
            .collect();
        let counts = import.records.iter().map(|(kind, counts)| Count {
            kind: format!("{kind}s"),
            imported: counts.imported,
            updated: counts.updated,
            unchanged: counts.unchanged + counts.skipped,
            failed: counts.failed,
        });
        let unread = Some(Count { kind: SOURCE.to_owned(), failed: unread, ..Count::default() });
        let unread = unread.filter(|count| count.failed != 0);
        let files = import.records.get("file").map_or(0, |files| files.skipped);
        let skipped: u64 = import.records.values().map(|counts| counts.skipped).sum::<u64>() - files;
        let mut notes = about.notes;
        if files != 0 {
            let text =
                "files that were not sent: no message refers to them, or their content is not there and messages keep the address in the source".to_owned();
            notes.push(Note { text, count: files });
        }
        if skipped != 0 {
            let text = "records that the server has with another content, and keeps (--on-change)".to_owned();
            notes.push(Note { text, count: skipped });
        }
        let has_faults = !faults.is_empty();
        Self {
            title: "Import".to_owned(),
            source: about.source,
            server: about.server,
            started: moment(about.started),
            seconds: import.seconds,
            finished: import.finished,
            counts: counts.chain(unread).collect(),
            faults,
            notes,
            progress: import
                .over_time
                .iter()
                .map(|point| Sample { seconds: point.seconds, records: point.records })
                .collect(),
            group_sizes: import.groups_by_size.iter().map(size).collect(),
            calls: import
                .calls
                .by_code
                .iter()
                .map(|(answer, count)| CallCount { answer: answer.clone(), count: *count })
                .collect(),
            slowed_down: import.calls.slow_downs,
            failed_records: about.failed_records,
            next: next_steps(import, has_faults),
        }
    }
}

fn size(size: &crate::import::Size) -> SizeCount {
    SizeCount { messages: format!("up to {}", grouped(size.messages_up_to)), groups: size.groups }
}

/// Such as `2026-11-30 12:00:00 UTC`.
fn moment(seconds: u64) -> String {
    let time = i64::try_from(seconds)
        .ok()
        .and_then(|seconds| time::OffsetDateTime::from_unix_timestamp(seconds).ok());
    time.map_or_else(String::new, |time| {
        format!("{} {:02}:{:02}:{:02} UTC", time.date(), time.hour(), time.minute(), time.second())
    })
}

/// What to do next, a sentence each.
fn next_steps(import: &ImportReport, has_faults: bool) -> Vec<String> {
    let mut next = Vec::new();
    if !import.finished {
        next.push("The import was stopped. The same command again goes on from there.".to_owned());
    }
    if import.stopped_histories != 0 {
        next.push(format!(
            "The histories of {} conversations stopped at a faulty message. Mend it, and run the same command again.",
            grouped(import.stopped_histories)
        ));
    } else if has_faults {
        next.push("Mend the records with faults, and run the same command again.".to_owned());
    }
    if let Some(job) = &import.job {
        next.push(format!("The server has it as job {job}."));
    }
    next
}
