//! The copy: page by page, then the comparison.

use super::compare::{Comparison, compare};
use super::{BeginError, PageSize, Progress, Transfer};
use landfall_domain::error::StoreError;
use std::ops::ControlFlow;

/// The phase of a copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Writing rows to the target.
    Copying,
    /// Reading both stores again.
    Comparing,
}

/// How far a copy is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    pub phase: Phase,
    /// Rows of the source done in this phase; while copying, those of earlier runs included.
    pub rows: u64,
    /// Rows of the source, perhaps estimated.
    pub total: u64,
}

/// How a copy ended that did not fail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The stores are equal, and the target can be served.
    Equal(Comparison),
    /// The stores are not equal, and the target stays marked as unfinished.
    Different(Comparison),
    /// It was broken off between two pages; the same copy can be started again.
    Stopped,
}

/// Why a copy failed. Each text says what to do.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    #[error("{0} is both the source and the target; name another store to copy to")]
    SameStore(String),
    #[error("{0} already holds data, perhaps from a finished copy; name an empty store to copy to")]
    Occupied(String),
    /// The target holds the unfinished copy of something else.
    #[error(
        "{target} holds the unfinished copy of {of}; copy from there to finish it, or name an empty store to copy to"
    )]
    OtherSource {
        target: String,
        /// The source of the unfinished copy.
        of: String,
    },
    /// The source cannot be read.
    #[error("reading {name} failed: {cause}; once that is repaired, the same copy goes on where it stopped")]
    Source { name: String, cause: StoreError },
    /// The target cannot be written, or not be read again.
    #[error(
        "copying to {name} failed: {cause}; once that is repaired, the same copy goes on where it stopped"
    )]
    Target { name: String, cause: StoreError },
}

impl CopyError {
    pub(super) fn source(source: &dyn Transfer, cause: StoreError) -> Self {
        Self::Source { name: source.name().to_owned(), cause }
    }

    pub(super) fn target(target: &dyn Transfer, cause: StoreError) -> Self {
        Self::Target { name: target.name().to_owned(), cause }
    }

    fn begin(target: &dyn Transfer, error: BeginError) -> Self {
        let name = target.name().to_owned();
        match error {
            BeginError::Occupied => Self::Occupied(name),
            BeginError::OtherSource(of) => Self::OtherSource { target: name, of },
            BeginError::Store(cause) => Self::Target { name, cause },
        }
    }
}

/// Copies everything from `source` to `target`, or the rest after an earlier run, and compares both. `on_step` is called
/// after every page and may end the copy there.
///
/// # Errors
/// The target is not empty, or a store failed. The rows written so far stay, and a copy started again goes on there.
pub async fn copy(
    source: &dyn Transfer,
    target: &dyn Transfer,
    size: PageSize,
    on_step: &mut (dyn FnMut(Step) -> ControlFlow<()> + Send),
) -> Result<Outcome, CopyError> {
    if source.name() == target.name() {
        return Err(CopyError::SameStore(source.name().to_owned()));
    }
    let progress = target.begin(source.name()).await.map_err(|error| CopyError::begin(target, error))?;
    let total = source.rows().await.map_err(|cause| CopyError::source(source, cause))?;
    let mut step = |phase, rows| on_step(Step { phase, rows, total });
    let copied = write_pages(source, target, size, progress, &mut |rows| step(Phase::Copying, rows)).await?;
    if copied.is_break() {
        return Ok(Outcome::Stopped);
    }
    let compared = compare(source, target, size, &mut |rows| step(Phase::Comparing, rows)).await?;
    let Some(comparison) = compared else {
        return Ok(Outcome::Stopped);
    };
    if !comparison.differences().is_empty() {
        return Ok(Outcome::Different(comparison));
    }
    target.finish().await.map_err(|cause| CopyError::target(target, cause))?;
    Ok(Outcome::Equal(comparison))
}

/// Writes all rows that follow `progress`. The next page is read while one is written.
async fn write_pages(
    source: &dyn Transfer,
    target: &dyn Transfer,
    size: PageSize,
    mut progress: Progress,
    on_step: &mut (dyn FnMut(u64) -> ControlFlow<()> + Send),
) -> Result<ControlFlow<()>, CopyError> {
    let failed = |cause| CopyError::source(source, cause);
    let mut next = source.read(progress.place.as_ref(), size).await.map_err(failed)?;
    // Called before the first page too: a copy that goes on begins where the last one ended.
    let mut flow = on_step(progress.rows);
    while let Some(page) = next
        && flow.is_continue()
    {
        progress.rows += page.rows.len() as u64;
        progress.place = Some(page.place);
        let (written, read) =
            tokio::join!(target.write(page.rows, &progress), source.read(progress.place.as_ref(), size));
        written.map_err(|cause| CopyError::target(target, cause))?;
        next = read.map_err(failed)?;
        flow = on_step(progress.rows);
    }
    Ok(flow)
}
