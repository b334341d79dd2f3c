//! Groups and accounts: what is shown of them, and that changes are commands of the API.

use super::visitor::{Console, Visitor, body, header};
use crate::harness::{APP, Store, done, on_both_stores, text};
use serde_json::{Value, json};

on_both_stores! {
    an_administrator_runs_a_group
    an_administrator_looks_after_an_account
}

/// Text that would run if it were taken for markup.
const HOSTILE: &str = "<script>alert(1)</script><img src=x onerror=\"alert(1)\">";

fn at(rest: &str) -> String {
    format!("/console/groups/{APP}/{rest}")
}

/// Sends a form that leads to another page; the path of that page.
async fn led_to(visitor: &mut Visitor, path: &str, fields: &[(&str, &str)]) -> String {
    let answer = visitor.post(path, fields).await;
    assert_eq!(answer.status, 303, "{path}: {}", body(&answer));
    header(&answer, "location").unwrap().to_owned()
}

async fn info(console: &Console, group: &str) -> Value {
    let mut client = console.server.client().await;
    let info = done(&mut client, "get_group_info", json!({ "GroupIdList": [group] })).await;
    info["GroupInfo"][0].clone()
}

async fn an_administrator_runs_a_group(store: Store) {
    let console = Console::start_on(store).await;
    let mut client = console.server.client().await;
    for name in ["ann", "bob", "cy"] {
        done(
            &mut client,
            "im_open_login_svc/account_import",
            json!({ "UserID": name, "Nick": format!("{name}'s nick") }),
        )
        .await;
    }
    let mut root = console.signed_in("root").await;
    let fields = [
        ("app", "1400000001"),
        ("Type", "Public"),
        ("Name", "Reading circle"),
        ("GroupId", "books"),
        ("Owner_Account", "ann"),
    ];
    assert_eq!(led_to(&mut root, "/console/groups/create", &fields).await, at("books"));
    let refused = root.post("/console/groups/create", &fields).await;
    assert_eq!(refused.status, 422);
    assert!(body(&refused).contains("(10025)"), "the code of the API: {}", body(&refused));

    led_to(&mut root, &at("books/members/add"), &[("accounts", "bob\r\n cy \r\n\r\n")]).await;
    assert_eq!(info(&console, "books").await["MemberNum"], 3);
    let members = root.page(&at("books/members")).await;
    for part in ["bob", "cy's nick", "Owner", "Mute for an hour"] {
        assert!(members.contains(part), "{part}: {members}");
    }
    led_to(&mut root, &at("books/members/mute"), &[("account", "bob"), ("seconds", "3600")]).await;
    assert!(root.page(&at("books/members")).await.contains("Unmute"));
    led_to(&mut root, &at("books/members/remove"), &[("account", "cy")]).await;
    assert_eq!(info(&console, "books").await["MemberNum"], 2);

    let fields = [("From_Account", "ann"), ("text", "first line\r\nsecond <b>line</b>")];
    assert_eq!(led_to(&mut root, &at("books/send"), &fields).await, at("books/messages"));
    let messages = root.page(&at("books/messages")).await;
    assert!(messages.contains("second &lt;b&gt;line&lt;/b&gt;") && messages.contains("nick"), "{messages}");
    let muted = root.post(&at("books/send"), &[("From_Account", "bob"), ("text", "hush")]).await;
    assert_eq!(muted.status, 422);
    assert!(body(&muted).contains("(10017)"), "{}", body(&muted));

    let fields = [
        ("Name", "Book club"),
        ("Introduction", ""),
        ("Notification", "on Mondays"),
        ("MuteAllMember", "On"),
    ];
    led_to(&mut root, &at("books/modify"), &fields).await;
    let changed = info(&console, "books").await;
    assert_eq!(
        (&changed["Name"], &changed["Notification"], &changed["MuteAllMember"]),
        (&json!("Book club"), &json!("on Mondays"), &json!("On"))
    );

    let wrong = root.post(&at("books/dissolve"), &[("id", "book")]).await;
    assert_eq!(wrong.status, 422);
    assert!(root.page("/console/groups").await.contains("books"));
    led_to(&mut root, &at("books/dissolve"), &[("id", "books")]).await;
    assert_eq!(root.get(&at("books")).await.status, 404);
    assert_changes_are_listed(&mut root).await;
    drop((root, client));
    console.stop().await;
}

