//! What a server writes about its work, whatever level it is asked for.

use crate::load::{IMPORT_GROUP, group, owner, tag};
use crate::receiver::Receiver;
use crate::server::{ADMIN, APP, Home, Server, usersig_of};
use crate::test_client::TestClient;
use landfall::chat::ClientConnection;
use landfall_domain::time::{Clock as _, SystemClock};
use landfall_test_database::fresh_database;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Levels as operators write them, and whether the server itself then tells why it refuses a call.
const LEVELS: [(&str, bool); 8] = [
    ("error", false),
    ("warn", false),
    ("info", false),
    ("debug", true),
    ("trace", true),
    ("trace,tokio_postgres::query=trace", true),
    ("info,hyper=trace,tungstenite=trace,reqwest=trace,fjall=trace", false),
    ("landfall=trace,hyper_util=trace,lsm_tree=trace,tokio_postgres=debug", true),
];

const TOKEN: &str = "token-of-the-webhook";

async fn holds_no_contents(home: &Home, number: usize, level: &str, tells_reasons: bool) {
    let mut command = home.command();
    command.env("LANDFALL__LOG__LEVEL", level);
    let log = format!("log-{number}");
    let server = Server::start(command, &home.file(&log)).await;
    let made = SystemClock.now();
    let mut client = server.client_of(ADMIN, made).await;
    let id = format!("logged-200-{number}");
    client.call(IMPORT_GROUP, &group(&id)).await.unwrap();
    client.call("group_open_http_svc/get_group_info", &json!({"GroupIdList": [id]})).await.unwrap();
    client.call(IMPORT_GROUP, &group(&id)).await.unwrap_err();
    let query = "sdkappid=1400000001&identifier=cy&usersig=hush-hush";
    let refused = ClientConnection::connect(&server.url(), query).await.unwrap().next().await.unwrap();
    assert!(refused.contains("70003"), "{refused}");
    // Sent by one client, and delivered to another and to a receiver.
    let usersig = usersig_of(&owner(&id), made);
    let query = format!("sdkappid={APP}&identifier={}&usersig={usersig}", owner(&id));
    let mut member = TestClient::ready(&server.url(), &query).await;
    let body = json!([{ "MsgType": "TIMTextElem", "MsgContent": { "Text": "text-of-a-message" } }]);
    let message =
        json!({ "GroupId": id, "Random": 7, "MsgBody": body, "CloudCustomData": "data-of-a-message" });
    client.call("group_open_http_svc/send_group_msg", &message).await.unwrap();
    member.until("message").await;
    member.request(json!({ "Command": "ping", "RequestId": "said-by-a-client" })).await;
    drop(member);
    server.stop().await;
    let log = std::fs::read_to_string(home.file(&log)).unwrap();
    for (what, whose) in [
        ("a client was refused with 70003", "caller cy".to_owned()),
        ("import_group was refused with 10021", format!("caller {ADMIN}")),
    ] {
        let refusal = log.lines().find(|line| line.contains(what));
        assert_eq!(refusal.is_some(), tells_reasons, "{level}: whether {what} was asked for: {log}");
        let whose = format!("(app {APP}, {whose}, from 127.0.0.1)");
        assert!(refusal.is_none_or(|line| line.contains(&whose)), "{refusal:?}");
    }
    let texts = ["text-of-a-message", "data-of-a-message", "said-by-a-client", "hush-hush", TOKEN];
    let secrets = [tag(&id), owner(&id), usersig_of(ADMIN, made), usersig];
    for secret in texts.into_iter().chain(secrets.iter().map(String::as_str)) {
        assert!(!log.contains(secret), "{level}: {secret} is in the log: {log}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_of_a_call_is_logged_at_any_level() {
    let receiver = Receiver::start().await;
    let webhook = receiver.config(&format!("token = \"{TOKEN}\""));
    let database = fresh_database("empty", |_| {});
    for home in [Home::new(), Home::over(database.url())] {
        home.add_app_settings(&webhook);
        for (number, (level, tells_reasons)) in LEVELS.into_iter().enumerate() {
            holds_no_contents(&home, number, level, tells_reasons).await;
        }
    }
}

/// What clients do wrong is no failure of the server's: it would hide those.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_goes_in_the_middle_of_its_body_is_no_error() {
    let home = Home::new();
    let server = home.start().await;
    let target = format!(
        "/v4/{IMPORT_GROUP}?sdkappid={APP}&identifier={ADMIN}&usersig={}",
        usersig_of(ADMIN, SystemClock.now())
    );
    for (headers, body) in [
        ("Content-Length: 100\r\n", "{\"Type\":"),
        ("Transfer-Encoding: chunked\r\n", "5\r\n{"),
        ("Transfer-Encoding: chunked\r\n", "no chunk\r\n"),
    ] {
        let mut stream = TcpStream::connect(server.address()).await.unwrap();
        let request = format!("POST {target} HTTP/1.1\r\nHost: x\r\n{headers}\r\n{body}");
        stream.write_all(request.as_bytes()).await.unwrap();
        stream.shutdown().await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(
            answer.contains("60002") && answer.contains("the body cannot be read"),
            "{headers:?}: {answer}"
        );
    }
    server.stop().await;
    assert_eq!(home.log(), "", "nothing is logged at warn and above");
}
