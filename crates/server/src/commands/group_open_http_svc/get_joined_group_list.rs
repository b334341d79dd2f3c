//! `group_open_http_svc/get_joined_group_list`: lists the groups one account is a member of, sorted by id.
//!
//! Without a filter an answer carries ids only. Groups that keep no members are never listed. An account that was never
//! imported is in no group. [choice]

use super::base_row::{Base, BaseFilter};
use super::member_row::{FieldNames, Filter};
use super::{flag, listed_type, number_up_to, required_account};
use crate::call::{Call, Command};
use crate::code::Code;
use crate::field::{Field, Object};
use crate::reply::Failure;
use landfall_domain::group::{Group, GroupType};
use landfall_domain::ids::UserId;
use landfall_domain::member::Member;
use landfall_domain::part::{Part, PartFamily, PartKey, PartRange};
use landfall_domain::snapshot::Needs;
use landfall_domain::store::JoinedWindow;
use landfall_domain::topic::TopicMember;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Fewest bytes of a group in an answer. A request without `Limit` reads one group more than can fit, so that it fails
/// with 10018 instead of losing groups.
const ROW_BYTES_MIN: usize = 16;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    #[serde(rename = "Member_Account")]
    member_account: Field<String>,
    limit: Field<i128>,
    offset: Field<i128>,
    group_type: Field<String>,
    with_huge_groups: Field<i128>,
    with_no_active_groups: Field<i128>,
    support_topic: Field<i128>,
    response_filter: Field<Object<ResponseFilter>>,
}

#[derive(Deserialize, Default, Debug)]
#[serde(rename_all = "PascalCase", default)]
struct ResponseFilter {
    group_base_info_filter: FieldNames,
    self_info_filter: FieldNames,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Reply {
    /// All requested groups, on all pages.
    total_count: u64,
    group_id_list: Vec<Row>,
}

/// One group, with the requested fields only.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Row {
    group_id: String,
    #[serde(flatten)]
    base: Base,
    /// The number of the next message, were all topics one.
    #[serde(skip_serializing_if = "Option::is_none")]
    gross_topic_next_msg_seq: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    self_info: Option<SelfInfo>,
}

/// The membership of the account.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct SelfInfo {
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    join_time: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    msg_flag: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    msg_seq: Option<u32>,
    /// Older clients request this instead of `MsgSeq`.
    #[serde(skip_serializing_if = "Option::is_none")]
    unread_msg_num: Option<u32>,
    /// The number of the last message read, were all topics one.
    #[serde(skip_serializing_if = "Option::is_none")]
    gross_topic_read_seq: Option<u64>,
}

/// The fields that the answer carries. A missing filter lets nothing through.
struct Wanted {
    base: BaseFilter,
    /// Whether `GrossTopicNextMsgSeq` is requested.
    gross_next: bool,
    own: Option<Filter>,
}

impl Wanted {
    fn new(filter: Field<Object<ResponseFilter>>) -> Self {
        let filter = filter.if_valid().unwrap_or_default().0;
        let own = Filter::new(filter.self_info_filter);
        let base = Filter::new(filter.group_base_info_filter).or_nothing();
        Self {
            base: BaseFilter::new(&base),
            gross_next: base.names("GrossTopicNextMsgSeq"),
            own: own.is_given().then_some(own),
        }
    }

    fn topics(&self) -> bool {
        self.gross_next || self.own.as_ref().is_some_and(|own| own.names("GrossTopicReadSeq"))
    }
}

impl Command for Request {
    const PATH: &'static str = "group_open_http_svc/get_joined_group_list";
    type Reply = Reply;

