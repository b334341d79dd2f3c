//! What only the embedded store shows: its directory, its records, and how it fails.

mod damage;
mod directory;
mod failures;
mod missing;
mod power;
mod records;
mod transfer;

use super::Embedded;
use crate::StoreMetrics;
use landfall_domain::account::UnknownAccounts;
use landfall_domain::group::{GroupType, JoinOption, Profile};
use landfall_domain::ids::{AppId, GroupId, UserId};
use landfall_domain::member::Role;
use landfall_domain::new_group::{IdChoice, NewGroup, NewMember};
use landfall_domain::store::Context;
use landfall_domain::text::Text;
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

/// A public group with `members`, the first of whom owns it.
fn group(name: &str, members: &[&str]) -> NewGroup {
    let member = |name: &&str| NewMember {
        account: user(name),
        role: Role::Member,
        joined: None,
        unread: 0,
        muted_until: Timestamp(0),
        fields: Vec::new(),
    };
    NewGroup {
        id: IdChoice::Given(group_id(name)),
        kind: GroupType::Public,
        profile: Profile {
            name: Text::stored(name.to_owned()),
            introduction: Text::default(),
            notification: Text::default(),
            face_url: Text::default(),
            fields: Vec::new(),
            max_members: 10_000,
            join_option: JoinOption::FreeAccess,
        },
        owner: members.first().map(|name| user(name)),
        members: members.iter().skip(1).map(member).collect(),
        support_topic: false,
        permissions_enabled: false,
        default_permissions: 0,
        invite_option: GroupType::Public.default_invite_option(),
        active: true,
        created: Timestamp(1_000),
    }
}
