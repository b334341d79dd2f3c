//! Names of receivers, and which of their addresses may be called.
//!
//! The addresses that are checked are those that are then connected to. A name that was public at an earlier check and is
//! private now is refused.

use crate::webhook::address::is_public;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use tokio::net::lookup_host;
use tokio::sync::Semaphore;

/// Look-ups of one app at a time. The system's look-up cannot be cancelled, so those at a name server that hangs go on
/// after their requests were given up.
const LOOKUPS_MAX: usize = 8;

/// A name has addresses, but none that may be called. Holds one of them.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("{0} is not public")]
pub(super) struct NoPublicAddress(pub(super) IpAddr);

/// The addresses that this machine knows for a name.
pub(super) struct System(Arc<Semaphore>);

impl Default for System {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(LOOKUPS_MAX)))
    }
}

impl Resolve for System {
    fn resolve(&self, name: Name) -> Resolving {
        let slots = Arc::clone(&self.0);
        Box::pin(async move {
            let slot = slots.acquire_owned().await?;
            // A task of its own, so that the slot is free when the look-up ends, not when its request is given up.
            let lookup = tokio::spawn(async move {
                let found = lookup_host((name.as_str(), 0)).await.map(Vec::from_iter);
                drop(slot);
                found
            });
            Ok(Box::new(lookup.await??.into_iter()) as Addrs)
        })
    }
}

/// The addresses that another resolver finds, without those that must not be called.
pub(super) struct Guard {
    names: Arc<dyn Resolve>,
    allow_private: bool,
}

impl Guard {
    pub(super) fn new(names: Arc<dyn Resolve>, allow_private: bool) -> Self {
        Self { names, allow_private }
    }
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let (found, allow_private) = (self.names.resolve(name), self.allow_private);
        Box::pin(async move {
            let found = found.await?;
            if allow_private {
                return Ok(found);
            }
            let (open, closed): (Vec<SocketAddr>, Vec<SocketAddr>) =
                found.partition(|address| is_public(address.ip()));
            match closed.first() {
                Some(address) if open.is_empty() => Err(NoPublicAddress(address.ip()).into()),
                Some(_) | None => Ok(Box::new(open.into_iter()) as Addrs),
            }
        })
    }
}
