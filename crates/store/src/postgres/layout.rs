//! Where the rows of the tables are.

use super::OpenError;
use tokio_postgres::Client;

/// Attempts that write groups by `COPY` where rows are spread: the first takes them for new, the second looks first.
pub(super) const COPYING_ATTEMPTS: usize = 2;

/// Where the rows are. It changes only while no server serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    /// In one database.
    Together,
    /// On the nodes of a Citus cluster, each row where its group or account selects.
    Spread,
}

impl Layout {
    /// That of the tables, which are made.
    ///
    /// # Errors
    /// The database is a worker of a cluster: writers that ask several nodes for the same lock all get it.
    pub(super) async fn of(client: &Client) -> Result<Self, OpenError> {
        let has_citus = "SELECT to_regclass('pg_dist_partition') IS NOT NULL";
        if !client.query_one(has_citus, &[]).await?.try_get::<_, bool>(0)? {
            return Ok(Self::Together);
        }
        let worker = "SELECT EXISTS (SELECT FROM pg_dist_local_group WHERE groupid <> 0)";
        if client.query_one(worker, &[]).await?.try_get(0)? {
            return Err(OpenError::Worker);
        }
        let spread = "SELECT EXISTS (SELECT FROM pg_dist_partition
            WHERE logicalrelid = 'landfall.groups'::regclass AND partmethod = 'h')";
        let spread: bool = client.query_one(spread, &[]).await?.try_get(0)?;
        Ok(if spread { Self::Spread } else { Self::Together })
    }
}
