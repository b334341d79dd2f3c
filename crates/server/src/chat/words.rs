//! Frames in words.

use super::place::Place;
use landfall_domain::people::archive::date;
use serde_json::Value;

const DAY_SECONDS: u64 = 86_400;

/// What a frame says depends on who reads it, where, and when.
pub(super) struct Reader<'a> {
    pub(super) own: &'a str,
    /// The current conversation, which is not named.
    pub(super) place: Option<&'a Place>,
    /// Seconds since 1970.
    pub(super) now: u64,
}

impl Reader<'_> {
    /// A frame in words; `None` where a reader has nothing from it.
    pub(super) fn words(&self, frame: &Value) -> Option<String> {
        let text = |field: &str| frame[field].as_str().unwrap_or_default();
        let seq = &frame["MsgSeq"];
        Some(match text("Event") {
            "message" => self.message(frame),
            "modified" => format!("{} (changed)", self.message(frame)),
            "recalled" => format!("{}#{seq} was recalled", self.place_of(frame)),
            "deleted" => format!("{}#{seq} was deleted", self.place_of(frame)),
            "tip" => format!("{}{}* {}", self.at(&frame["MsgTime"]), self.place_of(frame), tip(frame)),
            "notice" => format!("{}{}! {}", self.at(&frame["Time"]), self.place_of(frame), notice(frame)),
            "read" => format!("{} has read what you wrote", named(frame, "Report_Account", self.own)?),
            "receipt" => format!("{} has confirmed a message", named(frame, "Operator_Account", self.own)?),
            "ready" => format!("connected as {}; /help lists the commands", text("Identifier")),
            "refused" => format!("refused with {}: {}", frame["ErrorCode"], text("ErrorInfo")),
            "answer" | "caught_up" | "waiting" | "missed" | "" => return None,
            other => format!("! {other} {}", text("Operator_Account")),
        })
    }

    /// A message: when, where, its number, by whom, what.
    pub(super) fn message(&self, frame: &Value) -> String {
        let time = [&frame["MsgTime"], &frame["MsgTimeStamp"]].into_iter().find(|time| time.is_u64());
        let names =
            ["NameCard", "Nick", "From_Account", "Official_Account"].map(|field| frame[field].as_str());
        let sender = names.into_iter().flatten().find(|name| !name.is_empty()).unwrap_or("somebody");
        let number = frame["MsgSeq"].as_u64().filter(|seq| *seq != 0 && frame["MsgTime"].is_u64());
        let number = number.map(|seq| format!("#{seq} ")).unwrap_or_default();
        let (at, place) = (self.at(time.unwrap_or(&Value::Null)), self.place_of(frame));
        format!("{at}{place}{number}{sender}: {}", body(&frame["MsgBody"]))
    }

    /// A time in UTC, with its date where that is not today's.
    fn at(&self, seconds: &Value) -> String {
        let Some(seconds) = seconds.as_u64() else { return String::new() };
        let (day, second) = (seconds / DAY_SECONDS, seconds % DAY_SECONDS);
        let (year, month, of_month) = date(day);
        let today = day == self.now / DAY_SECONDS;
        let date = if today { String::new() } else { format!("{year:04}-{month:02}-{of_month:02} ") };
        format!("{date}{:02}:{:02} ", second / 3_600, second / 60 % 60)
    }

    /// The conversation of a frame, unless it is the current one.
    fn place_of(&self, frame: &Value) -> String {
        let place = Place::of(frame, self.own);
        if self.place == Some(&place) { String::new() } else { format!("{place} ") }
    }
}

/// The account in a field, where it is another one.
fn named<'a>(frame: &'a Value, field: &str, own: &str) -> Option<&'a str> {
    frame[field].as_str().filter(|account| *account != own)
}

/// The text of a message; other elements by the names of their types.
fn body(elements: &Value) -> String {
    let all = elements.as_array().map(Vec::as_slice).unwrap_or_default();
    let words = all.iter().map(|element| {
        let kind = element["MsgType"].as_str().unwrap_or_default();
        match element["MsgContent"]["Text"].as_str().filter(|_| kind == "TIMTextElem") {
            Some(text) => text.to_owned(),
            None => format!("[{}]", kind.trim_start_matches("TIM").trim_end_matches("Elem").to_lowercase()),
        }
    });
    let words: Vec<String> = words.collect();
    if words.is_empty() { "[recalled]".to_owned() } else { words.join(" ") }
}

/// The accounts of a tip or notice.
fn members(frame: &Value) -> String {
    let all = frame["MemberList"].as_array().map(Vec::as_slice).unwrap_or_default();
    let names: Vec<&str> = all.iter().filter_map(|member| member["Member_Account"].as_str()).collect();
    names.join(", ")
}

