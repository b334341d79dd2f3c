//! Frames from arbitrary bytes: mostly requests with fields that fit, so that they get beyond the reading of JSON.

use serde_json::{Map, Value, json};

const PAGE: &str = include_str!("../../../../../../docs/gateway.md");

/// Those who are connected: a member, an administrator of groups, and an account that is in no group.
pub(super) const CLIENTS: [&str; 3] = ["mem", "lead", "out"];
/// Those who are not: an owner, an administrator and another member.
pub(super) const OTHERS: [&str; 3] = ["own", "adm", "oth"];

/// The ids that frames name.
const GROUPS: [&str; 12] = [
    "home-public",
    "home-room",
    "@TGS#_home",
    "home-live",
    "led-public",
    "led-room",
    "@TGS#_led",
    "away-private",
    "away-public",
    "away-room",
    "none",
    "",
];

/// Longer than a name may be.
const LONG: &str =
    "a sentence that is longer than the name of a group, the card of a member or the key of a value";

/// Bytes as a series of choices; when none is left, always the first.
pub(super) struct Choices<'a>(&'a [u8]);

/// A field, and what it may be.
type Field = (&'static str, fn(&mut Choices<'_>) -> Value);

/// What commands are about; a command ignores what it does not know.
const SUBJECTS: &[Field] = &[
    ("GroupId", |choices| json!(choices.of(&GROUPS))),
    ("GroupIdList", |choices| json!([choices.of(&GROUPS), choices.of(&GROUPS)])),
    ("TopicIdList", |_| json!(["@TGS#_home@TOPIC#_t"])),
    ("TopicName", |_| json!("x")),
    ("Type", |choices| json!(choices.of(&["Public", "Private", "Community", "AVChatRoom"]))),
    ("Random", |choices| json!(choices.byte())),
    ("MsgRandom", |choices| json!(choices.byte())),
    ("MsgBody", |choices| json!([{ "MsgType": "TIMTextElem", "MsgContent": { "Text": choices.word() } }])),
    ("MsgSeq", |choices| json!(choices.byte() % 8)),
    ("MsgSeqList", |choices| json!([{ "MsgSeq": choices.byte() % 8 }])),
    ("ReqMsgSeq", |choices| json!(choices.byte() % 8)),
    ("CloudCustomData", |choices| json!(choices.word())),
    ("ForbidCallbackControl", |_| json!(["ForbidBeforeSendMsgCallback"])),
    ("From_Account", |choices| choices.account()),
    ("Operator_Account", |choices| choices.account()),
    ("Owner_Account", |choices| choices.account()),
    ("NewOwner_Account", |choices| choices.account()),
    ("Member_Account", |choices| choices.account()),
    ("MemberToDel_Account", |choices| json!([choices.account()])),
    ("Members_Account", |choices| json!([choices.account()])),
    ("MemberList", |choices| json!([{ "Member_Account": choices.account() }])),
    ("Peer_Account", |choices| choices.account()),
    ("To_Account", |choices| choices.account()),
    ("TagList", |_| json!(["Tag_Profile_IM_Nick"])),
    ("OperateType", |choices| json!(choices.byte() % 4)),
    ("ExtensionList", |choices| json!([{ "Key": choices.word(), "Value": choices.word(), "Seq": 0 }])),
    ("GroupAttr", |choices| json!([{ "key": choices.word(), "value": choices.word() }])),
    ("GroupCounter", |choices| json!([{ "Key": choices.word(), "Value": choices.byte() }])),
    ("GroupCounterKeys", |choices| json!([choices.word()])),
    ("Mode", |choices| json!(choices.of(&["Set", "Increase", "Decrease"]))),
    ("ApplicationId", |choices| json!(choices.word())),
    ("Action", |choices| json!(choices.of(&["Agree", "Reject"]))),
    ("MuteTime", |choices| json!(choices.byte())),
    ("Duration", |choices| json!(choices.byte())),
    ("ProfileItem", |choices| json!([{ "Tag": "Tag_Profile_IM_Nick", "Value": choices.word() }])),
];

