//! `group_msg_get_simple`: a page of the history of a group or topic, as a member sees it. The name and the fields are those of
//! REST.
//!
//! [choice] A row is the frame that `catch_up` sends. What the member does not see has none, nor has a number without a
//! message; `NextMsgSeq` says where the next page begins. At most 200 messages are looked at beyond those asked for, so a page
//! can have fewer messages than asked for and not be the last.
//! [choice] `Forward` 1 reads towards newer messages; `ReqMsgSeq` is the first number of the page in both directions.

use super::conversation::nested;
use super::history_page::HistoryPage;
use super::{ClientRequest, CommonFields, RequestContext, RequestError};
use crate::clients::client::ConnectedClient;
use crate::clients::frame::{self, ConversationKey};
use crate::clients::senders;
use crate::code::Code;
use crate::reply::Failure;
use landfall_domain::account::SenderProfiles;
use landfall_domain::group::GroupType;
use landfall_domain::message::{Conversation, Message};
use landfall_domain::part::PartKey;
use landfall_domain::refusal::Refusal;
use landfall_domain::snapshot::{GroupSnapshot, MessageRange, Needs};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::sync::Arc;

pub(super) struct GroupMsgGetSimple;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct PageFields {
    group_id: String,
    topic_id: Option<String>,
    req_msg_seq: u32,
    req_msg_number: usize,
    forward: u8,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct PageReply {
    group_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    topic_id: Option<String>,
    is_finished: u8,
    /// `ReqMsgSeq` of the next page; 0 where there is none.
    next_msg_seq: u32,
    rsp_msg_list: Vec<Box<RawValue>>,
}

impl ClientRequest for GroupMsgGetSimple {
    const COMMAND: &'static str = "group_msg_get_simple";
    type Fields = PageFields;
    type Reply = PageReply;

    async fn run(context: RequestContext<'_>, fields: PageFields) -> Result<Option<PageReply>, RequestError> {
        let PageFields { group_id, topic_id, req_msg_seq, req_msg_number, forward } = fields;
        let key = CommonFields { group_id, topic_id, ..CommonFields::default() }.conversation()?;
        if req_msg_number == 0 {
            return Err(Code::GroupParameter.because("ReqMsgNumber must be at least 1").into());
        }
        if 1 < forward {
            return Err(Code::GroupParameter.because("Forward must be 0 or 1").into());
        }
        let client = context.client;
        let limit = req_msg_number.min(client.server.limits.messages.per_page);
        let page =
            HistoryPage::new(client.account(), key.conversation.clone(), req_msg_seq, forward == 1, limit);
        Ok(Some(read(client, key, page).await?))
    }
}

async fn read(
    client: &ConnectedClient,
    key: ConversationKey,
    mut page: HistoryPage<'_>,
) -> Result<PageReply, Failure> {
    let key = Arc::new(key);
    let mut kind = GroupType::Public;
    while let Some(range) = page.range() {
        let snapshot = snapshot(client, &key, &range).await?;
        kind = snapshot.group.kind;
        page.take(&range, snapshot)?;
    }
    let topic_id = match &key.conversation {
        Conversation::Group => None,
        Conversation::Topic(id) => Some(id.as_str().to_owned()),
    };
    let (store, app) = (&*client.server.store, client.app.id);
    let seen = senders::read(store, app, &key.group, &page.messages).await?;
    let rows = page.messages.iter().map(|message| row(client, &key, kind, (message, &seen)));
    Ok(PageReply {
        group_id: key.group.as_str().to_owned(),
        topic_id,
        is_finished: page.is_finished.into(),
        next_msg_seq: page.next(),
        rsp_msg_list: rows.collect::<Result<_, _>>()?,
    })
}

/// A message as a history has it: the frame that `catch_up` sends.
pub(super) fn row(
    client: &ConnectedClient,
    key: &Arc<ConversationKey>,
    kind: GroupType,
    message: (&Message, &SenderProfiles),
) -> Result<Box<RawValue>, Failure> {
    nested(&frame::stored(key, kind, message, &client.hub.files).text)
}

/// Some messages, for a member of the group.
async fn snapshot(
    client: &ConnectedClient,
    key: &ConversationKey,
    range: &MessageRange,
) -> Result<GroupSnapshot, Failure> {
    let account = client.account();
    let parts = match &key.conversation {
        Conversation::Group => Vec::new(),
        Conversation::Topic(id) => vec![PartKey::Topic(id.clone())],
    };
    let (members, messages) = (vec![account.clone()], vec![range.clone()]);
    let snapshot =
        client.snapshot(&key.group, Needs { members, parts, messages, ..Needs::default() }).await?;
    snapshot.check_visible_to(account)?;
    if !snapshot.group.kind.can().history {
        return Err(Refusal::TypeForbids("keep no messages").into());
    }
    if !snapshot.members.contains_key(account) {
        return Err(Refusal::NotIn.into());
    }
    Ok(snapshot)
}
