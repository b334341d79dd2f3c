//! `landfall undo`.

use super::{MovingError, display, server};
use crate::cli::arguments::moving::UndoArguments;
use crate::cli::{Failure, print};
use landfall_migrate::import::ImportOptions;
use landfall_migrate::jobs;
use landfall_migrate::journal::{Journal, Owner};
use landfall_migrate::report::grouped;
use landfall_migrate::server::Server;
use landfall_migrate::sources::{Format, recognise};
use landfall_migrate::undo::{self, Kept, Mode, Target, UndoReport};
use serde_json::json;
use std::ffi::OsString;
use tokio::runtime::Runtime;

pub(in crate::cli) fn undo(
    arguments: UndoArguments,
    variables: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<(), Failure> {
    let UndoArguments { source, server: reached, journal, force, json } = arguments;
    let server = server(reached, variables)?;
    if let Some(job) = source.to_str().filter(|word| is_job(word) && !source.exists()) {
        return undo_job(&server, job, force, json);
    }
    let journal = journal.unwrap_or_else(|| ImportOptions::beside(&source).journal);
    if !journal.exists() {
        return Err(MovingError::NoJournal(journal).into());
    }
    let owner = Owner { server: server.address().to_owned(), app: server.app() };
    let journal = Journal::open(&journal, &owner).map_err(MovingError::Journal)?;
    // A converted file is not there any more; then a group counts as changed if its profile may be.
    let file = recognise(&source).is_ok_and(|format| format == Format::Landfall).then_some(source.as_path());
    let target = || Target::Journal { journal: &journal, file };
    let show = |group: &str, text: &str| show_kept(group, text, json);
    let (jobs, plan, done) = Runtime::new()?.block_on(async {
        super::reach(&server).await?;
        let jobs = jobs::undo(&server, &journal, force, show).await.map_err(MovingError::Import)?;
        let plan = undo::undo(target(), &server, Mode::Plan, &mut |_| {}).await.map_err(MovingError::Undo)?;
        if !json && plan.dissolved + plan.changed != 0 {
            print(&planned(&plan, force))?;
        }
        let mut on_kept = |kept: &Kept| show(&kept.group, &kept.text);
        let done = undo::undo(target(), &server, Mode::Dissolve { force }, &mut on_kept).await;
        Ok::<_, Failure>((jobs, plan, done.map_err(MovingError::Undo)?))
    })?;
    let kept = jobs.kept + done.changed + done.before + done.unsettled;
    if json {
        display::print(&json!({ "jobs": jobs, "plan": plan, "report": done }));
        return ended(kept);
    }
    print(&format!(
        "{} groups were taken out silently{}, {} were dissolved, {} were gone already, {} are kept; accounts stay\n",
        grouped(jobs.removed),
        of_people(jobs.people),
        grouped(done.dissolved),
        grouped(done.gone),
        grouped(kept)
    ))?;
    ended(kept)
}

fn ended(kept: u64) -> Result<(), Failure> {
    if kept == 0 { Ok(()) } else { Err(MovingError::Kept(kept).into()) }
}

fn show_kept(group: &str, text: &str, json: bool) {
    if json {
        display::print(&json!({ "kept": { "group": group, "text": text } }));
    } else {
        // The last line counts them where standard output cannot be written.
        drop(print(&format!("kept {group}: {text}\n")));
    }
}

/// The number of a job: 16 hexadecimal digits.
fn is_job(word: &str) -> bool {
    word.len() == 16 && word.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn undo_job(server: &Server, job: &str, force: bool, json: bool) -> Result<(), Failure> {
    let show = |group: &str, text: &str| show_kept(group, text, json);
    let undone = Runtime::new()?.block_on(async {
        super::reach(server).await?;
        jobs::undo_one(server, job, force, show).await.map_err(MovingError::Import)
    })?;
    let undone = undone.ok_or_else(|| MovingError::NoJob(job.to_owned()))?;
    if json {
        display::print(&json!({ "jobs": undone }));
        return ended(undone.kept);
    }
    print(&format!(
        "{} groups were taken out silently{}, {} are kept; accounts stay\n",
        grouped(undone.removed),
        of_people(undone.people),
        grouped(undone.kept)
    ))?;
    ended(undone.kept)
}

/// Nothing where no job brought anything of people in.
fn of_people(count: u64) -> String {
    if count == 0 {
        return String::new();
    }
    format!(", with {} profiles, lists of friends, blocklists and one-to-one conversations", grouped(count))
}

fn planned(plan: &UndoReport, force: bool) -> String {
    let changed = if force { 0 } else { plan.changed };
    let groups = plan.dissolved + if force { plan.changed } else { 0 };
    let mut text = format!("{} groups will be dissolved", grouped(groups));
    if plan.notices != 0 {
        text.push_str(&format!("; their {} members get a notice of it", grouped(plan.notices)));
    }
    text.push('\n');
    if changed != 0 {
        text.push_str(&format!(
            "{} groups were changed since and are kept; --force dissolves them too\n",
            grouped(changed)
        ));
    }
    text
}
