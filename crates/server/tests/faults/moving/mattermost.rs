//! Read marks of a Mattermost export become unread counts.

use super::held;
use super::tool::{self, against};
use crate::server::{Home, Server};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

const POSTS: u64 = 45;
const START_MS: u64 = 1_600_000_000_123;
/// Between two posts, milliseconds: some are of one second.
const STEP_MS: u64 = 400;

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let (entry, to) = (entry.unwrap(), to.to_owned());
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}

async fn import(home: &Home, server: &Server, export: &Path) {
    let arguments = |command: &'static str| against(home, &server.url(), &[&command, &export]);
    tool::run(&arguments("import")).await.with(0);
    tool::run(&arguments("verify")).await.with(0);
}

/// Unread messages of each member, as the API says it and as the member sees it.
async fn unread(server: &Server, group: &str) -> BTreeMap<String, u64> {
    let unread = held::unread(&mut server.client().await, group).await;
    for (account, count) in &unread {
        let member = &mut held::connect(server, account).await;
        let groups = member.request(json!({ "Command": "groups" })).await;
        let row = groups["GroupList"].as_array().unwrap().iter().find(|row| row["GroupId"] == group);
        assert_eq!(row.unwrap()["UnreadMsgNum"], *count, "{account}: {groups}");
    }
    unread
}

fn expected<const N: usize>(counts: [(&str, u64); N]) -> BTreeMap<String, u64> {
    counts.map(|(account, count)| (account.to_owned(), count)).into()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sample_of_mattermost_comes_in_with_its_read_marks() {
    let home = Home::new();
    let export = home.file("mattermost");
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples/exports/mattermost"), &export);
    let server = home.start().await;
    import(&home, &server, &export).await;
    assert_eq!(unread(&server, "bakery/bread").await, expected([("ann", 0), ("ben", 0)]));
    assert_eq!(unread(&server, "direct:ann,ben").await, expected([("ann", 1), ("ben", 0)]));
    server.stop().await;
}

/// An export of one channel with posts, and users who have read up to different posts.
fn export(marks: &BTreeMap<String, u64>) -> String {
    let mut lines = vec![
        json!({ "type": "version", "version": 1 }),
        json!({ "type": "team", "team": { "name": "t", "display_name": "T", "type": "I" } }),
        json!({ "type": "channel", "channel": { "team": "t", "name": "c", "display_name": "C", "type": "O" } }),
    ];
    for (user, viewed) in marks {
        let channels = json!([{ "name": "c", "roles": "channel_user", "last_viewed_at": viewed }]);
        let teams = json!([{ "name": "t", "roles": "team_user", "channels": channels }]);
        let user = json!({ "username": user, "email": format!("{user}@example.com"), "teams": teams });
        lines.push(json!({ "type": "user", "user": user }));
    }
    for number in 0..POSTS {
        let at = START_MS + number * STEP_MS;
        let post = json!({ "team": "t", "channel": "c", "user": "u0", "message": format!("Post {number}"), "create_at": at });
        lines.push(json!({ "type": "post", "post": post }));
    }
    lines.iter().map(Value::to_string).map(|line| line + "\n").collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unread_counts_are_exact_to_the_millisecond() {
    let home = Home::new();
    let server = home.start().await;
    // Before the first post, at it, at the next one, a moment before and at another one, at the last one, long after.
    let read = [
        (START_MS - 1, POSTS),
        (START_MS, POSTS - 1),
        (START_MS + STEP_MS, POSTS - 2),
        (START_MS + 11 * STEP_MS - 1, POSTS - 11),
        (START_MS + 11 * STEP_MS, POSTS - 12),
        (START_MS + (POSTS - 1) * STEP_MS, 0),
        (START_MS + 99_000, 0),
    ];
    let users = (0..).map(|number| format!("u{number}"));
    let marks = users.clone().zip(read.map(|(viewed, _)| viewed)).collect();
    let file = home.file("export.jsonl");
    fs::write(&file, export(&marks)).unwrap();
    import(&home, &server, &file).await;
    let counts: BTreeMap<_, _> = users.zip(read.map(|(_, unread)| unread)).collect();
    assert_eq!(unread(&server, "t/c").await, counts);
    server.stop().await;
}
