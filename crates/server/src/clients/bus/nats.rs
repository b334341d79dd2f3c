//! A bus over NATS: for more events than a database should carry beside its own work.
//!
//! The library reconnects by itself, and then publishes what fits its small queue. Each server also receives its own
//! packets, which shows at the start that the bus works both ways.

use super::{Bus, BusSubscription, Carrier, OnBusEvent, Queue, ServerId, WAITING_BYTES_MAX};
use crate::config::{NatsConfig, NatsLogin};
use async_nats::{Client, ConnectError, ConnectOptions, Event, ServerAddr, Subject, Subscriber};
use futures_util::StreamExt as _;
use landfall_domain::error::with_causes;
use std::future::ready;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::time::{Instant, timeout, timeout_at};

/// Longest packet. NATS takes 1 MiB unless it is configured otherwise; smaller packets delay its other traffic less.
const PACKET_BYTES_MAX: usize = 256 << 10;

/// Longest wait for one server to be connected to.
const SERVER_AT_MOST: Duration = Duration::from_secs(2);

/// Longest wait at the start for any of them.
const START_AT_MOST: Duration = Duration::from_secs(5);

/// Longest wait at the start for the first packet to come back.
const ECHO_AT_MOST: Duration = Duration::from_secs(3);

/// Longest wait for packets to be on their way.
const CARRY_AT_MOST: Duration = Duration::from_secs(2);

/// Interval of pings on a silent connection; it is closed when two pings were not answered.
const PING: Duration = Duration::from_secs(2);

/// Packets and other commands that wait within the library, each of at most [`PACKET_BYTES_MAX`].
const COMMANDS_MAX: usize = 16;

/// Received packets that wait to be handled; further ones are lost. Many, since the library reads all packets that have
/// arrived before other tasks run; few of them are large, since a server with few events sends small ones.
const INCOMING_MAX: usize = 2_048;

/// Why NATS cannot carry the bus.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BusError {
    /// The library does not accept the address.
    #[error("cannot use {servers} as addresses of NATS")]
    Address {
        /// The servers, without credentials.
        servers: String,
        /// The cause.
        #[source]
        cause: io::Error,
    },
    /// NATS cannot be reached, or refused the connection.
    #[error(
        "cannot connect to {servers}; see that NATS runs there, and that address, user and password are right"
    )]
    Connect {
        /// The servers, without credentials.
        servers: String,
        /// The cause.
        #[source]
        cause: ConnectError,
    },
    /// NATS does not answer.
    #[error("{servers} did not answer within {} s; see that NATS runs there", START_AT_MOST.as_secs())]
    Slow {
        /// The servers, without credentials.
        servers: String,
    },
    /// Published packets do not arrive.
    #[error(
        "{servers} does not hand out what is published under the subject {subject:?}; see that this user may \
         publish and subscribe to it"
    )]
    Deaf {
        /// The servers, without credentials.
        servers: String,
        /// The subject.
        subject: String,
    },
}

impl Bus {
    /// A bus over NATS. Events of other servers may arrive before this returns.
    ///
    /// # Errors
    /// After some seconds, when NATS does not work for this server. A later outage is no error.
    pub(crate) async fn over_nats(config: &NatsConfig, on_event: OnBusEvent) -> Result<Self, BusError> {
        Self::over_nats_with(config, on_event, WAITING_BYTES_MAX).await
    }

    /// The same with another limit of the queue, in bytes.
    pub(super) async fn over_nats_with(
        config: &NatsConfig,
        on_event: OnBusEvent,
        waiting_bytes_max: usize,
    ) -> Result<Self, BusError> {
        let servers = || config.to_string();
        let deaf = || BusError::Deaf { servers: servers(), subject: config.subject.clone() };
        let subscription = BusSubscription::new(ServerId::draw(), on_event);
        let queue = Queue::new(subscription.me, waiting_bytes_max);
        let nats = Nats::connect(config, &subscription).await?;
        let mut subscriber = nats.client.subscribe(nats.subject.clone()).await.map_err(|_| deaf())?;
        let until = Instant::now() + ECHO_AT_MOST;
        nats.carry(queue.keep_alive().packets).await.map_err(|_| BusError::Slow { servers: servers() })?;
        // Once the first packet comes back the subscription works: no packet published from now on is missed.
        loop {
            let message = timeout_at(until, subscriber.next()).await.ok().flatten().ok_or_else(deaf)?;
            if subscription.take(&message.payload) == Some(subscription.me) {
                break;
            }
        }
        let reading = tokio::spawn(read(subscriber, Arc::downgrade(&subscription)));
        let mut bus = Self::start(queue, subscription, nats);
        bus.tasks.push(reading.abort_handle());
        Ok(bus)
    }
}

