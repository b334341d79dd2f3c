//! The measured programs: the server with its data directory, the empty handler and the broadcaster.

use super::process::Process;
use crate::workspace;
use anyhow::{Context as _, Result, bail};
use rustix::process::Signal;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The app of all requests.
pub(super) const APP: u32 = 1_400_000_001;
pub(super) const ADMIN: &str = "administrator";

/// The key of a server that runs on loopback for the length of a benchmark, so it need not be secret.
pub(super) const KEY: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

/// Longest wait for `listening on`. Opening a large store may take a while.
const START: Duration = Duration::from_secs(300);

/// Longest wait for a drained stop.
const STOP: Duration = Duration::from_secs(60);

/// A running program, ready to be loaded.
pub(super) struct Target {
    pub(super) process: Process,
    pub(super) address: String,
    /// Time from its start until it accepted requests.
    pub(super) started_in: Duration,
}

impl Target {
    fn start(program: &Path, arguments: &[&str], errors: Option<&Path>) -> Result<Self> {
        let started = Instant::now();
        let mut process = Process::start(program, arguments, errors)?;
        let address = process.wait_until_listening(START).with_context(|| {
            let log = errors.and_then(|path| fs::read_to_string(path).ok()).unwrap_or_default();
            let lines: Vec<&str> = log.lines().collect();
            format!("{}\n{}", program.display(), lines[lines.len().saturating_sub(20)..].join("\n"))
        })?;
        Ok(Self { process, address, started_in: started.elapsed() })
    }

    /// Starts the empty handler, with answers as long as those to an import, or of `answer_bytes`.
    pub(super) fn start_baseline(programs: &Path, answer_bytes: Option<usize>) -> Result<Self> {
        let program = programs.join("xtask");
        match answer_bytes {
            None => Self::start(&program, &["baseline"], None),
            Some(bytes) => Self::start(&program, &["baseline", "--answer-bytes", &bytes.to_string()], None),
        }
    }

    /// Starts the broadcaster, with messages of `text_bytes`.
    pub(super) fn start_broadcaster(programs: &Path, text_bytes: usize) -> Result<Self> {
        let arguments = ["broadcaster", "--text-bytes", &text_bytes.to_string()];
        Self::start(&programs.join("xtask"), &arguments, None)
    }
}

/// The server's files: configuration, log and the data of the embedded store, in a directory of the benchmark's own.
pub(super) struct Server {
    program: PathBuf,
    directory: PathBuf,
    config: String,
}

impl Server {
    /// Writes the configuration of a server over the database at `database`, or with an empty store of its own.
    pub(super) fn prepare(
        programs: &Path,
        directory: &Path,
        database: Option<String>,
        mode: Mode,
    ) -> Result<Self> {
        Self::prepare_with(programs, directory, database, mode, "")
    }

    /// The same with further settings of the app, then whole sections.
    pub(super) fn prepare_with(
        programs: &Path,
        directory: &Path,
        database: Option<String>,
        mode: Mode,
        app: &str,
    ) -> Result<Self> {
        let path = directory.join("landfall.toml");
        let store = database.unwrap_or_else(|| format!("embedded:{}", directory.join("data").display()));
        fs::write(&path, config(&store, mode) + app)
            .with_context(|| format!("cannot write {}", path.display()))?;
        let config = path.to_str().context("the target directory's path is not UTF-8")?.to_owned();
        Ok(Self { program: programs.join("landfall"), directory: directory.to_owned(), config })
    }

    /// Starts it on its present data.
    pub(super) fn start(&self) -> Result<Target> {
        Target::start(
            &self.program,
            &["serve", "--config", &self.config],
            Some(&self.directory.join("server.log")),
        )
    }

    /// Sends SIGTERM and waits until it has drained.
    pub(super) fn stop(target: &mut Target) -> Result<()> {
        let status = target.process.end(Signal::TERM, STOP)?;
        if !status.success() {
            bail!("the server ended with {status} after SIGTERM");
        }
        Ok(())
    }

