//! `group_open_http_svc/set_topic_permission_group`: changes the permissions of a permission group in topics where
//! it has some, with a result for each topic.

use super::topic_permissions::{Reply, TopicPermissionsRequest};
use crate::call::{Call, Command};
use crate::reply::Failure;
use landfall_domain::operations::set_topic_permissions::TopicPermissionChange;
use serde::Deserialize;

#[derive(Deserialize, Default)]
#[serde(transparent)]
pub struct Request(TopicPermissionsRequest);

impl Command for Request {
    const PATH: &'static str = "group_open_http_svc/set_topic_permission_group";
    type Reply = Reply;

    async fn run(self, call: &Call) -> Result<Reply, Failure> {
        self.0.give(call, TopicPermissionChange::Set).await
    }
}
