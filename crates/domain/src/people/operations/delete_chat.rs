//! Taking a conversation off the list of an account.

use super::conversation::{log, log_of, pair, put_unread, unread, unread_of};
use crate::context::Context;
use crate::ids::UserId;
use crate::people::Subject;
use crate::people::changes::PeopleChanges;
use crate::people::fact::{Chat, ChatState, Fact, FactKey};
use crate::people::operation::{PeopleDecision, PeopleOperation};
use crate::people::snapshot::{PeopleNeeds, PeopleSnapshot};

/// Takes a conversation off the list of an account, until the next message. It is no longer pinned.
#[derive(Clone, Debug)]
pub struct DeleteChat {
    /// The account. It must exist.
    pub account: UserId,
    /// The conversation.
    pub chat: Chat,
    /// Whether the account no longer sees the messages up to now; of a one-to-one conversation only.
    pub clear: bool,
    /// The number of the last message; of a group only.
    pub last_seq: u32,
}

/// There is no such account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoSuchOwner;

impl DeleteChat {
    fn own(&self) -> Subject {
        Subject::Account(self.account.clone())
    }

    fn key(&self) -> FactKey {
        FactKey::Chat(self.chat.clone())
    }

    fn pin(&self) -> FactKey {
        FactKey::Pin(self.chat.clone())
    }
}

impl PeopleOperation for DeleteChat {
    type Answer = ();
    type Refusal = NoSuchOwner;

    fn subjects(&self) -> Vec<Subject> {
        vec![match &self.chat {
            Chat::Direct(peer) => Subject::Pair(pair(&self.account, peer)),
            Chat::Group(_) => self.own(),
        }]
    }

    fn needs(&self, _: &Context) -> PeopleNeeds {
        let mut needs = PeopleNeeds {
            accounts: vec![self.account.clone()],
            facts: vec![(self.own(), self.key()), (self.own(), self.pin())],
            ..PeopleNeeds::default()
        };
        if let Chat::Direct(peer) = &self.chat {
            needs.facts.extend([unread_of(&self.account, peer), log_of(&pair(&self.account, peer))]);
        }
        needs
    }

    fn decide(&self, context: &Context, snapshot: PeopleSnapshot) -> Result<PeopleDecision<()>, NoSuchOwner> {
        if !snapshot.accounts.contains_key(&self.account) {
            return Err(NoSuchOwner);
        }
        let mut changes = PeopleChanges::default();
        let before = match snapshot.fact(&self.own(), &self.key()) {
            Some(Fact::Chat(state)) => Some(state.clone()),
            _ => None,
        };
        let before = match (&self.chat, before) {
            // Nothing was ever said.
            (Chat::Direct(_), None) => return Ok(PeopleDecision::unchanged(())),
            (_, before) => before.unwrap_or_default(),
        };
        let cleared = match &self.chat {
            Chat::Direct(peer) if self.clear => log(&snapshot, &pair(&self.account, peer)).last_seq(),
            Chat::Direct(_) => before.cleared,
            Chat::Group(_) => self.last_seq,
        };
        let after = ChatState { removed: Some(context.now), cleared };
        changes.put(self.own(), self.key(), Fact::Chat(after));
        if snapshot.fact(&self.own(), &self.pin()).is_some() {
            changes.remove(self.own(), self.pin());
        }
        if let Chat::Direct(peer) = &self.chat
            && unread(&snapshot, &self.account, peer).is_some()
        {
            put_unread(&mut changes, &self.account, peer, None);
        }
        Ok(PeopleDecision::new(changes, ()))
    }
}
