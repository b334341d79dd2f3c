//! `cargo xtask test`: every test of the workspace, none skipped.

use crate::workspace;
use anyhow::{Result, bail};
use std::process::{Command, Stdio};

/// A program the tests need beside Rust.
struct Need {
    program: &'static str,
    purpose: &'static str,
    install: &'static str,
}

/// Checked before anything is built, so that a machine without one of them gets one line and not a page of build errors.
const NEEDS: &[Need] = &[
    Need {
        program: "cc",
        purpose: "a C compiler",
        install: "on Debian or Ubuntu, as root: apt-get update && apt-get install -y build-essential; \
                  on macOS: xcode-select --install",
    },
    Need {
        program: "bash",
        purpose: "bash, for the examples of the documents",
        install: "on Debian or Ubuntu, as root: apt-get update && apt-get install -y bash",
    },
    Need {
        program: "curl",
        purpose: "curl, for the examples of the documents",
        install: "on Debian or Ubuntu, as root: apt-get update && apt-get install -y curl",
    },
];

/// Runs all tests.
///
/// # Errors
/// When a needed program is missing or a test fails.
pub(crate) fn run() -> Result<()> {
    for need in NEEDS {
        require(need)?;
    }
    workspace::run(&mut workspace::cargo(&["test", "--workspace", "--locked"]))
}

fn require(need: &Need) -> Result<()> {
    let started =
        Command::new(need.program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    if started.is_err() {
        bail!("the tests need {} (`{}`). Install it: {}", need.purpose, need.program, need.install);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_program_is_named_with_the_way_to_install_it() {
        let absent = Need { program: "no-such-program-anywhere", purpose: "a thing", install: "get it" };
        let message = require(&absent).unwrap_err().to_string();
        assert_eq!(message, "the tests need a thing (`no-such-program-anywhere`). Install it: get it");
    }

    #[test]
    fn a_present_program_is_no_problem() {
        let present = Need { program: "cargo", purpose: "cargo", install: "" };
        assert!(require(&present).is_ok());
    }
}
