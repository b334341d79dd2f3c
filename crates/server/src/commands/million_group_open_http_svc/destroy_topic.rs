//! `million_group_open_http_svc/destroy_topic`: removes topics with their messages, with a result for each.
//!
//! A topic that never existed is answered like one that was removed. [choice]

use super::{NO_TOPIC_ID, item};
use crate::call::{Call, Command};
use crate::code::Code;
use crate::commands::account::account;
use crate::commands::group_open_http_svc::{align_outcomes, group_id, names};
use crate::field::Field;
use crate::reply::Failure;
use landfall_domain::ids::TopicId;
use landfall_domain::operations::destroy_topics::DestroyTopics;
use serde::{Deserialize, Serialize};

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    group_id: Field<String>,
    topic_id_list: Field<Vec<Field<String>>>,
    #[serde(rename = "From_Account")]
    from_account: Field<String>,
}

/// One row for each requested topic, in order.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Reply {
    destroy_result_item: Vec<Row>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Row {
    error_code: u32,
    error_info: &'static str,
    topic_id: String,
}

impl Command for Request {
    const PATH: &'static str = "million_group_open_http_svc/destroy_topic";
    type Reply = Reply;

    async fn run(self, call: &Call) -> Result<Reply, Failure> {
        let group = group_id(self.group_id)?;
        account(self.from_account, "From_Account", Code::GroupParameter)?;
        let requested = names(self.topic_id_list, "TopicIdList", call.limits.topics.per_call)?;
        let ids: Vec<_> = requested.iter().map(|id| TopicId::parse(id, &group)).collect();
        let topics = ids.iter().flatten().cloned().collect();
        let gone = call.change(DestroyTopics { group, topics }).await?;
        let rows = requested.into_iter().zip(align_outcomes(ids.iter().map(Option::is_some), gone));
        Ok(Reply { destroy_result_item: rows.map(|(topic_id, gone)| Row::new(topic_id, gone)).collect() })
    }
}

impl Row {
    /// `gone`: whether the topic existed; `None` for a malformed id.
    fn new(topic_id: String, gone: Option<bool>) -> Self {
        let (error_code, error_info) = item(match gone {
            Some(true) => None,
            Some(false) => Some((Code::TopicDeleted, "the topic was deleted already")),
            None => Some((Code::TopicIdIllegal, NO_TOPIC_ID)),
        });
        Self { error_code, error_info, topic_id }
    }
}
