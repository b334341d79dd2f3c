//! Which files are taken, and at which addresses.

use super::{announced, come, get, kept, member, patch, put, send, setup, start, ticket, url};
use crate::harness::{APP, SECOND_APP, Server, query};
use std::path::PathBuf;

#[tokio::test]
async fn a_file_that_is_too_large_or_of_a_wrong_kind_is_refused_before_a_byte_is_taken() {
    let (server, directory) = start("image_bytes_max = 100\nquota_bytes = 1_000_000\n").await;
    let mut ann = member(&server, "ann").await;
    let ten_gb = 10_000_000_000;
    for (kind, name, bytes, of, said) in [
        (
            "TIMImageElem",
            "a.png",
            ten_gb,
            "image/png",
            "FileSize is 10000000000; a file of TIMImageElem has 1 to 100 bytes",
        ),
        (
            "TIMSoundElem",
            "a.mp3",
            ten_gb,
            "audio/mpeg",
            "FileSize is 10000000000; a file of TIMSoundElem has 1 to 29360128 bytes",
        ),
        (
            "TIMVideoFileElem",
            "a.mp4",
            ten_gb,
            "video/mp4",
            "FileSize is 10000000000; a file of TIMVideoFileElem has 1 to 104857600 bytes",
        ),
        (
            "TIMFileElem",
            "a.zip",
            ten_gb,
            "application/zip",
            "FileSize is 10000000000; a file of TIMFileElem has 1 to 104857600 bytes",
        ),
        (
            "TIMFileElem",
            "a.zip",
            0,
            "application/zip",
            "FileSize is 0; a file of TIMFileElem has 1 to 104857600 bytes",
        ),
        ("TIMFileElem", "../a", 9, "text/plain", "FileName must not have control characters, / or \\"),
        ("TIMFileElem", "..\\a", 9, "text/plain", "FileName must not have control characters, / or \\"),
        ("TIMFileElem", "..", 9, "text/plain", "FileName must not be . or .."),
        ("TIMFileElem", "", 9, "text/plain", "FileName must have 1 to 255 bytes"),
        ("TIMFileElem", "a", 9, "text", "ContentType must be a type such as image/png, at most 100 bytes"),
        (
            "TIMImageElem",
            "a.svg",
            9,
            "image/svg+xml",
            "ContentType of an image must be one of image/png, image/jpeg, image/gif, image/webp, image/bmp; send others as TIMFileElem",
        ),
        (
            "TIMTextElem",
            "a",
            9,
            "text/plain",
            "MsgType must be TIMImageElem, TIMSoundElem, TIMVideoFileElem or TIMFileElem",
        ),
    ] {
        let answer = ann.request(announced(kind, name, bytes, of)).await;
        assert_eq!((&answer["ErrorCode"], &answer["ErrorInfo"]), (&10004.into(), &said.into()));
    }
    drop(ann);
    server.stop().await;
    assert_eq!(kept(directory.path()), Vec::<PathBuf>::new());
}

#[tokio::test]
async fn a_body_that_is_longer_than_the_file_is_cut_and_nothing_of_it_stays() {
    let (server, directory) = start("").await;
    let mut ann = member(&server, "ann").await;
    let ticket = ticket(&mut ann, "a.txt", 10).await;
    // More is announced with the request.
    let mut client = server.client().await;
    let head = format!("PUT {} HTTP/1.1\r\nHost: x\r\nContent-Length: 10000000000\r\n\r\n", url(&ticket));
    client.send(head.as_bytes()).await;
    client.send_if_open(b"0123").await;
    // The connection ends with or without an answer, as the rest is not read.
    drop(client);
    // More comes than was announced.
    let mut client = server.client().await;
    let head = format!("PUT {} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", url(&ticket));
    client.send(format!("{head}8\r\n01234567\r\n8\r\n01234567\r\n0\r\n\r\n").as_bytes()).await;
    let cut = client.answer().await;
    assert_eq!(cut.status, 413, "{}", String::from_utf8_lossy(&cut.body));
    let mut client = server.client().await;
    assert_eq!(put(&mut client, url(&ticket), b"0123456789a").await.status, 413);
    assert_eq!(come(&mut client, url(&ticket)).await, 0, "nothing of it stays");
    assert_eq!(kept(directory.path()), Vec::<PathBuf>::new());
    let typed = |of: &str| format!("Content-Type: {of}\r\n");
    let what = format!("PUT {}", url(&ticket));
    assert_eq!(send(&mut client, &what, &typed("text/html"), b"0123456789").await.status, 415);
    assert_eq!(patch(&mut client, url(&ticket), 0, b"0123").await.status, 204);
    assert_eq!(send(&mut client, &what, &typed("Text/Plain"), b"0123456789").await.status, 200);
    drop((client, ann));
    server.stop().await;
}

