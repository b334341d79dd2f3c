//! Reading rows, the same for what readers see and for what an operation sees within its batch.

use super::engine::Engine;
use super::key_range::{Keys, borrowed};
use super::keys;
use super::records::{self, Damaged, GroupRow};
use fjall::Iter;
use landfall_domain::ids::{AppId, GroupId, UserId};
use landfall_domain::member::Member;
use landfall_domain::store::StoreError;
use landfall_domain::time::Timestamp;
use std::ops::ControlFlow;

/// What is done with a row; it says whether to go on.
pub(super) type Visit<'a> = dyn FnMut(&[u8], &[u8]) -> Result<ControlFlow<()>, StoreError> + 'a;

/// Rows that can be read.
pub(super) trait Rows {
    /// One row, if it is there.
    fn read<T>(
        &self,
        key: &[u8],
        decode: impl FnOnce(&[u8]) -> Result<T, Damaged>,
    ) -> Result<Option<T>, StoreError>;

    /// Shows rows one by one.
    fn scan(&self, keys: Keys, visit: &mut Visit<'_>) -> Result<(), StoreError>;

    /// Whether an account exists.
    fn account_exists(&self, app: AppId, id: &UserId) -> Result<bool, StoreError>;

    /// What deleted accounts of this name left behind: from when on its signatures are valid.
    fn left_behind(&self, app: AppId, id: &UserId) -> Result<Timestamp, StoreError> {
        Ok(self.read(&keys::left_behind(app, id), records::decode_left_behind)?.unwrap_or_default())
    }

    /// A group with its owner's membership.
    fn group_row(&self, app: AppId, id: &GroupId) -> Result<Option<GroupRow>, StoreError> {
        self.read(&keys::group(app, id), |value| records::decode_group(id.clone(), value))
    }

    /// The membership of somebody who does not own the group.
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

/// Shows the rows of the engine.
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
