//! The subscription to the changes of other servers, and its health.
//!
//! One connection listens. Every quarter of a second it sends the database an empty query, so that silence is never
//! taken for peace: within a second a lost subscription is noticed. The same connection shows whether the database is
//! there, and holds the lock of a server that serves.

use super::RemoteChange;
use super::locks;
use super::{OnRemoteChange, OpenError};
use crate::unpoisoned::unpoisoned;
use landfall_domain::error::with_causes;
use landfall_domain::ids::{AppId, UserId};
use landfall_domain::store::Health;
use std::fmt;
use std::future::poll_fn;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres::{AsyncMessage, Client, Config, Connection, Socket};
use tokio_postgres_rustls::MakeRustlsConnect;

/// Between two empty queries, and between two attempts to connect.
const PAUSE: Duration = Duration::from_millis(250);
/// Longest wait for the answer to an empty query.
const ANSWER: Duration = Duration::from_millis(500);
/// Longest wait for a connection that listens.
const CONNECT: Duration = Duration::from_secs(3);

/// The channel of [`RemoteChange::Packet`], beside `landfall`, that of changes.
const PACKETS: &str = "landfall_events";

/// A change of which servers notify each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Notification {
    Kicked(AppId, UserId),
}

impl fmt::Display for Notification {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::Kicked(app, account) = self;
        write!(f, "kicked {app} {account}")
    }
}

impl Notification {
    /// `None` for the notifications of newer servers. A name may hold spaces, so it comes last.
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
    /// Returns once the subscription is there.
    pub(super) async fn start(
        config: Config,
        tls: MakeRustlsConnect,
        on_change: OnRemoteChange,
    ) -> Result<Self, OpenError> {
        let health = Arc::new(Mutex::new(Health::Ready));
        let subscription = Subscription { config, tls, on_change, health: Arc::clone(&health) };
        let listening = subscription.connect().await?;
        let task = tokio::spawn(subscription.run(listening));
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

struct Subscription {
    config: Config,
    tls: MakeRustlsConnect,
    on_change: OnRemoteChange,
    health: Arc<Mutex<Health>>,
}

/// A connection that listens; a task drives it and ends with it.
struct Listening {
    client: Client,
    lost: oneshot::Receiver<String>,
}

impl Subscription {
    async fn run(self, mut listening: Listening) {
        loop {
            let why = check_until_lost(&mut listening).await;
            drop(listening);
            tracing::error!(why, "the subscription to the database's notifications is lost: {why}");
            self.set(Health::NotReady(format!("no subscription to the database's notifications: {why}")));
            (self.on_change)(RemoteChange::Disconnected);
            listening = self.reconnect().await;
            tracing::info!("the subscription to the database's notifications is back");
            self.set(Health::Ready);
        }
    }

    async fn reconnect(&self) -> Listening {
        loop {
            tokio::time::sleep(PAUSE).await;
            match self.connect().await {
                Ok(listening) => return listening,
                Err(error) => {
                    let why = with_causes(&error);
                    tracing::debug!(
                        why,
                        "the subscription to the database's notifications is still lost: {why}"
                    );
                    self.set(Health::NotReady(format!(
                        "no subscription to the database's notifications: {why}"
                    )));
                }
            }
        }
    }

    fn set(&self, health: Health) {
        *unpoisoned(self.health.lock()) = health;
    }

    /// Connects and listens: every notification sent from then on arrives.
    async fn connect(&self) -> Result<Listening, OpenError> {
        let listening = tokio::time::timeout(CONNECT, self.listen()).await;
        listening.unwrap_or(Err(OpenError::Slow(CONNECT)))
    }

    async fn listen(&self) -> Result<Listening, OpenError> {
        let (client, connection) = self.config.connect(self.tls.clone()).await?;
        let (losing, lost) = oneshot::channel();
        tokio::spawn(drive(connection, Arc::clone(&self.on_change), losing));
        let listen = format!("SET statement_timeout = '2s'; LISTEN landfall; LISTEN {PACKETS}");
        client.batch_execute(&listen).await?;
        if !locks::take_serving(&client, true).await? {
            return Err(OpenError::BeingCopied);
        }
        (self.on_change)(RemoteChange::Connected);
        Ok(Listening { client, lost })
    }
}

/// Checks the connection again and again, and returns why it was lost.
async fn check_until_lost(listening: &mut Listening) -> String {
    loop {
        tokio::select! {
            lost = &mut listening.lost => return lost.unwrap_or_else(|_| "the connection ended".to_owned()),
            () = tokio::time::sleep(PAUSE) => {}
        }
        match tokio::time::timeout(ANSWER, listening.client.batch_execute("")).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return with_causes(&error),
            Err(_) => return format!("no answer within {} ms", ANSWER.as_millis()),
        }
    }
}

/// Passes on notifications until the connection ends.
async fn drive(
    mut connection: Connection<Socket, <MakeRustlsConnect as MakeTlsConnect<Socket>>::Stream>,
    on_change: OnRemoteChange,
    losing: oneshot::Sender<String>,
) {
    let why = loop {
        match poll_fn(|context| connection.poll_message(context)).await {
            Some(Ok(AsyncMessage::Notification(received))) if received.channel() == PACKETS => {
                on_change(RemoteChange::Packet(received.payload().to_owned()));
            }
            Some(Ok(AsyncMessage::Notification(received))) => match Notification::parse(received.payload()) {
                Some(Notification::Kicked(app, account)) => on_change(RemoteChange::Kicked(app, account)),
                None => tracing::warn!(
                    payload = received.payload(),
                    "another server sent an unknown notification, which is ignored; it may be of a newer version"
                ),
            },
            Some(Ok(_)) => {}
            Some(Err(error)) => break with_causes(&error),
            None => break "the connection was closed".to_owned(),
        }
    };
    // Once the store is closed, no one receives it.
    drop(losing.send(why));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notifications_parse_what_they_display() {
        let kicked = Notification::Kicked(AppId(u32::MAX), UserId::parse("a name  of words").unwrap());
        assert_eq!(Notification::parse(&kicked.to_string()), Some(kicked));
        for odd in ["", "kicked", "kicked 7", "kicked 7 ", "kicked x a", "other 7 a"] {
            assert_eq!(Notification::parse(odd), None, "{odd}");
        }
    }
}
