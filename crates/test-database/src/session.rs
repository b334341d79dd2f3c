//! One administrative connection.

use anyhow::{Context as _, Result, bail};
use postgres::{Client, Config, NoTls};
use std::panic::resume_unwind;
use std::thread;
use std::time::Duration;

/// Longest wait for a connection.
const CONNECT_AT_MOST: Duration = Duration::from_secs(10);

/// Runs statements in the database of `url`, as its user.
///
/// # Errors
/// When there is no connection, or a statement fails.
pub fn execute(url: &str, statements: &str) -> Result<()> {
    session(url, |client| Ok(client.batch_execute(statements)?))
}

/// Runs `work` with a connection to `url`.
///
/// On a thread of its own, because the client has a runtime, which must not run within another one.
///
/// # Errors
/// When there is no connection, or `work` fails. The error contains no part of the URL, which may hold a password.
pub(crate) fn session<T: Send>(url: &str, work: impl FnOnce(&mut Client) -> Result<T> + Send) -> Result<T> {
    thread::scope(|scope| {
        scope.spawn(|| work(&mut connect(url)?)).join().unwrap_or_else(|cause| resume_unwind(cause))
    })
}

fn connect(url: &str) -> Result<Client> {
    let mut config: Config = url.parse().context("the address of the PostgreSQL server is not a URL")?;
    config.connect_timeout(CONNECT_AT_MOST).connect(NoTls).context("cannot connect to PostgreSQL")
}

/// `url` with another database, which is the part between its server and its options.
///
/// # Errors
/// When `url` is not a URL.
pub(crate) fn with_database(url: &str, database: &str) -> Result<String> {
    let Some((scheme, rest)) = url.split_once("://") else {
        bail!(
            "the address of the PostgreSQL server has to be of the form postgres://user@host:port/database"
        );
    };
    let (path, options) = match rest.split_once('?') {
        Some((path, options)) => (path, format!("?{options}")),
        None => (rest, String::new()),
    };
    let server = path.split('/').next().unwrap_or_default();
    Ok(format!("{scheme}://{server}/{database}{options}"))
}

/// `url` with another host and port, for the same user.
///
/// # Errors
/// When `url` is not a URL.
pub(crate) fn with_server(url: &str, host: &str, port: i32) -> Result<String> {
    let (scheme, rest) =
        url.split_once("://").context("the address of the PostgreSQL server is not a URL")?;
    let (server, database) = rest.split_once('/').context("the address names no database")?;
    let user = server.rsplit_once('@').map_or(String::new(), |(user, _)| format!("{user}@"));
    Ok(format!("{scheme}://{user}{host}:{port}/{database}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_database_of_a_url_changes() {
        let change = |url| with_database(url, "new").unwrap();
        assert_eq!(change("postgres://u:p@h:1/old"), "postgres://u:p@h:1/new");
        assert_eq!(change("postgresql://h"), "postgresql://h/new");
        assert_eq!(change("postgres://h/old?connect_timeout=3"), "postgres://h/new?connect_timeout=3");
        assert_eq!(change("postgres://h?a=/b"), "postgres://h/new?a=/b");
        with_database("host=h dbname=old", "new").unwrap_err();
    }

    #[test]
    fn only_the_server_of_a_url_changes() {
        let change = |url| with_server(url, "w", 2).unwrap();
        assert_eq!(
            change("postgres://u:p%40@h:1/old?sslmode=disable"),
            "postgres://u:p%40@w:2/old?sslmode=disable"
        );
        assert_eq!(change("postgres://h/old"), "postgres://w:2/old");
        with_server("host=h dbname=old", "w", 2).unwrap_err();
    }
}
