//! `cargo xtask db` leaves nothing behind, however it ends.

#![expect(clippy::unwrap_used, reason = "a test stops at what it does not expect")]

use rustix::process::{Pid, Signal, kill_process};
use std::fs::{self, Permissions};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// Longest wait for the server's end. PostgreSQL itself drops a silent client only after a minute.
const END_AT_MOST: Duration = Duration::from_secs(30);

/// A request for TLS: the length of the message, and the code of the request.
const TLS_REQUEST: [u8; 8] = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f];

/// `cargo xtask db`, with a connection to its server.
struct Db {
    process: Child,
    connection: TcpStream,
    /// Holds the data of the server.
    directory: TempDir,
}

impl Db {
    fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        // As root, the server runs under another account.
        fs::set_permissions(directory.path(), Permissions::from_mode(0o755)).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
        command.arg("db").env("TMPDIR", directory.path()).stdout(Stdio::piped());
        let mut process = command.spawn().unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let url = lines.find_map(|line| {
            Some(
                line.unwrap()
                    .strip_prefix("export LANDFALL_TEST_POSTGRES_URL=postgres://postgres@")?
                    .to_owned(),
            )
        });
        let url = url.unwrap();
        let mut connection = TcpStream::connect(url.strip_suffix("/postgres").unwrap()).unwrap();
        connection.set_read_timeout(Some(END_AT_MOST)).unwrap();
        // Its answer shows that a process of the server has taken the connection, and ends with the server.
        connection.write_all(&TLS_REQUEST).unwrap();
        let mut answer = [0];
        connection.read_exact(&mut answer).unwrap();
        assert_eq!(answer, *b"N");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
        Self { process, connection, directory }
    }

    /// Ends the process by `signal` and waits until the server has ended as well.
    fn end(&mut self, signal: Signal) -> std::process::ExitStatus {
        kill_process(Pid::from_child(&self.process), signal).unwrap();
        let status = self.process.wait().unwrap();
        if let Err(problem) = self.connection.read(&mut [0; 1]) {
            assert_eq!(problem.kind(), std::io::ErrorKind::ConnectionReset);
        }
        status
    }
}

#[test]
fn an_interrupt_removes_the_server_and_its_data() {
    for signal in [Signal::INT, Signal::TERM] {
        let mut db = Db::start();
        assert!(db.end(signal).success());
        assert_eq!(fs::read_dir(db.directory.path()).unwrap().count(), 0);
    }
}

#[test]
#[cfg(target_os = "linux")]
fn the_server_does_not_outlive_a_kill() {
    let mut db = Db::start();
    assert!(!db.end(Signal::KILL).success());
}
