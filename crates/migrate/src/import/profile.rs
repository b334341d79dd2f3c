//! Profiles of groups, topics and members: how calls carry them, and whether the server has the same.

use crate::format::{CustomValue, Group, Member, Topic};
use landfall_domain::group::GroupType;
use serde_json::{Map, Value, json};

type Members = Map<String, Value>;

fn put(members: &mut Members, name: &str, value: Option<impl Into<Value>>) {
    if let Some(value) = value {
        members.insert(name.to_owned(), value.into());
    }
}

fn given(text: Option<&String>) -> Option<&str> {
    text.map(String::as_str)
}

fn custom(values: &[CustomValue]) -> Option<Vec<Value>> {
    let rows = values.iter().map(|value| json!({ "Key": value.key, "Value": value.value }));
    (!values.is_empty()).then(|| rows.collect())
}

/// What `import_group` and `modify_group_base_info` both take.
fn texts(group: &Group) -> Members {
    let mut body = Map::new();
    put(&mut body, "GroupId", Some(group.group_id.as_str()));
    put(&mut body, "Name", Some(group.name.as_str()));
    put(&mut body, "Introduction", given(group.introduction.as_ref()));
    put(&mut body, "Notification", given(group.notification.as_ref()));
    put(&mut body, "FaceUrl", given(group.face_url.as_ref()));
    put(
        &mut body,
        "ApplyJoinOption",
        given(group.apply_join_option.as_ref()).filter(|word| !word.is_empty()),
    );
    put(&mut body, "HistoryMsgBeforeJoin", history(group));
    put(&mut body, "AppDefinedData", custom(&group.app_defined_data));
    body
}

/// Communities cannot say it.
fn history(group: &Group) -> Option<&str> {
    let is_community = GroupType::parse(&group.kind) == Some(GroupType::Community);
    given(group.history_msg_before_join.as_ref()).filter(|word| !word.is_empty() && !is_community)
}

/// What follows from a group's record and its outline.
#[derive(Clone, Debug, Default)]
pub(super) struct Settled {
    pub(super) owner: Option<String>,
    pub(super) created: u64,
    /// Only where the default of servers does not do.
    pub(super) max_members: Option<u32>,
    pub(super) topics: bool,
}

/// The body of `import_group`.
pub(super) fn group(group: &Group, settled: &Settled) -> Value {
    let mut body = texts(group);
    put(&mut body, "Type", Some(group.kind.as_str()));
    put(&mut body, "Owner_Account", given(settled.owner.as_ref()));
    put(&mut body, "CreateTime", Some(settled.created));
    // Editions of the documentation have either name.
    put(&mut body, "MaxMemberNum", settled.max_members);
    put(&mut body, "MaxMemberCount", settled.max_members);
    put(&mut body, "SupportTopic", settled.topics.then_some(1));
    body.into()
}

/// The body of `modify_group_base_info`. Type, owner and times of a group stay as they are.
pub(super) fn group_change(group: &Group) -> Value {
    let mut body = texts(group);
    put(&mut body, "MaxMemberNum", group.max_member_num.filter(|max| *max != 0));
    body.into()
}

/// The body of `get_group_info` that asks for what [`same_group`] compares.
pub(super) fn group_question(id: &str, fields: &[CustomValue]) -> Value {
    let keys: Vec<_> = fields.iter().map(|field| field.key.as_str()).collect();
    json!({
        "GroupIdList": [id],
        "ResponseFilter": {
            "GroupBaseInfoFilter": [
                "Type", "Name", "Introduction", "Notification", "FaceUrl", "Owner_Account", "CreateTime",
                "MaxMemberNum", "ApplyJoinOption", "HistoryMsgBeforeJoin", "MemberNum", "NextMsgSeq"
            ],
            "AppDefinedDataFilter_Group": keys
        }
    })
}

/// Whether a group may be one that was just made: nothing was said in it, and nobody but its owner is in it. A call whose
/// answer was lost has made no other.
pub(super) fn is_bare(row: &Value) -> bool {
    let up_to_one = |name: &str| row.get(name).and_then(Value::as_u64).is_none_or(|number| number <= 1);
    up_to_one("MemberNum") && up_to_one("NextMsgSeq")
}

/// Whether a row of `get_group_info` has what the record says. What the record does not say is not compared.
pub(super) fn same_group(group: &Group, settled: &Settled, row: &Value) -> bool {
    let text = |name: &str, wanted: Option<&str>| {
        wanted.is_none_or(|wanted| row.get(name).and_then(Value::as_str).unwrap_or_default() == wanted)
    };
    let number = |name: &str, wanted: Option<u64>| {
        wanted.is_none_or(|wanted| row.get(name).and_then(Value::as_u64) == Some(wanted))
    };
    let option = given(group.apply_join_option.as_ref());
    let created = group.create_time.filter(|time| *time != 0);
    // One type has two names.
    let kind = row.get("Type").and_then(Value::as_str).and_then(GroupType::parse);
    GroupType::parse(&group.kind) == kind
        && text("Name", Some(&group.name))
        && text("Introduction", given(group.introduction.as_ref()))
        && text("Notification", given(group.notification.as_ref()))
        && text("FaceUrl", given(group.face_url.as_ref()))
        && text("Owner_Account", given(settled.owner.as_ref()))
        && text("ApplyJoinOption", option.filter(|option| !option.is_empty() && group.kind != "Community"))
        // Servers other than Landfall do not say it.
        && (row.get("HistoryMsgBeforeJoin").is_none() || text("HistoryMsgBeforeJoin", history(group)))
        && number("MaxMemberNum", group.max_member_num.filter(|max| *max != 0).map(u64::from))
        && (number("CreateTime", created) || number("CreateTime", Some(settled.created)))
        && same_fields(&group.app_defined_data, row.get("AppDefinedData"))
}

