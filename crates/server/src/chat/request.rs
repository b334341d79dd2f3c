//! Requests that typed lines become, and their answers in words.

use super::place::Place;
use super::words::Reader;
use crate::code::Code;
use serde_json::{Value, json};

/// What a request is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    Say(Place),
    /// To show so many of the last messages, besides those of later pages, the newest first.
    Show(Place, usize, Vec<Value>),
    /// To show messages between two accounts, which the answer has.
    ShowDirect(Place),
    Recall,
    Join(String),
    Quit(String),
    Groups,
    Members,
}

/// A request that waits for its answer.
#[derive(Clone, Debug)]
pub(super) struct Request {
    pub(super) purpose: Purpose,
    pub(super) body: Value,
    /// How often the server had no time for it.
    pub(super) refused: u32,
}

impl Request {
    fn new(purpose: Purpose, body: Value) -> Self {
        Self { purpose, body, refused: 0 }
    }

    pub(super) fn say(place: &Place, text: &str) -> Self {
        Self::new(Purpose::Say(place.clone()), place.message(text))
    }

    pub(super) fn groups() -> Self {
        Self::new(Purpose::Groups, json!({ "Command": "groups" }))
    }

    pub(super) fn members(group: &str) -> Self {
        let filter = ["Role", "NameCard"];
        let body = json!({ "Command": "get_group_member_info", "GroupId": group, "MemberInfoFilter": filter, "Limit": 100 });
        Self::new(Purpose::Members, body)
    }

    pub(super) fn join(group: &str) -> Self {
        Self::new(Purpose::Join(group.to_owned()), json!({ "Command": "join_group", "GroupId": group }))
    }

    pub(super) fn quit(group: &str) -> Self {
        Self::new(Purpose::Quit(group.to_owned()), json!({ "Command": "quit_group", "GroupId": group }))
    }

    pub(super) fn recall(place: &Place, seq: u32) -> Self {
        let mut body = place.request("group_msg_recall");
        body["MsgSeqList"] = json!([{ "MsgSeq": seq }]);
        Self::new(Purpose::Recall, body)
    }

    pub(super) fn recall_direct(peer: &str, key: &str) -> Self {
        let body = json!({ "Command": "admin_msgwithdraw", "To_Account": peer, "MsgKey": key });
        Self::new(Purpose::Recall, body)
    }

    pub(super) fn history(place: &Place, count: u32) -> Self {
        match place {
            Place::Group(..) => {
                Self::page(place, usize::try_from(count).unwrap_or(usize::MAX), 0, Vec::new())
            }
            Place::Account(peer) => {
                let body = json!({ "Command": "admin_getroammsg", "Peer_Account": peer, "MaxCnt": count,
                    "MinTime": 0, "MaxTime": u32::MAX });
                Self::new(Purpose::ShowDirect(place.clone()), body)
            }
        }
    }

    /// A page of a history: `count` messages, the first of which has the number `from`; 0: the newest. The server cuts it.
    fn page(place: &Place, count: usize, from: u64, later: Vec<Value>) -> Self {
        let mut body = place.request("group_msg_get_simple");
        body["ReqMsgNumber"] = json!(count);
        body["ReqMsgSeq"] = json!(from);
        Self::new(Purpose::Show(place.clone(), count, later), body)
    }

    /// What asks for the page before that in the answer, where one is to be shown.
    pub(super) fn page_before(&self, answer: &Value) -> Option<Self> {
        let Purpose::Show(place, count, later) = &self.purpose else { return None };
        let page = rows(answer, "RspMsgList");
        let count = count.saturating_sub(page.len());
        let from = answer["NextMsgSeq"].as_u64().filter(|from| *from != 0 && count != 0)?;
        Some(Self::page(place, count, from, [later, page].concat()))
    }

    /// Whether the server had no time for it; it may be sent again.
    pub(super) fn is_too_soon(answer: &Value) -> bool {
        code(answer) == u64::from(Code::TooFrequent.number()) || answer["MsgDropReason"].is_string()
    }

