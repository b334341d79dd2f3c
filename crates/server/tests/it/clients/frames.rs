//! Frames made from random bytes change nothing that their senders may not change.

mod property;
mod words;

use super::start;
use crate::harness::{ADMIN, APP, KEY, Store, on_both_stores};
use landfall::usersig::SecretKey;
use landfall_domain::ids::AppId;
use property::World;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, TestRunner};

/// Series of frames tried.
const SERIES: usize = 40;
/// Bytes of a series, enough for all its frames.
const BYTES_MAX: usize = 4_000;

async fn arbitrary_frames_change_only_what_their_senders_may_change(store: Store) {
    let server = start(store).await;
    let key = SecretKey::new(KEY.to_owned()).unwrap();
    let mut world = World::make(server.address, AppId(APP), key, ADMIN).await;
    let mut runner = TestRunner::new(Config::default());
    let bytes = prop::collection::vec(any::<u8>(), BYTES_MAX / 2..BYTES_MAX);
    for _ in 0..SERIES {
        world.check(&bytes.new_tree(&mut runner).unwrap().current()).await;
    }
    drop(world);
    server.stop().await;
}

on_both_stores! {
    arbitrary_frames_change_only_what_their_senders_may_change
}
