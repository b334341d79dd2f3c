//! `/console/imports`: the import jobs of this server with their state and progress, and what may be done with them.

use super::layout::{self, Here};
use super::moment::{count, moment};
use super::place::{self, app_choice};
use super::respond::{self, Reply};
use super::strings as say;
use super::visit::{Change, Visit};
use crate::apps::App;
use crate::jobs::{JobRecord, Jobs, State, job_named};
use hyper::StatusCode;
use hyper::header::{HeaderName, HeaderValue};
use landfall_domain::time::Timestamp;
use maud::{Markup, html};
use serde_json::{Value, json};

const PATH: &str = "/console/imports";

/// How often a page shows a job anew that is at work.
const REFRESH: (HeaderName, HeaderValue) =
    (HeaderName::from_static("refresh"), HeaderValue::from_static("3"));

/// Jobs that the page lists, the newest.
const ROWS: usize = 200;
/// Receipts on a page.
const RECEIPTS: usize = 200;

const NO_JOBS: &str = "This server takes no import jobs: [imports] directory is not set.";
const HOW: &str = "Jobs are made by `landfall import`, or by the commands of landfall_import_svc. Each server lists its own.";

/// Shows a page again in a moment, while something is at work.
fn refreshing(mut reply: Reply, is_busy: bool) -> Reply {
    if is_busy {
        reply.headers_mut().insert(REFRESH.0, REFRESH.1);
    }
    reply
}

pub(super) fn read(visit: &Visit) -> Reply {
    let Some(app) = visit.chosen_app() else { return place::nothing(visit) };
    let Some(jobs) = &visit.server.jobs else {
        return layout::page(&visit.session, Here::Imports, say::IMPORTS, html! { p.note { (NO_JOBS) } });
    };
    let mut all = jobs.list(app.id);
    all.sort_by_key(|job| std::cmp::Reverse((job.create_time, job.job_id.clone())));
    let is_busy = all.iter().any(|job| job.state.is_busy());
    let page = layout::page(&visit.session, Here::Imports, say::IMPORTS, body(visit, &app, &all));
    refreshing(page, is_busy)
}

fn body(visit: &Visit, app: &App, jobs: &[JobRecord]) -> Markup {
    html! {
        @if 1 < visit.apps().len() {
            form.bar method="get" action=(PATH) { (app_choice(visit, app.id)) button type="submit" { (say::SHOW) } }
        }
        p.note { (HOW) }
        div.wide { table {
            caption { (jobs.len()) " jobs. Times are in UTC." }
            thead { tr {
                th scope="col" { "Job" }
                th scope="col" { "Name" }
                th scope="col" { "State" }
                th.number scope="col" { "Progress" }
                th.number scope="col" { "Groups" }
                th.number scope="col" { "Refused" }
                th scope="col" { "Made" }
            } }
            tbody { @for job in jobs.iter().take(ROWS) { tr {
                th scope="row" { a href=(job_path(app, job)) { (job.job_id) } }
                td { (job.name) }
                td { (state(job)) }
                td.number { (progress(job)) }
                td.number { (count(job.counts.groups)) }
                td.number { (count(job.counts.refused)) }
                td.when { (moment(Timestamp(job.create_time))) }
            } } }
        } }
        @if jobs.is_empty() { p { (say::NOTHING) } }
    }
}

fn job_path(app: &App, job: &JobRecord) -> String {
    format!("{PATH}/{}/{}", app.id, job.job_id)
}

fn state(job: &JobRecord) -> Markup {
    match job.state {
        State::Failed => html! { span.bad { "failed" } },
        State::Done => html! { span.good { "done" } },
        other @ (State::Receiving
        | State::Ready
        | State::Checking
        | State::Running
        | State::Paused
        | State::Undoing
        | State::Undone
        | State::Cancelled) => html! { (format!("{other:?}").to_lowercase()) },
    }
}

fn progress(job: &JobRecord) -> String {
    let (records, total) = (job.counts.records, job.counts.records_total);
    let percent = records.saturating_mul(100).checked_div(total);
    percent.map_or_else(|| "-".to_owned(), |percent| format!("{percent} %"))
}

/// The page of one job.
pub(super) fn read_job(visit: &Visit, app: &str, job: &str) -> Reply {
    let (Some(app), Some(jobs), Some(id)) = (visit.app(app), &visit.server.jobs, job_named(job)) else {
        return place::nothing(visit);
    };
    let Ok(record) = jobs.get(app.id, id) else { return place::nothing(visit) };
    let offset = visit.parameter("offset").parse().unwrap_or_default();
    let receipts = receipts(jobs, &app, &record, offset);
    let title = format!("Job {}", record.job_id);
    let page = layout::page(
        &visit.session,
        Here::Imports,
        &title,
        html! {
            @if !record.problem.is_empty() { p.error { (record.problem) } }
            section.card aria-label="Job" { (facts(visit, &record)) }
            @if visit.session.may_change() { (tools(visit, &app, &record)) }
            (receipts)
        },
    );
    refreshing(page, record.state.is_busy())
}

