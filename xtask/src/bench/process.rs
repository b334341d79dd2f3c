//! Measured processes: started so that they cannot outlive the benchmark, with figures from `/proc`.

use anyhow::{Context as _, Result, bail};
use clap::Args;
use rustix::process::{Pid, Signal, getppid, kill_process};
use std::ffi::OsString;
use std::io::{BufRead as _, BufReader};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};
use std::{fs, thread};

/// Longest wait for a program's deferred work, such as merging its files.
pub(super) const REST: Duration = Duration::from_secs(30);

/// Runs a program that the kernel kills when the process that started it ends, for whatever reason.
#[derive(Args)]
pub(crate) struct Tether {
    /// The process that starts the program
    #[arg(long)]
    parent: i32,
    /// The program and its arguments
    #[arg(last = true, required = true)]
    words: Vec<OsString>,
}

impl Tether {
    /// Becomes the program; returns only when that fails.
    ///
    /// # Errors
    /// When the program cannot be started, or the parent has already ended.
    pub(crate) fn run(&self) -> Result<()> {
        #[cfg(target_os = "linux")]
        rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?;
        if getppid().map(Pid::as_raw_pid) != Some(self.parent) {
            bail!("the process that started this one has ended");
        }
        let (program, arguments) = self.words.split_first().context("no program is named")?;
        Err(Command::new(program).args(arguments).exec())
            .with_context(|| format!("cannot start {}", program.display()))
    }
}

/// A started process; it is killed when this value is dropped.
pub(crate) struct Process {
    child: Child,
}

