//! `cargo xtask test`: every test of the workspace, none skipped.

use crate::postgres::{self, TestServer};
use crate::{debian, workspace};
use anyhow::{Result, bail};
use landfall_test_database::{ON_CITUS_VARIABLE, SERVER_URL_VARIABLE};

/// The variable that names the coordinator of a Citus cluster, as a URL of a database of its superuser.
pub(crate) const CITUS_URL_VARIABLE: &str = "LANDFALL_TEST_CITUS_URL";

/// A program that the tests need besides Rust.
struct RequiredProgram {
    program: &'static str,
    purpose: &'static str,
    /// The Debian package that has it.
    package: &'static str,
}

/// Checked before anything is built, so that a machine without one of them gets one line and not a page of build errors.
const REQUIRED_PROGRAMS: &[RequiredProgram] = &[
    RequiredProgram { program: "cc", purpose: "a C compiler", package: "build-essential" },
    RequiredProgram { program: "bash", purpose: "bash, for the examples of the documents", package: "bash" },
    RequiredProgram { program: "curl", purpose: "curl, for the examples of the documents", package: "curl" },
    RequiredProgram {
        program: "nats-server",
        purpose: "NATS, which can carry events",
        package: "nats-server",
    },
    RequiredProgram {
        program: "chromium",
        purpose: "a browser, for the pages of the server",
        package: "chromium",
    },
];

/// Runs all tests with a PostgreSQL of their own, and the store tests also on Citus where the environment names one.
///
/// # Errors
/// When a needed program is missing or a test fails.
pub(crate) fn run() -> Result<()> {
    for required in REQUIRED_PROGRAMS {
        require(required)?;
    }
    postgres::outlive_interrupts()?;
    let server = TestServer::start(None)?;
    on_citus()?;
    let run = |options: &[&str]| {
        let mut command = workspace::cargo(&["test", "--workspace", "--locked"]);
        workspace::run(server.serve(command.args(options)))
    };
    // The examples in comments first, so that a run ends with the summary of a test binary that has tests.
    run(&["--doc"])?;
    run(&["--all-targets"])
}

/// Runs the store tests on Citus where the environment names one.
fn on_citus() -> Result<()> {
    let Some(url) = std::env::var_os(CITUS_URL_VARIABLE) else {
        println!("{CITUS_URL_VARIABLE} is not set: the stores are not tested on Citus in this run");
        return Ok(());
    };
    let mut command = workspace::cargo(&["test", "-p", "landfall-store", "--locked", "--all-targets"]);
    // The suite itself writes by rows there.
    command.args(["--", "--skip", "suite_by_rows"]);
    workspace::run(command.env(SERVER_URL_VARIABLE, url).env(ON_CITUS_VARIABLE, "1"))
}

/// Makes sure that a program is installed, and installs it where possible.
fn require(required: &RequiredProgram) -> Result<()> {
    let RequiredProgram { program, purpose, package } = required;
    if debian::starts(program, "--version") {
        return Ok(());
    }
    if debian::can_install() {
        debian::install(package, purpose)?;
    }
    if debian::starts(program, "--version") {
        return Ok(());
    }
    bail!(
        "the tests need {purpose} (`{program}`). Install it: on Debian or Ubuntu, as root, \
         apt-get update && apt-get install -y {package}"
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_present_program_is_no_problem() {
        require(&RequiredProgram { program: "cargo", purpose: "cargo", package: "cargo" }).unwrap();
        assert!(!debian::starts("no-such-program-anywhere", "--version"));
    }
}