fn same_fields(wanted: &[CustomValue], rows: Option<&Value>) -> bool {
    let rows = rows.and_then(Value::as_array);
    let value = |key: &str| {
        let mut rows = rows.into_iter().flatten();
        rows.find(|row| row.get("Key").and_then(Value::as_str) == Some(key))
            .and_then(|row| row.get("Value"))
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    wanted.iter().all(|field| value(&field.key) == field.value)
}

/// What `import_topic` and `modify_topic` both take.
pub(super) fn topic(topic: &Topic) -> Members {
    let mut body = Map::new();
    put(&mut body, "GroupId", Some(topic.group_id.as_str()));
    put(&mut body, "TopicId", Some(topic.topic_id.as_str()));
    put(&mut body, "TopicName", Some(topic.topic_name.as_str()));
    put(&mut body, "Introduction", given(topic.introduction.as_ref()));
    put(&mut body, "Notification", given(topic.notification.as_ref()));
    put(&mut body, "FaceUrl", given(topic.face_url.as_ref()));
    put(&mut body, "CustomString", given(topic.custom_string.as_ref()));
    body
}

/// Whether `TopicInfo` of `get_topic` has what the record says.
pub(super) fn same_topic(wanted: &Topic, row: &Value) -> bool {
    let names = ["TopicName", "Introduction", "Notification", "FaceUrl", "CustomString"];
    let wanted = topic(wanted);
    names.into_iter().all(|name| {
        let wanted = wanted.get(name).and_then(Value::as_str);
        wanted.is_none_or(|wanted| row.get(name).and_then(Value::as_str).unwrap_or_default() == wanted)
    })
}

/// The entry of `import_group_member`. Landfall takes all of it; other servers pass over name card, mute and fields.
pub(super) fn member(member: &Member, joined: u64) -> Value {
    let mut body = Map::new();
    put(&mut body, "Member_Account", Some(member.account.as_str()));
    // The only role that the documentation names.
    put(&mut body, "Role", given(member.role.as_ref()).filter(|role| *role == "Admin"));
    put(&mut body, "JoinTime", Some(joined));
    put(&mut body, "NameCard", given(member.name_card.as_ref()));
    put(&mut body, "MuteUntil", member.mute_until.filter(|time| *time != 0));
    put(&mut body, "AppMemberDefinedData", custom(&member.app_member_defined_data));
    body.into()
}

/// Whether a member has more than what `import_group_member` takes everywhere.
pub(super) fn has_extras(member: &Member, now: u64) -> bool {
    given(member.name_card.as_ref()).is_some_and(|card| !card.is_empty())
        || !member.app_member_defined_data.is_empty()
        || mute(member, now).is_some()
}

/// Seconds that a mute has yet to last.
fn mute(member: &Member, now: u64) -> Option<u64> {
    member.mute_until.and_then(|until| until.checked_sub(now)).filter(|seconds| *seconds != 0)
}

/// The body of `modify_group_member_info`.
pub(super) fn member_change(member: &Member, now: u64, is_owner: bool) -> Value {
    let mut body = Map::new();
    put(&mut body, "GroupId", Some(member.group_id.as_str()));
    put(&mut body, "Member_Account", Some(member.account.as_str()));
    let role = given(member.role.as_ref()).filter(|role| matches!(*role, "Admin" | "Member"));
    put(&mut body, "Role", role.filter(|_| !is_owner));
    put(&mut body, "NameCard", given(member.name_card.as_ref()));
    put(&mut body, "AppMemberDefinedData", custom(&member.app_member_defined_data));
    put(&mut body, "MuteTime", mute(member, now));
    body.into()
}

/// The body of `get_specified_group_member_info` that asks for what [`same_member`] compares.
pub(super) fn member_question(group: &str, members: &[&Member]) -> Value {
    let accounts: Vec<_> = members.iter().map(|member| member.account.as_str()).collect();
    let mut keys: Vec<_> = members.iter().flat_map(|member| &member.app_member_defined_data).collect();
    keys.sort_by(|left, right| left.key.cmp(&right.key));
    keys.dedup_by(|left, right| left.key == right.key);
    let keys: Vec<_> = keys.iter().map(|field| field.key.as_str()).collect();
    json!({
        "GroupId": group, "Member_List_Account": accounts,
        "MemberInfoFilter": ["Member_Account", "Role", "NameCard"], "AppDefinedDataFilter_GroupMember": keys
    })
}

/// How a member row compares with the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Likeness {
    Same,
    /// It has no name card or fields yet, as right after `import_group_member`.
    Bare,
    Other,
}

pub(super) fn same_member(member: &Member, is_owner: bool, row: &Value) -> Likeness {
    let text = |name: &str| row.get(name).and_then(Value::as_str).unwrap_or_default();
    let role = given(member.role.as_ref()).filter(|role| !role.is_empty()).unwrap_or("Member");
    if !is_owner && text("Role") != role {
        return Likeness::Other;
    }
    let card = given(member.name_card.as_ref()).is_none_or(|card| text("NameCard") == card);
    let wanted = &member.app_member_defined_data;
    let fields = row.get("AppMemberDefinedData");
    let same_fields = same_fields(wanted, fields);
    let no_fields = fields.and_then(Value::as_array).is_none_or(Vec::is_empty);
    if card && same_fields {
        Likeness::Same
    } else if (card || text("NameCard").is_empty()) && (same_fields || no_fields) {
        Likeness::Bare
    } else {
        Likeness::Other
    }
}
