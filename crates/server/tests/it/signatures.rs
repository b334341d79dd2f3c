//! Authentication: the codes of every wrong signature, their order, and how a kick invalidates old ones.

use crate::harness::{
    ADMIN, APP, Client, SECOND_APP, Server, Setup, Store, code, now, on_both_stores, query, sign,
    sign_with_key_of,
};
use crate::test_client::TestClient;
use landfall::usersig::{self, SecretKey};
use landfall_domain::ids::AppId;
use landfall_domain::time::Timestamp;
use serde_json::json;
use tokio::net::TcpStream;

const LIST: &str = "/v4/group_open_http_svc/get_appid_group_list";

async fn code_of(client: &mut Client<TcpStream>, query: &str) -> u64 {
    client.post(&format!("{LIST}?{query}"), b"{}").await.code()
}

fn expired() -> String {
    let key = SecretKey::new("another key of an app".to_owned()).unwrap();
    usersig::make(ADMIN, AppId(APP), &key, Timestamp(now() - 1_000), 10)
}

#[tokio::test]
async fn the_first_thing_wrong_in_the_url_is_the_one_reported() {
    let server = Server::start().await;
    let mut client = server.client().await;
    // Each query fixes the mistake of the one before, and leaves all later ones.
    let stranger = sign(APP, "stranger", 0);
    let foreign = sign(SECOND_APP, "stranger", 0);
    let other_user = sign_with_key_of(SECOND_APP, APP, "stranger", 0);
    let wrong_key = sign_with_key_of(SECOND_APP, APP, ADMIN, 0);
    let long = "x".repeat(33);
    let cases = [
        (String::new(), 60012),
        (format!("identifier={long}"), 60012),
        (format!("SdkAppId={APP}"), 60012),
        ("sdkappid=".to_owned(), 60006),
        ("sdkappid=app".to_owned(), 60006),
        ("sdkappid=1400000002".to_owned(), 60006),
        ("sdkappid=-1".to_owned(), 60006),
        ("sdkappid=5694967297".to_owned(), 60006), // The number of the first app, were it cut to 32 bits.
        (format!("sdkappid={APP}"), 60004),
        (format!("sdkappid={APP}&identifier="), 60004),
        (format!("sdkappid={APP}&identifier={long}&usersig="), 60004),
        (format!("sdkappid={APP}&identifier=%C3%A4&usersig="), 60004),
        (format!("sdkappid={APP}&identifier=%ff&usersig="), 60004),
        (format!("sdkappid={APP}&identifier={ADMIN}"), 60005),
        (format!("sdkappid={APP}&identifier={ADMIN}&usersig="), 70002),
        (format!("sdkappid={APP}&identifier={ADMIN}&usersig=xxx"), 70003),
        (format!("sdkappid={APP}&identifier={ADMIN}&usersig={}", &stranger[..stranger.len() / 2]), 70003),
        (format!("sdkappid={APP}&identifier={ADMIN}&usersig={}", "A".repeat(5_000)), 70003),
        (format!("sdkappid={APP}&identifier={ADMIN}&usersig={foreign}"), 70014),
        (format!("sdkappid={APP}&identifier={ADMIN}&usersig={other_user}"), 70013),
        (format!("sdkappid={APP}&identifier=Administrator&usersig={}", sign(APP, ADMIN, 0)), 70013),
        (format!("sdkappid={APP}&identifier={ADMIN}&usersig={}", expired()), 70001),
        (format!("sdkappid={APP}&identifier={ADMIN}&usersig={wrong_key}"), 70009),
        (format!("sdkappid={APP}&identifier=stranger&usersig={stranger}"), 60010),
        (query(APP, ADMIN), 0),
    ];
    for (query, expected) in cases {
        assert_eq!(code_of(&mut client, &query).await, expected, "{query}");
        let wrong_path = client.post(&format!("/v4/group_open_http_svc?{query}"), b"").await;
        assert_eq!(wrong_path.code(), 60002, "the path comes first: {query}");
    }
    drop(client);
    server.stop().await;
}

#[tokio::test]
async fn missing_and_empty_parameters_have_different_codes() {
    let server = Server::start().await;
    let mut client = server.client().await;
    for (query, text) in [
        ("", "sdkappid is missing in the URL"),
        ("sdkappid=", "sdkappid is empty in the URL"),
        ("sdkappid=x", "sdkappid is not an app of this server"),
        (&format!("sdkappid={APP}"), "identifier is missing in the URL"),
        (&format!("sdkappid={APP}&identifier="), "identifier is empty in the URL"),
        (&format!("sdkappid={APP}&identifier=%C3%A4"), "identifier in the URL is not an account name"),
        (&format!("sdkappid={APP}&identifier={ADMIN}"), "usersig is missing in the URL"),
    ] {
        let answer = client.post(&format!("{LIST}?{query}"), b"{}").await.envelope();
        assert_eq!(answer["ErrorInfo"], text, "{query}");
    }
    drop(client);
    server.stop().await;
}

#[tokio::test]
async fn a_caller_is_checked_before_the_command_and_the_body() {
    let server = Server::start().await;
    let mut client = server.client().await;
    for path in ["group_open_http_svc/no_such", "no_such/command", "openim/sendmsg", "openim/no_such"] {
        let answer = client.post(&format!("/v4/{path}?sdkappid={APP}"), b"not JSON").await;
        assert_eq!(answer.code(), 60004, "{path}");
    }
    drop(client);
    server.stop().await;
}

