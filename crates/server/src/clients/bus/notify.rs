//! A bus over NOTIFY of PostgreSQL: the database that the servers share anyway.

use super::{Bus, BusSubscription, Carrier, OnBusEvent, Queue, ServerId, WAITING_BYTES_MAX};
use crate::lock::lock;
use landfall_store::postgres::{PACKET_BYTES_MAX, Postgres, RemoteChange};
use std::sync::{Arc, Mutex, Weak};

/// Passes on to a bus what a store receives. Made before both: a store receives from its opening on, and the bus sends
/// through the store.
#[derive(Default)]
pub(crate) struct NotifyRelay(Mutex<Weak<BusSubscription>>);

impl NotifyRelay {
    /// Does nothing while there is no bus.
    pub(crate) fn pass_on(&self, change: &RemoteChange) {
        // Unlocked before the bus is called: that may drop the bus.
        let subscription = lock(&self.0).upgrade();
        let Some(subscription) = subscription else { return };
        match change {
            RemoteChange::Packet(packet) => {
                subscription.take(packet.as_bytes());
            }
            RemoteChange::Disconnected | RemoteChange::Connected => subscription.missed(),
            // The apps and clients handle it.
            RemoteChange::Kicked(..) => {}
        }
    }

    fn attach(&self, subscription: &Arc<BusSubscription>) {
        *lock(&self.0) = Arc::downgrade(subscription);
    }
}

impl Bus {
    /// A bus over the database of `store`, whose changes must be passed to `relay`. Holds the store until it is dropped.
    pub(crate) fn over_postgres(store: Arc<Postgres>, relay: &NotifyRelay, on_event: OnBusEvent) -> Self {
        Self::over_postgres_with(store, relay, on_event, WAITING_BYTES_MAX)
    }

    /// The same with another limit of the queue, in bytes.
    pub(super) fn over_postgres_with(
        store: Arc<Postgres>,
        relay: &NotifyRelay,
        on_event: OnBusEvent,
        waiting_bytes_max: usize,
    ) -> Self {
        let subscription = BusSubscription::new(ServerId::draw(), on_event);
        relay.attach(&subscription);
        Self::start(Queue::new(subscription.me, waiting_bytes_max), subscription, NotifyCarrier { store })
    }
}

struct NotifyCarrier {
    store: Arc<Postgres>,
}

impl Carrier for NotifyCarrier {
    /// 126 kB in one statement instead of 8.
    const PACKETS_MAX: usize = 16;

    fn packet_bytes_max(&self) -> usize {
        PACKET_BYTES_MAX
    }

    async fn carry(&self, packets: Vec<String>) -> Result<(), String> {
        self.store.notify_servers(&packets).await.map_err(|error| error.to_string())
    }
}

#[cfg(test)]
mod tests;
