//! A socket in the directory of an embedded store, by which the command line reaches the server that has the store open. Only
//! the user that runs the server can open it, as the store itself.
//!
//! One request a connection: a line of JSON, and a line of JSON in answer.

use super::deeds::{self, Deed};
use crate::state::Server;
use serde::{Deserialize, Serialize};
use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{UnixListener, UnixStream};

/// How long one connection may take.
const TIME_MAX: Duration = Duration::from_secs(10);

/// Longest line, bytes: a list of all users is shorter.
const LINE_BYTES_MAX: u64 = 16_384;

/// What was said, or why nothing was done.
#[derive(Debug, Serialize, Deserialize)]
enum Answer {
    Said(String),
    Failed(String),
}

/// The socket in a directory.
pub(crate) fn path(directory: &Path) -> PathBuf {
    directory.join("console.sock")
}

/// Takes requests for as long as the server runs.
pub(crate) async fn serve(server: Arc<Server>, path: PathBuf) {
    let listener = match listen(&path) {
        Ok(listener) => listener,
        Err(error) => {
            tracing::warn!(%error, "console: `landfall console-user` cannot reach this server by {}: {error}", path.display());
            return;
        }
    };
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        match tokio::time::timeout(TIME_MAX, answer(&server, stream)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::debug!(%error, "console: a request by the socket broke off: {error}"),
            Err(_) => tracing::debug!("console: a request by the socket took too long"),
        }
    }
}

/// The store is open, so no other server has the socket: one that is there was left behind.
fn listen(path: &Path) -> io::Result<UnixListener> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let listener = UnixListener::bind(path)?;
    fs::set_permissions(path, Permissions::from_mode(0o600))?;
    Ok(listener)
}

async fn answer(server: &Server, stream: UnixStream) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    let answer = match serde_json::from_str::<Deed>(&line(&mut stream).await?) {
        Ok(deed) => match deeds::perform(&*server.store, deed, server.clock.now()).await {
            Ok(said) => Answer::Said(said),
            Err(error) => Answer::Failed(error.to_string()),
        },
        Err(error) => Answer::Failed(format!("the server does not understand the request: {error}")),
    };
    send(&mut stream, &answer).await
}

async fn line(stream: &mut BufReader<UnixStream>) -> io::Result<String> {
    let mut line = String::new();
    stream.take(LINE_BYTES_MAX).read_line(&mut line).await?;
    Ok(line)
}

async fn send(stream: &mut BufReader<UnixStream>, value: &impl Serialize) -> io::Result<()> {
    let mut text = serde_json::to_string(value)?;
    text.push('\n');
    stream.write_all(text.as_bytes()).await?;
    stream.flush().await
}

/// Asks the server that has the store in a directory open. The inner error is what the server says.
///
/// # Errors
/// No server answers there.
pub(crate) async fn ask(directory: &Path, deed: &Deed) -> io::Result<Result<String, String>> {
    let asking = async {
        let mut stream = BufReader::new(UnixStream::connect(path(directory)).await?);
        send(&mut stream, deed).await?;
        Ok(match serde_json::from_str(&line(&mut stream).await?)? {
            Answer::Said(said) => Ok(said),
            Answer::Failed(why) => Err(why),
        })
    };
    tokio::time::timeout(TIME_MAX, asking).await.map_err(io::Error::other)?
}
