//! PostgreSQL carries the bus, by NOTIFY: the database that the servers share anyway.

use super::{Bus, BusSubscription, Carrier, OnBusEvent, Queue, ServerId, WAITING_BYTES_MAX};
use landfall_store::postgres::{PACKET_BYTES_MAX, Postgres, RemoteChange};
use std::sync::{Arc, Mutex, PoisonError, Weak};

/// Hands what a store hears to a bus. Made before both: a store hears from its opening on, and a bus tells by a store.
#[derive(Default)]
pub(crate) struct NotifyRelay(Mutex<Weak<BusSubscription>>);

impl NotifyRelay {
    /// Takes in what a store hears. Nothing happens while there is no bus.
    pub(crate) fn pass_on(&self, change: &RemoteChange) {
        // Not locked any more when the bus hears: that may drop the bus.
        let subscription = self.0.lock().unwrap_or_else(PoisonError::into_inner).upgrade();
        let Some(subscription) = subscription else { return };
        match change {
            RemoteChange::Told(packet) => {
                subscription.take(packet.as_bytes());
            }
            RemoteChange::Unheard | RemoteChange::Heard => subscription.missed(),
            // Of no account here: the apps hear of it.
            RemoteChange::Kicked(..) => {}
        }
    }

    fn attach(&self, subscription: &Arc<BusSubscription>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Arc::downgrade(subscription);
    }
}

impl Bus {
    /// By the database of `store`, which has to tell `relay` what it hears. Keeps the store until the bus is dropped.
    pub(crate) fn over_postgres(store: Arc<Postgres>, relay: &NotifyRelay, on_event: OnBusEvent) -> Self {
        Self::over_postgres_with(store, relay, on_event, WAITING_BYTES_MAX)
    }

    /// The same with another bound of what waits, in bytes.
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
    /// So that a statement carries 126 kB, and not 8.
    const PACKETS_MAX: usize = 16;

    fn packet_bytes_max(&self) -> usize {
        PACKET_BYTES_MAX
    }

    async fn carry(&self, packets: Vec<String>) -> Result<(), String> {
        self.store.tell_servers(&packets).await.map_err(|error| error.to_string())
    }
}

#[cfg(test)]
mod tests;
