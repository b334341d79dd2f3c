//! Writing and reading the audit list.

use super::users;
use landfall_domain::error::{OperationError, StoreError};
use landfall_domain::people::Subject;
use landfall_domain::people::console::{AuditEntry, AuditOutcome, INSTALLATION};
use landfall_domain::people::fact::{Fact, FactFamily, FactKey, FactRange};
use landfall_domain::people::operation::import_people;
use landfall_domain::people::operations::audit::{FinishAudit, NoteAudit};
use landfall_domain::people::snapshot::PeopleNeeds;
use landfall_domain::store::Store;
use landfall_domain::time::Timestamp;
use std::cmp::Reverse;
use std::net::IpAddr;

/// An entry whose outcome is not known yet.
pub(crate) fn entry(who: &str, from: Option<IpAddr>, what: &str, on: &str, at: Timestamp) -> AuditEntry {
    AuditEntry {
        at,
        who: who.to_owned(),
        from: from.map_or_else(String::new, |from| from.to_canonical().to_string()),
        what: what.to_owned(),
        on: on.to_owned(),
        outcome: AuditOutcome::Begun,
    }
}

/// Writes an entry. Answers its number.
///
/// # Errors
/// The store failed.
pub(crate) async fn note(store: &dyn Store, entry: AuditEntry) -> Result<u64, StoreError> {
    match import_people(store, users::context(entry.at), NoteAudit(entry)).await {
        Ok(number) => Ok(number),
        Err(OperationError::Refused(never)) => match never {},
        Err(OperationError::Store(error)) => Err(error),
    }
}

/// Gives an entry its outcome.
///
/// # Errors
/// The store failed.
pub(crate) async fn finish(
    store: &dyn Store,
    number: u64,
    outcome: AuditOutcome,
    now: Timestamp,
) -> Result<(), StoreError> {
    match import_people(store, users::context(now), FinishAudit { number, outcome }).await {
        Ok(()) => Ok(()),
        Err(OperationError::Refused(never)) => match never {},
        Err(OperationError::Store(error)) => Err(error),
    }
}

/// Entries older than the one with the number `before`, or the newest ones: the newest first, at most `limit`.
///
/// # Errors
/// The store failed.
pub(crate) async fn page(
    store: &dyn Store,
    before: Option<u64>,
    limit: usize,
) -> Result<Vec<(u64, AuditEntry)>, StoreError> {
    let after = before.map(|number| FactKey::Audit(Reverse(number)));
    let range = FactRange { subject: Subject::App, family: FactFamily::Audit, after, limit };
    let needs = PeopleNeeds { ranges: vec![range], ..PeopleNeeds::default() };
    let found = store.people(INSTALLATION, needs).await?;
    let entry = |((_, key), fact)| match (key, fact) {
        (FactKey::Audit(Reverse(number)), Fact::Audit(entry)) => Some((number, *entry)),
        _ => None,
    };
    Ok(found.facts.into_iter().filter_map(entry).collect())
}
