//! The directory of the workspace, and commands of cargo in it.

use anyhow::{Context as _, Result, bail};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Variables `cargo run` sets for this program. Build scripts watch some of them (ring's does), so handing them on
/// would rebuild half the tree at each change between `cargo xtask …` and plain cargo.
const CARGO_RUN_VARIABLES: [&str; 5] =
    ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_CRATE_", "CARGO_BIN_", "CARGO_PRIMARY_PACKAGE"];

/// The directory of the workspace's manifest.
pub(crate) fn root() -> &'static Path {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().expect("xtask is one level below the root of the workspace")
}

/// A cargo command in the workspace, not yet started.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new("cargo");
    command.args(arguments).current_dir(root());
    for (name, _) in std::env::vars_os() {
        let set_by_cargo_run = |name: &str| CARGO_RUN_VARIABLES.iter().any(|prefix| name.starts_with(prefix));
        if name.to_str().is_some_and(set_by_cargo_run) {
            command.env_remove(name);
        }
    }
    command
}

/// Runs `command` with its output shown.
///
/// # Errors
/// When it cannot be started or ends with another code than 0.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("cannot start {}", words(command)))?;
    if !status.success() {
        bail!("`{}` failed ({status})", words(command));
    }
    Ok(())
}

/// Runs `command` and returns what it prints on standard output; its standard error is shown.
///
/// # Errors
/// When it cannot be started, fails, or prints something that is not UTF-8.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let done = command
        .stderr(std::process::Stdio::inherit())
        .output()
        .with_context(|| format!("cannot start {}", words(command)))?;
    if !done.status.success() {
        bail!("`{}` failed ({})", words(command), done.status);
    }
    String::from_utf8(done.stdout).with_context(|| format!("{} printed no UTF-8", words(command)))
}

/// Cargo's metadata of the workspace and of all its dependencies.
///
/// # Errors
/// When cargo fails, for example because the lock file is out of date.
pub(crate) fn metadata(options: &[&str]) -> Result<serde_json::Value> {
    let text = output(cargo(&["metadata", "--format-version", "1", "--locked"]).args(options))?;
    serde_json::from_str(&text).context("cargo metadata printed no JSON")
}

/// Cargo's target directory.
///
/// # Errors
/// When cargo fails.
pub(crate) fn target_directory() -> Result<PathBuf> {
    let metadata = metadata(&["--no-deps"])?;
    let path = metadata["target_directory"].as_str().context("cargo metadata names no target_directory")?;
    Ok(PathBuf::from(path))
}

fn words(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(OsStr::to_string_lossy).collect::<Vec<_>>().join(" ")
}
