//! Every number the API limits, once.
//!
//! Where editions of the documentation differ, [`Limits::FAITHFUL`] takes the most generous documented value,
//! because clients were written against it. [choice]

#![warn(missing_docs)]

mod people;

pub use people::{FollowLimits, PushLimits};

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
/// Member limit of a created Private group that names none. [doc]
pub const MAX_MEMBERS_DEFAULT_PRIVATE: u32 = 200;

/// Limits of custom fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FieldLimits {
    /// How many there may be.
    pub count: usize,
    /// A value, bytes.
    pub value: Span,
}

/// Limits of messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MessageLimits {
    /// One message: its elements and custom data, bytes.
    pub bytes: usize,
    /// Messages in one import call.
    pub per_import: usize,
    /// Messages on one page of a history.
    pub per_page: usize,
    /// Messages sent to one group in a second; 0 for no limit.
    pub per_second: u32,
    /// Messages recalled in one call.
    pub recalled_per_call: usize,
    /// Reason of a recall, bytes.
    pub recall_reason: Span,
    /// How long a member may recall what it sent, seconds.
    pub recall_seconds: u64,
    /// Members one message points at.
    pub at: usize,
    /// Members a directed message is for.
    pub directed_to: usize,
    /// Members a system notification is for.
    pub notified: usize,
    /// Messages whose receipts one call is about.
    pub receipts_per_call: usize,
    /// Members of a group whose messages have receipts.
    pub receipt_members: u32,
    /// Readers on one page.
    pub readers_per_page: usize,
    /// Extensions set or deleted in one call.
    pub extensions_per_call: usize,
    /// Extensions on one page.
    pub extensions_per_page: usize,
    /// Extensions of one message.
    pub extensions: usize,
    /// Key of an extension, bytes.
    pub extension_key: Span,
    /// Value of an extension, bytes.
    pub extension_value: Span,
}

/// Limits of topics and permission groups. A topic's name and texts have the bounds of a group's.
///
/// No edition bounds how many topics and permission groups a community has, how many topics a call names, and how
/// many members of a permission group a page has. [choice]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TopicLimits {
    /// Topics of one community.
    pub count: usize,
    /// Topics named in one call.
    pub per_call: usize,
    /// What an app keeps with a topic or permission group, bytes.
    pub custom: Span,
    /// Permission groups of one community.
    pub permission_groups: usize,
    /// Permission groups named in one call, or on one page.
    pub permission_groups_per_call: usize,
    /// Name of a permission group, bytes.
    pub permission_group_name: Span,
    /// Topics whose permissions one call changes.
    pub permissions_per_call: usize,
    /// Members one call puts into a permission group, or takes out.
    pub permission_members_per_call: usize,
    /// Members of a permission group on one page.
    pub permission_members_per_page: usize,
}

/// Limits of the small values kept with a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ValueLimits {
    /// Attributes of one group.
    pub attributes: usize,
    /// Key of an attribute, bytes.
    pub attribute_key: Span,
    /// Value of an attribute, bytes.
    pub attribute_value: Span,
    /// All attributes of a group, keys and values, bytes.
    pub attribute_bytes: usize,
    /// Calls that change the attributes of one group in a second; 0 for no limit.
    pub attribute_writes_per_second: u32,
    /// Counters of one group.
    pub counters: usize,
    /// Key of a counter, bytes.
    pub counter_key: Span,
}

/// Limits of live-stream groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LiveLimits {
    /// Administrators of one group.
    pub admins: usize,
    /// Marks of one member.
    pub marks: usize,
    /// Members marked in one call.
    pub marked_per_call: usize,
}

