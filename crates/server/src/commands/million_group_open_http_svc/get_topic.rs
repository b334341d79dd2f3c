//! `million_group_open_http_svc/get_topic`: reads the profiles of topics of a community, and what they hold about
//! one account.

use super::{ITEM_OK, NO_TOPIC_ID, item};
use crate::call::{Call, Command};
use crate::code::Code;
use crate::commands::account::account;
use crate::commands::group_open_http_svc::member_row::{FieldNames, Filter};
use crate::commands::group_open_http_svc::{group_id, names};
use crate::field::Field;
use crate::reply::Failure;
use landfall_domain::ids::{GroupId, TopicId, UserId};
use landfall_domain::member::Member;
use landfall_domain::part::{Part, PartFamily, PartKey, PartRange};
use landfall_domain::snapshot::{GroupSnapshot, Needs};
use landfall_domain::topic::{Topic, TopicMember, has_topics};
use serde::{Deserialize, Serialize};

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    group_id: Field<String>,
    #[serde(rename = "From_Account")]
    from_account: Field<String>,
    topic_id_list: Field<Vec<Field<String>>>,
    response_filter: FieldNames,
}

/// One row for each requested topic, in order; without a list, all topics, sorted by id.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Reply {
    topic_and_self_info: Vec<Row>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Row {
    error_code: u32,
    error_info: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    self_info: Option<SelfInfo>,
    topic_info: TopicInfo,
}

/// The account in the topic.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct SelfInfo {
    #[serde(skip_serializing_if = "Option::is_none")]
    shut_up_time: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    msg_seq: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    msg_flag: Option<&'static str>,
}

/// The requested fields of a topic; its id and that of its community are always sent. [sample]
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "PascalCase")]
struct TopicInfo {
    topic_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    topic_name: Option<String>,
    #[serde(rename = "GroupID", skip_serializing_if = "Option::is_none")]
    group_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    face_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    introduction: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    notification: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    custom_string: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    create_time: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_msg_time: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_msg_seq: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mute_all_member: Option<&'static str>,
    /// One client reads this name, as a number. [client]
    #[serde(skip_serializing_if = "Option::is_none")]
    shut_up_all_flag: Option<u8>,
}

impl Command for Request {
    const PATH: &'static str = "million_group_open_http_svc/get_topic";
    type Reply = Reply;

    async fn run(self, call: &Call) -> Result<Reply, Failure> {
        let limits = call.limits.topics;
        let group = group_id(self.group_id)?;
        let from = account(self.from_account, "From_Account", Code::GroupParameter)?;
        let list = self.topic_id_list;
        let requested = list.is_given().then(|| names(list, "TopicIdList", limits.per_call)).transpose()?;
        let filter = Filter::new(self.response_filter);
        let needs = match &requested {
            Some(requested) => named(requested, &group),
            None => {
                let all = PartRange { limit: limits.count, ..PartRange::all(PartFamily::Topics) };
                Needs { ranges: vec![all], ..Needs::default() }
            }
        };
        let snapshot = call.snapshot(group.clone(), needs).await?;
        has_topics(&snapshot.group)?;
        let requested = requested.unwrap_or_else(|| topics_of(&snapshot));
        let own = match from {
            Some(account) => OwnMember::look(call, &snapshot, account).await?,
            None => None,
        };
        let rows = requested.into_iter().map(|id| row(id, &snapshot, own.as_ref(), &filter));
        Ok(Reply { topic_and_self_info: rows.collect() })
    }
}

fn named(requested: &[String], group: &GroupId) -> Needs {
    let ids = requested.iter().filter_map(|id| TopicId::parse(id, group));
    Needs { parts: ids.map(PartKey::Topic).collect(), ..Needs::default() }
}

fn topics_of(snapshot: &GroupSnapshot) -> Vec<String> {
    snapshot.parts.values().filter_map(topic).map(|topic| topic.id.as_str().to_owned()).collect()
}

