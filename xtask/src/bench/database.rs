//! The PostgreSQL under the server: started for the benchmark, on the disk of the build, durable.

use super::process::{self, REST};
use super::target::APP;
use anyhow::{Context as _, Result, bail};
use landfall_test_database::{Cluster, Options};
use postgres::{Client, NoTls};
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::Path;

/// Settings that an operator of a small machine would choose. All others are PostgreSQL's defaults, above all
/// durability.
const SETTINGS: [&str; 3] = ["shared_buffers = 512MB", "max_wal_size = 4GB", "max_connections = 100"];

/// Settings the figures depend on, as PostgreSQL itself names them.
const SHOWN: [&str; 8] = [
    "server_version",
    "shared_buffers",
    "max_wal_size",
    "checkpoint_timeout",
    "max_connections",
    "fsync",
    "synchronous_commit",
    "full_page_writes",
];

/// How many rows of each kind there are, and how many groups have all their rows.
const COUNTS: &str = "
    SELECT (SELECT count(*) FROM landfall.groups),
        (SELECT count(*) FROM landfall.members),
        (SELECT count(*) FROM landfall.memberships),
        (SELECT COALESCE(sum(groups), 0)::bigint FROM landfall.group_counts),
        (SELECT count(*) FROM landfall.groups AS g
            JOIN landfall.members AS m
                ON (m.sdk_app_id, m.group_id, m.account) = (g.sdk_app_id, g.group_id, g.owner) AND m.role = 0
            JOIN landfall.memberships AS s
                ON (s.sdk_app_id, s.account, s.group_id) = (g.sdk_app_id, g.owner, g.group_id)
            JOIN landfall.accounts AS a ON (a.sdk_app_id, a.account) = (g.sdk_app_id, g.owner))";

/// How many different rows there are apart from names, numbers and times: one in each table if all look alike.
const KINDS_OF_ROWS: &str = "
    SELECT (SELECT count(*) FROM (SELECT DISTINCT pg_column_size(g), octet_length(group_id), kind, octet_length(name),
            introduction, notification, face_url, octet_length(fields::text), max_members, join_option,
            octet_length(owner), support_topic, invite_option, mute_all, info_seq, info_changed - created,
            last_message, next_message_seq, member_count FROM landfall.groups AS g) AS kinds),
        (SELECT count(*) FROM (SELECT DISTINCT pg_column_size(m), role, read_seq, receive_option, muted_until,
            last_message, name_card FROM landfall.members AS m) AS kinds),
        (SELECT count(*) FROM (SELECT DISTINCT pg_column_size(s) FROM landfall.memberships AS s) AS kinds)";

/// A running PostgreSQL.
pub(super) struct Database {
    session: Client,
    /// The parent of all its other processes.
    postmaster: u32,
    /// Dropped last: the session is connected to it.
    cluster: Cluster,
}

/// The settings it ran with, by name.
#[derive(Debug, Serialize)]
pub(super) struct Settings(BTreeMap<String, String>);

impl Database {
    /// Starts an empty database in `directory`.
    pub(super) fn start(directory: &Path) -> Result<Self> {
        let cluster = Cluster::create(&Options {
            durable: true,
            settings: SETTINGS.map(str::to_owned).into(),
            parent: Some(directory.to_owned()),
            port: None,
            programs: None,
        })?;
        let mut session =
            Client::connect(&cluster.url("postgres"), NoTls).context("cannot connect to PostgreSQL")?;
        let backend: i32 = session.query_one("SELECT pg_backend_pid()", &[])?.get(0);
        let postmaster = process::parent(backend.unsigned_abs())?;
        Ok(Self { session, postmaster, cluster })
    }

    /// The URL for the server and pgbench.
    pub(super) fn url(&self) -> String {
        self.cluster.url("postgres")
    }

    /// The settings in effect, as PostgreSQL reports them.
    pub(super) fn settings(&mut self) -> Result<Settings> {
        let names = SHOWN.map(str::to_owned).to_vec();
        let rows = self
            .session
            .query("SELECT name, current_setting(name) FROM unnest($1::text[]) AS shown (name)", &[&names])?;
        Ok(Settings(rows.iter().map(|row| (row.get(0), row.get(1))).collect()))
    }

    /// Processor time of all its processes so far, in seconds.
    pub(super) fn cpu_seconds(&self) -> Result<f64> {
        process::family_cpu_seconds(self.postmaster)
    }

    /// Waits for deferred work, such as writing pages and vacuuming tables.
    pub(super) fn wait_until_idle(&self) -> Result<()> {
        process::wait_until_idle(|| self.cpu_seconds(), REST)
    }

    /// Size of its tables and indexes on the disk, in bytes.
    pub(super) fn data_bytes(&mut self) -> Result<u64> {
        let bytes: i64 = self.session.query_one("SELECT pg_database_size(current_database())", &[])?.get(0);
        Ok(bytes.unsigned_abs())
    }

    /// The position after the last group of the list.
    pub(super) fn first_free_position(&mut self) -> Result<i64> {
        let statement =
            "SELECT COALESCE(max(list_position), 0) + 1 FROM landfall.groups WHERE sdk_app_id = $1";
        Ok(self.session.query_one(statement, &[&i64::from(APP)])?.get(0))
    }

    /// Makes the server continue after the last group of the list, so that it inserts at the end of that index like
    /// pgbench.
    pub(super) fn pass_positions(&mut self) -> Result<()> {
        let given = self.first_free_position()? - 1;
        let statement = "
            UPDATE landfall.list_positions SET given = greatest(given, $2) WHERE sdk_app_id = $1";
        self.session.execute(statement, &[&i64::from(APP), &given])?;
        Ok(())
    }

    /// Checks that the tables hold `groups` groups with all their rows, and that the rows of the server and of pgbench
    /// look alike.
    ///
    /// # Errors
    /// The first difference.
    pub(super) fn check(&mut self, groups: u64) -> Result<()> {
        let names =
            ["groups", "members", "memberships", "groups by the figures", "groups with all their rows"];
        let row = self.session.query_one(COUNTS, &[])?;
        for (column, name) in names.into_iter().enumerate() {
            let found: i64 = row.get(column);
            if found.unsigned_abs() != groups {
                bail!("{groups} groups were imported and inserted, but the tables hold {found} {name}");
            }
        }
        let row = self.session.query_one(KINDS_OF_ROWS, &[])?;
        for (column, name) in names[..3].iter().enumerate() {
            let kinds: i64 = row.get(column);
            if kinds != 1 {
                bail!("pgbench and the server do not write the same: there are {kinds} kinds of {name}");
            }
        }
        println!("the tables hold all {groups} groups, each with its member, membership and account");
        Ok(())
    }
}

impl std::fmt::Display for Settings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let settings: Vec<_> = self.0.iter().map(|(name, value)| format!("{name} {value}")).collect();
        f.write_str(&settings.join(", "))
    }
}
