//! What a server writes about its work when it is asked for everything.

use crate::load::{IMPORT_GROUP, group, owner, tag};
use crate::server::{ADMIN, Home, Server, usersig_of};
use landfall::listen::Listener;
use landfall_domain::time::{Clock as _, SystemClock};
use landfall_test_database::fresh_database;
use serde_json::json;

async fn holds_no_contents(home: Home) {
    let mut command = home.command();
    command.env("LANDFALL__LOG__LEVEL", "trace,tokio_postgres::query=trace");
    let server = Server::start(command, &home.file("log")).await;
    let made = SystemClock.now();
    let mut client = server.client_of(ADMIN, made).await;
    let id = "logged-200";
    client.call(IMPORT_GROUP, &group(id)).await.unwrap();
    client.call("group_open_http_svc/get_group_info", &json!({"GroupIdList": [id]})).await.unwrap();
    client.call(IMPORT_GROUP, &group(id)).await.unwrap_err();
    let query = "sdkappid=1400000001&identifier=cy&usersig=hush-hush";
    let refused = Listener::connect(&server.url(), query).await.unwrap().next().await.unwrap();
    assert!(refused.contains("70003"), "{refused}");
    server.stop().await;
    let log = home.log();
    let refusal = log.lines().find(|line| line.contains("a client was refused with 70003")).unwrap();
    assert!(refusal.contains("(app 1400000001, caller cy, from 127.0.0.1)"), "{refusal}");
    let refusal =
        log.lines().find(|line| line.contains("was refused with 10021")).unwrap_or_else(|| panic!("{log}"));
    let whose = format!("(app 1400000001, caller {ADMIN}, from 127.0.0.1)");
    assert!(refusal.contains(IMPORT_GROUP) && refusal.contains(&whose), "{refusal}");
    for secret in [&tag(id), &owner(id), &usersig_of(ADMIN, made), "hush-hush"] {
        assert!(!log.contains(secret), "{secret} is in the log: {log}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_of_a_call_is_logged_at_any_level() {
    holds_no_contents(Home::new()).await;
    let database = fresh_database("empty", |_| {});
    holds_no_contents(Home::over(database.url())).await;
}
