//! What leaves a server: everything on it as a neutral file, and neutral files in the formats of others.

mod files;
mod held;
mod lost;
mod marks;
pub mod mattermost;
mod names;
mod place;
mod said;
pub mod stream;

use crate::format::{Record, Writer};
use crate::server::Server;
use crate::sources::v4::{PullError, PullReport, pull};
use std::path::{Path, PathBuf};

/// Writes all groups of a server to a neutral file, which is compressed as the ending of its name says.
///
/// # Errors
/// The server refuses or does not answer, or the file cannot be written. The file then ends early.
pub async fn export(server: &Server, file: &Path) -> Result<PullReport, PullError> {
    let mut writer = Writer::create(file)?;
    let report = pull(server, &mut |record| writer.write(&record)).await?;
    writer.finish()?;
    Ok(report)
}

/// Like [`export`]. Where the server is Landfall, the files that messages refer to are copied into a folder beside `file`, which
/// is called like it with `.files` behind, so that an import of `file` brings them in again. Elsewhere messages keep the addresses.
///
/// Memory holds 16 bytes for each file besides.
///
/// # Errors
/// As those of [`export`]; or the folder cannot be written.
pub async fn export_with_files(server: &Server, file: &Path) -> Result<PullReport, PullError> {
    export_with_files_in(server, file, files::beside(file)).await
}

/// Like [`export_with_files`]; the files go into `folder`, which must be beside `file`.
///
/// # Errors
/// As those of [`export_with_files`].
pub async fn export_with_files_in(
    server: &Server,
    file: &Path,
    folder: PathBuf,
) -> Result<PullReport, PullError> {
    if server.limits().await?.landfall.is_none() {
        return export(server, file).await;
    }
    let mut files = files::Files::new(server.app(), folder)?;
    let mut writer = Writer::create(file)?;
    let mut sink = |mut record| {
        if let Record::Message(message) = &mut record {
            files.take(message)?;
        }
        writer.write(&record)
    };
    let mut report = pull(server, &mut sink).await?;
    files.fetch(server, &mut writer, &mut report).await?;
    writer.finish()?;
    Ok(report)
}

#[cfg(test)]
mod tests;
