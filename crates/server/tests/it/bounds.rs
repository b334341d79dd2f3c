//! Limits of callers: call rates, slow clients, the end of the server; and an import over TLS.

use crate::harness::{APP, Client, SECOND_APP, Server, Setup, code, now};
use landfall_domain::time::Timestamp;
use serde_json::json;
use std::sync::Arc;
use std::time::Instant;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

const LIST: &str = "group_open_http_svc/get_appid_group_list";
const CHECK: &str = "im_open_login_svc/account_check";

/// Calls `path` in quick succession until it is refused for its rate. `limit` calls a second are admitted: this many
/// at once, and after that no more than the elapsed time allows.
async fn use_up(client: &mut Client<TcpStream>, path: &str, expected: u64, limit: u32) {
    let began = Instant::now();
    let mut admitted = 0;
    loop {
        match code(&client.call_text(path, "{}").await) {
            60007 => break,
            other => assert_eq!(other, expected, "{path}"),
        }
        admitted += 1;
        assert!(admitted < 1_000, "{path} is never refused");
    }
    let most = f64::from(limit) * (1.0 + began.elapsed().as_secs_f64());
    assert!(
        limit <= admitted && f64::from(admitted) <= most,
        "{path}: {admitted} of {limit} were let through"
    );
}

#[tokio::test]
async fn calls_over_the_rate_are_refused_by_app_and_command() {
    let server = Server::start_with(Setup { calls_per_second: 4, ..Setup::default() }).await;
    let (mut first, mut second) = (server.client_of(APP).await, server.client_of(SECOND_APP).await);
    use_up(&mut first, LIST, 0, 4).await;
    use_up(&mut first, CHECK, 70402, 2).await; // Half the rate. [doc]
    use_up(&mut first, "im_open_login_svc/multiaccount_import", 70402, 2).await;
    use_up(&mut first, "im_open_login_svc/account_delete", 70402, 2).await;
    use_up(&mut first, "im_open_login_svc/account_import", 70402, 4).await;
    // The rate comes before the command: of planned ones, and of all unknown ones together.
    use_up(&mut first, "openim_robot_http_svc/get_all_robots", 60017, 4).await;
    use_up(&mut first, "group_open_http_svc/no_such", 10003, 4).await;
    // Neither another app nor another command is affected.
    use_up(&mut second, LIST, 0, 4).await;
    use_up(&mut first, "group_open_http_svc/get_group_info", 10004, 4).await;
    drop((first, second));
    server.stop().await;
}

#[tokio::test]
async fn a_rate_of_one_is_not_halved_to_nothing() {
    let server = Server::start_with(Setup { calls_per_second: 1, ..Setup::default() }).await;
    let mut client = server.client().await;
    use_up(&mut client, CHECK, 70402, 1).await;
    drop(client);
    server.stop().await;
}

#[tokio::test]
async fn slow_clients_are_disconnected() {
    let http = "head_seconds_max = 1\nbody_seconds_max = 1\nidle_seconds_max = 1".to_owned();
    let server = Server::start_with(Setup { http_and_more: http, ..Setup::default() }).await;
    let mut silent = server.client().await;
    let mut half_head = server.client().await;
    let mut half_body = server.client().await;
    let mut after_a_call = server.client().await;
    half_head.send(b"POST /v4/openim/sendmsg HTTP/1.1\r\nHost: x\r\n").await;
    let line = format!("POST /v4/{LIST}?{} HTTP/1.1\r\nHost: x\r\n", half_body.query);
    half_body.send(format!("{line}Content-Length: 9\r\n\r\n{{").as_bytes()).await;
    assert_eq!(code(&after_a_call.call(LIST, &json!({})).await), 0);
    let closed = tokio::join!(
        silent.is_closed(),
        half_head.is_closed(),
        half_body.is_closed(),
        after_a_call.is_closed()
    );
    assert_eq!(closed, (true, true, true, true));
    assert_eq!(code(&server.client().await.call(LIST, &json!({})).await), 0, "others are served");
    server.stop().await;
}

#[tokio::test]
async fn a_stopping_server_answers_the_call_under_way() {
    let server = Server::start().await;
    let address = server.address;
    let (mut busy, mut idle) = (server.client().await, server.client().await);
    assert_eq!(code(&idle.call(LIST, &json!({})).await), 0);
    let import = r#"{"Type":"Public","Name":"n","GroupId":"g1"}"#;
    let line = format!("POST /v4/group_open_http_svc/import_group?{} HTTP/1.1\r\nHost: x\r\n", busy.query);
    let length = import.len();
    busy.send(format!("{line}Expect: 100-continue\r\nContent-Length: {length}\r\n\r\n").as_bytes()).await;
    assert_eq!(busy.answer().await.status, 100, "the call is under way");
    let stopped = server.begin_stop();
    assert!(idle.is_closed().await, "it had no call under way");
    TcpStream::connect(address).await.map(|_| ()).expect_err("a stopping server takes no connection");
    busy.send(import.as_bytes()).await;
    let answer = busy.answer().await;
    assert_eq!(answer.envelope()["GroupId"], "g1");
    assert!(answer.head.contains("connection: close"), "{}", answer.head);
    assert!(busy.is_closed().await);
    stopped.await.close();
}

#[tokio::test]
async fn a_group_is_imported_over_tls() {
    let directory = tempfile::tempdir().unwrap();
    let certs = landfall::certs::write(directory.path(), Timestamp(now())).unwrap();
    let (cert, key) = (certs.server_cert.display(), certs.server_key.display());
    let http_and_more = format!("[tls]\ncert = \"{cert}\"\nkey = \"{key}\"");
    let server = Server::start_with(Setup { http_and_more, ..Setup::default() }).await;
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(&certs.authority_cert).unwrap()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let config = config.with_safe_default_protocol_versions().unwrap();
    let connector = TlsConnector::from(Arc::new(config.with_root_certificates(roots).with_no_client_auth()));
    for (index, host) in
        ["localhost", "console.tim.qq.com", "adminapisgp.im.qcloud.com"].into_iter().enumerate()
    {
        let stream = TcpStream::connect(server.address).await.unwrap();
        let stream = connector.connect(ServerName::try_from(host).unwrap(), stream).await.unwrap();
        let mut client = Client::new(stream, APP);
        let import = json!({ "Type": "Public", "Name": "n", "Owner_Account": "hana" });
        assert_eq!(code(&client.call("group_open_http_svc/import_group", &import).await), 0);
        assert_eq!(client.call(LIST, &json!({})).await["TotalCount"], index + 1);
    }
    // Plain HTTP gets no answer there, and does no harm.
    let mut plain = server.client().await;
    plain.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await;
    let stream = TcpStream::connect(server.address).await.unwrap();
    let unknown_host = connector.connect(ServerName::try_from("example.org").unwrap(), stream).await;
    assert!(unknown_host.is_err(), "the certificate is for documented hosts only");
    drop((plain, unknown_host));
    server.stop().await;
}
