//! The administrator's UserSig, made again before it expires.

use super::Sign;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// UserSigs are used for so long at most, whatever their own limit.
pub(super) const LIFETIME: Duration = Duration::from_secs(600);

pub(super) struct Signature {
    sign: Sign,
    last: Mutex<Option<(Instant, String)>>,
}

impl Signature {
    pub(super) fn new(sign: Sign) -> Self {
        Self { sign, last: Mutex::new(None) }
    }

    fn last(&self) -> MutexGuard<'_, Option<(Instant, String)>> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn current(&self) -> String {
        let mut last = self.last();
        match &*last {
            Some((made, usersig)) if made.elapsed() < LIFETIME => usersig.clone(),
            Some(_) | None => self.make(&mut last),
        }
    }

    /// Another one than `expired`.
    pub(super) fn renewed(&self, expired: &str) -> String {
        let mut last = self.last();
        match &*last {
            Some((_, usersig)) if usersig != expired => usersig.clone(),
            Some(_) | None => self.make(&mut last),
        }
    }

    fn make(&self, last: &mut Option<(Instant, String)>) -> String {
        let usersig = (self.sign)();
        *last = Some((Instant::now(), usersig.clone()));
        usersig
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};

    #[tokio::test(start_paused = true)]
    async fn a_usersig_is_used_until_it_may_expire() {
        let made = AtomicU32::new(0);
        let signature = Signature::new(Box::new(move || made.fetch_add(1, Ordering::Relaxed).to_string()));
        assert_eq!((signature.current(), signature.current()), ("0".to_owned(), "0".to_owned()));
        assert_eq!(signature.renewed("0"), "1");
        assert_eq!(signature.renewed("0"), "1", "another call has renewed it");
        tokio::time::advance(LIFETIME).await;
        assert_eq!(signature.current(), "2");
    }
}
