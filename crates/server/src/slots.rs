//! Slots for connections: how many may be open at a time, how many of them one address may take, and which ones make room
//! when no slot is left.
//!
//! A slot is taken when a connection is accepted and released when nothing of it is left, so a connection without a slot has no
//! file handle. The connection of a client counts until the client is admitted and counts among the clients.

use crate::lock::lock;
use crate::network::Network;
use crate::pace::Pace;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How often to search again for connections that can make room.
const RETRY_EVERY: Duration = Duration::from_millis(50);

/// One in this many slots is kept free, so that a new connection need not wait for another to close; as many are asked to
/// close together, because searching all of them is not free.
const FREE_DIVISOR: usize = 32;

/// The slots of one listening address.
pub(crate) struct Slots {
    free: Arc<Semaphore>,
    slots_max: usize,
    /// Slots that connections of one network may take.
    share: usize,
    taken: Mutex<Occupied>,
}

#[derive(Default)]
struct Occupied {
    /// Connections accepted so far, which also numbers them.
    accepted: u64,
    connections: BTreeMap<u64, Arc<Pace>>,
    by_network: BTreeMap<Network, usize>,
}

impl Slots {
    /// All slots are free. Neither number is 0.
    pub(crate) fn new(slots_max: usize, share: usize) -> Arc<Self> {
        Arc::new(Self {
            free: Arc::new(Semaphore::new(slots_max)),
            slots_max,
            share,
            taken: Mutex::default(),
        })
    }

    /// A slot for a connection with this pace; waits for one when all are taken. `network` is the one it counts for, if
    /// any. `None` when connections of that network already have their share.
    pub(crate) async fn take(
        self: &Arc<Self>,
        network: Option<Network>,
        pace: &Arc<Pace>,
    ) -> Option<Arc<Slot>> {
        let share = NetworkShare::take(self, network)?;
        let permit = loop {
            if self.free.available_permits() < self.slots_to_keep_free() {
                self.request_close();
            }
            if let Ok(permit) = Arc::clone(&self.free).try_acquire_owned() {
                break permit;
            }
            let waiting = tokio::time::timeout(RETRY_EVERY, Arc::clone(&self.free).acquire_owned());
            if let Ok(Ok(permit)) = waiting.await {
                break permit;
            }
        };
        let mut taken = lock(&self.taken);
        taken.accepted += 1;
        let number = taken.accepted;
        taken.connections.insert(number, Arc::clone(pace));
        drop(taken);
        Some(Arc::new(Slot { number, share, _permit: permit }))
    }

    /// Waits until all slots are free, at most this long; false when some are still taken.
    pub(crate) async fn all_free_within(&self, time: Duration) -> bool {
        let all = u32::try_from(self.slots_max).unwrap_or(u32::MAX);
        tokio::time::timeout(time, self.free.acquire_many(all)).await.is_ok()
    }

    /// Asks some connections to close.
    fn request_close(&self) {
        let taken = lock(&self.taken);
        // Of the unauthenticated ones the oldest goes first, whatever it does: a new connection gets time to sign.
        let ranked = taken
            .connections
            .iter()
            .filter_map(|(number, pace)| Some(((pace.close_order()?, *number), pace)));
        let mut ranked: Vec<_> = ranked.collect();
        let count = self.slots_to_keep_free().min(ranked.len());
        if let Some(last) = count.checked_sub(1) {
            ranked.select_nth_unstable_by_key(last, |(close_order, _)| *close_order);
            ranked.iter().take(count).for_each(|(_, pace)| pace.request_close());
        }
    }

    fn slots_to_keep_free(&self) -> usize {
        (self.slots_max / FREE_DIVISOR).max(1)
    }
}

/// A slot; dropping it releases it.
pub(crate) struct Slot {
    number: u64,
    share: NetworkShare,
    _permit: OwnedSemaphorePermit,
}

impl Drop for Slot {
    fn drop(&mut self) {
        lock(&self.share.slots.taken).connections.remove(&self.number);
    }
}

/// Counts a connection for its network until it is dropped.
struct NetworkShare {
    slots: Arc<Slots>,
    network: Option<Network>,
}

impl NetworkShare {
    fn take(slots: &Arc<Slots>, network: Option<Network>) -> Option<Self> {
        if let Some(network) = network {
            let mut taken = lock(&slots.taken);
            let count = taken.by_network.entry(network).or_default();
            if slots.share <= *count {
                return None;
            }
            *count += 1;
        }
        Some(Self { slots: Arc::clone(slots), network })
    }
}

impl Drop for NetworkShare {
    fn drop(&mut self) {
        let Some(network) = self.network else { return };
        let mut taken = lock(&self.slots.taken);
        if let Some(count) = taken.by_network.get_mut(&network) {
            *count -= 1;
            if *count == 0 {
                taken.by_network.remove(&network);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::Exempt;

    fn network(address: &str) -> Option<Network> {
        Exempt::new(Vec::new()).counted(address.parse().unwrap())
    }

    fn pace() -> Arc<Pace> {
        Arc::new(Pace::new(Arc::default()))
    }

    #[tokio::test]
    async fn a_network_gets_its_share_and_no_more() {
        let slots = Slots::new(10, 2);
        let (one, other) = (network("192.0.2.1"), network("192.0.2.2"));
        let first = slots.take(one, &pace()).await.unwrap();
        let _second = slots.take(one, &pace()).await.unwrap();
        assert!(slots.take(one, &pace()).await.is_none());
        assert!(slots.take(other, &pace()).await.is_some(), "others have their own share");
        let mut exempt = Vec::new();
        for _ in 0..5 {
            exempt.push(slots.take(None, &pace()).await.expect("an exempt address is not counted"));
        }
        drop(first);
        assert!(slots.take(one, &pace()).await.is_some(), "it was released");
    }

    #[tokio::test]
    async fn idle_connections_make_room_and_unauthenticated_ones_first() {
        let slots = Slots::new(3, 3);
        let (busy, known, stranger) = (pace(), pace(), pace());
        busy.work_begins();
        known.set_authenticated();
        let _busy = slots.take(None, &busy).await.unwrap();
        let _known = slots.take(None, &known).await.unwrap();
        let stranger_s = slots.take(None, &stranger).await.unwrap();
        let waiting = tokio::spawn({
            let slots = Arc::clone(&slots);
            async move { slots.take(None, &pace()).await.is_some() }
        });
        stranger.close_requested().await;
        drop(stranger_s);
        assert!(waiting.await.unwrap());
        assert!(known.close_order().is_some(), "it was not asked");
    }

    #[tokio::test(start_paused = true)]
    async fn a_busy_connection_is_not_asked_to_close() {
        let slots = Slots::new(1, 1);
        let busy = pace();
        busy.work_begins();
        let slot = slots.take(None, &busy).await.unwrap();
        let other = pace();
        let next = slots.take(None, &other);
        assert!(tokio::time::timeout(Duration::from_secs(5), next).await.is_err(), "there is no slot");
        // Once it is idle it makes room.
        busy.work_ends();
        let (next, ()) = tokio::join!(slots.take(None, &other), async {
            busy.close_requested().await;
            drop(slot);
        });
        assert!(next.is_some());
    }
}
