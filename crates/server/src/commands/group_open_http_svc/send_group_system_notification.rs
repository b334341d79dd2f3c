//! `group_open_http_svc/send_group_system_notification`: sends a notice of the app to members that are online.
//!
//! The notice is not kept and takes no number. [doc] The accounts it names get it wherever they are connected, members
//! or not. [choice]

use super::profile::text;
use super::{group_id, required_account};
use crate::call::{Call, Command};
use crate::code::Code;
use crate::commands::topic::topic_id;
use crate::field::Field;
use crate::items::check_all;
use crate::reply::{Failure, Nothing};
use landfall_domain::limits::Span;
use landfall_domain::message::Conversation;
use landfall_domain::part::PartKey;
use landfall_domain::refusal::Refusal;
use landfall_domain::snapshot::Needs;
use serde::Deserialize;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    group_id: Field<String>,
    topic_id: Field<String>,
    content: Field<String>,
    #[serde(rename = "ToMembers_Account")]
    to_members_account: Field<Vec<Field<String>>>,
}

impl Command for Request {
    const PATH: &'static str = "group_open_http_svc/send_group_system_notification";
    type Reply = Nothing;

    async fn run(self, call: &Call) -> Result<Nothing, Failure> {
        let group = group_id(self.group_id)?;
        let limits = call.limits.messages;
        // No length is documented: that of a message holds. [choice]
        let content = self.content.required("Content")?;
        let content = text(Field::Value(content), "Content", Span::one_to(limits.bytes))?;
        let receivers = self.to_members_account.list("ToMembers_Account")?;
        if limits.notified < receivers.len() {
            return Err(Code::GroupParameter.because(format!(
                "ToMembers_Account names {} accounts; at most {} are allowed",
                receivers.len(),
                limits.notified
            )));
        }
        let is_for_some = !receivers.is_empty();
        let receivers = check_all("ToMembers_Account", receivers, required_account)?;
        let topic = topic_id(self.topic_id, &group)?;
        let parts = topic.iter().cloned().map(PartKey::Topic).collect();
        let snapshot = call.snapshot(group, Needs { parts, ..Needs::default() }).await?;
        if is_for_some && !snapshot.group.kind.can().members {
            return Err(Refusal::TypeForbids("keep no members, so ToMembers_Account cannot name any").into());
        }
        if let Some(topic) = &topic {
            snapshot.topic(topic)?;
        }
        call.send_notice(&snapshot.group, &Conversation::of(topic), content.as_str(), &receivers);
        Ok(Nothing {})
    }
}
