//! Spreading the tables over the nodes of a Citus cluster.

use super::hosts::Hosts;
use super::{OpenError, Settings, connect, locks, migrations, statements};
use std::collections::BTreeSet;
use tokio_postgres::Client;

/// Shards of each table, unless asked for otherwise: as many nodes can get a part. More of them make every list of groups
/// and every batch of imports dearer.
pub const SHARDS_DEFAULT: u16 = 8;

/// The distributed tables, each with the column that decides where a row lies, and the table whose rows of the same
/// key lie beside it. The other tables have a row or a few for each app and stay on the coordinator.
pub(super) const TABLES: [(&str, &str, Option<&str>); 17] = [
    ("landfall.groups", "group_id", None),
    ("landfall.origins", "group_id", Some("landfall.groups")),
    ("landfall.members", "group_id", Some("landfall.groups")),
    ("landfall.parts", "group_id", Some("landfall.groups")),
    ("landfall.messages", "group_id", Some("landfall.groups")),
    ("landfall.message_days", "group_id", Some("landfall.groups")),
    ("landfall.lanes", "group_id", Some("landfall.groups")),
    ("landfall.notes", "group_id", Some("landfall.groups")),
    ("landfall.dead_notes", "group_id", Some("landfall.groups")),
    ("landfall.places", "place", None),
    ("landfall.accounts", "account", None),
    ("landfall.memberships", "account", Some("landfall.accounts")),
    ("landfall.kicks", "account", Some("landfall.accounts")),
    ("landfall.facts", "subject", Some("landfall.accounts")),
    ("landfall.direct_messages", "subject", Some("landfall.accounts")),
    ("landfall.direct_days", "subject", Some("landfall.accounts")),
    ("landfall.group_counts", "part", None),
];

/// The tables that stay on the coordinator and are written in one transaction with the others. Citus has to know them:
/// otherwise it commits on one worker before it has committed them, and a crash between the two leaves half.
const LOCAL_TABLES: [&str; 2] = ["landfall.list_positions", "landfall.unfinished_copy"];

/// Why the tables were not distributed.
#[derive(Debug, thiserror::Error)]
pub enum DistributeError {
    /// The database cannot be used.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// It is plain PostgreSQL.
    #[error(
        "this database has no citus extension, so nothing was changed; the store works without it. To distribute \
         it, install Citus on its machine and add citus to shared_preload_libraries"
    )]
    NoCitus,
    /// There is nothing to spread them over.
    #[error(
        "this database has no Citus workers, so nothing was changed. Make a database of this name with the citus \
         extension on each of them, then name each here with SELECT citus_add_node('host', 5432)"
    )]
    NoWorkers,
    /// Citus refused. Tables that were distributed before stay distributed.
    #[error(
        "{table} could not be distributed; tables that were distributed before stay distributed, run the command again"
    )]
    Table {
        /// The table.
        table: &'static str,
        /// The cause.
        #[source]
        cause: tokio_postgres::Error,
    },
}

impl From<tokio_postgres::Error> for DistributeError {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Open(error.into())
    }
}

/// One distributed table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Distributed {
    /// Its name.
    pub table: &'static str,
    /// The column that decides where a row lies.
    pub key: &'static str,
    /// Whether it already was distributed.
    pub before: bool,
}

