use super::{Group, Reply, State, members, text};
use serde_json::{Value, json};

const PROFILE: &[&str] = &[
    "Type",
    "Name",
    "Introduction",
    "Notification",
    "FaceUrl",
    "Owner_Account",
    "CreateTime",
    "MaxMemberNum",
    "ApplyJoinOption",
    "SupportTopic",
    "AppDefinedData",
];

impl State {
    pub(super) fn import_group(&mut self, body: &Value) -> Reply {
        let id = text(body, "GroupId").to_owned();
        if self.groups.contains_key(&id) {
            return Err(10_021);
        }
        let owner = text(body, "Owner_Account");
        if !owner.is_empty() && !self.accounts.contains_key(owner) {
            return Err(10_004);
        }
        let mut group = Group { profile: members(body, PROFILE), ..Group::default() };
        if !owner.is_empty() {
            let record = json!({ "Role": "Owner", "JoinTime": body["CreateTime"] });
            group.members.insert(owner.to_owned(), members(&record, &["Role", "JoinTime"]));
        }
        self.groups.insert(id.clone(), group);
        Ok(json!({ "GroupId": id }))
    }

    pub(super) fn group_info(&mut self, body: &Value) -> Reply {
        if body["ResponseFilter"].is_null() {
            self.all_members(body)?;
        }
        let rows = body["GroupIdList"].as_array().unwrap().iter().map(|id| {
            match self.groups.get(id.as_str().unwrap()) {
                Some(group) => {
                    let mut row = json!(group.profile);
                    row["GroupId"] = id.clone();
                    row["ErrorCode"] = 0.into();
                    row["MemberNum"] = group.members.len().into();
                    row["NextMsgSeq"] = group.next_seq("").into();
                    let changed = group.profile.get("LastInfoTime").unwrap_or(&group.profile["CreateTime"]);
                    row["LastInfoTime"] = changed.clone();
                    if body["ResponseFilter"].is_null() {
                        row["MemberList"] = group.member_rows().collect();
                    }
                    row
                }
                None => json!({ "GroupId": id, "ErrorCode": 10_010 }),
            }
        });
        Ok(json!({ "GroupInfo": rows.collect::<Vec<_>>() }))
    }

    pub(super) fn modify_group(&mut self, body: &Value) -> Reply {
        let new = members(body, PROFILE);
        self.group(body)?.profile.extend(new);
        Ok(json!({}))
    }

    pub(super) fn import_topic(&mut self, body: &Value) -> Reply {
        let topics = &mut self.group(body)?.topics;
        let id = text(body, "TopicId").to_owned();
        if topics.contains_key(&id) {
            return Err(10_021);
        }
        topics.insert(id.clone(), body.clone());
        Ok(json!({ "TopicId": id }))
    }

    pub(super) fn import_members(&mut self, body: &Value) -> Reply {
        let accounts = self.accounts.clone();
        // Landfall takes name cards too.
        let taken: &[&str] =
            if self.limits.is_some() { &["Role", "JoinTime", "NameCard"] } else { &["Role", "JoinTime"] };
        let group = self.group(body)?;
        let created = group.profile["CreateTime"].as_u64().unwrap();
        let list = body["MemberList"].as_array().unwrap();
        assert!(list.len() <= 300);
        let rows = list.iter().map(|entry| {
            let account = text(entry, "Member_Account");
            let result = if group.members.contains_key(account) {
                2
            } else if !accounts.contains_key(account) || entry["JoinTime"].as_u64().unwrap() <= created {
                0
            } else {
                let mut member = members(entry, taken);
                member.entry("Role".to_owned()).or_insert("Member".into());
                group.members.insert(account.to_owned(), member);
                1
            };
            json!({ "Member_Account": account, "Result": result })
        });
        Ok(json!({ "MemberList": rows.collect::<Vec<_>>() }))
    }

    pub(super) fn member_info(&mut self, body: &Value) -> Reply {
        let group = self.group(body)?;
        let named = body["Member_List_Account"].as_array().unwrap();
        let rows = named.iter().filter_map(|account| {
            let mut row = json!(group.members.get(account.as_str().unwrap())?);
            row["Member_Account"] = account.clone();
            Some(row)
        });
        Ok(json!({ "MemberList": rows.collect::<Vec<_>>() }))
    }

    pub(super) fn modify_member(&mut self, body: &Value) -> Reply {
        let new = members(body, &["Role", "NameCard", "AppMemberDefinedData"]);
        let account = text(body, "Member_Account");
        self.group(body)?.members.get_mut(account).ok_or(10_004_u64)?.extend(new);
        Ok(json!({}))
    }
}
