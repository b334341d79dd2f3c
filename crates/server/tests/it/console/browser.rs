//! The console in a real browser, which sends origins and cookies as its rules are, and obeys the policy of the pages.

use super::ROOT_PASSWORD;
use super::visitor::Console;
use crate::browser::Browser;
use crate::harness::{APP, done};
use serde_json::json;

/// Text that would run if it were taken for markup.
const HOSTILE: &str = "<script>document.title='ran'</script><img src=x onerror=\"document.title='ran'\">";

const HEADING: &str = "document.querySelector('h1').textContent";

/// Signs in on the page that is open.
pub(super) async fn sign_in(browser: &mut Browser) {
    assert_eq!(browser.value(HEADING).await, "Sign in");
    // The field for the name has the focus: no mouse is needed.
    assert_eq!(browser.value("document.activeElement.name").await, "name");
    let fill = format!(
        "document.querySelector('[name=name]').value = 'root';
         document.querySelector('[name=password]').value = {};
         document.querySelector('form').requestSubmit()",
        json!(ROOT_PASSWORD)
    );
    browser.follow(&fill).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_signs_in_changes_a_group_and_signs_out() {
    let console = Console::start().await;
    let mut client = console.server.client().await;
    let group = json!({ "Type": "Public", "GroupId": "g", "Name": "n", "Introduction": HOSTILE, "Owner_Account": "ann" });
    done(&mut client, "import_group", group).await;
    let page = format!("http://{}/console/groups/{APP}/g", console.server.address);
    let mut browser = Browser::open(&page).await;
    sign_in(&mut browser).await;
    assert_eq!(browser.value(HEADING).await, "Group g", "the page that was asked for");
    assert_eq!(browser.value("document.cookie").await, "", "no script sees the cookie");
    assert_eq!(browser.value("document.querySelectorAll('script, img').length").await, 0);
    let border = "getComputedStyle(document.querySelector('.top')).borderBottomStyle";
    assert_eq!(browser.value(border).await, "solid", "the stylesheet counts");

    let send = "(() => {
        const form = document.querySelector('form[action$=\"/send\"]');
        form.querySelector('[name=From_Account]').value = 'ann';
        form.querySelector('[name=text]').value = 'sent from a browser';
        form.requestSubmit();
    })()";
    browser.follow(send).await;
    assert_eq!(browser.value(HEADING).await, "Messages of g");
    let says = "document.querySelector('.message .says').textContent";
    assert_eq!(browser.value(says).await, "sent from a browser");
    // Even as markup it would not run: the policy of the page forbids it.
    let blocked = format!(
        "new Promise(resolve => {{
            document.addEventListener('securitypolicyviolation', event => resolve(event.effectiveDirective), {{ once: true }});
            document.body.insertAdjacentHTML('beforeend', {});
        }})",
        json!("<p style=\"color: red\">x</p>")
    );
    assert_eq!(browser.value(&blocked).await, "style-src-attr");

    browser.follow("document.querySelector('form[action=\"/console/sign-out\"]').requestSubmit()").await;
    assert_eq!(browser.value(HEADING).await, "Sign in");
    browser.go(&page).await;
    assert_eq!(browser.value(HEADING).await, "Sign in");
    browser.close().await;
    drop(client);
    console.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_page_is_wider_than_a_phone() {
    let console = Console::start().await;
    let mut client = console.server.client().await;
    let (long, owner) = ("x".repeat(45), "a".repeat(32));
    let group = json!({ "Type": "Public", "GroupId": long, "Name": "n", "Owner_Account": owner });
    done(&mut client, "import_group", group).await;
    let mut browser = Browser::open(&format!("http://{}/console/", console.server.address)).await;
    browser.resize(360, 740).await;
    sign_in(&mut browser).await;
    for path in [
        "",
        "apps",
        "groups",
        "accounts",
        "imports",
        "webhooks",
        "monitor",
        "users",
        "audit",
        "api/",
        "api/v4/group_open_http_svc/import_group",
        "usersig",
        &format!("groups/{APP}/{long}"),
        &format!("groups/{APP}/{long}/members"),
        &format!("groups/{APP}/{long}/messages"),
        &format!("accounts/{APP}/{owner}"),
    ] {
        browser.go(&format!("http://{}/console/{path}", console.server.address)).await;
        let root = "document.documentElement";
        let over = browser.value(&format!("{root}.scrollWidth - {root}.clientWidth")).await;
        assert_eq!(over, 0, "{path}");
    }
    browser.close().await;
    drop(client);
    console.stop().await;
}
