//! Permissions of a permission group in topics: what the four commands about them share.

use super::permission_group::permission_group_id;
use super::{align_outcomes, group_id, number_up_to};
use crate::call::Call;
use crate::code::Code;
use crate::field::{Entries, Field, Object};
use crate::items::{check_each, echoed};
use crate::reply::Failure;
use landfall_domain::ids::{GroupId, TopicId};
use landfall_domain::operations::set_topic_permissions::{
    SetTopicPermissions, TopicPermissionChange, TopicPermissionOutcome,
};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// The request of the commands that add or set permissions in topics.
#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct TopicPermissionsRequest {
    group_id: Field<String>,
    permission_group_id: Field<String>,
    topic_permission_list: Field<Entries<Object<TopicPermissionInput>>>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct TopicPermissionInput {
    topic_id: Field<String>,
    permission: Field<i128>,
}

/// One row for each requested topic, in order.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Reply {
    pub(super) topic_permission_result_list: Vec<Row>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Row {
    error_code: u32,
    error_info: Cow<'static, str>,
    topic_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    permission: Option<u64>,
}

impl Row {
    pub(super) fn found(topic_id: String, permission: u64) -> Self {
        Self { error_code: 0, error_info: "".into(), topic_id, permission: Some(permission) }
    }

    /// The outcome only; `None` for a malformed topic id. Changing permissions that do not exist is 110011, deleting them
    /// 110014. [choice]
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
        Self { error_code, error_info: error_info.into(), topic_id, permission: None }
    }

    /// An entry that is invalid.
    fn refused(topic_id: String, failure: Failure) -> Self {
        Self { error_code: failure.number(), error_info: failure.text, topic_id, permission: None }
    }
}

impl TopicPermissionsRequest {
    /// Adds or sets the permissions in the list; `change` decides which.
    pub(super) async fn give(
        self,
        call: &Call,
        change: fn(u64) -> TopicPermissionChange,
    ) -> Result<Reply, Failure> {
        let group = group_id(self.group_id)?;
        let Entries(list) = self.topic_permission_list.required("TopicPermissionList")?;
        let max = call.limits.topics.permissions_per_call;
        if max < list.len() {
            return Err(Code::GroupParameter.because(format!(
                "TopicPermissionList names {} topics; at most {max} are allowed",
                list.len()
            )));
        }
        let names = list.iter().map(|entry| entry.written_member("TopicId", |requested| &requested.topic_id));
        let names: Vec<_> = names.map(echoed).collect();
        let changes = check_each("TopicPermissionList", list, |entry, place| {
            let at = |field: &str| format!("{place}.{field}");
            let TopicPermissionInput { topic_id, permission } = entry.required(place)?.0;
            topic_id.required(&at("TopicId"))?;
            let name = at("Permission");
            Ok(change(number_up_to(permission.required(&name)?, &name, u64::MAX)?))
        })?;
        perform(call, group, self.permission_group_id, names.into_iter().zip(changes).collect()).await
    }
}

/// Changes the permissions in the topics whose entries are valid.
pub(super) async fn perform(
    call: &Call,
    group: GroupId,
    permission_group: Field<String>,
    topics: Vec<(String, Result<TopicPermissionChange, Failure>)>,
) -> Result<Reply, Failure> {
    let permission_group = permission_group_id(permission_group)?;
    let read = topics.iter().map(|(topic, change)| {
        change.as_ref().ok().and_then(|change| Some((TopicId::parse(topic, &group)?, *change)))
    });
    let read: Vec<_> = read.collect();
    let is_read: Vec<_> = read.iter().map(Option::is_some).collect();
    let operation =
        SetTopicPermissions { group, permission_group, topics: read.into_iter().flatten().collect() };
    let outcomes = align_outcomes(is_read, call.change(operation).await?);
    let rows = topics.into_iter().zip(outcomes).map(|((topic, change), outcome)| match change {
        Ok(_) => Row::new(topic, outcome),
        Err(failure) => Row::refused(topic, failure),
    });
    Ok(Reply { topic_permission_result_list: rows.collect() })
}
