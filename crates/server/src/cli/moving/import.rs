//! `landfall import`.

use super::display::{self, Display};
use super::{MovingError, server};
use crate::cli::arguments::moving::{ImportArguments, OnChange};
use crate::cli::{Failure, print};
use crate::signals;
use landfall_domain::time::{Clock as _, SystemClock};
use landfall_migrate::import::{self, ImportOptions, ImportReport};
use landfall_migrate::jobs;
use landfall_migrate::losses::Loss;
use landfall_migrate::report::{About, Note, Report};
use landfall_migrate::server::Server;
use landfall_migrate::sources::Converted;
use serde_json::json;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::runtime::Runtime;
use tokio::sync::watch;

pub(in crate::cli) fn import(
    arguments: ImportArguments,
    variables: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<(), Failure> {
    let ImportArguments { source, server: reached, journal, on_change, leave_out_faulty, json } = arguments;
    let server = Arc::new(server(reached, variables)?);
    let started = SystemClock.now();
    let mut options = ImportOptions::beside(&source.source);
    let mut page = beside(&source.source, ".report.html");
    if let Some(journal) = journal {
        // What comes out stays together.
        page = beside(&journal, ".report.html");
        options.failed = beside(&journal, ".failed.jsonl");
        options.journal = journal;
    }
    options.on_change = match on_change {
        OnChange::Skip => import::OnChange::Skip,
        OnChange::Update => import::OnChange::Update,
        OnChange::Fail => import::OnChange::Fail,
    };
    let display = Display::new(json);
    let runtime = Runtime::new()?;
    let limits = runtime.block_on(super::limits(&server))?;
    let opened = super::open(&source, &limits, &display)?;
    options.leave_out_faulty = leave_out_faulty;
    options.contents = Arc::clone(&opened.contents);
    options.rules = Some(limits);
    let name = source.source.display().to_string();
    let conversion_faults = display.faults_by_code();
    if !json && let Some(converted) = &opened.converted {
        print(&format!("{}\n", converted.sentence()))?;
    }
    let ended = runtime.block_on(run(&opened.file, &name, &server, &options, &display));
    display.end();
    let import = ended?;
    let faults = display.faults();
    let converted = opened.converted.as_ref();
    let about = About {
        source: converted.map_or(name, Converted::sentence),
        server: server.address().to_owned(),
        started: started.0,
        notes: converted.iter().flat_map(|converted| &converted.losses).map(note).collect(),
        examples: display.examples(),
        conversion_faults,
        failed_records: options.failed.exists().then(|| options.failed.display().to_string()),
    };
    let report = Report::of_import(about, &import);
    fs::write(&page, report.html())?;
    if json {
        display::print(&json!({ "report": report, "page": page }));
    } else {
        print(&format!("{}The same as a page with plots: {}\n", report.text(), page.display()))?;
    }
    match (import.finished, faults) {
        (false, _) => Err(MovingError::Stopped.into()),
        (true, 0) => Ok(()),
        (true, faults) => Err(MovingError::Faults(faults).into()),
    }
}

/// The first SIGINT or SIGTERM ends the import in order.
async fn run(
    file: &Path,
    name: &str,
    server: &Arc<Server>,
    options: &ImportOptions,
    display: &Display,
) -> Result<ImportReport, Failure> {
    let shutdown = signals::shutdown()?;
    let (stopping, stop) = watch::channel(false);
    let watcher = tokio::spawn(async move {
        shutdown.await;
        stopping.send_replace(true);
        // The import looks at it until it has ended.
        stopping.closed().await;
    });
    let imported = jobs::import(file, name, Arc::clone(server), options, stop, display).await;
    watcher.abort();
    Ok(imported.map_err(MovingError::Import)?)
}

/// A file beside the source.
fn beside(source: &Path, ending: &str) -> PathBuf {
    let mut name = source.file_name().unwrap_or_default().to_owned();
    name.push(ending);
    source.with_file_name(name)
}

fn note(loss: &Loss) -> Note {
    Note { text: loss.described(), count: loss.count }
}
