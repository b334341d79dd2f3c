//! `million_group_open_http_svc/create_topic`: creates a topic in a community.

use crate::call::{Call, Command};
use crate::commands::group_open_http_svc::group_id;
use crate::commands::topic::{TopicInput, TopicReply};
use crate::reply::Failure;
use crate::webhook::before::{self, Question};
use landfall_domain::ids::TopicId;
use landfall_domain::operations::add_topic::CreateTopic;
use serde::Deserialize;

#[derive(Deserialize, Default)]
#[serde(transparent)]
pub struct Request(TopicInput);

impl Command for Request {
    const PATH: &'static str = "million_group_open_http_svc/create_topic";
    type Reply = TopicReply;

    async fn run(self, call: &Call) -> Result<TopicReply, Failure> {
        let Self(mut topic) = self;
        let group = group_id(std::mem::take(&mut topic.group_id))?;
        let topic = topic.check(group, call.now, call, TopicId::parse_custom)?;
        if let Some(kind) = call.type_if_asking(before::CREATE_TOPIC, &topic.group).await? {
            call.ask(Question::CreateTopic { kind, name: topic.name.as_str() }, |_| Ok(())).await?;
        }
        Ok(TopicReply::new(&call.change(CreateTopic(topic)).await?))
    }
}
