//! `group_open_http_svc/add_topic_permission_group`: gives a permission group permissions in topics where it has none,
//! with a result for each topic.

use super::topic_permissions::{Reply, TopicPermissionsRequest};
use crate::call::{Call, Command};
use crate::reply::Failure;
use landfall_domain::operations::set_topic_permissions::TopicPermissionChange;
use serde::Deserialize;

#[derive(Deserialize, Default)]
#[serde(transparent)]
pub struct Request(TopicPermissionsRequest);

impl Command for Request {
    const PATH: &'static str = "group_open_http_svc/add_topic_permission_group";
    type Reply = Reply;

    async fn run(self, call: &Call) -> Result<Reply, Failure> {
        self.0.give(call, TopicPermissionChange::Add).await
    }
}
