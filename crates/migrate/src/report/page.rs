//! A report as one page.

use super::{Report, grouped, plot, span};
use std::fmt::Write as _;

const STYLE: &str = include_str!("page.css");

pub(super) fn write(report: &Report) -> String {
    let title = escaped(&report.title);
    let ended = if report.finished { "finished" } else { "stopped before the end" };
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{title}</title>\n\
         <style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n<h1>{title} {ended} after {}</h1>\n",
        span(report.seconds),
    );
    let mut add = |part: &str| {
        page.push_str(part);
        page.push('\n');
    };
    add(&format!("<p>{}</p>", escaped(&report.source)));
    let server =
        if report.server.is_empty() { String::new() } else { format!("{}, ", escaped(&report.server)) };
    add(&format!("<p class=\"quiet\">{server}begun {}</p>", escaped(&report.started)));
    add(&counts(report));
    if 1 < report.progress.len() {
        add("<h2>Records over time</h2>");
        add(&plot::line(&report.progress));
    }
    if !report.faults.is_empty() {
        add("<h2>Faults by kind</h2>");
        let rows: Vec<_> = report.faults.iter().map(|fault| (escaped(&fault.code), fault.count)).collect();
        add(&plot::bars("Faults by kind", &rows));
        let rows = report
            .faults
            .iter()
            .map(|fault| [&fault.code, &grouped(fault.count), &fault.example].map(|cell| escaped(cell)));
        add(&table(["Kind", "Faults", "The first one"], rows));
    }
    if !report.group_sizes.is_empty() {
        add("<h2>Groups by number of messages</h2>");
        let rows: Vec<_> =
            report.group_sizes.iter().map(|size| (escaped(&size.messages), size.groups)).collect();
        add(&plot::bars("Groups by number of messages", &rows));
    }
    if !report.notes.is_empty() {
        add("<h2>Settled by defaults</h2>");
        add(&table(
            ["What", "Times"],
            report.notes.iter().map(|note| {
                [escaped(&note.text), if note.count == 0 { String::new() } else { grouped(note.count) }]
            }),
        ));
    }
    if !report.calls.is_empty() {
        add("<h2>Calls</h2>");
        add(&table(
            ["ErrorCode", "Calls"],
            report.calls.iter().map(|call| [escaped(&call.answer), grouped(call.count)]),
        ));
    }
    if let Some(file) = &report.failed_records {
        add(&format!(
            "<p>Records that failed, with the reason beside each: <code>{}</code></p>",
            escaped(file)
        ));
    }
    for next in &report.next {
        add(&format!("<p>{}</p>", escaped(next)));
    }
    add("</main>\n</body>\n</html>");
    page
}

fn counts(report: &Report) -> String {
    let rows = report.counts.iter().map(|count| {
        let [imported, updated, unchanged, failed] =
            [count.imported, count.updated, count.unchanged, count.failed].map(grouped);
        [escaped(&count.kind), imported, updated, unchanged, failed]
    });
    table(["Records", "Imported", "Updated", "Unchanged", "Failed"], rows)
}

/// The cells must be escaped.
fn table<const N: usize>(head: [&str; N], rows: impl Iterator<Item = [String; N]>) -> String {
    let mut table = String::from("<table>\n<tr>");
    for cell in head {
        write!(table, "<th>{cell}</th>").expect("a string can be written to");
    }
    table.push_str("</tr>\n");
    for row in rows {
        table.push_str("<tr>");
        for cell in row {
            write!(table, "<td>{cell}</td>").expect("a string can be written to");
        }
        table.push_str("</tr>\n");
    }
    table + "</table>"
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
