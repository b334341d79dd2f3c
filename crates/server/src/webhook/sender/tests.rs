mod failures;
mod https;
mod names;
mod receiver;

use super::*;
use crate::config::{Events, OnTimeout};
use receiver::{Act, Receiver, ok};
use std::net::SocketAddr;

const APP: AppId = AppId(1_400_000_001);
const NOW: Timestamp = Timestamp(1_669_872_112);
const EVENT: &str = "Group.CallbackAfterCreateGroup";

/// A token that must be found nowhere but in signatures.
const TOKEN: &str = "hush-hush";

/// Nothing on loopback takes this long; a test that waits for it has failed.
const PATIENCE: Duration = Duration::from_secs(20);

/// Time for requests that never get an answer: they wait it out.
const HURRY: Duration = Duration::from_millis(50);

fn config(url: &str) -> WebhookConfig {
    WebhookConfig {
        url: super::super::url::parse(url).unwrap(),
        token: None,
        events: Events::All,
        allow_private: true,
        on_timeout: OnTimeout::Allow,
        retry_seconds: vec![],
        ca: None,
        client: None,
    }
}

fn signed(url: &str) -> WebhookConfig {
    WebhookConfig { token: Token::new(TOKEN.to_owned()).ok(), ..config(url) }
}

fn sender(config: &WebhookConfig) -> Sender {
    Sender::with(config, APP, PATIENCE, Arc::new(System::default())).unwrap()
}

/// A sender whose requests have [`HURRY`] only.
fn hurried(config: &WebhookConfig) -> Sender {
    Sender::with(config, APP, HURRY, Arc::new(System::default())).unwrap()
}

fn url(address: SocketAddr) -> String {
    format!("http://{address}/hook")
}

fn origin() -> Origin {
    Origin { client_ip: "203.0.113.7".to_owned(), platform: "RESTAPI".into() }
}

async fn post(sender: &Sender) -> Result<Answer, SendError> {
    sender.post(EVENT, &origin(), Bytes::from_static(b"{\"CallbackCommand\":\"x\"}"), NOW).await
}

#[tokio::test]
async fn a_request_is_what_the_documentation_says() {
    let mut receiver = Receiver::start(|_| ok()).await;
    let sender = sender(&config(&url(receiver.address)));
    let answer = post(&sender).await.unwrap();
    assert_eq!((answer.error_code, answer.error_info.as_str()), (0, "fine"));
    assert_eq!(answer.extra.keys().collect::<Vec<_>>(), ["MsgBody"]);

    let received = receiver.next().await;
    assert_eq!(
        received.line,
        "POST /hook?SdkAppid=1400000001&CallbackCommand=Group.CallbackAfterCreateGroup&contenttype=json\
         &ClientIP=203.0.113.7&OptPlatform=RESTAPI HTTP/1.1"
    );
    assert_eq!(received.body, r#"{"CallbackCommand":"x"}"#);
    let expected = [
        ("accept", "*/*".to_owned()),
        ("content-length", received.body.len().to_string()),
        ("content-type", "application/json".to_owned()),
        ("host", receiver.address.to_string()),
        ("user-agent", format!("landfall/{}", env!("CARGO_PKG_VERSION"))),
    ];
    let headers = received.headers.iter().map(|(name, value)| (name.as_str(), value.clone()));
    assert_eq!(headers.collect::<Vec<_>>(), expected);
}

#[tokio::test]
async fn a_token_signs_the_time_of_each_request() {
    let mut receiver = Receiver::start(|_| ok()).await;
    let token = Token::new("xxxxyyyy".to_owned()).ok();
    let sender = sender(&WebhookConfig { token, ..config(&url(receiver.address)) });
    post(&sender).await.unwrap();
    let line = receiver.next().await.line;
    let signature = "17773bc39a671d7b9aa835458704d2a6db81360a5940292b587d6d760d484061";
    assert!(
        line.ends_with(&format!("&OptPlatform=RESTAPI&RequestTime=1669872112&Sign={signature} HTTP/1.1")),
        "{line}"
    );
}

/// Nothing that a client says can change what else is in the query.
#[tokio::test]
async fn the_query_is_encoded() {
    let mut receiver = Receiver::start(|_| ok()).await;
    let sender = sender(&config(&format!("http://{}", receiver.address)));
    let origin = Origin { client_ip: "2001:db8::1".to_owned(), platform: "a&Sign=b #\r\n".into() };
    sender.post(EVENT, &origin, Bytes::new(), NOW).await.unwrap();
    let line = receiver.next().await.line;
    assert!(line.starts_with("POST /?SdkAppid="), "{line}");
    assert!(
        line.contains("&ClientIP=2001%3Adb8%3A%3A1&OptPlatform=a%26Sign%3Db+%23%0D%0A HTTP/1.1"),
        "{line}"
    );
}

#[tokio::test]
async fn connections_are_kept() {
    const REQUESTS: usize = 20;
    let mut receiver = Receiver::start(|_| ok()).await;
    let sender = sender(&config(&url(receiver.address)));
    let mut largest = 0;
    for _ in 0..REQUESTS {
        post(&sender).await.unwrap();
        largest = largest.max(receiver.next().await.of_connection);
    }
    assert!(1 < largest, "each of {REQUESTS} requests opened a connection");
    assert!(receiver.accepted() < REQUESTS);
}

#[tokio::test]
async fn a_connection_that_the_receiver_ends_is_not_used_again() {
    let answer = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 16\r\n\r\n{\"ErrorCode\": 0}";
    let receiver = Receiver::start(|_| Act::SayAndClose(answer.to_owned())).await;
    let sender = sender(&config(&url(receiver.address)));
    for _ in 0..3 {
        post(&sender).await.unwrap();
    }
    assert_eq!(receiver.accepted(), 3);
}
