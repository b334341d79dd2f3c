//! What was imported is compared, comes out again, and is undone.

mod files;
mod pull;
mod records;
mod round_trip;
mod undo;
mod verify;

use crate::stand_in::StandIn;
use landfall_domain::time::Timestamp;
use landfall_migrate::export::export;
use landfall_migrate::format::{Reader, Record};
use landfall_migrate::rules::ServerLimits;
use landfall_migrate::server::Server;
use landfall_migrate::sources::contents::Contents;
use landfall_migrate::sources::v4::PullReport;
use landfall_migrate::verify::{GroupResult, VerifyOptions, VerifyReport, verify};
use std::path::Path;
use std::sync::Arc;

/// Asked what it takes: then calls go as fast as it says.
async fn client(server: &StandIn) -> Arc<Server> {
    let client = crate::client(server);
    client.limits().await.unwrap();
    client
}

/// The result of each group, and of all.
async fn compare(file: &Path, server: &StandIn) -> (Vec<GroupResult>, VerifyReport) {
    let options = VerifyOptions {
        spill_directory: file.parent().unwrap().to_owned(),
        rules: ServerLimits::faithful(Timestamp(2_000_000_000)),
        leave_out_faulty: false,
        contents: Arc::new(Contents::beside(file)),
    };
    let mut groups = Vec::new();
    let mut on_group = |group: &GroupResult| groups.push(group.clone());
    let report = verify(file, &*client(server).await, options, &mut on_group).await.unwrap();
    (groups, report)
}

/// Everything on the server.
async fn pulled(directory: &Path, server: &StandIn) -> (Vec<Record>, PullReport) {
    let file = directory.join("export.jsonl");
    let report = export(&*client(server).await, &file).await.unwrap();
    (read(&file), report)
}

fn read(file: &Path) -> Vec<Record> {
    let lines = Reader::open(file).unwrap().map(|line| line.unwrap().text);
    lines.map(|line| Record::parse(&line).unwrap()).collect()
}
