//! `cargo xtask kits`: builds and tests the web SDK, compares it with the packages that it stands in for, and drives UI kits
//! of others on it, and the page `/console/try`, two windows side by side. It fails when that page, or the table of methods in
//! docs/web.md, is not what the sources and the tests make. It is no part of `ci` or `test`.

use crate::workspace::{self, cargo};
use anyhow::{Context as _, Result};
use std::process::Command;

/// What must be there, which is said first.
const NEEDS: &str = "\
needs Node 20, npm and the npm registry, about 400 MB for packages of others in kits/, which are never committed and run
nothing when they are installed, and Chromium: /usr/bin/chromium, or what CHROMIUM names. The pages reach this machine only.
KITS_PICTURES names a folder for pictures of the windows when a scene fails.";

/// Folders with packages of others: what all kits need, and each kit.
const FOLDERS: [&str; 3] = ["kits", "kits/vue", "kits/react"];

/// Builds, tests and drives.
///
/// # Errors
/// When a program is missing, or one of the steps fails.
pub(crate) fn run() -> Result<()> {
    println!("{NEEDS}");
    workspace::run(&mut cargo(&["build", "--locked", "--package", "landfall"]))?;
    let quietly = ["install", "--ignore-scripts", "--no-audit", "--no-fund"];
    npm("packages/chat", &quietly)?;
    npm("packages/chat", &["run", "build"])?;
    npm("packages/chat", &["run", "page", "--", "--check"])?;
    npm("packages/chat", &["test"])?;
    npm("packages/chat", &["run", "support"])?;
    for folder in FOLDERS {
        npm(folder, &[&quietly[..], &["--legacy-peer-deps"]].concat())?;
    }
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
