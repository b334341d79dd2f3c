//! The hosts of the address of a store, by what they are.

use super::layout::{COORDINATOR, node_of};
use super::{OpenError, Settings, connect};
use futures_util::future::join_all;
use std::time::Duration;
use tokio_postgres::config::TargetSessionAttrs;
use tokio_postgres_rustls::MakeRustlsConnect;

/// Longest wait for a host to say what it is.
const ASKING: Duration = Duration::from_millis(1_500);

/// The hosts of an address by what they are.
pub(super) struct Hosts {
    /// Those that are no workers: of a cluster the coordinator and its replicas, otherwise all.
    pub(super) home: Settings,
    /// Those that are workers, or did not say what they are.
    pub(super) others: Vec<Settings>,
}

impl Hosts {
    /// Asks each of several hosts.
    ///
    /// # Errors
    /// All of them are workers.
    pub(super) async fn of(settings: &Settings, tls: &MakeRustlsConnect) -> Result<Self, OpenError> {
        let places: Vec<usize> = (0..settings.hosts()).collect();
        if places.len() < 2 {
            return Ok(Self { home: settings.clone(), others: Vec::new() });
        }
        let ask = |place: &usize| {
            let mut alone = settings.with_hosts(&[*place]);
            alone.config.target_session_attrs(TargetSessionAttrs::Any);
            async move {
                let asked = async { node_of(&connect::client(&alone, tls).await?).await };
                tokio::time::timeout(ASKING, asked).await.ok().and_then(Result::ok)
            }
        };
        let found = join_all(places.iter().map(ask)).await;
        let is_worker = |place: &usize| found[*place].flatten().is_some_and(|node| node != COORDINATOR);
        if !places.iter().any(is_worker) {
            return Ok(Self { home: settings.clone(), others: Vec::new() });
        }
        let home: Vec<usize> = places.iter().copied().filter(|place| !is_worker(place)).collect();
        if home.is_empty() {
            return Err(OpenError::Worker);
        }
        let others = places.iter().filter(|place| is_worker(place) || found[**place].is_none());
        let others = others.map(|place| settings.with_hosts(&[*place])).collect();
        Ok(Self { home: settings.with_hosts(&home), others })
    }
}
