//! The page `/console/try`, in a real browser.

use crate::browser::Browser;
use crate::harness::{APP, Client, Server, done, sign, text};
use serde_json::json;
use tokio::net::TcpStream;

/// Text that would run if it were taken for markup.
const HOSTILE: &str = "<script>document.title='ran'</script><img src=x onerror=\"document.title='ran'\">";

async fn send(client: &mut Client<TcpStream>, random: u64, says: &str) {
    let message = json!({ "GroupId": "g", "Random": random, "From_Account": "ann", "MsgBody": text(says) });
    done(client, "send_group_msg", message).await;
}

/// A server with a group of `ann` and `bob`, in which something was said before it came here.
async fn start(name: &str) -> (Server, Client<TcpStream>) {
    let server = Server::start().await;
    let mut client = server.client().await;
    let members = json!([{ "Member_Account": "bob", "JoinTime": 1_500_000_000 }]);
    let group = json!({ "Type": "Public", "GroupId": "g", "Name": name, "Owner_Account": "ann", "MemberList": members,
        "CreateTime": 1_499_999_999 });
    done(&mut client, "import_group", group).await;
    let old = json!({ "From_Account": "ann", "SendTime": 1_500_000_001, "Random": 1, "MsgBody": text("from before") });
    done(&mut client, "import_group_msg", json!({ "GroupId": "g", "MsgList": [old] })).await;
    (server, client)
}

/// Opens the page by a link that fills it in for `bob`.
async fn open(server: &Server) -> Browser {
    // Older than any kick: one made in the same second would still pass.
    let usersig = sign(APP, "bob", 60);
    let address = server.address;
    Browser::open(&format!("http://{address}/console/try#sdkappid={APP}&identifier=bob&usersig={usersig}"))
        .await
}

/// The condition that the text of an element has this in it.
fn says(selector: &str, text: &str) -> String {
    format!("document.querySelector({})?.textContent.includes({})", json!(selector), json!(text))
}

/// The messages the log shows.
const MESSAGES: &str = "[...document.querySelectorAll('#log .message .text')].map(text => text.textContent)";

async fn connect(browser: &mut Browser) {
    browser.value("document.querySelector('#button').click()").await;
    browser.until(&says("#state", "Connected as bob")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_shows_what_is_said() {
    let (server, mut client) = start("Reading circle").await;
    let mut page = open(&server).await;
    // The link filled the fields in, and nothing of it is left where others could read it.
    assert_eq!(page.value("location.href").await, format!("http://{}/console/try", server.address));
    assert_eq!(page.value("document.querySelector('#identifier').value").await, "bob");
    assert_eq!(page.value("document.querySelector('#usersig').type").await, "password");
    connect(&mut page).await;
    page.until(&says("#groups", "Reading circle")).await;
    assert_eq!(page.value("document.querySelectorAll('#groups .unread').length").await, 0);

    send(&mut client, 2, "hello").await;
    page.until(&says("#log .message .text", "hello")).await;
    page.until(&says("#log .message .meta", "ann")).await;
    page.until(&says("#log .message pre", "\"MsgSeq\": 2")).await;
    page.until(&says("#groups .unread", "1")).await;
    done(&mut client, "modify_group_base_info", json!({ "GroupId": "g", "Name": "new" })).await;
    page.until(&says("#log .tip .text", "changed the group: Name is “new”")).await;

    page.value("[...document.querySelectorAll('#groups button')].find(b => b.textContent === 'Mark as read').click()").await;
    page.until("!document.querySelector('#groups .unread')").await;
    page.until(&says("#log .notice .text", "Read up to message 3")).await;
    page.value("document.querySelector('#groups button').click()").await;
    page.until("document.querySelector('#log').textContent.includes('Caught up to message 3')").await;
    assert_eq!(page.value(MESSAGES).await, json!(["hello", "from before", "hello"]));
    page.close().await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_says_why_it_is_let_in_no_more() {
    let (server, mut client) = start("n").await;
    let mut page = open(&server).await;
    connect(&mut page).await;
    done(&mut client, "im_open_login_svc/kick", json!({ "UserID": "bob" })).await;
    page.until(&says("#advice", "the account was kicked")).await;
    page.until(&says("#advice", "(close code 4002). Make a new UserSig")).await;
    assert_eq!(page.value("document.querySelector('#button').textContent").await, "Connect");
    // The same signature again.
    page.value("document.querySelector('#button').click()").await;
    page.until(&says("#advice", "usersig was made before the account was kicked")).await;
    page.until(&says("#state", "The server ended the connection")).await;
    page.close().await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_runs_nothing_of_what_it_shows() {
    let (server, mut client) = start("<b>n</b>").await;
    let mut page = open(&server).await;
    connect(&mut page).await;
    page.until(&says("#groups .name", "<b>n</b>")).await;
    send(&mut client, 2, HOSTILE).await;
    page.until(&says("#log .message .text", HOSTILE)).await;
    let notification = json!({ "GroupId": "g", "Content": HOSTILE });
    done(&mut client, "send_group_system_notification", notification).await;
    page.until(&says("#log .notice .text", HOSTILE)).await;
    assert_eq!(page.value("document.querySelectorAll('#log script, #log img, #groups b').length").await, 0);
    // Even as markup it would not run: the policy of the page forbids it.
    let blocked = format!(
        "new Promise(resolve => {{
            document.addEventListener('securitypolicyviolation', event => resolve(event.effectiveDirective), {{ once: true }});
            document.body.insertAdjacentHTML('beforeend', {});
            document.body.lastElementChild.click();
        }})",
        json!("<p onclick=\"document.title='ran'\"></p>")
    );
    assert_eq!(page.value(&blocked).await, "script-src-attr");
    assert_eq!(page.value("document.title").await, "Try the gateway - Landfall");
    page.close().await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_comes_back_and_has_missed_nothing() {
    let (server, mut client) = start("n").await;
    let mut page = open(&server).await;
    connect(&mut page).await;
    send(&mut client, 2, "one").await;
    page.until(&says("#log .message .text", "one")).await;
    // The connection is lost, and does not come back before more was said.
    page.value("pause = 3600000; socket.close()").await;
    page.until(&says("#state", "Trying again in")).await;
    for (random, says) in [(3, "two"), (4, "three")] {
        send(&mut client, random, says).await;
    }
    page.value("clearTimeout(timer); connect()").await;
    page.until(&says("#state", "Connected as bob")).await;
    page.until("document.querySelector('#log').textContent.includes('Caught up to message 4')").await;
    send(&mut client, 5, "four").await;
    page.until(&format!("{MESSAGES}.includes('four')")).await;
    assert_eq!(page.value(MESSAGES).await, json!(["one", "two", "three", "four"]));
    page.close().await;
    server.stop().await;
}

#[tokio::test]
async fn it_is_sent_with_what_keeps_it_safe() {
    let server = Server::start().await;
    let mut client = server.client().await;
    for path in ["/console/try", "/console/try/"] {
        client.send(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").as_bytes()).await;
        let answer = client.answer().await;
        assert_eq!(answer.status, 200, "{path}");
        for header in [
            "content-type: text/html; charset=utf-8\r\n",
            "content-security-policy: default-src 'none'; script-src 'sha256-",
            "x-content-type-options: nosniff\r\n",
            "referrer-policy: no-referrer\r\n",
            "cache-control: no-cache\r\n",
        ] {
            assert!(answer.head.contains(header), "{path}: {header} is missing in {}", answer.head);
        }
        assert!(answer.body.starts_with(b"<!doctype html>"));
    }
    drop(client);
    server.stop().await;
}
