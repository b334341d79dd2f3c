//! Every way in which a message is sent keeps its files.

use super::{announced, member, put, start, url};
use crate::harness::{APP, Server, done};
use crate::test_client::TestClient;
use landfall_domain::ids::AppId;
use landfall_domain::people::Subject;
use landfall_domain::people::fact::{Fact, FactFamily, FactKey, FactRange};
use landfall_domain::people::snapshot::PeopleNeeds;
use landfall_domain::people::upload::UploadId;
use landfall_domain::store::Store as _;
use landfall_store::StoreMetrics;
use landfall_store::embedded::Embedded;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A file of this name that has arrived: its id, and a body that refers to it.
async fn uploaded(server: &Server, ann: &mut TestClient, name: &str) -> (UploadId, Value) {
    let ticket = ann.request(announced("TIMFileElem", name, 4, "text/plain")).await;
    put(&mut server.client().await, url(&ticket), b"1234").await.envelope();
    let id = UploadId::parse(ticket["UUID"].as_str().unwrap()).unwrap();
    let content = json!({ "UUID": "u", "Url": ticket["DownloadUrl"], "FileSize": 4, "FileName": name });
    (id, json!([{ "MsgType": "TIMFileElem", "MsgContent": content }]))
}

/// The calls, each with a message in place of `null`.
fn calls() -> Vec<(&'static str, Value)> {
    let official = "@TOA#_news";
    let imported =
        json!([{ "From_Account": "ann", "SendTime": 1_500_000_000, "Random": 5, "MsgBody": null }]);
    vec![
        ("group_open_http_svc/send_group_msg", json!({ "GroupId": "g", "Random": 1, "MsgBody": null })),
        ("openim/modify_group_msg", json!({ "GroupId": "g", "MsgSeq": 1, "MsgBody": null })),
        ("group_open_http_svc/send_broadcast_msg", json!({ "Random": 2, "MsgBody": null })),
        ("group_open_http_svc/import_group_msg", json!({ "GroupId": "old", "MsgList": imported })),
        (
            "openim/sendmsg",
            json!({ "From_Account": "ann", "To_Account": "bob", "MsgRandom": 3, "MsgSeq": 3, "MsgBody": null }),
        ),
        (
            "openim/batchsendmsg",
            json!({ "From_Account": "ann", "To_Account": ["bob"], "MsgRandom": 4, "MsgBody": null }),
        ),
        (
            "openim/importmsg",
            json!({ "SyncFromOldSystem": 2, "From_Account": "ann", "To_Account": "bob", "MsgRandom": 6,
                "MsgTimeStamp": 1_500_000_000, "MsgBody": null }),
        ),
        ("all_member_push/im_push", json!({ "From_Account": "ann", "MsgRandom": 7, "MsgBody": null })),
        (
            "official_account_open_http_svc/send_official_account_msg",
            json!({ "Official_Account": official, "Random": 8, "MsgBody": null }),
        ),
    ]
}

/// Puts a message into a call.
fn with(mut call: Value, body: &Value) -> Value {
    if let Some(row) = call.pointer_mut("/MsgList/0") {
        row["MsgBody"] = body.clone();
    } else {
        call["MsgBody"] = body.clone();
    }
    call
}

#[tokio::test]
async fn a_file_is_kept_for_each_way_of_sending_it_and_one_that_is_not_sent_is_not() {
    let (server, _files) = start("").await;
    let mut ann = member(&server, "ann").await;
    let mut admin = server.client().await;
    let accounts = json!([{ "UserID": "ann" }, { "UserID": "bob" }]);
    done(&mut admin, "im_open_login_svc/multiaccount_import", json!({ "AccountList": accounts })).await;
    for id in ["g", "old"] {
        let group = json!({ "Type": "Public", "GroupId": id, "Name": "n", "CreateTime": 1_400_000_000 });
        done(&mut admin, "import_group", group).await;
    }
    let official = json!({ "Official_Account": "@TOA#_news", "Owner_Account": "ann", "Name": "News" });
    done(&mut admin, "official_account_open_http_svc/create_official_account", official).await;
    let mut sent = BTreeMap::new();
    for (path, call) in calls() {
        let (id, body) = uploaded(&server, &mut ann, "a.txt").await;
        done(&mut admin, path, with(call, &body)).await;
        sent.insert(id, path);
    }
    // What comes out of one message goes into the change of another.
    let (first, body) = uploaded(&server, &mut ann, "b.txt").await;
    let message =
        json!({ "Command": "sendmsg", "To_Account": "bob", "MsgRandom": 9, "MsgSeq": 9, "MsgBody": body });
    let key = ann.request(message).await["MsgKey"].clone();
    let (second, body) = uploaded(&server, &mut ann, "c.txt").await;
    let change = json!({ "From_Account": "ann", "To_Account": "bob", "MsgKey": key, "MsgBody": body });
    done(&mut admin, "openim/modify_c2c_msg", change).await;
    sent.extend([(first, "sendmsg of a client"), (second, "openim/modify_c2c_msg")]);
    let (unsent, _) = uploaded(&server, &mut ann, "d.txt").await;
    drop((ann, admin));

    let location = server.begin_stop().await;
    let store = Embedded::open(location.directory().unwrap(), StoreMetrics::default()).unwrap();
    let needs = PeopleNeeds {
        ranges: vec![FactRange::all(Subject::App, FactFamily::Uploads)],
        ..PeopleNeeds::default()
    };
    let found = store.people(AppId(APP), needs).await.unwrap().facts;
    let is_used = |id: &UploadId| {
        let fact = &found[&(Subject::App, FactKey::Upload(id.clone()))];
        matches!(fact, Fact::Upload(upload) if upload.used)
    };
    let forgotten: Vec<_> = sent.iter().filter(|(id, _)| !is_used(id)).map(|(_, path)| path).collect();
    assert_eq!((forgotten, is_used(&unsent)), (Vec::new(), false));
    drop(store);
    location.close();
}
