//! Files that members send from their clients.

mod kept;
mod several;
mod tickets;

use crate::files::kept;
use crate::harness::{APP, Answer, Client, Server, Setup, done, query};
use crate::test_client::TestClient;
use serde_json::{Value, json};
use std::path::Path;
use tempfile::TempDir;
use tokio::net::TcpStream;

/// A PNG of 3 by 2 pixels, as far as its head.
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x03\0\0\0\x02\x08\x06\0\0\0";

/// What members may upload: `[app.uploads]`, and the files in a directory.
fn setup(directory: &Path, limits: &str) -> Setup {
    let files = format!("[files]\nurl = \"directory:{}\"\n", directory.display());
    Setup { webhook: format!("[app.uploads]\n{limits}"), http_and_more: files, ..Setup::default() }
}

/// A server that keeps files in a directory.
async fn start(limits: &str) -> (Server, TempDir) {
    let directory = tempfile::tempdir().unwrap();
    (Server::start_with(setup(directory.path(), limits)).await, directory)
}

async fn member(server: &Server, name: &str) -> TestClient {
    TestClient::ready(&format!("http://{}", server.address), &query(APP, name)).await
}

fn announced(kind: &str, name: &str, bytes: u64, of: &str) -> Value {
    json!({ "Command": "upload_ticket", "MsgType": kind, "FileName": name, "FileSize": bytes, "ContentType": of })
}

/// A ticket for a file of this size.
async fn ticket(client: &mut TestClient, name: &str, bytes: usize) -> Value {
    let answer = client.request(announced("TIMFileElem", name, bytes as u64, "text/plain")).await;
    assert_eq!(answer["ErrorCode"], 0, "{answer}");
    answer
}

fn url(ticket: &Value) -> &str {
    ticket["Url"].as_str().unwrap()
}

/// Sends a request with a body, and headers that each end with a line feed.
async fn send(client: &mut Client<TcpStream>, what: &str, headers: &str, body: &[u8]) -> Answer {
    let head = format!("{what} HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n{headers}\r\n", body.len());
    client.send(&[head.as_bytes(), body].concat()).await;
    client.answer().await
}

async fn put(client: &mut Client<TcpStream>, url: &str, body: &[u8]) -> Answer {
    send(client, &format!("PUT {url}"), "", body).await
}

async fn patch(client: &mut Client<TcpStream>, url: &str, offset: usize, body: &[u8]) -> Answer {
    send(client, &format!("PATCH {url}"), &format!("Upload-Offset: {offset}\r\n"), body).await
}

