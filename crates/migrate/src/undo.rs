//! Takes back what an import made, and nothing else.
//!
//! Over the API that means: the groups that the journal says the import made are dissolved, and everything in them goes. Their
//! members get a notice. Accounts stay. Members and messages that were brought into groups that were there before stay, too,
//! because no call takes them out silently.
//!
//! [choice] A group counts as changed since its import when it has messages of users behind the last imported one, members or topics
//! that were not imported, or another profile. Such groups are kept unless they are forced.

mod changes;
mod profiles;

use crate::journal::{GroupReceipt, Journal, JournalError, Made, Receipt};
use crate::reading::{GROUPS_PER_CALL, GroupRow, Reading, group_refusal, is_gone};
use crate::server::{CallError, Server};
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use profiles::Profiles;
use serde::Serialize;
use serde_json::json;
use std::io;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Groups that are looked at and dissolved at the same time.
const GROUPS_AT_ONCE: usize = 16;

/// Why an undo ended early. What was dissolved until then is noted in the journal.
#[derive(Debug, thiserror::Error)]
pub enum UndoError {
    #[error(transparent)]
    Call(#[from] CallError),
    #[error(transparent)]
    Journal(#[from] JournalError),
    #[error("the file that was imported cannot be read")]
    File(#[from] io::Error),
}

/// What is undone.
pub enum Target<'a> {
    /// An import over the API, by its journal.
    Journal {
        journal: &'a Journal,
        /// The file that was imported: without it, a group whose profile may have been changed counts as changed.
        file: Option<&'a Path>,
    },
}

/// How far to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Nothing is dissolved; the report says what would be.
    Plan,
    Dissolve {
        /// Groups that were changed since are dissolved as well.
        force: bool,
    },
}

/// Why a group is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Reason {
    /// Somebody has changed it since.
    Changed,
    /// It was there before the import.
    Before,
    /// Whether the import made it is not known, because it was stopped at that moment; importing again settles that. Or the
    /// server does not show the group.
    Unsettled,
}

/// A group that is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Kept {
    pub group: String,
    pub reason: Reason,
    /// What stays, or what was changed.
    pub text: String,
}

/// What an undo did, or would do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct UndoReport {
    /// Groups that were dissolved, or would be.
    pub dissolved: u64,
    /// Their members, who get a notice that the group is dissolved.
    pub notices: u64,
    /// Groups that somebody else has dissolved already.
    pub gone: u64,
    /// Groups that are kept because they were changed since.
    pub changed: u64,
    /// Groups that were there before; what was brought into them stays.
    pub before: u64,
    /// Groups of which it is not known whether the import made them, or whether they were changed.
    pub unsettled: u64,
}

/// Undoes an import, or says what that would do. `on_kept` gets each group that is kept, in any order.
///
/// Each group is looked at just before it is dissolved, so a plan may be older. An undo that was stopped can be started again.
///
/// # Errors
/// The server refuses or does not answer, or the journal or the file cannot be read or written.
pub async fn undo(
    target: Target<'_>,
    server: &Server,
    mode: Mode,
    on_kept: &mut (dyn FnMut(&Kept) + Send),
) -> Result<UndoReport, UndoError> {
    match target {
        Target::Journal { journal, file } => {
            let state = Mutex::new(State { report: UndoReport::default(), on_kept });
            let run = Run { reading: Reading::new(server), journal, file, mode, state };
            run.all().await?;
            Ok(run.state.into_inner().unwrap_or_else(PoisonError::into_inner).report)
        }
    }
}

struct Run<'a, 'b> {
    reading: Reading<'a>,
    journal: &'a Journal,
    file: Option<&'a Path>,
    mode: Mode,
    state: Mutex<State<'b>>,
}

struct State<'b> {
    report: UndoReport,
    on_kept: &'b mut (dyn FnMut(&Kept) + Send + 'b),
}

impl State<'_> {
    fn keep(&mut self, group: &str, reason: Reason, text: String) {
        *match reason {
            Reason::Changed => &mut self.report.changed,
            Reason::Before => &mut self.report.before,
            Reason::Unsettled => &mut self.report.unsettled,
        } += 1;
        (self.on_kept)(&Kept { group: group.to_owned(), reason, text });
    }
}

impl<'b> Run<'_, 'b> {
    fn state(&self) -> MutexGuard<'_, State<'b>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn all(&self) -> Result<(), UndoError> {
        let mut after = String::new();
        loop {
            let groups = self.journal.groups(&after, GROUPS_PER_CALL)?;
            let Some((last, _)) = groups.last() else { return Ok(()) };
            after.clone_from(last);
            self.batch(groups).await?;
        }
    }

    async fn batch(&self, groups: Vec<(String, GroupReceipt)>) -> Result<(), UndoError> {
        let mut made = Vec::new();
        for (id, receipt) in groups {
            match receipt.made {
                Made::ByUs => made.push((id, receipt)),
                Made::Before => {
                    let text = "it was there before the import; what was brought into it stays";
                    self.state().keep(&id, Reason::Before, text.to_owned());
                }
                Made::Attempted => {
                    let text = "the import was stopped while it made the group; import again to settle it";
                    self.state().keep(&id, Reason::Unsettled, text.to_owned());
                }
            }
        }
        let ids: Vec<_> = made.iter().map(|(id, _)| id.clone()).collect();
        let rows = self.reading.whole_groups(&ids, &[]).await?;
        let suspects = rows.iter().filter(|row| changes::may_have_another_profile(row));
        let profiles = Profiles::read(self.file, suspects.map(|row| row.group_id.as_str()))?;
        let profiles = &profiles;
        stream::iter(made.into_iter().zip(rows))
            .map(|((id, receipt), row)| self.group(id, receipt, row, profiles))
            .buffer_unordered(GROUPS_AT_ONCE)
            .try_collect::<()>()
            .await
    }

    async fn group(
        &self,
        id: String,
        receipt: GroupReceipt,
        row: GroupRow,
        profiles: &Profiles,
    ) -> Result<(), UndoError> {
        if let Some(refusal) = row.refusal() {
            self.state().keep(&id, Reason::Unsettled, refusal);
            return Ok(());
        }
        if row.is_gone() {
            self.state().report.gone += 1;
            return self.note(id).await;
        }
        let change = match changes::find(&self.reading, self.journal, receipt, &row, profiles).await {
            Err(UndoError::Call(error)) => {
                let (_, text) = group_refusal(&error).ok_or(error)?;
                self.state().keep(&id, Reason::Unsettled, text);
                return Ok(());
            }
            change => change?,
        };
        let force = self.mode == Mode::Dissolve { force: true };
        if let Some(change) = change.filter(|_| !force) {
            self.state().keep(&id, Reason::Changed, change);
            return Ok(());
        }
        if self.mode != Mode::Plan {
            self.dissolve(&id).await?;
            self.note(id).await?;
        }
        let mut state = self.state();
        state.report.dissolved += 1;
        state.report.notices += u64::from(row.member_num);
        Ok(())
    }

    async fn dissolve(&self, id: &str) -> Result<(), CallError> {
        let body = json!({ "GroupId": id });
        match self.reading.server().ask("group_open_http_svc/destroy_group", &body).await {
            // A call without an answer may have dissolved it.
            Err(CallError::Refused { code, .. }) if is_gone(code) => Ok(()),
            answered => answered.map(drop),
        }
    }

    /// The group is not there any more: an import that follows makes it anew.
    async fn note(&self, id: String) -> Result<(), UndoError> {
        if self.mode != Mode::Plan {
            self.journal.write(vec![Receipt::Undone { id }]).await?;
        }
        Ok(())
    }
}
