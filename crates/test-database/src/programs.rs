//! Where PostgreSQL's programs are, and the account they run as.

use crate::session::session;
use anyhow::{Context as _, Result, bail};
use std::fs;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The programs that make a cluster. They have to be in one directory: one alone may be a wrapper that chooses a
/// version.
const NEEDED: [&str; 3] = ["postgres", "initdb", "pg_basebackup"];

/// Where Debian installs every version, outside the path.
const DEBIAN_DIRECTORY: &str = "/usr/lib/postgresql";

/// The directory that holds PostgreSQL's programs, those of the server included.
#[derive(Clone, Debug)]
pub struct Programs {
    directory: PathBuf,
    account: Option<Account>,
}

/// The Unix account that PostgreSQL runs as if this process is root, which PostgreSQL refuses.
#[derive(Clone, Copy, Debug)]
struct Account {
    user: u32,
    group: u32,
}

impl Programs {
    /// Searches the path, then Debian's versions, newest first, then the directory of `pg_config`.
    ///
    /// # Errors
    /// When they are in none of these places, or this process is root and there is no user `postgres`.
    pub fn find() -> Result<Self> {
        let candidates = on_the_path().into_iter().chain(of_debian()).chain(of_pg_config());
        let Some(directory) = candidates.into_iter().find(|directory| holds_all(directory)) else {
            bail!(
                "PostgreSQL's server programs were not found. Install them: on Debian or Ubuntu, as root, \
                 apt-get update && apt-get install -y postgresql"
            );
        };
        Self::of(directory)
    }

    /// Those by which the server of `url` runs, on this machine.
    ///
    /// # Errors
    /// When it does not say, or they are not all there.
    pub fn of_server(url: &str) -> Result<Self> {
        let asked = "SELECT setting FROM pg_config WHERE name = 'BINDIR'";
        let directory: String = session(url, |client| Ok(client.query_one(asked, &[])?.try_get(0)?))?;
        let directory = PathBuf::from(directory);
        if !holds_all(&directory) {
            bail!("{} does not hold all of PostgreSQL's programs", directory.display());
        }
        Self::of(directory)
    }

    fn of(directory: PathBuf) -> Result<Self> {
        let account = rustix::process::geteuid().is_root().then(Account::find).transpose()?;
        Ok(Self { directory, account })
    }

    /// The path of one program, such as `pgbench`, of the same version as the server.
    pub fn path(&self, program: &str) -> PathBuf {
        self.directory.join(program)
    }

    /// A command that runs `program` in `directory`, as the account for PostgreSQL and without the variables of the
    /// developer's own PostgreSQL.
    pub(crate) fn command(&self, program: impl AsRef<Path>, directory: &Path) -> Command {
        let mut command = Command::new(program.as_ref());
        command.current_dir(directory).env("LC_ALL", "C");
        for (name, _) in std::env::vars_os() {
            if name.to_str().is_some_and(|name| name.starts_with("PG")) {
                command.env_remove(name);
            }
        }
        if let Some(account) = self.account {
            command.uid(account.user).gid(account.group);
        }
        command
    }

    /// Gives `directory` to the account that PostgreSQL runs as.
    pub(crate) fn hand_over(&self, directory: &Path) -> Result<()> {
        let Some(account) = self.account else { return Ok(()) };
        std::os::unix::fs::chown(directory, Some(account.user), Some(account.group))
            .with_context(|| format!("cannot give {} to the user postgres", directory.display()))
    }
}

impl Account {
    fn find() -> Result<Self> {
        let id = |option| -> Result<u32> {
            let output = Command::new("id").args([option, "postgres"]).output().context("cannot start id")?;
            let text = String::from_utf8_lossy(&output.stdout);
            text.trim().parse().context("PostgreSQL does not run as root, and there is no user `postgres`")
        };
        Ok(Self { user: id("-u")?, group: id("-g")? })
    }
}

fn holds_all(directory: &Path) -> bool {
    NEEDED.iter().all(|program| directory.join(program).is_file())
}

/// A link on the path leads to the directory with all programs.
fn on_the_path() -> Vec<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).filter_map(|entry| entry.join("postgres").canonicalize().ok());
    found.filter_map(|program| program.parent().map(Path::to_owned)).collect()
}

fn of_debian() -> Vec<PathBuf> {
    let mut versions: Vec<(u32, PathBuf)> = fs::read_dir(DEBIAN_DIRECTORY)
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            Some((path.file_name()?.to_str()?.parse().ok()?, path.join("bin")))
        })
        .collect();
    versions.sort_by(|one, other| other.cmp(one));
    versions.into_iter().map(|(_, directory)| directory).collect()
}

fn of_pg_config() -> Option<PathBuf> {
    let output = Command::new("pg_config").arg("--bindir").output().ok()?;
    Some(PathBuf::from(String::from_utf8(output.stdout).ok()?.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_programs_are_found_in_one_directory() {
        let programs = Programs::find().unwrap();
        let output =
            programs.command(programs.path("postgres"), Path::new("/")).arg("--version").output().unwrap();
        assert!(output.stdout.starts_with(b"postgres (PostgreSQL) "), "{output:?}");
        assert!(!holds_all(Path::new("/")));
    }
}
