//! Limits of following, and of pushes to everybody.

use super::Span;

/// Limits of following.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FollowLimits {
    /// Accounts that one account follows.
    pub count: usize,
    /// Accounts that one call follows, leaves, or asks about.
    pub per_call: usize,
    /// Accounts that one call checks.
    pub checked_per_call: usize,
    /// Accounts on one page of a list.
    pub per_page: usize,
}

/// Limits of pushes to everybody, and of attributes and tags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PushLimits {
    /// Pushes of an app in a day.
    pub per_day: usize,
    /// Seconds between two pushes of an app.
    pub seconds_apart: u64,
    /// Name of an attribute, bytes.
    pub attribute_name: Span,
    /// Value of an attribute, bytes.
    pub attribute_value: Span,
    /// A tag, bytes.
    pub tag: Span,
    /// Tags of one account.
    pub tags: usize,
    /// Tags in one list of a call.
    pub tags_per_list: usize,
    /// Accounts in one call about attributes or tags.
    pub accounts_per_call: usize,
}

impl FollowLimits {
    /// What the documentation states.
    pub(super) const FAITHFUL: Self =
        Self { count: 5_000, per_call: 20, checked_per_call: 100, per_page: 1_000 };

    /// What is safe here.
    pub(super) const RELAXED: Self =
        Self { count: 10_000, per_call: 200, checked_per_call: 1_000, per_page: 1_000 };
}

impl PushLimits {
    /// What the documentation states.
    pub(super) const FAITHFUL: Self = Self {
        per_day: 100,
        seconds_apart: 1,
        attribute_name: Span::one_to(50),
        attribute_value: Span::up_to(50),
        tag: Span::one_to(50),
        tags: 100,
        tags_per_list: 10,
        accounts_per_call: 100,
    };

    /// What is safe here.
    pub(super) const RELAXED: Self = Self {
        per_day: 1_000,
        seconds_apart: 0,
        attribute_name: Span::one_to(500),
        attribute_value: Span::up_to(500),
        tag: Span::one_to(500),
        tags: 1_000,
        tags_per_list: 100,
        accounts_per_call: 500,
    };
}
