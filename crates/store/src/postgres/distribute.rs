//! Spreading the tables over the nodes of a Citus cluster.

use super::{OpenError, Settings, connect, locks, migrations};
use tokio_postgres::Client;

/// The distributed tables, each with the column that decides where a row lies, and the table whose rows of the same
/// key lie beside it. The other tables have a row or a few for each app and stay on the coordinator.
const TABLES: [(&str, &str, &str); 15] = [
    ("landfall.groups", "group_id", "none"),
    ("landfall.origins", "group_id", "landfall.groups"),
    ("landfall.members", "group_id", "landfall.groups"),
    ("landfall.parts", "group_id", "landfall.groups"),
    ("landfall.messages", "group_id", "landfall.groups"),
    ("landfall.message_days", "group_id", "landfall.groups"),
    ("landfall.lanes", "group_id", "landfall.groups"),
    ("landfall.notes", "group_id", "landfall.groups"),
    ("landfall.dead_notes", "group_id", "landfall.groups"),
    ("landfall.accounts", "account", "none"),
    ("landfall.memberships", "account", "landfall.accounts"),
    ("landfall.kicks", "account", "landfall.accounts"),
    ("landfall.facts", "subject", "landfall.accounts"),
    ("landfall.direct_messages", "subject", "landfall.accounts"),
    ("landfall.direct_days", "subject", "landfall.accounts"),
];

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

/// Distributes the tables of a database that has the `citus` extension, making tables and extension where they are
/// missing. Tables that are distributed already stay as they are.
///
/// # Errors
/// There is no Citus, servers use the database, or a table could not be distributed.
pub async fn distribute(settings: &Settings) -> Result<Vec<Distributed>, DistributeError> {
    let tls = connect::tls(settings).map_err(OpenError::from)?;
    let mut client = connect::client(settings, &tls).await?;
    if !has_citus(&client).await? {
        return Err(DistributeError::NoCitus);
    }
    migrations::run(&mut client).await?;
    if !locks::take_serving(&client, false).await? {
        return Err(OpenError::Served.into());
    }
    client.batch_execute("CREATE EXTENSION IF NOT EXISTS citus").await?;
    let mut distributed = Vec::with_capacity(TABLES.len());
    for (table, key, beside) in TABLES {
        let before = "SELECT EXISTS (SELECT FROM pg_dist_partition WHERE logicalrelid = $1::text::regclass)";
        let before: bool = client.query_one(before, &[&table]).await?.try_get(0)?;
        if !before {
            let distribute = "SELECT create_distributed_table($1::text::regclass, $2, colocate_with => $3)";
            let done = client.query(distribute, &[&table, &key, &beside]).await;
            done.map_err(|cause| DistributeError::Table { table, cause })?;
        }
        distributed.push(Distributed { table, key, before });
    }
    Ok(distributed)
}

async fn has_citus(client: &Client) -> Result<bool, tokio_postgres::Error> {
    let found = "SELECT EXISTS (SELECT FROM pg_available_extensions WHERE name = 'citus')";
    client.query_one(found, &[]).await?.try_get(0)
}
