//! Imports while members act for themselves: no frame and no webhook says that something was brought in.

use super::{accounts, start_reporting};
use crate::harness::{Client, Store, done, on_both_stores, text};
use crate::jobs;
use crate::receiver::Receiver;
use crate::test_client::TestClient;
use serde_json::{Value, json};
use tokio::net::TcpStream;

/// The past, from which imports come.
const CREATED: u64 = 1_500_000_000;

fn message(group: &str, random: u64) -> Value {
    json!({ "Command": "send_group_msg", "GroupId": group, "Random": random, "MsgBody": text("said") })
}

fn old(from: &str, random: u64) -> Value {
    json!({ "From_Account": from, "SendTime": CREATED + 60, "Random": random, "MsgBody": text("old") })
}

/// Groups of ann and bob, which somebody may join, or apply to.
async fn groups(client: &mut Client<TcpStream>) {
    for (id, option) in [("open", "FreeAccess"), ("asks", "NeedPermission")] {
        let members = json!([{ "Member_Account": "bob" }]);
        let group = json!({ "Type": "Public", "GroupId": id, "Name": "n", "Owner_Account": "ann",
            "ApplyJoinOption": option, "CreateTime": CREATED, "MemberList": members });
        done(client, "import_group", group).await;
    }
}

/// Joins and applies, and says something; takes the frames that come of it.
async fn act([ann, bob, eve]: &mut [TestClient; 3]) {
    let join = |id: &str| json!({ "Command": "join_group", "GroupId": id, "ApplyMessage": "me" });
    assert_eq!(eve.request(join("open")).await["Status"], "JoinedSuccess");
    for member in [&mut *ann, &mut *bob, &mut *eve] {
        assert_eq!(member.next_is("tip").await["OpName"], "Join");
    }
    assert_eq!(eve.request(join("asks")).await["Status"], "WaitAdminApproval");
    assert_eq!(ann.next_is("notice").await["NoticeName"], "ApplicationWaits");
    assert_eq!(bob.request(message("open", 1)).await["MsgSeq"], 2);
    for member in [ann, eve] {
        assert_eq!(member.next_is("message").await["Random"], 1);
    }
}

/// Brings in all that can be brought in, about those who are connected: also where one waits to be let in, and where it has
/// joined by itself.
async fn import(client: &mut Client<TcpStream>) {
    let named = |names: &[&str]| -> Vec<Value> {
        names.iter().map(|name| json!({ "Member_Account": name })).collect()
    };
    for (kind, id) in [("Public", "new"), ("Community", "@TGS#_new")] {
        let group = json!({ "Type": kind, "GroupId": id, "Name": "n", "Owner_Account": "ann",
            "SupportTopic": u8::from(kind == "Community"), "CreateTime": CREATED });
        done(client, "import_group", group).await;
        let messages = json!({ "GroupId": id, "MsgList": [old("ann", 1), old("bob", 2)] });
        done(client, "import_group_msg", messages).await;
        let members = json!({ "GroupId": id, "MemberList": named(&["bob", "eve"]) });
        done(client, "import_group_member", members).await;
    }
    for (id, names) in [("asks", ["eve", "dan"]), ("open", ["dan", "fay"])] {
        let members = json!({ "GroupId": id, "MemberList": named(&names) });
        done(client, "import_group_member", members).await;
    }
    let topic = "@TGS#_new@TOPIC#_t";
    done(client, "import_topic", json!({ "GroupId": "@TGS#_new", "TopicId": topic, "TopicName": "t" })).await;
    let in_topic = json!({ "GroupId": "@TGS#_new", "TopicId": topic, "MsgList": [old("ann", 3)] });
    done(client, "import_group_msg", in_topic).await;
    let unread = json!({ "GroupId": "new", "Member_Account": "bob", "UnreadMsgNum": 1 });
    done(client, "set_unread_msg_num", unread).await;
    let direct = json!({ "SyncFromOldSystem": 2, "From_Account": "bob", "To_Account": "ann", "MsgSeq": 1,
        "MsgRandom": 1, "MsgTimeStamp": CREATED, "MsgBody": text("old") });
    done(client, "openim/importmsg", direct).await;
    let friend = json!([{ "To_Account": "bob", "AddSource": "AddSource_Type_Web" }]);
    done(client, "sns/friend_import", json!({ "From_Account": "ann", "AddFriendItem": friend })).await;
    done(client, "im_open_login_svc/account_import", json!({ "UserID": "ann", "Nick": "Ann" })).await;
    accounts(client, &["ann", "bob", "eve", "gus"]).await;
    jobs::run(client, &file()).await;
}

