//! Signing in and out.

use super::visitor::{Console, body, header};
use super::{EVE_PASSWORD, ROOT_PASSWORD};
use crate::harness::{Server, Setup, Store, on_both_stores};

on_both_stores! { the_password_lets_a_user_in_until_the_sign_out }

async fn the_password_lets_a_user_in_until_the_sign_out(store: Store) {
    let console = Console::start_on(store).await;
    let mut visitor = console.visitor().await;
    for (name, password) in [
        ("root", EVE_PASSWORD),
        ("root", ""),
        ("nobody", ROOT_PASSWORD),
        ("ROOT", ROOT_PASSWORD),
        ("' or 1=1 --", ROOT_PASSWORD),
        ("root\0", "x"),
    ] {
        let refused = visitor.sign_in(name, password).await;
        assert_eq!(refused.status, 403, "{name}");
        assert!(body(&refused).contains("The name or the password is wrong."), "{name}");
        assert!(!visitor.cookies.contains_key("landfall_console"), "{name}");
    }
    let answer = visitor.sign_in("root", ROOT_PASSWORD).await;
    assert_eq!((answer.status, header(&answer, "location")), (303, Some("/console/")));
    let cookie = header(&answer, "set-cookie").unwrap();
    for part in
        ["landfall_console=", "; path=/console;", "; max-age=43200;", "; httponly;", "; samesite=strict"]
    {
        assert!(cookie.contains(part), "{part}: {cookie}");
    }
    assert!(!cookie.contains("secure"), "over HTTP a browser would not send it back: {cookie}");
    assert!(visitor.page("/console/").await.contains("root (administrator)"));
    assert!(visitor.page("/console/audit").await.contains("sign in"));

    let old = visitor.cookies.clone();
    let answer = visitor.post("/console/sign-out", &[]).await;
    assert_eq!((answer.status, header(&answer, "location")), (303, Some("/console/sign-in")));
    visitor.cookies = old;
    assert_eq!(visitor.get("/console/").await.status, 303, "the session has ended, whoever has its cookie");
    drop(visitor);
    console.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sign_in_leads_to_the_page_that_was_asked_for() {
    let console = Console::start().await;
    let mut visitor = console.visitor().await;
    let answer = visitor.get("/console/audit?q=a%20b").await;
    let there = "/console/sign-in?to=%2fconsole%2faudit%3fq%3da%2520b";
    assert_eq!((answer.status, header(&answer, "location")), (303, Some(there)));
    let page = visitor.page(there).await;
    assert!(page.contains("name=\"to\" value=\"/console/audit?q=a%20b\""), "{page}");
    for (to, expected) in
        [("/console/audit?q=a%20b", "/console/audit?q=a%20b"), ("https://evil.example/", "/console/")]
    {
        let mut visitor = console.visitor().await;
        let token = visitor.token("/console/sign-in").await;
        let fields = [("name", "eve"), ("password", EVE_PASSWORD), ("form_token", &token), ("to", to)];
        let answer = visitor.post_plain("/console/sign-in", &fields).await;
        assert_eq!((answer.status, header(&answer, "location")), (303, Some(expected)), "{to}");
        assert_eq!(header(&visitor.get("/console/sign-in").await, "location"), Some("/console/"));
    }
    drop(visitor);
    console.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_signed_in_by_the_form_of_another_site() {
    let console = Console::start().await;
    let mut visitor = console.visitor().await;
    let token = visitor.token("/console/sign-in").await;
    let fields = [("name", "root"), ("password", ROOT_PASSWORD), ("form_token", token.as_str())];
    let no_cookie = console.visitor().await.post_plain("/console/sign-in", &fields).await;
    assert_eq!(no_cookie.status, 403, "the cookie of the page is missing");
    let no_token = visitor.post_plain("/console/sign-in", &fields[..2]).await;
    assert_eq!(no_token.status, 403);
    let token = visitor.token("/console/sign-in").await;
    let fields = [("name", "root"), ("password", ROOT_PASSWORD), ("form_token", token.as_str())];
    for line in ["Origin: https://evil.example\r\n", "Origin: null\r\n", "Sec-Fetch-Site: cross-site\r\n"] {
        visitor.lines = line.to_owned();
        assert_eq!(visitor.post_plain("/console/sign-in", &fields).await.status, 403, "{line}");
    }
    visitor.lines = "Origin: http://localhost\r\nSec-Fetch-Site: same-origin\r\n".to_owned();
    assert_eq!(visitor.post_plain("/console/sign-in", &fields).await.status, 303);
    drop(visitor);
    console.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn passwords_cannot_be_guessed_by_trying() {
    let setup = Setup { http_and_more: "exempt_addresses = []".to_owned(), ..Setup::default() };
    let console = Console::start_with(setup).await;
    let mut visitor = console.visitor().await;
    let mut last = 403;
    // An address has ten attempts, and another one every six seconds.
    for _ in 0..40 {
        last = visitor.sign_in("root", "not the password").await.status;
        if last == 429 {
            break;
        }
        assert_eq!(last, 403);
    }
    assert_eq!(last, 429);
    let right = visitor.sign_in("root", ROOT_PASSWORD).await;
    assert_eq!(right.status, 429, "not even the right one is tried");
    assert!(body(&right).contains("Try again in a minute."));
    drop(visitor);
    console.stop().await;
}

#[tokio::test]
async fn without_users_the_page_says_how_to_add_one() {
    let server = Server::start().await;
    let mut visitor = super::Visitor::connect(server.address).await;
    let page = visitor.page("/console/sign-in").await;
    assert!(page.contains("landfall console-user add NAME"), "{page}");
    assert!(!page.contains("<form"), "{page}");
    let answer = visitor.get("/").await;
    assert_eq!((answer.status, header(&answer, "location")), (303, Some("/console/")));
    drop(visitor);
    server.stop().await;
}
