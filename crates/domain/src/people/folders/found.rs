//! What was found of the folders, marks and peers of an account.

use super::{ChatMark, ChatProblem, Filed, Folders};
use crate::ids::{GroupId, UserId};
use crate::people::Subject;
use crate::people::fact::{Chat, Fact, FactKey};
use crate::people::snapshot::PeopleSnapshot;
use std::collections::BTreeSet;

/// The folders of an account, which were requested.
#[must_use]
pub fn folders_of(snapshot: &PeopleSnapshot, account: &UserId) -> Folders {
    match snapshot.fact(&Subject::Account(account.clone()), &FactKey::Folders) {
        Some(Fact::Folders(folders)) => folders.clone(),
        Some(_) | None => Folders::default(),
    }
}

/// The folders that a conversation is in, which were requested.
#[must_use]
pub fn filed_of<'a>(snapshot: &'a PeopleSnapshot, account: &UserId, chat: &Chat) -> Option<&'a Filed> {
    match snapshot.fact(&Subject::Account(account.clone()), &FactKey::Filed(chat.clone())) {
        Some(Fact::Filed(filed)) => Some(filed),
        Some(_) | None => None,
    }
}

/// The marks of a conversation, which were requested.
#[must_use]
pub fn mark_of<'a>(snapshot: &'a PeopleSnapshot, account: &UserId, chat: &Chat) -> Option<&'a ChatMark> {
    match snapshot.fact(&Subject::Account(account.clone()), &FactKey::Mark(chat.clone())) {
        Some(Fact::Mark(mark)) => Some(mark),
        Some(_) | None => None,
    }
}

/// The other accounts of conversations, for [`check`].
pub(in crate::people) fn peers<'a>(chats: impl Iterator<Item = &'a Chat>) -> Vec<UserId> {
    let peer = |chat: &Chat| match chat {
        Chat::Direct(peer) => Some(peer.clone()),
        Chat::Group(_) => None,
    };
    chats.filter_map(peer).collect()
}

/// That there is somebody or something to have the conversation with. `groups` are those that exist.
pub(in crate::people) fn check(
    snapshot: &PeopleSnapshot,
    groups: &BTreeSet<GroupId>,
    chat: &Chat,
) -> Result<(), ChatProblem> {
    match chat {
        Chat::Direct(peer) if !snapshot.accounts.contains_key(peer) => Err(ChatProblem::NoSuchAccount),
        Chat::Group(id) if !groups.contains(id) => Err(ChatProblem::NoSuchGroup),
        Chat::Direct(_) | Chat::Group(_) => Ok(()),
    }
}