fn facts(visit: &Visit, job: &JobRecord) -> Markup {
    let counts = &job.counts;
    let now = visit.server.clock.now().0;
    let end = if job.end_time == 0 { now } else { job.end_time };
    let seconds = end.saturating_sub(job.start_time).max(1);
    let rate = counts.records / seconds;
    let left = counts.records_total.saturating_sub(counts.records);
    let number = |number: u64| html! { (count(number)) };
    layout::fields(&[
        ("Name", html! { (job.name) }),
        ("State", state(job)),
        (
            "Progress",
            html! { (progress(job)) ", " (count(counts.records)) " of " (count(counts.records_total)) " records" },
        ),
        ("Rate", html! { (count(rate)) " records a second" }),
        (
            "Time left",
            html! {
                @if job.state.is_busy() && 0 < rate { "about " (count(left / rate)) " s" } @else { "-" }
            },
        ),
        ("File", html! { (count(job.bytes)) " bytes" }),
        ("Accounts", number(counts.accounts)),
        ("Groups", number(counts.groups)),
        ("Members", number(counts.members)),
        ("Messages", number(counts.messages)),
        ("Groups that were there alike", number(counts.equal)),
        ("Groups that differ and were kept", number(counts.kept)),
        ("Groups that were refused", number(counts.refused)),
        ("Records that were left out", number(counts.left_out)),
        ("Groups that were taken out", number(counts.removed)),
        ("Made", html! { (moment(Timestamp(job.create_time))) " UTC" }),
        ("Begun", html! { (moment(Timestamp(job.start_time))) " UTC" }),
        ("Ended", html! { (moment(Timestamp(job.end_time))) " UTC" }),
    ])
}

/// What may be done in the present state.
fn tools(visit: &Visit, app: &App, job: &JobRecord) -> Markup {
    let can = |states: &[State]| states.contains(&job.state);
    let may_pause = can(&[State::Ready, State::Checking, State::Running]);
    let may_start = can(&[State::Ready, State::Paused]);
    let may_cancel = can(&[State::Receiving, State::Ready, State::Checking, State::Running, State::Paused]);
    let may_undo = can(&[State::Paused, State::Done, State::Cancelled, State::Failed, State::Undone]);
    let button = |what: &str, words: &str, class: &str| {
        html! {
            form method="post" action={ (job_path(app, job)) "/" (what) } {
                (visit.token())
                button class=(class) type="submit" { (words) }
            }
        }
    };
    html! {
        div.tools {
            @if may_start { (button("resume", "Go on", "plain")) }
            @if may_pause { (button("pause", "Pause", "plain")) }
            @if may_cancel { (button("cancel", "Cancel", "danger")) }
            @if may_undo { (button("undo", "Undo: take out what it brought in", "danger")) }
        }
    }
}

/// What became of the records that did not simply come in.
fn receipts(jobs: &Jobs, app: &App, job: &JobRecord, offset: u64) -> Markup {
    let Some(id) = job_named(&job.job_id) else { return html! {} };
    let Ok((lines, next)) = jobs.receipts(app.id, id, offset, RECEIPTS) else { return html! {} };
    let rows: Vec<Value> = lines.iter().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let text = |row: &Value, name: &str| match row.get(name) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => number.to_string(),
        Some(_) | None => String::new(),
    };
    html! {
        h2 { "Receipts" }
        @if rows.is_empty() { p { (say::NOTHING) } }
        @else { div.wide { table {
            thead { tr {
                th.number scope="col" { "Line" }
                th scope="col" { "Record" }
                th scope="col" { "Name" }
                th scope="col" { "Result" }
                th scope="col" { "Why" }
            } }
            tbody { @for row in &rows { tr {
                td.number { (text(row, "Line")) }
                td { (text(row, "Record")) }
                td { (text(row, "Name")) }
                td { (text(row, "Result")) }
                td { (text(row, "Code")) " " (text(row, "ResultInfo")) }
            } } }
        } } }
        @if lines.len() == RECEIPTS {
            p { a.button.plain href={ (job_path(app, job)) "?offset=" (next) } { (say::NEXT_PAGE) } }
        }
    }
}

/// Pauses, resumes, cancels or undoes a job.
pub(super) async fn change(change: &Change, app: &str, job: &str, what: &str) -> Reply {
    let visit = &change.visit;
    let command = match what {
        "pause" => "landfall_import_svc/pause_job",
        "resume" => "landfall_import_svc/resume_job",
        "cancel" => "landfall_import_svc/cancel_job",
        "undo" => "landfall_import_svc/undo_job",
        _ => return place::nothing(visit),
    };
    let Some(app) = visit.app(app).filter(|_| job_named(job).is_some()) else {
        return layout::problem(&visit.session, StatusCode::NOT_FOUND, say::NOT_FOUND);
    };
    let path = format!("{PATH}/{}/{job}", app.id);
    let request = json!({ "JobId": job }).to_string().into_bytes();
    match change.run(&app, command, &format!("job {job}"), request).await {
        Ok(_) => respond::redirect(&path),
        Err(failure) => layout::failed(&visit.session, &failure, &path),
    }
}