/// Distributes the tables of a database that has the `citus` extension and workers, making tables where they are
/// missing, each in `shards` parts. Tables that are distributed already stay as they are.
///
/// # Errors
/// There is no Citus or no worker, servers use the database, or a table could not be distributed.
pub async fn distribute(settings: &Settings, shards: u16) -> Result<Vec<Distributed>, DistributeError> {
    let tls = connect::tls(settings).map_err(OpenError::from)?;
    let Hosts { home: settings, .. } = Hosts::of(settings, &tls).await?;
    let mut client = connect::client(&settings, &tls).await?;
    if !has_citus(&client).await? {
        return Err(DistributeError::NoCitus);
    }
    client.batch_execute("CREATE EXTENSION IF NOT EXISTS citus").await?;
    if !has_workers(&client).await? {
        return Err(DistributeError::NoWorkers);
    }
    migrations::run(&mut client).await?;
    if !locks::take_serving(&client, false).await? || locks::are_workers_serving(&client).await? {
        return Err(OpenError::Served.into());
    }
    let mut distributed = Vec::with_capacity(TABLES.len());
    for (table, key, beside) in TABLES {
        let before = is_distributed(&client, table).await?;
        if !before {
            let done = match beside {
                None => {
                    let distribute = "SELECT create_distributed_table($1::text::regclass, $2,
                        colocate_with => 'none', shard_count => $3)";
                    client.query(distribute, &[&table, &key, &i32::from(shards)]).await
                }
                Some(beside) => {
                    let distribute =
                        "SELECT create_distributed_table($1::text::regclass, $2, colocate_with => $3)";
                    client.query(distribute, &[&table, &key, &beside]).await
                }
            };
            done.map_err(|cause| DistributeError::Table { table, cause })?;
        }
        distributed.push(Distributed { table, key, before });
    }
    make_places(&client).await?;
    for table in LOCAL_TABLES {
        if !is_known(&client, table).await? {
            let add = "SELECT citus_add_local_table_to_metadata($1::text::regclass)";
            let added = client.query(add, &[&table]).await;
            added.map_err(|cause| DistributeError::Table { table, cause })?;
        }
    }
    Ok(distributed)
}

/// Numbers that are tried as names of places: far more than there are shards, so that each shard gets one.
const PLACES_TRIED: i32 = 4_096;

/// Makes a place in each shard of theirs that has none. Work enters by a worker only where one lies.
async fn make_places(client: &Client) -> Result<(), tokio_postgres::Error> {
    let there = places(client).await?;
    let tried = (1..=PLACES_TRIED).map(|number| number.to_string());
    let names: Vec<String> = there.iter().cloned().chain(tried).collect();
    let shards = "SELECT get_shard_id_for_distribution_column('landfall.places', place)
        FROM unnest($1::text[]) WITH ORDINALITY AS places (place, number) ORDER BY number";
    let shards = client.query(shards, &[&names]).await?;
    let mut filled: BTreeSet<i64> = BTreeSet::new();
    for (number, (name, shard)) in names.iter().zip(&shards).enumerate() {
        if filled.insert(shard.try_get(0)?) && there.len() <= number {
            client.execute("INSERT INTO landfall.places (place) VALUES ($1)", &[name]).await?;
        }
    }
    Ok(())
}

/// The places by which work may enter.
pub(super) async fn places(client: &Client) -> Result<Vec<String>, tokio_postgres::Error> {
    let places = client.query(statements::PLACES.sql(), &[]).await?;
    places.iter().map(|row| row.try_get(0)).collect()
}

/// Whether a table is distributed.
async fn is_distributed(client: &Client, table: &str) -> Result<bool, tokio_postgres::Error> {
    let distributed = "SELECT EXISTS (SELECT FROM pg_dist_partition
        WHERE logicalrelid = $1::text::regclass AND partmethod = 'h')";
    client.query_one(distributed, &[&table]).await?.try_get(0)
}

/// Whether Citus knows a table.
async fn is_known(client: &Client, table: &str) -> Result<bool, tokio_postgres::Error> {
    let known = "SELECT EXISTS (SELECT FROM pg_dist_partition WHERE logicalrelid = $1::text::regclass)";
    client.query_one(known, &[&table]).await?.try_get(0)
}

async fn has_workers(client: &Client) -> Result<bool, tokio_postgres::Error> {
    let found =
        "SELECT EXISTS (SELECT FROM pg_dist_node WHERE groupid <> 0 AND isactive AND shouldhaveshards)";
    client.query_one(found, &[]).await?.try_get(0)
}

async fn has_citus(client: &Client) -> Result<bool, tokio_postgres::Error> {
    let found = "SELECT EXISTS (SELECT FROM pg_available_extensions WHERE name = 'citus')";
    client.query_one(found, &[]).await?.try_get(0)
}
