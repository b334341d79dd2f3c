//! Locks that writers of several servers take, so that whatever a rule decides on is still true when its result is kept.
//!
//! They are PostgreSQL's advisory locks of a transaction: no row is written for them, and the database lets go of
//! them when the transaction ends, however it ends. A name is folded to one of a few thousand numbers, so that one
//! transaction never takes more than the database has room for; names that share a number only wait for each other.
//!
//! | Operation | App | Group | Account |
//! |---|---|---|---|
//! | making groups | shared | | |
//! | import of members, changing or dissolving a group, removing its old messages | shared | alone | |
//! | import of accounts, kick | shared | | alone |
//! | changing people | shared | | alone, and pairs of accounts |
//! | deleting accounts | alone | | |
//!
//! Transactions that add outbox entries or remove them lock the rows of their lanes instead, after all of these
//! (`outbox`).
//!
//! Deleting an account changes all its groups; it waits until no other transaction writes in the app, and the others
//! wait for it. All take the app's lock first, then the others in ascending order, so none wait in a circle.

use landfall_domain::ids::{AppId, GroupId, UserId};
use landfall_domain::people::Subject;
use tokio_postgres::Client;
use tokio_postgres::error::SqlState;

/// Numbers for the groups of one app.
const GROUPS: u64 = 1 << 12;
/// Numbers for the accounts of one app. Fewer, because one call may name thousands.
const ACCOUNTS: u64 = 1 << 6;

/// Numbers for the pairs of accounts of one app.
const PAIRS: u64 = 1 << 12;

/// The lock of a whole app.
pub(super) fn app(app: AppId) -> i64 {
    key(1, app, 0)
}

/// The locks of groups, in the order to take them.
pub(super) fn groups<'id>(app: AppId, groups: impl Iterator<Item = &'id GroupId>) -> Vec<i64> {
    ascending(groups.map(|group| key(2, app, fold(group.as_str()) % GROUPS)).collect())
}

/// The locks of accounts, in the order to take them.
pub(super) fn accounts<'id>(app: AppId, accounts: impl Iterator<Item = &'id UserId>) -> Vec<i64> {
    ascending(accounts.map(|account| key(3, app, fold(account.as_str()) % ACCOUNTS)).collect())
}

/// The locks of subjects, in the order to take them: accounts as those above, then pairs, then the app as a subject.
pub(super) fn subjects(app: AppId, subjects: &[Subject]) -> Vec<i64> {
    let lock = |subject: &Subject| match subject {
        Subject::Account(account) => key(3, app, fold(account.as_str()) % ACCOUNTS),
        Subject::Pair(pair) => key(4, app, fold(&pair.to_string()) % PAIRS),
        Subject::App => key(5, app, 0),
    };
    ascending(subjects.iter().map(lock).collect())
}

/// Held alone while tables are made or changed, and shared by every server that serves.
pub(super) const TABLES: i64 = 0x6c61_6e64_6661_6c00;
/// Held shared by every session of a server that serves, alone by a copy into or out of the database.
pub(super) const SERVING: i64 = TABLES + 1;

/// Waits for [`SERVING`] as long as a connection that has just ended may still hold it, then says false.
pub(super) async fn take_serving(client: &Client, shared: bool) -> Result<bool, tokio_postgres::Error> {
    client.batch_execute("SET lock_timeout = '1s'").await?;
    let lock = if shared { "SELECT pg_advisory_lock_shared($1)" } else { "SELECT pg_advisory_lock($1)" };
    match client.execute(lock, &[&SERVING]).await {
        Ok(_) => Ok(true),
        Err(error) if error.code() == Some(&SqlState::LOCK_NOT_AVAILABLE) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Takes [`SERVING`] for a session of a server; false when a copy holds it.
pub(super) async fn try_serving(client: &Client) -> Result<bool, tokio_postgres::Error> {
    client.query_one("SELECT pg_try_advisory_lock_shared($1)", &[&SERVING]).await?.try_get(0)
}

/// 16 bits that tell this program's locks from those of others, then kind, app and number.
fn key(kind: u64, app: AppId, number: u64) -> i64 {
    const OURS: u64 = 0x4c46;
    (OURS << 48 | kind << 44 | number << 32 | u64::from(app.0)).cast_signed()
}

fn ascending(mut keys: Vec<i64>) -> Vec<i64> {
    keys.sort_unstable();
    keys.dedup();
    keys
}

/// FNV-1a, folded. All servers must agree on it.
fn fold(name: &str) -> u64 {
    let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    hash ^ (hash >> 32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locks_differ_by_kind_and_app_and_come_in_order() {
        let ids: Vec<_> = (0..1_000).map(|number| GroupId::parse(&format!("g{number}")).unwrap()).collect();
        let mut locks = groups(AppId(7), ids.iter().chain(&ids));
        assert!(locks.is_sorted() && 800 < locks.len() && locks.len() <= 1_000, "{}", locks.len());
        let of_other_app = groups(AppId(8), ids.iter());
        let names: Vec<_> = ids.iter().map(|id| UserId::parse(id.as_str()).unwrap()).collect();
        let of_accounts = accounts(AppId(7), names.iter());
        assert!(32 < of_accounts.len() && of_accounts.len() <= 64);
        let distinct = locks.len() + of_other_app.len() + of_accounts.len() + 2;
        locks.extend(of_other_app.into_iter().chain(of_accounts).chain([app(AppId(7)), app(AppId(8))]));
        assert_eq!(ascending(locks).len(), distinct);
    }
}
