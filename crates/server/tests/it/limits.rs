//! Limits of texts in bytes, one byte under, at and over each, with characters of several bytes; and limits of lists.

use crate::harness::{Client, Server, code, property};
use proptest::prelude::*;
use serde_json::{Value, json};
use tokio::net::TcpStream;

const IMPORT: &str = "group_open_http_svc/import_group";
const INFO: &str = "group_open_http_svc/get_group_info";

/// Text members of an import, each with its limit in bytes.
const TEXTS: [(&str, usize); 5] =
    [("Name", 30), ("Introduction", 240), ("Notification", 300), ("FaceUrl", 100), ("AppDefinedData", 512)];

/// Text of exactly `bytes` bytes, of characters of one to four bytes.
fn text_of(bytes: usize) -> impl Strategy<Value = String> {
    prop::collection::vec(any::<char>(), 0..=bytes).prop_map(move |characters| {
        let mut text = String::new();
        for character in characters {
            if text.len() + character.len_utf8() <= bytes {
                text.push(character);
            }
        }
        let rest = bytes - text.len();
        text + &"x".repeat(rest)
    })
}

/// A field, and a text one byte under, at, or over its limit.
fn field_and_text() -> impl Strategy<Value = (&'static str, usize, String)> {
    (prop::sample::select(&TEXTS[..]), 0..=2_usize)
        .prop_flat_map(|((field, limit), step)| (Just(field), Just(limit), text_of(limit - 1 + step)))
}

fn import_with(field: &str, text: &str) -> Value {
    let mut import = json!({ "Type": "Public", "Name": "n", "GroupId": "g1", "Owner_Account": "hana" });
    import[field] = match field {
        "AppDefinedData" => json!([{ "Key": "OldRoomNo", "Value": text }]),
        _ => json!(text),
    };
    import
}

async fn check_text(mut client: Client<TcpStream>, field: &str, limit: usize, text: &str) {
    let answer = client.call(IMPORT, &import_with(field, text)).await;
    let info = client.call(INFO, &json!({ "GroupIdList": ["g1"] })).await;
    let row = &info["GroupInfo"][0];
    if limit < text.len() {
        assert_eq!(answer["ErrorCode"], 10004);
        let reason = answer["ErrorInfo"].as_str().unwrap();
        assert!(reason.contains(field) && reason.contains(&limit.to_string()), "{reason}");
        assert_eq!(row["ErrorCode"], 10010, "a refused import leaves nothing behind");
        return;
    }
    assert_eq!(answer["ErrorCode"], 0, "{answer}");
    let kept = match field {
        "AppDefinedData" => &row["AppDefinedData"][0]["Value"],
        _ => &row[field],
    };
    assert_eq!(kept, text, "nothing is cut or changed");
    let destroyed = client.call("group_open_http_svc/destroy_group", &json!({ "GroupId": "g1" })).await;
    assert_eq!(code(&destroyed), 0);
}

#[test]
fn texts_of_groups_are_bounded_in_bytes() {
    property(field_and_text(), async |client, (field, limit, text)| {
        check_text(client, field, limit, &text).await;
    });
}

#[test]
fn texts_of_accounts_are_bounded_in_bytes() {
    const LIMIT: usize = 500;
    let texts = (0..=2_usize).prop_flat_map(|step| text_of(LIMIT - 1 + step));
    property((prop::sample::select(&["Nick", "FaceUrl"][..]), texts), async |mut client, (field, text)| {
        let answer =
            client.call("im_open_login_svc/account_import", &json!({ "UserID": "hana", field: text })).await;
        assert_eq!(code(&answer), if LIMIT < text.len() { 40601 } else { 0 }, "{answer}");
    });
}

fn members(count: usize, from: usize) -> Vec<Value> {
    (from..from + count).map(|number| json!({ "Member_Account": format!("member-{number:05}") })).collect()
}

#[tokio::test]
async fn one_call_names_at_most_500_members() {
    let server = Server::start().await;
    let mut client = server.client().await;
    let import = |id: &str, count| json!({ "Type": "Public", "Name": "n", "GroupId": id, "MemberList": members(count, 0) });
    assert_eq!(code(&client.call(IMPORT, &import("g1", 501)).await), 10005);
    assert_eq!(code(&client.call(IMPORT, &import("g1", 500)).await), 0);
    let more = |count| json!({ "GroupId": "g1", "MemberList": members(count, 500) });
    let refusal = client.call("group_open_http_svc/import_group_member", &more(501)).await;
    assert_eq!(refusal["ErrorCode"], 10005);
    assert_eq!(refusal["ErrorInfo"], "MemberList names 501 accounts; at most 500 are allowed");
    let imported = client.call("group_open_http_svc/import_group_member", &more(500)).await;
    let results = imported["MemberList"].as_array().unwrap();
    assert_eq!(results.len(), 500);
    assert!(results.iter().all(|row| row["Result"] == 1));
    let info = client.call(INFO, &json!({ "GroupIdList": ["g1"] })).await;
    assert_eq!(info["GroupInfo"][0]["MemberNum"], 1_000);
    drop(client);
    server.stop().await;
}

#[tokio::test]
async fn an_answer_over_a_megabyte_is_refused() {
    let server = Server::start().await;
    let mut client = server.client().await;
    let import = json!({ "Type": "Public", "Name": "n", "GroupId": "g1", "MaxMemberNum": 6000 });
    assert_eq!(code(&client.call(IMPORT, &import).await), 0);
    for from in (0..6_000).step_by(500) {
        let more = json!({ "GroupId": "g1", "MemberList": members(500, from) });
        assert_eq!(code(&client.call("group_open_http_svc/import_group_member", &more).await), 0);
    }
    let list = "group_open_http_svc/get_group_member_info";
    assert_eq!(client.call(INFO, &json!({ "GroupIdList": ["g1"] })).await["ErrorCode"], 10018);
    assert_eq!(client.call(list, &json!({ "GroupId": "g1" })).await["ErrorCode"], 10018);
    // Fewer fields of each member, or fewer members, fit.
    let roles = json!({ "GroupId": "g1", "MemberInfoFilter": ["Role"] });
    assert_eq!(client.call(list, &roles).await["MemberList"].as_array().unwrap().len(), 6_000);
    let page = json!({ "GroupId": "g1", "Limit": 3_000, "Offset": 3_000 });
    assert_eq!(client.call(list, &page).await["MemberList"].as_array().unwrap().len(), 3_000);
    drop(client);
    server.stop().await;
}
