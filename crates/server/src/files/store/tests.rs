//! What both places of files pass, then what happens when a bucket fails.

use super::*;
use crate::config::BucketConfig;
use crate::files::bucket::Patience;
use crate::secret::Secret;
use landfall_test_database::{BucketServer, Fault};
use std::time::Duration;
use tempfile::TempDir;

const APP: AppId = AppId(7);
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
/// The SHA-256 of `0123456789`.
const ID: &str = "84d89877f0d4041efb6bf91a16f0248f2fd573e6af05c19f96bedb9f882f7882";

/// What keeps the files of a test.
enum Place {
    Directory(TempDir),
    Bucket(BucketServer),
}

fn config(server: &BucketServer) -> BucketConfig {
    BucketConfig {
        name: "rooms".to_owned(),
        prefix: "chat/files".to_owned(),
        endpoint: Some(server.endpoint().parse().unwrap()),
        region: "us-east-1".to_owned(),
        access_key_id: "AKIAIOSFODNN7EXAMPLE".to_owned(),
        secret_access_key: Secret::new(SECRET.to_owned()).unwrap(),
    }
}

/// Waits so briefly that a test with failures takes no second.
const BRIEF: Patience = Patience { request: Duration::from_millis(300), backoff: Duration::from_millis(1) };

fn bucket() -> (FileStore, BucketServer) {
    let server = BucketServer::start("rooms", "AKIAIOSFODNN7EXAMPLE", SECRET).unwrap();
    (FileStore::Bucket(Bucket::with(&config(&server), BRIEF).unwrap()), server)
}

fn both() -> [(FileStore, Place); 2] {
    let directory = tempfile::tempdir().unwrap();
    let (in_bucket, server) = bucket();
    let in_directory = FileStore::Directory(FileDirectory::new(directory.path().join("files")));
    [(in_directory, Place::Directory(directory)), (in_bucket, Place::Bucket(server))]
}

impl Place {
    /// All names of files, and where there are some, whatever is left of those that did not arrive.
    fn names(&self) -> Vec<String> {
        match self {
            Self::Directory(directory) => {
                let (mut names, mut folders) = (Vec::new(), vec![directory.path().to_owned()]);
                while let Some(folder) = folders.pop() {
                    for entry in std::fs::read_dir(folder).unwrap() {
                        let path = entry.unwrap().path();
                        let name = path.strip_prefix(directory.path()).unwrap().display().to_string();
                        if path.is_dir() { folders.push(path) } else { names.push(name) }
                    }
                }
                names
            }
            Self::Bucket(server) => {
                assert_eq!(server.open_uploads(), 0);
                server.objects().into_keys().map(|name| name.replace("chat/", "")).collect()
            }
        }
    }
}

/// Of any length, and without a pattern that repeats in a part of an upload.
fn long(bytes: usize) -> Vec<u8> {
    (0_u64..).flat_map(|number| (number * number).to_le_bytes()).take(bytes).collect()
}

async fn put(store: &FileStore, content: &[u8]) -> io::Result<FileId> {
    let mut incoming = store.begin().await?;
    for piece in content.chunks(1 << 20) {
        incoming.write(piece).await?;
    }
    assert_eq!(incoming.bytes, content.len() as u64);
    store.keep(APP, incoming).await
}

async fn get(store: &FileStore, id: &FileId, part: Range<u64>) -> io::Result<Vec<u8>> {
    let file = store.find(APP, id).await?.expect("the file is there");
    let mut chunks = file.read(part).await?;
    let mut content = Vec::new();
    while let Some(chunk) = chunks.next().await {
        content.extend(chunk?);
    }
    Ok(content)
}

#[tokio::test]
async fn a_file_is_kept_once_by_its_content_and_read_in_parts() {
    for (store, place) in both() {
        let id = put(&store, b"0123456789").await.unwrap();
        assert_eq!(id.as_str(), ID);
        assert_eq!(put(&store, b"0123456789").await.unwrap(), id);
        assert_eq!(place.names(), [format!("files/7/84/{ID}")]);
        assert_eq!(store.find(APP, &id).await.unwrap().unwrap().length, 10);
        assert_eq!(get(&store, &id, 0..10).await.unwrap(), b"0123456789");
        assert_eq!(get(&store, &id, 3..6).await.unwrap(), b"345");
        assert!(store.find(AppId(8), &id).await.unwrap().is_none());
        assert!(store.find(APP, &FileId::of(&[0; 32])).await.unwrap().is_none());
    }
}

#[tokio::test]
async fn a_file_of_many_parts_comes_back_as_it_was() {
    let content = long((17 << 20) + 5);
    for (store, place) in both() {
        let id = put(&store, &content).await.unwrap();
        assert_eq!(place.names().len(), 1);
        assert!(get(&store, &id, 0..content.len() as u64).await.unwrap() == content);
        let across = (8 << 20) - 2..(8 << 20) + 3;
        assert_eq!(
            get(&store, &id, across.clone()).await.unwrap(),
            content[across.start as usize..across.end as usize]
        );
    }
}

