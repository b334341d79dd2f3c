//! The keys of what is noted of loads.

use super::{HEAD, ordered};
use landfall_domain::ids::{AppId, UserId};

const LOAD_DELETED: u8 = b'v';
const LOAD: u8 = b'w';

/// A load whose groups take the list positions from this one on.
pub(in crate::embedded) fn load(app: AppId, first: u64) -> Vec<u8> {
    ordered(LOAD, app, &[&first.to_be_bytes()])
}

/// Start of the keys of all loads.
pub(in crate::embedded) const ALL_LOADS: [u8; 1] = [LOAD];

/// The first list position in a key of [`load`].
pub(in crate::embedded) fn load_first(key: &[u8]) -> Option<u64> {
    key.get(HEAD..)?.try_into().ok().map(u64::from_be_bytes)
}

/// Records that an account was deleted while a load was on its way.
pub(in crate::embedded) fn load_deleted(app: AppId, first: u64, account: &UserId) -> Vec<u8> {
    ordered(LOAD_DELETED, app, &[&first.to_be_bytes(), account.as_str().as_bytes()])
}

/// Start of the keys of all accounts that were deleted during a load.
pub(in crate::embedded) fn all_load_deleted(app: AppId, first: u64) -> Vec<u8> {
    ordered(LOAD_DELETED, app, &[&first.to_be_bytes()])
}

/// The account in a key of [`load_deleted`].
pub(in crate::embedded) fn load_deleted_account(key: &[u8]) -> Option<UserId> {
    UserId::parse(std::str::from_utf8(key.get(HEAD + 8..)?).ok()?)
}
