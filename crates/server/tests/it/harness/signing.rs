//! Signatures of accounts, and the time.

use super::{APP, KEY, SECOND_KEY};
use landfall::usersig::{self, SecretKey};
use landfall_domain::ids::AppId;
use landfall_domain::time::{Clock, SystemClock, Timestamp};

/// The present second.
pub(crate) fn now() -> u64 {
    SystemClock.now().0
}

/// A signature made `age` seconds ago with the app's own key, valid for a day.
pub(crate) fn sign(app: u32, identifier: &str, age: u64) -> String {
    sign_with_key_of(app, app, identifier, age)
}

/// A signature for `app` made with the key of the app `signer`.
pub(crate) fn sign_with_key_of(signer: u32, app: u32, identifier: &str, age: u64) -> String {
    const DAY: u64 = 24 * 60 * 60;
    let key = if signer == APP { KEY } else { SECOND_KEY };
    let key = SecretKey::new(key.to_owned()).unwrap();
    usersig::make(identifier, AppId(app), &key, Timestamp(now() - age), DAY)
}

/// The query of a call in the form of most clients.
pub(crate) fn query(app: u32, identifier: &str) -> String {
    let usersig = sign(app, identifier, 0);
    format!("sdkappid={app}&identifier={identifier}&usersig={usersig}&random=99999999&contenttype=json")
}