    /// Sends SIGKILL.
    pub(super) fn kill(target: &mut Target) -> Result<()> {
        target.process.end(Signal::KILL, STOP)?;
        Ok(())
    }

    /// The signature of all requests, made by the server's own program.
    pub(super) fn usersig(&self) -> Result<String> {
        let app = APP.to_string();
        let arguments = ["usersig", "--config", &self.config, "--app", &app, "--user", ADMIN];
        let printed = Process::start(&self.program, &arguments, None)?.wait_for_output();
        let usersig = printed.context("`landfall usersig` failed")?;
        Ok(usersig.trim().to_owned())
    }

    /// Size of the embedded store on the disk, in bytes.
    pub(super) fn data_bytes(&self) -> Result<u64> {
        bytes_below(&self.directory.join("data"))
    }
}

/// Path and query of a command up to and including the signature.
pub(super) fn request_target(command: &str, usersig: &str) -> String {
    format!("/v4/{command}?sdkappid={APP}&identifier={ADMIN}&usersig={usersig}")
}

/// The limits mode of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// Those of the documentation.
    Faithful,
    /// Wider ones.
    Relaxed,
}

fn config(store: &str, mode: Mode) -> String {
    let mode = match mode {
        Mode::Faithful => "faithful",
        Mode::Relaxed => "relaxed",
    };
    format!(
        "listen = \"127.0.0.1:0\"\n\
         [store]\n\
         url = {store:?}\n\
         [[app]]\n\
         sdk_app_id = {APP}\n\
         secret_key = \"{KEY}\"\n\
         admins = [\"{ADMIN}\"]\n\
         group_fields = [{{ key = \"OldRoomNo\", types = [\"Private\", \"Public\", \"ChatRoom\", \"Community\"] }}]\n\
         [limits]\n\
         mode = \"{mode}\"\n\
         calls_per_second = 0\n"
    )
}

fn bytes_below(directory: &Path) -> Result<u64> {
    let mut bytes = 0;
    for entry in fs::read_dir(directory).with_context(|| format!("cannot read {}", directory.display()))? {
        let entry = entry?;
        bytes +=
            if entry.file_type()?.is_dir() { bytes_below(&entry.path())? } else { entry.metadata()?.len() };
    }
    Ok(bytes)
}

/// A directory on the disk of the build, removed when this value is dropped.
pub(super) struct WorkDirectory {
    path: PathBuf,
}

impl WorkDirectory {
    /// Makes the directory of this run, and removes those of runs that were killed.
    pub(super) fn make() -> Result<Self> {
        let parent = workspace::target_directory()?.join("bench");
        fs::create_dir_all(&parent).with_context(|| format!("cannot make {}", parent.display()))?;
        for entry in fs::read_dir(&parent)? {
            let entry = entry?;
            let name = entry.file_name();
            let owner = name.to_str().and_then(|name| name.strip_prefix("import-"));
            if owner.is_some_and(|process| !Path::new("/proc").join(process).exists()) {
                fs::remove_dir_all(entry.path())?;
            }
        }
        let path = parent.join(format!("import-{}", std::process::id()));
        fs::create_dir(&path).with_context(|| format!("cannot make {}", path.display()))?;
        Ok(Self { path })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for WorkDirectory {
    fn drop(&mut self) {
        if let Err(problem) = fs::remove_dir_all(&self.path) {
            eprintln!("cannot remove {}: {problem}", self.path.display());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_configuration_is_toml_with_the_address_of_the_store() {
        let config: toml::Table = toml::from_str(&config("embedded:/a \"b\"/data", Mode::Faithful)).unwrap();
        assert_eq!(config["store"]["url"].as_str(), Some("embedded:/a \"b\"/data"));
        assert_eq!(config["limits"]["calls_per_second"].as_integer(), Some(0));
        assert_eq!(config["app"][0]["group_fields"][0]["types"].as_array().unwrap().len(), 4);
    }
}
