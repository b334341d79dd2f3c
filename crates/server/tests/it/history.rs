//! The files of `get_history`, and the numbers of `getappinfo`.

use crate::harness::{APP, Client, Server, Setup, Store, done, now, on_both_stores, text};
use crate::test_client::TestClient;
use flate2::read::GzDecoder;
use landfall_domain::people::archive::Hour;
use landfall_domain::time::Timestamp;
use md5::{Digest as _, Md5};
use serde_json::{Value, json};
use std::io::Read as _;
use std::time::{Duration, Instant};
use tokio::net::TcpStream;

/// Far above what making a file, or adding counts, takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// More than are read at once.
const MESSAGES: u64 = 450;

async fn accounts(client: &mut Client<TcpStream>) {
    done(client, "im_open_login_svc/multiaccount_import", json!({ "Accounts": ["ann", "bob", "eve"] })).await;
}

/// Calls until the answer is a success.
async fn in_time(
    client: &mut Client<TcpStream>,
    command: &str,
    body: &Value,
    good: impl Fn(&Value) -> bool,
) -> Value {
    let begun = Instant::now();
    loop {
        let answer = client.call(command, body).await;
        if good(&answer) {
            return answer;
        }
        assert!(begun.elapsed() < PATIENCE, "{command} goes on answering {answer}");
    }
}

