//! `chats`: the one-to-one conversations of the account.
//!
//! [choice] `With` may have `Last`: `LastMsg` is the message that arrived last, as `catch_up` sends it, and is missing where
//! the account does not see that one.

use super::{ClientRequest, CommonFields, RequestContext, RequestError};
use crate::clients::client::ConnectedClient;
use crate::clients::direct_frames;
use crate::code::Code;
use crate::reply::Failure;
use landfall_domain::account::Account;
use landfall_domain::ids::UserId;
use landfall_domain::people::fact::{Chat, DirectLog, Fact, FactFamily, FactKey, FactRange};
use landfall_domain::people::message::DirectRange;
use landfall_domain::people::snapshot::{PeopleNeeds, PeopleSnapshot};
use landfall_domain::people::{Pair, Subject};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// Conversations in one answer.
const CHATS_MAX: usize = 200;

pub(super) struct Chats;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct ChatsFields {
    #[serde(flatten)]
    common: CommonFields,
    with: Vec<String>,
}

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
    type Fields = ChatsFields;
    type Reply = ChatList;

    async fn run(context: RequestContext<'_>, fields: ChatsFields) -> Result<Option<ChatList>, RequestError> {
        if fields.with.iter().any(|name| name != "Last") {
            let problem = "With has an unknown name; Last is known";
            return Err(Code::GroupParameter.because(problem).into());
        }
        let after = fields.common.peer()?.map(|peer| FactKey::Chat(Chat::Direct(peer)));
        let limit = fields.common.limit.unwrap_or(CHATS_MAX).min(CHATS_MAX);
        let page = Page::read(context.client, after, limit).await?;
        let last = if fields.with.is_empty() {
            PeopleSnapshot::default()
        } else {
            page.last(context.client).await?
        };
        Ok(Some(ChatList { chat_list: page.rows(&last)? }))
    }
}

/// Conversations of an account, in their order.
struct Page {
    account: UserId,
    peers: Vec<UserId>,
    /// What the account has of each: places that it has cleared.
    chats: PeopleSnapshot,
    /// The numbers of each.
    numbers: PeopleSnapshot,
}

impl Page {
    async fn read(client: &ConnectedClient, after: Option<FactKey>, limit: usize) -> Result<Self, Failure> {
        let (store, app, account) = (&client.server.store, client.app.id, client.account().clone());
        let own = Subject::Account(account.clone());
        let range = FactRange { subject: own.clone(), family: FactFamily::Chats, after, limit };
        let chats = store.people(app, PeopleNeeds { ranges: vec![range], ..PeopleNeeds::default() }).await?;
        let peers: Vec<UserId> = chats.facts.keys().filter_map(|(_, key)| key.peer().cloned()).collect();
        let pair = |peer: &UserId| Subject::Pair(Pair::of(account.clone(), peer.clone()));
        let facts = peers
            .iter()
            .flat_map(|peer| [(pair(peer), FactKey::Log), (own.clone(), FactKey::Unread(peer.clone()))])
            .collect();
        let numbers = store.people(app, PeopleNeeds { facts, ..PeopleNeeds::default() }).await?;
        Ok(Self { account, peers, chats, numbers })
    }

    fn pair(&self, peer: &UserId) -> Pair {
        Pair::of(self.account.clone(), peer.clone())
    }

    fn log(&self, peer: &UserId) -> DirectLog {
        match self.numbers.fact(&Subject::Pair(self.pair(peer)), &FactKey::Log) {
            Some(Fact::Log(log)) => log.clone(),
            _ => DirectLog::default(),
        }
    }

    /// The last message of each, and the accounts that sent them.
    async fn last(&self, client: &ConnectedClient) -> Result<PeopleSnapshot, Failure> {
        let last = |peer: &UserId| DirectRange::Numbered(self.pair(peer), vec![self.log(peer).last_seq()]);
        let needs = PeopleNeeds {
            accounts: self.peers.iter().chain([&self.account]).cloned().collect(),
            messages: self.peers.iter().map(last).collect(),
            ..PeopleNeeds::default()
        };
        Ok(client.server.store.people(client.app.id, needs).await?)
    }

    fn rows(&self, last: &PeopleSnapshot) -> Result<Vec<ChatRow>, Failure> {
        self.peers.iter().map(|peer| self.row(peer, last)).collect()
    }

    fn row(&self, peer: &UserId, last: &PeopleSnapshot) -> Result<ChatRow, Failure> {
        let (own, log) = (Subject::Account(self.account.clone()), self.log(peer));
        let unread = match self.numbers.fact(&own, &FactKey::Unread(peer.clone())) {
            Some(Fact::Unread(unread)) => unread.count,
            _ => 0,
        };
        let cleared = match self.chats.fact(&own, &FactKey::Chat(Chat::Direct(peer.clone()))) {
            Some(Fact::Chat(state)) => state.cleared,
            _ => 0,
        };
        let pair = self.pair(peer);
        let seen = last.messages_of(&pair).find(|message| !message.is_hidden_from(&self.account, cleared));
        let frame = seen.map(|message| {
            let sender = last.accounts.get(&message.sender).map(Account::as_sender).unwrap_or_default();
            direct_frames::message(&pair, message, &sender)
        });
        Ok(ChatRow {
            peer_account: peer.to_string(),
            msg_seq: log.last_seq(),
            msg_time: log.last_message.0,
            unread_msg_num: unread,
            last_msg: frame
                .map(RawValue::from_string)
                .transpose()
                .map_err(|error| Code::GroupInternal.internal(error))?,
        })
    }
}
