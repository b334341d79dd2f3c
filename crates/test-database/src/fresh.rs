//! A database for each test, copied from a template that was migrated once.

use crate::session::{execute, session, with_database, with_server};
use crate::{ON_CITUS_VARIABLE, SERVER_URL_VARIABLE};
use anyhow::{Context as _, Result, anyhow};
use postgres::{Client, Row};

/// Held while a template is made, since several test programs may need the same one at once. The number is arbitrary.
const TEMPLATE_LOCK: i64 = 0x1a2d_fa11_7e57;

/// Host and port of every node of a Citus cluster, the coordinator first, and whether it is the coordinator.
const NODES: &str = "SELECT nodename, nodeport, groupid = 0 FROM pg_dist_node ORDER BY groupid";

/// A database with a single user. It is dropped with this value, even while connections to it are open.
#[derive(Debug)]
pub struct FreshDatabase {
    server_url: String,
    /// The other nodes that have the database.
    other_nodes: Vec<String>,
    url: String,
    name: String,
}

/// A database for one test, on the server that [`SERVER_URL_VARIABLE`] names.
///
/// `migrate` gets the URL of an empty database and makes its tables; it panics when it cannot. It runs on a thread of
/// its own, which has no async runtime yet. `tag` (letters, digits and `_`, at most 30) names the result of `migrate`:
/// databases with the same tag are copies of one that was migrated once. On Citus each one is migrated.
///
/// # Panics
/// When the variable is not set, or the database cannot be made.
pub fn fresh_database(tag: &str, migrate: impl FnOnce(&str) + Send) -> FreshDatabase {
    let server_url = std::env::var_os(SERVER_URL_VARIABLE).and_then(|url| url.into_string().ok());
    let Some(server_url) = server_url else {
        panic!(
            "this test needs PostgreSQL: run `cargo xtask test`, or `cargo xtask db` and set {SERVER_URL_VARIABLE} \
             to the URL it prints"
        );
    };
    let made = if on_citus() {
        FreshDatabase::on_every_node(&server_url, migrate)
    } else {
        FreshDatabase::copied(&server_url, tag, migrate)
    };
    made.unwrap_or_else(|problem| panic!("no database for this test: {problem:#}"))
}

/// The database of `url`, on a coordinator, on every node of its Citus cluster, the coordinator first.
///
/// # Errors
/// When the server refuses.
pub fn nodes(url: &str) -> Result<Vec<String>> {
    let rows = session(url, |client| Ok(client.query(NODES, &[])?))?;
    rows.iter().map(|node| with_server(url, node.get(0), node.get(1))).collect()
}

/// Whether the tests' server is the coordinator of a Citus cluster.
pub fn on_citus() -> bool {
    std::env::var_os(ON_CITUS_VARIABLE).is_some_and(|value| value == "1")
}

impl FreshDatabase {
    /// A copy of the template for `tag` on the server of `server_url`, made by `migrate` where it is missing: see
    /// [`fresh_database`].
    ///
    /// # Errors
    /// When the server refuses.
    pub fn copied(server_url: &str, tag: &str, migrate: impl FnOnce(&str) + Send) -> Result<Self> {
        let template = format!("landfall_template_{tag}");
        session(server_url, |client| {
            make_template(client, server_url, &template, migrate)?;
            Self::create(client, server_url, &format!("TEMPLATE {template}"))
        })
    }

    /// A new database on every node of the cluster whose coordinator is `server_url`, on which `migrate` was run. Citus
    /// stays connected to every database it manages, so that none of them can be a template.
    ///
    /// # Errors
    /// When a node refuses.
    pub fn on_every_node(server_url: &str, migrate: impl FnOnce(&str) + Send) -> Result<Self> {
        let nodes = session(server_url, |client| Ok(client.query(NODES, &[])?))?;
        let mut database = session(server_url, |client| Self::create(client, server_url, ""))?;
        session(server_url, |client| {
            // Nodes that are named by several databases at once would get in each other's way.
            client.execute("SELECT pg_advisory_lock($1)", &[&TEMPLATE_LOCK])?;
            database.join_nodes(&nodes)
        })?;
        session(server_url, |_| {
            migrate(&database.url);
            Ok(())
        })?;
        Ok(database)
    }

