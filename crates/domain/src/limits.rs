//! Every number the API limits, once.
//!
//! Where editions of the documentation differ, [`Limits::FAITHFUL`] takes the most generous documented value,
//! because clients were written against it. [choice]

/// Bounds of a length, both inclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Smallest allowed value.
    pub min: usize,
    /// Largest allowed value.
    pub max: usize,
}

impl Span {
    /// From nothing up to `max`.
    #[must_use]
    pub const fn up_to(max: usize) -> Self {
        Self { min: 0, max }
    }

    /// At least one, up to `max`.
    #[must_use]
    pub const fn one_to(max: usize) -> Self {
        Self { min: 1, max }
    }

    /// Whether `value` lies within the bounds.
    #[must_use]
    pub const fn contains(self, value: usize) -> bool {
        self.min <= value && value <= self.max
    }
}

/// Longest account name in bytes. [doc]
pub const USER_ID_BYTES_MAX: usize = 32;
/// Longest group id an app chooses, in bytes. [doc]
pub const CUSTOM_GROUP_ID_BYTES_MAX: usize = 48;
/// Longest group or topic id accepted anywhere, in bytes. [doc]
pub const GROUP_ID_BYTES_MAX: usize = 96;
/// Longest key of a custom field, in bytes. [doc]
pub const FIELD_KEY_BYTES_MAX: usize = 16;
/// Member limit of a group that names none. The import page says so for every type. [doc]
pub const MAX_MEMBERS_DEFAULT: u32 = 2_000;

/// Limits of custom fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FieldLimits {
    /// How many there may be.
    pub count: usize,
    /// A value, bytes.
    pub value: Span,
}

/// The limits in force; chosen by `[limits] mode`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Group name, bytes.
    pub name: Span,
    /// Group introduction, bytes.
    pub introduction: Span,
    /// Group notification, bytes.
    pub notification: Span,
    /// Address of the group's picture, bytes.
    pub face_url: Span,
    /// Custom fields of a group.
    pub group_fields: FieldLimits,
    /// Custom fields of a member.
    pub member_fields: FieldLimits,
    /// Largest member limit of an ordinary group.
    pub max_members: u32,
    /// Largest member limit of a community.
    pub max_members_community: u32,
    /// Members named in one import or create call.
    pub members_per_call: usize,
    /// Groups asked for in one `get_group_info`.
    pub groups_per_query: usize,
    /// Groups on one page of the app's list.
    pub groups_per_page: usize,
    /// Members on one page of a member list.
    pub members_per_page: usize,
    /// Accounts in one account call.
    pub accounts_per_call: usize,
    /// Nick and face address of an account, bytes.
    pub profile_value: Span,
    /// Size of an answer, bytes; larger ones are refused with 10018.
    pub reply_bytes: usize,
}

impl Limits {
    /// What the documentation states.
    pub const FAITHFUL: Self = Self {
        name: Span::one_to(30),
        introduction: Span::up_to(240),
        notification: Span::up_to(300),
        face_url: Span::up_to(100),
        group_fields: FieldLimits { count: 20, value: Span::up_to(512) },
        member_fields: FieldLimits { count: 5, value: Span::up_to(64) },
        max_members: 6_000,
        max_members_community: 100_000,
        members_per_call: 500,
        groups_per_query: 50,
        groups_per_page: 10_000,
        members_per_page: 6_000,
        accounts_per_call: 100,
        profile_value: Span::up_to(500),
        reply_bytes: 1 << 20,
    };

    /// What is safe here although the imitated service would refuse it: longer texts, larger groups and calls.
    /// Still every input has a bound. [choice]
    pub const RELAXED: Self = Self {
        name: Span::one_to(1_024),
        introduction: Span::up_to(4_096),
        notification: Span::up_to(4_096),
        face_url: Span::up_to(2_048),
        group_fields: FieldLimits { count: 100, value: Span::up_to(4_096) },
        member_fields: FieldLimits { count: 100, value: Span::up_to(4_096) },
        max_members: 1_000_000,
        max_members_community: 1_000_000,
        members_per_call: 5_000,
        groups_per_query: 500,
        groups_per_page: 100_000,
        members_per_page: 100_000,
        accounts_per_call: 5_000,
        profile_value: Span::up_to(4_096),
        reply_bytes: 16 << 20,
    };
}
