//! Files: brought in by administrators, read with a signed address or a login.

use crate::harness::{APP, Answer, Client, SECOND_APP, Server, Setup, done, query};
use crate::receiver::Receiver;
use crate::test_client::TestClient;
use landfall_test_database::BucketServer;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use tokio::net::TcpStream;

const CONTENT: &[u8] = b"0123456789";
const ID: &str = "84d89877f0d4041efb6bf91a16f0248f2fd573e6af05c19f96bedb9f882f7882";

/// A server that keeps files of at most ten bytes in a directory.
async fn start() -> (Server, Client<TcpStream>, TempDir) {
    let directory = tempfile::tempdir().unwrap();
    let files = format!(
        "[files]\nurl = \"directory:{}/files\"\nbytes_max = 10\nextensions = [\"png\", \"txt\"]\n",
        directory.path().display()
    );
    let server = Server::start_with(Setup { http_and_more: files, ..Setup::default() }).await;
    let client = server.client().await;
    (server, client, directory)
}

async fn put(client: &mut Client<TcpStream>, query: &str, content: &[u8]) -> Value {
    let head = format!(
        "PUT /v4/landfall_import_svc/put_file?{query} HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n",
        content.len()
    );
    client.send(&[head.as_bytes(), content].concat()).await;
    client.answer().await.envelope()
}

async fn get(client: &mut Client<TcpStream>, target: &str, header: &str) -> Answer {
    client.send(format!("GET {target} HTTP/1.1\r\nHost: x\r\n{header}\r\n").as_bytes()).await;
    client.answer().await
}

