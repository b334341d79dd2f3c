//! The pages on which the calls of the API are described and tried.

use super::browser::sign_in;
use super::visitor::{Console, Visitor, body, header};
use crate::browser::Browser;
use crate::harness::{APP, SECOND_APP, code};
use landfall::commands::COMMANDS;
use serde_json::{Value, json};

const IMPORT: &str = "/console/api/v4/im_open_login_svc/account_import";

/// Sends a call as `administrator` of the first app; the page that follows.
async fn tried(root: &mut Visitor, path: &str, body_of_call: &str) -> String {
    let app = APP.to_string();
    let fields = [("app", app.as_str()), ("administrator", "administrator"), ("body", body_of_call)];
    let answer = root.post(path, &fields).await;
    assert_eq!(answer.status, 200, "{}", body(&answer));
    body(&answer)
}

/// The text of the element that has this id, as it is read by people.
fn element(page: &str, id: &str) -> String {
    let (_, rest) = page.split_once(&format!("id=\"{id}\"")).unwrap_or_else(|| panic!("no {id} in {page}"));
    let text = rest.split_once('>').and_then(|(_, rest)| rest.split_once('<')).unwrap().0;
    text.replace("&quot;", "\"").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_operation_has_a_page_and_is_found() {
    let console = Console::start().await;
    let mut eve = console.signed_in("eve").await;
    let list = eve.page("/console/api/").await;
    for entry in COMMANDS {
        assert!(list.contains(&format!("href=\"/console/api/v4/{}\"", entry.path)), "{}", entry.path);
        let page = eve.page(&format!("/console/api/v4/{}", entry.path)).await;
        assert!(page.contains(&format!("<h1>{}</h1>", entry.path)));
        // What runs is a file of the console, never a part of the page.
        assert_eq!(page.matches("<script").count(), page.matches("<script src=\"/console/assets/").count());
        assert!(!page.contains(" style=") && !page.contains(" onclick"));
        // Viewers have no form but the one to sign out.
        assert_eq!(page.matches("method=\"post\"").count(), 1, "{}", entry.path);
    }
    let found = eve.page("/console/api/?q=import_group+historymsg").await;
    assert!(
        found.contains("/v4/group_open_http_svc/import_group\"") && !found.contains("/v4/openim/sendmsg\"")
    );
    for path in
        ["/console/api/v4/openim/none", "/console/api/v4/openim", "/console/api/v4/a/b/c", "/console/api/x"]
    {
        assert_eq!(eve.get(path).await.status, 404, "{path}");
    }
    drop(eve);
    console.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_administrator_sends_a_call_and_sees_the_answer() {
    let console = Console::start().await;
    let mut root = console.signed_in("root").await;
    let page = root.page("/console/api/v4/sns/friend_import").await;
    assert!(page.contains("(required)") && page.contains("at most 1000 are allowed"), "{page}");

    let page = tried(&mut root, IMPORT, r#"{"UserID": "ann", "Nick": "<script>alert(1)</script>"}"#).await;
    let answer: Value = serde_json::from_str(&element(&page, "answer")).unwrap();
    assert_eq!(code(&answer), 0, "{answer}");
    assert!(!page.contains("<script>") && page.contains("&lt;script&gt;alert(1)"));
    // The URL is shown without the rest of the signature, and the code without any.
    let url = page.split("usersig=").nth(1).unwrap().split('<').next().unwrap();
    assert!(url.ends_with('…') && url.chars().count() == 9, "{url}");
    assert!(page.contains("$USERSIG"));

    let mut client = console.server.client().await;
    let asked = json!({"CheckItem": [{"UserID": "ann"}]});
    let checked = client.call("im_open_login_svc/account_check", &asked).await;
    assert_eq!(checked["ResultItem"][0]["AccountStatus"], "Imported");

    // A refusal is an answer too, with the code that the API gives.
    let page = tried(&mut root, IMPORT, "{\"UserID\": \"\"}").await;
    let answer: Value = serde_json::from_str(&element(&page, "answer")).unwrap();
    assert_eq!(code(&answer), 70402, "{answer}");

    // Both are in the history, from where the first is filled in again, and in the audit list.
    assert_eq!(page.matches("account_import?again=").count(), 2, "{page}");
    let again = page.split("account_import?again=").nth(2).unwrap().split('"').next().unwrap().to_owned();
    let filled = root.page(&format!("{IMPORT}?again={again}")).await;
    assert!(filled.contains("alert(1)"), "{filled}");
    let mut other = console.signed_in("root").await;
    assert!(!other.page(IMPORT).await.contains("?again="));
    let audit = root.page("/console/audit").await;
    assert!(audit.contains("im_open_login_svc/account_import") && audit.contains("tried as administrator"));
    drop((root, other, client));
    console.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_is_sent_only_as_an_administrator_of_the_app_and_by_one_of_the_console() {
    let console = Console::start().await;
    let mut root = console.signed_in("root").await;
    let (app, second) = (APP.to_string(), SECOND_APP.to_string());
    for (app, administrator) in
        [("", "administrator"), ("1", "administrator"), (&app, "ann"), (&app, "second+admin")]
    {
        let fields = [("app", app), ("administrator", administrator), ("body", "{\"UserID\": \"x\"}")];
        let answer = body(&root.post(IMPORT, &fields).await);
        assert!(answer.contains("class=\"error\"") && !answer.contains("id=\"answer\""), "{answer}");
    }
    // Names that must be encoded in the URL.
    for administrator in ["admin@x y", "second+admin"] {
        let fields = [("app", second.as_str()), ("administrator", administrator), ("body", "{}")];
        let page =
            body(&root.post("/console/api/v4/group_open_http_svc/get_appid_group_list", &fields).await);
        let answer: Value = serde_json::from_str(&element(&page, "answer")).unwrap();
        assert_eq!(code(&answer), 0, "{answer}");
    }
    let fields = [("app", app.as_str()), ("administrator", "administrator"), ("body", "{\"UserID\": \"x\"}")];
    let mut eve = console.signed_in("eve").await;
    assert_eq!(eve.post(IMPORT, &fields).await.status, 403);
    assert_eq!(root.post_plain(IMPORT, &fields).await.status, 403);
    let mut stranger = console.visitor().await;
    assert_eq!(header(&stranger.post_plain(IMPORT, &fields).await, "location"), Some("/console/sign-in"));
    let mut client = console.server.client().await;
    let asked = json!({"CheckItem": [{"UserID": "x"}]});
    let checked = client.call("im_open_login_svc/account_check", &asked).await;
    assert_eq!(checked["ResultItem"][0]["AccountStatus"], "NotImported");
    drop((root, eve, stranger, client));
    console.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn usersigs_are_made_and_checked() {
    let console = Console::start().await;
    let mut root = console.signed_in("root").await;
    let (app, second) = (APP.to_string(), SECOND_APP.to_string());
    let make = [("do", "make"), ("app", app.as_str()), ("identifier", "administrator"), ("days", "1")];
    let usersig = element(&body(&root.post("/console/usersig", &make).await), "made");
    let mut client = console.server.client().await;
    client.query = format!("sdkappid={APP}&identifier=administrator&usersig={usersig}");
    let list = client.call("group_open_http_svc/get_appid_group_list", &json!({})).await;
    assert_eq!(code(&list), 0, "{list}");

    let cases = [
        (app.as_str(), "", usersig.as_str(), "It is valid."),
        (app.as_str(), "Administrator", &usersig, "Upper and lower case differ"),
        (second.as_str(), "", &usersig, "Choose the app that it was made for"),
        (app.as_str(), "", "eJw", "copy it whole"),
        (app.as_str(), "", "<b>", "copy it whole"),
    ];
    for (app, identifier, usersig, says) in cases {
        let check = [("do", "check"), ("app", app), ("identifier", identifier), ("usersig", usersig)];
        let page = body(&root.post("/console/usersig", &check).await);
        assert!(page.contains(says), "{says}: {page}");
    }
    for bad in [("identifier", ""), ("days", "0"), ("days", "181"), ("days", "x"), ("app", "7")] {
        let mut fields = make.to_vec();
        fields.retain(|(name, _)| *name != bad.0);
        fields.push(bad);
        let page = body(&root.post("/console/usersig", &fields).await);
        assert!(page.contains("class=\"error\"") && !page.contains("id=\"made\""), "{bad:?}");
    }
    assert!(root.page("/console/audit").await.contains("make a UserSig"));
    let mut eve = console.signed_in("eve").await;
    assert_eq!(eve.post("/console/usersig", &make).await.status, 403);
    drop((root, eve, client));
    console.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_a_browser_the_list_answers_at_once_and_a_call_is_sent() {
    let console = Console::start().await;
    let address = console.server.address;
    let mut browser = Browser::open(&format!("http://{address}/console/api/")).await;
    sign_in(&mut browser).await;
    let search = "(() => {
        const field = document.querySelector('[data-filter]');
        field.value = 'Import_Group HistoryMsg';
        field.dispatchEvent(new Event('input'));
        return [...document.querySelectorAll('[data-operation]')].filter(row => row.offsetParent).length;
    })()";
    assert_eq!(browser.value(search).await, 1);
    assert_eq!(browser.value("document.querySelector('[data-count]').textContent").await, "1");

    browser.go(&format!("http://{address}/console/api/v4/im_open_login_svc/account_check")).await;
    // The administrators are those of the app that is chosen.
    let choose = format!(
        "(() => {{
            const app = document.querySelector('#app');
            app.value = '{SECOND_APP}';
            app.dispatchEvent(new Event('change'));
            return [...document.querySelectorAll('#administrator option')]
                .filter(option => !option.parentElement.disabled).map(option => option.value).join();
        }})()"
    );
    assert_eq!(browser.value(&choose).await, "administrator,admin@x y,second+admin");
    let code = "document.querySelector('[data-base]').textContent.includes(location.origin)";
    assert_eq!(browser.value(code).await, true);
    browser.follow("document.querySelector('form.card').requestSubmit()").await;
    let status = "JSON.parse(document.querySelector('#answer').textContent).ErrorCode";
    assert_eq!(browser.value(status).await, 0);
    assert_eq!(browser.value("document.querySelector('#app').value").await, SECOND_APP.to_string());
    browser.close().await;
    console.stop().await;
}
