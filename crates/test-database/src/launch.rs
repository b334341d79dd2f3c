//! A server process: it cannot outlive this process, is awaited until it is ready, and is ended within a time limit.

use anyhow::{Context as _, Result, bail};
use rustix::process::{Pid, Signal, kill_process};
use std::collections::VecDeque;
use std::io::{self, BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::{Arc, LazyLock, Mutex, PoisonError, mpsc};
use std::thread;
use std::time::Duration;

/// Longest wait until a server is ready, recovery after a crash included.
const START_AT_MOST: Duration = Duration::from_secs(60);

/// Longest wait for the end of a server before it is killed.
const END_AT_MOST: Duration = Duration::from_secs(30);

/// How many lines of a server's log are kept for the error of a failed start.
const LOG_LINES_MAX: usize = 20;

/// A program that can run as a server.
pub(crate) struct ServerProgram {
    /// Its name in errors.
    pub(crate) name: &'static str,
    /// Endings of the log lines that report that it accepts connections.
    pub(crate) ready: &'static [&'static str],
    /// The signal that ends it at once and releases what it holds in the system.
    pub(crate) end_now: Signal,
}

/// A command to start, and the channel for its process.
type StartRequest = (Command, mpsc::Sender<io::Result<Child>>);

/// The thread that starts all servers. The kernel ends a server together with the *thread* that started it, and
/// this one lasts as long as the process.
static STARTER: LazyLock<mpsc::Sender<StartRequest>> = LazyLock::new(|| {
    let (sender, receiver) = mpsc::channel::<StartRequest>();
    thread::spawn(move || {
        for (mut command, reply) in receiver {
            // The reply fails only if the requesting thread has ended. Its server is then not needed.
            if let Err(mpsc::SendError(Ok(mut child))) = reply.send(command.spawn()) {
                drop(child.kill());
                drop(child.wait());
            }
        }
    });
    sender
});

/// A running server. It is stopped at once when this value is dropped.
pub(crate) struct Server {
    program: &'static ServerProgram,
    child: Child,
    log: Log,
}

/// Event: the server accepts connections.
struct Ready;

/// The log of a server, which is its standard error.
struct Log {
    /// Reports that the server is ready; disconnects when its last process has ended. The lock is never contended: it
    /// lets threads share a cluster.
    events: Mutex<mpsc::Receiver<Ready>>,
    /// The last lines, oldest first.
    lines: Arc<Mutex<VecDeque<String>>>,
}

impl Server {
    /// Runs `command`, which [`tether`] made, and waits until it accepts connections.
    ///
    /// # Errors
    /// When it ends or is not ready in time. The error contains the end of its log.
    pub(crate) fn start(program: &'static ServerProgram, mut command: Command) -> Result<Self> {
        let name = program.name;
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let (sender, receiver) = mpsc::channel();
        STARTER.send((command, sender)).context("the thread that starts servers has ended")?;
        let mut child =
            receiver.recv().context("the thread that starts servers has ended")?.with_context(|| {
                format!("cannot start {name} (on Linux by setpriv, of the package util-linux)")
            })?;
        let log = Log::read(child.stderr.take().context("the log is not piped")?, program.ready);
        let mut server = Self { program, child, log };
        match server.log.next(START_AT_MOST) {
            Ok(Ready) => Ok(server),
            Err(mpsc::RecvTimeoutError::Timeout) => {
                bail!("{name} is not ready after {START_AT_MOST:?}; its log:\n{}", server.log.end())
            }
            Err(mpsc::RecvTimeoutError::Disconnected) => {
                bail!("{name} ended at its start; its log:\n{}", server.log.end())
            }
        }
    }

    /// Sends `signal` and waits until all processes of the server have ended.
    ///
    /// # Errors
    /// When they had to be killed.
    pub(crate) fn end(mut self, signal: Signal) -> Result<()> {
        let name = self.program.name;
        kill_process(Pid::from_child(&self.child), signal)
            .with_context(|| format!("cannot signal {name}"))?;
        if !self.log.ends_within(END_AT_MOST) {
            bail!("{name} did not end within {END_AT_MOST:?} of {signal:?}; its log:\n{}", self.log.end());
        }
        self.child.wait().with_context(|| format!("{name} cannot be waited for"))?;
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if self.child.try_wait().is_ok_and(|status| status.is_none()) {
            // A killed PostgreSQL would leave its shared memory behind. The process id is valid until `wait`.
            let asked = kill_process(Pid::from_child(&self.child), self.program.end_now);
            if asked.is_err() || !self.log.ends_within(END_AT_MOST) {
                drop(self.child.kill());
            }
            drop(self.child.wait());
        }
    }
}

impl Log {
    /// Reads to the end, so that the server never blocks on its log.
    fn read(stderr: ChildStderr, ready: &'static [&'static str]) -> Self {
        let (sender, events) = mpsc::channel();
        let lines = Arc::new(Mutex::new(VecDeque::with_capacity(LOG_LINES_MAX)));
        let kept = Arc::clone(&lines);
        thread::spawn(move || {
            for line in BufReader::new(stderr).split(b'\n').map_while(io::Result::ok) {
                let line = String::from_utf8_lossy(&line).into_owned();
                let ready = ready.iter().any(|text| line.ends_with(text));
                let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                if kept.len() == LOG_LINES_MAX {
                    kept.pop_front();
                }
                kept.push_back(line);
                drop(kept);
                if ready {
                    // Fails only after the server was dropped.
                    drop(sender.send(Ready));
                }
            }
        });
        Self { events: Mutex::new(events), lines }
    }

    fn next(&mut self, at_most: Duration) -> Result<Ready, mpsc::RecvTimeoutError> {
        self.events.get_mut().unwrap_or_else(PoisonError::into_inner).recv_timeout(at_most)
    }

    /// Whether all processes of the server end in time.
    fn ends_within(&mut self, at_most: Duration) -> bool {
        loop {
            match self.next(at_most) {
                // Ready once more: a replica is, when it is promoted.
                Ok(Ready) => {}
                Err(problem) => return problem == mpsc::RecvTimeoutError::Disconnected,
            }
        }
    }

    fn end(&self) -> String {
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.iter().map(String::as_str).collect::<Vec<_>>().join("\n")
    }
}

/// A command for `executable`, made by `command`, whose process the kernel ends by `signal` when this process ends for
/// whatever reason. It has its own process group, so that Ctrl-C reaches it only through its user.
pub(crate) fn tether(command: impl FnOnce(&Path) -> Command, executable: &Path, signal: &str) -> Command {
    use std::os::unix::process::CommandExt as _;
    let mut command = if cfg!(target_os = "linux") {
        let mut command = command(Path::new("setpriv"));
        command.args(["--pdeathsig", signal, "--"]).arg(executable);
        command
    } else {
        command(executable)
    };
    command.process_group(0);
    command
}
