//! Starts that cannot succeed.

use crate::server::{Home, KEY, Server, command};
use landfall_test_database::{Cluster, Mode, Options, execute, fresh_database};
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

const PASSWORD: &str = "s3cret";

#[tokio::test]
async fn a_directory_that_is_in_use_is_named() {
    let home = Home::new();
    let server = home.start().await;
    let second = home.command().output().unwrap();
    let said = String::from_utf8(second.stderr).unwrap();
    assert_eq!(second.status.code(), Some(1), "{said}");
    assert!(said.contains(home.data().to_str().unwrap()) && said.contains("in use"), "{said}");
    assert!(second.stdout.is_empty(), "it printed an address");
    assert_eq!(server.readiness().await.0, 200, "the first one is affected");
    server.stop().await;
    // It is free again at once.
    home.start().await.stop().await;
}

/// A server whose ports the system chooses prints both.
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

/// Starts a server over a database that it cannot use: it ends with 1 and one line that contains `parts`.
#[track_caller]
fn is_refused(url: &str, parts: &[&str]) {
    // A user that needs no password may still give one.
    let (scheme, rest) = url.split_once("://").unwrap();
    let (user, server) = rest.split_once('@').unwrap();
    let refused = Home::over(&format!("{scheme}://{user}:{PASSWORD}@{server}")).command().output().unwrap();
    let said = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(refused.status.code(), Some(1), "{said}");
    assert!(refused.stdout.is_empty(), "it printed an address");
    assert!(!said.contains(PASSWORD), "{said}");
    let failures: Vec<_> = said.lines().filter(|line| line.starts_with("landfall: ")).collect();
    let [failure] = failures[..] else { panic!("not one line: {said}") };
    for part in parts {
        assert!(failure.contains(part), "{part} is not in: {failure}");
    }
}

#[test]
fn a_database_that_refuses_the_server_is_reported_without_its_password() {
    let mut cluster = Cluster::create(&Options::default()).unwrap();
    let admin = cluster.url("postgres");
    execute(&admin, "CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0").unwrap();
    is_refused(&cluster.url("latin"), &["encoded in LATIN1", "make one with ENCODING 'UTF8'"]);
    is_refused(&cluster.url("missing"), &["see that", "address", "\"missing\" does not exist"]);

    // From the next start on every user needs a password, and none fits.
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
async fn a_database_with_half_a_copy_is_not_served() {
    let database = fresh_database("empty", |_| {});
    Home::over(database.url()).start().await.stop().await;
    let half = "INSERT INTO landfall.unfinished_copy (source, rows) VALUES ('embedded:./old', 7)";
    execute(database.url(), half).unwrap();
    is_refused(database.url(), &["unfinished copy of embedded:./old", "landfall store copy"]);
}

/// The output of a program that is started in `directory` with these arguments, and must refuse its configuration.
fn is_refused_in(directory: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> String {
    let mut program = Command::new(env!("CARGO_BIN_EXE_landfall"));
    program.env_clear().envs(variables.iter().copied()).current_dir(directory).args(arguments);
    let Output { status, stdout, stderr } = program.output().unwrap();
    let said = String::from_utf8(stderr).unwrap();
    assert_eq!(status.code(), Some(2), "{said}");
    assert!(stdout.is_empty(), "it printed an address");
    said
}

#[test]
fn a_configuration_in_the_current_directory_is_not_ignored() {
    let home = Home::new();
    let here = home.config().parent().unwrap().to_owned();
    // Also when variables hold everything that a server needs.
    let app = format!("[{{ sdk_app_id = 1, secret_key = \"{KEY}\" }}]");
    let said = is_refused_in(&here, &["serve"], &[("LANDFALL__APP", &app)]);
    assert!(said.contains("--config landfall.toml"), "{said}");
    let said =
        is_refused_in(&here, &["serve", "--config", "landfall.toml"], &[("LANDFALL_LISTEN", "[::1]:0")]);
    assert!(said.contains("LANDFALL_LISTEN: is not a setting; did you mean LANDFALL__LISTEN?"), "{said}");
    assert!(!home.data().exists(), "a refused start left a data directory");
}

/// Relative paths in a configuration that is a device start at the current directory.
#[tokio::test]
async fn a_configuration_that_is_not_a_file_has_no_folder() {
    let home = Home::new();
    let here = home.file("here");
    fs::create_dir(&here).unwrap();
    let mut program = command(Path::new("/dev/null"));
    let app = format!("[{{ sdk_app_id = 1, secret_key = \"{KEY}\" }}]");
    program.current_dir(&here).env("LANDFALL__APP", app).env("LANDFALL__LISTEN", "127.0.0.1:0");
    Server::start(program, &home.file("log")).await.stop().await;
    assert!(here.join("data/FORMAT").exists());
}

/// A folder with a configuration that names its store as `data`, which is the default too.
fn folder_with_config(home: &Home, name: &str) -> PathBuf {
    let folder = home.file(name);
    fs::create_dir(&folder).unwrap();
    let config = format!("listen = \"127.0.0.1:0\"\n[[app]]\nsdk_app_id = 1\nsecret_key = \"{KEY}\"\n");
    fs::write(folder.join("landfall.toml"), config).unwrap();
    folder
}

#[tokio::test]
async fn a_store_moves_with_its_configuration_and_one_of_an_older_server_is_found() {
    let home = Home::new();
    let folder = folder_with_config(&home, "conf");
    let start_in = async |directory: &Path, config: &str| {
        let mut program = command(Path::new(config));
        program.current_dir(directory);
        Server::start(program, &home.file("log")).await
    };
    let here = folder.parent().unwrap().to_owned();
    start_in(&here, "conf/landfall.toml").await.stop().await;
    assert!(folder.join("data/FORMAT").exists(), "the store is not beside its configuration");
    fs::rename(&folder, home.file("moved")).unwrap();
    start_in(Path::new("/"), home.file("moved/landfall.toml").to_str().unwrap()).await.stop().await;

    // As left by an older server, for which relative paths started at the current directory.
    let folder = folder_with_config(&home, "again");
    fs::rename(home.file("moved/data"), home.data()).unwrap();
    let said = is_refused_in(&here, &["serve", "--config", "again/landfall.toml"], &[]);
    for directory in [home.data(), folder.join("data")] {
        assert!(said.contains(directory.to_str().unwrap()), "{directory:?} is not in: {said}");
    }
    assert!(!folder.join("data").exists(), "a refused start left a data directory");
    fs::rename(home.data(), folder.join("data")).unwrap();
    start_in(&here, "again/landfall.toml").await.stop().await;
}

#[tokio::test]
async fn only_its_user_may_read_the_files_of_a_server() {
    let home = Home::new();
    home.start().await.stop().await;
    let mut folders = vec![home.data()];
    let mut files = 0;
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            let mode = entry.metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o077, 0, "others may read {:?}", entry.path());
            if entry.file_type().unwrap().is_dir() { folders.push(entry.path()) } else { files += 1 }
        }
    }
    assert!(2 < files, "there are only {files} files");
    assert_eq!(fs::metadata(home.data()).unwrap().permissions().mode() & 0o077, 0);
}

#[test]
fn a_directory_of_something_else_is_refused() {
    let home = Home::new();
    fs::create_dir(home.data()).unwrap();
    fs::write(home.data().join("photo.jpg"), "kept").unwrap();
    let refused = home.command().output().unwrap();
    let said = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(refused.status.code(), Some(1), "{said}");
    assert!(said.contains("photo.jpg; choose an empty directory"), "{said}");
    assert_eq!(fs::read_dir(home.data()).unwrap().count(), 1);
}