    /// The URL of the database.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Empties the tables of `schema` except `kept`, which is much faster than making another database. The database
    /// must not be in use.
    ///
    /// # Panics
    /// When the server refuses.
    pub fn empty(&self, schema: &str, kept: &str) {
        let tables = format!(
            "SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
            WHERE schemaname = '{schema}' AND tablename <> '{kept}'"
        );
        let empty = if self.other_nodes.is_empty() {
            format!(
                "DO $$ BEGIN EXECUTE (SELECT 'TRUNCATE ' || string_agg(name, ', ') FROM ({tables}) AS tables); END $$"
            )
        } else {
            // Of many small tables on several nodes this takes a tenth of the time.
            format!(
                "DO $$ DECLARE name text; BEGIN
                    FOR name IN {tables} LOOP EXECUTE 'DELETE FROM ' || name; END LOOP;
                END $$"
            )
        };
        let emptied = execute(&self.url, &empty);
        emptied.unwrap_or_else(|problem| panic!("{} cannot be emptied: {problem:#}", self.name));
    }

    /// Makes the database on every other node, and these nodes its workers.
    fn join_nodes(&mut self, nodes: &[Row]) -> Result<()> {
        let mut join = String::new();
        for node in nodes {
            let (host, port, is_coordinator): (&str, i32, bool) = (node.get(0), node.get(1), node.get(2));
            if is_coordinator {
                join.push_str(&format!("SELECT citus_set_coordinator_host('{host}', {port});"));
                continue;
            }
            let node_url = with_server(&self.server_url, host, port)?;
            execute(&node_url, &format!("CREATE DATABASE {}", self.name))
                .with_context(|| format!("cannot create the database {} on {host}:{port}", self.name))?;
            execute(&with_database(&node_url, &self.name)?, "CREATE EXTENSION citus")?;
            self.other_nodes.push(node_url);
            join.push_str(&format!("SELECT citus_add_node('{host}', {port});"));
        }
        execute(&self.url, &format!("CREATE EXTENSION citus; {join}"))
    }

    fn create(client: &mut Client, server_url: &str, options: &str) -> Result<Self> {
        let row = client.query_one("SELECT replace(gen_random_uuid()::text, '-', '')", &[])?;
        let name = format!("landfall_test_{}", row.get::<_, &str>(0));
        let url = with_database(server_url, &name)?;
        client
            .batch_execute(&format!("CREATE DATABASE {name} {options}"))
            .with_context(|| format!("cannot create the database {name}"))?;
        Ok(Self { server_url: server_url.to_owned(), other_nodes: Vec::new(), url, name })
    }
}

impl Drop for FreshDatabase {
    fn drop(&mut self) {
        // The coordinator last, from which the others are looked after.
        for url in self.other_nodes.iter().chain([&self.server_url]) {
            if let Err(problem) = execute(url, &format!("DROP DATABASE {} WITH (FORCE)", self.name)) {
                // One line is enough for a test that stopped its server.
                eprintln!("the database {} is left behind: {problem:#}", self.name);
            }
        }
    }
}

/// Makes `template` where it is missing. It is named last, so that an existing template is complete.
fn make_template(
    client: &mut Client,
    server_url: &str,
    template: &str,
    migrate: impl FnOnce(&str) + Send,
) -> Result<()> {
    if exists(client, template)? {
        return Ok(());
    }
    // Released with the connection, even when `migrate` panics.
    client.execute("SELECT pg_advisory_lock($1)", &[&TEMPLATE_LOCK])?;
    if !exists(client, template)? {
        let unfinished = format!("{template}_unfinished");
        client.batch_execute(&format!("DROP DATABASE IF EXISTS {unfinished} WITH (FORCE)"))?;
        client.batch_execute(&format!("CREATE DATABASE {unfinished}"))?;
        migrate(&with_database(server_url, &unfinished)?);
        client
            .batch_execute(&format!("ALTER DATABASE {unfinished} ALLOW_CONNECTIONS false"))
            .and_then(|()| client.batch_execute(&format!("ALTER DATABASE {unfinished} RENAME TO {template}")))
            .map_err(|problem| anyhow!(problem).context(format!("cannot finish {template}")))?;
    }
    client.execute("SELECT pg_advisory_unlock($1)", &[&TEMPLATE_LOCK])?;
    Ok(())
}

fn exists(client: &mut Client, database: &str) -> Result<bool> {
    let row = client.query_one("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", &[&database])?;
    Ok(row.get(0))
}
