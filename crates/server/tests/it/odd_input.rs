//! For any input the answer is HTTP 200 with an envelope, the connection stays open, and no group is imported in part.
//!
//! For a long search: `PROPTEST_CASES=100000 cargo test -p landfall --test it odd_input`. A failing value
//! is made as small as possible and printed.

use crate::harness::{Client, code, property};
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use tokio::net::TcpStream;

const IMPORT: &str = "group_open_http_svc/import_group";
const LIST: &str = "group_open_http_svc/get_appid_group_list";

/// The commands that get odd bodies.
const COMMANDS: [&str; 32] = [
    IMPORT,
    LIST,
    "group_open_http_svc/import_group_member",
    "group_open_http_svc/get_group_info",
    "group_open_http_svc/get_group_member_info",
    "group_open_http_svc/destroy_group",
    "im_open_login_svc/account_import",
    "im_open_login_svc/multiaccount_import",
    "im_open_login_svc/account_check",
    "im_open_login_svc/account_delete",
    "im_open_login_svc/kick",
    "group_open_http_svc/import_group_msg",
    "group_open_http_svc/add_group_member",
    "group_open_http_svc/send_group_msg",
    "group_open_http_svc/group_msg_recall",
    "group_open_http_svc/get_group_msg_receipt",
    "group_open_http_svc/get_role_in_group",
    "group_open_http_svc/set_group_attr",
    "group_open_http_svc/add_topic_permission_group",
    "group_open_avchatroom_http_svc/modify_user_info",
    "openim/query_online_status",
    "openim_msg_ext_http_svc/group_set_key_values",
    "sns/friend_add",
    "sns/friend_import",
    "sns/friend_update",
    "sns/black_list_get",
    "sns/group_add",
    "follow/follow_add",
    "all_member_push/im_push",
    "all_member_push/im_set_attr_name",
    "all_member_push/im_set_attr",
    "all_member_push/im_add_tag",
];

/// Words that bring odd JSON closer to what commands read.
const WORDS: [&str; 32] = [
    "",
    "0",
    "g1",
    "hana",
    "Public",
    "Community",
    "AVChatRoom",
    "@TGS#_c",
    "Owner",
    "Admin",
    "FreeAccess",
    "OldRoomNo",
    " OldRoomNo",
    "GroupId",
    "Type",
    "Name",
    "Key",
    "Value",
    "Member_Account",
    "UserID",
    "MemberList",
    "MsgList",
    "MsgBody",
    "MsgType",
    "TIMTextElem",
    "MsgContent",
    "MsgSeqList",
    "MsgSeq",
    "SendTime",
    "Random",
    "To_Account",
    "GroupAttr",
];

