//! Call frequencies that servers count together.

use super::*;
use crate::suite::{APP, at_once};
use std::time::Instant;

/// When the allowance is whole again.
const WHOLE_AT: &str = "SELECT whole_at FROM landfall.call_rates WHERE command = 'c'";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn servers_together_take_no_more_than_is_allowed() {
    const PER_SECOND: u32 = 20;
    let (servers, _alive) = two().await;
    let started = Instant::now();
    let mut taken = 0_u32;
    for _ in 0..3 {
        let takes = (0..40).map(|number| servers[number % 2].take_calls(APP, "c", 1, PER_SECOND));
        let answers = at_once(takes).await;
        taken += answers.into_iter().map(|taken| u32::from(taken.unwrap())).sum::<u32>();
    }
    let refilled = started.elapsed().as_secs_f64() * f64::from(PER_SECOND);
    assert!(PER_SECOND <= taken, "only {taken} were let through");
    assert!(f64::from(taken) <= f64::from(PER_SECOND) + refilled + 1.0, "{taken} in {refilled} refilled");
}

#[tokio::test]
async fn a_refusal_changes_nothing_and_apps_and_commands_count_alone() {
    let (servers, database) = two().await;
    let admin = admin(database.url()).await;
    assert!(servers[0].take_calls(APP, "c", 1, 1).await.unwrap());
    let before = number(&admin, WHOLE_AT).await;
    for server in servers.iter().cycle().take(6) {
        assert!(!server.take_calls(APP, "c", 100, 100).await.unwrap(), "a second's worth is not there");
    }
    assert_eq!(number(&admin, WHOLE_AT).await, before);
    assert!(servers[1].take_calls(APP, "other", 100, 100).await.unwrap());
    assert!(servers[1].take_calls(AppId(APP.0 + 1), "c", 100, 100).await.unwrap());
    // More than ever comes together is refused at once.
    assert!(!servers[0].take_calls(APP, "third", 101, 100).await.unwrap());
    assert_eq!(number(&admin, "SELECT count(*) FROM landfall.call_rates").await, 3);
}

#[tokio::test]
async fn a_clock_that_was_set_back_does_not_refuse_for_long() {
    let (store, database) = fresh().await;
    let admin = admin(database.url()).await;
    // The first may be another server's, a moment ago; the second lies an hour ahead.
    for (ahead, taken) in [("5 seconds", false), ("1 hour", true)] {
        assert!(store.take_calls(APP, ahead, 1, 100).await.unwrap());
        let set = "UPDATE landfall.call_rates SET whole_at =
            (extract(epoch FROM clock_timestamp() + $1::text::interval) * 1000000)::bigint WHERE command = $1";
        assert_eq!(admin.execute(set, &[&ahead]).await.unwrap(), 1);
        assert_eq!(store.take_calls(APP, ahead, 1, 100).await.unwrap(), taken, "{ahead}");
    }
}

#[tokio::test]
async fn odd_numbers_do_not_fail() {
    let (store, _alive) = fresh().await;
    for (number, (calls, per_second, taken)) in [
        (0, 0, true),
        (0, 100, true),
        (1, 0, true),
        (2, 0, false),
        (1, u32::MAX, true),
        (u32::MAX, u32::MAX, true),
        (u32::MAX, 1, false),
        (u32::MAX, 0, false),
    ]
    .into_iter()
    .enumerate()
    {
        let command = format!("c{number} '\"%\n");
        let answer = store.take_calls(AppId(u32::MAX), &command, calls, per_second).await.unwrap();
        assert_eq!(answer, taken, "{calls} of {per_second}");
    }
}
