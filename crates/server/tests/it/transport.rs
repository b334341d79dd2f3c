//! Requests in every form that real clients were seen to send: all must work.

use crate::harness::{APP, Answer, Client, SECOND_APP, Server, code, sign};
use landfall::code::Code;
use landfall::commands::{self, COMMANDS};
use serde_json::{Value, json};
use tokio::net::TcpStream;

const LIST: &str = "group_open_http_svc/get_appid_group_list";

/// Sends a request line and headers, to which it adds the line ends, and a body.
async fn send(client: &mut Client<TcpStream>, head: &[&str], body: &[u8]) -> Answer {
    let head = head.join("\r\n") + "\r\n\r\n";
    client.send(&[head.as_bytes(), body].concat()).await;
    client.answer().await
}

#[tokio::test]
async fn the_content_type_is_ignored() {
    let server = Server::start().await;
    let mut client = server.client().await;
    let line = format!("POST /v4/{LIST}?{} HTTP/1.1", client.query);
    // All on one connection, which stays open by default.
    for header in [
        "Accept: */*",
        "Content-Type: application/x-www-form-urlencoded",
        "Content-Type: application/json",
        "Content-Type: application/json;charset=utf-8",
        "content-type: application/json; charset=utf-8",
        "Content-Type: text/plain",
        "Content-Type: \u{1f600}",
    ] {
        let answer = send(&mut client, &[&line, "Host: x", header, "Content-Length: 2"], b"{}").await;
        assert_eq!(answer.code(), 0, "{header}");
        assert!(answer.head.contains("content-type: application/json\r\n"), "{}", answer.head);
    }
    drop(client);
    server.stop().await;
}

#[tokio::test]
async fn answers_carry_the_documented_headers_and_are_not_compressed() {
    let server = Server::start().await;
    let mut client = server.client().await;
    let line = format!("POST /v4/{LIST}?{} HTTP/1.1", client.query);
    let headers = [line.as_str(), "Host: x", "Accept-Encoding: gzip, deflate", "Content-Length: 2"];
    let head = send(&mut client, &headers, b"{}").await.head;
    for header in [
        "access-control-allow-origin: *\r\n",
        "access-control-allow-headers: x-requested-with\r\n",
        "access-control-allow-methods: post\r\n",
        "content-length: ",
        "date: ",
    ] {
        assert!(head.contains(header), "{header} is missing in {head}");
    }
    assert!(!head.contains("content-encoding"), "{head}");
    drop(client);
    server.stop().await;
}

#[tokio::test]
async fn queries_are_taken_in_any_order_with_any_random() {
    let server = Server::start().await;
    let mut client = server.client().await;
    let (id, name, usersig) =
        (format!("sdkappid={APP}"), "identifier=administrator", sign(APP, "administrator", 0));
    let encoded = usersig.bytes().map(|byte| format!("%{byte:02x}")).collect::<String>();
    let starred = usersig.replace('*', "%2A").replace('_', "%5F");
    for query in [
        format!("{id}&{name}&usersig={usersig}"),
        format!("usersig={usersig}&{name}&{id}&contenttype=json"),
        format!("{id}&{name}&usersig={usersig}&random=0&contenttype=json"),
        format!("{id}&{name}&usersig={usersig}&random=4294967295&contenttype=json"),
        format!("{id}&{name}&usersig={usersig}&random=0.8734523&contenttype=json"),
        format!("{id}&{name}&usersig={usersig}&random=0123456789abcdef0123456789abcdef&contenttype=json"),
        format!("random=&{id}&contenttype=xml&{name}&usersig={usersig}"),
        format!("ver=v4&servicename=a&command=b&nettype=0&{id}&{name}&usersig={usersig}&apn=1&&=&x"),
        format!("{id}&{name}&usersig={starred}"),
        format!("{id}&{name}&usersig={encoded}"),
        format!("sdkappid=%31{}&identifier=%61dministrator&usersig={usersig}", &APP.to_string()[1..]),
    ] {
        // Twice, because a repeated `random` is not a replay.
        for _ in 0..2 {
            let answer = client.post(&format!("/v4/{LIST}?{query}"), b"{}").await;
            assert_eq!(answer.code(), 0, "{query}");
        }
    }
    drop(client);
    server.stop().await;
}

