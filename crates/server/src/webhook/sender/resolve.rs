//! Names of receivers, and which of their addresses may be called.
//!
//! Looked at is what a connection is then opened to. A name that was public when somebody looked, and is private now,
//! does not get past.

use crate::webhook::address::is_public;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use tokio::net::lookup_host;
use tokio::sync::Semaphore;

/// Look-ups of one app at a time. The machine's look-up cannot be called off, so those of a name server that hangs go on
/// after their requests were given up.
const LOOKUPS_MAX: usize = 8;

/// A name has addresses, but none that may be called; this is one of them.
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
        let places = Arc::clone(&self.0);
        Box::pin(async move {
            let place = places.acquire_owned().await?;
            // A task of its own, so that the place is free when the look-up ends, not when nobody waits for it.
            let lookup = tokio::spawn(async move {
                let found = lookup_host((name.as_str(), 0)).await.map(Vec::from_iter);
                drop(place);
                found
            });
            Ok(Box::new(lookup.await??.into_iter()) as Addrs)
        })
    }
}

/// What another finds, without the addresses that must not be called.
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
