-- Accounts, groups and their members.
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
    last_message bigint NOT NULL CHECK (last_message >= 0),
    next_message_seq bigint NOT NULL CHECK (next_message_seq BETWEEN 1 AND 4294967295),
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
    read_seq bigint NOT NULL CHECK (read_seq BETWEEN 0 AND 4294967295),
    -- 0 AcceptAndNotify, 1 AcceptNotNotify, 2 Discard
    receive_option smallint NOT NULL CHECK (receive_option BETWEEN 0 AND 2),
    muted_until bigint NOT NULL CHECK (muted_until >= 0),
    last_message bigint NOT NULL CHECK (last_message >= 0),
    name_card text NOT NULL,
    PRIMARY KEY (sdk_app_id, group_id, account)
);

-- The groups of an account: members seen from the other side.
CREATE TABLE landfall.memberships (
    sdk_app_id bigint NOT NULL,
    account text COLLATE "C" NOT NULL,
    group_id text COLLATE "C" NOT NULL,
    PRIMARY KEY (sdk_app_id, account, group_id)
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
