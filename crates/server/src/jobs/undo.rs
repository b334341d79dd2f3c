//! Takes out what a job brought in: its groups, and then what is of people.

use super::folder::Folder;
use super::people;
use super::record::{Counts, JobRecord, Receipt};
use super::runner::Broken;
use landfall_domain::bulk::{BulkStore, UndoOutcome};
use landfall_domain::context::Context;
use landfall_domain::ids::GroupId;
use landfall_domain::origin::JobId;
use landfall_domain::store::Store;
use tokio::runtime::Handle;

/// Groups taken out between two looks at whether to stop.
const GROUPS_PER_UNDO: usize = 64;

/// Takes out the groups that a job made.
pub(super) fn undo(
    (store, bulk): (&dyn Store, &dyn BulkStore),
    folder: &Folder,
    context: Context,
    job: JobId,
    record: &JobRecord,
    check: &dyn Fn() -> Result<(), Broken>,
    runtime: &Handle,
) -> Result<Counts, Broken> {
    // Those of the import and of an undo before say nothing about what is there now.
    let mut receipts = folder.receipts()?;
    let mut counts = record.counts;
    let mut after: Option<GroupId> = None;
    loop {
        check()?;
        let page = bulk.groups_of_job(context.app, job, after.clone(), GROUPS_PER_UNDO);
        let page: Vec<GroupId> = runtime.block_on(page)?;
        let Some(last) = page.last().cloned() else { break };
        let outcomes = runtime.block_on(bulk.undo_groups(context, job, page.clone(), record.force))?;
        for (id, outcome) in page.iter().zip(outcomes) {
            let result = match outcome {
                UndoOutcome::Removed => {
                    counts.removed += 1;
                    "removed"
                }
                UndoOutcome::Touched => "touched",
                UndoOutcome::AddedTo => "added_to",
                UndoOutcome::MadeByAnother => "made_by_another",
                UndoOutcome::NotOfJob => continue,
            };
            receipts.add(&Receipt {
                line: 0,
                record: "group",
                name: id.to_string(),
                result,
                code: String::new(),
                result_info: String::new(),
            })?;
        }
        receipts.flush()?;
        after = Some(last);
    }
    counts.removed_people = 0;
    let mut undoing = people::Undoing { receipts, counts, check, runtime };
    undoing.undo(store, context, job, record.force)?;
    Ok(undoing.counts)
}
