//! Importing a message between two accounts: silently, or as one that is delivered.

use super::conversation::{Arrival, all_unread, pair, unread_sum};
use crate::account::{Account, UnknownAccounts};
use crate::context::Context;
use crate::ids::UserId;
use crate::message::Body;
use crate::people::Subject;
use crate::people::changes::PeopleChanges;
use crate::people::event::PeopleEvent;
use crate::people::message::{DirectRange, MessageKey};
use crate::people::official::broadcaster;
use crate::people::operation::{PeopleDecision, PeopleImport, PeopleImported, PeopleOperation};
use crate::people::snapshot::{PeopleNeeds, PeopleSnapshot};

/// Imports a message. It counts as read, and nobody is notified.
#[derive(Clone, Debug)]
pub struct ImportDirect {
    /// The sender.
    pub sender: UserId,
    /// The receiver.
    pub receiver: UserId,
    /// What identifies it. The first message with a key stays. [doc]
    pub key: MessageKey,
    /// What it says.
    pub body: Body,
}

/// Imports a message that clients are sent. It counts as unread; the app's webhook is not notified.
#[derive(Clone, Debug)]
pub struct ImportLiveDirect(pub ImportDirect);

/// Why a message was not imported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImportDirectRefusal {
    /// The sender does not exist.
    NoSuchSender,
    /// The receiver does not exist.
    NoSuchReceiver,
    /// The conversation has as many messages as it can have.
    Full,
}

impl ImportDirect {
    fn pair(&self) -> crate::people::Pair {
        pair(&self.sender, &self.receiver)
    }

    fn rows(&self) -> PeopleNeeds {
        let mut needs = PeopleNeeds { accounts: vec![self.sender.clone()], ..PeopleNeeds::default() };
        Arrival::needs(&mut needs, &self.sender, &self.receiver);
        needs.messages.push(DirectRange::Keyed(self.pair(), vec![self.key]));
        needs
    }

    /// Adds the message, unless it is there. The event is that of a message which is not `silent`.
    fn add(
        &self,
        context: &Context,
        snapshot: &PeopleSnapshot,
        silent: bool,
    ) -> Result<(PeopleChanges, Option<PeopleEvent>), ImportDirectRefusal> {
        let Self { sender, receiver, key, body } = self;
        let mut changes = PeopleChanges::default();
        for (account, refusal) in
            [(sender, ImportDirectRefusal::NoSuchSender), (receiver, ImportDirectRefusal::NoSuchReceiver)]
        {
            if !snapshot.accounts.contains_key(account) {
                match context.unknown {
                    UnknownAccounts::Refuse => return Err(refusal),
                    UnknownAccounts::Create if changes.placeholders.contains(account) => {}
                    UnknownAccounts::Create => changes.placeholders.push(account.clone()),
                }
            }
        }
        let pair = self.pair();
        if broadcaster(&pair).is_some() {
            return Err(ImportDirectRefusal::NoSuchReceiver);
        }
        if snapshot.messages_of(&pair).next().is_some() {
            return Ok((PeopleChanges::default(), None));
        }
        let arrival = Arrival {
            sender,
            receiver,
            key: *key,
            body,
            push: "",
            quiet: false,
            hidden_from_sender: false,
            not_last: false,
            silent,
        };
        let added = arrival.add(&mut changes, snapshot, context.now);
        let (message, of_sender) = added.ok_or(ImportDirectRefusal::Full)?;
        let unread = unread_sum(snapshot, receiver, sender, of_sender);
        let (message, seen) = (Box::new(message), snapshot.accounts.get(sender).map(Account::as_sender));
        let sender = seen.unwrap_or_default();
        let event = PeopleEvent::DirectSent { pair, message, sender, unread, imported: true };
        Ok((changes, Some(event)))
    }
}

impl PeopleImport for ImportDirect {
    type Answer = ();
    type Refusal = ImportDirectRefusal;

    fn subjects(&self) -> Vec<Subject> {
        vec![Subject::Pair(self.pair())]
    }

    fn needs(&self, _: &Context) -> PeopleNeeds {
        self.rows()
    }

    fn decide(
        &self,
        context: &Context,
        snapshot: PeopleSnapshot,
    ) -> Result<PeopleImported<()>, ImportDirectRefusal> {
        let (changes, _) = self.add(context, &snapshot, true)?;
        Ok(PeopleImported { changes, answer: () })
    }
}

impl PeopleOperation for ImportLiveDirect {
    type Answer = ();
    type Refusal = ImportDirectRefusal;

    fn subjects(&self) -> Vec<Subject> {
        vec![Subject::Pair(self.0.pair())]
    }

    fn needs(&self, _: &Context) -> PeopleNeeds {
        let needs = self.0.rows();
        PeopleNeeds { ranges: vec![all_unread(&self.0.receiver)], ..needs }
    }

    fn decide(
        &self,
        context: &Context,
        snapshot: PeopleSnapshot,
    ) -> Result<PeopleDecision<()>, ImportDirectRefusal> {
        let (changes, event) = self.0.add(context, &snapshot, false)?;
        Ok(PeopleDecision::new(changes, ()).with_event(event))
    }
}
