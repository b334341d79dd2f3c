//! Files that messages refer to, through a job and out again; with a journal and ids that only a migration has.

use super::tool::{self, Ended, against};
use crate::server::{APP, Home, Server};
use landfall::client::RestClient;
use serde_json::{Value, json};
use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// A group as a cloud calls its own.
const GROUP: &str = "@TGS#2K2DAMMPV";
const NAME: &str = "board ä.png";

/// Every byte, and more than one piece of anything.
fn content() -> Vec<u8> {
    (0..=255_u8).cycle().take(300_000).collect()
}

/// A folder with a neutral file, the content of one of its two files, and a line that is not UTF-8.
fn write(file: &Path) {
    let folder = file.parent().unwrap();
    fs::create_dir_all(folder.join("files")).unwrap();
    fs::write(folder.join("files/1"), content()).unwrap();
    let message = |key: u32, content: Value| {
        json!({ "t": "message", "src": "old:1", "key": format!("m{key}"), "GroupId": GROUP, "From_Account": "ann",
            "SendTime": 1_600_000_100 + key, "MsgBody": [{ "MsgType": "TIMFileElem", "MsgContent": content }] })
    };
    let lines = [
        json!({ "t": "file", "src": "old:1", "key": "f1", "path": "files/1", "FileName": NAME }),
        json!({ "t": "file", "src": "old:1", "key": "f2", "path": "files/2", "FileName": "gone.txt" }),
        json!({ "t": "group", "src": "old:1", "key": "g", "GroupId": GROUP, "Type": "Public", "Name": "Chess",
            "Owner_Account": "ann", "CreateTime": 1_600_000_000, "x": { "color": "red" } }),
        message(1, json!({ "Url": "file:f1", "FileName": NAME, "FileSize": 0 })),
        message(2, json!({ "Url": "file:f2", "FileName": "gone.txt" })),
        message(3, json!({ "Url": "file:f1", "FileName": NAME })),
    ];
    let mut text: Vec<u8> = lines.iter().flat_map(|line| format!("{line}\n").into_bytes()).collect();
    text.extend(b"{\"t\":\"account\",\"UserID\":\"\xff\"}\n");
    fs::write(file, text).unwrap();
}

/// The status and the body that the server answers with.
async fn get(server: &Server, target: &str) -> (u16, Vec<u8>) {
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    let request = format!("GET {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let end = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n").unwrap();
    let status = std::str::from_utf8(&answer[9..12]).unwrap().parse().unwrap();
    (status, answer[end + 4..].to_vec())
}

/// The elements of the messages, oldest first.
async fn elements(client: &mut RestClient) -> Vec<Value> {
    let question = json!({ "GroupId": GROUP, "ReqMsgNumber": 20 });
    let page = client.call("group_open_http_svc/group_msg_get_simple", &question).await.unwrap();
    let rows = page["RspMsgList"].as_array().unwrap();
    rows.iter().rev().map(|row| row["MsgBody"][0].clone()).collect()
}

struct Place {
    home: Home,
    server: Server,
}

impl Place {
    async fn new() -> Self {
        let home = Home::new();
        let server = home.start().await;
        Self { home, server }
    }

    async fn run(&self, command: &[&dyn AsRef<OsStr>]) -> Ended {
        tool::run(&against(&self.home, &self.server.url(), command)).await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_of_a_folder_come_in_with_a_job_and_go_out_again() {
    let place = Place::new().await;
    let file = place.home.file("folder/in.jsonl");
    write(&file);
    let imported = place.run(&[&"import", &file]).await.with(3);
    assert!(imported.out.contains("The server has it as job "), "{}", imported.out);
    // The file without content, and the line that is none: each once.
    assert!(imported.err.contains("done, but for 2 faults"), "{}", imported.err);
    assert!(
        imported.err.contains("line 2, file old:1 f2") && imported.err.contains("line 7"),
        "{}",
        imported.err
    );

    let client = &mut place.server.client().await;
    let said = elements(client).await;
    assert_eq!((said.len(), said[1]["MsgType"].as_str()), (3, Some("TIMTextElem")), "{said:?}");
    let first = &said[0]["MsgContent"];
    assert_eq!(first["FileSize"], content().len());
    let (signed, address) = address_of(&said[0]);
    assert!(address.starts_with(&format!("/files/{APP}/")), "{said:?}");
    assert_eq!(address_of(&said[2]).1, address);
    assert_eq!(get(&place.server, &address).await.0, 403);
    assert_eq!(get(&place.server, &signed).await, (200, content()));

    let out = place.home.file("out.jsonl");
    place.run(&[&"export", &"--out", &out]).await.with(0);
    let text = fs::read_to_string(&out).unwrap();
    let records: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let group = records.iter().find(|record| record["t"] == "group").unwrap();
    assert_eq!(
        (&group["GroupId"], &group["key"], &group["x"]["color"]),
        (&json!(GROUP), &json!("g"), &json!("red"))
    );
    let exported = records.iter().find(|record| record["t"] == "file").unwrap();
    let path = place.home.file(exported["path"].as_str().unwrap());
    assert_eq!((fs::read(path).unwrap(), exported["FileName"].as_str()), (content(), Some(NAME)));
    place.run(&[&"verify", &out]).await.with(0);
    place.server.stop().await;

    // Elsewhere, too.
    let other = Place::new().await;
    other.run(&[&"import", &out]).await.with(0);
    other.run(&[&"verify", &out]).await.with(0);
    let said = elements(&mut other.server.client().await).await;
    assert_eq!(address_of(&said[0]).1, address);
    other.server.stop().await;
}

/// The address in an element as it is handed out, and without its signature.
fn address_of(element: &Value) -> (String, String) {
    let signed = element["MsgContent"]["Url"].as_str().unwrap();
    (signed.to_owned(), signed.split('?').next().unwrap().to_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_journal_that_is_cut_off_is_one_clear_error() {
    let place = Place::new().await;
    let file = place.home.file("a.jsonl");
    super::neutral::write(&file, "a", 2, 5);
    place.run(&[&"import", &file]).await.with(0);
    let journal = place.home.file("a.jsonl.journal");
    let whole = fs::read(&journal).unwrap();
    for cut in [100, 4_096, whole.len() / 2, whole.len() - 1] {
        fs::write(&journal, &whole[..cut]).unwrap();
        let ended = place.run(&[&"import", &file]).await.with(1);
        assert!(
            ended.err.lines().count() == 1 && ended.err.contains("is damaged; remove it"),
            "{}",
            ended.err
        );
    }
    // Without it, everything is found to be there.
    fs::remove_file(&journal).unwrap();
    let again = place.run(&[&"import", &file, &"--json"]).await.with(0);
    assert!(20 < again.unchanged(), "{}", again.out);
    let local = place.server.url().replace("127.0.0.1", "localhost");
    tool::run(&against(&place.home, &local, &[&"import", &file])).await.with(0);
    place.server.stop().await;
}
