//! A report as text.

use super::{Report, grouped, span};
use std::fmt::Write as _;

pub(super) fn write(report: &Report) -> String {
    let mut text = String::new();
    let mut line = |line: &str| {
        text.push_str(line);
        text.push('\n');
    };
    let records: u64 = report.counts.iter().map(|count| count.imported + count.updated).sum();
    let ended = if report.finished { "finished" } else { "stopped before the end" };
    line(&format!(
        "{} {ended} after {}: {} records written",
        report.title,
        span(report.seconds),
        grouped(records)
    ));
    line("");
    line(&counts(report));
    if !report.faults.is_empty() {
        line("Faults:");
        for fault in &report.faults {
            line(&format!("  {:>9}  {}: {}", grouped(fault.count), fault.code, fault.example));
        }
    }
    if !report.notes.is_empty() {
        line("Settled by defaults:");
        for note in &report.notes {
            // What a source never has is not counted.
            let count = if note.count == 0 { String::new() } else { grouped(note.count) };
            line(&format!("  {count:>9}  {}", note.text));
        }
    }
    if report.slowed_down != 0 {
        line(&format!(
            "The server was too busy {} times; the calls slowed down.",
            grouped(report.slowed_down)
        ));
    }
    if let Some(file) = &report.failed_records {
        line(&format!("Records that failed, with the reason beside each: {file}"));
    }
    for next in &report.next {
        line(next);
    }
    text
}

fn counts(report: &Report) -> String {
    let mut text =
        format!("  {:<10}{:>14}{:>12}{:>12}{:>12}\n", "", "imported", "updated", "unchanged", "failed");
    for count in &report.counts {
        let [imported, updated, unchanged, failed] =
            [count.imported, count.updated, count.unchanged, count.failed].map(grouped);
        let kind = &count.kind;
        let written = writeln!(text, "  {kind:<10}{imported:>14}{updated:>12}{unchanged:>12}{failed:>12}");
        written.expect("a string can be written to");
    }
    text
}
