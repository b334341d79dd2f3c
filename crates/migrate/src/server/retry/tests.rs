use super::super::{Server, ServerOptions};
use super::*;

fn server() -> Server {
    let options = ServerOptions {
        url: "http://127.0.0.1:1".to_owned(),
        app: 7,
        admin: "administrator".to_owned(),
        sign: Box::new(String::new),
    };
    Server::new(options).unwrap()
}

fn busy() -> CallError {
    CallError::Busy { command: "c".to_owned(), code: 60_007, info: String::new() }
}

#[tokio::test(start_paused = true)]
async fn waits_grow_and_end_when_the_server_does_not_come_back() {
    let server = server();
    let start = Instant::now();
    let mut backoff = server.backoff();
    let mut waits = Vec::new();
    let error = loop {
        let before = Instant::now();
        match backoff.wait(&server, "c", busy()).await {
            Ok(()) => waits.push(before.elapsed().as_millis()),
            Err(error) => break error,
        }
    };
    assert!(waits.starts_with(&[100, 200, 400, 800]) && waits.ends_with(&[10_000]), "{waits:?}");
    assert!(matches!(error, CallError::GaveUp { seconds: 600..=610, .. }), "{error:?}");
    assert!(start.elapsed() < Duration::from_secs(611));
}

#[tokio::test(start_paused = true)]
async fn what_does_not_pass_is_not_tried_again() {
    let server = server();
    let strange = |status| CallError::NotTheApi { command: "c".to_owned(), status };
    assert!(server.backoff().wait(&server, "c", strange(404)).await.is_err());
    let mut backoff = server.backoff();
    let mut tries = 1;
    while backoff.wait(&server, "c", strange(502)).await.is_ok() {
        tries += 1;
    }
    assert_eq!(tries, 10);
}

#[tokio::test(start_paused = true)]
async fn a_stop_ends_waits() {
    let server = server();
    server.stop();
    let mut backoff = server.backoff();
    assert!(matches!(backoff.wait(&server, "c", busy()).await, Err(CallError::Stopped(_))));
    assert!(matches!(server.ask("c", &serde_json::json!({})).await, Err(CallError::Stopped(_))));
}

#[tokio::test]
async fn the_first_call_is_not_tried_again_when_nothing_listens() {
    let error = server().limits().await.unwrap_err();
    assert!(matches!(error, CallError::Unanswered { .. }) && error.had_no_effect(), "{error:?}");
}
