use super::{Reply, Said, State, text};
use landfall_migrate::format::address;
use serde_json::{Value, json};

impl State {
    pub(super) fn import_messages(&mut self, body: &Value) -> Reply {
        let (forbidden, no_numbers) = (self.forbidden.clone(), self.no_numbers);
        let group = self.group(body)?;
        let created = group.profile["CreateTime"].as_u64().unwrap();
        let topic = text(body, "TopicId");
        if !topic.is_empty() && !group.topics.contains_key(topic) {
            return Err(110_013);
        }
        let talk = group.talks.entry(topic.to_owned()).or_default();
        let list = body["MsgList"].as_array().unwrap();
        let mut rows = Vec::new();
        for entry in list {
            let said = Said {
                from: text(entry, "From_Account").to_owned(),
                time: entry["SendTime"].as_u64().unwrap(),
                random: entry["Random"].as_u64().unwrap(),
                body: entry["MsgBody"].clone(),
                custom: text(entry, "CloudCustomData").to_owned(),
            };
            let is_late = talk.last().is_some_and(|last| said.time < last.time) || said.time <= created;
            let result = if is_late {
                10_004
            } else if forbidden.iter().any(|text| said.body[0]["MsgContent"]["Text"] == text.as_str()) {
                80_001
            } else {
                talk.push(said);
                0
            };
            let seq = if result == 0 { talk.len() } else { 0 };
            let mut row = json!({ "MsgTime": entry["SendTime"], "Result": result });
            if !no_numbers {
                row["MsgSeq"] = seq.into();
            }
            rows.push(row);
        }
        if rows.iter().any(|row| row["Result"] == 0) && topic.is_empty() {
            group.unread.clear();
        }
        Ok(json!({ "ImportMsgResult": rows }))
    }

    pub(super) fn history(&mut self, body: &Value) -> Reply {
        if self.closed.as_deref() == Some(text(body, "GroupId")) {
            return Err(10_007);
        }
        let grows = self.grows.as_deref() == Some(text(body, "GroupId"));
        let group = self.group(body)?;
        if grows && let Some(talk) = group.talks.get_mut("") {
            let again = talk.last().cloned();
            talk.extend(again);
        }
        let talk = group.talks.get(text(body, "TopicId")).map(Vec::as_slice).unwrap_or_default();
        let newest = body["ReqMsgSeq"].as_u64().map_or(talk.len(), |seq| usize::try_from(seq).unwrap());
        let newest = newest.min(talk.len());
        let oldest = newest.saturating_sub(usize::try_from(body["ReqMsgNumber"].as_u64().unwrap()).unwrap());
        let rows = (oldest..newest).rev().map(|place| {
            let said = &talk[place];
            json!({
                "From_Account": said.from, "IsPlaceMsg": u8::from(said.body.is_null()), "MsgBody": signed(&said.body), "MsgRandom": said.random,
                "MsgSeq": place + 1, "MsgTimeStamp": said.time, "CloudCustomData": said.custom
            })
        });
        // Everything that was asked for came: one way to read the documentation.
        Ok(json!({ "RspMsgList": rows.collect::<Vec<_>>(), "IsFinished": 1 }))
    }

    pub(super) fn modify_message(&mut self, body: &Value) -> Reply {
        let topic = text(body, "TopicId");
        let place = usize::try_from(body["MsgSeq"].as_u64().unwrap()).unwrap();
        let talk = self.group(body)?.talks.get_mut(topic).ok_or(10_030_u64)?;
        let said = talk.get_mut(place - 1).ok_or(10_030_u64)?;
        said.body = body["MsgBody"].clone();
        text(body, "CloudCustomData").clone_into(&mut said.custom);
        Ok(json!({}))
    }

    pub(super) fn set_unread(&mut self, body: &Value) -> Reply {
        let group = self.group(body)?;
        let (account, unread) = (text(body, "Member_Account"), body["UnreadMsgNum"].as_u64().unwrap());
        if !group.members.contains_key(account) {
            return Err(10_004);
        }
        group.unread.insert(account.to_owned(), unread);
        Ok(json!({}))
    }
}

/// As a server hands a message out: addresses of files have signatures.
fn signed(body: &Value) -> Value {
    let mut body = body.clone();
    address::visit(&mut body, &mut |text| {
        text.starts_with("/files/").then(|| format!("{text}?expires=1600000000&signature=ab-_"))
    });
    body
}
