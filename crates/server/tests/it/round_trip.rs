//! What a job brings in comes out as it went in: every kind of record, with its `src`, `key` and `x`.

mod normal;
mod records;

use crate::harness::{ADMIN, APP, Server, sign};
use landfall_migrate::export::export_with_files;
use landfall_migrate::format::{Reader, Record, Writer};
use landfall_migrate::import::ImportOptions;
use landfall_migrate::jobs;
use landfall_migrate::server::{Server as Remote, ServerOptions};
use proptest::prelude::*;
use std::cmp::Ordering;
use std::path::Path;
use std::sync::Arc;
use tokio::runtime::Builder;
use tokio::sync::watch;

fn remote(server: &Server) -> Arc<Remote> {
    let sign = Box::new(|| sign(APP, ADMIN, 0));
    let (url, admin) = (format!("http://{}", server.address), ADMIN.to_owned());
    Arc::new(Remote::new(ServerOptions { url, app: APP, admin, sign }).unwrap())
}

fn write(path: &Path, records: &[Record]) {
    let mut writer = Writer::create(path).unwrap();
    records.iter().for_each(|record| writer.write(record).unwrap());
    writer.finish().unwrap();
}

fn read(path: &Path) -> Vec<Record> {
    let lines = Reader::open(path).unwrap().map(|line| line.unwrap().text);
    let records = lines.map(|line| Record::parse(&line).unwrap());
    // Whoever calls is an account of the server, too.
    records.filter(|record| !matches!(record, Record::Account(account) if account.user_id == ADMIN)).collect()
}

/// Brings records in by a job, reads everything that is on the server, and takes it out again.
async fn through(remote: &Arc<Remote>, records: &[Record]) -> Vec<Record> {
    let directory = tempfile::tempdir().unwrap();
    let (file, out) = (directory.path().join("in.jsonl"), directory.path().join("out.jsonl"));
    write(&file, records);
    let (_stopping, stop) = watch::channel(false);
    let options = ImportOptions::beside(&file);
    let imported = jobs::import(&file, "test", Arc::clone(remote), &options, stop, &()).await.unwrap();
    assert!(imported.finished && imported.faults.is_empty(), "{imported:?}");
    let job = imported.job.expect("the server takes jobs");
    let report = export_with_files(remote, &out).await.unwrap();
    assert_eq!((report.refused.count, report.changed.count, report.cut_names.count), (0, 0, 0));
    let undone = jobs::undo_one(remote, &job, false, |_, _| {}).await.unwrap().unwrap();
    assert_eq!((undone.removed, undone.kept), (report.groups, 0));
    read(&out)
}

/// The lines of records. Only messages have an order, each within its conversation.
fn lines(records: &[Record]) -> Vec<String> {
    let mut lines: Vec<_> = records.iter().map(|record| (key(record), canonical(record))).collect();
    lines.sort_by(|(left, left_line), (right, right_line)| {
        let is_ordered = left.0 == "message";
        left.cmp(right).then_with(|| if is_ordered { Ordering::Equal } else { left_line.cmp(right_line) })
    });
    lines.into_iter().map(|(_, line)| line).collect()
}

fn key(record: &Record) -> (&'static str, String) {
    let conversation = if let Record::Message(message) = record {
        match (record.pair(), &message.topic_id) {
            (Some(_), _) => record.bundle().unwrap().into_owned(),
            (None, Some(topic)) => topic.clone(),
            (None, None) => message.group_id.clone(),
        }
    } else {
        String::new()
    };
    (record.kind().as_str(), conversation)
}

/// Whatever the order of the members of an object is.
fn canonical(record: &Record) -> String {
    serde_json::from_str::<serde_json::Value>(&record.line()).unwrap().to_string()
}

/// On a server of its own.
async fn round_trip(records: Vec<Record>) {
    let server = Server::start().await;
    let remote = remote(&server);
    let out = through(&remote, &records).await;
    assert_eq!(lines(&out), lines(&normal::normal(&records)));
    // What was exported leaves nothing open.
    let again = through(&remote, &out).await;
    assert_eq!(lines(&again), lines(&out));
    drop(remote);
    server.stop().await;
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, max_shrink_iters: 100, ..ProptestConfig::default() })]

    #[test]
    fn what_a_job_brings_in_comes_out_as_it_went_in(records in records::file()) {
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(round_trip(records));
    }
}
