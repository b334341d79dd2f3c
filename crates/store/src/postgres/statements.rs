//! Every statement the store sends, once, with what it is keyed by.
//!
//! A statement of [`Key::Group`], [`Key::Account`] or [`Key::Subject`] names the app and the groups, accounts or subjects it is
//! about, each by its key: Citus sends it to where their rows are. The others name an app only and say why they may.

use super::columns::RowWise;
use super::rows;
use std::borrow::Cow;
use std::sync::LazyLock;

/// What a statement is keyed by.
#[cfg(test)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Key {
    /// App and groups; touches the tables that are distributed by group.
    Group,
    /// App and accounts; touches the tables that are distributed by account.
    Account,
    /// App and subjects: accounts, pairs of accounts, or the app; touches the tables that are distributed by subject.
    Subject,
    /// App only, on tables of figures that are not distributed.
    Figures,
    /// App only, over all groups of the app: the app's list, its oldest messages, its outbox.
    List,
    /// All rows: for copies, while no server serves.
    Copy,
    /// No table at all.
    Session,
    /// Nor that; known to Citus only.
    Nodes,
}

/// One statement.
#[derive(Debug)]
pub(super) struct Statement {
    sql: LazyLock<Cow<'static, str>>,
    #[cfg(test)]
    key: Key,
}

impl Statement {
    pub(super) fn sql(&self) -> &str {
        &self.sql
    }
}

/// The columns that [`LaneState`](landfall_domain::outbox::LaneState) is read from.
const LANE_STATE: &str = "claim, failures, first, next";

/// A statement that writes rows: as lists where all rows are in one place, row by row where they are not.
#[derive(Debug)]
pub(super) struct Writing {
    pub(super) lists: Statement,
    rows: LazyLock<RowWise>,
}

impl Writing {
    pub(super) fn rows(&self) -> &RowWise {
        &self.rows
    }
}

