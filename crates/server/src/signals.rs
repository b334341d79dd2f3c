//! Signals to a running server.

use std::io;
use tokio::signal::unix::{SignalKind, signal};

/// Completes at the first SIGTERM or SIGINT. Both are caught from the moment this returns.
pub(crate) fn shutdown() -> io::Result<impl Future<Output = ()> + Send + 'static> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// Keeps SIGHUP, which asks other servers to read their configuration again, from ending this one in the middle of its
/// calls. The first one is logged; the handler stays, so later ones do nothing.
pub(crate) fn ignore_hangup() -> io::Result<()> {
    let mut hangup = signal(SignalKind::hangup())?;
    tokio::spawn(async move {
        if hangup.recv().await.is_some() {
            tracing::warn!(
                "SIGHUP is ignored, here and from now on: the configuration is read at the start only; \
                 SIGTERM ends the server"
            );
        }
    });
    Ok(())
}
