//! What members see of those who wrote the messages of a history, or whom its tips name.
//!
//! [choice] A history shows the profile and the name card that a sender has today, not those of the day it wrote.

use landfall_domain::account::{Account, SenderProfiles};
use landfall_domain::error::{NoSuchGroup, OperationError, StoreError};
use landfall_domain::ids::{AppId, GroupId, UserId};
use landfall_domain::message::{Content, Message, Tip};
use landfall_domain::snapshot::Needs;
use landfall_domain::store::Store;
use std::collections::BTreeSet;

/// Reads each sender of `messages`, which are of one group, once.
pub(super) async fn read(
    store: &dyn Store,
    app: AppId,
    group: &GroupId,
    messages: impl IntoIterator<Item = &Message>,
) -> Result<SenderProfiles, StoreError> {
    let senders = names(messages);
    if senders.is_empty() {
        return Ok(SenderProfiles::default());
    }
    let needs = Needs { members: senders.clone(), profiles: senders.clone(), ..Needs::default() };
    match store.snapshot(app, group.clone(), needs).await {
        Ok(found) => {
            let seen = |sender: UserId| (sender.clone(), found.sender_profile(&sender));
            Ok(senders.into_iter().map(seen).collect())
        }
        // It was dissolved meanwhile.
        Err(OperationError::Refused(NoSuchGroup)) => Ok(SenderProfiles::default()),
        Err(OperationError::Store(error)) => Err(error),
    }
}

/// Reads the profile of each sender of `messages`, which may be of many groups, once: without name cards.
pub(super) async fn profiles(
    store: &dyn Store,
    app: AppId,
    messages: impl IntoIterator<Item = &Message>,
) -> Result<SenderProfiles, StoreError> {
    let senders = names(messages);
    if senders.is_empty() {
        return Ok(SenderProfiles::default());
    }
    let accounts = store.accounts(app, senders.clone()).await?;
    let found = senders.into_iter().zip(accounts);
    Ok(found.filter_map(|(sender, account)| Some((sender, Account::as_sender(&account?)))).collect())
}

/// The senders of messages, and those whom tips name, each once.
fn names<'a>(messages: impl IntoIterator<Item = &'a Message>) -> Vec<UserId> {
    let of_message = |message: &'a Message| {
        let (sender, named) = match &message.content {
            Content::Sent(_) => (Some(&message.sender), &[][..]),
            Content::Tip(tip) => (Some(&message.sender), tip.accounts.as_slice()),
            Content::Gone(_) => (None, &[][..]),
        };
        sender.into_iter().chain(named.iter().take(Tip::SHOWN_MAX))
    };
    let senders: BTreeSet<&UserId> = messages.into_iter().flat_map(of_message).collect();
    senders.into_iter().cloned().collect()
}