/// What commands change.
const CHANGES: &[Field] = &[
    ("TopicId", |choices| json!(choices.of(&["@TGS#_home@TOPIC#_t", "@TGS#_led@TOPIC#_t", ""]))),
    ("Name", |choices| json!(choices.word())),
    ("Introduction", |choices| json!(choices.word())),
    ("Notification", |choices| json!(choices.word())),
    ("FaceUrl", |choices| json!(choices.word())),
    ("MaxMemberNum", |choices| json!(choices.byte())),
    ("ApplyJoinOption", |choices| json!(choices.of(&["FreeAccess", "NeedPermission"]))),
    ("InviteJoinOption", |choices| json!(choices.of(&["FreeAccess", "NeedPermission"]))),
    ("MuteAllMember", |choices| json!(choices.of(&["On", "Off"]))),
    ("ShutUpAllMember", |choices| json!(choices.of(&["On", "Off"]))),
    ("EnablePermission", |choices| json!(choices.byte() % 2)),
    ("DefaultPermission", |choices| json!(choices.byte())),
    ("HistoryMsgBeforeJoin", |choices| json!(choices.of(&["On", "Off"]))),
    ("Role", |choices| json!(choices.of(&["Admin", "Member", "Owner"]))),
    ("NameCard", |choices| json!(choices.word())),
    ("ApplyMessage", |choices| json!(choices.word())),
];

/// Every command of the page, with its service where it has one.
fn commands() -> Vec<String> {
    let section = |heading: &str| {
        let (_, section) = PAGE.split_once(&format!("\n{heading}\n")).expect("the page has this heading");
        let rows = section.lines().take_while(|line| !line.starts_with('#'));
        rows.filter_map(|row| row.strip_prefix("| `")?.split_once("` | "))
    };
    let names = |cell: &'static str| cell.split(", ").map(|name| name.trim_matches(['`', ' ', '|']));
    let own = section("## Commands").flat_map(|(cell, _)| names(cell)).map(str::to_owned);
    let is_name = |name: &str| name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    let of_rest = section("## Acting as a member").filter(|(_, commands)| names(commands).all(is_name));
    let of_rest = of_rest
        .flat_map(|(service, commands)| names(commands).map(move |command| format!("{service}/{command}")));
    own.chain(of_rest).collect()
}

impl<'a> Choices<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    fn of<T: Copy>(&mut self, among: &[T]) -> T {
        among[usize::from(self.byte()) % among.len()]
    }

    fn word(&mut self) -> &'static str {
        self.of(&["x", "a", "b", "c", "d", "e", "f", "", "\u{0}", "\u{10ffff}", LONG])
    }

    fn account(&mut self) -> Value {
        let accounts: Vec<&str> =
            CLIENTS.iter().chain(&OTHERS).chain(&["administrator", "nobody"]).copied().collect();
        json!(self.of(&accounts))
    }

    /// Frames, and the number of the client that sends each.
    pub(super) fn frames(mut self, max: usize) -> Vec<(usize, String)> {
        let commands = commands();
        let commands: Vec<&str> = commands.iter().map(String::as_str).collect();
        let is_of_groups = |command: &&str| command.contains("group_open") || command.contains("member_svc");
        let of_groups: Vec<&str> = commands.iter().copied().filter(is_of_groups).collect();
        let mut frames = Vec::new();
        while !self.0.is_empty() && frames.len() < max {
            let client = usize::from(self.byte()) % CLIENTS.len();
            let frame = match self.byte() {
                0..=9 => self.raw(),
                10..=80 => self.request(&commands, frames.len()),
                _ => self.request(&of_groups, frames.len()),
            };
            frames.push((client, frame));
        }
        frames
    }

    /// Any text.
    fn raw(&mut self) -> String {
        let length = usize::from(self.byte()).min(self.0.len());
        let (text, rest) = self.0.split_at(length);
        self.0 = rest;
        String::from_utf8_lossy(text).into_owned()
    }

    fn request(&mut self, commands: &[&str], number: usize) -> String {
        let mut frame = Map::new();
        frame.insert("Command".to_owned(), json!(self.of(commands)));
        frame.insert("RequestId".to_owned(), json!(number));
        // Which field has another type, and how many changes there are, from none to nearly all.
        let (odd, share) = (usize::from(self.byte()), self.byte());
        for (place, (name, value)) in SUBJECTS.iter().chain(CHANGES).enumerate() {
            let is_there = match place < SUBJECTS.len() {
                true => self.byte() % 16 != 15,
                false => self.byte() < share,
            };
            if !is_there || self.leaves_out(name) {
                continue;
            }
            let value = value(self);
            let odd_values = [json!(null), json!(7), json!("7"), json!([[]]), json!({ "": {} })];
            let value = if place == odd { odd_values[usize::from(self.byte()) % 5].clone() } else { value };
            frame.insert((*name).to_owned(), value);
        }
        Value::Object(frame).to_string()
    }

    /// The fields that name who acts are mostly left out.
    fn leaves_out(&mut self, name: &str) -> bool {
        let names_actor = matches!(name, "From_Account" | "Operator_Account" | "Owner_Account");
        names_actor && !self.byte().is_multiple_of(8)
    }
}
