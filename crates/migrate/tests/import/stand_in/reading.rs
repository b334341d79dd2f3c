use super::{Group, Reply, State, text};
use serde_json::{Value, json};

impl State {
    pub(super) fn group_list(&self, body: &Value) -> Reply {
        let from = usize::try_from(body["Next"].as_u64().unwrap()).unwrap();
        let limit = usize::try_from(body["Limit"].as_u64().unwrap()).unwrap();
        self.refuse_more_than_fit(limit.min(self.groups.len()))?;
        let rows: Vec<_> =
            self.groups.keys().skip(from).take(limit).map(|id| json!({ "GroupId": id })).collect();
        let next = if from + rows.len() == self.groups.len() { 0 } else { from + rows.len() };
        Ok(json!({ "TotalCount": self.groups.len(), "GroupIdList": rows, "Next": next }))
    }

    /// All members of a group, as `get_group_info` has them where it is not told what to show.
    pub(super) fn all_members(&self, body: &Value) -> Result<(), u64> {
        let groups = body["GroupIdList"].as_array().unwrap().iter();
        let groups = groups.filter_map(|id| self.groups.get(id.as_str().unwrap()));
        self.refuse_more_than_fit(groups.map(|group| group.members.len()).sum())
    }

    pub(super) fn member_page(&mut self, body: &Value) -> Reply {
        let limit = usize::try_from(body["Limit"].as_u64().unwrap()).unwrap();
        self.refuse_more_than_fit(limit)?;
        let group = self.group(body)?;
        let community = group.profile["Type"] == "Community";
        let from = match (community, body["Next"].as_str()) {
            (true, Some("")) => 0,
            (true, Some(next)) => next.parse().unwrap(),
            (_, _) => usize::try_from(body["Offset"].as_u64().unwrap()).unwrap(),
        };
        let rows: Vec<_> = group.member_rows().skip(from).take(limit).collect();
        let behind = from + rows.len();
        let mut reply = json!({ "MemberNum": group.members.len(), "MemberList": rows });
        if community {
            let next = if behind == group.members.len() { String::new() } else { behind.to_string() };
            reply["Next"] = next.into();
        }
        Ok(reply)
    }

    fn refuse_more_than_fit(&self, rows: usize) -> Result<(), u64> {
        if self.rows_max.is_some_and(|max| max < rows) { Err(10_018) } else { Ok(()) }
    }

    pub(super) fn topic_list(&mut self, body: &Value) -> Reply {
        let group = self.group(body)?;
        let named = body["TopicIdList"].as_array();
        let wanted = |id: &str| named.is_none_or(|named| named.iter().any(|name| name == id));
        let rows = group.topics.iter().filter(|(id, _)| wanted(id)).map(|(id, topic)| {
            let mut info = topic.clone();
            info["GroupID"] = info["GroupId"].take();
            info["NextMsgSeq"] = group.next_seq(id).into();
            json!({ "ErrorCode": 0, "TopicInfo": info })
        });
        Ok(json!({ "TopicAndSelfInfo": rows.collect::<Vec<_>>() }))
    }

    pub(super) fn destroy_group(&mut self, body: &Value) -> Reply {
        self.groups.remove(text(body, "GroupId")).map(|_| json!({})).ok_or(10_010)
    }
}

impl Group {
    pub(super) fn next_seq(&self, topic: &str) -> usize {
        self.talks.get(topic).map_or(0, Vec::len) + 1
    }

    pub(super) fn member_rows(&self) -> impl Iterator<Item = Value> {
        let last = self.next_seq("") - 1;
        self.members.iter().map(move |(account, member)| {
            let unread = self.unread.get(account).copied().unwrap_or_default();
            let mut row = json!(member);
            row["Member_Account"] = account.as_str().into();
            row["MsgSeq"] = u64::try_from(last).unwrap().saturating_sub(unread).into();
            row
        })
    }
}
