//! Blocks of places in the list, of two servers.

use super::super::tests::{admin, database, layout};
use super::super::{Settings, connect};
use super::*;
use crate::suite::{APP, at_once};
use std::collections::BTreeSet;

fn pooled(url: &str) -> Database {
    let settings = Settings::parse(url).unwrap();
    Database::new(&settings, connect::tls(&settings).unwrap(), true, layout())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_place_is_taken_twice() {
    let fresh = database();
    let servers =
        [pooled(fresh.url()), pooled(fresh.url())].map(|database| (ListPositions::default(), database));
    let takes = (0..100_u64).map(|number| {
        let (positions, database) = &servers[number as usize % 2];
        let count = 1 + number % 7;
        async move {
            let first = positions.take(database, APP, count).await.unwrap();
            first..first + count
        }
    });
    let mut taken = BTreeSet::new();
    for place in at_once(takes).await.into_iter().flatten() {
        assert!(0 < place && taken.insert(place), "{place} was taken twice");
    }
    assert_eq!(taken.len(), (0..100).map(|number| 1 + number % 7).sum::<usize>());
}

#[tokio::test]
async fn blocks_grow_while_they_are_used_and_are_given_up_after_a_second() {
    let fresh = database();
    let (positions, database) = (ListPositions::default(), pooled(fresh.url()));
    let admin = admin(fresh.url()).await;
    let mut given = Vec::new();
    for place in 1..=8 {
        assert_eq!(positions.take(&database, APP, 1).await.unwrap(), place);
        // However slow this machine is, the block is a fresh one.
        positions.lock().get_mut(&APP).unwrap().taken = Instant::now() + Duration::from_secs(3_600);
        let row = admin.query_one("SELECT given FROM landfall.list_positions", &[]).await.unwrap();
        given.push(row.get::<_, i64>(0));
    }
    assert_eq!(given, [1, 3, 3, 7, 7, 7, 7, 15]);
    // More than a block holds is taken in one piece, and apps have blocks of their own.
    assert_eq!(positions.take(&database, APP, 100).await.unwrap(), 16);
    assert_eq!(positions.take(&database, AppId(APP.0 + 1), 1).await.unwrap(), 1);
    positions.lock().get_mut(&APP).unwrap().taken = Instant::now() + Duration::from_secs(3_600);
    assert_eq!(positions.take(&database, APP, 2).await.unwrap(), 116);
    let left = positions.lock()[&APP].next;
    positions.lock().get_mut(&APP).unwrap().taken = Instant::now().checked_sub(BLOCK_AGE).unwrap();
    let next = positions.take(&database, APP, 1).await.unwrap();
    assert!(left < next, "{next} is of the block that was given up at {left}");
    assert_eq!(positions.lock()[&APP].size, 1, "a block that is not used up does not grow");
}
