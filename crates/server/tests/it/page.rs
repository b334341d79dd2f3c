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

/// Opens the page by a link that signs `user` in.
async fn open(server: &Server, user: &str) -> Browser {
    // Older than any kick: one made in the same second would still pass.
    let usersig = sign(APP, user, 60);
    let address = server.address;
    let query = format!("sdkappid={APP}&identifier={user}&usersig={usersig}");
    let mut page = Browser::open(&format!("http://{address}/console/try#{query}")).await;
    page.until(&says("#state", "Connected")).await;
    page
}

/// Opens the page and shows the group.
async fn open_group(server: &Server, user: &str) -> Browser {
    let mut page = open(server, user).await;
    page.until("document.querySelector('#groups .row')").await;
    page.value("document.querySelector('#groups .row').click()").await;
    page.until(&says("#log .message .text", "from before")).await;
    page
}

/// The condition that the text of an element has this in it.
fn says(selector: &str, text: &str) -> String {
    format!("document.querySelector({})?.textContent.includes({})", json!(selector), json!(text))
}

/// The condition that one of several elements has this text in it.
fn one_says(selector: &str, text: &str) -> String {
    let all = format!("[...document.querySelectorAll({})]", json!(selector));
    format!("{all}.some(element => element.textContent.includes({}))", json!(text))
}

/// The messages that the page shows.
const MESSAGES: &str = "[...document.querySelectorAll('#log .message .text')].map(text => text.textContent)";