/// Limits of friends, of their requests, and of blocklists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FriendLimits {
    /// Friends of one account.
    pub count: usize,
    /// Lists of friends of one account.
    pub lists: usize,
    /// Name of a list of friends, bytes.
    pub list_name: Span,
    /// Remark about a friend, bytes.
    pub remark: Span,
    /// Words of a request, bytes.
    pub wording: Span,
    /// Requests of one account that wait for an answer, of each way.
    pub requests: usize,
    /// Accounts on one blocklist.
    pub blocklist: usize,
    /// Accounts that one call is about.
    pub per_call: usize,
    /// Friends on one page.
    pub per_page: usize,
    /// Custom fields of friends.
    pub fields: FieldLimits,
}

/// Limits of folders of conversations, and of marks on them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FolderLimits {
    /// Folders of one account.
    pub count: usize,
    /// Name of a folder, bytes.
    pub name: Span,
    /// Conversations of one account that are in folders, all folders together. [choice]
    pub filed: usize,
    /// Conversations of one account that are marked.
    pub marked: usize,
    /// Conversations marked in one call.
    pub marked_per_call: usize,
    /// Conversations put into a folder, or taken out, in one call.
    pub filed_per_call: usize,
    /// Conversations looked for in one call.
    pub looked_for: usize,
    /// Conversations on one page.
    pub per_page: usize,
    /// What an app keeps with a conversation of an account, bytes.
    pub custom: Span,
    /// Conversations that one account has pinned.
    pub pinned: usize,
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
    /// Accounts of one group asked for or muted in one call.
    pub accounts_per_query: usize,
    /// Members asked for by name in one call.
    pub named_members: usize,
    /// Groups on one page of an account's groups.
    pub joined_per_page: usize,
    /// Name of a member within a group, bytes.
    pub name_card: Span,
    /// Accounts banned in one call.
    pub bans_per_call: usize,
    /// Bans on one page.
    pub bans_per_page: usize,
    /// Reason of a ban, bytes.
    pub ban_reason: Span,
    /// Messages.
    pub messages: MessageLimits,
    /// Topics and permission groups of communities.
    pub topics: TopicLimits,
    /// Attributes and counters.
    pub values: ValueLimits,
    /// Live-stream groups.
    pub live: LiveLimits,
    /// Friends and blocklists.
    pub friends: FriendLimits,
    /// Folders of conversations, and marks on them.
    pub folders: FolderLimits,
    /// Following.
    pub follow: FollowLimits,
    /// Pushes to everybody.
    pub push: PushLimits,
    /// Accounts in one account call.
    pub accounts_per_call: usize,
    /// A text in the profile of an account, such as its nick, bytes.
    pub profile_value: Span,
    /// The place in the profile of an account, bytes.
    pub location: Span,
    /// Custom fields of accounts.
    pub user_fields: FieldLimits,
    /// Size of an answer, bytes; larger ones are refused with 10018.
    pub reply_bytes: usize,
    /// Whether imports take ids that a server has generated. Jobs always do.
    pub generated_ids: bool,
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
        accounts_per_query: 500,
        named_members: 50,
        joined_per_page: 5_000,
        name_card: Span::up_to(50),
        bans_per_call: 20,
        bans_per_page: 100,
        ban_reason: Span::up_to(1_000),
        messages: MessageLimits {
            bytes: 12 << 10,
            per_import: 20,
            per_page: 20,
            per_second: 40,
            recalled_per_call: 10,
            recall_reason: Span::up_to(100),
            recall_seconds: 120,
            at: 30,
            directed_to: 50,
            notified: 500,
            receipts_per_call: 50,
            receipt_members: 200,
            readers_per_page: 200,
            extensions_per_call: 20,
            extensions_per_page: 200,
            extensions: 300,
            extension_key: Span::one_to(100),
            extension_value: Span::up_to(1_000),
        },
        topics: TopicLimits {
            count: 1_000,
            per_call: 50,
            custom: Span::up_to(3_000),
            permission_groups: 100,
            permission_groups_per_call: 20,
            permission_group_name: Span::one_to(150),
            permissions_per_call: 50,
            permission_members_per_call: 100,
            permission_members_per_page: 100,
        },
        values: ValueLimits {
            attributes: 16,
            attribute_key: Span::one_to(32),
            attribute_value: Span::up_to(4_000),
            attribute_bytes: 16_000,
            attribute_writes_per_second: 5,
            counters: 20,
            counter_key: Span::one_to(128),
        },
        live: LiveLimits { admins: 5, marks: 10, marked_per_call: 500 },
        friends: FriendLimits {
            count: 3_000,
            lists: 32,
            list_name: Span::one_to(30),
            remark: Span::up_to(96),
            wording: Span::up_to(256),
            requests: 100,
            blocklist: 1_000,
            per_call: 1_000,
            per_page: 500,
            fields: FieldLimits { count: 20, value: Span::up_to(500) },
        },
        folders: FolderLimits {
            count: 20,
            name: Span::one_to(32),
            filed: 1_000,
            marked: 1_000,
            marked_per_call: 100,
            filed_per_call: 1_000,
            looked_for: 300,
            per_page: 100,
            custom: Span::up_to(256),
            pinned: 50,
        },
        follow: FollowLimits::FAITHFUL,
        push: PushLimits::FAITHFUL,
        accounts_per_call: 100,
        profile_value: Span::up_to(500),
        location: Span::up_to(16),
        user_fields: FieldLimits { count: 20, value: Span::up_to(500) },
        reply_bytes: 1 << 20,
        generated_ids: false,
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
        accounts_per_query: 5_000,
        named_members: 500,
        joined_per_page: 100_000,
        name_card: Span::up_to(1_024),
        bans_per_call: 500,
        bans_per_page: 10_000,
        ban_reason: Span::up_to(4_096),
        messages: MessageLimits {
            bytes: 64 << 10,
            per_import: 200,
            per_page: 200,
            per_second: 0,
            recalled_per_call: 100,
            recall_reason: Span::up_to(1_000),
            recall_seconds: 120,
            at: 300,
            directed_to: 500,
            notified: 5_000,
            receipts_per_call: 500,
            receipt_members: 10_000,
            readers_per_page: 2_000,
            extensions_per_call: 200,
            extensions_per_page: 2_000,
            extensions: 1_000,
            extension_key: Span::one_to(1_000),
            extension_value: Span::up_to(4_096),
        },
        topics: TopicLimits {
            count: 10_000,
            per_call: 500,
            custom: Span::up_to(16_384),
            permission_groups: 1_000,
            permission_groups_per_call: 200,
            permission_group_name: Span::one_to(1_024),
            permissions_per_call: 500,
            permission_members_per_call: 1_000,
            permission_members_per_page: 1_000,
        },
        values: ValueLimits {
            attributes: 100,
            attribute_key: Span::one_to(256),
            attribute_value: Span::up_to(16_000),
            attribute_bytes: 64_000,
            attribute_writes_per_second: 0,
            counters: 100,
            counter_key: Span::one_to(256),
        },
        live: LiveLimits { admins: 100, marks: 100, marked_per_call: 5_000 },
        friends: FriendLimits {
            count: 10_000,
            lists: 100,
            list_name: Span::one_to(1_024),
            remark: Span::up_to(4_096),
            wording: Span::up_to(4_096),
            requests: 1_000,
            blocklist: 10_000,
            per_call: 1_000,
            per_page: 500,
            fields: FieldLimits { count: 100, value: Span::up_to(4_096) },
        },
        folders: FolderLimits {
            count: 100,
            name: Span::one_to(256),
            filed: 5_000,
            marked: 5_000,
            marked_per_call: 500,
            filed_per_call: 1_000,
            looked_for: 1_000,
            per_page: 100,
            custom: Span::up_to(1_024),
            pinned: 200,
        },
        follow: FollowLimits::RELAXED,
        push: PushLimits::RELAXED,
        accounts_per_call: 5_000,
        profile_value: Span::up_to(4_096),
        location: Span::up_to(4_096),
        user_fields: FieldLimits { count: 100, value: Span::up_to(4_096) },
        reply_bytes: 16 << 20,
        generated_ids: true,
    };
}
