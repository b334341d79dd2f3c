//! What clients hear of friends, blocklists and followers.

use super::accounts;
use crate::harness::{Server, done};
use crate::test_client::TestClient;
use serde_json::json;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_account_is_told_of_its_own_friends_and_of_no_blocklist_of_others() {
    let server = Server::start().await;
    let client = &mut server.client().await;
    accounts(client, &["ann", "bob"]).await;
    let mut ann = TestClient::connect(&server, "ann").await;
    let mut bob = TestClient::connect(&server, "bob").await;
    let friend = json!({ "To_Account": "bob", "AddSource": "AddSource_Type_Web" });
    let friend = json!({ "From_Account": "ann", "AddFriendItem": [friend] });
    let others = json!({ "From_Account": "ann", "To_Account": ["bob"] });
    let frame = |event, from, to| {
        let pairs = json!([{ "From_Account": from, "To_Account": to }]);
        json!({ "Event": event, "Operator_Account": "administrator", "PairList": pairs })
    };
    // An import is silent: the next frames are of what follows.
    done(client, "sns/friend_import", friend.clone()).await;
    done(client, "sns/friend_delete", others.clone()).await;
    assert_eq!(ann.next().await, frame("friend_delete", "ann", "bob"));
    done(client, "sns/friend_add", friend).await;
    assert_eq!(ann.next().await, frame("friend_add", "ann", "bob"));
    assert_eq!(bob.next().await, frame("friend_add", "bob", "ann"));
    done(client, "sns/black_list_add", others.clone()).await;
    assert_eq!(ann.next().await, frame("friend_delete", "ann", "bob"));
    assert_eq!(bob.next().await, frame("friend_delete", "bob", "ann"));
    assert_eq!(ann.next().await, frame("black_list_add", "ann", "bob"));
    done(client, "sns/black_list_delete", others).await;
    assert_eq!(ann.next().await, frame("black_list_delete", "ann", "bob"));
    // Nothing of the blocklist has reached the other: the next answer is the next frame.
    bob.send(json!({ "Command": "ping" })).await;
    assert_eq!(bob.next().await["Event"], "answer");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_accounts_are_told_who_follows_whom() {
    let server = Server::start().await;
    let client = &mut server.client().await;
    accounts(client, &["ann", "bob", "cy"]).await;
    let mut ann = TestClient::connect(&server, "ann").await;
    let mut bob = TestClient::connect(&server, "bob").await;
    let frame = |event, others: &[&str]| {
        let pairs: Vec<_> =
            others.iter().map(|other| json!({ "From_Account": "ann", "To_Account": other })).collect();
        json!({ "Event": event, "Operator_Account": "administrator", "PairList": pairs })
    };
    let items = json!([{ "To_Account": "cy" }, { "To_Account": "bob" }]);
    done(client, "follow/follow_add", json!({ "From_Account": "ann", "FollowItem": items })).await;
    assert_eq!(ann.next().await, frame("follow_add", &["cy", "bob"]));
    assert_eq!(bob.next().await, frame("follow_add", &["bob"]));
    let bob_only = json!({ "From_Account": "ann", "To_Account": ["bob"] });
    done(client, "follow/follow_delete", bob_only).await;
    assert_eq!(ann.next().await, frame("follow_delete", &["bob"]));
    assert_eq!(bob.next().await, frame("follow_delete", &["bob"]));
    server.stop().await;
}
