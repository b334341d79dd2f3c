//! Installs missing programs, on Debian as root.

use crate::workspace;
use anyhow::Result;
use std::path::Path;
use std::process::{Command, Stdio};

/// Whether [`install`] can work here.
pub(crate) fn can_install() -> bool {
    rustix::process::geteuid().is_root() && starts("apt-get", "--version")
}

/// Installs a Debian package without asking.
///
/// # Errors
/// When apt-get fails.
pub(crate) fn install(package: &str, purpose: &str) -> Result<()> {
    println!("installing {package} for {purpose}");
    let apt = |arguments: &[&str]| {
        workspace::run(Command::new("apt-get").args(arguments).env("DEBIAN_FRONTEND", "noninteractive"))
    };
    apt(&["update"])?;
    apt(&["install", "-y", package])
}

/// Where Debian installs system programs such as servers. Not every user has it on the path.
const SYSTEM_PROGRAMS: &str = "/usr/sbin";

/// Whether `program` is installed.
pub(crate) fn starts(program: &str, argument: &str) -> bool {
    [Path::new(program), &Path::new(SYSTEM_PROGRAMS).join(program)].into_iter().any(|program| {
        Command::new(program).arg(argument).stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
    })
}
