//! Pages about imports, webhooks and figures: what is there, and nothing else.

use super::visitor::Console;
use crate::harness::{APP, Setup, done};
use serde_json::json;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn jobs_are_listed_and_cancelled() {
    let console = Console::start().await;
    let mut client = console.server.client().await;
    let made =
        done(&mut client, "landfall_import_svc/create_job", json!({ "Name": "<b>from Slack</b>" })).await;
    let job = made["JobId"].as_str().unwrap().to_owned();
    let mut root = console.signed_in("root").await;
    let list = root.page("/console/imports").await;
    assert!(
        list.contains(&job) && list.contains("&lt;b&gt;from Slack&lt;/b&gt;") && list.contains("receiving"),
        "{list}"
    );
    let path = format!("/console/imports/{APP}/{job}");
    let page = root.page(&path).await;
    assert!(page.contains("Cancel") && !page.contains("Pause"), "{page}");
    let refused = root.post(&format!("{path}/pause"), &[]).await;
    assert_eq!(refused.status, 422);
    assert_eq!(root.post(&format!("{path}/cancel"), &[]).await.status, 303);
    assert!(root.page(&path).await.contains("cancelled"));
    assert_eq!(root.post(&format!("{path}/delete"), &[]).await.status, 404);
    for path in [
        format!("/console/imports/{APP}/0000000000000000"),
        format!("/console/imports/{APP}/x"),
        "/console/imports/7/x".to_owned(),
    ] {
        assert_eq!(root.get(&path).await.status, 404, "{path}");
    }
    assert!(root.page("/console/audit").await.contains("landfall_import_svc/cancel_job"));
    drop((root, client));
    console.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_monitor_counts_calls() {
    let console = Console::start().await;
    let mut client = console.server.client().await;
    done(&mut client, "import_group", json!({ "Type": "Public", "Name": "n" })).await;
    client.call("group_open_http_svc/destroy_group", &json!({ "GroupId": "none" })).await;
    let mut eve = console.signed_in("eve").await;
    let page = eve.page("/console/monitor").await;
    assert!(page.contains("group_open_http_svc/import_group") && page.contains("10010 (1)"), "{page}");
    drop((eve, client));
    console.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dead_letters_are_shown_and_dropped() {
    // Nobody listens there, and no attempt is repeated.
    let webhook = "[app.webhook]\nurl = \"http://127.0.0.1:9/\"\nallow_private = true\nretry_seconds = []";
    let console = Console::start_with(Setup { webhook: webhook.to_owned(), ..Setup::default() }).await;
    let mut client = console.server.client().await;
    done(
        &mut client,
        "import_group",
        json!({ "Type": "Public", "GroupId": "g", "Name": "n", "Owner_Account": "ann" }),
    )
    .await;
    done(&mut client, "destroy_group", json!({ "GroupId": "g" })).await;
    let mut root = console.signed_in("root").await;
    let until = tokio::time::Instant::now() + crate::harness::PATIENCE;
    let page = loop {
        let page = root.page("/console/webhooks").await;
        if page.contains("CallbackAfterGroupDestroyed") {
            break page;
        }
        assert!(tokio::time::Instant::now() < until, "no dead letter: {page}");
    };
    assert!(page.contains("http://127.0.0.1:9/"), "{page}");
    let (_, rest) = page.split_once("name=\"id\" value=\"").unwrap();
    let id = rest.split_once('"').unwrap().0.to_owned();
    let path = format!("/console/webhooks/{APP}/drop");
    assert_eq!(root.post(&path, &[("id", "nonsense")]).await.status, 422);
    assert_eq!(root.post(&path, &[("id", &id)]).await.status, 303);
    assert!(!root.page("/console/webhooks").await.contains("CallbackAfterGroupDestroyed"));
    drop((root, client));
    console.stop().await;
}
