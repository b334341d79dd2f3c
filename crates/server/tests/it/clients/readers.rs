//! Who may make groups and read of them: the cells of the documented table that no operation checks.

use super::{accounts, start};
use crate::harness::{Store, done, on_both_stores};
use crate::test_client::TestClient;
use serde_json::{Value, json};

const KINDS: [&str; 5] = ["Private", "Public", "ChatRoom", "AVChatRoom", "Community"];
/// The owner, an administrator, another member, an account outside.
const READERS: [&str; 4] = ["own", "adm", "mem", "out"];

/// For each request, by type, what becomes of it when it is that of each reader. `+`: it is answered. `r`: 10007. `0`: 10010. `.`: there
/// is no such role.
const TABLE: &str = "
    get_group_info          +.+0 ++++ ++++ ++++ ++++
    get_group_member_info   +.+0 +++r +++r .... +++r
    get_role_in_group       +.+0 +++r +++r .... +++r
    get_group_attr          +.+0 +++r +++r +.+r +++r
    get_group_counter       +.+0 +++r +++r +.+r ....
    catch_up                +.+r +++r +++r .... +++r";

fn id(kind: &str) -> String {
    if kind == "Community" { "@TGS#_readers".to_owned() } else { format!("readers-{kind}") }
}

fn request(command: &str, group: &str) -> Value {
    match command {
        "get_group_info" => json!({ "Command": command, "GroupIdList": [group] }),
        "get_role_in_group" => json!({ "Command": command, "GroupId": group, "User_Account": ["own"] }),
        _ => json!({ "Command": command, "GroupId": group, "MsgSeq": 0 }),
    }
}

/// The code of the answer, or of its one row.
fn letter(answer: &Value) -> char {
    let row = &answer["GroupInfo"][0]["ErrorCode"];
    match if row.is_u64() { row } else { &answer["ErrorCode"] }.as_u64() {
        Some(0) => '+',
        Some(10_007) => 'r',
        Some(10_010) => '0',
        _ => '?',
    }
}

async fn members_read_and_others_see_what_is_public(store: Store) {
    let server = start(store).await;
    let client = &mut server.client().await;
    accounts(client, &READERS).await;
    let mut readers = Vec::new();
    for name in READERS {
        readers.push(TestClient::connect(&server, name).await);
    }
    for kind in KINDS {
        let mut new = json!({ "Command": "create_group", "Type": kind, "GroupId": id(kind), "Name": "n",
            "Notification": "within" });
        if kind != "AVChatRoom" {
            new["MemberList"] = json!([{ "Member_Account": "adm" }, { "Member_Account": "mem" }]);
        }
        // Anybody makes groups, of which it is the owner.
        let made = readers[0].request(new).await;
        assert_eq!((&made["ErrorCode"], &made["GroupId"]), (&json!(0), &json!(id(kind))), "{made}");
        if !matches!(kind, "AVChatRoom" | "Private") {
            let admin = json!({ "GroupId": id(kind), "Member_Account": "adm", "Role": "Admin" });
            done(client, "modify_group_member_info", admin).await;
        }
    }
    let enter = json!({ "Command": "enter", "GroupId": id("AVChatRoom") });
    assert_eq!(readers[2].request(enter).await["ErrorCode"], 0);
    for line in TABLE.trim().lines() {
        let mut words = line.split_whitespace();
        let command = words.next().unwrap();
        for (kind, cells) in KINDS.into_iter().zip(words) {
            for (reader, cell) in readers.iter_mut().zip(cells.chars()) {
                if cell == '.' {
                    continue;
                }
                let answer = reader.request(request(command, &id(kind))).await;
                assert_eq!(letter(&answer), cell, "{command} of {kind}: {answer}");
            }
        }
    }
    // A group that must not be found is as one that is not there.
    for command in TABLE.trim().lines().filter_map(|line| line.split_whitespace().next()) {
        let mut answers = Vec::new();
        for group in ["none", &id("Private")] {
            let answer = readers[3].request(request(command, group)).await;
            answers.push(answer.to_string().replace(group, "it"));
        }
        assert_eq!(answers[0], answers[1]);
    }
    // What an account outside sees is not all.
    for (reader, notice) in readers.iter_mut().zip(["within", "within", "within", ""]) {
        let row = &reader.request(request("get_group_info", &id("Public"))).await["GroupInfo"][0];
        let members = row["MemberList"].as_array().map_or(0, Vec::len);
        assert_eq!((&row["Notification"], members != 0), (&json!(notice), !notice.is_empty()), "{row}");
    }
    server.stop().await;
}

on_both_stores! {
    members_read_and_others_see_what_is_public
}