/// Handles incoming packets until the bus is dropped.
async fn read(mut subscriber: Subscriber, subscription: Weak<BusSubscription>) {
    while let Some(message) = subscriber.next().await {
        let Some(subscription) = subscription.upgrade() else { return };
        subscription.take(&message.payload);
    }
    // The library never closes a connection for good.
    tracing::error!(
        "the subscription to NATS has ended: clients miss events of other servers until this server is restarted"
    );
}

struct Nats {
    client: Client,
    subject: Subject,
}

impl Nats {
    async fn connect(config: &NatsConfig, subscription: &Arc<BusSubscription>) -> Result<Self, BusError> {
        let servers = config.to_string();
        let addresses =
            config.servers.iter().cloned().map(ServerAddr::from_url).collect::<io::Result<Vec<_>>>();
        let addresses = addresses.map_err(|cause| BusError::Address { servers: servers.clone(), cause })?;
        let connecting = options(config, subscription).connect(addresses);
        let client = match timeout(START_AT_MOST, connecting).await {
            Ok(Ok(client)) => client,
            Ok(Err(cause)) => return Err(BusError::Connect { servers, cause }),
            Err(_) => return Err(BusError::Slow { servers }),
        };
        Ok(Self { client, subject: Subject::from(config.subject.as_str()) })
    }
}

fn options(config: &NatsConfig, subscription: &Arc<BusSubscription>) -> ConnectOptions {
    let events = Events { subscription: Arc::downgrade(subscription), lost: AtomicBool::new(false) };
    let options = ConnectOptions::new()
        .name("landfall")
        .connection_timeout(SERVER_AT_MOST)
        .ping_interval(PING)
        .client_capacity(COMMANDS_MAX)
        .subscription_capacity(INCOMING_MAX)
        // Otherwise TLS would be required only of the configured servers, and not of those they announce.
        .require_tls(config.servers.iter().all(|server| server.scheme() == "tls"))
        .event_callback(move |event| {
            events.take(event);
            ready(())
        });
    match &config.login {
        None => options,
        Some(NatsLogin::Token(token)) => options.token(token.clone()),
        Some(NatsLogin::User { name, password }) => options.user_and_password(name.clone(), password.clone()),
    }
}

/// Handles events of the connection.
struct Events {
    subscription: Weak<BusSubscription>,
    /// Whether the connection is lost at present.
    lost: AtomicBool,
}

impl Events {
    fn take(&self, event: Event) {
        match event {
            Event::Disconnected => {
                if !self.lost.swap(true, Ordering::Relaxed) {
                    tracing::error!(
                        "the connection to NATS was lost: events of other servers are not received until it is back"
                    );
                }
                self.missed();
            }
            // Also called for the first connection.
            Event::Connected => {
                if self.lost.swap(false, Ordering::Relaxed) {
                    tracing::info!("NATS is connected again");
                    self.missed();
                }
            }
            Event::SlowConsumer(_) => self.missed(),
            Event::ServerError(error) => tracing::error!(%error, "NATS refused something: {error}"),
            Event::ClientError(error) => tracing::debug!(%error, "NATS is not reached: {error}"),
            Event::LameDuckMode | Event::Draining | Event::Closed => tracing::debug!("NATS: {event}"),
        }
    }

    fn missed(&self) {
        if let Some(subscription) = self.subscription.upgrade() {
            subscription.missed();
        }
    }
}

impl Carrier for Nats {
    /// A megabyte, which waits within the library while NATS is unreachable.
    const PACKETS_MAX: usize = 4;

    fn packet_bytes_max(&self) -> usize {
        // The limit may have changed with the last connection.
        PACKET_BYTES_MAX.min(self.client.max_payload())
    }

    async fn carry(&self, packets: Vec<String>) -> Result<(), String> {
        let carrying = async {
            for packet in packets {
                let published = self.client.publish(self.subject.clone(), packet.into_bytes().into()).await;
                published.map_err(|error| with_causes(&error))?;
            }
            self.client.flush().await.map_err(|error| with_causes(&error))
        };
        let carried = timeout(CARRY_AT_MOST, carrying).await;
        carried.unwrap_or_else(|_| Err(format!("NATS took nothing for {} s", CARRY_AT_MOST.as_secs())))
    }
}

#[cfg(test)]
mod tests;