    async fn run(self, call: &Call) -> Result<Reply, Failure> {
        let account = required_account(self.member_account, "Member_Account")?;
        let limit = self.limit.optional("Limit")?.unwrap_or_default();
        let limit = number_up_to(limit, "Limit", call.limits.joined_per_page as u64)?;
        let limit = usize::try_from(limit).ok().filter(|limit| *limit != 0);
        let offset =
            number_up_to(self.offset.optional("Offset")?.unwrap_or_default(), "Offset", u32::MAX.into())?;
        let kinds = match self.group_type.optional("GroupType")?.as_deref().map(listed_type).transpose()? {
            None => GroupType::ALL.to_vec(),
            Some(kind) => kind.into_iter().collect(),
        };
        flag(self.with_huge_groups, "WithHugeGroups")?; // These keep no members, so there are none to add.
        let window = JoinedWindow {
            kinds,
            // Not given: communities with topics and all others. [choice]
            support_topic: flag(self.support_topic, "SupportTopic")?,
            inactive: flag(self.with_no_active_groups, "WithNoActiveGroups")?.unwrap_or_default(),
            offset: usize::try_from(offset).unwrap_or(usize::MAX),
            limit: limit.unwrap_or(call.limits.reply_bytes / ROW_BYTES_MIN + 1),
        };
        let wanted = Wanted::new(self.response_filter);
        let page = call.joined_groups(account.clone(), window).await?;
        let mut rows = Vec::with_capacity(page.groups.len());
        for (group, member) in page.groups {
            let topics = if group.support_topic && wanted.topics() {
                topics(call, &group, &account).await?
            } else {
                None
            };
            rows.push(row(call, group, &member, topics, &wanted));
        }
        Ok(Reply { total_count: page.total, group_id_list: rows })
    }
}

fn row(call: &Call, group: Group, member: &Member, topics: Option<Topics>, wanted: &Wanted) -> Row {
    let next = topics.as_ref().map(|topics| topics.last + 1);
    let self_info = wanted.own.as_ref().map(|own| SelfInfo {
        role: own.takes(&["Role"]).then(|| member.role.as_str()),
        join_time: own.takes(&["JoinTime"]).then_some(member.joined.0),
        msg_flag: own.takes(&["MsgFlag"]).then(|| member.receive_option.as_str()),
        msg_seq: own.takes(&["MsgSeq"]).then(|| group.log.read_seq(member.read)),
        unread_msg_num: own.takes(&["UnreadMsgNum"]).then(|| match group.kind.can().unread {
            true => group.log.unread(member.read),
            false => 0,
        }),
        gross_topic_read_seq: topics.map(|topics| topics.read).filter(|_| own.takes(&["GrossTopicReadSeq"])),
    });
    Row {
        group_id: group.id.as_str().to_owned(),
        base: Base::new(call.app_id(), Arc::new(group), wanted.base),
        gross_topic_next_msg_seq: next.filter(|_| wanted.gross_next),
        self_info,
    }
}

/// Message numbers of all topics of a community, added up: what is documented is the names only. [choice]
struct Topics {
    /// Sum of the last numbers.
    last: u64,
    /// Sum of the last numbers read.
    read: u64,
}

/// `None` when the group was dissolved meanwhile.
async fn topics(call: &Call, group: &Group, account: &UserId) -> Result<Option<Topics>, Failure> {
    let all = PartRange::all(PartFamily::Topics);
    let found = match call.snapshot(group.id.clone(), Needs { ranges: vec![all], ..Needs::default() }).await {
        Ok(snapshot) => snapshot.parts,
        Err(failure) if failure.code == Code::GroupNotFound => return Ok(None),
        Err(failure) => return Err(failure),
    };
    let logs = found.into_iter().filter_map(|(key, part)| match (key, part) {
        (PartKey::Topic(id), Part::Topic(topic)) => {
            Some((PartKey::TopicMember(id, account.clone()), topic.log))
        }
        (_, _) => None,
    });
    let logs: Vec<_> = logs.collect();
    let parts = logs.iter().map(|(key, _)| key.clone()).collect();
    let known = match call.snapshot(group.id.clone(), Needs { parts, ..Needs::default() }).await {
        Ok(snapshot) => snapshot.parts,
        Err(failure) if failure.code == Code::GroupNotFound => return Ok(None),
        Err(failure) => return Err(failure),
    };
    let mut topics = Topics { last: 0, read: 0 };
    for (key, log) in logs {
        let mark = match known.get(&key) {
            Some(Part::TopicMember(member)) => member.read,
            Some(_) | None => TopicMember::default().read,
        };
        topics.last += u64::from(log.last_seq());
        topics.read += u64::from(log.read_seq(mark));
    }
    Ok(Some(topics))
}
