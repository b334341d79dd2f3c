//! `landfall export`.

use super::{MovingError, display, server};
use crate::cli::arguments::moving::{ExportArguments, ExportFormat};
use crate::cli::{Failure, print};
use landfall_migrate::report::grouped;
use serde_json::json;
use std::ffi::OsString;
use tokio::runtime::Runtime;

pub(in crate::cli) fn export(
    arguments: ExportArguments,
    variables: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<(), Failure> {
    let ExportArguments { server: reached, out, format, json } = arguments;
    let server = server(reached, variables)?;
    let _ = ExportFormat::Landfall == format;
    let exported = Runtime::new()?.block_on(landfall_migrate::export::export(&server, &out));
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