/// Fails unless the audit list has what the test did with the group.
async fn assert_changes_are_listed(root: &mut Visitor) {
    let audit = root.page("/console/audit").await;
    for command in [
        "create_group",
        "add_group_member",
        "forbid_send_msg",
        "delete_group_member",
        "send_group_msg",
        "modify_group_base_info",
        "destroy_group",
    ] {
        assert!(audit.contains(&format!("group_open_http_svc/{command}")), "{command}: {audit}");
    }
    assert!(audit.contains("app 1400000001, group books") && audit.contains("failed: 10017"), "{audit}");
}

async fn an_administrator_looks_after_an_account(store: Store) {
    let console = Console::start_on(store).await;
    let mut client = console.server.client().await;
    let mut root = console.signed_in("root").await;
    let fields = [("app", "1400000001"), ("UserID", "ann lee/1"), ("Nick", "Ann"), ("FaceUrl", "")];
    let path = led_to(&mut root, "/console/accounts/create", &fields).await;
    assert_eq!(path, format!("/console/accounts/{APP}/ann%20lee%2f1"));
    done(
        &mut client,
        "create_group",
        json!({ "Type": "Public", "GroupId": "g", "Name": "n", "Owner_Account": "ann lee/1" }),
    )
    .await;
    let page = root.page(&path).await;
    assert!(page.contains("Ann") && page.contains(&at("g")), "{page}");
    led_to(&mut root, &format!("{path}/modify"), &[("Nick", "Ann Lee"), ("FaceUrl", "x")]).await;
    assert!(root.page("/console/accounts").await.contains("Ann Lee"));
    let answer = root.post(&format!("{path}/usersig"), &[]).await;
    let shown = body(&answer);
    let (_, rest) = shown.split_once("<pre class=\"code\">").unwrap();
    let usersig = rest.split_once("</pre>").unwrap().0;
    let mut own = console.server.client().await;
    own.query =
        format!("sdkappid={APP}&identifier=ann%20lee%2f1&usersig={usersig}&random=1&contenttype=json");
    let refused = own.call("group_open_http_svc/get_appid_group_list", &json!({})).await;
    assert_eq!(refused["ErrorCode"], 60010, "it is genuine, and not an administrator's: {refused}");
    led_to(&mut root, &format!("{path}/kick"), &[]).await;
    let wrong = root.post(&format!("{path}/delete"), &[("id", "ann")]).await;
    assert_eq!(wrong.status, 422);
    led_to(&mut root, &format!("{path}/delete"), &[("id", "ann lee/1")]).await;
    assert_eq!(root.get(&path).await.status, 404);
    drop((root, client, own));
    console.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_people_write_is_shown_as_text() {
    let console = Console::start().await;
    let mut client = console.server.client().await;
    let group = json!({ "Type": "Public", "GroupId": "g", "Name": "<b>n</b>", "Introduction": HOSTILE, "Notification": HOSTILE,
        "FaceUrl": HOSTILE, "Owner_Account": "<i>ann", "AppDefinedData": [{ "Key": "GroupTestData1", "Value": HOSTILE }] });
    done(&mut client, "import_group", group).await;
    let custom = json!([{ "MsgType": "TIMCustomElem", "MsgContent": { "Data": HOSTILE, "Desc": HOSTILE, "Ext": "" } }]);
    for (random, elements) in [(1, text(HOSTILE)), (2, custom)] {
        let message = json!({ "GroupId": "g", "Random": random, "From_Account": "<i>ann", "MsgBody": elements, "CloudCustomData": HOSTILE });
        done(&mut client, "send_group_msg", message).await;
    }
    let mut root = console.signed_in("root").await;
    let encoded = "%3cscript%3e%22%27";
    for path in [
        "/console/groups".to_owned(),
        at("g"),
        at("g/members"),
        at("g/messages"),
        format!("/console/accounts/{APP}/%3ci%3eann"),
        format!("/console/groups?id={encoded}&type={encoded}"),
        format!("/console/accounts?id={encoded}"),
        format!("/console/audit?who={encoded}&q={encoded}"),
    ] {
        let page = root.page(&path).await;
        for markup in ["<script", "<img", "<b>n", "<i>ann", "\"alert"] {
            assert!(!page.contains(markup), "{path}: {markup}");
        }
    }
    assert!(root.page(&at("g/messages")).await.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
    drop((root, client));
    console.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lists_are_paged_searched_and_saved() {
    let console = Console::start().await;
    let mut client = console.server.client().await;
    for number in 0..120 {
        let group = json!({ "Type": "Public", "GroupId": format!("club-{number:03}"), "Name": format!("=Club {number}"), "Owner_Account": "ann" });
        done(&mut client, "import_group", group).await;
    }
    let private = json!({ "Type": "Private", "GroupId": "alone", "Name": "n", "Owner_Account": "bob" });
    done(&mut client, "import_group", private).await;
    let mut eve = console.signed_in("eve").await;
    let links = |page: &str| page.matches(&format!("<th scope=\"row\"><a href=\"{}", at(""))).count();
    let mut path = "/console/groups".to_owned();
    let mut seen = 0;
    loop {
        let page = eve.page(&path).await;
        seen += links(&page);
        let next = page.split_once("href=\"/console/groups?app=1400000001&amp;type=&amp;id=&amp;from=");
        let Some((_, rest)) = next else { break };
        path = format!("/console/groups?from={}", rest.split_once('"').unwrap().0);
    }
    assert_eq!(seen, 121);
    assert_eq!(links(&eve.page("/console/groups?type=Private").await), 1);
    assert_eq!(links(&eve.page("/console/groups?id=club-11").await), 10);
    assert_eq!(links(&eve.page("/console/groups?id=club-117").await), 1);
    assert_eq!(links(&eve.page("/console/groups?id=club-117&type=Private").await), 0);
    assert_eq!(links(&eve.page("/console/groups?id=zebra").await), 0);
    assert!(eve.page("/console/accounts?id=bo").await.contains("/console/accounts/1400000001/bob"));

    let file = eve.get("/console/groups.csv").await;
    assert_eq!(header(&file, "content-type"), Some("text/csv; charset=utf-8"));
    assert_eq!(header(&file, "content-disposition"), Some("attachment; filename=\"groups-1400000001.csv\""));
    let text = body(&file);
    assert_eq!(text.lines().count(), 122);
    assert!(text.contains("\"club-007\",\"Public\",\"'=Club 7\",\"ann\""), "{text}");
    assert!(body(&eve.get(&at("alone/members.csv")).await).contains("\"bob\",\"Owner\""));
    assert!(body(&eve.get("/console/accounts.csv").await).contains("\"ann\""));
    for path in [
        at("none"),
        at("none/members"),
        at("none/messages"),
        at("none/members.csv"),
        "/console/groups/7/alone".to_owned(),
    ] {
        assert_eq!(eve.get(&path).await.status, 404, "{path}");
    }
    for (path, fields) in [
        ("alone/dissolve", ("id", "alone")),
        ("alone/members/remove", ("account", "bob")),
        ("alone/send", ("text", "x")),
    ] {
        assert_eq!(eve.post(&at(path), &[fields]).await.status, 403, "{path}");
    }
    drop((eve, client));
    console.stop().await;
}