#[tokio::test]
async fn a_signature_with_every_special_character_is_read_raw_and_encoded() {
    let server = Server::start().await;
    let mut client = server.client().await;
    // The characters depend on the second in which a signature is made.
    let usersig = (0..1_000).map(|age| sign(APP, "administrator", age));
    let usersig =
        usersig.into_iter().find(|text| text.contains('*') && text.contains('-') && text.contains('_'));
    let usersig = usersig.unwrap();
    for usersig in [usersig.clone(), usersig.replace('*', "%2A"), usersig.replace('*', "%2a")] {
        let target = format!("/v4/{LIST}?sdkappid={APP}&identifier=administrator&usersig={usersig}");
        assert_eq!(client.post(&target, b"{}").await.code(), 0, "{usersig}");
    }
    drop(client);
    server.stop().await;
}

#[tokio::test]
async fn names_of_administrators_are_percent_decoded() {
    let server = Server::start().await;
    let mut client = server.client().await;
    for (name, account) in [
        ("admin@x%20y", "admin@x y"),
        ("admin%40x+y", "admin@x y"),
        ("admin%40x%20y", "admin@x y"),
        ("second%2Badmin", "second+admin"),
        ("second%2badmin", "second+admin"),
    ] {
        let usersig = sign(SECOND_APP, account, 0);
        let target = format!("/v4/{LIST}?sdkappid={SECOND_APP}&identifier={name}&usersig={usersig}");
        assert_eq!(client.post(&target, b"{}").await.code(), 0, "{name}");
    }
    drop(client);
    server.stop().await;
}

#[tokio::test]
async fn paths_may_have_doubled_slashes_and_spaces_at_the_end() {
    let server = Server::start().await;
    let mut client = server.client().await;
    for path in ["/v4/{}", "/v4//{}", "//v4/{}", "/v4/{}%20", "/v4/{}/", "/v4/%20{}"] {
        let target = format!("{}?{}", path.replace("{}", LIST), client.query);
        assert_eq!(client.post(&target, b"{}").await.code(), 0, "{path}");
    }
    let absolute = format!("http://chat.example.org/v4/{LIST}?{}", client.query);
    assert_eq!(client.post(&absolute, b"{}").await.code(), 0, "the form of requests to proxies");
    for path in [
        "/",
        "/v4",
        "/v4/",
        "/v4/group_open_http_svc",
        "/v4/a/b/c",
        "/v3/a/b",
        "/V4/a/b",
        "/%ff/a/b",
        "/v4/%00",
    ] {
        let target = format!("{path}?{}", client.query);
        let refusal = client.post(&target, b"{}").await.envelope();
        assert_eq!(refusal["ErrorCode"], 60002, "{path}");
        assert_eq!(refusal["ErrorInfo"], "HTTP parse Error");
    }
    drop(client);
    server.stop().await;
}

