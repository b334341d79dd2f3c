//! What members see of those who wrote the messages of a history.
//!
//! [choice] A history shows the profile and the name card that a sender has today, not those of the day it wrote.

use landfall_domain::account::SenderProfile;
use landfall_domain::error::{NoSuchGroup, OperationError, StoreError};
use landfall_domain::ids::{AppId, GroupId, UserId};
use landfall_domain::message::{Content, Message};
use landfall_domain::snapshot::Needs;
use landfall_domain::store::Store;
use std::collections::{BTreeMap, BTreeSet};

/// The senders of a page of messages.
#[derive(Default)]
pub(crate) struct Senders(BTreeMap<UserId, SenderProfile>);

impl Senders {
    /// Reads each sender of `messages`, which are of one group, once.
    pub(crate) async fn read(
        store: &dyn Store,
        app: AppId,
        group: &GroupId,
        messages: impl IntoIterator<Item = &Message>,
    ) -> Result<Self, StoreError> {
        let senders = names(messages);
        if senders.is_empty() {
            return Ok(Self(BTreeMap::new()));
        }
        let needs = Needs { members: senders.clone(), profiles: senders.clone(), ..Needs::default() };
        match store.snapshot(app, group.clone(), needs).await {
            Ok(found) => {
                let seen = |sender: UserId| (sender.clone(), found.sender_profile(&sender));
                Ok(Self(senders.into_iter().map(seen).collect()))
            }
            // It was dissolved meanwhile.
            Err(OperationError::Refused(NoSuchGroup)) => Ok(Self(BTreeMap::new())),
            Err(OperationError::Store(error)) => Err(error),
        }
    }

    /// Reads the profile of each sender of `messages`, which may be of many groups, once: without name cards.
    pub(crate) async fn profiles(
        store: &dyn Store,
        app: AppId,
        messages: impl IntoIterator<Item = &Message>,
    ) -> Result<Self, StoreError> {
        let senders = names(messages);
        if senders.is_empty() {
            return Ok(Self(BTreeMap::new()));
        }
        let accounts = store.accounts(app, senders.clone()).await?;
        let found = senders.into_iter().zip(accounts);
        Ok(Self(found.filter_map(|(sender, account)| Some((sender, account?.as_sender()))).collect()))
    }

    /// A message, and what is seen of its sender.
    pub(crate) fn with<'a>(&'a self, message: &'a Message) -> (&'a Message, &'a SenderProfile) {
        static NOBODY: SenderProfile = SenderProfile::NOBODY;
        (message, self.0.get(&message.sender).unwrap_or(&NOBODY))
    }
}

/// The senders of messages, each once.
fn names<'a>(messages: impl IntoIterator<Item = &'a Message>) -> Vec<UserId> {
    let sent = messages.into_iter().filter(|message| matches!(message.content, Content::Sent(_)));
    let senders: BTreeSet<&UserId> = sent.map(|message| &message.sender).collect();
    senders.into_iter().cloned().collect()
}
