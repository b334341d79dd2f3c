//! What is closed to whom, and requests that try to get around it.

use super::visitor::{Console, body, header};
use crate::harness::{Server, Setup, done};
use serde_json::json;

/// Pages that only users see.
const PAGES: &[&str] = &[
    "/console/",
    "/console/apps",
    "/console/accounts",
    "/console/groups",
    "/console/imports",
    "/console/webhooks",
    "/console/monitor",
    "/console/users",
    "/console/audit",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_page_is_closed_without_a_sign_in() {
    let console = Console::start().await;
    let mut stranger = console.visitor().await;
    let more = [
        "/console/groups.csv",
        "/console/no-such-page",
        "/console/api/v4/openim/sendmsg",
        "/console/%2e%2e/v4",
    ];
    for path in PAGES.iter().chain(&more) {
        let answer = stranger.get(path).await;
        assert_eq!(answer.status, 303, "{path}");
        assert!(header(&answer, "location").unwrap().starts_with("/console/sign-in?to="), "{path}");
        let posted = stranger.post_plain(path, &[("form_token", "")]).await;
        assert_eq!((posted.status, header(&posted, "location")), (303, Some("/console/sign-in")), "{path}");
    }
    for token in ["0".repeat(64), "x".repeat(64), "0".repeat(63), String::new()] {
        stranger.cookies.insert("landfall_console".to_owned(), token);
        assert_eq!(stranger.get("/console/apps").await.status, 303);
    }
    // Open to all.
    for path in ["/console/sign-in", "/console/try", "/console/assets/style.css"] {
        assert_eq!(stranger.get(path).await.status, 200, "{path}");
    }
    drop(stranger);
    console.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_are_sent_with_what_keeps_them_safe() {
    let console = Console::start().await;
    let mut root = console.signed_in("root").await;
    for path in PAGES.iter().chain(&["/console/no-such-page", "/console/sign-out"]) {
        let answer = root.get(path).await;
        for line in [
            "content-security-policy: default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
             connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
            "x-content-type-options: nosniff",
            "x-frame-options: deny",
            "referrer-policy: same-origin",
            "cache-control: no-store",
        ] {
            assert!(answer.head.contains(line), "{path}: {line} is missing in {}", answer.head);
        }
        let text = body(&answer);
        for inline in ["<script", " style=", " onclick", " onload", "javascript:"] {
            assert!(!text.contains(inline), "{path}: {inline}");
        }
        for elsewhere in ["src=\"http", "href=\"http", "//"] {
            assert!(!text.contains(elsewhere), "{path}: {elsewhere}");
        }
    }
    drop(root);
    console.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn viewers_change_nothing_and_see_no_key() {
    let console = Console::start().await;
    let mut eve = console.signed_in("eve").await;
    for page in PAGES {
        let text = eve.page(page).await;
        // The only form is the one to sign out, and those that search.
        assert_eq!(text.matches("method=\"post\"").count(), 1, "{page}");
        assert!(!text.contains("0123456789abcdef"), "{page}");
    }
    let app = crate::harness::APP.to_string();
    for (path, fields) in [
        ("/console/apps/key", vec![("app", app.as_str())]),
        ("/console/users/add", vec![("name", "mallory"), ("role", "administrator")]),
        ("/console/users/change", vec![("name", "eve"), ("role", "administrator")]),
        ("/console/users/change", vec![("name", "root"), ("password", "new")]),
        ("/console/users/remove", vec![("name", "root")]),
    ] {
        let answer = eve.post(path, &fields).await;
        assert_eq!(answer.status, 403, "{path}");
        assert!(body(&answer).contains("Your role is viewer"), "{path}");
    }
    let users = eve.page("/console/users").await;
    assert!(!users.contains("mallory") && users.contains("eve (viewer)"), "{users}");
    drop(eve);
    console.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn forms_that_are_not_of_the_session_are_refused() {
    let console = Console::start().await;
    let mut root = console.signed_in("root").await;
    let mut other = console.signed_in("root").await;
    let token_of_other = other.token("/console/").await;
    let own = root.token("/console/").await;
    assert_ne!(own, token_of_other);
    let upper = own.to_uppercase();
    for token in ["", "0", &token_of_other, &upper, &own[1..]] {
        let fields = [("name", "mallory"), ("role", "viewer"), ("form_token", token)];
        let answer = root.post_plain("/console/users/add", &fields).await;
        assert_eq!(answer.status, 403, "{token}");
        assert!(body(&answer).contains("not of your session"), "{token}");
        let answer = root.post_plain("/console/sign-out", &[("form_token", token)]).await;
        assert_eq!(answer.status, 403, "{token}");
    }
    // A page of another origin that has the cookie and the token all the same.
    root.lines = "Origin: https://evil.example\r\n".to_owned();
    let fields = [("name", "mallory"), ("role", "viewer"), ("form_token", own.as_str())];
    assert_eq!(root.post_plain("/console/users/add", &fields).await.status, 403);
    root.lines = String::new();
    assert!(!root.page("/console/users").await.contains("mallory"));
    drop((root, other));
    console.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn odd_requests_get_an_answer_and_no_page() {
    let console = Console::start().await;
    let mut root = console.signed_in("root").await;
    for (path, status) in [
        ("/console/assets/../try.html", 404),
        ("/console/assets/%2e%2e/try.html", 404),
        ("/console/assets/", 404),
        ("/console/..", 404),
        ("/console/%00", 404),
        ("/console/apps/%2e%2e/%2e%2e/etc/passwd", 404),
        ("/console//apps", 404),
        ("/console/apps/", 200),
        ("/console/audit?before=99999999999999999999&who=%ff&q=%00", 200),
        ("/console/audit?before=-1", 200),
    ] {
        assert_eq!(root.get(path).await.status, status, "{path}");
    }
    for method in ["PUT", "DELETE", "PATCH", "OPTIONS"] {
        let answer = root.request(method, "/console/users", b"").await;
        assert_eq!((answer.status, header(&answer, "allow")), (405, Some("get, head, post")), "{method}");
    }
    let huge = vec![b'a'; (1 << 20) + 1];
    let answer = root.request("POST", "/console/users/add", &huge).await;
    assert_eq!(answer.status, 413);
    assert!(body(&answer).contains("larger than 1048576 bytes"));
    let long = "a".repeat(60_000);
    assert_eq!(root.get(&format!("/console/{long}")).await.status, 404);
    assert_eq!(root.post(&format!("/console/users/{long}"), &[]).await.status, 404);
    let answer = root.post("/console/users/add", &[("name", &long), ("role", "viewer")]).await;
    assert_eq!(answer.status, 422);
    let mut stranger = console.visitor().await;
    assert_eq!(stranger.sign_in(&long, &long).await.status, 403);
    drop((root, stranger));
    console.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_console_can_be_switched_off_or_have_an_address_of_its_own() {
    let off = Server::start_with(Setup {
        http_and_more: "[console]\nenabled = false".to_owned(),
        ..Setup::default()
    })
    .await;
    assert!(off.console.is_none());
    let mut visitor = super::Visitor::connect(off.address).await;
    assert_eq!(header(&visitor.get("/").await, "location"), Some("/console/try"));
    for path in ["/console/", "/console/sign-in", "/console/assets/style.css"] {
        assert_eq!(visitor.get(path).await.status, 404, "{path}");
    }
    assert_eq!(visitor.get("/console/try").await.status, 200);
    drop(visitor);
    off.stop().await;

    let apart = Console::start_with(Setup {
        http_and_more: "[console]\nlisten = \"127.0.0.1:0\"".to_owned(),
        ..Setup::default()
    })
    .await;
    let mut main = apart.visitor().await;
    assert_eq!(main.get("/console/sign-in").await.status, 404);
    let mut client = apart.server.client().await;
    done(&mut client, "get_appid_group_list", json!({})).await;
    let mut own = super::Visitor::connect(apart.server.console.unwrap()).await;
    assert_eq!(header(&own.get("/").await, "location"), Some("/console/"));
    assert_eq!(own.sign_in("root", super::ROOT_PASSWORD).await.status, 303);
    assert!(own.page("/console/").await.contains("root (administrator)"));
    let query = client.query.clone();
    let answer =
        own.request("POST", &format!("/v4/group_open_http_svc/get_appid_group_list?{query}"), b"{}").await;
    assert_eq!(answer.status, 404, "the API is not served there");
    drop((main, client, own));
    apart.stop().await;
}
