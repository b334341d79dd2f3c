//! `cargo xtask openapi`: calls that are made up from the server's own description of its API, by schemathesis. It needs
//! Python 3.10, `venv` and PyPI, and is no part of `ci` or `test`.
//!
//! Each operation gets its sample, values at the edges of its types, and values that are made up, in the same order in
//! every run. A call must be answered with HTTP 200, JSON and the envelope, whatever it says.

use crate::bench::process::Process;
use crate::workspace::{self, cargo};
use anyhow::{Context as _, Result};
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// The version whose values the seed is about.
const SCHEMATHESIS: &str = "schemathesis==4.32.5";
const SEED: &str = "1";
/// Made-up calls of each operation.
const EXAMPLES: &str = "15";
/// Seconds that one call may take.
const CALL_SECONDS: &str = "20";
const START: Duration = Duration::from_secs(30);

const APP: &str = "1400000001";
const ADMINISTRATOR: &str = "fuzzer";

/// Starts a server on an empty directory and calls it.
///
/// # Errors
/// When a program is missing, the server does not start, or an answer is not as described.
pub(crate) fn run() -> Result<()> {
    workspace::run(&mut cargo(&["build", "--locked", "--package", "landfall"]))?;
    let target = workspace::target_directory()?;
    let python = target.join("schemathesis/bin");
    if !python.join("schemathesis").exists() {
        workspace::run(Command::new("python3").args(["-m", "venv"]).arg(target.join("schemathesis")))?;
        workspace::run(Command::new(python.join("pip")).args(["install", "--quiet", SCHEMATHESIS]))?;
    }
    let folder = target.join("openapi");
    if folder.exists() {
        fs::remove_dir_all(&folder).context("cannot remove the folder of the last run")?;
    }
    fs::create_dir_all(&folder).context("cannot make a folder")?;
    call(&target.join("debug/landfall"), &python.join("schemathesis"), &folder)
}

fn call(server: &Path, schemathesis: &Path, folder: &Path) -> Result<()> {
    let config = folder.join("landfall.toml");
    let text = format!(
        "listen = \"127.0.0.1:0\"\n[limits]\ncalls_per_second = 0\n[store]\nurl = \"embedded:{0}/data\"\n\
         [imports]\ndirectory = \"{0}/imports\"\n[files]\nurl = \"directory:{0}/files\"\n\
         [[app]]\nsdk_app_id = {APP}\nsecret_key = \"0123456789abcdef0123456789abcdef\"\nadmins = [\"{ADMINISTRATOR}\"]\n",
        folder.display()
    );
    fs::write(&config, text).context("cannot write the configuration")?;
    let config = config.to_str().context("the folder's name is no text")?;
    let usersig = ["usersig", "--config", config, "--app", APP, "--user", ADMINISTRATOR];
    let usersig = workspace::output(Command::new(server).args(usersig))?;
    let mut running = Process::start(server, &["serve", "--config", config], Some(&folder.join("log")))?;
    let address = running.wait_until_listening(START)?;
    let signed = format!(
        "[parameters]\n\"query.sdkappid\" = {APP}\n\"query.identifier\" = \"{ADMINISTRATOR}\"\n\
         \"query.usersig\" = \"{}\"\n",
        usersig.trim()
    );
    fs::write(folder.join("schemathesis.toml"), signed).context("cannot write the settings")?;
    let checks =
        "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance";
    workspace::run(
        Command::new(schemathesis)
            .current_dir(folder)
            .args(["--config-file", "schemathesis.toml", "run", &format!("http://{address}/openapi.json")])
            .args(["--url", &format!("http://{address}"), "--seed", SEED, "--max-examples", EXAMPLES])
            .args(["--phases", "examples,coverage,fuzzing", "--mode", "all", "--checks", checks])
            .args([
                "--request-timeout",
                CALL_SECONDS,
                "--suppress-health-check",
                "all",
                "--continue-on-failure",
            ])
            .args(["--generation-database", "none", "--warnings", "off"]),
    )
}
