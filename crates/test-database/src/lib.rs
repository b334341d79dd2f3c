//! The throw-away PostgreSQL of tests and benchmarks: whole clusters that start, stop, replicate and leave
//! nothing behind, and a separate database in one of them for each test. NATS servers in the same way. A stand-in for a
//! service with a bucket.
//!
//! Everything here blocks its thread, and works with or without an async runtime around it.

mod bucket;
mod cluster;
mod fresh;
mod launch;
mod nats;
mod port;
mod programs;
mod session;

pub use bucket::{BucketServer, Fault};
pub use cluster::{Cluster, Mode, Options, Replication};
pub use fresh::{FreshDatabase, fresh_database, nodes, on_citus};
pub use nats::NatsServer;
pub use programs::Programs;
pub use session::execute;

/// The variable with the server for the databases of tests, as the URL of a database of its superuser.
/// `cargo xtask test` sets it.
pub const SERVER_URL_VARIABLE: &str = "LANDFALL_TEST_POSTGRES_URL";

/// The variable that says that the server of [`SERVER_URL_VARIABLE`] is the coordinator of a Citus cluster.
pub const ON_CITUS_VARIABLE: &str = "LANDFALL_TEST_CITUS";