/// What happened in a group.
fn tip(tip: &Value) -> String {
    let (who, whom) = (tip["Operator_Account"].as_str().unwrap_or_default(), members(tip));
    match tip["OpName"].as_str().unwrap_or_default() {
        "Join" if whom.is_empty() => format!("{who} joined"),
        "Join" => format!("{whom} joined"),
        "Invite" => format!("{who} added {whom}"),
        "Quit" => format!("{who} left"),
        "Kick" => format!("{who} removed {whom}"),
        "SetAdmin" => format!("{who} made {whom} administrator"),
        "CancelAdmin" => format!("{who} ended that {whom} is administrator"),
        other => format!("{who} changed {}", changes(&tip["ChangeList"]).unwrap_or_else(|| other.to_owned())),
    }
}

fn changes(list: &Value) -> Option<String> {
    let plain = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let change = |row: &Value| Some(format!("{} to {}", row["Field"].as_str()?, plain(row.get("Value")?)));
    let all: Vec<String> = list.as_array()?.iter().filter_map(change).collect();
    (!all.is_empty()).then(|| all.join(", "))
}

/// What concerns an account alone.
fn notice(notice: &Value) -> String {
    let who = notice["Operator_Account"].as_str().unwrap_or_default();
    let content = notice["Content"].as_str().filter(|content| !content.is_empty());
    let said = content.map(|content| format!(": {content}")).unwrap_or_default();
    match notice["NoticeName"].as_str().unwrap_or_default() {
        "ApplicationWaits" => format!("{who} asks to join{said}"),
        "Accepted" => format!("{who} let you in{said}"),
        "Rejected" => format!("{who} did not let you in{said}"),
        "Kicked" => format!("{who} removed you"),
        "Dissolved" => format!("{who} dissolved the group"),
        "Created" => "you have a new group".to_owned(),
        "Invited" => format!("{who} added you"),
        "Quit" => "you left".to_owned(),
        "Read" => format!("read up to #{}", notice["MsgSeq"]),
        "Custom" => format!("{who}{said}"),
        other => format!("{other} by {who}{said}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn words(frame: &Value) -> Option<String> {
        let place = Place::Group("g".to_owned(), None);
        Reader { own: "ann", place: Some(&place), now: 1_795_835_600 }.words(frame)
    }

    #[test]
    fn messages_are_read_with_time_number_and_sender() {
        let body = json!([{ "MsgType": "TIMTextElem", "MsgContent": { "Text": "hi" } }, { "MsgType": "TIMFaceElem" }]);
        let mut frame = json!({ "Event": "message", "GroupId": "g", "MsgSeq": 3, "MsgTime": 1_795_835_512,
            "From_Account": "bob", "MsgBody": body });
        assert_eq!(words(&frame).unwrap(), "03:11 #3 bob: hi [face]");
        frame["Nick"] = json!("Bob");
        frame["GroupId"] = json!("h");
        frame["MsgTime"] = json!(1_795_735_512);
        assert_eq!(words(&frame).unwrap(), "2026-11-26 23:25 h #3 Bob: hi [face]");
        let direct = json!({ "Event": "message", "From_Account": "bob", "To_Account": "ann", "MsgSeq": 0,
            "MsgTime": 1_795_835_512, "MsgBody": body });
        assert_eq!(words(&direct).unwrap(), "03:11 @bob bob: hi [face]");
        let recalled = json!({ "Event": "recalled", "GroupId": "g", "MsgSeq": 3 });
        assert_eq!(words(&recalled).unwrap(), "#3 was recalled");
    }

    #[test]
    fn tips_and_notices_are_sentences() {
        let tip = json!({ "Event": "tip", "GroupId": "g", "MsgTime": 1_795_835_512, "OpName": "Invite",
            "Operator_Account": "bob", "MemberList": [{ "Member_Account": "dan" }, { "Member_Account": "eve" }] });
        assert_eq!(words(&tip).unwrap(), "03:11 * bob added dan, eve");
        let change = json!({ "Event": "tip", "GroupId": "g", "MsgTime": 1_795_835_512, "OpName": "GroupInfoChange",
            "Operator_Account": "bob", "ChangeList": [{ "Field": "Name", "Value": "n" }] });
        assert_eq!(words(&change).unwrap(), "03:11 * bob changed Name to n");
        let notice = json!({ "Event": "notice", "GroupId": "h", "Time": 1_795_835_512, "NoticeName": "Rejected",
            "Operator_Account": "bob", "Content": "full" });
        assert_eq!(words(&notice).unwrap(), "03:11 h ! bob did not let you in: full");
        assert_eq!(words(&json!({ "Event": "caught_up", "GroupId": "g" })), None);
    }
}
