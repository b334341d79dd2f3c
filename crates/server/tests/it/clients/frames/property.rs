//! Clients of several roles send frames made from arbitrary bytes. Each is answered once at most, and what the clients may not
//! change stays as it is. The fuzz target `frames` and a test share this file.

use super::words::{CLIENTS, Choices, OTHERS};
use landfall::chat::ClientConnection;
use landfall::client::{self, RestClient};
use landfall::usersig::{self, SecretKey};
use landfall_domain::ids::{AppId, UserId};
use landfall_domain::time::{Clock as _, SystemClock};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

/// Bound of every wait, far above what any takes.
const PATIENCE: Duration = Duration::from_secs(30);
/// Frames of one run, fewer than a client may have open.
const FRAMES_MAX: usize = 30;
/// The last request of each client: the answers to its commands come before.
const END: &str = "end";

/// Groups in which `mem` is an ordinary member.
const HOME: [(&str, &str); 4] = [
    ("home-public", "Public"),
    ("home-room", "ChatRoom"),
    ("@TGS#_home", "Community"),
    ("home-live", "AVChatRoom"),
];
/// Groups in which `lead` is an administrator, and no other client is at first.
const LED: [(&str, &str); 3] =
    [("led-public", "Public"), ("led-room", "ChatRoom"), ("@TGS#_led", "Community")];
/// Groups in which no client is.
const AWAY: [(&str, &str); 3] =
    [("away-private", "Private"), ("away-public", "Public"), ("away-room", "ChatRoom")];

/// An app with groups, of which some must stay as they are.
pub(super) struct World {
    rest: RestClient,
    address: SocketAddr,
    app: AppId,
    key: SecretKey,
    /// What an administrator sees before any client has sent a frame.
    before: BTreeMap<String, Value>,
}

impl World {
    /// Makes the groups on a server that has none of them. `administrator` is one of the app.
    pub(super) async fn make(address: SocketAddr, app: AppId, key: SecretKey, administrator: &str) -> Self {
        let admin = UserId::parse(administrator).expect("an account");
        let usersig = usersig::make(administrator, app, &key, SystemClock.now(), 86_400);
        let rest = RestClient::connect(address, app, &admin, &usersig).await.expect("a connection");
        let mut world = Self { rest, address, app, key, before: BTreeMap::new() };
        let accounts: Vec<_> = CLIENTS.iter().chain(&OTHERS).map(|name| json!({ "UserID": name })).collect();
        world.call("im_open_login_svc/multiaccount_import", json!({ "AccountList": accounts })).await;
        for (id, kind) in HOME.into_iter().chain(LED).chain(AWAY) {
            world.make_group(id, kind).await;
        }
        let ban = json!({ "GroupId": "home-live", "Members_Account": ["oth"], "Duration": 86_400 });
        world.call("group_open_http_svc/ban_group_member", ban).await;
        world.seat_clients().await;
        world.before = world.view().await;
        world
    }

    async fn call(&mut self, command: &str, body: Value) -> Value {
        let answer = self.rest.call(command, &body).await;
        answer.unwrap_or_else(|error| panic!("{command} {body}: {error}"))
    }

    async fn make_group(&mut self, id: &str, kind: &str) {
        let [owner, admin, other] = OTHERS;
        let mut new = json!({ "GroupId": id, "Type": kind, "Name": "n", "Owner_Account": owner });
        if kind != "AVChatRoom" {
            new["MemberList"] = json!([{ "Member_Account": admin }, { "Member_Account": other }]);
            new["InviteJoinOption"] = json!("DisableInvite");
        }
        if kind == "Community" {
            new["SupportTopic"] = json!(1);
        } else {
            new["ApplyJoinOption"] = json!("DisableApply");
        }
        self.call("group_open_http_svc/create_group", new).await;
        if !matches!(kind, "AVChatRoom" | "Private") {
            let role = json!({ "GroupId": id, "Member_Account": admin, "Role": "Admin" });
            self.call("group_open_http_svc/modify_group_member_info", role).await;
        }
        if kind == "Community" {
            let topic = json!({ "GroupId": id, "TopicId": format!("{id}@TOPIC#_t"), "TopicName": "t" });
            self.call("million_group_open_http_svc/create_topic", topic).await;
        }
        let message = json!({ "GroupId": id, "From_Account": owner, "Random": 1,
            "MsgBody": [{ "MsgType": "TIMTextElem", "MsgContent": { "Text": "m" } }] });
        self.call("group_open_http_svc/send_group_msg", message).await;
        let attributes = json!({ "GroupId": id, "GroupAttr": [{ "key": "a", "value": "b" }] });
        self.call("group_open_http_svc/set_group_attr", attributes).await;
    }

