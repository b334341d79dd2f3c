-- Accounts, groups, their members and their messages, and what is still to be told of them.
--
-- Every table is keyed by the app and a group, or by the app and an account, so that Citus can distribute it by
-- that group or account. The three tables of figures at the end have one row per app and little more; they stay
-- where they are. Rows refer to each other without foreign keys: Citus knows none between groups and accounts, and
-- every write of a group's members holds the lock of the group.
--
-- Names compare byte by byte (COLLATE "C"). Times are whole seconds since 1970, 0 for never. Free texts are escaped
-- where they hold U+0000, which PostgreSQL has no room for: U+0000 is kept as U+10FFFF 0, U+10FFFF as U+10FFFF 1.

CREATE TABLE landfall.accounts (
    sdk_app_id bigint NOT NULL CHECK (sdk_app_id BETWEEN 0 AND 4294967295),
    account text COLLATE "C" NOT NULL CHECK (octet_length(account) BETWEEN 1 AND 32),
    nick text NOT NULL,
    face_url text NOT NULL,
    created bigint NOT NULL CHECK (created >= 0),
    -- Only named by an import of a group, never imported itself.
    placeholder boolean NOT NULL,
    -- Signatures made before are invalid.
    signatures_from bigint NOT NULL CHECK (signatures_from >= 0),
    PRIMARY KEY (sdk_app_id, account)
);

CREATE TABLE landfall.groups (
    sdk_app_id bigint NOT NULL CHECK (sdk_app_id BETWEEN 0 AND 4294967295),
    group_id text COLLATE "C" NOT NULL CHECK (octet_length(group_id) BETWEEN 1 AND 96),
    -- 0 Private, 1 Public, 2 ChatRoom, 3 AVChatRoom, 4 Community
    kind smallint NOT NULL CHECK (kind BETWEEN 0 AND 4),
    name text NOT NULL,
    introduction text NOT NULL,
    notification text NOT NULL,
    face_url text NOT NULL,
    -- Custom fields in their order: [["key", "value"], …]
    fields jsonb NOT NULL CHECK (jsonb_typeof(fields) = 'array'),
    max_members bigint NOT NULL CHECK (max_members BETWEEN 0 AND 4294967295),
    -- 0 FreeAccess, 1 NeedPermission, 2 DisableApply
    join_option smallint NOT NULL CHECK (join_option BETWEEN 0 AND 2),
    -- Its membership is a row of members like any other.
    owner text COLLATE "C" CHECK (octet_length(owner) BETWEEN 1 AND 32),
    support_topic boolean NOT NULL,
    -- 0 FreeAccess, 1 NeedPermission, 2 DisableInvite
    invite_option smallint NOT NULL CHECK (invite_option BETWEEN 0 AND 2),
    mute_all boolean NOT NULL,
    created bigint NOT NULL CHECK (created >= 0),
    info_seq bigint NOT NULL CHECK (info_seq BETWEEN 0 AND 4294967295),
    info_changed bigint NOT NULL CHECK (info_changed >= 0),
    -- Its own messages; those of its topics are counted in the topics' parts.
    next_message_seq bigint NOT NULL CHECK (next_message_seq BETWEEN 1 AND 4294967295),
    last_message bigint NOT NULL CHECK (last_message >= 0),
    -- Counts as read by everybody whose mark was made before.
    read_by_all bigint NOT NULL CHECK (read_by_all BETWEEN 0 AND 4294967295),
    -- Cleared up to here.
    cleared bigint NOT NULL CHECK (cleared BETWEEN 0 AND 4294967295),
    -- What is below was removed because of its age.
    first_kept bigint NOT NULL CHECK (first_kept BETWEEN 1 AND 4294967295),
    history_before_join boolean NOT NULL,
    permissions_enabled boolean NOT NULL,
    -- 64 bits without a sign.
    default_permissions bigint NOT NULL,
    -- False while nobody but the owner sees it.
    active boolean NOT NULL,
    member_count bigint NOT NULL CHECK (member_count BETWEEN 0 AND 4294967295),
    -- Place in the app's list of groups, never given twice.
    list_position bigint NOT NULL CHECK (list_position > 0),
    PRIMARY KEY (sdk_app_id, group_id)
);

-- Its condition is always true. It keeps the index from statements that look for groups by their ids: while a table is
-- small one index seems as good as another, and a plan is kept while the table grows.
CREATE INDEX groups_in_list ON landfall.groups (sdk_app_id, list_position) WHERE list_position > 0;

CREATE TABLE landfall.members (
    sdk_app_id bigint NOT NULL,
    group_id text COLLATE "C" NOT NULL,
    account text COLLATE "C" NOT NULL CHECK (octet_length(account) BETWEEN 1 AND 32),
    -- 0 owner, 1 administrator, 2 member
    role smallint NOT NULL CHECK (role BETWEEN 0 AND 2),
    joined bigint NOT NULL CHECK (joined >= 0),
    -- The last message read, and read_by_all when that was set.
    read_seq bigint NOT NULL CHECK (read_seq BETWEEN 0 AND 4294967295),
    read_made_at bigint NOT NULL CHECK (read_made_at BETWEEN 0 AND 4294967295),
    -- 0 AcceptAndNotify, 1 AcceptNotNotify, 2 Discard, 3 AcceptNotNotifyExceptAt
    receive_option smallint NOT NULL CHECK (receive_option BETWEEN 0 AND 3),
    muted_until bigint NOT NULL CHECK (muted_until >= 0),
    last_message bigint NOT NULL CHECK (last_message >= 0),
    name_card text NOT NULL,
    -- Custom fields as those of groups.
    fields jsonb NOT NULL,
    PRIMARY KEY (sdk_app_id, group_id, account)
);

