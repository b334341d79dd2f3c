//! Standard error and standard output that take nothing, and signals that ask for nothing.

use crate::load::{IMPORT_GROUP, group};
use crate::server::{Home, Server};
use rustix::process::Signal;
use std::fs::File;
use std::io::{self, Write as _};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const CALLS: usize = 50;

/// A server that logs every call to `log` answers all of them, counts what was lost, and ends in order.
async fn answers_although_its_log_goes_to(log: Stdio) {
    let home = Home::new();
    let mut command = home.command();
    command.env("LANDFALL__LOG__LEVEL", "trace").env("LANDFALL__METRICS__LISTEN", "127.0.0.1:0");
    let mut server = Server::start_logging_to(command, log).await;
    let mut client = server.client().await;
    let begun = Instant::now();
    for call in 0..CALLS {
        client.call(IMPORT_GROUP, &group(&format!("logged-{call}"))).await.unwrap();
        let refused = client.call(IMPORT_GROUP, &group(&format!("logged-{call}"))).await;
        refused.unwrap_err();
    }
    assert!(begun.elapsed() < Duration::from_secs(20), "calls wait for the log: {:?}", begun.elapsed());
    let metrics = server.metrics().await;
    let lost = metrics.lines().find_map(|line| line.strip_prefix("landfall_log_lines_lost_total ")).unwrap();
    assert!(CALLS <= lost.parse().unwrap(), "{metrics}");
    server.signal(Signal::TERM);
    let status = server.closed().await;
    assert!(status.success(), "{status}");
}

#[tokio::test]
async fn a_log_on_a_full_disk_fails_no_call() {
    answers_although_its_log_goes_to(File::options().write(true).open("/dev/full").unwrap().into()).await;
}

#[tokio::test]
async fn a_log_that_nobody_reads_any_more_fails_no_call() {
    let (reader, writer) = io::pipe().unwrap();
    drop(reader);
    answers_although_its_log_goes_to(writer.into()).await;
}

#[tokio::test]
async fn a_reader_of_the_log_that_stands_still_holds_up_no_call() {
    let (reader, writer) = io::pipe().unwrap();
    let mut other = writer.try_clone().unwrap();
    // Keeps the pipe full, until there is no reader any more.
    let full = std::thread::spawn(move || while other.write_all(&[b'x'; 4_096]).is_ok() {});
    answers_although_its_log_goes_to(writer.into()).await;
    drop(reader);
    full.join().unwrap();
}

/// Starts a program with an output that nobody reads, and waits until its log says where it listens.
async fn listens_unheard(mut command: Command, home: &Home) -> Server {
    let (reader, writer) = io::pipe().unwrap();
    drop(reader);
    command.stdout(writer);
    Server::start_unheard(command, &home.file("log")).await
}

#[tokio::test]
async fn a_server_whose_output_nobody_reads_serves() {
    let home = Home::new();
    let mut server = listens_unheard(home.command(), &home).await;
    assert_eq!(server.readiness().await.0, 200);
    server.signal(Signal::TERM);
    assert!(server.closed().await.success(), "{}", home.log());

    let mut quickstart = Command::new(env!("CARGO_BIN_EXE_landfall"));
    quickstart.env_clear().args(["quickstart", "--listen", "127.0.0.1:0", "--data"]).arg(home.file("new"));
    let mut server = listens_unheard(quickstart, &home).await;
    assert_eq!(server.readiness().await.0, 200);
    server.signal(Signal::TERM);
    assert!(server.closed().await.success(), "{}", home.log());
}

#[tokio::test]
async fn a_hangup_is_ignored_and_logged_once() {
    let home = Home::new();
    let server = home.start().await;
    let mut client = server.client().await;
    server.signal(Signal::HUP);
    home.log_tells("SIGHUP is ignored").await;
    for call in 0..3 {
        server.signal(Signal::HUP);
        client.call(IMPORT_GROUP, &group(&format!("logged-{call}"))).await.unwrap();
    }
    server.stop().await;
    assert_eq!(home.log().matches("SIGHUP is ignored").count(), 1, "{}", home.log());
}
