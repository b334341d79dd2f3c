//! Requests that typed lines become, and their answers in words.

use super::place::Place;
use super::words::Reader;
use crate::code::Code;
use serde_json::{Value, json};

/// What a request is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    Say(Place),
    /// To learn how many messages there are, of which this many are to be shown.
    Count(Place, u32),
    /// To show the last messages, which follow as frames.
    Show(Place),
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
            Place::Group(group, None) => {
                let filter = json!({ "GroupBaseInfoFilter": ["NextMsgSeq"] });
                let body =
                    json!({ "Command": "get_group_info", "GroupIdList": [group], "ResponseFilter": filter });
                Self::new(Purpose::Count(place.clone(), count), body)
            }
            Place::Group(group, Some(_)) => {
                let body = json!({ "Command": "topics", "GroupId": group });
                Self::new(Purpose::Count(place.clone(), count), body)
            }
            Place::Account(peer) => {
                let body = json!({ "Command": "admin_getroammsg", "Peer_Account": peer, "MaxCnt": count,
                    "MinTime": 0, "MaxTime": u32::MAX });
                Self::new(Purpose::ShowDirect(place.clone()), body)
            }
        }
    }

    /// The request for the last messages of a conversation, of which the answer says how many there are.
    pub(super) fn show(place: &Place, count: u32, answer: &Value) -> Self {
        let last = match place {
            Place::Group(_, Some(topic)) => rows(answer, "TopicList")
                .iter()
                .find(|row| row["TopicId"] == **topic)
                .map(|row| &row["MsgSeq"]),
            Place::Group(_, None) | Place::Account(_) => {
                rows(answer, "GroupInfo").first().map(|row| &row["NextMsgSeq"])
            }
        };
        let is_next = matches!(place, Place::Group(_, None));
        let last = last.and_then(Value::as_u64).unwrap_or_default().saturating_sub(is_next.into());
        let after = u32::try_from(last).unwrap_or(u32::MAX).saturating_sub(count);
        Self::new(Purpose::Show(place.clone()), place.numbered("catch_up", after))
    }

    /// Whether the server had no time for it; it may be sent again.
    pub(super) fn is_too_soon(answer: &Value) -> bool {
        code(answer) == u64::from(Code::TooFrequent.number()) || answer["MsgDropReason"].is_string()
    }

    /// Why it was refused, if it was.
    pub(super) fn refusal(&self, answer: &Value) -> Option<String> {
        let of_row = [("RecallRetList", "RetCode"), ("GroupInfo", "ErrorCode")]
            .into_iter()
            .find_map(|(list, field)| rows(answer, list).first()?[field].as_u64())
            .unwrap_or_default();
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
            Purpose::Count(..) | Purpose::Show(_) => Vec::new(),
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
    fn the_history_begins_as_far_before_its_end_as_asked() {
        let group = Place::Group("g".to_owned(), None);
        let of_group = Request::show(&group, 20, &json!({ "GroupInfo": [{ "NextMsgSeq": 31 }] }));
        assert_eq!(of_group.body["MsgSeq"], 10);
        let topic = Place::Group("c".to_owned(), Some("t".to_owned()));
        let topics =
            json!({ "TopicList": [{ "TopicId": "u", "MsgSeq": 7 }, { "TopicId": "t", "MsgSeq": 5 }] });
        assert_eq!(Request::show(&topic, 2, &topics).body["MsgSeq"], 3);
        assert_eq!(Request::show(&topic, 20, &topics).body["MsgSeq"], 0);
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
