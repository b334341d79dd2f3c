//! Applications: accounts that wait for a decision whether they become members.

use crate::ids::UserId;
use crate::time::Timestamp;

/// How long an application waits, seconds. [doc]
pub const SECONDS_MAX: u64 = 7 * 86_400;
/// Applications that wait in one group, at most. [choice]
pub const PER_GROUP_MAX: usize = 1_000;

/// An application of one account, under its name. A later one replaces it. [choice]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Application {
    /// The member that invited the account; `None` when it applied by itself.
    pub invited_by: Option<UserId>,
    /// What the applicant says.
    pub text: String,
    pub made: Timestamp,
}

impl Application {
    /// Whether it still waits.
    #[must_use]
    pub fn waits(&self, now: Timestamp) -> bool {
        now.0 < self.made.0.saturating_add(SECONDS_MAX)
    }
}