/// How much of a file the server says it has.
async fn come(client: &mut Client<TcpStream>, url: &str) -> usize {
    client.send(format!("HEAD {url} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes()).await;
    let (status, head) = client.head().await.unwrap();
    assert_eq!(status, 200, "{head}");
    offset(&head)
}

/// `Upload-Offset` of an answer.
fn offset(head: &str) -> usize {
    let (_, rest) = head.split_once("upload-offset: ").unwrap_or_else(|| panic!("{head}"));
    rest.split_once("\r\n").unwrap().0.parse().unwrap()
}

async fn get(client: &mut Client<TcpStream>, target: &str) -> Answer {
    client.send(format!("GET {target} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes()).await;
    client.answer().await
}

#[tokio::test]
async fn a_member_uploads_an_image_and_the_others_read_it_from_the_message() {
    let (server, directory) = start("").await;
    let mut admin = server.client().await;
    let members = json!([{ "Member_Account": "ann" }, { "Member_Account": "bob" }]);
    done(
        &mut admin,
        "import_group",
        json!({ "Type": "Public", "GroupId": "g", "Name": "n", "MemberList": members }),
    )
    .await;
    let (mut ann, mut bob) = (member(&server, "ann").await, member(&server, "bob").await);
    let ticket = ann.request(announced("TIMImageElem", "../../Küche.png", 1, "image/png")).await;
    assert_eq!(ticket["ErrorCode"], 10004, "{ticket}");
    let ticket = ann.request(announced("TIMImageElem", "Küche.png", PNG.len() as u64, "image/png")).await;
    let id = ticket["UUID"].as_str().unwrap().to_owned();
    let address = format!("/files/{APP}/{id}/K%C3%BCche.png");
    assert_eq!(ticket["DownloadUrl"], address, "{ticket}");
    let login = format!("{address}?{}", query(APP, "bob"));
    assert_eq!(get(&mut admin, &login).await.status, 404, "it is not there yet");

    let sent = put(&mut admin, url(&ticket), PNG).await.envelope();
    assert_eq!(
        (&sent["Width"], &sent["Height"], &sent["FileSize"]),
        (&3.into(), &2.into(), &PNG.len().into())
    );
    assert_eq!((&sent["UUID"], &sent["DownloadUrl"]), (&ticket["UUID"], &ticket["DownloadUrl"]));
    assert_eq!(get(&mut admin, sent["SignedUrl"].as_str().unwrap()).await.body, PNG);
    // Its name is nowhere on the disk.
    assert_eq!(kept(directory.path()), [directory.path().join(format!("{APP}/{}/{id}", &id[..2]))]);
    // An answer that was lost is given again.
    let again = patch(&mut admin, url(&ticket), PNG.len(), b"").await.envelope();
    assert_eq!((&again["Width"], &again["SignedUrl"]), (&3.into(), &sent["SignedUrl"]));

    // Clients spell the member in both ways, and some send back what they have read.
    let spellings = [("Url", address.clone()), ("URL", sent["SignedUrl"].as_str().unwrap().to_owned())];
    for (random, (member, url)) in spellings.into_iter().enumerate() {
        let content = json!({ "UUID": id, "ImageFormat": 3, "ImageInfoArray": [{ "Type": 1, "Size": 1, "Width": 3, "Height": 2, member: url }] });
        let elements = json!([{ "MsgType": "TIMImageElem", "MsgContent": content }]);
        let message =
            json!({ "Command": "send_group_msg", "GroupId": "g", "Random": random, "MsgBody": elements });
        assert_eq!(ann.request(message).await["ErrorCode"], 0);
        let frame = bob.next_is("message").await;
        let read = frame["MsgBody"][0]["MsgContent"]["ImageInfoArray"][0][member].as_str().unwrap();
        assert!(read.starts_with(&format!("{address}?expires=")), "{read}");
        let read = get(&mut admin, read).await;
        assert_eq!((read.status, &*read.body), (200, PNG));
        for header in [
            "content-type: image/png\r\n",
            "x-content-type-options: nosniff\r\n",
            "content-disposition: attachment; filename*=utf-8''k%c3%bcche.png\r\n",
            "content-security-policy: sandbox; default-src 'none'\r\n",
            "access-control-allow-origin: *\r\n",
        ] {
            assert!(read.head.contains(header), "{header} is missing in {}", read.head);
        }
    }
    drop((ann, bob, admin));
    server.stop().await;
}

#[tokio::test]
async fn a_cut_connection_goes_on_where_it_stopped() {
    let (server, directory) = start("").await;
    let (mut ann, mut client) = (member(&server, "ann").await, server.client().await);
    let content: Vec<u8> = (0..1_000_000_u32).map(|at| (at % 251) as u8).collect();
    let ticket = ticket(&mut ann, "a.txt", content.len()).await;
    assert_eq!(come(&mut client, url(&ticket)).await, 0);
    let first = patch(&mut client, url(&ticket), 0, &content[..300_000]).await;
    assert_eq!((first.status, offset(&first.head)), (204, 300_000));

    // The rest is announced, some of it comes, and the connection is gone.
    let mut cut = server.client().await;
    let head = format!(
        "PATCH {} HTTP/1.1\r\nHost: x\r\nContent-Length: 700000\r\nUpload-Offset: 300000\r\n\r\n",
        url(&ticket)
    );
    cut.send(&[head.as_bytes(), &content[300_000..500_000]].concat()).await;
    drop(cut);
    let so_far = come(&mut client, url(&ticket)).await;
    assert!((300_000..=500_000).contains(&so_far), "{so_far}");
    for wrong in [so_far + 1, 1, 0] {
        let refused = patch(&mut client, url(&ticket), wrong, b"x").await;
        assert_eq!((refused.status, offset(&refused.head)), (409, so_far));
    }
    let last = patch(&mut client, url(&ticket), so_far, &content[so_far..]).await.envelope();
    let read = get(&mut client, last["SignedUrl"].as_str().unwrap()).await;
    assert!(read.body == content, "{} bytes", read.body.len());
    assert_eq!(kept(directory.path()).len(), 1);
    assert_eq!(come(&mut client, url(&ticket)).await, content.len());
    let refused = put(&mut client, url(&ticket), b"x").await;
    assert_eq!((refused.status, offset(&refused.head)), (409, content.len()), "a file that is there stays");

    // A connection that hangs does not hold up the one that goes on.
    let ticket = self::ticket(&mut ann, "b.txt", 10).await;
    let mut hung = server.client().await;
    let head = format!("PUT {} HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n012", url(&ticket));
    hung.send(head.as_bytes()).await;
    let so_far = come(&mut client, url(&ticket)).await;
    let rest = patch(&mut client, url(&ticket), so_far, &b"0123456789"[so_far..]).await.envelope();
    assert_eq!(get(&mut client, rest["SignedUrl"].as_str().unwrap()).await.body, b"0123456789");
    drop((hung, client, ann));
    server.stop().await;
}

#[tokio::test]
async fn pages_and_drawings_are_saved_and_never_shown() {
    let (server, _directory) = start("").await;
    let (mut ann, mut client) = (member(&server, "ann").await, server.client().await);
    for (name, of) in
        [("a.html", "text/html"), ("a.svg", "image/svg+xml"), ("a.xhtml", "application/xhtml+xml")]
    {
        let content = b"<svg onload='alert(1)'/>";
        let ticket = ann.request(announced("TIMFileElem", name, content.len() as u64, of)).await;
        let sent = put(&mut client, url(&ticket), content).await.envelope();
        assert_eq!(sent.get("Width"), None, "{sent}");
        let read = get(&mut client, sent["SignedUrl"].as_str().unwrap()).await;
        assert_eq!((read.status, &*read.body), (200, &content[..]));
        for header in [
            "content-type: application/octet-stream\r\n",
            "x-content-type-options: nosniff\r\n",
            &format!("content-disposition: attachment; filename*=utf-8''{name}\r\n"),
            "content-security-policy: sandbox; default-src 'none'\r\n",
        ] {
            assert!(read.head.contains(header), "{header} is missing in {}", read.head);
        }
    }
    let preflight =
        send(&mut client, "OPTIONS /files/upload/1/x/y", "Origin: https://a.example\r\n", b"").await;
    assert_eq!(preflight.status, 204);
    for header in [
        "access-control-allow-origin: *\r\n",
        "access-control-allow-methods: get, head, put, patch, options\r\n",
        "access-control-allow-headers: content-type, range, tus-resumable, upload-offset\r\n",
    ] {
        assert!(preflight.head.contains(header), "{header} is missing in {}", preflight.head);
    }
    assert_eq!(send(&mut client, "OPTIONS /files/1/x/y", "", b"").await.status, 204);
    drop((client, ann));
    server.stop().await;
}
