//! Reading rows: the same for readers and for an operation within its batch.

use super::engine::Engine;
use super::key_range::{Keys, borrowed};
use super::keys;
use super::recent::Mark;
use super::records::{self, Damaged, GroupRow};
use fjall::Iter;
use landfall_domain::account::Account;
use landfall_domain::error::StoreError;
use landfall_domain::ids::{AppId, GroupId, UserId};
use landfall_domain::member::Member;
use landfall_domain::origin::Provenance;
use landfall_domain::time::Timestamp;
use std::ops::ControlFlow;

/// Handles one row; its answer says whether to go on.
pub(super) type Visit<'a> = dyn FnMut(&[u8], &[u8]) -> Result<ControlFlow<()>, StoreError> + 'a;

/// Rows that can be read.
pub(super) trait Rows {
    /// `None` when there is no such row.
    fn read<T>(
        &self,
        key: &[u8],
        decode: impl FnOnce(&[u8]) -> Result<T, Damaged>,
    ) -> Result<Option<T>, StoreError>;

    /// The same, for rows that [may be cached](super::keys::is_cached).
    fn read_cached<T>(
        &self,
        key: &[u8],
        decode: impl FnOnce(&[u8]) -> Result<T, Damaged>,
    ) -> Result<Option<T>, StoreError> {
        self.read(key, decode)
    }

    /// Visits rows in the order of their keys.
    fn scan(&self, keys: Keys, visit: &mut Visit<'_>) -> Result<(), StoreError>;

    /// `None` when there is no such account.
    fn account(&self, app: AppId, id: &UserId) -> Result<Option<Account>, StoreError> {
        self.read_cached(&keys::account(app, id), records::decode_account)
    }

    fn account_exists(&self, app: AppId, id: &UserId) -> Result<bool, StoreError>;

    /// The latest time at which a message with this mark may have been sent, if it was at `since` or later; `None`: there is
    /// none.
    fn latest_message(&self, _: Mark, _since: Timestamp) -> Option<Timestamp> {
        Some(Timestamp(u64::MAX))
    }

    /// The time from which signatures of a deleted account of this name are valid; 0 when it was never kicked.
    fn left_behind(&self, app: AppId, id: &UserId) -> Result<Timestamp, StoreError> {
        Ok(self.read(&keys::left_behind(app, id), records::decode_left_behind)?.unwrap_or_default())
    }

    /// `None` when there is no such group.
    fn group_row(&self, app: AppId, id: &GroupId) -> Result<Option<GroupRow>, StoreError> {
        self.read(&keys::group(app, id), |value| records::decode_group(id.clone(), value))
    }

    /// `None` for a group that no job brought in.
    fn provenance(&self, app: AppId, id: &GroupId) -> Result<Option<Provenance>, StoreError> {
        self.read(&keys::origin(app, id), records::decode_origin)
    }

    /// The membership of an account other than the owner.
    fn member_row(
        &self,
        app: AppId,
        group: &GroupId,
        account: &UserId,
    ) -> Result<Option<Member>, StoreError> {
        self.read(&keys::member(app, group, account), |value| {
            records::decode_member(account.as_str().as_bytes(), value)
        })
    }
}

/// The rows that say where a group came from.
pub(super) fn provenance_rows(
    app: AppId,
    id: &GroupId,
    provenance: &Provenance,
) -> impl Iterator<Item = (Vec<u8>, Vec<u8>)> {
    let of_jobs = provenance.jobs().map(move |job| (keys::of_job(app, job, id), Vec::new()));
    std::iter::once((keys::origin(app, id), records::encode_origin(provenance))).chain(of_jobs)
}

/// Visits rows of the engine.
pub(super) fn scan_engine(
    engine: &Engine,
    rows: Iter,
    keys: &Keys,
    visit: &mut Visit<'_>,
) -> Result<(), StoreError> {
    for row in rows {
        let unreadable = engine.unreadable("reading rows", borrowed(keys));
        let (key, value) = row.into_inner().map_err(unreadable)?;
        if visit(&key, &value)?.is_break() {
            break;
        }
    }
    Ok(())
}
