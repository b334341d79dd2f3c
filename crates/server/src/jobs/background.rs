//! Threads for the work of jobs, which goes on behind that of callers.

use std::io;
use tokio::runtime::Handle;
use tokio::sync::oneshot;

/// How much lower the priority of these threads is: they get a thirtieth of a processor that others want too.
const NICE: i32 = 15;

/// Does `work` on a thread of its own, which may start tasks: a group that a job brings in is announced to the rooms of its
/// connected members. The threads that it starts have the same priority.
pub(super) async fn run<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> io::Result<T> {
    let (reply, done) = oneshot::channel();
    let runtime = Handle::current();
    std::thread::Builder::new().name("job".to_owned()).spawn(move || {
        let _entered = runtime.enter();
        if let Err(error) = rustix::process::setpriority_process(None, NICE) {
            tracing::debug!(%error, "a job runs with the priority of everything else");
        }
        // Nobody waits any more when the server has stopped.
        drop(reply.send(work()));
    })?;
    done.await.map_err(io::Error::other)
}