fn word() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => prop::sample::select(&WORDS[..]).prop_map(str::to_owned),
        1 => any::<String>(),
    ]
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (-3..7_000_i64).prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        word().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(word(), inner, 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

/// An import with every member that a group can have.
fn full_import() -> Value {
    json!({
        "Owner_Account": "hana", "Type": "Public", "GroupId": "g1", "Name": "Reading circle",
        "Introduction": "Moved", "Notification": "Friday", "FaceUrl": "https://img.example.org/b7.png",
        "MaxMemberNum": 300, "MaxMemberCount": 300, "ApplyJoinOption": "FreeAccess", "CreateTime": 1_514_764_800,
        "SupportTopic": 1,
        "AppDefinedData": [{ "Key": "OldRoomNo", "Value": "4711" }, { "Key": "GroupTestData1", "Value": 5 }],
        "MemberList": [
            { "Member_Account": "ivo", "Role": "Admin", "JoinTime": 1_514_764_900, "UnreadMsgNum": 3 },
            { "Member_Account": "mei", "MuteUntil": 5, "ShutUpUntil": 6 },
        ],
    })
}

/// Puts `value` in place of the `index`-th of all values within `json`, counted in reading order.
fn replace(json: &mut Value, index: &mut usize, value: &Value) {
    let inner: Vec<&mut Value> = match json {
        Value::Array(elements) => elements.iter_mut().collect(),
        Value::Object(members) => members.values_mut().collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => return,
    };
    for place in inner {
        if *index == 0 {
            *place = value.clone();
        }
        *index = index.wrapping_sub(1);
        replace(place, index, value);
    }
}

fn mutated_import() -> impl Strategy<Value = Value> {
    const VALUES: usize = 30;
    prop::collection::vec((0..VALUES, any_json()), 1..4).prop_map(|changes| {
        let mut import = full_import();
        for (mut index, value) in changes {
            replace(&mut import, &mut index, &value);
        }
        import
    })
}

/// Odd input is an error of the caller, never of the server.
fn assert_is_no_internal_error(answer: &Value) {
    assert!(![10002, 60008, 70500, 90994].contains(&code(answer)), "{answer}");
}

async fn assert_connection_stays_open(client: &mut Client<TcpStream>) {
    assert_eq!(code(&client.call(LIST, &json!({ "Limit": 1 })).await), 0);
}

#[test]
fn any_target_and_body_get_an_envelope() {
    // All characters that a request line may hold. Others end the connection before there is a request.
    const PATH: &str = r#"[!"$-;=@-_a-z{|}~\u{80}-\u{10ffff}]{0,40}"#;
    let path = prop_oneof![
        PATH.prop_map(|rest| format!("/{rest}")),
        PATH.prop_map(|rest| format!("/v4/{rest}")),
        (prop::sample::select(&COMMANDS[..]), "(%[0-9a-fA-F]{2}|/| ?){0,3}")
            .prop_map(|(path, end)| format!("/v4/{path}{}", end.replace(' ', "%20"))),
    ];
    let query = prop_oneof![
        Just(None),
        "([!$-;=?-~\\u{80}-\\u{10ffff}]|%[0-9a-f]{2}){0,80}".prop_map(Some),
        "(sdkappid|identifier|usersig)=[!$-;=?-~]{0,20}&".prop_map(Some),
    ];
    let body = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..200),
        any::<String>().prop_map(String::into_bytes),
        any_json().prop_map(|json| json.to_string().into_bytes()),
    ];
    property((path, query, any::<bool>(), body), async |mut client, (path, query, signed, body)| {
        let mut target = path;
        if signed || query.is_some() {
            target.push('?');
        }
        target.push_str(&query.unwrap_or_default());
        if signed {
            target.push('&');
            target.push_str(&client.query.clone());
        }
        let answer = client.post(&target, &body).await.envelope();
        assert_is_no_internal_error_unless_misplaced(&answer);
        assert_connection_stays_open(&mut client).await;
    });
}

/// 60008 is also the answer to a command of another service.
fn assert_is_no_internal_error_unless_misplaced(answer: &Value) {
    if answer["ErrorInfo"] != "service timeout or request format error,please check and try again" {
        assert_is_no_internal_error(answer);
    }
}

#[test]
fn any_json_gets_an_envelope_from_every_command() {
    property((prop::sample::select(&COMMANDS[..]), any_json()), async |mut client, (path, body)| {
        let answer = client.call(path, &body).await;
        assert_is_no_internal_error(&answer);
        assert_connection_stays_open(&mut client).await;
    });
}

#[test]
fn a_damaged_import_makes_a_whole_group_or_none() {
    property(mutated_import(), async |mut client, import| {
        let answer = client.call(IMPORT, &import).await;
        assert_is_no_internal_error(&answer);
        let id = if code(&answer) == 0 { &answer["GroupId"] } else { &json!("g1") };
        let info = client.call("group_open_http_svc/get_group_info", &json!({ "GroupIdList": [id] })).await;
        let row = &info["GroupInfo"][0];
        if code(&answer) != 0 {
            assert_eq!(row["ErrorCode"], 10010, "{answer} left {row}");
            return;
        }
        assert_eq!(row["ErrorCode"], 0);
        assert_eq!(row["MemberNum"], row["MemberList"].as_array().unwrap().len());
        // Half of the groups stay, so that all of them can be read afterwards.
        if id == "g1" {
            let destroyed = client.call("group_open_http_svc/destroy_group", &json!({ "GroupId": id })).await;
            assert_eq!(code(&destroyed), 0);
        }
    });
}

#[test]
fn bytes_that_are_no_request_affect_no_other_connection() {
    let bytes = prop::collection::vec(any::<u8>(), 1..300);
    property((bytes.clone(), bytes), async |mut client, (bytes, more)| {
        // The first half may have been refused before the second is sent; that is no failure.
        client.send(&bytes).await;
        client.send_if_open(&more).await;
    });
}
