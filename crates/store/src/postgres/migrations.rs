//! The tables, brought up to date when the store is opened: numbered steps that only go forward.

use super::{OpenError, locks};
use tokio_postgres::{Client, GenericClient};

/// A step; its number is its place in [`STEPS`], counted from 1. A step that was released never changes.
pub(super) const STEPS: [&str; 6] = [
    include_str!("migrations/0001_groups.sql"),
    include_str!("migrations/0002_kicks.sql"),
    include_str!("migrations/0003_origins.sql"),
    include_str!("migrations/0004_added.sql"),
    include_str!("migrations/0005_people.sql"),
    include_str!("migrations/0006_contacts.sql"),
];

/// The version of the tables this program works with.
pub(super) const VERSION: usize = STEPS.len();

/// Oldest PostgreSQL that is worked with, as it numbers itself.
const SERVER_VERSION_MIN: i32 = 140_000;

/// Makes the tables, or brings them to [`VERSION`]. Of servers that start at the same time one does it.
pub(super) async fn run(client: &mut Client) -> Result<(), OpenError> {
    check_server(client).await?;
    let tx = client.transaction().await?;
    // Long enough for another server to make the tables; the lock ends with the transaction.
    tx.batch_execute("SET LOCAL lock_timeout = '60s'").await?;
    tx.query("SELECT pg_advisory_xact_lock($1)", &[&locks::TABLES]).await?;
    if !is_made(&tx).await? {
        tx.batch_execute(
            "CREATE SCHEMA IF NOT EXISTS landfall;
             CREATE TABLE landfall.schema_versions (
                 version integer PRIMARY KEY,
                 applied timestamptz NOT NULL DEFAULT now()
             )",
        )
        .await?;
    }
    let found = tx.query_one("SELECT COALESCE(max(version), 0) FROM landfall.schema_versions", &[]).await?;
    let found: i32 = found.try_get(0)?;
    let done = usize::try_from(found).unwrap_or(0);
    if VERSION < done {
        return Err(OpenError::Newer { found: done });
    }
    for (step, number) in STEPS.iter().zip(1_i32..).skip(done) {
        // Citus changes a table that it has spread only by a statement that was sent alone.
        for statement in step.split(";\n") {
            tx.batch_execute(statement).await?;
        }
        tx.execute("INSERT INTO landfall.schema_versions (version) VALUES ($1)", &[&number]).await?;
        tracing::info!("the tables of the database are now of version {number}");
    }
    tx.commit().await?;
    Ok(())
}

/// Whether the tables are there, of whatever version.
pub(super) async fn is_made(client: &impl GenericClient) -> Result<bool, OpenError> {
    let row = client.query_one("SELECT to_regclass('landfall.schema_versions') IS NOT NULL", &[]).await?;
    Ok(row.try_get(0)?)
}

/// The source of the copy into this database that is not finished, if there is one.
pub(super) async fn unfinished_copy(client: &Client) -> Result<Option<String>, OpenError> {
    let row = client.query_opt("SELECT source FROM landfall.unfinished_copy", &[]).await?;
    Ok(row.map(|row| row.try_get(0)).transpose()?)
}

async fn check_server(client: &Client) -> Result<(), OpenError> {
    let row = client
        .query_one(
            "SELECT current_setting('server_version_num')::integer, current_setting('server_version'),
                 current_setting('server_encoding'), current_setting('fsync')",
            &[],
        )
        .await?;
    if row.try_get::<_, i32>(0)? < SERVER_VERSION_MIN {
        return Err(OpenError::TooOld(row.try_get(1)?));
    }
    let encoding: String = row.try_get(2)?;
    if encoding != "UTF8" {
        return Err(OpenError::Encoding(encoding));
    }
    if row.try_get::<_, String>(3)? == "off" {
        tracing::warn!(
            "fsync is off in the database: what is acknowledged does not survive a crash of its machine"
        );
    }
    Ok(())
}