fn topic(part: &Part) -> Option<&Topic> {
    if let Part::Topic(topic) = part { Some(topic) } else { None }
}

/// A member, with its state in each topic.
struct OwnMember {
    member: Member,
    snapshot: GroupSnapshot,
}

impl OwnMember {
    /// `None` for an account that is no member of the community. [choice]
    async fn look(call: &Call, topics: &GroupSnapshot, account: UserId) -> Result<Option<Self>, Failure> {
        let ids = topics.parts.values().filter_map(topic).map(|topic| topic.id.clone());
        let parts = ids.map(|id| PartKey::TopicMember(id, account.clone())).collect();
        let needs = Needs { members: vec![account.clone()], parts, ..Needs::default() };
        let mut snapshot = call.snapshot(topics.group.id.clone(), needs).await?;
        Ok(snapshot.members.remove(&account).map(|member| Self { member, snapshot }))
    }

    /// The member in a topic: all fields when the filter names none of them. [sample]
    fn info(&self, topic: &Topic, filter: &Filter) -> SelfInfo {
        let key = PartKey::TopicMember(topic.id.clone(), self.member.account.clone());
        let known = match self.snapshot.parts.get(&key) {
            Some(Part::TopicMember(member)) => member.clone(),
            Some(_) | None => TopicMember::default(),
        };
        let option = known.receive_option.unwrap_or(self.member.receive_option);
        let is_whole = filter.takes(&["SelfInfo"]) || !filter.takes(&["ShutUpTime", "MsgSeq", "MsgFlag"]);
        let takes = |name| is_whole || filter.takes(&[name]);
        SelfInfo {
            shut_up_time: takes("ShutUpTime").then_some(known.muted_until.0),
            msg_seq: takes("MsgSeq").then(|| topic.log.read_seq(known.read)),
            msg_flag: takes("MsgFlag").then(|| option.as_str()),
        }
    }
}

fn row(topic_id: String, snapshot: &GroupSnapshot, own: Option<&OwnMember>, filter: &Filter) -> Row {
    let found = TopicId::parse(&topic_id, &snapshot.group.id).and_then(|id| snapshot.topic(&id).ok());
    let Some(topic) = found else {
        let (error_code, error_info) = item(Some((Code::TopicIdIllegal, NO_TOPIC_ID)));
        let topic_info = TopicInfo { topic_id, ..TopicInfo::default() };
        return Row { error_code, error_info, self_info: None, topic_info };
    };
    Row {
        error_code: 0,
        error_info: ITEM_OK,
        self_info: own.map(|own| own.info(topic, filter)),
        topic_info: TopicInfo::new(topic, &snapshot.group.id, filter),
    }
}

impl TopicInfo {
    fn new(topic: &Topic, group: &GroupId, filter: &Filter) -> Self {
        let text = |name, text: &str| filter.takes(&[name]).then(|| text.to_owned());
        let mute_names = ["MuteAllMember", "ShutUpAllFlag"];
        Self {
            topic_id: topic.id.as_str().to_owned(),
            topic_name: text("TopicName", topic.name.as_str()),
            group_id: Some(group.as_str().to_owned()),
            face_url: text("FaceUrl", topic.face_url.as_str()),
            introduction: text("Introduction", topic.introduction.as_str()),
            notification: text("Notification", topic.notification.as_str()),
            custom_string: text("CustomString", topic.custom.as_str()),
            create_time: filter.takes(&["CreateTime"]).then_some(topic.created.0),
            last_msg_time: filter.takes(&["LastMsgTime"]).then_some(topic.log.last_message.0),
            next_msg_seq: filter.takes(&["NextMsgSeq"]).then_some(topic.log.next_seq),
            mute_all_member: filter.takes(&mute_names).then_some(if topic.mute_all { "On" } else { "Off" }),
            shut_up_all_flag: filter.takes(&mute_names).then_some(topic.mute_all.into()),
        }
    }
}
