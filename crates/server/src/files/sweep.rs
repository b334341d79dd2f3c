//! Removes uploads that nobody needs any more: tickets whose file did not come, files that no message refers to, and files
//! whose messages are older than the app keeps them.
//!
//! A file is taken from messages first, then removed, then forgotten: after a crash the next round goes on where it was.

use super::store::FileStore;
use landfall_domain::context::Context;
use landfall_domain::error::{OperationError, StoreError};
use landfall_domain::people::Subject;
use landfall_domain::people::fact::{Fact, FactFamily, FactKey, FactRange};
use landfall_domain::people::operation::{PeopleImport, import_people};
use landfall_domain::people::operations::uploads::{ForgetUpload, RetireUpload};
use landfall_domain::people::snapshot::PeopleNeeds;
use landfall_domain::people::upload::UploadId;
use landfall_domain::store::Store;
use std::convert::Infallible;
use std::io;

/// Uploads that are looked at together.
const UPLOADS_AT_ONCE: usize = 200;

/// Why uploads stay until the next round.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SweepError {
    #[error("the store failed: {0}")]
    Store(#[from] StoreError),
    #[error("a file cannot be removed: {0}")]
    File(#[from] io::Error),
}

/// Removes them in the app of `context`, which keeps messages for `message_days`; 0: forever.
pub(crate) async fn sweep(
    store: &dyn Store,
    files: &FileStore,
    context: Context,
    message_days: u32,
) -> Result<(), SweepError> {
    let mut after = None;
    loop {
        let (subject, limit) = (Subject::App, UPLOADS_AT_ONCE);
        let page = FactRange { subject, family: FactFamily::Uploads, after: after.clone(), limit };
        let needs = PeopleNeeds { ranges: vec![page], ..PeopleNeeds::default() };
        let found = store.people(context.app, needs).await?.facts;
        let Some(((_, last), _)) = found.last_key_value() else { return Ok(()) };
        after = Some(last.clone());
        for ((_, key), fact) in &found {
            if let (FactKey::Upload(id), Fact::Upload(upload)) = (key, fact)
                && upload.is_due(context.now, message_days)
            {
                remove(store, files, context, id, message_days).await?;
            }
        }
    }
}

async fn remove(
    store: &dyn Store,
    files: &FileStore,
    context: Context,
    id: &UploadId,
    message_days: u32,
) -> Result<(), SweepError> {
    // A message may have come in between.
    if perform(store, context, RetireUpload { id: id.clone(), message_days }).await? {
        files.remove(context.app, id.as_str()).await?;
        perform(store, context, ForgetUpload(id.clone())).await?;
    }
    Ok(())
}

async fn perform<I: PeopleImport<Refusal = Infallible>>(
    store: &dyn Store,
    context: Context,
    operation: I,
) -> Result<I::Answer, StoreError> {
    match import_people(store, context, operation).await {
        Ok(answer) => Ok(answer),
        Err(OperationError::Store(error)) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{FilesConfig, FilesPlace};
    use crate::files::address::FileId;
    use landfall_domain::account::UnknownAccounts;
    use landfall_domain::ids::{AppId, UserId};
    use landfall_domain::people::operations::uploads::{AnnounceUpload, FinishUpload, UseUploads};
    use landfall_domain::time::Timestamp;
    use landfall_store::StoreMetrics;
    use landfall_store::embedded::Embedded;

    const APP: AppId = AppId(7);
    const DAY: u64 = 24 * 60 * 60;

    fn at(now: u64) -> Context {
        Context { app: APP, now: Timestamp(now), unknown: UnknownAccounts::Create }
    }

    fn id(number: u8) -> UploadId {
        UploadId::of([number; 24])
    }

    /// A file of four bytes, whose upload began in second 5.
    async fn announced(store: &Embedded, number: u8) {
        let account = UserId::parse("ann").unwrap();
        let content_type = "image/png".into();
        let operation = AnnounceUpload { id: id(number), account, bytes: 4, content_type, quota_bytes: 100 };
        import_people(store, at(5), operation).await.unwrap();
    }

    async fn arrived(store: &Embedded, files: &FileStore, number: u8) {
        announced(store, number).await;
        let mut incoming = files.begin().await.unwrap();
        incoming.write(b"1234").await.unwrap();
        files.keep_as(APP, incoming, &FileId::from(&id(number))).await.unwrap();
        let finish = FinishUpload { id: id(number), account: UserId::parse("ann").unwrap() };
        assert!(import_people(store, at(5), finish).await.unwrap());
    }

    /// The uploads that are known, and the files that are there.
    async fn left(store: &Embedded, files: &FileStore) -> (Vec<u8>, Vec<u8>) {
        let range = FactRange::all(Subject::App, FactFamily::Uploads);
        let needs = PeopleNeeds { ranges: vec![range], ..PeopleNeeds::default() };
        let known = store.people(APP, needs).await.unwrap().facts;
        let is_known = |number: &u8| known.contains_key(&(Subject::App, FactKey::Upload(id(*number))));
        let mut there = Vec::new();
        for number in 1..=5 {
            if files.find(APP, &FileId::from(&id(number))).await.unwrap().is_some() {
                there.push(number);
            }
        }
        ((1..=5).filter(is_known).collect(), there)
    }

    #[tokio::test]
    async fn what_nobody_needs_goes_and_the_rest_stays() {
        let directory = tempfile::tempdir().unwrap();
        let store = Embedded::open(&directory.path().join("store"), StoreMetrics::default()).unwrap();
        let place = FilesPlace::Directory(directory.path().join("files"));
        let config = FilesConfig { place, bytes_max: 9, extensions: Vec::new(), address_seconds: 9 };
        let files = FileStore::open(&config).await.unwrap();
        announced(&store, 1).await;
        for number in 2..=5 {
            arrived(&store, &files, number).await;
        }
        import_people(&store, at(10), UseUploads(vec![id(3), id(4)])).await.unwrap();
        // The second one was being removed when a server stopped.
        let going = RetireUpload { id: id(2), message_days: 0 };
        assert!(import_people(&store, at(5 + DAY), going).await.unwrap());
        import_people(&store, at(20 + DAY), UseUploads(vec![id(4), id(5)])).await.unwrap();
        for (now, known, there) in [
            (5, vec![1, 3, 4, 5], vec![3, 4, 5]),
            (5 + 7_200, vec![3, 4, 5], vec![3, 4, 5]),
            (10 + 9 * DAY, vec![4, 5], vec![4, 5]),
            (20 + 10 * DAY, vec![], vec![]),
        ] {
            sweep(&store, &files, at(now), 7).await.unwrap();
            assert_eq!(left(&store, &files).await, (known, there), "at {now}");
        }
        let needs =
            PeopleNeeds { facts: vec![(Subject::App, FactKey::UploadedBytes)], ..PeopleNeeds::default() };
        assert!(store.people(APP, needs).await.unwrap().facts.is_empty(), "all room is given back");
    }
}
