//! Stopped in order under load.

use crate::check;
use crate::load::Load;
use crate::server::Home;
use rustix::process::Signal;
use std::slice;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sigterm_under_load_ends_in_order_and_keeps_what_was_acknowledged() {
    let home = Home::new();
    let mut server = home.start().await;
    let load = Load::start(slice::from_ref(&server), 32, "term").await;
    load.acknowledged(400).await;
    server.signal(Signal::TERM);
    let status = server.closed().await;
    assert_eq!(status.code(), Some(0), "{status}");
    // The connections check that each call got a success, or none because the connection was closed before it.
    let book = load.closed().await;
    assert!(400 <= book.acknowledged.len());
    let server = home.start().await;
    check::holds(&server, &book).await;
    server.stop().await;
    check::owners_are_indexed(&home, &book).await;
}