    /// Why it was refused, if it was.
    pub(super) fn refusal(&self, answer: &Value) -> Option<String> {
        let of_row = rows(answer, "RecallRetList").first().and_then(|row| row["RetCode"].as_u64());
        let of_row = of_row.unwrap_or_default();
        let (number, info) = match code(answer) {
            0 if of_row == 0 && !Self::is_too_soon(answer) => return None,
            0 if of_row == 0 => return Some("not sent: too many messages at once; wait a second".to_owned()),
            0 => (of_row, ""),
            number => (number, answer["ErrorInfo"].as_str().unwrap_or_default()),
        };
        let separator = if info.is_empty() { "" } else { ": " };
        Some(format!("refused with {number}{separator}{info}{}", advice(number)))
    }

    /// The answer in words, a line each.
    pub(super) fn words(&self, answer: &Value, reader: &Reader<'_>) -> Vec<String> {
        if let Some(refusal) = self.refusal(answer) {
            return vec![refusal];
        }
        match &self.purpose {
            Purpose::Say(_) => match answer["MsgSeq"].as_u64() {
                Some(seq) => vec![format!("sent as #{seq}")],
                None => vec!["sent".to_owned()],
            },
            // All at once, the oldest first.
            Purpose::Show(..) if self.page_before(answer).is_some() => Vec::new(),
            Purpose::Show(_, _, later) => {
                let shown = rows(answer, "RspMsgList").iter().rev().chain(later.iter().rev());
                shown.filter_map(|row| reader.words(row)).collect()
            }
            Purpose::ShowDirect(_) => {
                rows(answer, "MsgList").iter().map(|message| reader.message(message)).collect()
            }
            Purpose::Recall => vec!["recalled".to_owned()],
            Purpose::Join(group) => vec![match answer["Status"].as_str() {
                Some("WaitAdminApproval") => format!("somebody has to let you into {group}"),
                Some("AlreadyInGroup") => format!("you are in {group}"),
                _ => format!("you joined {group}"),
            }],
            Purpose::Quit(group) => vec![format!("you left {group}")],
            Purpose::Groups => list(rows(answer, "GroupList"), &answer["TotalCount"], "groups", group),
            Purpose::Members => list(rows(answer, "MemberList"), &answer["MemberNum"], "members", member),
        }
    }
}

fn code(answer: &Value) -> u64 {
    answer["ErrorCode"].as_u64().unwrap_or_default()
}

fn rows<'a>(answer: &'a Value, field: &str) -> &'a [Value] {
    answer[field].as_array().map(Vec::as_slice).unwrap_or_default()
}

/// The rows, and how many there are where not all are shown.
fn list(rows: &[Value], all: &Value, what: &str, row: fn(&Value) -> String) -> Vec<String> {
    let mut lines: Vec<String> = rows.iter().map(row).collect();
    let all = all.as_u64().unwrap_or_default();
    if lines.is_empty() || u64::try_from(lines.len()).is_ok_and(|shown| shown < all) {
        lines.push(format!("{} of {all} {what}", lines.len()));
    }
    lines
}

fn group(row: &Value) -> String {
    let text = |field: &str| row[field].as_str().unwrap_or_default();
    let (id, kind, name) = (text("GroupId"), text("Type"), text("Name"));
    format!("  {id} ({kind}) {name}: {} messages, {} unread", row["MsgSeq"], row["UnreadMsgNum"])
}

fn member(row: &Value) -> String {
    let text = |field: &str| row[field].as_str().filter(|text| !text.is_empty());
    let (account, card) = (text("Member_Account").unwrap_or_default(), text("NameCard"));
    let card = card.map(|card| format!(" {card}")).unwrap_or_default();
    match text("Role").filter(|role| *role != "Member") {
        Some(role) => format!("  {account}{card} ({role})"),
        None => format!("  {account}{card}"),
    }
}

