//! A disk that fails or is full, below a running server.
//!
//! A small library between the server and the system answers system calls on the data directory as such a
//! disk does, while a control file tells it to.

use crate::check;
use crate::load::{Book, Load, Phase};
use crate::server::{Home, Server};
use rustix::process::Signal;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::slice;

const SHIM: &str = include_str!("disk_shim.c");
const CONNECTIONS: usize = 16;
/// Calls each connection makes after its first failure.
const FAILURES_EACH: usize = 5;

/// A server that runs with the library, and the switch of its faults.
struct Disk {
    home: Home,
    library: PathBuf,
}

impl Disk {
    fn new() -> Self {
        let home = Home::new();
        let (source, library) = (home.file("disk_shim.c"), home.file("disk_shim.so"));
        fs::write(&source, SHIM).unwrap();
        let compiled = Command::new("cc")
            .args(["-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o"])
            .arg(&library)
            .arg(&source)
            .output()
            .unwrap();
        assert!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stderr));
        Self { home, library }
    }

    fn command(&self) -> Command {
        let mut command = self.home.command();
        command
            .env("LD_PRELOAD", &self.library)
            .env("FAULT_DIR", self.home.data())
            .env("FAULT_CONTROL", self.control());
        command
    }

    async fn start(&self) -> Server {
        Server::start(self.command(), &self.home.file("log")).await
    }

    fn control(&self) -> PathBuf {
        self.home.file("fault")
    }

    /// Switches a fault on, atomically for readers.
    fn fail(&self, fault: &str) {
        let beside = self.home.file("fault.new");
        fs::write(&beside, fault).unwrap();
        fs::rename(beside, self.control()).unwrap();
    }

    fn work_again(&self) {
        fs::remove_file(self.control()).unwrap();
    }
}

/// Runs load during the fault and after it, and checks the data: in the server that had the fault, after a kill,
/// and in the store.
async fn is_survived(fault: &str, reason: &str) {
    let disk = Disk::new();
    let server = disk.start().await;
    let load = Load::start(slice::from_ref(&server), CONNECTIONS, "g").await;
    load.acknowledged(200).await;

    load.set(Phase::Failing(FAILURES_EACH));
    disk.fail(fault);
    load.failed(CONNECTIONS * FAILURES_EACH).await;
    server.readiness_is(503, reason).await;
    // After the server has failed to reopen the store, it must still answer every call.
    let said = server.readiness_is(503, disk.home.data().to_str().unwrap()).await;
    assert!(said.contains(reason), "{said}");
    load.set(Phase::Failing(2 * FAILURES_EACH));
    load.failed(CONNECTIONS * 2 * FAILURES_EACH).await;
    assert!(disk.home.log().contains(reason), "{reason:?} is not in the log: {}", disk.home.log());

    disk.work_again();
    server.readiness_is(200, "ready").await;
    load.set(Phase::Healthy);
    load.acknowledged(200).await;
    load.set(Phase::Over);
    let book = load.closed().await;
    assert_eq!(book.unknown.len(), CONNECTIONS * 2 * FAILURES_EACH);
    check::holds(&server, &book).await;
    server.kill().await;

    let server = disk.home.start().await;
    check::holds(&server, &book).await;
    server.stop().await;
    check::owners_are_indexed(&disk.home, &book).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sync_that_fails_loses_nothing_and_the_server_recovers() {
    is_survived("sync", "Input/output error").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_loses_nothing_and_the_server_recovers() {
    is_survived("full", "No space left on device").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_end_while_the_disk_fails_loses_nothing() {
    let ends =
        [("sync", Signal::KILL), ("full", Signal::KILL), ("sync", Signal::TERM), ("full", Signal::TERM)];
    for (fault, signal) in ends {
        let disk = Disk::new();
        let mut server = disk.start().await;
        let load = Load::start(slice::from_ref(&server), CONNECTIONS, "g").await;
        load.acknowledged(100).await;
        load.set(Phase::Failing(FAILURES_EACH));
        disk.fail(fault);
        load.failed(CONNECTIONS * FAILURES_EACH).await;
        server.signal(signal);
        let status = server.closed().await;
        assert_eq!(status.success(), signal == Signal::TERM, "{fault}: {status}");
        load.set(Phase::Over);
        let book = load.closed().await;
        let server = disk.home.start().await;
        check::holds(&server, &book).await;
        server.stop().await;
        check::owners_are_indexed(&disk.home, &book).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_first_start_that_fails_says_why_and_does_not_prevent_the_next() {
    let disk = Disk::new();
    let mut broken = 0;
    for healthy_syncs in 0.. {
        disk.fail(&format!("sync {healthy_syncs}"));
        let started = Server::try_start(disk.command(), &disk.home.file("log")).await;
        disk.work_again();
        let Err(status) = started else { break };
        broken += 1;
        let log = disk.home.log();
        assert_eq!(status.code(), Some(1), "{log}");
        assert!(log.contains("Input/output error"), "{log}");
        // The incomplete directory becomes a complete one, with nothing in it.
        let server = disk.home.start().await;
        check::holds(&server, &Book::default()).await;
        server.stop().await;
        fs::remove_dir_all(disk.home.data()).unwrap();
        fs::remove_file(disk.home.file("log")).unwrap();
    }
    assert!(5 < broken, "only {broken} syncs were broken; the first start needs more");
}

#[test]
fn a_full_disk_at_the_first_start_is_named() {
    let disk = Disk::new();
    disk.fail("full");
    let refused = disk.command().output().unwrap();
    let said = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(refused.status.code(), Some(1), "{said}");
    assert!(said.contains("No space left on device"), "{said}");
    assert!(said.contains(disk.home.data().to_str().unwrap()), "{said}");
}
