//! PostgreSQL carries the bus, by NOTIFY: the database that the servers share anyway.

use super::{Bus, Carrier, Hear, Listening, Queue, ServerId, WAITING_BYTES_MAX};
use landfall_store::postgres::{PACKET_BYTES_MAX, Postgres, RemoteChange};
use std::sync::{Arc, Mutex, PoisonError, Weak};

/// Hands what a store hears to a bus. Made before both: a store hears from its opening on, and a bus tells by a store.
#[derive(Default)]
pub(crate) struct Ears(Mutex<Weak<Listening>>);

impl Ears {
    /// Takes in what a store hears. Nothing happens while there is no bus.
    pub(crate) fn hear(&self, change: &RemoteChange) {
        // Not locked any more when the bus hears: that may drop the bus.
        let listening = self.0.lock().unwrap_or_else(PoisonError::into_inner).upgrade();
        let Some(listening) = listening else { return };
        match change {
            RemoteChange::Packet(packet) => {
                listening.take(packet.as_bytes());
            }
            RemoteChange::Disconnected | RemoteChange::Connected => listening.missed(),
            // Of no account here: the apps hear of it.
            RemoteChange::Kicked(..) => {}
        }
    }

    fn attach(&self, listening: &Arc<Listening>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Arc::downgrade(listening);
    }
}

impl Bus {
    /// By the database of `store`, which has to tell `ears` what it hears. Keeps the store until the bus is dropped.
    pub(crate) fn over_postgres(store: Arc<Postgres>, ears: &Ears, hear: Hear) -> Self {
        Self::over_postgres_with(store, ears, hear, WAITING_BYTES_MAX)
    }

    /// The same with another bound of what waits, in bytes.
    pub(super) fn over_postgres_with(
        store: Arc<Postgres>,
        ears: &Ears,
        hear: Hear,
        waiting_bytes_max: usize,
    ) -> Self {
        let listening = Listening::new(ServerId::draw(), hear);
        ears.attach(&listening);
        Self::start(Queue::new(listening.me, waiting_bytes_max), listening, Notifying { store })
    }
}

struct Notifying {
    store: Arc<Postgres>,
}

impl Carrier for Notifying {
    /// So that a statement carries 126 kB, and not 8.
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
