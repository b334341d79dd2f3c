//! What Landfall keeps of imports beside groups: where they came from, and how far members have read in topics.

use super::ask::is_too_long;
use super::rows::or_default;
use super::{Conversation, Reading};
use crate::format::carried::Carried;
use crate::server::CallError;
use serde::Deserialize;
use serde_json::json;
use std::collections::BTreeMap;

/// Groups asked for in one call.
const GROUPS_PER_CALL: usize = 20;

/// The group record that a job brought in, as far as no row of the group holds it.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct Origin {
    group_id: String,
    pub(crate) src: String,
    pub(crate) key: String,
    #[serde(deserialize_with = "or_default")]
    pub(crate) carried: Carried,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct OriginAnswer {
    origin_list: Vec<Origin>,
}

/// How far members have read in a topic.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct TopicReads {
    /// Number of the last message that members have read who are on no page.
    pub(crate) msg_seq: u32,
    pub(crate) read_list: Vec<TopicRead>,
    /// Where the next page begins; empty at the end.
    pub(crate) next: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct TopicRead {
    #[serde(rename = "Member_Account")]
    pub(crate) account: String,
    /// Number of the last message that it has read.
    pub(crate) msg_seq: u32,
}

impl Reading<'_> {
    /// Where groups came from, by their ids, those that a job brought in; `None` where the server does not say.
    ///
    /// # Errors
    /// The server does not answer.
    pub(crate) async fn origins(
        &self,
        ids: &[String],
    ) -> Result<Option<BTreeMap<String, Origin>>, CallError> {
        let mut origins = BTreeMap::new();
        let (mut rest, mut per_call) = (ids, GROUPS_PER_CALL);
        while !rest.is_empty() {
            let (asked, later) = rest.split_at(per_call.min(rest.len()));
            let body = json!({ "GroupIdList": asked });
            match self.ask::<OriginAnswer>("landfall_import_svc/get_origins", &body).await {
                Ok(answer) => {
                    let rows = answer.origin_list.into_iter();
                    origins.extend(rows.map(|origin| (origin.group_id.clone(), origin)));
                }
                Err(error) if is_too_long(&error) && 1 < asked.len() => {
                    per_call = asked.len() / 2;
                    continue;
                }
                // A server that takes no jobs, or an older one.
                Err(CallError::Refused { .. }) => return Ok(None),
                Err(error) => return Err(error),
            }
            rest = later;
        }
        Ok(Some(origins))
    }

    /// A page of how far members have read in a topic; `next` is empty for the first one.
    ///
    /// # Errors
    /// The server refuses, or does not answer.
    pub(crate) async fn topic_reads(
        &self,
        topic: &Conversation,
        next: &str,
    ) -> Result<TopicReads, CallError> {
        let body = json!({ "GroupId": topic.group, "TopicId": topic.id(), "Next": next });
        self.ask("landfall_import_svc/get_topic_reads", &body).await
    }
}