/// All files below a directory.
pub(crate) fn kept(directory: &Path) -> Vec<PathBuf> {
    let (mut files, mut folders) = (Vec::new(), vec![directory.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files
}

#[tokio::test]
async fn a_file_is_kept_once_and_read_with_a_signature_or_a_login() {
    let (server, mut client, directory) = start().await;
    let named = format!("{}&name=Plan%20%C3%A4.png", client.query);
    let first = put(&mut client, &named, CONTENT).await;
    assert_eq!(first["ErrorCode"], 0, "{first}");
    assert_eq!((&first["FileId"], &first["FileSize"]), (&ID.into(), &10.into()));
    let address = first["Address"].as_str().unwrap().to_owned();
    assert_eq!(address, format!("/files/{APP}/{ID}/Plan%20%C3%A4.png"));
    let again = put(&mut client, &named, CONTENT).await;
    assert_eq!(again["FileId"], ID);
    let path = directory.path().join(format!("files/{APP}/84/{ID}"));
    assert_eq!(std::fs::read(&path).unwrap(), CONTENT);
    assert_eq!(kept(directory.path()), [path]);

    let signed = first["SignedAddress"].as_str().unwrap().to_owned();
    let whole = get(&mut client, &signed, "").await;
    assert_eq!((whole.status, &*whole.body), (200, CONTENT));
    for header in [
        "content-type: image/png\r\n",
        "x-content-type-options: nosniff\r\n",
        "content-disposition: attachment; filename*=utf-8''plan%20%c3%a4.png\r\n",
        "content-security-policy: sandbox; default-src 'none'\r\n",
    ] {
        assert!(whole.head.contains(header), "{header} is missing in {}", whole.head);
    }
    let part = get(&mut client, &signed, "Range: bytes=3-5\r\n").await;
    assert_eq!((part.status, &*part.body), (206, &b"345"[..]));
    assert!(part.head.contains("content-range: bytes 3-5/10\r\n"), "{}", part.head);
    assert_eq!(get(&mut client, &signed, "Range: bytes=10-\r\n").await.status, 416);
    let login = |app, name: &str| format!("{address}?{}", query(app, name));
    let member = get(&mut client, &login(APP, "hana"), "").await;
    assert_eq!((member.status, &*member.body), (200, CONTENT));
    let expired = signed.replace("?expires=", "?expires=1&was=");
    let other = signed.replace("/Plan", "/Plain");
    for target in [address.clone(), login(SECOND_APP, "hana"), expired, other] {
        assert_eq!(get(&mut client, &target, "").await.status, 403, "{target}");
    }
    let missing = login(APP, "hana").replace("/84d8", "/0000");
    assert_eq!(get(&mut client, &missing, "").await.status, 404);
    assert_eq!(get(&mut client, "/files/../landfall.toml", "").await.status, 404);
    assert_eq!(client.post(&signed, b"").await.status, 405);
    drop(client);
    server.stop().await;
}

#[tokio::test]
async fn a_file_that_is_refused_leaves_nothing_behind() {
    let (server, mut client, directory) = start().await;
    let admin = client.query.clone();
    for (query, content, code, text) in [
        (admin.clone(), CONTENT, 10004, "name is missing in the URL: what the file is called"),
        (format!("{admin}&name="), CONTENT, 10004, "name in the URL must have 1 to 255 bytes"),
        (
            format!("{admin}&name=a%2Fb.png"),
            CONTENT,
            10004,
            "name in the URL must not have control characters, / or \\",
        ),
        (
            format!("{admin}&name=a.svg"),
            CONTENT,
            10004,
            "name in the URL ends in \"svg\"; png, txt are allowed",
        ),
        (format!("{admin}&name=a.png"), b"", 10004, "the body is empty; it is the content of the file"),
        (
            format!("{admin}&name=a.png"),
            b"0123456789a",
            10004,
            "the file has 11 bytes or more; at most 10 are allowed: [files] bytes_max",
        ),
        (
            format!("{}&name=a.png", query(APP, "hana")),
            CONTENT,
            60010,
            "identifier is not an administrator of this app",
        ),
    ] {
        let answer = put(&mut client, &query, content).await;
        assert_eq!((&answer["ErrorCode"], &answer["ErrorInfo"]), (&code.into(), &text.into()), "{query}");
    }
    // The length is not announced.
    let head = format!("POST /v4/landfall_import_svc/put_file?{admin}&name=a.png HTTP/1.1\r\nHost: x\r\n");
    let chunks = "Transfer-Encoding: chunked\r\n\r\n6\r\n012345\r\n6\r\n678901\r\n0\r\n\r\n";
    client.send(format!("{head}{chunks}").as_bytes()).await;
    assert_eq!(client.answer().await.envelope()["ErrorCode"], 10004);
    assert_eq!(kept(directory.path()), Vec::<PathBuf>::new());
    drop(client);
    server.stop().await;
}

/// Lines of a configuration with a bucket.
fn in_bucket(bucket: &BucketServer) -> String {
    format!(
        "[files]\nurl = \"s3://rooms/chat\"\n[files.s3]\nendpoint = \"{}\"\naccess_key_id = \"id\"\n\
         secret_access_key = \"s3cret-of-the-bucket\"\n",
        bucket.endpoint()
    )
}

#[tokio::test]
async fn files_in_a_bucket_are_read_through_the_server() {
    let bucket = BucketServer::start("rooms", "id", "s3cret-of-the-bucket").unwrap();
    let server = Server::start_with(Setup { http_and_more: in_bucket(&bucket), ..Setup::default() }).await;
    let mut client = server.client().await;
    let named = format!("{}&name=a.png", client.query);
    let kept = put(&mut client, &named, CONTENT).await;
    assert_eq!((&kept["ErrorCode"], &kept["FileId"]), (&0.into(), &ID.into()), "{kept}");
    let name = format!("chat/{APP}/84/{ID}");
    assert_eq!(bucket.objects()[&name], CONTENT);
    let signed = kept["SignedAddress"].as_str().unwrap().to_owned();
    let whole = get(&mut client, &signed, "").await;
    assert_eq!((whole.status, &*whole.body), (200, CONTENT));
    let part = get(&mut client, &signed, "Range: bytes=3-5\r\n").await;
    assert_eq!((part.status, &*part.body), (206, &b"345"[..]));
    assert_eq!(get(&mut client, &signed, "Range: bytes=10-\r\n").await.status, 416);
    let missing = format!("/files/{APP}/{}/a.png?{}", "0".repeat(64), query(APP, "hana"));
    assert_eq!(get(&mut client, &missing, "").await.status, 404);
    drop(client);
    server.stop().await;
}

#[tokio::test]
async fn a_server_does_not_start_when_its_bucket_cannot_be_used() {
    let bucket = BucketServer::start("halls", "id", "s3cret-of-the-bucket").unwrap();
    let directory = tempfile::tempdir().unwrap();
    let text = format!(
        "listen = \"127.0.0.1:0\"\n[store]\nurl = \"embedded:{}/data\"\n\
         [[app]]\nsdk_app_id = 1\nsecret_key = \"0123456789abcdef\"\n{}",
        directory.path().display(),
        in_bucket(&bucket)
    );
    let config = landfall::config::parse("test.toml", &text, []).unwrap();
    let error = landfall::server::serve(config, |_| {}, std::future::pending()).await.unwrap_err();
    let causes = std::iter::successors(Some(&error as &dyn std::error::Error), |error| error.source());
    let causes: Vec<_> = causes.map(ToString::to_string).collect();
    assert_eq!(causes[0], "the store of files cannot be used; check the section [files]");
    assert_eq!(
        causes[1],
        "the bucket rooms cannot be used: writing and reading its object chat/landfall-check failed"
    );
    assert!(causes[2].contains("NoSuchBucket") && !causes[2].contains("s3cret"), "{causes:?}");
}

/// The address of the file in a message, which must be signed, and good to read with nothing else.
async fn read_signed(client: &mut Client<TcpStream>, elements: &Value, address: &str) {
    let url = elements[0]["MsgContent"]["Url"].as_str().unwrap();
    let (path, query) = url.split_once('?').unwrap_or_else(|| panic!("{url} is not signed"));
    assert!(path == address && query.starts_with("expires=") && query.len() < 100, "{url}");
    let read = get(client, url, "").await;
    assert_eq!((read.status, &*read.body), (200, CONTENT), "{url}");
}

#[tokio::test]
async fn addresses_of_files_are_signed_when_they_are_handed_out() {
    let (directory, receiver) = (tempfile::tempdir().unwrap(), Receiver::start().await);
    let files = format!("[files]\nurl = \"directory:{}\"\n", directory.path().display());
    let setup = Setup { webhook: receiver.config(""), http_and_more: files, ..Setup::default() };
    let server = Server::start_with(setup).await;
    let mut client = server.client().await;
    let named = format!("{}&name=a.png", client.query);
    let kept = put(&mut client, &named, CONTENT).await;
    let address = kept["Address"].as_str().unwrap().to_owned();
    let members = json!([{ "Member_Account": "ann" }, { "Member_Account": "bob" }]);
    let group = json!({ "Type": "Public", "GroupId": "g", "Name": "n", "MemberList": members });
    done(&mut client, "import_group", group).await;
    let mut ann = TestClient::ready(&format!("http://{}", server.address), &query(APP, "ann")).await;
    // The second comes with a signature, as from a client that forwards it.
    for (random, url) in [(1, address.clone()), (2, format!("{address}?expires=1&signature=old"))] {
        let elements = json!([{ "MsgType": "TIMFileElem", "MsgContent": { "Url": url, "UUID": "u", "FileSize": 10, "FileName": "a.png" } }]);
        let message = json!({ "GroupId": "g", "From_Account": "bob", "Random": random, "MsgBody": elements });
        done(&mut client, "send_group_msg", message).await;
        let frame = ann.next_is("message").await;
        read_signed(&mut client, &frame["MsgBody"], &address).await;
    }
    let is_send = |command: &str| command.ends_with("SendMsg");
    receiver.until(|| receiver.all().iter().filter(|request| is_send(request.command())).count() == 4).await;
    for request in receiver.all().iter().filter(|request| is_send(request.command())) {
        read_signed(&mut client, &request.body["MsgBody"], &address).await;
    }
    let history =
        done(&mut client, "group_msg_get_simple", json!({ "GroupId": "g", "ReqMsgNumber": 2 })).await;
    for row in history["RspMsgList"].as_array().unwrap() {
        read_signed(&mut client, &row["MsgBody"], &address).await;
    }
    drop((ann, client));
    server.stop().await;
}
