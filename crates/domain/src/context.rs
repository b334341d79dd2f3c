//! The circumstances of a call, which every writing operation gets.

use crate::account::UnknownAccounts;
use crate::ids::AppId;
use crate::time::Timestamp;

/// The app, the time, and the treatment of unknown accounts, as every writing operation receives them.
#[derive(Clone, Copy, Debug)]
pub struct Context {
    pub app: AppId,
    /// The time of the call.
    pub now: Timestamp,
    /// How to treat accounts that were never imported.
    pub unknown: UnknownAccounts,
}
