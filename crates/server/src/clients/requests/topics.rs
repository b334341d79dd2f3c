//! `topics`: the topics of a community.
//!
//! [choice] `topics` and `chats` know `Last` in `With`, which is as that of `groups`.

use super::conversation::ConversationRow;
use super::{ClientRequest, CommonFields, RequestContext, RequestError, group_msg_get_simple};
use crate::clients::client::ConnectedClient;
use crate::clients::frame::ConversationKey;
use crate::clients::senders;
use crate::reply::Failure;
use landfall_domain::ids::TopicId;
use landfall_domain::message::Conversation;
use landfall_domain::part::{Part, PartFamily, PartKey, PartRange};
use landfall_domain::refusal::Refusal;
use landfall_domain::snapshot::{GroupSnapshot, MessageRange, Needs};
use landfall_domain::topic::Topic;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Topics in one answer that has their last messages.
const WITH_LAST_MAX: usize = 200;

pub(super) struct Topics;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct TopicList {
    total_count: usize,
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
        let (group, with_last) = (fields.group_id()?, fields.with_last()?);
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
        let topics = snapshot.parts.values();
        let topics = topics.filter_map(|part| if let Part::Topic(topic) = part { Some(topic) } else { None });
        let topics: Vec<&Topic> = topics.collect();
        let most = if with_last { WITH_LAST_MAX } else { topics.len() };
        let limit = fields.limit.map_or(most, |limit| limit.min(most));
        let page: Vec<&Topic> = topics.iter().copied().skip(fields.offset).take(limit).collect();
        let topic_list = rows(client, &snapshot, &page, with_last).await?;
        Ok(Some(TopicList { total_count: topics.len(), topic_list }))
    }
}

/// The rows of topics of a community, whose member the account is. Two reads at most.
async fn rows(
    client: &ConnectedClient,
    community: &GroupSnapshot,
    topics: &[&Topic],
    with_last: bool,
) -> Result<Vec<ConversationRow>, Failure> {
    let (account, group) = (client.account(), &community.group);
    let key = |id: &TopicId| PartKey::TopicMember(id.clone(), account.clone());
    let parts = topics.iter().map(|topic| key(&topic.id)).collect();
    let place = |topic: &Topic| Conversation::Topic(topic.id.clone());
    let last = topics.iter().filter(|topic| with_last && topic.log.last_seq() != 0);
    let last = last.map(|topic| MessageRange::Numbered(place(topic), vec![topic.log.last_seq()]));
    let needs = Needs { parts, messages: last.collect(), ..Needs::default() };
    let mut found = client.snapshot(&group.id, needs).await?;
    let (store, app) = (&*client.server.store, client.app.id);
    let messages = found.messages.values().flat_map(BTreeMap::values);
    let seen = senders::read(store, app, &group.id, messages).await?;
    let row = |topic: &&Topic| {
        let mark = match found.parts.get(&key(&topic.id)) {
            Some(Part::TopicMember(member)) => member.read,
            Some(_) | None => Default::default(),
        };
        let (name, read) = (topic.name.as_str(), topic.log.read_seq(mark));
        let topic_id = Some(topic.id.as_str().to_owned());
        let mut row =
            ConversationRow { topic_id, ..ConversationRow::new(group.kind, name, &topic.log, read) };
        let place = place(topic);
        let last = found.messages.remove(&place).and_then(|mut last| last.pop_last());
        if let Some((_, message)) = last.filter(|(_, message)| community.shows(&place, message, account)) {
            let key = Arc::new(ConversationKey { group: group.id.clone(), conversation: place });
            row.last_msg = Some(group_msg_get_simple::row(client, &key, group.kind, (&message, &seen))?);
        }
        Ok(row)
    };
    topics.iter().map(row).collect()
}
