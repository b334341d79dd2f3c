//! Groups and topics.

use super::ask::is_too_long;
use super::rows::or_default;
use super::{GroupRow, Reading, TopicRow};
use crate::server::CallError;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Groups asked for in one call.
pub const GROUPS_PER_CALL: usize = 50;
/// Ids on a page of the app's list.
const IDS_PER_PAGE: u32 = 10_000;
const TOPICS_PER_CALL: usize = 50;

/// A page of the app's list of groups.
#[derive(Debug, Default)]
pub struct GroupPage {
    pub ids: Vec<String>,
    /// All groups of the app.
    pub total: u64,
    /// Where the next page begins; `None` at the end.
    pub next: Option<u64>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct IdsAnswer {
    total_count: u64,
    #[serde(deserialize_with = "or_default")]
    group_id_list: Vec<IdRow>,
    next: u64,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct IdRow {
    group_id: String,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct InfoAnswer {
    #[serde(deserialize_with = "or_default")]
    group_info: Vec<GroupRow>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct TopicAnswer {
    #[serde(deserialize_with = "or_default")]
    topic_and_self_info: Vec<TopicItem>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct TopicItem {
    error_code: u64,
    topic_info: TopicRow,
}

/// What is asked of a group: all that a record holds, what tells whether it changed, and no members.
const FIELDS: &[&str] = &[
    "Type",
    "Name",
    "Introduction",
    "Notification",
    "FaceUrl",
    "Owner_Account",
    "CreateTime",
    "LastInfoTime",
    "NextMsgSeq",
    "MemberNum",
    "MaxMemberNum",
    "ApplyJoinOption",
    "HistoryMsgBeforeJoin",
    "SupportTopic",
];

impl Reading<'_> {
    /// A page of the ids of all groups; `next` is 0 for the first one.
    ///
    /// # Errors
    /// The server refuses, or does not answer.
    pub async fn group_ids(&self, next: u64) -> Result<GroupPage, CallError> {
        let mut limit = IDS_PER_PAGE;
        loop {
            let body = json!({ "Limit": limit, "Next": next });
            match self.ask::<IdsAnswer>("group_open_http_svc/get_appid_group_list", &body).await {
                Ok(answer) => {
                    return Ok(GroupPage {
                        ids: answer.group_id_list.into_iter().map(|row| row.group_id).collect(),
                        total: answer.total_count,
                        next: (answer.next != 0 && answer.next != next).then_some(answer.next),
                    });
                }
                Err(error) if is_too_long(&error) && 1 < limit => limit /= 2,
                Err(error) => return Err(error),
            }
        }
    }

    /// Groups with their members, in the order of `ids`. A group that is too large for one answer comes without members,
    /// and with those of its custom fields that `fields` names.
    ///
    /// # Errors
    /// The server refuses, or does not answer.
    pub async fn whole_groups(&self, ids: &[String], fields: &[String]) -> Result<Vec<GroupRow>, CallError> {
        let mut rows = Vec::with_capacity(ids.len());
        let mut per_call = GROUPS_PER_CALL;
        let mut rest = ids;
        while !rest.is_empty() {
            let (asked, later) = rest.split_at(per_call.min(rest.len()));
            match self.groups_asked(asked, &json!({ "GroupIdList": asked })).await {
                Ok(answer) => rows.extend(answer),
                Err(error) if is_too_long(&error) && 1 < asked.len() => {
                    per_call = asked.len() / 2;
                    continue;
                }
                Err(error) if is_too_long(&error) => rows.extend(self.profiles(asked, fields).await?),
                Err(error) => return Err(error),
            }
            rest = later;
        }
        Ok(rows)
    }

    /// Groups without their members, in the order of `ids`, with the custom fields that `fields` names.
    ///
    /// # Errors
    /// The server refuses, or does not answer.
    pub async fn profiles(&self, ids: &[String], fields: &[String]) -> Result<Vec<GroupRow>, CallError> {
        let mut rows = Vec::with_capacity(ids.len());
        for asked in ids.chunks(GROUPS_PER_CALL) {
            let mut filter = json!({ "GroupBaseInfoFilter": FIELDS });
            if !fields.is_empty() {
                filter["AppDefinedDataFilter_Group"] = json!(fields);
            }
            let body = json!({ "GroupIdList": asked, "ResponseFilter": filter });
            rows.extend(self.groups_asked(asked, &body).await?);
        }
        Ok(rows)
    }

    async fn groups_asked(&self, ids: &[String], body: &Value) -> Result<Vec<GroupRow>, CallError> {
        const COMMAND: &str = "group_open_http_svc/get_group_info";
        let answer: InfoAnswer = self.ask(COMMAND, body).await?;
        in_order(ids, answer.group_info)
            .ok_or_else(|| CallError::NotTheApi { command: COMMAND.to_owned(), status: 200 })
    }

    /// The topics of a community.
    ///
    /// # Errors
    /// The server refuses, or does not answer.
    pub async fn topics(&self, group: &str) -> Result<Vec<TopicRow>, CallError> {
        match self.topics_asked(&json!({ "GroupId": group })).await {
            Err(error) if is_too_long(&error) => {}
            answered => return answered,
        }
        // Their ids alone have room.
        let ids = self.topics_asked(&json!({ "GroupId": group, "ResponseFilter": ["TopicId"] })).await?;
        let ids: Vec<_> = ids.into_iter().map(|topic| topic.topic_id).collect();
        let mut topics = Vec::with_capacity(ids.len());
        for asked in ids.chunks(TOPICS_PER_CALL) {
            topics.extend(self.topics_asked(&json!({ "GroupId": group, "TopicIdList": asked })).await?);
        }
        Ok(topics)
    }

    async fn topics_asked(&self, body: &Value) -> Result<Vec<TopicRow>, CallError> {
        let answer: TopicAnswer = self.ask("million_group_open_http_svc/get_topic", body).await?;
        let items = answer.topic_and_self_info.into_iter();
        Ok(items.filter(|item| item.error_code == 0).map(|item| item.topic_info).collect())
    }
}

/// A row for each of `ids`, in their order; `None` when one is missing.
fn in_order(ids: &[String], rows: Vec<GroupRow>) -> Option<Vec<GroupRow>> {
    let mut rows: BTreeMap<_, _> = rows.into_iter().map(|row| (row.group_id.clone(), row)).collect();
    ids.iter().map(|id| rows.remove(id)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_found_by_their_id_whatever_their_order() {
        let row = |id: &str| GroupRow { group_id: id.to_owned(), ..GroupRow::default() };
        let ids = ["a", "b"].map(str::to_owned);
        assert_eq!(in_order(&ids, vec![row("b"), row("a")]), Some(vec![row("a"), row("b")]));
        assert_eq!(in_order(&ids, vec![row("b")]), None);
    }
}
