//! `group_open_http_svc/import_topic`: imports a topic of a community, silently. Importing an id that is in use is
//! 10021 and changes nothing.

use super::group_id;
use super::import_group::created;
use crate::call::{ImportCommand, SilentCall};
use crate::code::Code;
use crate::commands::topic::{TopicInput, TopicReply};
use crate::field::Field;
use crate::reply::Failure;
use landfall_domain::group::GroupType;
use landfall_domain::ids::TopicId;
use landfall_domain::operations::add_topic::ImportTopic;
use serde::Deserialize;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    #[serde(rename = "Type")]
    kind: Field<String>,
    group_id: Field<String>,
    create_time: Field<i128>,
    topic_id: Field<String>,
    topic_name: Field<String>,
    #[serde(rename = "From_Account")]
    from_account: Field<String>,
    custom_string: Field<String>,
    face_url: Field<String>,
    notification: Field<String>,
    introduction: Field<String>,
}

impl ImportCommand for Request {
    const PATH: &'static str = "group_open_http_svc/import_topic";
    type Reply = TopicReply;

    async fn run(self, call: &SilentCall) -> Result<TopicReply, Failure> {
        group_type(self.kind)?;
        let group = group_id(self.group_id)?;
        let created = created(self.create_time, call.now)?;
        let parse = if call.limits.generated_ids { TopicId::parse } else { TopicId::parse_custom };
        let topic = TopicInput {
            group_id: Field::Absent,
            topic_id: self.topic_id,
            topic_name: self.topic_name,
            from_account: self.from_account,
            custom_string: self.custom_string,
            face_url: self.face_url,
            notification: self.notification,
            introduction: self.introduction,
        };
        let topic = topic.check(group, created, call, parse)?;
        Ok(TopicReply::new(&call.import(ImportTopic(topic)).await?))
    }
}

fn group_type(given: Field<String>) -> Result<(), Failure> {
    let Some(word) = given.optional("Type")? else { return Ok(()) };
    match GroupType::parse(&word) {
        Some(kind) if kind.can().topics => Ok(()),
        Some(_) => Err(Code::GroupNotAllowed.because(format!("groups of Type {word} have no topics"))),
        None => Err(Code::GroupParameter.because(format!("Type is {word:?}, not Community"))),
    }
}
