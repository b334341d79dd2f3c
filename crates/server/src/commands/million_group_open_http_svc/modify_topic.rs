//! `million_group_open_http_svc/modify_topic`: changes the profile of a topic.

use crate::call::{Call, Command};
use crate::code::Code;
use crate::commands::account::account;
use crate::commands::group_open_http_svc::group_id;
use crate::commands::group_open_http_svc::profile::new_text;
use crate::commands::topic::required_topic_id;
use crate::field::{Emptiable, Field};
use crate::reply::{Failure, Nothing};
use landfall_domain::operations::modify_topic::ModifyTopic;
use serde::Deserialize;

/// A missing member stays as it is; an empty text is set.
#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    group_id: Field<String>,
    topic_id: Field<String>,
    #[serde(rename = "From_Account")]
    from_account: Field<String>,
    topic_name: Field<Emptiable>,
    custom_string: Field<Emptiable>,
    face_url: Field<Emptiable>,
    notification: Field<Emptiable>,
    introduction: Field<Emptiable>,
    mute_all_member: Field<String>,
    shut_up_all_member: Field<String>,
}

impl Command for Request {
    const PATH: &'static str = "million_group_open_http_svc/modify_topic";
    type Reply = Nothing;

    async fn run(self, call: &Call) -> Result<Nothing, Failure> {
        let limits = call.limits;
        let group = group_id(self.group_id)?;
        let topic = required_topic_id(self.topic_id, &group)?;
        account(self.from_account, "From_Account", Code::GroupParameter)?;
        let operation = ModifyTopic {
            group,
            topic,
            name: new_text(self.topic_name, "TopicName", limits.name)?,
            introduction: new_text(self.introduction, "Introduction", limits.introduction)?,
            notification: new_text(self.notification, "Notification", limits.notification)?,
            face_url: new_text(self.face_url, "FaceUrl", limits.face_url)?,
            custom: new_text(self.custom_string, "CustomString", limits.topics.custom)?,
            mute_all: mute_all(self.mute_all_member.or(self.shut_up_all_member))?,
        };
        call.change(operation).await?;
        Ok(Nothing {})
    }
}

fn mute_all(given: Field<String>) -> Result<Option<bool>, Failure> {
    match given.optional("MuteAllMember")?.as_deref() {
        None => Ok(None),
        Some("On") => Ok(Some(true)),
        Some("Off") => Ok(Some(false)),
        Some(word) => Err(Code::GroupParameter.because(format!("MuteAllMember is {word:?}, not On or Off"))),
    }
}