/// What to do about a refusal.
fn advice(number: u64) -> String {
    let known = [
        (Code::GroupNotFound, "/groups lists yours, /join ID joins one"),
        (Code::GroupNotAllowed, "a member with the right can do it, or whoever has joined"),
        (Code::GroupMuted, "wait until that ends, or ask an administrator of the group"),
        (Code::GroupOwnerStays, "give the group to another member first"),
        (Code::MessageMissing, "the number of each message stands before its sender"),
        (Code::GroupRecallOver, "it stays"),
        (Code::DirectRecallOver, "it stays"),
        (Code::MessageTooLong, "send it in parts"),
        (Code::TextRefused, "use other words"),
        (Code::ReceiverUnknown, "an account exists once it was imported or has connected"),
        (Code::TooFrequent, "wait a second"),
    ];
    let found = known.into_iter().find(|(code, _)| u64::from(code.number()) == number);
    found.map(|(_, advice)| format!("; {advice}")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const READER: Reader<'_> = Reader { own: "ann", place: None, now: 0 };

    #[test]
    fn a_refusal_has_its_code_and_what_to_do() {
        let place = Place::Group("g".to_owned(), None);
        let say = Request::say(&place, "hello");
        let refused = json!({ "ErrorCode": 10_017, "ErrorInfo": "muted" });
        let words = say.words(&refused, &READER);
        assert_eq!(
            words,
            ["refused with 10017: muted; wait until that ends, or ask an administrator of the group"]
        );
        let dropped = json!({ "ErrorCode": 0, "MsgSeq": 0, "MsgDropReason": "MsgFreqCtrl" });
        assert!(Request::is_too_soon(&dropped) && say.refusal(&dropped).is_some());
        assert_eq!(say.words(&json!({ "ErrorCode": 0, "MsgSeq": 7 }), &READER), ["sent as #7"]);
        let recall = Request::recall(&place, 7);
        let rows = json!({ "ErrorCode": 0, "RecallRetList": [{ "MsgSeq": 7, "RetCode": 10_031 }] });
        assert_eq!(recall.refusal(&rows).unwrap(), "refused with 10031; it stays");
    }

    #[test]
    fn a_history_is_read_page_by_page_and_shown_with_the_oldest_first() {
        let place = Place::Group("g".to_owned(), None);
        let row = |seq: u64| {
            json!({ "Event": "message", "GroupId": "g", "MsgSeq": seq, "MsgTime": 0, "From_Account": "bob",
            "MsgBody": [{ "MsgType": "TIMTextElem", "MsgContent": { "Text": "m" } }] })
        };
        let page = |newest: u64, next: u64| json!({ "ErrorCode": 0, "RspMsgList": [row(newest), row(newest - 1)], "NextMsgSeq": next });
        let reader = Reader { place: Some(&place), ..READER };
        let numbers = |request: &Request, answer: &Value| -> Vec<String> {
            let lines = request.words(answer, &reader);
            lines
                .iter()
                .map(|line| line[line.find('#').unwrap()..].split(' ').next().unwrap().to_owned())
                .collect()
        };
        let first = Request::history(&place, 3);
        assert_eq!((&first.body["ReqMsgNumber"], &first.body["ReqMsgSeq"]), (&json!(3), &json!(0)));
        assert_eq!(numbers(&first, &page(9, 7)), [""; 0]);
        let second = first.page_before(&page(9, 7)).unwrap();
        assert_eq!((&second.body["ReqMsgNumber"], &second.body["ReqMsgSeq"]), (&json!(1), &json!(7)));
        let rest = json!({ "ErrorCode": 0, "RspMsgList": [row(7)], "NextMsgSeq": 6 });
        assert_eq!(numbers(&second, &rest), ["#7", "#8", "#9"]);
        // One that is shorter.
        assert_eq!(numbers(&first, &page(2, 0)), ["#1", "#2"]);
    }

    #[test]
    fn lists_say_what_they_leave_out() {
        let row = json!({ "GroupId": "g", "Type": "Public", "Name": "n", "MsgSeq": 4, "UnreadMsgNum": 1 });
        let answer = json!({ "ErrorCode": 0, "TotalCount": 3, "GroupList": [row] });
        let lines = Request::groups().words(&answer, &READER);
        assert_eq!(lines, ["  g (Public) n: 4 messages, 1 unread", "1 of 3 groups"]);
        let answer = json!({ "ErrorCode": 0, "MemberNum": 1, "MemberList": [{ "Member_Account": "ann", "Role": "Owner" }] });
        assert_eq!(Request::members("g").words(&answer, &READER), ["  ann (Owner)"]);
    }
}
