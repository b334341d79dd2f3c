//! `group_open_http_svc/delete_topic_permission_group`: removes permissions in topics from a permission group, with a
//! result for each topic.

use super::topic_permissions::{Reply, perform};
use super::{group_id, names};
use crate::call::{Call, Command};
use crate::field::Field;
use crate::reply::Failure;
use landfall_domain::operations::set_topic_permissions::TopicPermissionChange;
use serde::Deserialize;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    group_id: Field<String>,
    permission_group_id: Field<String>,
    topic_id_list: Field<Vec<Field<String>>>,
}

impl Command for Request {
    const PATH: &'static str = "group_open_http_svc/delete_topic_permission_group";
    type Reply = Reply;

    async fn run(self, call: &Call) -> Result<Reply, Failure> {
        let group = group_id(self.group_id)?;
        let topics = names(self.topic_id_list, "TopicIdList", call.limits.topics.permissions_per_call)?;
        let topics = topics.into_iter().map(|topic| (topic, Ok(TopicPermissionChange::Delete))).collect();
        perform(call, group, self.permission_group_id, topics).await
    }
}
