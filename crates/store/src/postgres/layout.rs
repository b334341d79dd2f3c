//! Where the rows of the tables are.

use super::OpenError;
use tokio_postgres::{Client, Error};

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
    /// The database is a worker of a cluster: it has neither the locks nor the figures that all servers share.
    pub(super) async fn of(client: &Client) -> Result<Self, OpenError> {
        match node_of(client).await? {
            None => return Ok(Self::Together),
            Some(COORDINATOR) => {}
            Some(_) => return Err(OpenError::Worker),
        }
        let spread = "SELECT EXISTS (SELECT FROM pg_dist_partition
            WHERE logicalrelid = 'landfall.groups'::regclass AND partmethod = 'h')";
        let spread: bool = client.query_one(spread, &[]).await?.try_get(0)?;
        Ok(if spread { Self::Spread } else { Self::Together })
    }
}

/// The number by which a cluster knows its coordinator.
pub(super) const COORDINATOR: i32 = 0;

/// The number of a database as a node of a cluster; `None` where there is no Citus.
pub(super) async fn node_of(client: &Client) -> Result<Option<i32>, Error> {
    let has_citus = "SELECT to_regclass('pg_dist_local_group') IS NOT NULL";
    if !client.query_one(has_citus, &[]).await?.try_get::<_, bool>(0)? {
        return Ok(None);
    }
    client.query_one("SELECT groupid FROM pg_dist_local_group", &[]).await?.try_get(0).map(Some)
}

/// Whether a database is a worker of a cluster.
pub(super) async fn is_worker(client: &Client) -> Result<bool, Error> {
    Ok(node_of(client).await?.is_some_and(|node| node != COORDINATOR))
}
