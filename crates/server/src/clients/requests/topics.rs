//! `topics`: the topics of a community.

use super::conversation::ConversationRow;
use super::{ClientRequest, CommonFields, RequestContext, RequestError};
use crate::reply::Failure;
use landfall_domain::ids::TopicId;
use landfall_domain::part::{Part, PartFamily, PartKey, PartRange};
use landfall_domain::refusal::Refusal;
use landfall_domain::snapshot::Needs;
use serde::Serialize;

pub(super) struct Topics;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct TopicList {
    topic_list: Vec<ConversationRow>,
}

impl ClientRequest for Topics {
    const COMMAND: &'static str = "topics";
    type Fields = CommonFields;
    type Reply = TopicList;

    async fn run(
        context: RequestContext<'_>,
        fields: CommonFields,
    ) -> Result<Option<TopicList>, RequestError> {
        let client = context.client;
        let group = fields.group_id()?;
        let account = client.account();
        // The numbers of topics and of their members have a limit: `TopicLimits::count`.
        let needs = Needs {
            members: vec![account.clone()],
            ranges: vec![PartRange::all(PartFamily::Topics)],
            ..Needs::default()
        };
        let snapshot = client.snapshot(&group, needs).await?;
        snapshot.check_visible_to(account).map_err(Failure::from)?;
        if !snapshot.members.contains_key(account) {
            return Err(Failure::from(Refusal::NotIn).into());
        }
        let topics: Vec<_> = snapshot
            .parts
            .into_values()
            .filter_map(|part| if let Part::Topic(topic) = part { Some(topic) } else { None })
            .collect();
        let key = |id: &TopicId| PartKey::TopicMember(id.clone(), account.clone());
        let parts = topics.iter().map(|topic| key(&topic.id)).collect();
        let members = client.snapshot(&group, Needs { parts, ..Needs::default() }).await?;
        let rows = topics.iter().map(|topic| {
            let mark = match members.parts.get(&key(&topic.id)) {
                Some(Part::TopicMember(member)) => member.read,
                Some(_) | None => Default::default(),
            };
            let (kind, name, read) = (snapshot.group.kind, topic.name.as_str(), topic.log.read_seq(mark));
            let topic_id = Some(topic.id.as_str().to_owned());
            ConversationRow { topic_id, ..ConversationRow::new(kind, name, &topic.log, read) }
        });
        Ok(Some(TopicList { topic_list: rows.collect() }))
    }
}
