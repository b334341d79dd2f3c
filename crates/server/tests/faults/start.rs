//! Starts that cannot succeed.

use crate::server::{Home, command};
use landfall_test_database::{Cluster, Mode, Options, execute, fresh_database};
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::{TcpListener, TcpStream};
use std::process::Stdio;

const PASSWORD: &str = "s3cret";

#[tokio::test]
async fn a_directory_that_is_in_use_is_named() {
    let home = Home::new();
    let server = home.start().await;
    let second = home.command().output().unwrap();
    let said = String::from_utf8(second.stderr).unwrap();
    assert_eq!(second.status.code(), Some(1), "{said}");
    assert!(said.contains(home.data().to_str().unwrap()) && said.contains("in use"), "{said}");
    assert!(second.stdout.is_empty(), "it said that it listens");
    assert_eq!(server.readiness().await.0, 200, "the first one is disturbed");
    server.stop().await;
    // And it is free again at once.
    home.start().await.stop().await;
}

/// Who starts a server with ports that the machine chooses learns both from what it prints.
#[test]
fn each_address_is_printed_once_it_is_listened_on() {
    let home = Home::embedded_with("metrics.listen = \"127.0.0.1:0\"\n");
    let mut command = home.command();
    let mut server = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(server.stdout.take().unwrap()).lines();
    for begins in ["listening on http://127.0.0.1:", "metrics listening on http://127.0.0.1:"] {
        let line = lines.next().unwrap().unwrap();
        let address =
            line.strip_prefix(begins).unwrap_or_else(|| panic!("{line}")).trim_end_matches("/metrics");
        TcpStream::connect(format!("127.0.0.1:{address}")).unwrap();
    }
    server.kill().unwrap();
    server.wait().unwrap();
}

#[test]
fn an_address_in_use_is_named_with_its_setting() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let home = Home::embedded_with(&format!("metrics.listen = \"{address}\"\n"));
    let refused = home.command().output().unwrap();
    let said = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(refused.status.code(), Some(1), "{said}");
    assert!(said.contains(&address.to_string()) && said.contains("metrics.listen"), "{said}");
}

#[test]
fn every_problem_of_the_configuration_is_shown_at_once() {
    let home = Home::new();
    let content = "listen = \"nowhere\"\nstore.url = \"sqlite:x\"\nspeed = 3\nlimits.mode = \"strict\"\n";
    fs::write(home.config(), content).unwrap();
    let refused = command(&home.config()).output().unwrap();
    let said = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(refused.status.code(), Some(2), "{said}");
    for named in ["listen", "store.url", "speed", "limits.mode", "app"] {
        assert!(said.contains(named), "{named} is not in: {said}");
    }
    assert!(!home.data().exists(), "a refused start left a data directory");
}

/// Starts a server over a database it cannot use: it ends with 1 and one line that has `parts` in it.
#[track_caller]
fn is_refused(url: &str, parts: &[&str]) {
    // Whoever is let in without a password may still give one.
    let (scheme, rest) = url.split_once("://").unwrap();
    let (user, server) = rest.split_once('@').unwrap();
    let refused = Home::over(&format!("{scheme}://{user}:{PASSWORD}@{server}")).command().output().unwrap();
    let said = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(refused.status.code(), Some(1), "{said}");
    assert!(refused.stdout.is_empty(), "it said that it listens");
    assert!(!said.contains(PASSWORD), "{said}");
    let failures: Vec<_> = said.lines().filter(|line| line.starts_with("landfall: ")).collect();
    let [failure] = failures[..] else { panic!("not one line: {said}") };
    for part in parts {
        assert!(failure.contains(part), "{part} is not in: {failure}");
    }
}

#[test]
fn a_database_that_does_not_take_the_server_is_told_without_its_password() {
    let mut cluster = Cluster::create(&Options::default()).unwrap();
    let admin = cluster.url("postgres");
    execute(&admin, "CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0").unwrap();
    is_refused(&cluster.url("latin"), &["encoded in LATIN1", "make one with ENCODING 'UTF8'"]);
    is_refused(&cluster.url("missing"), &["see that", "address", "\"missing\" does not exist"]);

    // From the next start on everybody needs a password, and there is none that fits.
    execute(
        &admin,
        "DO $$ BEGIN EXECUTE format(
            'COPY (SELECT ''host all all 127.0.0.1/32 scram-sha-256'') TO %L', current_setting('hba_file')
        ); END $$",
    )
    .unwrap();
    cluster.restart(Mode::Fast).unwrap();
    is_refused(&admin, &["user and password are right", "password authentication failed"]);

    cluster.stop(Mode::Fast).unwrap();
    is_refused(&admin, &["see that it runs", "Connection refused"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tables_of_a_newer_program_are_left_alone() {
    let database = fresh_database("empty", |_| {});
    Home::over(database.url()).start().await.stop().await;
    execute(database.url(), "INSERT INTO landfall.schema_versions (version) VALUES (4711)").unwrap();
    is_refused(database.url(), &["version 4711", "start the newer program"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_copied_by_half_is_not_served() {
    let database = fresh_database("empty", |_| {});
    Home::over(database.url()).start().await.stop().await;
    let half = "INSERT INTO landfall.unfinished_copy (source, rows) VALUES ('embedded:./old', 7)";
    execute(database.url(), half).unwrap();
    is_refused(database.url(), &["unfinished copy of embedded:./old", "landfall store copy"]);
}
