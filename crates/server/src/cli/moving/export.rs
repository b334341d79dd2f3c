//! `landfall export`.

use super::{MovingError, display, server};
use crate::cli::arguments::moving::{ExportArguments, ExportFormat};
use crate::cli::{Failure, print};
use landfall_migrate::report::grouped;
use landfall_migrate::server::Server;
use serde_json::json;
use std::ffi::OsString;
use std::path::Path;
use tokio::runtime::Runtime;

pub(in crate::cli) fn export(
    arguments: ExportArguments,
    variables: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<(), Failure> {
    let ExportArguments { server: reached, out, format, json } = arguments;
    let server = server(reached, variables)?;
    match format {
        ExportFormat::Landfall => pull(&server, &out, json),
        ExportFormat::Mattermost | ExportFormat::Stream => todo!(),
    }
}

/// Writes everything on the server to a neutral file.
pub(super) fn pull(server: &Server, out: &Path, json: bool) -> Result<(), Failure> {
    let exported = Runtime::new()?.block_on(landfall_migrate::export::export(server, out));
    let report = exported.map_err(MovingError::Export)?;
    if json {
        display::print(&json!({ "report": report, "losses": report.losses() }));
        return Ok(());
    }
    let mut text = format!(
        "{}: {} groups, {} members, {} messages, {} accounts\n",
        out.display(),
        grouped(report.groups),
        grouped(report.members),
        grouped(report.messages),
        grouped(report.accounts),
    );
    for loss in report.losses() {
        text.push_str(&format!("  not in the file: {loss}\n"));
    }
    print(&text)
}
