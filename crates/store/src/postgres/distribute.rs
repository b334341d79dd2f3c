//! Spreading the tables over the nodes of a Citus cluster.

use super::{OpenError, Settings, connect, locks, migrations};
use tokio_postgres::Client;

/// Shards of each table, unless asked for otherwise: as many nodes can get a part. More of them make every list of groups
/// and every batch of imports dearer.
pub const SHARDS_DEFAULT: u16 = 8;

/// The distributed tables, each with the column that decides where a row lies, and the table whose rows of the same
/// key lie beside it. The other tables have a row or a few for each app and stay on the coordinator.
pub(super) const TABLES: [(&str, &str, Option<&str>); 15] = [
    ("landfall.groups", "group_id", None),
    ("landfall.origins", "group_id", Some("landfall.groups")),
    ("landfall.members", "group_id", Some("landfall.groups")),
    ("landfall.parts", "group_id", Some("landfall.groups")),
    ("landfall.messages", "group_id", Some("landfall.groups")),
    ("landfall.message_days", "group_id", Some("landfall.groups")),
    ("landfall.lanes", "group_id", Some("landfall.groups")),
    ("landfall.notes", "group_id", Some("landfall.groups")),
    ("landfall.dead_notes", "group_id", Some("landfall.groups")),
    ("landfall.accounts", "account", None),
    ("landfall.memberships", "account", Some("landfall.accounts")),
    ("landfall.kicks", "account", Some("landfall.accounts")),
    ("landfall.facts", "subject", Some("landfall.accounts")),
    ("landfall.direct_messages", "subject", Some("landfall.accounts")),
    ("landfall.direct_days", "subject", Some("landfall.accounts")),
];

/// The tables that stay on the coordinator and are written in one transaction with the others. Citus has to know them:
/// otherwise it commits on one worker before it has committed them, and a crash between the two leaves half.
const LOCAL_TABLES: [&str; 3] =
    ["landfall.group_counts", "landfall.list_positions", "landfall.unfinished_copy"];

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
    let mut client = connect::client(settings, &tls).await?;
    if !has_citus(&client).await? {
        return Err(DistributeError::NoCitus);
    }
    client.batch_execute("CREATE EXTENSION IF NOT EXISTS citus").await?;
    if !has_workers(&client).await? {
        return Err(DistributeError::NoWorkers);
    }
    migrations::run(&mut client).await?;
    if !locks::take_serving(&client, false).await? {
        return Err(OpenError::Served.into());
    }
    let mut distributed = Vec::with_capacity(TABLES.len());
    for (table, key, beside) in TABLES {
        let before = is_known(&client, table).await?;
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
    for table in LOCAL_TABLES {
        if !is_known(&client, table).await? {
            let add = "SELECT citus_add_local_table_to_metadata($1::text::regclass)";
            let added = client.query(add, &[&table]).await;
            added.map_err(|cause| DistributeError::Table { table, cause })?;
        }
    }
    Ok(distributed)
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
