//! A damaged journal: the server refuses to start, the check says where, and a repair drops one batch.

use crate::load::{IMPORT_GROUP, group};
use crate::server::{Home, Server};
use serde_json::json;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

const GROUPS: usize = 20;

fn id(number: usize) -> String {
    format!("g0-{number}")
}

fn store(work: &str, home: &Home) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_landfall"));
    command.env_clear().args(["store", work, "--config"]).arg(home.config()).output().unwrap()
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// Flips one bit of the batch that imported a group.
fn damage(journal: &Path, id: &str) -> usize {
    let mut content = fs::read(journal).unwrap();
    let place = content.windows(id.len()).position(|bytes| bytes == id.as_bytes()).unwrap();
    content[place] ^= 1;
    fs::write(journal, content).unwrap();
    place
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_journal_is_refused_checked_and_repaired() {
    let home = Home::new();
    let server = home.start().await;
    let mut client = server.client().await;
    for number in 0..GROUPS {
        client.call(IMPORT_GROUP, &group(&id(number))).await.unwrap();
    }
    let running = store("check", &home);
    assert_eq!(running.status.code(), Some(1));
    assert!(text(&running).contains("in use by another process"), "{}", text(&running));
    drop(client);
    server.kill().await;

    let whole = store("check", &home);
    assert!(whole.status.success() && text(&whole).contains("nothing is damaged"), "{}", text(&whole));
    let journal = home.data().join("engine/0.jnl");
    let place = damage(&journal, &id(7));
    let damaged = fs::read(&journal).unwrap();

    let status = Server::try_start(home.command(), &home.file("log")).await.err().unwrap();
    assert_eq!(status.code(), Some(1), "{}", home.log());
    let journal_name = journal.display().to_string();
    for part in [journal_name.as_str(), "12 more batches lie behind it", "landfall store repair"] {
        assert!(home.log().contains(part), "{part:?} is not in the log: {}", home.log());
    }
    let checked = store("check", &home);
    assert_eq!(checked.status.code(), Some(3));
    assert!(text(&checked).contains(&journal_name), "{}", text(&checked));
    assert!(fs::read(&journal).unwrap() == damaged, "a start or a check that refuses changed the journal");

    let repaired = store("repair", &home);
    assert!(repaired.status.success(), "{}", text(&repaired));
    let said = text(&repaired);
    assert!(said.matches("left out: ").count() == 1 && said.contains("damaged-1"), "byte {place}: {said}");
    assert!(fs::read(home.data().join("damaged-1/0.jnl")).unwrap() == damaged);
    let server = home.start().await;
    let mut client = server.client().await;
    for number in 0..GROUPS {
        let question = json!({"GroupIdList": [id(number)]});
        let answer = client.call("group_open_http_svc/get_group_info", &question).await.unwrap();
        let expected = if number == 7 { 10_010 } else { 0 };
        assert_eq!(answer["GroupInfo"][0]["ErrorCode"], expected, "{}", id(number));
    }
    client.call(IMPORT_GROUP, &group(&id(7))).await.unwrap();
    drop(client);
    server.stop().await;
    assert!(text(&store("repair", &home)).contains("nothing was changed"));
}
