//! What a receiver can do wrong.

use super::receiver::say;
use super::*;
use tokio::net::{TcpListener, TcpSocket};

/// The failure that an answer makes of a request.
async fn failure(act: impl Fn() -> Act + Send + Sync + 'static) -> SendError {
    let receiver = Receiver::start(move |_| act()).await;
    post(&sender(&signed(&url(receiver.address)))).await.unwrap_err()
}

#[tokio::test]
async fn a_request_has_its_time_and_no_more() {
    for beginning in [
        "",
        "HTTP/1.1 200 OK\r\nContent-",
        "HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n{\"ErrorCode\": 0",
        "HTTP/1.1 200 OK\r\n\r\n{\"ErrorCode\": 0}",
    ] {
        let receiver = Receiver::start(|_| Act::SayAndHang(beginning.to_owned())).await;
        let sender = hurried(&signed(&url(receiver.address)));
        assert_eq!(post(&sender).await.unwrap_err(), SendError::TimedOut(HURRY), "{beginning:?}");
    }
}

/// The system takes connections for whoever listens, whether or not they are asked for.
#[tokio::test]
async fn a_receiver_that_never_reads_is_not_waited_for() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let sender = hurried(&signed(&url(listener.local_addr().unwrap())));
    assert_eq!(post(&sender).await.unwrap_err(), SendError::TimedOut(HURRY));
}

#[tokio::test]
async fn any_status_but_200_is_a_failure() {
    for status in [201, 204, 302, 400, 404, 500, 503] {
        let answer = format!("HTTP/1.1 {status} Such\r\nContent-Length: 0\r\n\r\n");
        let found = failure(move || Act::Say(answer.clone())).await;
        assert_eq!(found, SendError::Status(status));
    }
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let elsewhere = Receiver::start(|_| ok()).await;
    let target = url(elsewhere.address);
    let receiver = Receiver::start(move |_| {
        let head = format!("HTTP/1.1 307 Temporary Redirect\r\nLocation: {target}\r\n");
        Act::Say(format!("{head}Content-Length: 0\r\n\r\n"))
    })
    .await;
    let sender = sender(&config(&url(receiver.address)));
    assert_eq!(post(&sender).await.unwrap_err(), SendError::Status(307));
    assert_eq!((receiver.accepted(), elsewhere.accepted()), (1, 0));
}

#[tokio::test]
async fn answers_that_say_nothing_are_failures() {
    assert_eq!(failure(|| say("<html>")).await, SendError::NotJson);
    assert_eq!(failure(|| say("")).await, SendError::NotJson);
    assert_eq!(failure(|| say("{\"ActionStatus\": \"OK\"}")).await, SendError::NoErrorCode);
}

#[tokio::test]
async fn an_answer_has_a_largest_size() {
    let padded = |length: usize| {
        let (begin, end) = ("{\"ErrorCode\": 0", "}");
        format!("{begin}{}{end}", " ".repeat(length - begin.len() - end.len()))
    };
    let (largest, longer) = (padded(ANSWER_BYTES_MAX), padded(ANSWER_BYTES_MAX + 1));

    let receiver = Receiver::start(move |_| say(&largest)).await;
    assert_eq!(post(&sender(&config(&url(receiver.address)))).await.unwrap().error_code, 0);
    let counted = longer.clone();
    assert_eq!(failure(move || say(&counted)).await, SendError::TooLong);
    // Without its length, and without an end.
    let answer = format!("HTTP/1.1 200 OK\r\n\r\n{longer}");
    assert_eq!(failure(move || Act::SayAndHang(answer.clone())).await, SendError::TooLong);
}

#[tokio::test]
async fn a_connection_that_breaks_is_a_failure() {
    for answer in [
        "",
        "HTTP/1.1 200 OK\r\nContent-",
        "HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n{\"ErrorCode\": 0}",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "SSH-2.0-OpenSSH_9.6\r\n",
    ] {
        let found = failure(|| Act::SayAndClose(answer.to_owned())).await;
        assert!(matches!(&found, SendError::Broken(cause) if !cause.is_empty()), "{answer:?}: {found:?}");
    }
}

/// An address without a listener, and the socket that reserves it.
fn deserted() -> (SocketAddr, TcpSocket) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
    (socket.local_addr().unwrap(), socket)
}

#[tokio::test]
async fn an_address_without_a_listener_is_no_connection() {
    let (address, _kept) = deserted();
    let found = post(&sender(&signed(&url(address)))).await.unwrap_err();
    assert!(matches!(&found, SendError::Connect(cause) if cause.contains("refused")), "{found:?}");
}

/// Neither the token, nor a signature, nor anything else of the query.
#[tokio::test]
async fn secrets_are_never_printed() {
    let (address, _kept) = deserted();
    let config = signed(&url(address));
    let sender = sender(&config);
    let mut found = vec![post(&sender).await.unwrap_err()];
    for status in [302, 500] {
        let answer = format!("HTTP/1.1 {status} Such\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n");
        found.push(failure(move || Act::Say(answer.clone())).await);
    }
    for answer in ["", "HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n{}", "nonsense\r\n\r\n"] {
        found.push(failure(|| Act::SayAndClose(answer.to_owned())).await);
    }
    found.push(failure(|| say("{}")).await);
    let mut texts: Vec<String> = found.iter().map(|error| format!("{error} {error:?}")).collect();
    texts.push(format!("{sender:?} {config:?}"));
    let signature = config.token.as_ref().unwrap().sign(NOW);
    for text in texts {
        for secret in [TOKEN, &signature, "Sign", "RequestTime", "SdkAppid"] {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
    }
}