#[tokio::test]
async fn a_ticket_is_for_one_app_one_file_and_one_time() {
    let (server, directory) = start("").await;
    let (mut ann, mut client) = (member(&server, "ann").await, server.client().await);
    let own = ticket(&mut ann, "a.txt", 4).await;
    let other = ticket(&mut ann, "b.txt", 4).await;
    let (url, id) = (url(&own), own["UUID"].as_str().unwrap());
    let (path, signature) = url.split_once('?').unwrap();
    let reading = put(&mut client, super::url(&other), b"1234").await.envelope();
    let reading = reading["SignedUrl"].as_str().unwrap().split_once('?').unwrap().1;
    for foreign in [
        path.to_owned(),
        format!("{path}?{reading}"),
        format!("{path}?{}", query(APP, "ann")),
        url.replace("expires=", "expires=9"),
        url.replace("expires=", "expires=1&was="),
        url.replace(&APP.to_string(), &SECOND_APP.to_string()),
        url.replace(id, other["UUID"].as_str().unwrap()),
        url.replace("a.txt", "a.html"),
        format!("/files/upload/{APP}/../{id}/a.txt?{signature}"),
        format!("/files/upload/{APP}/{id}/%2e%2e?{signature}"),
        format!("/files/upload/{APP}/{id}/..%2fa.txt?{signature}"),
    ] {
        for method in ["PUT", "PATCH", "HEAD"] {
            let what = format!("{method} {foreign}");
            assert_eq!(send(&mut client, &what, "Upload-Offset: 0\r\n", b"").await.status, 403, "{what}");
        }
    }
    assert_eq!(send(&mut client, &format!("GET {url}"), "", b"").await.status, 405);
    assert_eq!(send(&mut client, &format!("PATCH {url}"), "", b"1234").await.status, 400);
    assert_eq!(kept(directory.path()).len(), 1);
    // It is none for reading either.
    let reading = format!("/files/{APP}/{id}/a.txt?{signature}");
    assert_eq!(get(&mut client, &reading).await.status, 403);
    assert_eq!(put(&mut client, url, b"1234").await.status, 200);
    drop((client, ann));
    server.stop().await;
}

#[tokio::test]
async fn the_quota_of_an_app_counts_what_was_announced_and_survives_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let limits = "quota_bytes = 1_000\n";
    let server = Server::start_with(setup(directory.path(), limits)).await;
    let mut ann = member(&server, "ann").await;
    ticket(&mut ann, "a.txt", 600).await;
    drop(ann);
    let server = Server::start_in(server.begin_stop().await, setup(directory.path(), limits)).await;
    let mut bob = member(&server, "bob").await;
    let refused = bob.request(announced("TIMFileElem", "b.txt", 401, "text/plain")).await;
    let said = "FileSize is 401; the files of the app have 600 bytes, and at most 1000 are allowed";
    assert_eq!((&refused["ErrorCode"], &refused["ErrorInfo"]), (&10007.into(), &said.into()));
    for _ in 0..16 {
        ticket(&mut bob, "b.txt", 25).await;
    }
    // Another account has room of its own to announce files, but none is left.
    let refused = bob.request(announced("TIMFileElem", "b.txt", 1, "text/plain")).await;
    assert_eq!(refused["ErrorCode"], 60007, "{refused}");
    let mut cy = member(&server, "cy").await;
    let refused = cy.request(announced("TIMFileElem", "b.txt", 1, "text/plain")).await;
    assert_eq!(refused["ErrorCode"], 10007, "{refused}");
    drop((bob, cy));
    server.stop().await;
}
