//! Pages of histories, as members ask for them.

use super::{accounts, group, send, start_relaxed};
use crate::harness::{Client, Store, done, on_both_stores, text};
use crate::test_client::TestClient;
use serde_json::{Value, json};
use tokio::net::TcpStream;

fn page(group: &str, from: u64, number: u64, forward: u8) -> Value {
    json!({ "Command": "group_msg_get_simple", "GroupId": group, "ReqMsgSeq": from, "ReqMsgNumber": number,
        "Forward": forward })
}

/// All rows of a history, page by page; before each page but the first, somebody sends a message until there are `sends`.
async fn paged(
    reader: &mut TestClient,
    rest: &mut Client<TcpStream>,
    (group, number, forward): (&str, u64, u8),
    sends: u64,
) -> Vec<Value> {
    let (mut rows, mut from, mut sent) = (Vec::new(), 0, 0);
    loop {
        let answer = reader.request(page(group, from, number, forward)).await;
        assert_eq!(answer["ErrorCode"], 0, "{answer}");
        let some = answer["RspMsgList"].as_array().unwrap();
        assert!(some.len() as u64 <= number, "{answer}");
        rows.extend(some.iter().cloned());
        if answer["IsFinished"] == 1 && (forward == 0 || sent == sends) {
            return rows;
        }
        from = answer["NextMsgSeq"].as_u64().unwrap();
        if sent < sends {
            sent += 1;
            send(rest, group, 900_000 + 1_000 * number + 100 * u64::from(forward) + sent).await;
        }
    }
}

/// What `catch_up` sends of a history.
async fn caught_up(reader: &mut TestClient, group: &str) -> Vec<Value> {
    reader.send(json!({ "Command": "catch_up", "GroupId": group, "MsgSeq": 0 })).await;
    let frames = reader.until("caught_up").await.into_iter();
    frames.filter(|frame| frame["Event"] != "answer" && frame["Event"] != "caught_up").collect()
}

async fn pages_have_what_catching_up_has(store: Store) {
    let server = start_relaxed(store).await;
    let rest = &mut server.client().await;
    accounts(rest, &["ann", "bob", "dan", "eve"]).await;
    group(rest, "Public", "g").await;
    for random in 1..=70 {
        let mut message =
            json!({ "GroupId": "g", "Random": random, "From_Account": "ann", "MsgBody": text("m") });
        if random % 3 == 0 || (20..45).contains(&random) {
            message["To_Account"] = json!(["ann"]);
        } else if random % 7 == 0 {
            message["From_Account"] = json!("bob");
        }
        done(rest, "send_group_msg", message).await;
    }
    let recalled: Vec<_> = [2, 50, 68].iter().map(|seq| json!({ "MsgSeq": seq })).collect();
    done(rest, "group_msg_recall", json!({ "GroupId": "g", "MsgSeqList": recalled })).await;
    done(rest, "delete_group_msg_by_sender", json!({ "GroupId": "g", "Sender_Account": "bob" })).await;
    done(rest, "add_group_member", json!({ "GroupId": "g", "MemberList": [{ "Member_Account": "dan" }] }))
        .await;

    let mut bob = TestClient::connect(&server, "bob").await;
    let seen = caught_up(&mut bob, "g").await;
    let events = |event: &str| seen.iter().filter(|frame| frame["Event"] == event).count();
    assert_eq!((events("recalled"), events("tip"), events("message")), (8, 1, 22), "{seen:?}");
    for number in [1, 7, 20, 99] {
        let mut rows = paged(&mut bob, rest, ("g", number, 0), 0).await;
        rows.reverse();
        assert_eq!(rows, seen, "pages of {number}, backward");
        assert_eq!(paged(&mut bob, rest, ("g", number, 1), 0).await, seen, "pages of {number}, forward");
    }

    // While others send.
    let mut rows = paged(&mut bob, rest, ("g", 6, 0), 5).await;
    rows.reverse();
    assert_eq!(rows, seen);
    let rows = paged(&mut bob, rest, ("g", 6, 1), 5).await;
    assert_eq!(rows, caught_up(&mut TestClient::connect(&server, "bob").await, "g").await);
    server.stop().await;
}

