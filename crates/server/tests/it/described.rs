//! The description of the API, as programs fetch it.

use crate::harness::Server;
use landfall::commands::COMMANDS;
use serde_json::Value;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_description_is_open_to_all() {
    let server = Server::start().await;
    let mut client = server.client().await;
    for (path, has) in [("/openapi.json", "openapi"), ("/postman.json", "item")] {
        client.send(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").as_bytes()).await;
        let answer = client.answer().await;
        assert_eq!(answer.status, 200);
        assert!(answer.head.contains("content-type: application/json"), "{}", answer.head);
        let found: Value = serde_json::from_slice(&answer.body).unwrap();
        assert!(!found[has].is_null(), "{path}");
    }
    // Other methods, and paths near it, are calls of the API like any other.
    assert_ne!(client.post("/openapi.json", b"{}").await.code(), 0);
    drop(client);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_operation_that_is_described_is_one_of_the_server() {
    let server = Server::start().await;
    let mut client = server.client().await;
    let paths = landfall::openapi::document()["paths"].clone();
    assert_eq!(paths.as_object().unwrap().len(), COMMANDS.len());
    for (path, item) in paths.as_object().unwrap() {
        let target = format!("{path}?{}", client.query);
        let code = client.post(&target, b"{").await.code();
        // The body is read last, so that its code shows that the command is there.
        let is_built = !item["post"]["requestBody"].is_null();
        assert!(![0, 10003, 60009].contains(&code), "{path}: {code}");
        assert_eq!(code == 60017, !is_built, "{path}: {code}");
    }
    drop(client);
    server.stop().await;
}
