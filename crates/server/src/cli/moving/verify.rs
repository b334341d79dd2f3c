//! `landfall verify`.

use super::display::{self, Display};
use super::{MovingError, server};
use crate::cli::arguments::moving::VerifyArguments;
use crate::cli::{Failure, print};
use landfall_migrate::report::grouped;
use landfall_migrate::verify::{self, GroupResult, Outcome, VerifyOptions, VerifyReport};
use serde_json::json;
use std::ffi::OsString;
use std::sync::Arc;
use tokio::runtime::Runtime;

/// Groups that differ or are missing and are shown one by one; the last line counts all.
const SHOWN_MAX: u64 = 100;

pub(in crate::cli) fn verify(
    arguments: VerifyArguments,
    variables: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<(), Failure> {
    let VerifyArguments { source, server: reached, leave_out_faulty, json } = arguments;
    let server = server(reached, variables)?;
    let mut shown = 0;
    let mut on_group = |result: &GroupResult| {
        if json {
            display::print(&json!({ "group": result }));
        } else if result.outcome != Outcome::Equal {
            shown += 1;
            if shown <= SHOWN_MAX {
                // The last line says it all where standard output cannot be written.
                drop(print(&format!("{}\n", result.sentence())));
            }
        }
    };
    let runtime = Runtime::new()?;
    let display = Display::new(json);
    let calls = runtime.block_on(super::reach(&server))?;
    let limits = super::rules(&calls);
    let opened = super::open(&source, &limits, &display)?;
    let options = VerifyOptions {
        spill_directory: super::spill_directory(&source.source),
        rules: limits,
        // A job can bring a mended message in behind later ones, so it leaves faulty ones out.
        leave_out_faulty: leave_out_faulty || calls.takes_jobs(),
        contents: Arc::clone(&opened.contents),
    };
    let verified = runtime.block_on(verify::verify(&opened.file, &server, options, &mut on_group));
    let report = verified.map_err(MovingError::Verify)?;
    if json {
        display::print(&json!({ "report": report }));
    } else {
        print(&sentence(&report))?;
        if display.faults() != 0 {
            let faults = grouped(display.faults());
            print(&format!("{faults} parts of the source have faults and were not compared\n"))?;
        }
    }
    if report.is_equal() { Ok(()) } else { Err(MovingError::Differs.into()) }
}

fn sentence(report: &VerifyReport) -> String {
    let VerifyReport { equal, different, missing, messages, members, left_out, files, people, hash, .. } =
        report;
    let mut text = format!(
        "{} groups are equal, {} different, {} missing; {} members and {} messages in the file, {} and {} on the server\n",
        grouped(*equal),
        grouped(*different),
        grouped(*missing),
        grouped(members.file),
        grouped(messages.file),
        grouped(members.server),
        grouped(messages.server),
    );
    if people.file != 0 {
        text.push_str(&format!(
            "{} of {} profiles, lists of friends, blocklists and one-to-one conversations are equal\n",
            grouped(people.server),
            grouped(people.file)
        ));
    }
    if files.file != 0 {
        text.push_str(&format!(
            "{} of {} files that messages refer to are on the server\n",
            grouped(files.server),
            grouped(files.file)
        ));
    }
    if *left_out != 0 {
        text.push_str(&format!("{} faulty records of the file were left out\n", grouped(*left_out)));
    }
    text + &format!("hash over all groups: {hash}\n")
}
