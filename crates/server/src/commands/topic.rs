//! Topics in requests of several services.

use super::group_open_http_svc::profile::text;
use crate::call::ReadOnlyCall;
use crate::code::Code;
use crate::commands::account::account;
use crate::field::Field;
use crate::reply::Failure;
use landfall_domain::ids::{GroupId, TopicId};
use landfall_domain::operations::add_topic::AddTopic;
use landfall_domain::time::Timestamp;
use serde::{Deserialize, Serialize};

/// The topic of `group` in an optional member called `TopicId`.
///
/// # Errors
/// It is no string, or not the id of a topic of `group`.
pub fn topic_id(given: Field<String>, group: &GroupId) -> Result<Option<TopicId>, Failure> {
    given.is_given().then(|| required_topic_id(given, group)).transpose()
}

/// The topic of `group` in a required member called `TopicId`.
///
/// # Errors
/// It is missing, no string, or not the id of a topic of `group`.
pub fn required_topic_id(given: Field<String>, group: &GroupId) -> Result<TopicId, Failure> {
    TopicId::parse(&given.required("TopicId")?, group)
        .ok_or_else(|| Code::TopicIdIllegal.because("TopicId is not the id of a topic of the group"))
}

/// A new topic, without the members that only an import has.
#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct TopicInput {
    pub(super) group_id: Field<String>,
    pub(super) topic_id: Field<String>,
    pub(super) topic_name: Field<String>,
    #[serde(rename = "From_Account")]
    pub(super) from_account: Field<String>,
    pub(super) custom_string: Field<String>,
    pub(super) face_url: Field<String>,
    pub(super) notification: Field<String>,
    pub(super) introduction: Field<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct TopicReply {
    topic_id: String,
}

impl TopicInput {
    /// The operation that creates the topic. The operator is not kept: an administrator of the app may be one, and no answer
    /// names it. [choice]
    pub(super) fn check(
        self,
        group: GroupId,
        created: Timestamp,
        call: &ReadOnlyCall,
        parse: impl Fn(&str, &GroupId) -> Option<TopicId>,
    ) -> Result<AddTopic, Failure> {
        let limits = call.limits;
        let id = custom_id(self.topic_id, &group, parse)?;
        let name = text(Field::Value(self.topic_name.required("TopicName")?), "TopicName", limits.name)?;
        account(self.from_account, "From_Account", Code::GroupParameter)?;
        Ok(AddTopic {
            id,
            group,
            random_bits: call.random_bits,
            name,
            introduction: text(self.introduction, "Introduction", limits.introduction)?,
            notification: text(self.notification, "Notification", limits.notification)?,
            face_url: text(self.face_url, "FaceUrl", limits.face_url)?,
            custom: text(self.custom_string, "CustomString", limits.topics.custom)?,
            created,
            max: limits.topics.count,
        })
    }
}

impl TopicReply {
    pub(super) fn new(id: &TopicId) -> Self {
        Self { topic_id: id.as_str().to_owned() }
    }
}

/// An id chosen by the app, as `parse` takes it.
fn custom_id(
    given: Field<String>,
    group: &GroupId,
    parse: impl Fn(&str, &GroupId) -> Option<TopicId>,
) -> Result<Option<TopicId>, Failure> {
    given.optional("TopicId")?.map_or(Ok(None), |raw| {
        parse(&raw, group).map(Some).ok_or_else(|| {
            Code::TopicIdIllegal.because(
                "TopicId must be GroupId, @TOPIC#_ and printable ASCII without @TGS#_ and @TOPIC#_@TOPIC#, \
                 96 bytes at most",
            )
        })
    })
}