async fn only_members_read_a_history_and_what_they_may(store: Store) {
    let server = start_relaxed(store).await;
    let rest = &mut server.client().await;
    accounts(rest, &["ann", "bob", "dan", "eve"]).await;
    for (kind, id) in [("Public", "g"), ("Private", "p"), ("ChatRoom", "r"), ("Community", "@TGS#_c")] {
        group(rest, kind, id).await;
    }
    let live = json!({ "Type": "AVChatRoom", "GroupId": "live", "Name": "n", "Owner_Account": "ann" });
    done(rest, "create_group", live).await;
    let topic = json!({ "GroupId": "@TGS#_c", "TopicId": "@TGS#_c@TOPIC#_t", "TopicName": "t" });
    done(rest, "million_group_open_http_svc/create_topic", topic).await;
    let said = json!({ "GroupId": "@TGS#_c", "TopicId": "@TGS#_c@TOPIC#_t", "Random": 1, "From_Account": "ann",
        "MsgBody": text("m") });
    done(rest, "send_group_msg", said).await;

    let mut eve = TestClient::connect(&server, "eve").await;
    let mut bob = TestClient::connect(&server, "bob").await;
    assert_eq!(eve.request(json!({ "Command": "enter", "GroupId": "live" })).await["ErrorCode"], 0);
    for (id, code) in
        [("g", 10_007), ("p", 10_010), ("none", 10_010), ("r", 10_007), ("live", 10_007), ("", 10_015)]
    {
        let mut answer = eve.request(page(id, 0, 5, 0)).await;
        assert_eq!(answer["ErrorCode"], code, "{id}: {answer}");
        assert_eq!(answer.get("RspMsgList"), None);
        // As catching up is refused, where the group must not be found.
        if code == 10_010 {
            answer["GroupId"] = json!(null);
            assert_eq!(answer["ErrorInfo"], eve.request(page("none", 0, 5, 0)).await["ErrorInfo"]);
        }
    }
    for (change, code) in [
        (json!({ "ReqMsgNumber": 0 }), 10_004),
        (json!({ "Forward": 2 }), 10_004),
        (json!({ "ReqMsgSeq": -1 }), 10_004),
        (json!({ "TopicId": "g" }), 10_004),
        (json!({ "GroupId": "@TGS#_c", "TopicId": "@TGS#_c@TOPIC#_none" }), 10_004),
    ] {
        let mut request = page("g", 0, 5, 0);
        let fields = request.as_object_mut().unwrap();
        fields.extend(change.as_object().unwrap().clone());
        let answer = bob.request(request).await;
        if change["TopicId"].as_str().is_some_and(|id| id.ends_with("none")) {
            assert_ne!(answer["ErrorCode"], 0, "{answer}");
        } else {
            assert_eq!(answer["ErrorCode"], code, "{change}: {answer}");
        }
    }
    let mut request = page("@TGS#_c", 0, 5, 0);
    request["TopicId"] = json!("@TGS#_c@TOPIC#_t");
    let answer = bob.request(request).await;
    assert_eq!((&answer["TopicId"], &answer["IsFinished"]), (&json!("@TGS#_c@TOPIC#_t"), &json!(1)));
    assert_eq!(answer["RspMsgList"][0]["From_Account"], "ann");

    // Who joins later sees what was said before only where the group shows it; what is cleared nobody sees.
    for id in ["g", "r"] {
        let old =
            json!({ "From_Account": "ann", "SendTime": 1_500_000_001, "Random": 1, "MsgBody": text("m") });
        done(rest, "import_group_msg", json!({ "GroupId": id, "MsgList": [old] })).await;
        let add = json!({ "GroupId": id, "MemberList": [{ "Member_Account": "eve" }] });
        done(rest, "add_group_member", add).await;
    }
    let seqs = |answer: Value| -> Vec<u64> {
        answer["RspMsgList"].as_array().unwrap().iter().map(|row| row["MsgSeq"].as_u64().unwrap()).collect()
    };
    assert_eq!(seqs(bob.request(page("g", 0, 5, 0)).await), [2, 1]);
    assert_eq!(seqs(eve.request(page("g", 0, 5, 0)).await), [2]);
    assert_eq!(seqs(eve.request(page("g", 1, 5, 0)).await), [] as [u64; 0]);
    assert_eq!(seqs(eve.request(page("r", 0, 5, 0)).await), [1]);
    done(rest, "clear_group_msg", json!({ "GroupId": "g", "MsgSeq": 1 })).await;
    let answer = bob.request(page("g", 0, 5, 1)).await;
    assert_eq!((&answer["IsFinished"], &answer["NextMsgSeq"]), (&json!(1), &json!(3)));
    assert_eq!(seqs(answer), [2]);
    server.stop().await;
}

async fn conversations_of_two_are_paged_by_those_two_only(store: Store) {
    let server = start_relaxed(store).await;
    let rest = &mut server.client().await;
    accounts(rest, &["ann", "bob", "eve"]).await;
    for number in 1..=30 {
        let (from, to) = if number % 2 == 0 { ("ann", "bob") } else { ("bob", "ann") };
        let message = json!({ "From_Account": from, "To_Account": to, "MsgSeq": number, "MsgRandom": number,
            "MsgBody": text("m") });
        done(rest, "openim/sendmsg", message).await;
    }
    let mut ann = TestClient::connect(&server, "ann").await;
    let mut eve = TestClient::connect(&server, "eve").await;
    let mut request = json!({ "Command": "admin_getroammsg", "Peer_Account": "bob", "MaxCnt": 7, "MinTime": 0,
        "MaxTime": 4_000_000_000_u32 });
    let mut seqs = Vec::new();
    loop {
        let answer = ann.request(request.clone()).await;
        assert_eq!(answer["ErrorCode"], 0, "{answer}");
        let rows = answer["MsgList"].as_array().unwrap();
        seqs.extend(rows.iter().rev().map(|row| row["MsgSeq"].as_u64().unwrap()));
        if answer["Complete"] == 1 {
            break;
        }
        (request["MaxTime"], request["LastMsgKey"]) =
            (answer["LastMsgTime"].clone(), answer["LastMsgKey"].clone());
    }
    assert_eq!(seqs, (1..=30).rev().collect::<Vec<u64>>());
    // Nobody else reads them, under whatever name the account of the call is given.
    for name in ["Operator_Account", "From_Account"] {
        let mut forged = json!({ "Command": "admin_getroammsg", "MaxCnt": 7, "MinTime": 0,
            "MaxTime": 4_000_000_000_u32, "Peer_Account": "bob" });
        forged[name] = json!("ann");
        let answer = eve.request(forged).await;
        let rows = answer["MsgList"].as_array().map_or(0, Vec::len);
        assert!(answer["ErrorCode"] == 10_007 || rows == 0, "{answer}");
    }
    server.stop().await;
}

on_both_stores! {
    pages_have_what_catching_up_has
    only_members_read_a_history_and_what_they_may
    conversations_of_two_are_paged_by_those_two_only
}
