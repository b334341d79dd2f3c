//! `chats`: the one-to-one conversations of the account.

use super::conversation::nested;
use super::{ClientRequest, CommonFields, RequestContext, RequestError};
use crate::clients::client::ConnectedClient;
use crate::clients::direct_frames;
use crate::reply::Failure;
use landfall_domain::account::Account;
use landfall_domain::ids::UserId;
use landfall_domain::people::fact::{Chat, ChatState, DirectLog, Fact, FactFamily, FactKey, FactRange};
use landfall_domain::people::message::{DirectMessage, DirectRange};
use landfall_domain::people::snapshot::{PeopleNeeds, PeopleSnapshot};
use landfall_domain::people::{Pair, Subject};
use serde::Serialize;
use serde_json::value::RawValue;

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
    /// A frame.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_msg: Option<Box<RawValue>>,
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
        let chat_list = rows(context.client, after, limit, fields.with_last()?).await?;
        Ok(Some(ChatList { chat_list }))
    }
}

/// A conversation of the list.
struct Listed {
    pair: Pair,
    peer: UserId,
    state: ChatState,
    log: DirectLog,
    unread: u32,
}

/// Three reads at most, whatever the number of conversations.
async fn rows(
    client: &ConnectedClient,
    after: Option<FactKey>,
    limit: usize,
    with_last: bool,
) -> Result<Vec<ChatRow>, Failure> {
    let listed = list(client, after, limit).await?;
    let last = listed.iter().filter(|chat| with_last && chat.log.last_seq() != 0);
    let messages: Vec<_> =
        last.map(|chat| DirectRange::Numbered(chat.pair.clone(), vec![chat.log.last_seq()])).collect();
    let mut found = PeopleSnapshot::default();
    if !messages.is_empty() {
        let mut accounts: Vec<UserId> = listed.iter().map(|chat| chat.peer.clone()).collect();
        accounts.push(client.account().clone());
        let needs = PeopleNeeds { accounts, messages, ..PeopleNeeds::default() };
        found = client.server.store.people(client.app.id, needs).await?;
    }
    let row = |chat: Listed| {
        let seen = |message: &&DirectMessage| !message.is_hidden_from(client.account(), chat.state.cleared);
        let last = found.messages_of(&chat.pair).last().filter(seen);
        let last = last.map(|message| {
            let sender = found.accounts.get(&message.sender).map(Account::as_sender).unwrap_or_default();
            nested(&direct_frames::message(&chat.pair, message, &sender))
        });
        Ok(ChatRow {
            peer_account: chat.peer.to_string(),
            msg_seq: chat.log.last_seq(),
            msg_time: chat.log.last_message.0,
            unread_msg_num: chat.unread,
            last_msg: last.transpose()?,
        })
    };
    listed.into_iter().map(row).collect()
}

async fn list(
    client: &ConnectedClient,
    after: Option<FactKey>,
    limit: usize,
) -> Result<Vec<Listed>, Failure> {
    let (store, app, account) = (&client.server.store, client.app.id, client.account());
    let own = Subject::Account(account.clone());
    let range = FactRange { subject: own.clone(), family: FactFamily::Chats, after, limit };
    let chats = store.people(app, PeopleNeeds { ranges: vec![range], ..PeopleNeeds::default() }).await?;
    let chats = chats.facts.into_iter().filter_map(|((_, key), fact)| match (key, fact) {
        (FactKey::Chat(Chat::Direct(peer)), Fact::Chat(state)) => {
            Some((Pair::of(account.clone(), peer.clone()), peer, state))
        }
        _ => None,
    });
    let chats: Vec<(Pair, UserId, ChatState)> = chats.collect();
    let unread = |peer: &UserId| (own.clone(), FactKey::Unread(peer.clone()));
    let facts =
        chats.iter().flat_map(|(pair, peer, _)| [(Subject::Pair(pair.clone()), FactKey::Log), unread(peer)]);
    let facts = facts.collect();
    let found = store.people(app, PeopleNeeds { facts, ..PeopleNeeds::default() }).await?;
    let listed = chats.into_iter().map(|(pair, peer, state)| {
        let log = match found.fact(&Subject::Pair(pair.clone()), &FactKey::Log) {
            Some(Fact::Log(log)) => log.clone(),
            _ => DirectLog::default(),
        };
        let unread = match found.facts.get(&unread(&peer)) {
            Some(Fact::Unread(unread)) => unread.count,
            _ => 0,
        };
        Listed { pair, peer, state, log, unread }
    });
    Ok(listed.collect())
}
