//! `chats`: the one-to-one conversations of the account.

use super::{ClientRequest, CommonFields, RequestContext, RequestError};
use crate::clients::client::ConnectedClient;
use crate::reply::Failure;
use landfall_domain::ids::UserId;
use landfall_domain::people::fact::{Chat, DirectLog, Fact, FactFamily, FactKey, FactRange};
use landfall_domain::people::snapshot::PeopleNeeds;
use landfall_domain::people::{Pair, Subject};
use serde::Serialize;

/// Conversations in one answer.
const CHATS_MAX: usize = 200;

pub(super) struct Chats;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ChatList {
    chat_list: Vec<ChatRow>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ChatRow {
    #[serde(rename = "Peer_Account")]
    peer_account: String,
    /// Number of the last message.
    msg_seq: u32,
    msg_time: u64,
    unread_msg_num: u32,
}

impl ClientRequest for Chats {
    const COMMAND: &'static str = "chats";
    type Fields = CommonFields;
    type Reply = ChatList;

    async fn run(
        context: RequestContext<'_>,
        fields: CommonFields,
    ) -> Result<Option<ChatList>, RequestError> {
        let after = fields.peer()?.map(|peer| FactKey::Chat(Chat::Direct(peer)));
        let limit = fields.limit.unwrap_or(CHATS_MAX).min(CHATS_MAX);
        let chat_list = rows(context.client, after, limit).await?;
        Ok(Some(ChatList { chat_list }))
    }
}

async fn rows(
    client: &ConnectedClient,
    after: Option<FactKey>,
    limit: usize,
) -> Result<Vec<ChatRow>, Failure> {
    let (store, app, account) = (&client.server.store, client.app.id, client.account());
    let own = Subject::Account(account.clone());
    let range = FactRange { subject: own.clone(), family: FactFamily::Chats, after, limit };
    let chats = store.people(app, PeopleNeeds { ranges: vec![range], ..PeopleNeeds::default() }).await?;
    let peers: Vec<UserId> = chats.facts.into_keys().filter_map(|(_, key)| key.peer().cloned()).collect();
    let pair = |peer: &UserId| Subject::Pair(Pair::of(account.clone(), peer.clone()));
    let facts = peers
        .iter()
        .flat_map(|peer| [(pair(peer), FactKey::Log), (own.clone(), FactKey::Unread(peer.clone()))])
        .collect();
    let found = store.people(app, PeopleNeeds { facts, ..PeopleNeeds::default() }).await?;
    let row = |peer: UserId| {
        let log = match found.fact(&pair(&peer), &FactKey::Log) {
            Some(Fact::Log(log)) => log.clone(),
            _ => DirectLog::default(),
        };
        let unread = match found.fact(&own, &FactKey::Unread(peer.clone())) {
            Some(Fact::Unread(unread)) => unread.count,
            _ => 0,
        };
        ChatRow {
            peer_account: peer.to_string(),
            msg_seq: log.last_seq(),
            msg_time: log.last_message.0,
            unread_msg_num: unread,
        }
    };
    Ok(peers.into_iter().map(row).collect())
}
