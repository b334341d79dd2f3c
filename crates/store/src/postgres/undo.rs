//! What jobs brought in: reading it, and taking it out.

use super::changes;
use super::columns::read_all;
use super::database::{Kind, Tx, Work};
use super::failure::Failure;
use super::locks;
use super::reach::Keys;
use super::rows::OriginLists;
use super::statements;
use super::tables;
use super::values::{app_column, count, job_name};
use super::whole_groups::brought;
use async_trait::async_trait;
use landfall_domain::bulk::{BroughtGroup, UndoOutcome};
use landfall_domain::ids::{AppId, GroupId};
use landfall_domain::origin::{JobId, Provenance, Undo};

/// Groups taken out at the same time, each in a transaction of its own.
pub(super) const AT_ONCE: usize = 4;

/// Undoes a job in a group that it made or added to.
pub(super) struct UndoGroup {
    pub(super) app: AppId,
    pub(super) job: JobId,
    pub(super) group: GroupId,
    pub(super) force: bool,
}

#[async_trait]
impl Work for UndoGroup {
    type Output = UndoOutcome;
    const DOING: &'static str = "taking a group out";
    const KIND: Kind = Kind::LongWrite;

    fn keys(&self) -> Keys<'_> {
        Keys::of_group(&self.group)
    }

    async fn perform(&self, tx: &Tx) -> Result<UndoOutcome, Failure> {
        tx.begin(Some(self.app), &locks::groups(self.app, [&self.group].into_iter())).await?;
        let found = brought(tx, self.app, &[&self.group].into()).await?;
        let Some(found) = found.get(&self.group) else { return Ok(UndoOutcome::NotOfJob) };
        Ok(match found.provenance.undo(self.job, found.touched, self.force) {
            Undo::Remove => {
                changes::remove_group(tx, self.app, &self.group, |_| false).await?;
                UndoOutcome::Removed
            }
            Undo::Forget => {
                put_origin(tx, self.app, &self.group, &found.provenance.without(self.job)).await?;
                UndoOutcome::MadeByAnother
            }
            Undo::KeepTouched => UndoOutcome::Touched,
            Undo::KeepAddedTo => UndoOutcome::AddedTo,
            Undo::NotOfJob => UndoOutcome::NotOfJob,
        })
    }
}

/// Writes where a group came from.
pub(super) async fn put_origin(
    tx: &Tx,
    app: AppId,
    group: &GroupId,
    provenance: &Provenance,
) -> Result<(), Failure> {
    let mut origins = OriginLists::with_capacity(app, 1);
    origins.push(group, provenance);
    tables::put(tx, &statements::PUT_ORIGINS, &origins).await
}

/// Where groups came from.
pub(super) struct BroughtGroups {
    pub(super) app: AppId,
    pub(super) groups: Vec<GroupId>,
}

#[async_trait]
impl Work for BroughtGroups {
    type Output = Vec<Option<BroughtGroup>>;
    const DOING: &'static str = "reading where groups came from";
    const KIND: Kind = Kind::Read;

    async fn perform(&self, tx: &Tx) -> Result<Self::Output, Failure> {
        tx.begin(None, &[]).await?;
        let found = brought(tx, self.app, &self.groups.iter().collect()).await?;
        Ok(self.groups.iter().map(|id| found.get(id).cloned()).collect())
    }
}

/// Groups of a job in the order of their ids.
pub(super) struct GroupsOfJob {
    pub(super) app: AppId,
    pub(super) job: JobId,
    pub(super) after: Option<GroupId>,
    pub(super) limit: usize,
}

#[async_trait]
impl Work for GroupsOfJob {
    type Output = Vec<GroupId>;
    const DOING: &'static str = "reading the groups of a job";
    const KIND: Kind = Kind::Statement;

    async fn perform(&self, tx: &Tx) -> Result<Self::Output, Failure> {
        let (app, job, limit) = (app_column(self.app), self.job.0.cast_signed(), count(self.limit));
        let after = self.after.as_ref().map_or("", GroupId::as_str);
        let added = format!("%{}%", job_name(&self.job));
        let made = tx.query(&statements::GROUPS_OF_JOB, &[&app, &job, &after, &limit]).await?;
        let added = tx.query(&statements::GROUPS_ADDED_TO, &[&app, &added, &after, &limit]).await?;
        let mut found: Vec<GroupId> = read_all(&made)?;
        found.append(&mut read_all(&added)?);
        found.sort();
        found.truncate(self.limit);
        Ok(found)
    }
}