    /// Puts the clients where they may have left.
    async fn seat_clients(&mut self) {
        for (id, kind) in HOME.into_iter().chain(LED) {
            if kind == "AVChatRoom" {
                continue;
            }
            let is_led = LED.contains(&(id, kind));
            let account = if is_led { "lead" } else { "mem" };
            let add = json!({ "GroupId": id, "MemberList": [{ "Member_Account": account }] });
            self.call("group_open_http_svc/add_group_member", add).await;
            if is_led {
                let role = json!({ "GroupId": id, "Member_Account": account, "Role": "Admin" });
                self.call("group_open_http_svc/modify_group_member_info", role).await;
            }
        }
    }

    /// What an administrator sees of that which clients may not change.
    async fn view(&mut self) -> BTreeMap<String, Value> {
        let mut view = BTreeMap::new();
        let portraits = json!({ "To_Account": OTHERS, "TagList": ["Tag_Profile_IM_Nick", "Tag_Profile_IM_SelfSignature"] });
        let answer = self.call("profile/portrait_get", portraits).await;
        view.insert("portraits".to_owned(), answer);
        for (id, kind) in HOME.into_iter().chain(LED).chain(AWAY) {
            let answer =
                self.call("group_open_http_svc/get_group_info", json!({ "GroupIdList": [id] })).await;
            let mut info = answer["GroupInfo"][0].clone();
            let rows = info["MemberList"].take().as_array().cloned().unwrap_or_default();
            let names: &[&str] = if LED.contains(&(id, kind)) {
                &OTHERS[..2]
            } else if HOME.contains(&(id, kind)) {
                &OTHERS
            } else {
                &["own", "adm", "oth", "mem", "out", "lead"]
            };
            let is_named = |row: &Value| names.iter().any(|name| row["Member_Account"] == *name);
            let rows: Vec<_> = rows.into_iter().filter(is_named).collect();
            assert_eq!(rows.is_empty(), kind == "AVChatRoom", "{answer}");
            view.insert(format!("{id} info"), fixed(info, id, kind));
            view.insert(format!("{id} members"), Value::Array(rows));
            if AWAY.contains(&(id, kind)) {
                self.view_more(id, &mut view).await;
            }
        }
        let banned = json!({ "GroupId": "home-live", "Limit": 20 });
        let banned = self.call("group_open_http_svc/get_group_ban_member", banned).await;
        view.insert("banned".to_owned(), banned);
        let topics =
            self.call("million_group_open_http_svc/get_topic", json!({ "GroupId": "@TGS#_home" })).await;
        view.insert("topics".to_owned(), topic_names(&topics));
        view
    }

    /// The rest of what belongs to a group.
    async fn view_more(&mut self, id: &str, view: &mut BTreeMap<String, Value>) {
        let history = json!({ "GroupId": id, "ReqMsgNumber": 20 });
        for (command, body) in [
            ("group_open_http_svc/group_msg_get_simple", history),
            ("group_open_attr_http_svc/get_group_attr", json!({ "GroupId": id })),
            ("group_open_http_svc/get_group_counter", json!({ "GroupId": id })),
            ("group_open_http_svc/get_group_ban_member", json!({ "GroupId": id, "Limit": 20 })),
        ] {
            let answer = self.call(command, body).await;
            view.insert(format!("{id} {command}"), answer);
        }
    }

