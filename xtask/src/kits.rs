//! `cargo xtask kits`: builds and tests the web SDK, compares it with the packages that it stands in for, and drives a UI kit
//! on it, and the page `/console/try`, in two browsers. It fails when that page, or the table of methods in docs/web.md, is not
//! what the sources and the tests make. It needs Node 20, npm, the npm registry and Chromium, and is no part of `ci` or `test`.

use crate::workspace::{self, cargo};
use anyhow::{Context as _, Result};
use std::process::Command;

/// Builds, tests and drives.
///
/// # Errors
/// When a program is missing, or one of the steps fails.
pub(crate) fn run() -> Result<()> {
    workspace::run(&mut cargo(&["build", "--locked", "--package", "landfall"]))?;
    // Packages of others run nothing when they are installed.
    let quietly = ["install", "--ignore-scripts", "--no-audit", "--no-fund"];
    npm("packages/chat", &quietly)?;
    npm("packages/chat", &["run", "build"])?;
    npm("packages/chat", &["run", "page", "--", "--check"])?;
    npm("packages/chat", &["test"])?;
    npm("packages/chat", &["run", "support"])?;
    npm("kits", &[&quietly[..], &["--legacy-peer-deps"]].concat())?;
    for step in ["types", "constants", "build", "drive", "page"] {
        npm("kits", &["run", step])?;
    }
    Ok(())
}

fn npm(folder: &str, arguments: &[&str]) -> Result<()> {
    let mut command = Command::new("npm");
    command.current_dir(workspace::root().join(folder)).args(arguments);
    workspace::run(&mut command).with_context(|| format!("npm {} in {folder}", arguments.join(" ")))
}
