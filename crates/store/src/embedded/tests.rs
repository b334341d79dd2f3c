//! Tests of the embedded store alone: its directory, its records and its failures.

mod damage;
mod directory;
mod failures;
mod load;
mod missing;
mod power;
mod records;
mod repeats;
mod transfer;
mod whole;

use super::Embedded;
use crate::StoreMetrics;
use landfall_domain::account::UnknownAccounts;
use landfall_domain::context::Context;
use landfall_domain::group::{JoinOption, Profile};
use landfall_domain::ids::{AppId, GroupId, UserId};
use landfall_domain::new_group::{NewGroup, NewMember};
use landfall_domain::time::Timestamp;
use std::path::Path;
use tempfile::TempDir;

mod suite {
    use super::*;

    async fn open() -> (Embedded, TempDir) {
        let dir = tempfile::tempdir().unwrap();
        (super::open(dir.path()), dir)
    }

    crate::suite::store_suite!(super::open);
}

/// Operations that wait together are applied in order, those of one batch on each other's writes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn batches_answer_like_the_model() {
    let dir = tempfile::tempdir().unwrap();
    crate::suite::model::agree(&[&open(dir.path())], 8).await;
}

const APP: AppId = AppId(7);

fn open(dir: &Path) -> Embedded {
    Embedded::open(dir, StoreMetrics::default()).unwrap()
}

fn context() -> Context {
    Context { app: APP, now: Timestamp(2_000), unknown: UnknownAccounts::Create }
}

fn user(name: &str) -> UserId {
    UserId::parse(name).unwrap()
}

fn group_id(name: &str) -> GroupId {
    GroupId::parse(name).unwrap()
}

/// A public group with `members`. The first one owns it.
fn group(name: &str, members: &[&str]) -> NewGroup {
    let plain = crate::suite::group(name);
    NewGroup {
        profile: Profile { join_option: JoinOption::FreeAccess, ..plain.profile },
        owner: members.first().map(|name| user(name)),
        members: members.iter().skip(1).map(|name| NewMember::new(user(name))).collect(),
        ..plain
    }
}
