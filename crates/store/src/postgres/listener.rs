//! Hearing what other servers do, and knowing when that is not heard.
//!
//! One connection listens. Every quarter of a second it asks the database something, so that silence is never taken
//! for peace: within a second either the other servers are heard, or it is known that they are not. The same
//! connection tells whether the database is there, and holds the lock of a server that serves.

use super::RemoteChange;
use super::locks;
use super::{Hear, OpenError};
use crate::unpoisoned::unpoisoned;
use landfall_domain::ids::{AppId, UserId};
use landfall_domain::store::{Health, with_causes};
use std::fmt;
use std::future::poll_fn;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres::{AsyncMessage, Client, Config, Connection, Socket};
use tokio_postgres_rustls::MakeRustlsConnect;

/// Between two questions, and between two attempts to connect.
const PAUSE: Duration = Duration::from_millis(250);
/// Longest wait for the answer to a question.
const ANSWER: Duration = Duration::from_millis(500);
/// Longest wait for a connection that listens.
const CONNECT: Duration = Duration::from_secs(3);

/// The channel of [`RemoteChange::Told`], beside `landfall`, that of changes.
const PACKETS: &str = "landfall_events";

/// What servers tell each other of changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// The account was kicked.
    Kicked(AppId, UserId),
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::Kicked(app, account) = self;
        write!(f, "kicked {app} {account}")
    }
}

impl Told {
    /// `None` for what a newer server tells: a name may hold spaces, so it comes last.
    fn parse(text: &str) -> Option<Self> {
        let (app, account) = text.strip_prefix("kicked ")?.split_once(' ')?;
        Some(Self::Kicked(AppId(app.parse().ok()?), UserId::parse(account)?))
    }
}

/// Listens until it is dropped.
pub(super) struct Listener {
    health: Arc<Mutex<Health>>,
    task: JoinHandle<()>,
}

impl Listener {
    /// Returns once the other servers are heard.
    pub(super) async fn start(config: Config, tls: MakeRustlsConnect, hear: Hear) -> Result<Self, OpenError> {
        let health = Arc::new(Mutex::new(Health::Ready));
        let ears = Ears { config, tls, hear, health: Arc::clone(&health) };
        let line = ears.connect().await?;
        let task = tokio::spawn(ears.run(line));
        Ok(Self { health, task })
    }

    pub(super) fn health(&self) -> Health {
        unpoisoned(self.health.lock()).clone()
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Ears {
    config: Config,
    tls: MakeRustlsConnect,
    hear: Hear,
    health: Arc<Mutex<Health>>,
}

/// A connection that listens; a task drives it and ends with it.
struct Line {
    client: Client,
    lost: oneshot::Receiver<String>,
}

impl Ears {
    async fn run(self, mut line: Line) {
        loop {
            let why = attend(&mut line).await;
            drop(line);
            tracing::error!(why, "the database is not heard: {why}");
            self.set(Health::NotReady(format!("the database is not heard: {why}")));
            (self.hear)(RemoteChange::Unheard);
            line = self.reconnect().await;
            tracing::info!("the database is heard again");
            self.set(Health::Ready);
        }
    }

    async fn reconnect(&self) -> Line {
        loop {
            tokio::time::sleep(PAUSE).await;
            match self.connect().await {
                Ok(line) => return line,
                Err(error) => {
                    let why = with_causes(&error);
                    tracing::debug!(why, "the database is still not heard: {why}");
                    self.set(Health::NotReady(format!("the database is not heard: {why}")));
                }
            }
        }
    }

    fn set(&self, health: Health) {
        *unpoisoned(self.health.lock()) = health;
    }

    /// Connects and listens. Everything told from then on is heard.
    async fn connect(&self) -> Result<Line, OpenError> {
        let listening = tokio::time::timeout(CONNECT, self.listen()).await;
        listening.unwrap_or(Err(OpenError::Slow(CONNECT)))
    }

    async fn listen(&self) -> Result<Line, OpenError> {
        let (client, connection) = self.config.connect(self.tls.clone()).await?;
        let (losing, lost) = oneshot::channel();
        tokio::spawn(drive(connection, Arc::clone(&self.hear), losing));
        let listen = format!("SET statement_timeout = '2s'; LISTEN landfall; LISTEN {PACKETS}");
        client.batch_execute(&listen).await?;
        if !locks::take_serving(&client, true).await? {
            return Err(OpenError::BeingCopied);
        }
        (self.hear)(RemoteChange::Heard);
        Ok(Line { client, lost })
    }
}

/// Asks again and again, and returns why there was no answer.
async fn attend(line: &mut Line) -> String {
    loop {
        tokio::select! {
            lost = &mut line.lost => return lost.unwrap_or_else(|_| "the connection ended".to_owned()),
            () = tokio::time::sleep(PAUSE) => {}
        }
        match tokio::time::timeout(ANSWER, line.client.batch_execute("")).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return with_causes(&error),
            Err(_) => return format!("no answer within {} ms", ANSWER.as_millis()),
        }
    }
}

/// Reads what comes, until the connection ends.
async fn drive(
    mut connection: Connection<Socket, <MakeRustlsConnect as MakeTlsConnect<Socket>>::Stream>,
    hear: Hear,
    losing: oneshot::Sender<String>,
) {
    let why = loop {
        match poll_fn(|context| connection.poll_message(context)).await {
            Some(Ok(AsyncMessage::Notification(told))) if told.channel() == PACKETS => {
                hear(RemoteChange::Told(told.payload().to_owned()));
            }
            Some(Ok(AsyncMessage::Notification(told))) => match Told::parse(told.payload()) {
                Some(Told::Kicked(app, account)) => hear(RemoteChange::Kicked(app, account)),
                None => tracing::warn!(payload = told.payload(), "another server told something unknown"),
            },
            Some(Ok(_)) => {}
            Some(Err(error)) => break with_causes(&error),
            None => break "the connection was closed".to_owned(),
        }
    };
    // Nobody waits for it when the store was closed.
    drop(losing.send(why));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_is_understood() {
        let told = Told::Kicked(AppId(u32::MAX), UserId::parse("a name  of words").unwrap());
        assert_eq!(Told::parse(&told.to_string()), Some(told));
        for odd in ["", "kicked", "kicked 7", "kicked 7 ", "kicked x a", "other 7 a"] {
            assert_eq!(Told::parse(odd), None, "{odd}");
        }
    }
}