impl Process {
    /// Starts `program`. Its standard output is piped; its standard error goes to `errors`, or is shown.
    pub(crate) fn start(program: &Path, arguments: &[&str], errors: Option<&Path>) -> Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command
            .args(["tether", "--parent", &std::process::id().to_string(), "--"])
            .arg(program)
            .args(arguments);
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        // Figures are read in English, and a benchmark does not use the developer's own PostgreSQL.
        command.env("LC_ALL", "C");
        for (name, _) in std::env::vars_os() {
            if name.to_str().is_some_and(|name| name.starts_with("PG")) {
                command.env_remove(name);
            }
        }
        if let Some(path) = errors {
            command
                .stderr(fs::File::create(path).with_context(|| format!("cannot write {}", path.display()))?);
        }
        let child = command.spawn().with_context(|| format!("cannot start {}", program.display()))?;
        Ok(Self { child })
    }

    /// Waits until the process prints `listening on http://ADDRESS`, and returns the address.
    pub(crate) fn wait_until_listening(&mut self, at_most: Duration) -> Result<String> {
        let stdout = self.child.stdout.take().context("the output is being read already")?;
        let (sender, receiver) = mpsc::channel();
        // Reads on after the line, so that the process never blocks on its output.
        thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if let Some(address) = line.strip_prefix("listening on http://") {
                    // The receiver is dropped after the first such line.
                    drop(sender.send(address.to_owned()));
                }
            }
        });
        receiver.recv_timeout(at_most).map_err(|problem| match problem {
            mpsc::RecvTimeoutError::Timeout => {
                anyhow::anyhow!("did not say `listening on` within {at_most:?}")
            }
            mpsc::RecvTimeoutError::Disconnected => anyhow::anyhow!("ended without saying `listening on`"),
        })
    }

    /// Waits until the process ends by itself, and returns what it printed.
    pub(super) fn wait_for_output(&mut self) -> Result<String> {
        let stdout = self.child.stdout.take().context("the output is being read already")?;
        let text = std::io::read_to_string(stdout)?;
        let status = self.child.wait()?;
        if !status.success() {
            bail!("ended with {status}");
        }
        Ok(text)
    }

    /// Sends `signal` and waits for the end.
    pub(super) fn end(&mut self, signal: Signal, at_most: Duration) -> Result<ExitStatus> {
        kill_process(Pid::from_child(&self.child), signal)?;
        let deadline = Instant::now() + at_most;
        while Instant::now() < deadline {
            if let Some(status) = self.child.try_wait()? {
                return Ok(status);
            }
            thread::sleep(Duration::from_millis(2));
        }
        bail!("did not end within {at_most:?} of signal {signal:?}")
    }

    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Processor time used so far by all threads, in seconds.
    pub(super) fn cpu_seconds(&self) -> Result<f64> {
        cpu_seconds(self.child.id())
    }

    /// Resident memory now and at most so far, in bytes.
    pub(super) fn memory(&self) -> Result<Memory> {
        memory(self.child.id())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Both fail only when the process has ended already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Resident memory, in bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Memory {
    pub(super) resident: u64,
    pub(super) peak: u64,
}

/// Resident memory of a process now and at most so far, in bytes.
pub(super) fn memory(process: u32) -> Result<Memory> {
    let path = format!("/proc/{process}/status");
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
    let bytes = |name: &str| kibibytes(&text, name).map(|kibibytes| kibibytes * 1_024);
    match (bytes("VmRSS:"), bytes("VmHWM:")) {
        (Some(resident), Some(peak)) => Ok(Memory { resident, peak }),
        _ => bail!("{path} holds no memory figures"),
    }
}

/// Waits until `cpu_seconds` hardly grows: deferred work belongs to the calls that caused it.
pub(super) fn wait_until_idle(cpu_seconds: impl Fn() -> Result<f64>, at_most: Duration) -> Result<()> {
    const PAUSE: Duration = Duration::from_millis(250);
    const IDLE_SHARE: f64 = 0.05;
    let deadline = Instant::now() + at_most;
    let mut before = cpu_seconds()?;
    while Instant::now() < deadline {
        thread::sleep(PAUSE);
        let now = cpu_seconds()?;
        if now - before < IDLE_SHARE * PAUSE.as_secs_f64() {
            return Ok(());
        }
        before = now;
    }
    // Not idle in time: the figures then hold a little of the deferred work, which the caller reports anyway.
    Ok(())
}

/// Processor time used so far by all threads of a process, in seconds. The kernel counts in ticks of 10 ms.
pub(super) fn cpu_seconds(process: u32) -> Result<f64> {
    Ok(seconds(Stat::of(process)?.own_ticks))
}

/// Processor time used so far by a process and its children, ended ones included, in seconds.
pub(super) fn family_cpu_seconds(parent: u32) -> Result<f64> {
    let stat = Stat::of(parent)?;
    let mut ticks = stat.own_ticks + stat.ended_ticks;
    for entry in fs::read_dir("/proc").context("cannot read /proc")? {
        let Some(process) = entry?.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        // A process that cannot be read has ended meanwhile.
        if let Ok(stat) = Stat::of(process)
            && stat.parent == parent
        {
            ticks += stat.own_ticks;
        }
    }
    Ok(seconds(ticks))
}

/// The process that started another one.
pub(super) fn parent(process: u32) -> Result<u32> {
    Ok(Stat::of(process)?.parent)
}

fn seconds(ticks: u64) -> f64 {
    ticks as f64 / rustix::param::clock_ticks_per_second() as f64
}

/// Fields of `/proc/PID/stat`.
#[derive(Debug, PartialEq, Eq)]
struct Stat {
    parent: u32,
    /// Processor time of all its threads.
    own_ticks: u64,
    /// That of its ended children, once it has waited for them.
    ended_ticks: u64,
}

impl Stat {
    fn of(process: u32) -> Result<Self> {
        let path = format!("/proc/{process}/stat");
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
        Self::read(&text).with_context(|| format!("{path} is not understood"))
    }

    /// `ppid`, field 4, and `utime`, `stime`, `cutime` and `cstime`, from field 14 on. Counted after the program's
    /// name, which may itself contain blanks and brackets.
    fn read(stat: &str) -> Option<Self> {
        let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(1);
        let parent = fields.next()?.parse().ok()?;
        let mut times = fields.skip(9).map_while(|field| field.parse::<u64>().ok());
        let mut next = || times.next();
        Some(Self { parent, own_ticks: next()? + next()?, ended_ticks: next()? + next()? })
    }
}

fn kibibytes(status: &str, name: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processor_time_is_found_after_any_name() {
        let stat =
            "7459 (a) b) R 7448 7448 6043 0 -1 4194304 99 0 1 0 120 30 5 6 20 0 1 0 142897 3133440 363";
        assert_eq!(Stat::read(stat), Some(Stat { parent: 7448, own_ticks: 150, ended_ticks: 11 }));
        assert_eq!(Stat::read("7459 (cat) R 7448"), None);
    }

    #[test]
    fn a_family_is_a_process_and_its_children() {
        let own = std::process::id();
        let before = cpu_seconds(own).unwrap();
        let mut child = Command::new("sleep").arg("60").spawn().unwrap();
        assert_eq!(parent(child.id()).unwrap(), own);
        assert!(before <= family_cpu_seconds(own).unwrap());
        child.kill().unwrap();
        child.wait().unwrap();
    }

    #[test]
    fn memory_is_found_by_name() {
        let status = "Name:\tx\nVmHWM:\t    2048 kB\nVmRSS:\t    1024 kB\n";
        assert_eq!(kibibytes(status, "VmRSS:"), Some(1_024));
        assert_eq!(kibibytes(status, "VmHWM:"), Some(2_048));
        assert_eq!(kibibytes(status, "VmSwap:"), None);
    }
}
