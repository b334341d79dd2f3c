//! The circumstances of a call, which every writing operation gets.

use crate::account::UnknownAccounts;
use crate::ids::AppId;
use crate::time::Timestamp;

/// Who, when, and how to treat unknown accounts: what every writing operation is told.
#[derive(Clone, Copy, Debug)]
pub struct Context {
    /// The app.
    pub app: AppId,
    /// The time of the call.
    pub now: Timestamp,
    /// What to do with accounts nobody imported.
    pub unknown: UnknownAccounts,
}
