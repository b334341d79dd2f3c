//! What a permission group may do in topics, as the four commands about it take and answer it.

use super::permission_group::{permission_group_id, permissions};
use super::{group_id, in_place};
use crate::call::Call;
use crate::code::Code;
use crate::given::{Given, Misfit, Object};
use crate::reply::Failure;
use landfall_domain::ids::{GroupId, TopicId};
use landfall_domain::operations::set_topic_permissions::{
    SetTopicPermissions, TopicPermissionChange, TopicPermissionOutcome,
};
use serde::{Deserialize, Serialize};

/// A request that says what may be done in topics.
#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Asked {
    group_id: Given<String>,
    permission_group_id: Given<String>,
    topic_permission_list: Given<Vec<Given<Object<TopicPermission>>>>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct TopicPermission {
    topic_id: Given<String>,
    permission: Given<i128>,
}

/// The reply: one row for each topic asked for, in order.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Reply {
    pub(super) topic_permission_result_list: Vec<Row>,
}

/// What became of the permissions in a topic.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Row {
    error_code: u32,
    error_info: &'static str,
    topic_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    permission: Option<u64>,
}

impl Row {
    /// Permissions that are there.
    pub(super) fn found(topic_id: String, permission: u64) -> Self {
        Self { error_code: 0, error_info: "", topic_id, permission: Some(permission) }
    }

    /// Nothing but what became of them; absent when no topic can have the id. To change permissions that are not there
    /// is 110011, to delete them 110014. [choice]
    pub(super) fn new(topic_id: String, outcome: Option<TopicPermissionOutcome>) -> Self {
        let illegal = (Code::TopicIdIllegal.number(), "TopicId is not the id of a topic of the group");
        let (error_code, error_info) = match outcome {
            Some(TopicPermissionOutcome::Done) => (0, ""),
            Some(TopicPermissionOutcome::NoSuchTopic) | None => illegal,
            Some(TopicPermissionOutcome::AlreadyThere) => (
                Code::TopicPermissionTaken.number(),
                "the permission group has permissions in the topic already",
            ),
            Some(TopicPermissionOutcome::NotThere) => (
                Code::TopicPermissionMissing.number(),
                "the permission group has no permissions in the topic",
            ),
            Some(TopicPermissionOutcome::AlreadyDeleted) => {
                (Code::TopicPermissionDeleted.number(), "the permissions in the topic were deleted already")
            }
        };
        Self { error_code, error_info, topic_id, permission: None }
    }
}

impl Asked {
    /// Gives the permissions of the list, in the way that `change` says.
    pub(super) async fn give(
        self,
        call: &Call,
        change: fn(u64) -> TopicPermissionChange,
    ) -> Result<Reply, Failure> {
        let group = group_id(self.group_id)?;
        let list = self.topic_permission_list.required("TopicPermissionList")?;
        let max = call.limits.topics.permissions_per_call;
        if max < list.len() {
            return Err(Code::GroupParameter.because(format!(
                "TopicPermissionList names {} topics; at most {max} are allowed",
                list.len()
            )));
        }
        let topics = list.into_iter().enumerate().map(|(index, item)| {
            let at = |field: &str| format!("TopicPermissionList[{index}].{field}");
            let item = item.required(&format!("TopicPermissionList[{index}]"))?.0;
            let topic = item.topic_id.required(&at("TopicId"))?;
            let name = at("Permission");
            let bits = permissions(item.permission, &name)?.ok_or(Misfit::Missing(name))?;
            Ok((topic, change(bits)))
        });
        let topics = topics.collect::<Result<_, Failure>>()?;
        perform(call, group, self.permission_group_id, topics).await
    }
}

/// Changes the permissions in each topic.
pub(super) async fn perform(
    call: &Call,
    group: GroupId,
    permission_group: Given<String>,
    topics: Vec<(String, TopicPermissionChange)>,
) -> Result<Reply, Failure> {
    let permission_group = permission_group_id(permission_group)?;
    let read: Vec<_> = topics.iter().map(|(topic, _)| TopicId::parse(topic, &group)).collect();
    let changes = read.iter().cloned().zip(&topics);
    let topics_read = changes.filter_map(|(id, (_, change))| id.map(|id| (id, *change))).collect();
    let operation = SetTopicPermissions { group, permission_group, topics: topics_read };
    let outcomes = in_place(&read, call.change(operation).await?);
    let rows = topics.into_iter().zip(outcomes).map(|((topic, _), outcome)| Row::new(topic, outcome));
    Ok(Reply { topic_permission_result_list: rows.collect() })
}
