//! Installing what is missing, where that is possible: on Debian as root.

use crate::workspace;
use anyhow::Result;
use std::path::Path;
use std::process::{Command, Stdio};

/// Whether [`install`] can work here.
pub(crate) fn can_install() -> bool {
    rustix::process::geteuid().is_root() && starts("apt-get", "--version")
}

/// Installs a Debian package without a question.
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

/// Where Debian keeps programs of the system, servers among them: not on the path of everybody.
const SYSTEM_PROGRAMS: &str = "/usr/sbin";

/// Whether there is such a program.
pub(crate) fn starts(program: &str, argument: &str) -> bool {
    [Path::new(program), &Path::new(SYSTEM_PROGRAMS).join(program)].into_iter().any(|program| {
        Command::new(program).arg(argument).stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
    })
}
