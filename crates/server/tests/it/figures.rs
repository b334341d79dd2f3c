//! The metrics, at an address of their own.

use crate::harness::{APP, Client, Server, Setup, code};
use crate::test_client::TestClient;
use serde_json::json;
use std::net::SocketAddr;
use tokio::net::TcpStream;

/// More lines than a page of an idle server should have.
const IDLE_LINES_MAX: usize = 300;

async fn start(http_and_more: &str) -> Server {
    Server::start_with(Setup { http_and_more: http_and_more.to_owned(), ..Setup::default() }).await
}

async fn get(address: SocketAddr, request_line: &str) -> (u16, String) {
    let mut client = Client::new(TcpStream::connect(address).await.unwrap(), APP);
    client.send(format!("{request_line} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").as_bytes()).await;
    let answer = client.answer().await;
    (answer.status, String::from_utf8(answer.body).unwrap())
}

#[tokio::test]
async fn without_an_address_there_are_no_metrics() {
    let server = start("").await;
    assert_eq!(server.metrics, None);
    let (_, text) = get(server.address, "GET /metrics").await;
    assert!(text.contains("60002") && !text.contains("landfall_"), "{text}");
    server.stop().await;
}

#[tokio::test]
async fn metrics_have_their_own_address_and_are_few_while_nothing_happens() {
    let server = start("[metrics]\nlisten = \"127.0.0.1:0\"").await;
    let address = server.metrics.unwrap();
    assert_ne!(address, server.address);
    let (status, idle) = get(address, "GET /metrics").await;
    assert_eq!(status, 200);
    assert!(idle.lines().count() <= IDLE_LINES_MAX, "{} lines:\n{idle}", idle.lines().count());
    assert!(idle.contains("landfall_connections 0\n"), "connections to the metrics are not counted: {idle}");

    let mut client = server.client().await;
    assert_eq!(code(&client.call("group_open_http_svc/get_appid_group_list", &json!({})).await), 0);
    assert_eq!(code(&client.call("openim_robot_http_svc/get_all_robots", &json!({})).await), 60017);
    let (_, text) = get(address, "GET /metrics").await;
    for line in [
        "landfall_calls_succeeded_total{command=\"group_open_http_svc/get_appid_group_list\"} 1\n",
        "landfall_calls_failed_total{command=\"openim_robot_http_svc/get_all_robots\",code=\"60017\"} 1\n",
        "landfall_call_seconds_count{command=\"openim_robot_http_svc/get_all_robots\"} 1\n",
        "landfall_connections 1\n",
    ] {
        assert!(text.contains(line), "{line:?} is missing in {text}");
    }
    // Requests of clients are counted by themselves.
    let mut ann = TestClient::connect(&server, "ann").await;
    for (request, expected) in [
        (json!({ "Command": "groups" }), 0),
        (json!({ "Command": "get_joined_group_list" }), 0),
        (json!({ "Command": "quit_group", "GroupId": "none" }), 10_010),
        (json!({ "Command": "nothing" }), 10_003),
    ] {
        assert_eq!(ann.request(request).await["ErrorCode"], expected);
    }
    let (_, text) = get(address, "GET /metrics").await;
    for line in [
        "landfall_client_calls_succeeded_total{command=\"groups\"} 1\n",
        "landfall_client_calls_succeeded_total{command=\"group_open_http_svc/get_joined_group_list\"} 1\n",
        "landfall_client_calls_failed_total{command=\"member_svc/quit_group\",code=\"10010\"} 1\n",
        "landfall_client_calls_failed_total{command=\"unknown\",code=\"10003\"} 1\n",
        "landfall_client_call_seconds_count{command=\"groups\"} 1\n",
    ] {
        assert!(text.contains(line), "{line:?} is missing in {text}");
    }
    drop(ann);
    // Nothing else is served there, and the metrics are served nowhere else.
    for (line, expected) in [("GET /", 404), ("GET /healthz", 404), ("POST /metrics", 405)] {
        assert_eq!(get(address, line).await.0, expected, "{line}");
    }
    let (_, text) = get(server.address, "GET /metrics").await;
    assert!(!text.contains("landfall_"), "{text}");
    drop(client);
    server.stop().await;
}