/// Writes a message and presses Enter.
async fn write(page: &mut Browser, text: &str) {
    let written = format!(
        "const say = document.querySelector('#say');
        say.value = {};
        say.dispatchEvent(new Event('input'));
        say.dispatchEvent(new KeyboardEvent('keydown', {{ key: 'Enter' }}))",
        json!(text)
    );
    page.value(&format!("(() => {{ {written} }})()")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_shows_what_is_said() {
    let (server, mut client) = start("Reading circle").await;
    let mut page = open(&server, "bob").await;
    // The link filled the fields in, and nothing of it is left where others could read it.
    assert_eq!(page.value("location.href").await, format!("http://{}/console/try", server.address));
    assert_eq!(page.value("document.querySelector('#identifier').value").await, "bob");
    assert_eq!(page.value("document.querySelector('#usersig').type").await, "password");
    page.until(&says("#groups .name", "Reading circle")).await;
    assert_eq!(page.value("document.querySelectorAll('#groups .unread').length").await, 0);

    send(&mut client, 2, "hello").await;
    page.until(&says("#groups .line", "ann: hello")).await;
    page.until(&says("#groups .unread", "1")).await;
    page.value("document.querySelector('#groups .row').click()").await;
    page.until(&one_says("#log .message .text", "hello")).await;
    assert_eq!(page.value(MESSAGES).await, json!(["from before", "hello"]));
    assert!(
        page.value("document.querySelector('#log .message').textContent").await.to_string().contains("ann")
    );
    page.until(&says("#log .day", "2017")).await;
    page.until("!document.querySelector('#groups .unread')").await;

    done(&mut client, "modify_group_base_info", json!({ "GroupId": "g", "Name": "new" })).await;
    page.until(&says("#log .tip .text", "named the group “new”")).await;
    page.until(&says("#thread-name", "new")).await;
    send(&mut client, 3, "teh").await;
    page.until(&one_says("#log .message .text", "teh")).await;
    let change = json!({ "GroupId": "g", "MsgSeq": 4, "MsgBody": text("the") });
    done(&mut client, "openim/modify_group_msg", change).await;
    page.until(&one_says("#log .message .text", "the")).await;
    page.until(&one_says("#log .message .meta", "edited")).await;
    done(&mut client, "group_msg_recall", json!({ "GroupId": "g", "MsgSeqList": [{ "MsgSeq": 4 }] })).await;
    page.until(&says("#log .recalled .text", "administrator recalled a message")).await;
    page.close().await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_written_in_one_window_is_shown_in_the_other() {
    let (server, client) = start("Reading circle").await;
    let (mut ann, mut bob) = (open_group(&server, "ann").await, open_group(&server, "bob").await);
    write(&mut ann, "Friday?").await;
    bob.until(&one_says("#log .message.in .text", "Friday?")).await;
    write(&mut bob, "Sunday").await;
    ann.until(&one_says("#log .message.in .text", "Sunday")).await;
    let said = json!(["from before", "Friday?", "Sunday"]);
    for (page, own) in [(&mut ann, "Friday?"), (&mut bob, "Sunday")] {
        page.until(&one_says("#log .message.out.success .text", own)).await;
        assert_eq!(page.value(MESSAGES).await, said);
    }
    ann.close().await;
    bob.close().await;
    drop(client);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_that_lacks_something_waits_for_it() {
    let (server, client) = start("n").await;
    let address = server.address;
    let mut page =
        Browser::open(&format!("http://{address}/console/try#sdkappid={APP}&identifier=bob")).await;
    assert_eq!(page.value("document.activeElement.id").await, "usersig");
    assert_eq!(page.value("document.querySelector('#app').hidden").await, true);
    let fill = format!("document.querySelector('#usersig').value = {}", json!(sign(APP, "bob", 60)));
    page.value(&fill).await;
    page.value("document.querySelector('#button').click()").await;
    page.until(&says("#state", "Connected")).await;
    page.until(&says("#me-name", "bob")).await;
    page.close().await;
    drop(client);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_says_why_it_is_let_in_no_more() {
    let (server, mut client) = start("n").await;
    let mut page = open(&server, "bob").await;
    page.until("document.querySelector('#groups .row')").await;
    done(&mut client, "im_open_login_svc/kick", json!({ "UserID": "bob" })).await;
    page.until(&says("#advice", "The account was kicked, or deleted. Make a new UserSig")).await;
    assert_eq!(page.value("document.querySelector('#app').hidden").await, true);
    assert_eq!(page.value("document.querySelectorAll('#groups .row').length").await, 0);
    // The same signature again.
    page.value("document.querySelector('#button').click()").await;
    page.until(&says("#advice", "usersig was made before the account was kicked")).await;
    page.close().await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_runs_nothing_of_what_it_shows() {
    let (server, mut client) = start("<b>n</b>").await;
    let mut page = open_group(&server, "bob").await;
    for selector in ["#groups .name", "#thread-name"] {
        page.until(&says(selector, "<b>n</b>")).await;
    }
    send(&mut client, 2, HOSTILE).await;
    page.until(&one_says("#log .message .text", HOSTILE)).await;
    page.until(&says("#groups .line", HOSTILE)).await;
    let notification = json!({ "GroupId": "g", "Content": HOSTILE });
    done(&mut client, "send_group_system_notification", notification).await;
    page.until(&says("#notes .text", HOSTILE)).await;
    assert_eq!(
        page.value("document.querySelectorAll('#app script, #app img, #app .name b, #notes img').length")
            .await,
        0
    );
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
    assert_eq!(page.value("document.title").await, "Landfall chat");
    page.close().await;
    server.stop().await;
}

/// Keeps the connections of the page, and makes them go astray while `astray` is set.
const STRAY: &str = "
    window.sockets = [];
    window.WebSocket = class extends WebSocket {
        constructor(address) {
            super(window.astray ? address.replace('/v4/gateway', '/v4/none') : address);
            sockets.push(this);
        }
    };";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_comes_back_and_has_missed_nothing() {
    let (server, mut client) = start("n").await;
    let mut page = Browser::open(&format!("http://{}/console/try", server.address)).await;
    page.value(STRAY).await;
    let link = format!("sdkappid={APP}&identifier=bob&usersig={}", sign(APP, "bob", 60));
    page.value(&format!("location.hash = {}", json!(link))).await;
    page.until("document.querySelector('#groups .row')").await;
    page.value("document.querySelector('#groups .row').click()").await;
    send(&mut client, 2, "one").await;
    page.until(&one_says("#log .message .text", "one")).await;
    // The connection is lost, and does not come back before more was said.
    page.value("astray = true; sockets.at(-1).close()").await;
    page.until(&says("#state", "No connection")).await;
    for (random, says) in [(3, "two"), (4, "three")] {
        send(&mut client, random, says).await;
    }
    page.value("astray = false").await;
    page.until(&one_says("#log .message .text", "three")).await;
    page.until(&says("#state", "Connected")).await;
    send(&mut client, 5, "four").await;
    page.until(&one_says("#log .message .text", "four")).await;
    assert_eq!(page.value(MESSAGES).await, json!(["from before", "one", "two", "three", "four"]));
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
