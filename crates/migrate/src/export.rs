//! What leaves a server: everything on it as a neutral file, and neutral files in the formats of others.

mod held;
mod lost;
mod marks;
pub mod mattermost;
mod names;
mod place;
mod said;
pub mod stream;

use crate::format::Writer;
use crate::server::Server;
use crate::sources::v4::{PullError, PullReport, pull};
use std::path::Path;

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
#[cfg(test)]
mod tests;