-- The groups of an account: members seen from the other side, with what never changes of a group.
CREATE TABLE landfall.memberships (
    sdk_app_id bigint NOT NULL,
    account text COLLATE "C" NOT NULL,
    group_id text COLLATE "C" NOT NULL,
    kind smallint NOT NULL,
    support_topic boolean NOT NULL,
    PRIMARY KEY (sdk_app_id, account, group_id)
);

-- What hangs on a group besides members and messages: small records by kind and name. Names are escaped; records are
-- JSON as the program writes it, which escapes U+0000 itself.
CREATE TABLE landfall.parts (
    sdk_app_id bigint NOT NULL,
    group_id text COLLATE "C" NOT NULL,
    kind smallint NOT NULL,
    name text COLLATE "C" NOT NULL,
    part text NOT NULL,
    PRIMARY KEY (sdk_app_id, group_id, kind, name)
);

-- Messages of groups and, where a topic is named, of their topics.
CREATE TABLE landfall.messages (
    sdk_app_id bigint NOT NULL,
    group_id text COLLATE "C" NOT NULL,
    topic text COLLATE "C" NOT NULL,
    seq bigint NOT NULL,
    sent bigint NOT NULL,
    sender text COLLATE "C" NOT NULL,
    random bigint NOT NULL,
    -- 1 highest to 4 lowest
    priority smallint NOT NULL,
    -- 0 kept, 1 deleted, 2 recalled
    state smallint NOT NULL,
    -- JSON as the app wrote it; empty for tips and where the content is gone.
    elements text NOT NULL,
    custom text NOT NULL,
    -- What most messages do not have, as JSON; empty where there is nothing of it.
    details text NOT NULL,
    PRIMARY KEY (sdk_app_id, group_id, topic, seq)
);

-- Finds a message that is sent again. Always true, as above.
CREATE INDEX messages_by_random ON landfall.messages (sdk_app_id, group_id, topic, random, sent) WHERE random >= 0;

-- The days, counted from 1970, on which a conversation has messages: what is old is found by them.
CREATE TABLE landfall.message_days (
    sdk_app_id bigint NOT NULL,
    group_id text COLLATE "C" NOT NULL,
    topic text COLLATE "C" NOT NULL,
    day bigint NOT NULL,
    PRIMARY KEY (sdk_app_id, group_id, topic, day)
);

-- Always true, as above.
CREATE INDEX message_days_in_order ON landfall.message_days (sdk_app_id, day, group_id, topic) WHERE day >= 0;

-- What is still to be told of groups, in their order. A lane is there exactly while it has notes; it outlives its group.
-- The lane '' has what is about the app as a whole.
CREATE TABLE landfall.lanes (
    sdk_app_id bigint NOT NULL,
    group_id text COLLATE "C" NOT NULL,
    -- Not looked at before.
    due bigint NOT NULL,
    -- How often its first note failed.
    failures bigint NOT NULL,
    -- Its notes have the numbers from here on,
    first bigint NOT NULL,
    -- and up to here, exclusive.
    next bigint NOT NULL CHECK (first < next),
    -- The number of whoever delivers it, 64 bits without a sign; nobody does when it is missing.
    claim bigint,
    -- Until when nobody else gets it.
    claimed_until bigint NOT NULL,
    PRIMARY KEY (sdk_app_id, group_id)
);

-- Always true, as above.
CREATE INDEX lanes_in_order ON landfall.lanes (sdk_app_id, due, group_id) WHERE due >= 0;

CREATE TABLE landfall.notes (
    sdk_app_id bigint NOT NULL,
    group_id text COLLATE "C" NOT NULL,
    number bigint NOT NULL,
    note bytea NOT NULL,
    PRIMARY KEY (sdk_app_id, group_id, number)
);

-- Notes that nobody took, by lane and a number of their own.
CREATE TABLE landfall.dead_notes (
    sdk_app_id bigint NOT NULL,
    group_id text COLLATE "C" NOT NULL,
    number bigint NOT NULL,
    -- When it was given up, and why.
    buried bigint NOT NULL,
    why text NOT NULL,
    note bytea NOT NULL,
    PRIMARY KEY (sdk_app_id, group_id, number)
);

-- Living groups of an app by type, in parts, so that writers do not wait for each other: the sum counts.
CREATE TABLE landfall.group_counts (
    sdk_app_id bigint NOT NULL,
    kind smallint NOT NULL,
    part smallint NOT NULL,
    groups bigint NOT NULL,
    PRIMARY KEY (sdk_app_id, kind, part)
);

-- The list positions that were given out, up to and including this one.
CREATE TABLE landfall.list_positions (
    sdk_app_id bigint NOT NULL PRIMARY KEY,
    given bigint NOT NULL
);

-- Call frequencies counted across servers: when a command's allowance is whole again, in microseconds since 1970.
CREATE UNLOGGED TABLE landfall.call_rates (
    sdk_app_id bigint NOT NULL,
    command text COLLATE "C" NOT NULL,
    whole_at bigint NOT NULL,
    PRIMARY KEY (sdk_app_id, command)
);

-- An unfinished copy into this database: no server opens it until the copy is finished.
CREATE TABLE landfall.unfinished_copy (
    one boolean NOT NULL PRIMARY KEY DEFAULT true CHECK (one),
    source text NOT NULL,
    -- Place in the source up to which rows are written.
    place bytea,
    rows bigint NOT NULL CHECK (rows >= 0)
);