#[tokio::test]
async fn get_works_with_a_body_and_without_and_other_methods_are_refused() {
    let server = Server::start().await;
    let mut client = server.client().await;
    let query = client.query.clone();
    let check = format!("GET /v4/im_open_login_svc/account_check?{query} HTTP/1.1");
    let body = br#"{"CheckItem":[{"UserID":"administrator"}]}"#;
    let answer = send(&mut client, &[&check, "Host: x", "Content-Length: 42"], body).await.envelope();
    assert_eq!(answer["ResultItem"][0]["AccountStatus"], "Imported");
    let list = format!("GET /v4/{LIST}?{query} HTTP/1.1");
    assert_eq!(send(&mut client, &[&list, "Host: x"], b"").await.envelope()["TotalCount"], 0);
    // The documented check of whether the server can be reached.
    client.send(b"HEAD / HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert_eq!(client.head().await.unwrap().0, 200);
    for method in ["PUT", "DELETE", "PATCH", "OPTIONS", "FETCH"] {
        let line = format!("{method} /v4/{LIST}?{query} HTTP/1.1");
        let answer = send(&mut client, &[&line, "Host: x", "Content-Length: 2"], b"{}").await;
        assert_eq!(answer.code(), 60002, "{method}");
    }
    drop(client);
    server.stop().await;
}

#[tokio::test]
async fn bodies_arrive_chunked_and_after_a_hundred_continue() {
    let server = Server::start().await;
    let mut client = server.client().await;
    let line = format!("POST /v4/{LIST}?{} HTTP/1.1", client.query);
    let head = [line.as_str(), "Host: x", "Transfer-Encoding: chunked"];
    let body = b"3\r\n{\"L\r\n9;name=value\r\nimit\":5 \n\r\n1\r\n}\r\n0\r\nTrailer: x\r\n\r\n";
    assert_eq!(send(&mut client, &head, body).await.code(), 0);
    // In pieces, as on a slow network.
    client.send((head.join("\r\n") + "\r\n\r\n").as_bytes()).await;
    for piece in ["2\r\n", "{}", "\r\n", "0\r\n\r\n"] {
        client.send(piece.as_bytes()).await;
    }
    assert_eq!(client.answer().await.code(), 0);
    let head = [line.as_str(), "Host: x", "Expect: 100-continue", "Content-Length: 2"];
    let interim = send(&mut client, &head, b"").await;
    assert_eq!(interim.status, 100);
    client.send(b"{}").await;
    assert_eq!(client.answer().await.code(), 0);
    drop(client);
    server.stop().await;
}

#[tokio::test]
async fn connections_stay_open_or_close_as_the_client_requests() {
    let server = Server::start().await;
    let mut client = server.client().await;
    let target = format!("/v4/{LIST}?{}", client.query);
    let (new, old) = (format!("POST {target} HTTP/1.1"), format!("POST {target} HTTP/1.0"));
    // Two requests in one write are answered in order.
    let twice = format!("{new}\r\nHost: x\r\nContent-Length: 2\r\n\r\n{{}}").repeat(2);
    client.send(twice.as_bytes()).await;
    assert_eq!([client.answer().await.code(), client.answer().await.code()], [0, 0]);
    let closing = [new.as_str(), "Host: x", "Connection: close", "Content-Length: 2"];
    let answer = send(&mut client, &closing, b"{}").await;
    assert_eq!(answer.code(), 0);
    assert!(answer.head.contains("connection: close"), "{}", answer.head);
    assert!(client.is_closed().await);

    let mut client = server.client().await;
    let keeping = [old.as_str(), "Connection: keep-alive", "Content-Length: 2"];
    for _ in 0..2 {
        let answer = send(&mut client, &keeping, b"{}").await;
        assert_eq!(answer.code(), 0);
        assert!(answer.head.contains("connection: keep-alive"), "{}", answer.head);
    }
    assert_eq!(send(&mut client, &[&old, "Content-Length: 2"], b"{}").await.code(), 0);
    assert!(client.is_closed().await);
    server.stop().await;
}

#[tokio::test]
async fn bodies_are_empty_only_where_there_is_no_request() {
    let server = Server::start().await;
    let mut client = server.client().await;
    assert_eq!(code(&client.call_text(LIST, "[]").await), 0);
    for body in ["", " \n", "\u{feff}{}", "\u{0}", "{", "nothing"] {
        assert_eq!(code(&client.call_text(LIST, body).await), 60003, "{body:?}");
    }
    let target = format!("/v4/{LIST}?{}", client.query);
    for body in [&b"\xff\xfe"[..], b"{\"GroupType\":\"\xff\"}"] {
        assert_eq!(client.post(&target, body).await.code(), 60003, "{body:?}");
    }
    let deep = "[".repeat(100_000);
    assert_eq!(code(&client.call_text(LIST, &format!("{{\"Limit\":{deep}")).await), 60003);
    drop(client);
    server.stop().await;
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_and_the_connection_goes_on() {
    const LIMIT: usize = 2 << 20;
    let server = Server::start().await;
    let mut client = server.client().await;
    let target = format!("/v4/{LIST}?{}", client.query);
    let mut body = b"{}".to_vec();
    body.resize(LIMIT, b' ');
    assert_eq!(client.post(&target, &body).await.code(), 0, "the largest body");
    body.push(b' ');
    let refusal = client.post(&target, &body).await.envelope();
    assert_eq!(refusal["ErrorCode"], 60002);
    assert_eq!(refusal["ErrorInfo"], format!("the body is larger than {LIMIT} bytes"));
    let line = format!("POST {target} HTTP/1.1");
    let mut chunked = format!("{:x}\r\n", body.len()).into_bytes();
    chunked.extend_from_slice(&body);
    chunked.extend_from_slice(b"\r\n0\r\n\r\n");
    let answer = send(&mut client, &[&line, "Host: x", "Transfer-Encoding: chunked"], &chunked).await;
    assert_eq!(answer.code(), 60002);
    assert_eq!(client.post(&target, b"{}").await.code(), 0);
    drop(client);
    server.stop().await;
}

/// A refusal quotes the request, but not a megabyte of it.
#[tokio::test]
async fn a_refusal_is_short_whatever_it_quotes() {
    let server = Server::start().await;
    let mut client = server.client().await;
    let long = "\u{0}é".repeat(100_000);
    for member in ["Type", "ApplyJoinOption"] {
        let mut import = json!({ "Type": "Public", "Name": "n" });
        import[member] = json!(long);
        let refusal = client.call("group_open_http_svc/import_group", &import).await;
        assert_eq!(refusal["ErrorCode"], 10004);
        let text = refusal["ErrorInfo"].as_str().unwrap();
        assert!(text.starts_with(member) && text.len() <= 1_000, "{} bytes", text.len());
    }
    drop(client);
    server.stop().await;
}

/// A refusal that needs no body must not cut off the client that is still sending one.
#[tokio::test]
async fn a_call_refused_for_its_url_may_have_a_large_body() {
    let server = Server::start().await;
    let mut client = server.client().await;
    let query = client.query.clone();
    let body = vec![b' '; 1 << 20];
    for (target, expected) in [
        (format!("/v4/{LIST}"), 60012),
        (format!("/v4/{LIST}?sdkappid={APP}&identifier=administrator&usersig=xxx"), 70003),
        (format!("/v4/group_open_http_svc/no_such?{query}"), 10003),
        (format!("/v4/openim_robot_http_svc/get_all_robots?{query}"), 60017),
        (format!("/v4?{query}"), 60002),
    ] {
        assert_eq!(client.post(&target, &body).await.code(), expected, "{target}");
        assert_eq!(code(&client.call(LIST, &json!({})).await), 0, "the connection goes on");
    }
    drop(client);
    server.stop().await;
}

#[tokio::test]
async fn unknown_and_planned_commands_have_their_own_codes() {
    let server = Server::start().await;
    let mut client = server.client().await;
    for (path, expected) in [
        ("group_open_http_svc/no_such", 10003),
        ("group_open_http_svc/Import_Group", 10003),
        ("group_open_http_svc/account_import", 10003),
        ("million_group_open_http_svc/no_such", 10003),
        ("im_open_login_svc/no_such", 60009),
        ("im_open_login_svc/create_group", 60008),
        ("im_open_login_svc/query_online_status", 60008),
        ("openim/no_such", 60009),
        ("no_such/import_group", 60009),
        ("configsvc/GetIPList", 60009),
    ] {
        assert_eq!(code(&client.call_text(path, "not read").await), expected, "{path}");
    }
    let text = client.call("im_open_login_svc/create_group", &json!({})).await["ErrorInfo"].clone();
    assert_eq!(text, "service timeout or request format error,please check and try again");
    for entry in COMMANDS.iter().filter(|entry| entry.run.is_none()) {
        let refusal = client.call(entry.path, &json!({})).await;
        assert_eq!(refusal["ErrorCode"], 60017, "{}", entry.path);
        let with_display = ["profile", "sns", "follow", "recentcontact"].contains(&entry.service());
        assert_eq!(refusal.get("ErrorDisplay"), with_display.then_some(&json!("")), "{}", entry.path);
    }
    drop(client);
    server.stop().await;
}

/// These services have no built command yet that could be called to test it.
#[test]
fn services_have_their_own_code_for_a_body_that_is_not_json() {
    let code = |service| commands::service(service).map(|service: &commands::Service| service.bad_json);
    assert_eq!(code("openim"), Some(Code::MessageJsonParse));
    assert_eq!(code("profile"), Some(Code::ProfileParameter));
    assert_eq!(code("group_open_http_svc"), Some(Code::JsonParse));
}

#[tokio::test]
async fn one_import_works_over_every_connection_at_once() {
    let server = Server::start().await;
    let import = json!({ "Type": "Public", "Name": "n", "GroupId": "g1", "Owner_Account": "hana" });
    let mut callers = tokio::task::JoinSet::new();
    for _ in 0..16 {
        let (mut client, import) = (server.client().await, import.clone());
        callers.spawn(async move { code(&client.call("group_open_http_svc/import_group", &import).await) });
    }
    let mut codes = callers.join_all().await;
    codes.sort_unstable();
    let mut expected = vec![10021; 16];
    expected[0] = 0;
    assert_eq!(codes, expected, "exactly one of two imports with one id succeeds");
    let mut client = server.client().await;
    let info = client.call("group_open_http_svc/get_group_info", &json!({ "GroupIdList": ["g1"] })).await;
    assert_eq!(info["GroupInfo"][0]["MemberNum"], 1);
    let list: Value = client.call(LIST, &json!({})).await;
    assert_eq!(list["TotalCount"], 1);
    drop(client);
    server.stop().await;
}