    /// Sends the frames that the bytes stand for, and compares. Panics when something is wrong.
    pub(super) async fn check(&mut self, bytes: &[u8]) {
        let frames = Choices::new(bytes).frames(FRAMES_MAX);
        let mut clients = Vec::new();
        for account in CLIENTS {
            clients.push(self.connect(account).await);
        }
        for (client, frame) in &frames {
            // A connection may have been closed for misuse.
            drop(clients[*client].send_text(frame).await);
        }
        for (number, client) in clients.iter_mut().enumerate() {
            let sent: Vec<&String> =
                frames.iter().filter(|(to, _)| *to == number).map(|(_, frame)| frame).collect();
            let found = answers(client).await;
            check_answers(&sent, found.as_deref());
        }
        drop(clients);
        self.seat_clients().await;
        let after = self.view().await;
        for (what, before) in &self.before {
            assert_eq!(after.get(what), Some(before), "{what} is another after {frames:#?}");
        }
    }

    async fn connect(&self, account: &str) -> ClientConnection {
        let usersig = usersig::make(account, self.app, &self.key, SystemClock.now(), 86_400);
        let user = UserId::parse(account).expect("an account");
        let query = client::query(self.app, &user, &usersig);
        let connected = ClientConnection::connect(&format!("http://{}", self.address), &query).await;
        connected.unwrap_or_else(|error| panic!("{account}: {error}"))
    }
}

/// Of what an administrator sees of a group, that which its clients may not change.
fn fixed(mut info: Value, id: &str, kind: &str) -> Value {
    // Members send messages, and come and go.
    let by_members = ["LastMsgTime", "NextMsgSeq", "MemberNum", "OnlineMemberNum"];
    // Administrators of the group change its settings, and in most types its texts.
    let settings = [
        "ApplyJoinOption",
        "InviteJoinOption",
        "MuteAllMember",
        "ShutUpAllMember",
        "InfoSeq",
        "LastInfoTime",
    ];
    let texts = ["Name", "Introduction", "Notification", "FaceUrl"];
    let (is_home, is_led) = (HOME.contains(&(id, kind)), LED.contains(&(id, kind)));
    let mut forget = |fields: &[&str]| fields.iter().for_each(|field| info[*field] = Value::Null);
    if is_home || is_led {
        forget(&by_members);
    }
    if is_led {
        forget(&settings);
    }
    if is_led && kind != "ChatRoom" {
        forget(&texts);
    }
    info
}

/// The topics of a community, by id and name.
fn topic_names(answer: &Value) -> Value {
    let rows = answer["TopicAndSelfInfo"].as_array().cloned().unwrap_or_default();
    assert!(!rows.is_empty(), "{answer} has no topics");
    rows.into_iter().map(|row| json!([row["TopicInfo"]["TopicId"], row["TopicInfo"]["TopicName"]])).collect()
}

/// The answers that a client gets; `None` where the server closed the connection, as it does after misuse.
async fn answers(client: &mut ClientConnection) -> Option<Vec<Value>> {
    let last =
        json!({ "Command": "profile/portrait_get", "To_Account": ["own"], "TagList": [], "RequestId": END });
    drop(client.send(&last).await);
    let mut answers = Vec::new();
    loop {
        let frame = tokio::time::timeout(PATIENCE, client.next()).await.expect("no frame in time").ok()?;
        let frame: Value = serde_json::from_str(&frame).expect("a frame is JSON");
        if frame["Event"] == "answer" && frame["RequestId"] == END {
            return Some(answers);
        }
        if frame["Event"] == "answer" {
            answers.push(frame);
        }
    }
}

/// That a frame is answered once at most, and with a code.
fn check_answers(sent: &[&String], answers: Option<&[Value]>) {
    let named = |frame: &str| serde_json::from_str::<Value>(frame).ok()?.get("RequestId").cloned();
    let Some(answers) = answers else { return };
    let mut open: Vec<Option<Value>> = sent.iter().map(|frame| named(frame)).collect();
    for answer in answers {
        let id = answer.get("RequestId").cloned();
        let place = open.iter().position(|sent| *sent == id);
        open.remove(place.unwrap_or_else(|| panic!("{answer} answers none of {sent:#?}, or again")));
        assert!(answer["ErrorCode"].is_u64() && answer["ErrorInfo"].is_string(), "{answer}");
    }
}
