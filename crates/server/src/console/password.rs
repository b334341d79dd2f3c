//! Passwords of console users: hashed with Argon2id, so that whoever reads the store has to spend 19 MB of memory and tens of
//! milliseconds on each guess.

use argon2::Argon2;
use argon2::password_hash::{PasswordHash as Parsed, PasswordHasher as _, PasswordVerifier as _, SaltString};
use landfall_domain::people::console::PasswordHash;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

/// Shortest password, bytes. [choice]
pub(crate) const PASSWORD_BYTES_MIN: usize = 10;
/// Longest, bytes: more is a mistake, and costs time to read.
pub(crate) const PASSWORD_BYTES_MAX: usize = 256;

/// Hashes that are computed at the same time; each keeps a processor busy and takes 19 MB.
const AT_ONCE: usize = 2;

/// How long a hash may wait for its turn.
const WAIT_MAX: Duration = Duration::from_secs(5);

/// Letters and digits that are not taken for each other.
const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

/// Letters of a password that is made here: 100 random bits.
const LETTERS_MADE: usize = 20;

/// The reason why a password was not hashed or compared.
#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    #[error("the password has {0} bytes; {PASSWORD_BYTES_MIN} to {PASSWORD_BYTES_MAX} are needed")]
    Length(usize),
    #[error("too many passwords are being checked; try again in a few seconds")]
    Busy,
    /// There are no random bytes.
    #[error("the system provides no random bytes: {0}")]
    Random(#[from] getrandom::Error),
    /// The library refused its parameters.
    #[error("the password cannot be hashed: {0}")]
    Hash(argon2::password_hash::Error),
    /// The thread that computed it panicked.
    #[error("hashing the password broke off")]
    Thread(#[from] tokio::task::JoinError),
}

/// Computes hashes outside the async threads, a few at a time.
pub(crate) struct Hashing(Arc<Semaphore>);

impl Default for Hashing {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(AT_ONCE)))
    }
}

impl Hashing {
    /// The hash of a password.
    pub(crate) async fn hash(&self, password: String) -> Result<PasswordHash, PasswordError> {
        self.compute(move || hash(&password)).await?
    }

    /// Whether a password has this hash. Takes as long where there is none, so that nobody learns from the time which users
    /// there are.
    pub(crate) async fn matches(
        &self,
        password: String,
        hash: Option<PasswordHash>,
    ) -> Result<bool, PasswordError> {
        self.compute(move || match hash {
            Some(hash) => matches(&password, &hash),
            None => {
                // Only its time counts.
                drop(self::hash(&"x".repeat(PASSWORD_BYTES_MIN)));
                false
            }
        })
        .await
    }

    async fn compute<T: Send + 'static>(
        &self,
        compute: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, PasswordError> {
        let turn = tokio::time::timeout(WAIT_MAX, Arc::clone(&self.0).acquire_owned()).await;
        let Ok(Ok(turn)) = turn else { return Err(PasswordError::Busy) };
        let computed = tokio::task::spawn_blocking(move || {
            // Held to the end, also when nobody waits for it any more.
            let _turn = turn;
            compute()
        });
        Ok(computed.await?)
    }
}

/// The hash of a password.
///
/// # Errors
/// It is too short or too long, or there are no random bytes.
pub(crate) fn hash(password: &str) -> Result<PasswordHash, PasswordError> {
    if !(PASSWORD_BYTES_MIN..=PASSWORD_BYTES_MAX).contains(&password.len()) {
        return Err(PasswordError::Length(password.len()));
    }
    let mut salt = [0; 16];
    getrandom::fill(&mut salt)?;
    let salt = SaltString::encode_b64(&salt).map_err(PasswordError::Hash)?;
    let hash = Argon2::default().hash_password(password.as_bytes(), &salt).map_err(PasswordError::Hash)?;
    Ok(PasswordHash(hash.to_string()))
}

fn matches(password: &str, hash: &PasswordHash) -> bool {
    if PASSWORD_BYTES_MAX < password.len() {
        return false;
    }
    let parsed = Parsed::new(&hash.0);
    parsed.is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
}

/// A new password.
///
/// # Errors
/// There are no random bytes.
pub(crate) fn random() -> Result<String, getrandom::Error> {
    let mut bytes = [0; LETTERS_MADE];
    getrandom::fill(&mut bytes)?;
    Ok(bytes.iter().map(|byte| char::from(LETTERS[usize::from(byte % 32)])).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_matches_its_hash_and_no_other() {
        let hashing = Hashing::default();
        let (one, other) =
            (hashing.hash("correct horse".to_owned()).await, hashing.hash("correct horse".to_owned()).await);
        let (one, other) = (one.unwrap(), other.unwrap());
        assert_ne!(one, other, "each hash has a salt of its own");
        assert!(one.0.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", one.0);
        assert!(hashing.matches("correct horse".to_owned(), Some(one.clone())).await.unwrap());
        for wrong in ["correct horsf", "", &"x".repeat(PASSWORD_BYTES_MAX + 1)] {
            assert!(!hashing.matches(wrong.to_owned(), Some(one.clone())).await.unwrap(), "{wrong}");
        }
        assert!(!hashing.matches("correct horse".to_owned(), None).await.unwrap());
        assert!(!hashing.matches(String::new(), Some(PasswordHash("no hash".to_owned()))).await.unwrap());
    }

    #[test]
    fn passwords_have_a_least_and_a_most_length() {
        for length in [0, PASSWORD_BYTES_MIN - 1, PASSWORD_BYTES_MAX + 1] {
            assert!(
                matches!(hash(&"x".repeat(length)), Err(PasswordError::Length(found)) if found == length)
            );
        }
    }

    #[test]
    fn passwords_that_are_made_differ() {
        let (one, other) = (random().unwrap(), random().unwrap());
        assert_eq!((one.len(), one == other), (LETTERS_MADE, false));
    }

    #[tokio::test(start_paused = true)]
    async fn only_so_many_are_computed_at_once() {
        let hashing = Hashing::default();
        let held = hashing.0.acquire_many(2).await.unwrap();
        let refused = hashing.matches(String::new(), None).await;
        assert!(matches!(refused, Err(PasswordError::Busy)), "{refused:?}");
        drop(held);
    }
}
