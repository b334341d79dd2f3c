//! ejabberd, from Debian's package, with a store of its own for the length of the benchmark.

use crate::bench::process::Process;
use crate::bench::target::Target;
use crate::debian;
use anyhow::{Context as _, Result, bail};
use std::fs;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

/// Where Debian has its code, in one directory per version.
const LIBRARIES: &str = "/usr/lib/x86_64-linux-gnu";
/// Longest wait until it accepts connections.
const START: Duration = Duration::from_secs(60);
/// Pause between two attempts to connect.
const PAUSE: Duration = Duration::from_millis(100);

/// Finds its version; installs it where it is missing.
pub(super) fn find() -> Result<String> {
    if code().is_none() {
        if !debian::can_install() {
            bail!("ejabberd is missing; on Debian, as root: apt-get update && apt-get install -y ejabberd");
        }
        debian::install("ejabberd", "the comparison")?;
    }
    let code = code().context("the package ejabberd has no code where it is expected")?;
    let name = code.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    Ok(name.trim_start_matches("ejabberd-").to_owned())
}

fn code() -> Option<PathBuf> {
    let mut found: Vec<_> = fs::read_dir(LIBRARIES)
        .ok()?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("ejabberd-")))
        .filter(|path| path.join("ebin/ejabberd.app").exists())
        .collect();
    found.sort();
    found.pop()
}

/// Starts it with its files in `directory`, without a cluster or a shell.
pub(super) fn start(directory: &Path) -> Result<Target> {
    let started = Instant::now();
    let code = code().context("ejabberd is missing")?.join("ebin");
    fs::create_dir_all(directory.join("mnesia"))?;
    // Free a moment ago; nobody else on this machine is given it before it is listened on, unless by chance.
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
    let file = directory.join("ejabberd.yml");
    fs::write(&file, settings(port)).with_context(|| format!("cannot write {}", file.display()))?;
    let quoted = |path: &Path| format!("\"{}\"", path.display());
    let (mnesia, file) = (quoted(&directory.join("mnesia")), quoted(&file));
    let code = code.to_str().context("the path of ejabberd is not UTF-8")?;
    let log = directory.join("log");
    let arguments = ["-noinput", "+K", "true", "-pa", code, "-mnesia", "dir", &mnesia];
    let arguments = [&arguments[..], &["-ejabberd", "config", &file, "-s", "ejabberd"]].concat();
    let process = Process::start(Path::new("erl"), &arguments, Some(&log))?;
    let address = format!("127.0.0.1:{port}");
    while TcpStream::connect(&address).is_err() {
        if START < started.elapsed() {
            let said = fs::read_to_string(&log).unwrap_or_default();
            bail!("ejabberd did not accept connections within {START:?}: {said}");
        }
        thread::sleep(PAUSE);
    }
    Ok(Target { process, address, started_in: started.elapsed() })
}

fn settings(port: u16) -> String {
    format!(
        "hosts: [localhost]\n\
         loglevel: error\n\
         listen:\n\
         - port: {port}\n  \
           ip: 127.0.0.1\n  \
           module: ejabberd_http\n  \
           request_handlers:\n    \
             /api: mod_http_api\n\
         api_permissions:\n  \
           loopback:\n    \
             who: {{ip: 127.0.0.1/8}}\n    \
             what: [create_room_with_opts]\n\
         modules:\n  \
           mod_muc: {{}}\n  \
           mod_muc_admin: {{}}\n"
    )
}
