//! The program `landfall`, run as its users run it.

use crate::server::Home;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::ffi::{OsStr, OsString};
use std::process::{Output, Stdio};
use std::time::Duration;
use tokio::process::Command;
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// Limit of every wait, far above what any command takes here.
const END_MAX: Duration = Duration::from_secs(300);

/// A running command.
pub(crate) struct Tool {
    pid: Pid,
    output: JoinHandle<Output>,
}

/// How a command ended.
#[derive(Debug)]
pub(crate) struct Ended {
    /// `None` when a signal ended it.
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// The arguments of a command against the server at `url`, whose app is in the configuration of `home`.
pub(crate) fn against(home: &Home, url: &str, command: &[&dyn AsRef<OsStr>]) -> Vec<OsString> {
    let mut arguments: Vec<OsString> =
        command.iter().map(|part| OsStr::to_owned((**part).as_ref())).collect();
    arguments.extend(["--config".into(), home.config().into(), "--server".into(), url.into()]);
    arguments
}

impl Tool {
    /// Starts a command with no variables but `variables`.
    pub(crate) fn start(arguments: &[OsString], variables: &[(&str, &str)]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_landfall"));
        command.env_clear().envs(variables.iter().copied()).args(arguments).kill_on_drop(true);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = command.spawn().unwrap();
        let pid = Pid::from_raw(i32::try_from(child.id().unwrap()).unwrap()).unwrap();
        Self { pid, output: tokio::spawn(async { child.wait_with_output().await.unwrap() }) }
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(self.pid, signal).unwrap();
    }

    /// Waits for its end. Only once, but the wait may be dropped before.
    pub(crate) async fn ended(&mut self) -> Ended {
        let output = timeout(END_MAX, &mut self.output).await.expect("it does not end").unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Ended { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }

    /// Kills it, as a failing machine does, unless it has ended.
    pub(crate) async fn kill(mut self) -> Ended {
        if !self.output.is_finished() {
            self.signal(Signal::KILL);
        }
        self.ended().await
    }
}

/// Runs a command to its end.
pub(crate) async fn run(arguments: &[OsString]) -> Ended {
    Tool::start(arguments, &[]).ended().await
}

impl Ended {
    /// Ends the test if the command did not end with this code.
    #[track_caller]
    pub(crate) fn with(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{}\n{}", self.out, self.err);
        self
    }

    /// The objects of its output, one a line.
    pub(crate) fn objects(&self) -> Vec<Value> {
        let parse = |line| serde_json::from_str(line).unwrap_or_else(|_| panic!("not JSON: {line}"));
        self.out.lines().map(parse).collect()
    }

    /// The last object, which has this member.
    #[track_caller]
    pub(crate) fn last(&self, member: &str) -> Value {
        let last = self.objects().pop().and_then(|mut object| object.get_mut(member).map(Value::take));
        last.unwrap_or_else(|| panic!("the last line has no {member}:\n{}\n{}", self.out, self.err))
    }

    /// How many records an import found unchanged, when it did nothing else.
    #[track_caller]
    pub(crate) fn unchanged(&self) -> u64 {
        let report = self.last("report");
        let counts = report["counts"].as_array().unwrap();
        for count in counts {
            for other in ["imported", "updated", "failed"] {
                assert_eq!(count[other], 0, "{}", self.out);
            }
        }
        counts.iter().map(|count| count["unchanged"].as_u64().unwrap()).sum()
    }
}
