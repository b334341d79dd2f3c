//! Killed under load.

use crate::check;
use crate::load::{Book, Load};
use crate::server::{Home, amount};
use std::slice;

/// Rounds of the normal test run; LANDFALL_KILL_ROUNDS sets another number.
const ROUNDS: usize = 3;
const CONNECTIONS: usize = 48;
/// Imports acknowledged before the process is killed, at most.
const BEFORE_KILL_MAX: usize = 1_500;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_survives_kill_9() {
    let rounds = amount("LANDFALL_KILL_ROUNDS", ROUNDS);
    let home = Home::new();
    let mut book = Book::default();
    for round in 0..rounds {
        let server = home.start().await;
        let load = Load::start(slice::from_ref(&server), CONNECTIONS, &format!("r{round}")).await;
        load.acknowledged(fastrand::usize(1..=BEFORE_KILL_MAX)).await;
        server.kill().await;
        let of_round = load.closed().await;
        assert!(!of_round.unknown.is_empty(), "nothing was under way when the process was killed");
        book.add(of_round);
        let server = home.start().await;
        check::holds(&server, &book).await;
        // Killed while idle: no data is only in memory.
        server.kill().await;
    }
    let server = home.start().await;
    check::holds(&server, &book).await;
    server.stop().await;
    check::owners_are_indexed(&home, &book).await;
}
