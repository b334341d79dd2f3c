//! Uploads that have not arrived whole: what has come of them stays while their client is away, on the server that got it.
//!
//! One request at a time works on an upload, the last one that came: a client that goes on does not wait until its lost
//! connection is noticed.
//!
//! [choice] What has come of an upload is known to the server that got it, while it runs. Another server, and this one after a
//! restart, begins at 0, which it says when it is asked.

use super::store::IncomingFile;
use crate::lock::lock;
use landfall_domain::ids::AppId;
use landfall_domain::people::upload::UploadId;
use landfall_domain::time::Timestamp;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::{Mutex as Turn, OwnedMutexGuard, watch};

/// Uploads on one server that have not arrived: each takes a file handle.
const PARTIALS_MAX: usize = 1_000;

/// How long the last request waits until the one before it has stopped.
const TURN_TIME_MAX: Duration = Duration::from_secs(10);

#[derive(Default)]
pub(crate) struct Partials {
    all: Mutex<BTreeMap<(AppId, UploadId), Arc<Partial>>>,
}

struct Partial {
    /// The number of the last request.
    last: watch::Sender<u64>,
    /// What has come; nothing at first.
    content: Arc<Turn<Option<IncomingFile>>>,
    /// Until when the client can go on.
    until: Timestamp,
}

/// The right of one request to work on an upload.
pub(crate) struct Work {
    /// What has come.
    pub(crate) content: OwnedMutexGuard<Option<IncomingFile>>,
    number: u64,
    last: watch::Receiver<u64>,
}

/// Why a request may not work on an upload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Busy {
    /// A later request of the same upload does.
    Overtaken,
    /// Too many uploads are on their way.
    TooMany,
}

impl Partials {
    /// Stops other requests of the upload, and waits until they have.
    pub(crate) async fn work(
        &self,
        app: AppId,
        id: &UploadId,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Work, Busy> {
        let partial = self.partial(app, id, now, until)?;
        let mut number = 0;
        partial.last.send_modify(|last| {
            *last += 1;
            number = *last;
        });
        let last = partial.last.subscribe();
        let content = tokio::time::timeout(TURN_TIME_MAX, Arc::clone(&partial.content).lock_owned()).await;
        let content = content.map_err(|_| Busy::Overtaken)?;
        if *last.borrow() != number {
            return Err(Busy::Overtaken);
        }
        Ok(Work { content, number, last })
    }

    fn partial(
        &self,
        app: AppId,
        id: &UploadId,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Arc<Partial>, Busy> {
        let mut all = lock(&self.all);
        if let Some(known) = all.get(&(app, id.clone())) {
            return Ok(Arc::clone(known));
        }
        if PARTIALS_MAX <= all.len() {
            all.retain(|_, partial| now <= partial.until);
        }
        if PARTIALS_MAX <= all.len() {
            return Err(Busy::TooMany);
        }
        let (last, content) = (watch::Sender::new(0), Arc::new(Turn::new(None)));
        let partial = Arc::new(Partial { last, content, until });
        all.insert((app, id.clone()), Arc::clone(&partial));
        Ok(partial)
    }

    /// Forgets an upload, which has arrived.
    pub(crate) fn remove(&self, app: AppId, id: &UploadId) {
        lock(&self.all).remove(&(app, id.clone()));
    }

    /// Forgets those with which no client can go on. A request that works on one may end.
    pub(crate) fn remove_old(&self, now: Timestamp) {
        lock(&self.all).retain(|_, partial| now <= partial.until);
    }
}

impl Work {
    /// Bytes that have come.
    pub(crate) fn bytes(&self) -> u64 {
        self.content.as_ref().map_or(0, |content| content.bytes)
    }

    /// Returns when a later request of the upload has come.
    pub(crate) async fn is_overtaken(&mut self) {
        let number = self.number;
        // Without a sender nobody can come any more: the upload was forgotten.
        if self.last.wait_for(|last| *last != number).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const APP: AppId = AppId(7);
    const NOW: Timestamp = Timestamp(5);

    fn id(number: u32) -> UploadId {
        UploadId::parse(&format!("{number:048x}")).unwrap()
    }

    #[tokio::test]
    async fn the_last_request_works_and_those_before_it_stop() {
        let (partials, one) = (Partials::default(), id(1));
        let mut first = partials.work(APP, &one, NOW, Timestamp(9)).await.unwrap();
        let mut second = Box::pin(partials.work(APP, &one, NOW, Timestamp(9)));
        assert!(futures_util::poll!(&mut second).is_pending());
        first.is_overtaken().await;
        let mut third = Box::pin(partials.work(APP, &one, NOW, Timestamp(9)));
        assert!(futures_util::poll!(&mut third).is_pending());
        drop(first);
        assert_eq!(second.await.err(), Some(Busy::Overtaken));
        assert_eq!(third.await.unwrap().bytes(), 0);
        // Another upload has nothing to do with it.
        partials.work(APP, &id(2), NOW, Timestamp(9)).await.unwrap();
    }

    #[tokio::test]
    async fn there_are_a_thousand_at_most_and_old_ones_make_room() {
        let partials = Partials::default();
        for number in 0..1_000 {
            let until = if number == 7 { Timestamp(5) } else { Timestamp(9) };
            drop(partials.work(APP, &id(number), NOW, until).await.unwrap());
        }
        let more = async |number: u32, now: u64| {
            partials.work(APP, &id(number), Timestamp(now), Timestamp(20)).await.map(|_| ()).err()
        };
        assert_eq!(more(1_000, 5).await, Some(Busy::TooMany));
        assert_eq!(more(1_000, 6).await, None);
        assert_eq!(more(1_001, 6).await, Some(Busy::TooMany));
        partials.remove(APP, &id(3));
        assert_eq!(more(1_001, 6).await, None);
        partials.remove_old(Timestamp(10));
        assert_eq!(lock(&partials.all).len(), 2);
    }
}
