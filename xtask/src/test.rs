//! `cargo xtask test`: every test of the workspace, none skipped.

use crate::workspace;
use anyhow::{Result, bail};
use std::process::{Command, Stdio};

/// A program the tests need beside Rust.
struct Need {
    program: &'static str,
    purpose: &'static str,
    /// The Debian package that has it.
    package: &'static str,
}

/// Checked before anything is built, so that a machine without one of them gets one line and not a page of build errors.
const NEEDS: &[Need] = &[
    Need { program: "cc", purpose: "a C compiler", package: "build-essential" },
    Need { program: "bash", purpose: "bash, for the examples of the documents", package: "bash" },
    Need { program: "curl", purpose: "curl, for the examples of the documents", package: "curl" },
];

/// Runs all tests.
///
/// # Errors
/// When a needed program is missing or a test fails.
pub(crate) fn run() -> Result<()> {
    for need in NEEDS {
        require(need)?;
    }
    // The examples in comments first, so that a run ends with the summary of a test binary that has tests.
    workspace::run(&mut workspace::cargo(&["test", "--workspace", "--locked", "--doc"]))?;
    workspace::run(&mut workspace::cargo(&["test", "--workspace", "--locked", "--all-targets"]))
}

/// Makes sure that a program is there: installs it where that is possible, on Debian as root.
fn require(need: &Need) -> Result<()> {
    if starts(need.program, "--version") {
        return Ok(());
    }
    if rustix::process::geteuid().is_root() && starts("apt-get", "--version") {
        println!("installing {} for {}", need.package, need.purpose);
        let apt = |arguments: &[&str]| {
            workspace::run(Command::new("apt-get").args(arguments).env("DEBIAN_FRONTEND", "noninteractive"))
        };
        apt(&["update"])?;
        apt(&["install", "-y", need.package])?;
    }
    if starts(need.program, "--version") {
        return Ok(());
    }
    let Need { program, purpose, package } = need;
    bail!(
        "the tests need {purpose} (`{program}`). Install it: on Debian or Ubuntu, as root, \
         apt-get update && apt-get install -y {package}"
    );
}

fn starts(program: &str, argument: &str) -> bool {
    Command::new(program).arg(argument).stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_present_program_is_no_problem() {
        require(&Need { program: "cargo", purpose: "cargo", package: "cargo" }).unwrap();
        assert!(!starts("no-such-program-anywhere", "--version"));
    }
}
