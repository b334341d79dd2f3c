//! Messages between two accounts: what their history has for a client.

use super::client::ConnectedClient;
use super::session::CloseReason;
use landfall_domain::account::{Account, SenderProfile};
use landfall_domain::ids::UserId;
use landfall_domain::people::fact::{Chat, Fact, FactKey};
use landfall_domain::people::message::{DirectMessage, DirectRange};
use landfall_domain::people::official::broadcaster;
use landfall_domain::people::snapshot::PeopleNeeds;
use landfall_domain::people::{Pair, Subject};
use landfall_domain::time::Timestamp;
use std::collections::BTreeMap;

/// Messages before a new one that are looked for when they have not arrived.
const GAP_MAX: u32 = 200;

/// A part of the history of a conversation.
pub(super) struct DirectHistory {
    /// The place of the last message of all; 0 when there is none.
    pub(super) last_seq: u32,
    /// In the order of their arrival.
    pub(super) messages: Vec<DirectMessage>,
    /// The two accounts, those that exist.
    accounts: BTreeMap<UserId, Account>,
    /// The place of the last message that was imported silently.
    imported: u32,
    /// The place up to which the account has cleared it.
    cleared: u32,
    /// What was sent before is not for the account.
    since: Timestamp,
    /// Whether the account may read it: messages of an official account are for its subscribers.
    pub(super) is_open: bool,
}

impl DirectHistory {
    /// What others see of the sender of a message.
    pub(super) fn sender(&self, message: &DirectMessage) -> SenderProfile {
        self.accounts.get(&message.sender).map(Account::as_sender).unwrap_or_default()
    }

    /// The messages that an account of the conversation sees.
    pub(super) fn seen_by<'a>(&'a self, account: &'a UserId) -> impl Iterator<Item = &'a DirectMessage> {
        let is_for = |message: &&DirectMessage| {
            self.since <= message.key.sent && !message.is_hidden_from(account, self.cleared)
        };
        self.messages.iter().filter(is_for)
    }
}

impl ConnectedClient {
    /// The first messages of a conversation that arrived after a place.
    pub(super) async fn direct_history(
        &self,
        pair: &Pair,
        after: u32,
        limit: u32,
    ) -> Result<DirectHistory, CloseReason> {
        let account = self.account();
        let official = broadcaster(pair).filter(|official| *official != account);
        let chat = match official {
            Some(official) => (Subject::Account(official.clone()), FactKey::Subscriber(account.clone())),
            None => {
                let peer = pair.other(account).unwrap_or(account).clone();
                (Subject::Account(account.clone()), FactKey::Chat(Chat::Direct(peer)))
            }
        };
        let log = (Subject::Pair(pair.clone()), FactKey::Log);
        let limit = usize::try_from(limit).unwrap_or_default();
        let range = DirectRange::After { pair: pair.clone(), seq: after, limit };
        let accounts = if official.is_none() && limit != 0 { pair.accounts().into() } else { Vec::new() };
        let needs = PeopleNeeds {
            accounts: accounts.into_iter().cloned().collect(),
            facts: vec![chat.clone(), log.clone()],
            messages: vec![range],
            ..PeopleNeeds::default()
        };
        let found = self.server.store.people(self.app.id, needs).await;
        let found = found.map_err(|error| self.unreadable(&error))?;
        let (last_seq, imported) = match found.facts.get(&log) {
            Some(Fact::Log(log)) => (log.last_seq(), log.imported),
            _ => (0, 0),
        };
        let (cleared, since, is_open) = match found.facts.get(&chat) {
            Some(Fact::Chat(state)) => (state.cleared, Timestamp(0), true),
            Some(Fact::Subscription(subscription)) => (0, subscription.since, true),
            _ => (0, Timestamp(0), official.is_none()),
        };
        if !is_open {
            let (last_seq, messages, accounts) = (0, Vec::new(), BTreeMap::new());
            return Ok(DirectHistory { last_seq, messages, accounts, imported, cleared, since, is_open });
        }
        let messages = found.messages_of(pair).cloned().collect();
        let accounts = found.accounts;
        Ok(DirectHistory { last_seq, messages, accounts, imported, cleared, since, is_open })
    }

    /// The messages before the new one with the number `seq` that the client should have got and has not: those after
    /// `sent`, or where that is `None` those sent since it has connected. Imported ones are silent.
    pub(super) async fn missing_before(
        &self,
        pair: &Pair,
        sent: Option<u32>,
        seq: u32,
    ) -> Result<Vec<(DirectMessage, SenderProfile)>, CloseReason> {
        let after = sent.unwrap_or_default().max(seq.saturating_sub(1 + GAP_MAX));
        let found = self.direct_history(pair, after, seq - 1 - after).await?;
        let account = self.account();
        let is_missing = |message: &&DirectMessage| {
            message.seq < seq
                && found.imported < message.seq
                && (sent.is_some() || self.since < message.key.sent)
                && (message.sender != *account || !message.quiet)
        };
        let missing = found.seen_by(account).filter(is_missing);
        Ok(missing.map(|message| (message.clone(), found.sender(message))).collect())
    }
}