/// Declares one statement.
macro_rules! statement {
    ($(#[$doc:meta])* $name:ident: $key:ident = $sql:expr) => {
        $(#[$doc])* pub(in crate::postgres) static $name: Statement = statement!($key, $sql);
    };
    ($(#[$doc:meta])* $name:ident: $key:ident writes $writes:expr) => {
        $(#[$doc])* pub(in crate::postgres) static $name: Writing =
            Writing { lists: statement!($key, $writes.lists), rows: LazyLock::new(|| $writes.rows) };
    };
    ($key:ident, $sql:expr) => {
        Statement {
            sql: LazyLock::new(|| Cow::from($sql)),
            #[cfg(test)]
            key: Key::$key,
        }
    };
    (@lists $name:ident =) => { &$name };
    (@lists $name:ident writes) => { &$name.lists };
    (@rows $name:ident =) => { None };
    (@rows $name:ident writes) => { Some(&$name) };
}

macro_rules! statements {
    ($($(#[$doc:meta])* $name:ident: $key:ident $how:tt $sql:expr;)+) => {
        $(statement!($(#[$doc])* $name: $key $how $sql);)+

        /// All of this file, for the test of their shape.
        #[cfg(test)]
        pub(super) const HERE: &[(&str, &Statement)] = &[$((stringify!($name), statement!(@lists $name $how)),)+];

        /// Those that write rows, with their other form.
        #[cfg(test)]
        pub(super) const ROW_WISE_HERE: &[(&str, Option<&Writing>)] = &[$((stringify!($name), statement!(@rows $name $how)),)+];
    };
}

mod messages;
mod people;

pub(super) use messages::{
    MENTIONS_OF_GROUPS, MESSAGES_BY_RANDOM, MESSAGES_NUMBERED, MESSAGES_OF_GROUPS, NEWEST_MESSAGES,
    OLDEST_MESSAGES, REMOVE_ALL_DAYS, REMOVE_ALL_MESSAGES, REMOVE_DAYS_BEFORE, REMOVE_MESSAGES_BELOW,
};
pub(super) use people::{
    COPY_DIRECT, COPY_FACTS, DIRECT_AFTER, DIRECT_BETWEEN, DIRECT_KEYED, DIRECT_NUMBERED, DIRECT_REPEATED,
    FACT_COUNT, FACT_RANGE, FACTS_NAMED, FACTS_OF_SUBJECTS, INSERT_DIRECT, INSERT_DIRECT_DAYS,
    OLD_DIRECT_DAYS, OLDEST_DIRECT, PUT_DIRECT, PUT_FACTS, REMOVE_DIRECT, REMOVE_DIRECT_DAYS,
    REMOVE_DIRECT_DAYS_BEFORE, REMOVE_DIRECT_NUMBERED, REMOVE_FACT_RANGE, REMOVE_FACTS, REMOVE_FACTS_NAMING,
    REMOVE_FACTS_OF,
};

statements! {
    LOCK_SHARED: Session = "SELECT pg_advisory_xact_lock_shared($1)";
    LOCK: Session = "SELECT pg_advisory_xact_lock(key) FROM unnest($1::bigint[]) AS locks (key)";
    NOTIFY: Session = "SELECT pg_notify('landfall', $1)";
    /// In their order, each a notification of its own.
    NOTIFY_PACKETS: Session = "
        SELECT pg_notify('landfall_events', packet) FROM unnest($1::text[]) AS packets (packet)";

    /// Of a Citus cluster.
    NODES_AWAY: Nodes = "
        SELECT nodename || ':' || nodeport FROM run_command_on_workers('SELECT 1') WHERE NOT success";
    /// $1: the table whose shards hold the keys.
    NODES_OF_KEYS: Nodes = "
        SELECT key, nodename || ':' || nodeport
        FROM unnest($2::text[]) AS keys (key)
        JOIN pg_dist_placement ON shardid = get_shard_id_for_distribution_column($1::text::regclass, key)
        JOIN pg_dist_node USING (groupid)
        WHERE noderole = 'primary'";
    RECOVER: Nodes = "SELECT recover_prepared_transactions()";

    INSERT_GROUPS: Group writes rows::GROUPS.insert_missing().returning("list_position");
    /// Those that were found missing before.
    INSERT_FREE_GROUPS: Group writes rows::GROUPS.insert();
    PUT_GROUPS: Group writes rows::GROUPS.put();
    INSERT_ORIGINS: Group writes rows::ORIGINS.insert();
    PUT_ORIGINS: Group writes rows::ORIGINS.put();
    INSERT_MEMBERS: Group writes rows::MEMBERS.insert();
    PUT_MEMBERS: Group writes rows::MEMBERS.put();
    INSERT_MEMBERSHIPS: Account writes rows::MEMBERSHIPS.insert();
    PUT_PARTS: Group writes rows::PARTS.put();
    INSERT_MESSAGES: Group writes rows::MESSAGES.insert();
    PUT_MESSAGES: Group writes rows::MESSAGES.put();
    INSERT_DAYS: Group writes rows::DAYS.insert_missing();
    INSERT_PLACEHOLDERS: Account writes rows::insert_placeholders();
    /// Those that were found missing before.
    INSERT_ACCOUNTS: Account writes rows::ACCOUNTS.insert();
    PUT_ACCOUNTS: Account writes rows::ACCOUNTS.put();
    PUT_KICKS: Account writes rows::KICKS.put();

    TAKEN_GROUPS: Group = "
        SELECT group_id FROM landfall.groups WHERE sdk_app_id = $1 AND group_id = ANY($2::text[])";
    GROUPS: Group = format!(
        "SELECT {} FROM landfall.groups WHERE sdk_app_id = $1 AND group_id = ANY($2::text[])",
        rows::GROUPS.columns()
    );
    GROUP: Group = format!(
        "SELECT {} FROM landfall.groups WHERE sdk_app_id = $1 AND group_id = $2",
        rows::GROUPS.columns()
    );
    /// The same, and nobody else changes it until the transaction has ended on every node.
    GROUP_ALONE: Group = format!(
        "SELECT {} FROM landfall.groups WHERE sdk_app_id = $1 AND group_id = $2 FOR UPDATE",
        rows::GROUPS.columns()
    );
    SET_MEMBER_COUNT: Group = "
        UPDATE landfall.groups SET member_count = $3 WHERE sdk_app_id = $1 AND group_id = $2";
    /// The columns that change with a message, a new member or one that leaves.
    PUT_FIGURES: Group = "
        UPDATE landfall.groups SET next_message_seq = $3, last_message = $4, read_by_all = $5, cleared = $6,
            first_kept = $7, active = $8, member_count = $9, listed = $10
        WHERE sdk_app_id = $1 AND group_id = $2";
    /// What lists of conversations show of groups.
    GROUP_CHATS: Group = "
        SELECT group_id, created, next_message_seq, last_message, listed FROM landfall.groups
        WHERE sdk_app_id = $1 AND group_id = ANY($2::text[]) AND active";
    /// Those without messages.
    INACTIVE_GROUPS: Group = "
        SELECT group_id FROM landfall.groups
        WHERE sdk_app_id = $1 AND group_id = ANY($2::text[]) AND NOT active";
    REMOVE_GROUP: Group = format!(
        "DELETE FROM landfall.groups WHERE sdk_app_id = $1 AND group_id = $2 RETURNING {}",
        rows::GROUPS.columns()
    );
    /// One member less in each of these groups.
    COUNT_DOWN_MEMBERS: Group = "
        UPDATE landfall.groups SET member_count = member_count - 1
        WHERE sdk_app_id = $1 AND group_id = ANY($2::text[])";
    REMOVE_OWNER: Group = "
        UPDATE landfall.groups SET owner = NULL
        WHERE sdk_app_id = $1 AND group_id = ANY($2::text[]) AND owner = $3";

    ORIGINS: Group = format!(
        "SELECT group_id, {} FROM landfall.origins WHERE sdk_app_id = $1 AND group_id = ANY($2::text[])",
        rows::ORIGINS.columns()
    );
    REMOVE_ORIGIN: Group = "
        DELETE FROM landfall.origins WHERE sdk_app_id = $1 AND group_id = $2";

    MEMBERS_PRESENT: Group = "
        SELECT account, joined FROM landfall.members
        WHERE sdk_app_id = $1 AND group_id = $2 AND account = ANY($3::text[])";
    MEMBERS: Group = format!(
        "SELECT {} FROM landfall.members
        WHERE sdk_app_id = $1 AND group_id = $2 AND account = ANY($3::text[])",
        rows::MEMBERS.columns()
    );
    /// One account in several groups.
    MEMBER_OF: Group = format!(
        "SELECT group_id, {} FROM landfall.members
        WHERE sdk_app_id = $1 AND group_id = ANY($2::text[]) AND account = $3",
        rows::MEMBERS.columns()
    );
    /// The owner first among those who joined in the same second, as in every store.
    MEMBERS_BY_JOIN_TIME: Group = format!(
        "SELECT {} FROM landfall.members
        WHERE sdk_app_id = $1 AND group_id = $2 AND role = ANY($3::smallint[])
        ORDER BY joined, role <> 0, account OFFSET $4 LIMIT $5",
        rows::MEMBERS.columns()
    );
    MEMBERS_BY_NAME: Group = format!(
        "SELECT {} FROM landfall.members
        WHERE sdk_app_id = $1 AND group_id = $2 AND account > $3 AND role = ANY($4::smallint[])
        ORDER BY account LIMIT $5",
        rows::MEMBERS.columns()
    );
    ACCOUNTS_OF_GROUP: Group = "
        SELECT account FROM landfall.members
        WHERE sdk_app_id = $1 AND group_id = $2 AND account > $3 ORDER BY account LIMIT $4";
    REMOVE_MEMBERS: Group = "
        DELETE FROM landfall.members WHERE sdk_app_id = $1 AND group_id = $2";
    REMOVE_LEFT: Group = "
        DELETE FROM landfall.members WHERE sdk_app_id = $1 AND group_id = $2 AND account = ANY($3::text[])";
    REMOVE_MEMBER: Group = "
        DELETE FROM landfall.members WHERE sdk_app_id = $1 AND group_id = ANY($2::text[]) AND account = $3";

    /// One, because of a list of names the planner would rather read all parts of the kind, and of those a large group
    /// has many.
    PART: Group = format!(
        "SELECT {} FROM landfall.parts
        WHERE sdk_app_id = $1 AND group_id = $2 AND kind = $3 AND name = $4",
        rows::PARTS.columns()
    );
    PART_RANGE: Group = format!(
        "SELECT {} FROM landfall.parts
        WHERE sdk_app_id = $1 AND group_id = $2 AND kind = $3 AND name >= $4 AND name < $5
        ORDER BY name LIMIT $6",
        rows::PARTS.columns()
    );
    REMOVE_PART: Group = "
        DELETE FROM landfall.parts WHERE sdk_app_id = $1 AND group_id = $2 AND kind = $3 AND name = $4";
    REMOVE_PART_RANGE: Group = "
        DELETE FROM landfall.parts
        WHERE sdk_app_id = $1 AND group_id = $2 AND kind = $3 AND name >= $4 AND name < $5";
    REMOVE_ALL_PARTS: Group = "
        DELETE FROM landfall.parts WHERE sdk_app_id = $1 AND group_id = $2";

    /// Makes room for entries at the end of lanes, and makes missing lanes. Locks their rows.
    LENGTHEN_LANES: Group writes rows::lengthen_lanes();
    INSERT_NOTES: Group writes rows::NOTES.insert();
    /// Locks a lane that is due and not claimed; none when another transaction writes to it right now. One lane, because
    /// Citus locks rows only where one group is named.
    FREE_LANE: Group = format!(
        "SELECT {LANE_STATE} FROM landfall.lanes
        WHERE sdk_app_id = $1 AND group_id = $2 AND due <= $3 AND claimed_until <= $3 FOR UPDATE SKIP LOCKED"
    );
    /// Of lanes that [`FREE_LANE`] has locked.
    CLAIM_LANES: Group = "
        UPDATE landfall.lanes SET claim = $3, claimed_until = $4
        WHERE sdk_app_id = $1 AND group_id = ANY($2::text[])";
    /// $3, the lane's first number: the places of many removed entries are not walked through.
    FIRST_NOTES: Group = format!(
        "SELECT {} FROM landfall.notes
        WHERE sdk_app_id = $1 AND group_id = $2 AND number >= $3 ORDER BY number LIMIT $4",
        rows::NOTES.columns()
    );
    /// Locks a lane if this claim holds it.
    HELD_LANE: Group = format!(
        "SELECT {LANE_STATE} FROM landfall.lanes
        WHERE sdk_app_id = $1 AND group_id = $2 AND claim = $3 FOR UPDATE"
    );
    RELEASE_LANE: Group = "
        UPDATE landfall.lanes SET due = $3, failures = $4, first = $5, claim = NULL, claimed_until = 0
        WHERE sdk_app_id = $1 AND group_id = $2";
    REMOVE_LANE: Group = "
        DELETE FROM landfall.lanes WHERE sdk_app_id = $1 AND group_id = $2";
    REMOVE_NOTES_BELOW: Group = "
        DELETE FROM landfall.notes WHERE sdk_app_id = $1 AND group_id = $2 AND number < $3";
    LAST_DEAD_NOTE: Group = "
        SELECT number FROM landfall.dead_notes
        WHERE sdk_app_id = $1 AND group_id = $2 ORDER BY number DESC LIMIT 1";
    INSERT_DEAD_NOTES: Group writes rows::DEAD_NOTES.insert();
    /// $4 and $5, the lowest and the highest number: as with `MESSAGES_NUMBERED`.
    TAKE_DEAD_NOTES: Group = "
        DELETE FROM landfall.dead_notes
        WHERE sdk_app_id = $1 AND group_id = $2 AND number = ANY($3::bigint[]) AND number >= $4 AND number <= $5
        RETURNING number, note";

    KNOWN_ACCOUNTS: Account = "
        SELECT account FROM landfall.accounts WHERE sdk_app_id = $1 AND account = ANY($2::text[])";
    ACCOUNTS: Account = format!(
        "SELECT account, {} FROM landfall.accounts
        WHERE sdk_app_id = $1 AND account = ANY($2::text[])",
        rows::ACCOUNTS.columns()
    );
    KICKS: Account = "
        SELECT account, signatures_from FROM landfall.kicks WHERE sdk_app_id = $1 AND account = ANY($2::text[])";
    REMOVE_ACCOUNTS: Account = format!(
        "DELETE FROM landfall.accounts WHERE sdk_app_id = $1 AND account = ANY($2::text[])
        RETURNING account, {}",
        rows::ACCOUNTS.columns()
    );
    GROUPS_OF_ACCOUNT: Account = "
        SELECT group_id FROM landfall.memberships
        WHERE sdk_app_id = $1 AND account = $2 AND group_id > $3 ORDER BY group_id LIMIT $4";
    JOINED: Account = "
        SELECT group_id FROM landfall.memberships
        WHERE sdk_app_id = $1 AND account = $2 AND group_id > $3 AND kind = ANY($4::smallint[])
            AND support_topic = ANY($5::boolean[])
        ORDER BY group_id LIMIT $6";
    REMOVE_MEMBERSHIPS: Account = "
        DELETE FROM landfall.memberships WHERE sdk_app_id = $1 AND account = $2";
    REMOVE_MEMBERSHIP: Account = "
        DELETE FROM landfall.memberships WHERE sdk_app_id = $1 AND account = ANY($2::text[]) AND group_id = $3";

    COUNT_GROUPS: Figures writes rows::count_groups();
    GROUP_TOTAL: Figures = "
        SELECT COALESCE(sum(groups), 0)::bigint FROM landfall.group_counts
        WHERE sdk_app_id = $1 AND kind = ANY($2::smallint[])";
    /// How many accounts an app has only all of them together know. $2: first seen at this second or later.
    COUNT_ACCOUNTS: List = "
        SELECT count(*) FROM landfall.accounts
        WHERE sdk_app_id = $1 AND created >= $2 AND NOT placeholder";
    GIVE_POSITIONS: Figures = "
        INSERT INTO landfall.list_positions AS positions (sdk_app_id, given) VALUES ($1, $2)
        ON CONFLICT (sdk_app_id) DO UPDATE SET given = positions.given + excluded.given
        RETURNING given";
    /// $3: microseconds that the calls cost; $4: those of the whole allowance. `excluded.whole_at - $3` is the present, as
    /// it was before this waited for the row: others may have moved it on by up to a lock time-out. A row that lies ten
    /// seconds further ahead than the allowance was written before the clock was set back, and does not count.
    TAKE_CALLS: Figures = "
        INSERT INTO landfall.call_rates AS rates (sdk_app_id, command, whole_at)
        SELECT $1::bigint, $2::text, now.us + $3::bigint
        FROM (SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS us) AS now
        WHERE $3::bigint <= $4::bigint
        ON CONFLICT (sdk_app_id, command) DO UPDATE SET whole_at = CASE
            WHEN rates.whole_at > excluded.whole_at - $3::bigint + $4::bigint + 10000000 THEN excluded.whole_at
            ELSE greatest(rates.whole_at + $3::bigint, excluded.whole_at) END
        WHERE CASE WHEN rates.whole_at > excluded.whole_at - $3::bigint + $4::bigint + 10000000 THEN $3::bigint
            ELSE rates.whole_at + $3::bigint END <= excluded.whole_at - $3::bigint + $4::bigint
        RETURNING whole_at";

    COPY_PROGRESS: Copy = "SELECT source, place, rows FROM landfall.unfinished_copy";
    PUT_COPY_PROGRESS: Copy = "
        INSERT INTO landfall.unfinished_copy (one, source, place, rows) VALUES (true, $1, $2, $3)
        ON CONFLICT (one) DO UPDATE SET source = excluded.source, place = excluded.place, rows = excluded.rows";
    REMOVE_COPY_PROGRESS: Copy = "DELETE FROM landfall.unfinished_copy WHERE one";
    IS_OCCUPIED: Copy = "
        SELECT EXISTS (SELECT 1 FROM landfall.accounts) UNION ALL SELECT EXISTS (SELECT 1 FROM landfall.groups)
        UNION ALL SELECT EXISTS (SELECT 1 FROM landfall.kicks)
        UNION ALL SELECT EXISTS (SELECT 1 FROM landfall.origins)
        UNION ALL SELECT EXISTS (SELECT 1 FROM landfall.members)
        UNION ALL SELECT EXISTS (SELECT 1 FROM landfall.parts)
        UNION ALL SELECT EXISTS (SELECT 1 FROM landfall.messages)
        UNION ALL SELECT EXISTS (SELECT 1 FROM landfall.facts)
        UNION ALL SELECT EXISTS (SELECT 1 FROM landfall.direct_messages)
        UNION ALL SELECT EXISTS (SELECT 1 FROM landfall.lanes)
        UNION ALL SELECT EXISTS (SELECT 1 FROM landfall.dead_notes)";
    RAISE_POSITION: Copy = "
        INSERT INTO landfall.list_positions AS positions (sdk_app_id, given) VALUES ($1, $2)
        ON CONFLICT (sdk_app_id) DO UPDATE SET given = greatest(positions.given, excluded.given)";
    COPY_ACCOUNTS: Copy = format!(
        "SELECT sdk_app_id, account, {} FROM landfall.accounts
        WHERE (sdk_app_id, account) > ($1, $2) ORDER BY sdk_app_id, account LIMIT $3",
        rows::ACCOUNTS.columns()
    );
    COPY_KICKS: Copy = "
        SELECT sdk_app_id, account, signatures_from FROM landfall.kicks
        WHERE (sdk_app_id, account) > ($1, $2) ORDER BY sdk_app_id, account LIMIT $3";
    COPY_ORIGINS: Copy = format!(
        "SELECT sdk_app_id, group_id, {} FROM landfall.origins
        WHERE (sdk_app_id, group_id) > ($1, $2) ORDER BY sdk_app_id, group_id LIMIT $3",
        rows::ORIGINS.columns()
    );
    COPY_GROUPS: Copy = format!(
        "SELECT groups.sdk_app_id, {}, {}
        FROM landfall.groups AS groups
        LEFT JOIN landfall.members AS owners ON owners.sdk_app_id = groups.sdk_app_id
            AND owners.group_id = groups.group_id AND owners.account = groups.owner
        WHERE (groups.sdk_app_id, groups.group_id) > ($1, $2)
        ORDER BY groups.sdk_app_id, groups.group_id LIMIT $3",
        rows::GROUPS.columns_of("groups."),
        rows::MEMBERS.columns_of("owners.")
    );
    COPY_MEMBERS: Copy = format!(
        "SELECT sdk_app_id, group_id, {} FROM landfall.members
        WHERE (sdk_app_id, group_id, account) > ($1, $2, $3) AND role <> 0
        ORDER BY sdk_app_id, group_id, account LIMIT $4",
        rows::MEMBERS.columns()
    );
    COPY_PARTS: Copy = format!(
        "SELECT sdk_app_id, group_id, {} FROM landfall.parts
        WHERE (sdk_app_id, group_id, kind, name) > ($1, $2, $3::bigint, $4)
        ORDER BY sdk_app_id, group_id, kind, name LIMIT $5",
        rows::PARTS.columns()
    );
    COPY_MESSAGES: Copy = format!(
        "SELECT sdk_app_id, group_id, {} FROM landfall.messages
        WHERE (sdk_app_id, group_id, topic, seq) > ($1, $2, $3, $4::bigint)
        ORDER BY sdk_app_id, group_id, topic, seq LIMIT $5",
        rows::MESSAGES.columns()
    );
    COUNT_BY_KIND: Copy = "
        SELECT sdk_app_id, kind, sum(groups)::bigint FROM landfall.group_counts GROUP BY sdk_app_id, kind";
    COUNT_LISTED: Copy = "
        SELECT sdk_app_id, count(*), max(list_position) FROM landfall.groups GROUP BY sdk_app_id";
    COUNT_MEMBERSHIPS: Copy = "
        SELECT sdk_app_id, count(*) FROM landfall.memberships GROUP BY sdk_app_id";
    COUNT_ROWS: Copy = "
        SELECT (SELECT count(*) FROM landfall.accounts), (SELECT count(*) FROM landfall.members WHERE role <> 0),
            (SELECT count(*) FROM landfall.parts), (SELECT count(*) FROM landfall.messages),
            (SELECT count(*) FROM landfall.kicks), (SELECT count(*) FROM landfall.origins),
            (SELECT count(*) FROM landfall.facts), (SELECT count(*) FROM landfall.direct_messages)";
    ANALYZE: Copy = "
        ANALYZE landfall.accounts, landfall.kicks, landfall.groups, landfall.origins, landfall.members, landfall.memberships,
            landfall.parts, landfall.messages, landfall.message_days, landfall.facts, landfall.direct_messages,
            landfall.direct_days";

    LIST: List = "
        SELECT group_id, list_position FROM landfall.groups
        WHERE sdk_app_id = $1 AND list_position >= $2 AND list_position > 0 AND kind = ANY($3::smallint[])
        ORDER BY list_position LIMIT $4";
    /// Which accounts an app has only all of them together know.
    LIST_ACCOUNTS: List = "
        SELECT account FROM landfall.accounts
        WHERE sdk_app_id = $1 AND account > $2 ORDER BY account LIMIT $3";
    /// Which groups a job made only all groups together know.
    GROUPS_OF_JOB: List = "
        SELECT group_id FROM landfall.origins
        WHERE sdk_app_id = $1 AND job = $2 AND brought >= 0 AND group_id > $3 ORDER BY group_id LIMIT $4";
    /// Which groups a job added to that another one made only all groups together know. $2, a pattern for the job in a list.
    GROUPS_ADDED_TO: List = "
        SELECT group_id FROM landfall.origins
        WHERE sdk_app_id = $1 AND added LIKE $2 AND added <> '' AND group_id > $3 ORDER BY group_id LIMIT $4";
    /// Which conversations have the oldest messages only all groups together know.
    OLD_DAYS: List = "
        SELECT day, group_id, topic FROM landfall.message_days
        WHERE sdk_app_id = $1 AND day <= $2 AND day >= 0 AND (day, group_id, topic) > ($3, $4, $5)
        ORDER BY day, group_id, topic LIMIT $6";
    /// Which lanes are due only all groups together know.
    DUE_LANES: List = "
        SELECT due, group_id FROM landfall.lanes
        WHERE sdk_app_id = $1 AND due <= $2 AND due >= 0 AND claimed_until <= $2 AND (due, group_id) > ($3, $4)
        ORDER BY due, group_id LIMIT $5";
    DEAD_NOTES: List = format!(
        "SELECT group_id, {} FROM landfall.dead_notes
        WHERE sdk_app_id = $1 AND (group_id, number) > ($2, $3) ORDER BY group_id, number LIMIT $4",
        rows::DEAD_NOTES.columns()
    );
}

/// All statements.
#[cfg(test)]
static ALL: LazyLock<Vec<(&str, &Statement)>> =
    LazyLock::new(|| [HERE, messages::HERE, people::HERE].concat());

/// Those that write rows, with their other form.
#[cfg(test)]
static ROW_WISE: LazyLock<Vec<(&str, Option<&Writing>)>> =
    LazyLock::new(|| [ROW_WISE_HERE, messages::ROW_WISE_HERE, people::ROW_WISE_HERE].concat());

#[cfg(test)]
mod tests;
