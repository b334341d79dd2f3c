//! Ranges of keys.

use super::keys;
use std::ops::Bound;

/// Keys from the first to before the last.
pub(super) type Keys = (Bound<Vec<u8>>, Bound<Vec<u8>>);

/// All keys that begin with `start`.
pub(super) fn beginning(start: Vec<u8>) -> Keys {
    let end = keys::after_all(start.clone());
    (Bound::Included(start), Bound::Excluded(end))
}

pub(super) fn borrowed(keys: &Keys) -> (Bound<&[u8]>, Bound<&[u8]>) {
    (keys.0.as_ref().map(Vec::as_slice), keys.1.as_ref().map(Vec::as_slice))
}

pub(super) const EVERYTHING: (Bound<&[u8]>, Bound<&[u8]>) = (Bound::Unbounded, Bound::Unbounded);

pub(super) fn only(key: &[u8]) -> (Bound<&[u8]>, Bound<&[u8]>) {
    (Bound::Included(key), Bound::Included(key))
}
