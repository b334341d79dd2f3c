//! `landfall export`.

use super::{MovingError, display, server};
use crate::cli::arguments::moving::{ExportArguments, ExportFormat};
use crate::cli::{Failure, print};
use landfall_migrate::export;
use landfall_migrate::losses::Loss;
use landfall_migrate::report::grouped;
use landfall_migrate::server::Server;
use landfall_migrate::sources::v4::{PullError, PullReport};
use serde_json::json;
use std::ffi::OsString;
use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use tokio::runtime::Runtime;

pub(in crate::cli) fn export(
    arguments: ExportArguments,
    variables: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<(), Failure> {
    let ExportArguments { server: reached, out, format, json } = arguments;
    let server = server(reached, variables)?;
    let write: WriteFormat = match format {
        ExportFormat::Landfall => return pull(&server, &out, json),
        ExportFormat::Mattermost => export::mattermost::write,
        ExportFormat::Stream => export::stream::write,
    };
    let spill = super::spill_directory(&out);
    let directory = tempfile::tempdir_in(&spill)?;
    let neutral = directory.path().join("exported.jsonl.zst");
    // Mattermost takes attached files from an archive only.
    if format == ExportFormat::Mattermost && out.extension().is_some_and(|ending| ending == "zip") {
        let contents = directory.path().join(export::mattermost::CONTENTS);
        let exported = export::export_with_files_in(&server, &neutral, contents);
        let mut losses = read(&server, exported, &out.display().to_string(), json)?;
        losses.extend(export::mattermost::write_archive(&neutral, &spill, fs::File::create(&out)?)?);
        return report(&out, &losses, json);
    }
    let mut losses = read(&server, export::export(&server, &neutral), "", json)?;
    let mut written = BufWriter::new(fs::File::create(&out)?);
    losses.extend(write(&neutral, &spill, &mut written)?);
    written.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
    report(&out, &losses, json)
}

type WriteFormat = fn(&Path, &Path, &mut dyn Write) -> io::Result<Vec<Loss>>;

/// Runs an export of everything on a server to the neutral file `out`, and says what is not in it.
pub(super) fn pull(server: &Server, out: &Path, json: bool) -> Result<(), Failure> {
    let folder = format!("{}.files", out.display());
    let losses = read(server, export::export_with_files(server, out), &folder, json)?;
    report(out, &losses, json)
}

/// Runs an export; returns what is not in it. `files`: where the files go.
fn read(
    server: &Server,
    exported: impl Future<Output = Result<PullReport, PullError>>,
    files: &str,
    json: bool,
) -> Result<Vec<Loss>, Failure> {
    let pulled = Runtime::new()?.block_on(async {
        super::reach(server).await?;
        exported.await.map_err(MovingError::Export)
    })?;
    if json {
        display::print(&json!({ "read": pulled }));
    } else {
        print(&format!(
            "read {} groups, {} members, {} messages and {} accounts\n",
            grouped(pulled.groups),
            grouped(pulled.members),
            grouped(pulled.messages),
            grouped(pulled.accounts),
        ))?;
        if pulled.files != 0 {
            print(&format!("copied {} files to {files}\n", grouped(pulled.files)))?;
        }
    }
    Ok(pulled.losses())
}

fn report(out: &Path, losses: &[Loss], json: bool) -> Result<(), Failure> {
    if json {
        display::print(&json!({ "file": out, "losses": losses }));
        return Ok(());
    }
    let mut text = format!("wrote {}\n", out.display());
    for loss in losses {
        text.push_str(&format!("  not in it: {}\n", loss.described()));
    }
    print(&text)
}