fn hexadecimal(content: &[u8]) -> String {
    Md5::digest(content).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The one file of an hour: its content, after its sums are checked.
async fn file(client: &mut Client<TcpStream>, kind: &str, hour: Hour) -> String {
    let asked = json!({ "ChatType": kind, "MsgTime": hour.to_string() });
    let answer = in_time(client, "open_msg_svc/get_history", &asked, |answer| answer["ErrorCode"] == 0).await;
    let [file] = &answer["File"].as_array().unwrap()[..] else { panic!("{answer}") };
    let url = file["URL"].as_str().unwrap();
    assert!(url.contains(&format!("/{APP}_{kind}_{hour}.gz?expires=")), "{url}");
    client.send(format!("GET {url} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes()).await;
    let got = client.answer().await;
    assert_eq!(got.status, 200, "{url}");
    assert_eq!(file["GzipSize"].as_u64(), u64::try_from(got.body.len()).ok());
    assert_eq!(file["GzipMD5"], hexadecimal(&got.body));
    let mut content = String::new();
    GzDecoder::new(&*got.body).read_to_string(&mut content).unwrap();
    assert_eq!(file["FileSize"].as_u64(), u64::try_from(content.len()).ok());
    assert_eq!(file["FileMD5"], hexadecimal(content.as_bytes()));
    content
}

/// The messages of a file, whose lines are checked.
fn messages(content: &str, kind: &str, hour: Hour) -> Vec<Value> {
    let lines: Vec<&str> = content.split('\n').collect();
    let head = format!(r#"{{"SdkAppId":{APP},"ChatType":"{kind}","MsgTime":"{hour}","MsgList":["#);
    assert_eq!((lines[0], *lines.last().unwrap()), (&*head, "]}"));
    let whole: Value = serde_json::from_str(content).unwrap();
    let listed = whole["MsgList"].as_array().unwrap().clone();
    assert_eq!(lines.len(), listed.len() + 2, "each message has a line of its own");
    listed
}

async fn the_messages_of_an_hour_are_in_its_file(store: Store) {
    let server = Server::start_with(Setup { store, mode: "relaxed", ..Setup::default() }).await;
    let client = &mut server.client().await;
    accounts(client).await;
    let hour = Hour(Hour::of(Timestamp(now())).0 - 30);
    let (begin, end) = (hour.begin().0, hour.end().0);
    // The first and the last second of the hour belong to it, and nothing before or after.
    for (random, time) in [(1, begin - 1), (2, end)] {
        import(client, ("ann", "eve"), random, time).await;
    }
    import(client, ("eve", "ann"), 3, end - 1).await;
    for random in 0..MESSAGES {
        import(client, ("ann", "bob"), 10 + random, begin + random).await;
    }
    let direct = messages(&file(client, "C2C", hour).await, "C2C", hour);
    assert_eq!(direct.len() as u64, MESSAGES + 1);
    let of_pair: Vec<_> = direct.iter().filter(|message| message["To_Account"] == "bob").collect();
    let times = of_pair.iter().map(|message| message["MsgTimestamp"].as_u64().unwrap());
    assert!(times.eq(begin..begin + MESSAGES), "in their order");
    let expected = json!({ "From_Account": "ann", "To_Account": "bob", "MsgTimestamp": begin, "MsgSeq": 10,
        "MsgRandom": 10, "MsgBody": text("old") });
    assert_eq!(*of_pair[0], expected);

    let group = json!({ "Type": "Public", "Name": "n", "GroupId": "g", "CreateTime": begin - 100 });
    done(client, "group_open_http_svc/import_group", group).await;
    for first in (0..MESSAGES).step_by(10) {
        let list: Vec<_> = (first..first + 10)
            .map(|random| {
                json!({ "From_Account": "bob", "SendTime": begin + random, "Random": random, "MsgBody": text("m") })
            })
            .collect();
        done(client, "group_open_http_svc/import_group_msg", json!({ "GroupId": "g", "MsgList": list }))
            .await;
    }
    done(
        client,
        "group_open_http_svc/group_msg_recall",
        json!({ "GroupId": "g", "MsgSeqList": [{ "MsgSeq": 7 }] }),
    )
    .await;
    let of_group = messages(&file(client, "Group", hour).await, "Group", hour);
    let numbers = of_group.iter().map(|message| message["MsgSeq"].as_u64().unwrap());
    assert!(numbers.eq((1..=MESSAGES).filter(|number| *number != 7)), "without the one that was recalled");
    let expected = json!({ "From_Account": "bob", "GroupId": "g", "MsgTimestamp": begin, "MsgSeq": 1,
        "MsgBody": text("m") });
    assert_eq!(of_group[0], expected);
    server.stop().await;
}

async fn import(client: &mut Client<TcpStream>, (from, to): (&str, &str), random: u64, time: u64) {
    let message = json!({ "SyncFromOldSystem": 2, "From_Account": from, "To_Account": to, "MsgSeq": random,
        "MsgRandom": random, "MsgTimeStamp": time, "MsgBody": text("old") });
    done(client, "openim/importmsg", message).await;
}

/// What happens in the calls below, each once unless a number says more.
const COUNTED: [(&str, u64); 21] = [
    ("ActiveUserNum", 2),
    ("C2CDownMsgNum", 4),
    ("C2CSendMsgUserNum", 1),
    ("C2CUpMsgNum", 3),
    ("ChainDecrease", 1),
    ("ChainIncrease", 2),
    ("DownMsgNum", 6),
    ("GroupAllGroupNum", 0),
    ("GroupDestroyGroupNum", 1),
    ("GroupDownMsgNum", 2),
    ("GroupJoinGroupTimes", 1),
    ("GroupNewGroupNum", 1),
    ("GroupQuitGroupTimes", 1),
    ("GroupSendMsgGroupNum", 1),
    ("GroupSendMsgUserNum", 1),
    ("GroupUpMsgNum", 1),
    ("LoginTimes", 2),
    ("LoginUserNum", 1),
    ("MaxOnlineNum", 1),
    // Both administrators of the app are accounts.
    ("RegistUserNumTotal", 4),
    ("UpMsgNum", 4),
];

async fn what_happens_is_counted(store: Store) {
    let server = Server::start_with(Setup { store, ..Setup::default() }).await;
    let client = &mut server.client().await;
    accounts(client).await;
    let _devices = (TestClient::connect(&server, "bob").await, TestClient::connect(&server, "bob").await);
    let message = json!({ "From_Account": "ann", "To_Account": "bob", "MsgSeq": 1, "MsgRandom": 1, "MsgBody": text("m") });
    done(client, "openim/sendmsg", message.clone()).await;
    // The same again is the first.
    done(client, "openim/sendmsg", message.clone()).await;
    let mut batch = message;
    (batch["To_Account"], batch["MsgSeq"]) = (json!(["bob", "eve"]), json!(2));
    done(client, "openim/batchsendmsg", batch).await;
    import(client, ("eve", "bob"), 7, 1_500_000_000).await;

    let members = json!([{ "Member_Account": "bob" }]);
    let group = json!({ "Type": "Public", "Name": "n", "GroupId": "g", "Owner_Account": "ann", "MemberList": members });
    done(client, "group_open_http_svc/create_group", group).await;
    let eve = json!({ "GroupId": "g", "MemberList": [{ "Member_Account": "eve" }] });
    done(client, "group_open_http_svc/add_group_member", eve).await;
    let message = json!({ "GroupId": "g", "From_Account": "ann", "Random": 1, "MsgBody": text("m") });
    done(client, "group_open_http_svc/send_group_msg", message).await;
    let eve = json!({ "GroupId": "g", "MemberToDel_Account": ["eve"] });
    done(client, "group_open_http_svc/delete_group_member", eve).await;
    let friend = json!({ "To_Account": "bob", "AddSource": "AddSource_Type_Web" });
    done(client, "sns/friend_add", json!({ "From_Account": "ann", "AddFriendItem": [friend] })).await;
    done(client, "sns/friend_delete", json!({ "From_Account": "ann", "To_Account": ["bob"] })).await;
    done(client, "group_open_http_svc/destroy_group", json!({ "GroupId": "g" })).await;
    let asked = json!({ "RequestField": COUNTED.map(|(name, _)| name) });
    in_time(client, "openconfigsvr/getappinfo", &asked, |answer| {
        // A test that runs over midnight sees two days.
        let days = answer["Result"].as_array().unwrap().iter().take(2);
        let sum = |name: &str| -> u64 {
            days.clone().map(|day| day[name].as_str().unwrap().parse::<u64>().unwrap()).sum()
        };
        COUNTED.iter().all(|(name, expected)| sum(name) == *expected)
    })
    .await;
    server.stop().await;
}

on_both_stores! {
    what_happens_is_counted
    the_messages_of_an_hour_are_in_its_file
}
