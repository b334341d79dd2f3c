//! A small source, and whether a server has all of it.

use super::{StandIn, Troubles};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;

const START: u64 = 1_500_000_000;

/// Groups with topics, members, messages and read marks.
pub(crate) struct Source {
    pub(crate) lines: Vec<Value>,
}

impl Source {
    /// The same for the same seed.
    pub(crate) fn new(seed: u64, groups: u64) -> Self {
        let mut random = Troubles::new(seed, 0);
        let mut lines = Vec::new();
        for account in 0..5 {
            lines.push(
                json!({ "t": "account", "UserID": format!("u{account}"), "Nick": format!("Nick {account}") }),
            );
        }
        for number in 0..groups {
            let community = random.random(4) == 0;
            let id = if community { format!("@TGS#_c{number}") } else { format!("g{number}") };
            let kind = if community { "Community" } else { "Public" };
            lines.push(json!({
                "t": "group", "GroupId": id, "Type": kind, "Name": format!("Group {number}"),
                "Owner_Account": "u0", "CreateTime": START
            }));
            let topic = format!("{id}@TOPIC#_a");
            if community {
                lines.push(json!({ "t": "topic", "GroupId": id, "TopicId": topic, "TopicName": "Talk" }));
            }
            let members = 1 + random.random(6);
            for member in 0..members {
                let card = (random.random(3) == 0).then_some("Card");
                let mut line =
                    json!({ "t": "member", "GroupId": id, "Member_Account": format!("u{member}") });
                if let Some(card) = card {
                    line["NameCard"] = card.into();
                }
                lines.push(line);
            }
            let messages = random.random(20);
            let mut time = START * 1_000 + 5_000;
            for message in 0..messages {
                time += random.random(1_500);
                let mut line = json!({
                    "t": "message", "src": "test", "key": format!("{id}:{message}"), "GroupId": id,
                    "From_Account": format!("u{}", random.random(8)), "ts_ms": time,
                    "MsgBody": [{ "MsgType": "TIMTextElem", "MsgContent": { "Text": format!("m{message}") } }]
                });
                if community && random.random(2) == 0 {
                    line["TopicId"] = topic.clone().into();
                }
                lines.push(line);
            }
            for member in 0..members {
                let read = START * 1_000 + 5_000 + random.random(20_000);
                let account = format!("u{member}");
                lines.push(json!({ "t": "read", "GroupId": id, "Member_Account": account, "read_ms": read }));
            }
        }
        Self { lines }
    }

    pub(crate) fn write(&self, path: &Path) {
        let lines: Vec<_> = self.lines.iter().map(Value::to_string).collect();
        std::fs::write(path, lines.join("\n")).unwrap();
    }

    fn of<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Value> + Clone {
        self.lines.iter().filter(move |line| line["t"] == kind)
    }

    /// The server has everything, in order, once, and nothing else.
    pub(crate) fn assert_is_in(&self, server: &StandIn) {
        server.assert_histories();
        let state = server.state();
        assert_eq!(state.groups.len(), self.of("group").count());
        for line in self.of("group") {
            let group = &state.groups[line["GroupId"].as_str().unwrap()];
            assert_eq!(group.profile["Name"], line["Name"]);
            let members = self.of("member").filter(|member| member["GroupId"] == line["GroupId"]);
            assert_eq!(group.members.len(), members.clone().count().max(1));
            for member in members {
                let stored = &group.members[member["Member_Account"].as_str().unwrap()];
                assert_eq!(stored.get("NameCard"), member.get("NameCard"), "{member}");
            }
            let mut texts: BTreeMap<_, Vec<_>> = BTreeMap::new();
            let messages = self.of("message").filter(|message| message["GroupId"] == line["GroupId"]);
            for message in messages.clone() {
                let topic = message["TopicId"].as_str().unwrap_or_default();
                texts.entry(topic).or_default().push(message["MsgBody"][0]["MsgContent"]["Text"].clone());
            }
            for (topic, texts) in texts {
                assert_eq!(json!(group.texts(topic)), json!(texts), "{line} {topic}");
            }
            for read in self.of("read").filter(|read| read["GroupId"] == line["GroupId"]) {
                let own = messages.clone().filter(|message| message["TopicId"].is_null());
                let unread =
                    own.filter(|message| read["read_ms"].as_u64() < message["ts_ms"].as_u64()).count();
                let set = group.unread.get(read["Member_Account"].as_str().unwrap()).copied();
                assert_eq!(set.unwrap_or_default(), u64::try_from(unread).unwrap(), "{read}");
            }
        }
    }
}
