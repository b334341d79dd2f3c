//! Users of the console, as an administrator changes them, and the audit list that says so.

use super::ROOT_PASSWORD;
use super::visitor::{Console, Visitor, body};
use crate::harness::{Store, on_both_stores};

on_both_stores! { an_administrator_adds_changes_and_removes_users }

/// The password that a page shows.
fn shown(page: &str) -> String {
    let (_, rest) = page.split_once("is shown only now:").unwrap();
    let (_, rest) = rest.split_once("<code>").unwrap();
    rest.split_once("</code>").unwrap().0.to_owned()
}

async fn post(visitor: &mut Visitor, path: &str, fields: &[(&str, &str)]) -> String {
    let answer = visitor.post(path, fields).await;
    assert_eq!(answer.status, 200, "{path}: {}", body(&answer));
    body(&answer)
}

async fn an_administrator_adds_changes_and_removes_users(store: Store) {
    let console = Console::start_on(store).await;
    let mut root = console.signed_in("root").await;
    let page = post(&mut root, "/console/users/add", &[("name", "ann"), ("role", "viewer")]).await;
    let first = shown(&page);
    let mut ann = console.visitor().await;
    assert_eq!(ann.sign_in("ann", &first).await.status, 303);
    assert!(ann.page("/console/").await.contains("ann (viewer)"));

    post(&mut root, "/console/users/change", &[("name", "ann"), ("role", "administrator")]).await;
    assert!(ann.page("/console/").await.contains("ann (administrator)"), "at once, in the same session");
    let page = post(&mut root, "/console/users/change", &[("name", "ann"), ("password", "new")]).await;
    assert_eq!(ann.get("/console/").await.status, 303, "another password ends the sessions");
    assert_eq!(ann.sign_in("ann", &first).await.status, 403);
    assert_eq!(ann.sign_in("ann", &shown(&page)).await.status, 303);
    post(&mut root, "/console/users/remove", &[("name", "ann")]).await;
    assert_eq!(ann.get("/console/").await.status, 303);
    assert_eq!(ann.sign_in("ann", &shown(&page)).await.status, 403);

    for (path, fields, why) in [
        ("/console/users/add", [("name", "eve"), ("role", "viewer")], "there is a user eve already"),
        (
            "/console/users/add",
            [("name", "<b>"), ("role", "viewer")],
            "name must be 1 to 32 lower-case letters",
        ),
        ("/console/users/add", [("name", "bob"), ("role", "owner")], "role must be viewer or administrator"),
        ("/console/users/remove", [("name", "ann"), ("", "")], "there is no user ann"),
        ("/console/users/remove", [("name", "root"), ("", "")], "name is your own"),
        ("/console/users/change", [("name", "root"), ("role", "viewer")], "name is your own"),
    ] {
        let answer = root.post(path, &fields).await;
        assert_eq!(answer.status, 422, "{path} {fields:?}");
        assert!(body(&answer).contains(why), "{why}: {}", body(&answer));
    }
    let audit = root.page("/console/audit").await;
    for entry in [
        "add a user (viewer)",
        "make a user an administrator",
        "give a user a new password",
        "remove a user",
        "user ann",
        "127.0.0.1",
        "command line",
        "failed: 10004: there is no user ann",
    ] {
        assert!(audit.contains(entry), "{entry}: {audit}");
    }
    let found = root.page("/console/audit?who=root&q=NO+user").await;
    assert_eq!(found.matches("<tr>").count(), 2, "the head and one entry: {found}");
    assert!(!root.page("/console/audit?who=eve&q=remove").await.contains("remove a user"));
    drop((root, ann));
    console.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_key_of_an_app_is_shown_to_administrators_on_request() {
    let console = Console::start().await;
    let mut root = console.signed_in("root").await;
    let app = crate::harness::APP.to_string();
    assert!(!root.page("/console/apps").await.contains(crate::harness::KEY));
    let page = post(&mut root, "/console/apps/key", &[("app", &app)]).await;
    assert!(page.contains(crate::harness::KEY));
    assert!(root.page("/console/audit").await.contains("show the key"));
    assert_eq!(root.post("/console/apps/key", &[("app", "7")]).await.status, 404);
    drop(root);
    console.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sessions_outlive_the_server() {
    let setup = crate::harness::Setup::default;
    let location = super::visitor::location_with_users(&setup()).await;
    let console = Console { server: crate::harness::Server::start_in(location, setup()).await };
    let mut root = console.visitor().await;
    assert_eq!(root.sign_in("root", ROOT_PASSWORD).await.status, 303);
    let cookies = root.cookies.clone();
    drop(root);
    let location = console.server.begin_stop().await;
    let console = Console { server: crate::harness::Server::start_in(location, setup()).await };
    let mut root = console.visitor().await;
    root.cookies = cookies;
    assert!(root.page("/console/").await.contains("root (administrator)"));
    drop(root);
    console.stop().await;
}