/// What a job brings in: people, a group that is there, and one that is not.
fn file() -> String {
    let body = text("old");
    let rows = [
        json!({ "t": "account", "src": "s", "key": "u", "UserID": "eve", "Nick": "Eve" }),
        json!({ "t": "friend", "From_Account": "bob", "To_Account": "eve", "AddTime": CREATED }),
        json!({ "t": "message", "src": "s", "key": "d", "From_Account": "eve", "To_Account": "bob",
            "ts_ms": CREATED * 1000, "MsgBody": body }),
        json!({ "t": "group", "src": "s", "key": "c", "GroupId": "job", "Type": "Public", "Name": "n",
            "Owner_Account": "ann", "CreateTime": CREATED }),
        json!({ "t": "member", "GroupId": "job", "Member_Account": "bob" }),
        json!({ "t": "member", "GroupId": "job", "Member_Account": "eve" }),
        json!({ "t": "message", "src": "s", "key": "m", "GroupId": "job", "From_Account": "ann",
            "SendTime": CREATED + 60, "MsgBody": body }),
        json!({ "t": "read", "src": "s", "GroupId": "job", "Member_Account": "bob", "read_key": "m" }),
    ];
    rows.map(|row| format!("{row}\n")).concat()
}

async fn imports_are_silent_while_members_act(store: Store) {
    let receiver = Receiver::start().await;
    let server = start_reporting(store, &receiver).await;
    let client = &mut server.client().await;
    accounts(client, &["ann", "bob", "eve", "dan", "fay"]).await;
    groups(client).await;
    let mut connected = [
        TestClient::connect(&server, "ann").await,
        TestClient::connect(&server, "bob").await,
        TestClient::connect(&server, "eve").await,
    ];
    act(&mut connected).await;
    import(client).await;

    // What each hears next is said by a member: in groups that are new to it, and in which it was brought.
    let [ann, bob, eve] = &mut connected;
    for (number, group) in (10..).zip(["open", "asks", "new", "@TGS#_new", "job"]) {
        assert_eq!(ann.request(message(group, number)).await["ErrorCode"], 0, "{group}");
        for member in [&mut *bob, &mut *eve] {
            let frame = member.next().await;
            let said = [&frame["Event"], &frame["GroupId"], &frame["Random"]];
            assert_eq!(said, [&json!("message"), &json!(group), &json!(number)], "{frame}");
        }
    }
    assert_eq!(bob.request(message("open", 20)).await["ErrorCode"], 0);
    let frame = ann.next().await;
    assert_eq!([&frame["Event"], &frame["Random"]], [&json!("message"), &json!(20)], "{frame}");

    // Their own doings are reported, and nothing else is.
    let reported =
        |name: &str| receiver.all().iter().filter(|request| request.command().ends_with(name)).count();
    receiver.until(|| reported("AfterSendMsg") == 7).await;
    server.stop().await;
    let expected = [
        ("Group.CallbackBeforeApplyJoinGroup", 2),
        ("Group.CallbackAfterNewMemberJoin", 1),
        ("Group.CallbackBeforeSendMsg", 7),
        ("Group.CallbackAfterSendMsg", 7),
    ];
    let all = expected.map(|(name, _)| (name, reported(name)));
    assert_eq!(all, expected);
    let sum = expected.iter().map(|(_, count)| count).sum::<usize>();
    assert_eq!(
        receiver.all().len(),
        sum + reported("State.StateChange"),
        "what connects and goes is reported, too"
    );
}

on_both_stores! {
    imports_are_silent_while_members_act
}