#[tokio::test]
async fn a_file_that_does_not_arrive_leaves_nothing_behind() {
    for (store, place) in both() {
        let mut incoming = store.begin().await.unwrap();
        incoming.write(b"0123").await.unwrap();
        drop(incoming);
        assert_eq!(place.names(), Vec::<String>::new());
    }
}

#[tokio::test]
async fn what_passes_is_tried_again() {
    for fault in [Fault::Status(500), Fault::Status(503), Fault::Silence, Fault::Cut(0)] {
        let (store, server) = bucket();
        for method in ["HEAD /", "PUT /", "GET /"] {
            server.fail(method, &[fault, fault]);
        }
        let id = put(&store, b"0123456789").await.unwrap();
        assert_eq!(get(&store, &id, 0..10).await.unwrap(), b"0123456789", "{fault:?}");
    }
}

#[tokio::test]
async fn a_service_that_goes_on_failing_is_tried_four_times() {
    for (fault, said, kept) in [
        (Fault::Status(500), "500", 0),
        (Fault::Status(503), "503", 0),
        (Fault::Silence, "operation timed out", 1),
    ] {
        let (store, server) = bucket();
        server.fail("PUT /", &[fault; 4]);
        let error = put(&store, b"0123456789").await.unwrap_err().to_string();
        assert!(error.contains(said) && !error.contains(SECRET), "{error}");
        let puts =
            server.requests().iter().filter(|line| line.starts_with("PUT /rooms/chat/files/7/84/")).count();
        assert_eq!((puts, server.objects().len()), (4, kept), "{fault:?}");
    }
    let (store, server) = bucket();
    server.fail("PUT /", &[Fault::Status(403)]);
    put(&store, b"0123456789").await.unwrap_err();
    assert_eq!(server.requests().len(), 2, "what does not pass is not tried again");
}

#[tokio::test]
async fn a_content_that_is_cut_off_goes_on_where_it_ended_or_fails() {
    let (store, server) = bucket();
    let content = long(100_000);
    let id = put(&store, &content).await.unwrap();
    server.fail("GET /", &[Fault::Cut(40_000), Fault::Cut(20_000)]);
    assert!(get(&store, &id, 0..100_000).await.unwrap() == content);
    server.fail("GET /", &[Fault::Cut(40_000), Fault::Cut(1), Fault::Cut(1), Fault::Cut(1)]);
    get(&store, &id, 0..100_000).await.unwrap_err();
}

#[tokio::test]
async fn an_upload_that_fails_between_its_parts_is_given_up() {
    let (store, server) = bucket();
    let content = long(17 << 20);
    // One passes: the first part.
    server.fail("PUT /", &[Fault::Status(500), Fault::Status(403)]);
    put(&store, &content).await.unwrap_err();
    assert_eq!((server.open_uploads(), server.objects().len()), (0, 0));
    let id = put(&store, &content).await.unwrap();
    assert_eq!(store.find(APP, &id).await.unwrap().unwrap().length, 17 << 20);
}

#[tokio::test]
async fn an_object_of_another_length_is_written_anew() {
    let (store, server) = bucket();
    server.put(&format!("chat/files/7/84/{ID}"), b"0123");
    let id = put(&store, b"0123456789").await.unwrap();
    assert_eq!(get(&store, &id, 0..10).await.unwrap(), b"0123456789");
}

#[tokio::test]
async fn a_bucket_that_cannot_be_used_is_known_at_the_start() {
    let server = BucketServer::start("rooms", "AKIAIOSFODNN7EXAMPLE", SECRET).unwrap();
    let right = config(&server);
    Bucket::with(&right, BRIEF).unwrap().check().await.unwrap();
    assert_eq!(server.objects().into_keys().collect::<Vec<_>>(), ["chat/files/landfall-check"]);
    let other = Secret::new(SECRET.to_lowercase()).unwrap();
    for (wrong, said) in [
        (BucketConfig { name: "halls".to_owned(), ..right.clone() }, "NoSuchBucket"),
        (BucketConfig { access_key_id: "OTHER".to_owned(), ..right.clone() }, "InvalidAccessKeyId"),
        (BucketConfig { secret_access_key: other, ..right.clone() }, "SignatureDoesNotMatch"),
        (
            BucketConfig { endpoint: Some("http://127.0.0.1:1".parse().unwrap()), ..right.clone() },
            "Connection refused",
        ),
    ] {
        let error = Bucket::with(&wrong, BRIEF).unwrap().check().await.unwrap_err();
        let text: Vec<_> = crate::logging::chain(&error).map(ToString::to_string).collect();
        let text = text.join(": ");
        assert!(text.contains(&format!("the bucket {} cannot be used", wrong.name)), "{text}");
        assert!(text.contains(said) && !text.to_lowercase().contains(&SECRET.to_lowercase()), "{text}");
    }
}
