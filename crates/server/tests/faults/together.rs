//! Several servers that start and import at the same time, over one database.

use crate::load::{Book, IMPORT_GROUP, group, owner};
use crate::server::amount;
use crate::several::Several;
use landfall::client::{ClientError, RestClient};
use landfall_test_database::fresh_database;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use tokio::task::JoinSet;

const IMPORT_MEMBERS: &str = "group_open_http_svc/import_group_member";
const MEMBERS: &str = "group_open_http_svc/get_group_member_info";

/// Groups that every connection imports; LANDFALL_TOGETHER_GROUPS sets another number.
const GROUPS: usize = 240;
/// Connections to each server.
const CONNECTIONS: usize = 6;

/// Groups that every connection imports members into, the accounts for each, and how many fit in beside the owner.
const FULL_GROUPS: usize = 3;
const ACCOUNTS: usize = 90;
const ROOM: usize = 60;
/// Accounts in one call.
const PER_CALL: usize = 15;

/// Runs `work` on connections to all servers at once; returns the results.
async fn on_all<W, F>(several: &Several, work: W) -> Vec<F::Output>
where
    W: Fn(RestClient) -> F,
    F: Future<Output: Send> + Send + 'static,
{
    let mut running = JoinSet::new();
    for server in &several.servers {
        for _ in 0..CONNECTIONS {
            running.spawn(work(server.client().await));
        }
    }
    running.join_all().await
}

/// Whether a call succeeded; refusals with other codes than `refusal` fail the test.
fn done(answer: Result<Value, ClientError>, refusal: u64) -> Option<Value> {
    match answer {
        Ok(reply) => Some(reply),
        Err(ClientError::Refused { code, .. }) if code == refusal => None,
        Err(error) => panic!("{error:?}"),
    }
}

/// Starts servers over a database without tables, and imports the same groups through all of them.
async fn import_the_same_groups(servers: usize) {
    let database = fresh_database("empty", |_| {});
    let several = Several::over(database.url(), servers).await;
    let ids: Vec<_> =
        (0..amount("LANDFALL_TOGETHER_GROUPS", GROUPS)).map(|number| format!("same-{number}")).collect();
    let won = on_all(&several, |mut client| {
        let mut ids = ids.clone();
        fastrand::shuffle(&mut ids);
        async move {
            let mut won = Vec::new();
            for id in ids {
                if let Some(reply) = done(client.call(IMPORT_GROUP, &group(&id)).await, 10_021) {
                    assert_eq!(reply["GroupId"], id);
                    won.push(id);
                }
            }
            won
        }
    })
    .await;
    let winners = won.iter().filter(|won| !won.is_empty()).count();
    let won: Vec<_> = won.into_iter().flatten().collect();
    let acknowledged: BTreeSet<_> = won.iter().cloned().collect();
    assert_eq!(won.len(), acknowledged.len(), "an id was given twice");
    assert_eq!(acknowledged, ids.into_iter().collect());
    assert!(1 < winners, "one connection made all groups: there was no race");
    several.hold(&Book { acknowledged, ..Book::default() }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_servers_started_at_once_make_each_group_once() {
    import_the_same_groups(2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn four_servers_started_at_once_make_each_group_once() {
    import_the_same_groups(4).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn four_servers_fill_groups_completely_and_not_further() {
    let database = fresh_database("empty", |_| {});
    let several = Several::over(database.url(), 4).await;
    let ids: Vec<_> = (0..FULL_GROUPS).map(|number| format!("full-{number}")).collect();
    let mut first = several.servers[0].client().await;
    for id in &ids {
        let mut full = group(id);
        full["MaxMemberNum"] = json!(1 + ROOM);
        first.call(IMPORT_GROUP, &full).await.unwrap();
    }
    let added = on_all(&several, |mut client| {
        let mut asked: Vec<_> =
            ids.iter().flat_map(|id| (0..ACCOUNTS).map(move |number| (id.clone(), number))).collect();
        fastrand::shuffle(&mut asked);
        asked.sort_by(|(one, _), (other, _)| one.cmp(other));
        async move {
            let mut added = Vec::new();
            for chunk in asked.chunks(PER_CALL) {
                let id = &chunk[0].0;
                let accounts: Vec<_> =
                    chunk.iter().map(|(_, number)| json!({"Member_Account": format!("m{number}")})).collect();
                let question = json!({"GroupId": id, "MemberList": accounts});
                let Some(reply) = done(client.call(IMPORT_MEMBERS, &question).await, 10_014) else {
                    continue;
                };
                let rows = reply["MemberList"].as_array().unwrap().clone();
                let new = rows.into_iter().filter(|row| row["Result"] == 1);
                added.extend(new.map(|row| (id.clone(), text(&row["Member_Account"]))));
            }
            added
        }
    })
    .await;
    let mut members: BTreeMap<_, _> = ids.iter().map(|id| (id, BTreeSet::from([owner(id)]))).collect();
    for (id, account) in added.into_iter().flatten() {
        let of_group = members.get_mut(&id).unwrap();
        assert!(of_group.insert(account.clone()), "{account} joined {id} twice");
    }
    for server in &several.servers {
        let mut client = server.client().await;
        for (id, members) in &members {
            let page = client.call(MEMBERS, &json!({"GroupId": id})).await.unwrap();
            assert_eq!(page["MemberNum"], 1 + ROOM, "{id}");
            let listed: Vec<_> = page["MemberList"]
                .as_array()
                .unwrap()
                .iter()
                .map(|row| text(&row["Member_Account"]))
                .collect();
            assert_eq!(listed.len(), members.len(), "{id}");
            assert_eq!(listed.into_iter().collect::<BTreeSet<_>>(), *members, "{id}");
        }
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}