#[tokio::test]
async fn administrators_of_one_app_are_not_those_of_another() {
    let server = Server::start().await;
    let mut client = server.client().await;
    assert_eq!(code_of(&mut client, &query(SECOND_APP, "second%2Badmin")).await, 70013);
    let usersig = sign(SECOND_APP, "second+admin", 0);
    let second = format!("sdkappid={SECOND_APP}&identifier=second%2Badmin&usersig={usersig}");
    assert_eq!(code_of(&mut client, &second).await, 0);
    let usersig = sign(APP, "second+admin", 0);
    let first = format!("sdkappid={APP}&identifier=second%2Badmin&usersig={usersig}");
    assert_eq!(code_of(&mut client, &first).await, 60010);
    drop(client);
    server.stop().await;
}

#[tokio::test]
async fn the_groups_and_accounts_of_two_apps_are_apart() {
    let server = Server::start().await;
    let (mut first, mut second) = (server.client().await, server.client_of(SECOND_APP).await);
    let import = json!({ "Type": "Public", "Name": "n", "GroupId": "g1", "Owner_Account": "hana" });
    assert_eq!(code(&first.call("group_open_http_svc/import_group", &import).await), 0);
    let check = json!({ "CheckItem": [{ "UserID": "hana" }] });
    let checked = second.call("im_open_login_svc/account_check", &check).await;
    assert_eq!(checked["ResultItem"][0]["AccountStatus"], "NotImported");
    let destroy = json!({ "GroupId": "g1" });
    assert_eq!(code(&second.call("group_open_http_svc/destroy_group", &destroy).await), 10010);
    let list = second.call("group_open_http_svc/get_appid_group_list", &json!({})).await;
    assert_eq!(list["TotalCount"], 0);
    assert_eq!(
        code(&second.call("group_open_http_svc/import_group", &import).await),
        0,
        "the id is free there"
    );
    drop((first, second));
    server.stop().await;
}

#[tokio::test]
async fn a_kick_ends_every_signature_from_before_it() {
    let server = Server::start().await;
    let mut client = server.client().await;
    let (old, other) = (sign(APP, ADMIN, 100), sign(APP, ADMIN, 50));
    let query = |usersig: &str| format!("sdkappid={APP}&identifier={ADMIN}&usersig={usersig}");
    assert_eq!(code_of(&mut client, &query(&old)).await, 0, "old signatures are normal");
    client.query = query(&old);
    let kick = client.call("im_open_login_svc/kick", &json!({ "UserID": ADMIN })).await;
    assert_eq!(code(&kick), 0);
    assert_eq!(code_of(&mut client, &query(&old)).await, 70052, "it was remembered as valid before the kick");
    assert_eq!(code_of(&mut client, &query(&other)).await, 70052, "it was never seen before the kick");
    let fresh = sign(APP, ADMIN, 0);
    assert_eq!(code_of(&mut client, &query(&fresh)).await, 0);
    // The same name in another app is another account.
    let elsewhere =
        format!("sdkappid={SECOND_APP}&identifier={ADMIN}&usersig={}", sign(SECOND_APP, ADMIN, 100));
    assert_eq!(code_of(&mut client, &elsewhere).await, 0);
    drop(client);
    server.stop().await;
}

on_both_stores! {
    a_kick_outlives_its_account
}

async fn a_kick_outlives_its_account(store: Store) {
    let server = Server::start_with(Setup { store, ..Setup::default() }).await;
    let (mut client, url) = (server.client().await, format!("http://{}", server.address));
    let stale = |name: &str| format!("sdkappid={APP}&identifier={name}&usersig={}", sign(APP, name, 100));
    let refused = async |name: &str| {
        let (frames, code) = TestClient::connect_with(&url, &stale(name)).await.closed().await;
        let [refused] = &frames[..] else { panic!("{name}: {frames:?}") };
        assert_eq!((&refused["ErrorCode"], code), (&json!(70_052), 4_001), "{name}: {refused}");
    };
    let names = json!({ "Accounts": ["ann", ADMIN] });
    for name in ["ann", ADMIN] {
        assert_eq!(code(&client.call("im_open_login_svc/multiaccount_import", &names).await), 0);
        assert_eq!(code(&client.call("im_open_login_svc/kick", &json!({ "UserID": name })).await), 0);
        // The signature of the call itself may be of a second before the kick.
        client.query = query(APP, ADMIN);
        refused(name).await;
        let delete = json!({ "DeleteItem": [{ "UserID": name }] });
        assert_eq!(code(&client.call("im_open_login_svc/account_delete", &delete).await), 0);
        refused(name).await;
        assert_eq!(code(&client.call("im_open_login_svc/multiaccount_import", &names).await), 0);
        refused(name).await;
    }
    assert_eq!(code_of(&mut client, &stale(ADMIN)).await, 70_052);
    // A signature made since is accepted again.
    TestClient::connect(&server, "ann").await;
    drop(client);
    server.stop().await;
}

#[tokio::test]
async fn unsigned_calls_use_up_no_rate() {
    let server = Server::start_with(Setup { calls_per_second: 1, ..Setup::default() }).await;
    let mut client = server.client().await;
    let unsigned = format!("sdkappid={APP}&identifier={ADMIN}&usersig=xxx");
    for _ in 0..5 {
        assert_eq!(code_of(&mut client, &unsigned).await, 70003);
    }
    let good = client.query.clone();
    assert_eq!(code_of(&mut client, &good).await, 0);
    drop(client);
    server.stop().await;
}
