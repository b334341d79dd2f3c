//! Extensions of a message between two accounts: keys and values that apps attach to it.

use super::conversation::pair;
use super::recall_direct::{DirectRefusal, readable};
use crate::context::Context;
use crate::extension::{ExtensionChange, ExtensionOutcome, Extensions};
use crate::ids::UserId;
use crate::message::Content;
use crate::people::changes::PeopleChanges;
use crate::people::event::PeopleEvent;
use crate::people::fact::{Fact, FactKey};
use crate::people::message::{DirectMessage, DirectRange, MessageKey};
use crate::people::operation::{PeopleDecision, PeopleOperation};
use crate::people::snapshot::{PeopleNeeds, PeopleSnapshot};
use crate::people::{Pair, Subject};

/// Changes the extensions of one message. All of them are one fact, which has a bound.
#[derive(Clone, Debug)]
pub struct ExtendDirect {
    /// The account that sent the message.
    pub sender: UserId,
    /// The account that it was sent to.
    pub receiver: UserId,
    /// The message.
    pub key: MessageKey,
    /// What changes.
    pub change: ExtensionChange,
    /// How many extensions a message may have.
    pub count_max: usize,
}

/// Why extensions are neither changed nor shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExtendRefusal {
    /// There is no message to have them.
    Message(DirectRefusal),
    /// It was sent without extensions.
    NotExtensible,
    /// It would have more than so many.
    TooMany(usize),
}

/// The rows that the extensions of a message are in, for [`extensions_of`].
#[must_use]
pub fn extension_needs(pair: &Pair, key: MessageKey) -> PeopleNeeds {
    PeopleNeeds {
        facts: vec![(Subject::Pair(pair.clone()), FactKey::Extensions(key))],
        messages: vec![DirectRange::Keyed(pair.clone(), vec![key])],
        ..PeopleNeeds::default()
    }
}

/// The extensions of a message that `sender` sent.
///
/// # Errors
/// The message takes none.
pub fn extensions_of(
    snapshot: &PeopleSnapshot,
    pair: &Pair,
    sender: &UserId,
    key: &MessageKey,
) -> Result<Extensions, ExtendRefusal> {
    let DirectMessage { content, .. } =
        readable(snapshot, pair, sender, key).map_err(ExtendRefusal::Message)?;
    if !matches!(content, Content::Sent(body) if body.extensible) {
        return Err(ExtendRefusal::NotExtensible);
    }
    Ok(match snapshot.fact(&Subject::Pair(pair.clone()), &FactKey::Extensions(*key)) {
        Some(Fact::Extensions(extensions)) => extensions.clone(),
        Some(_) | None => Extensions::default(),
    })
}

impl PeopleOperation for ExtendDirect {
    /// One for each extension named, in order.
    type Answer = Vec<ExtensionOutcome>;
    type Refusal = ExtendRefusal;

    fn subjects(&self) -> Vec<Subject> {
        vec![Subject::Pair(pair(&self.sender, &self.receiver))]
    }

    fn needs(&self, _: &Context) -> PeopleNeeds {
        extension_needs(&pair(&self.sender, &self.receiver), self.key)
    }

    fn decide(
        &self,
        _: &Context,
        snapshot: PeopleSnapshot,
    ) -> Result<PeopleDecision<Self::Answer>, ExtendRefusal> {
        let Self { sender, receiver, key, change, count_max } = self;
        let pair = pair(sender, receiver);
        let before = extensions_of(&snapshot, &pair, sender, key)?;
        let mut after = before.clone();
        if *change == ExtensionChange::Clear {
            after = Extensions { head: after.head.cleared(), ..Extensions::default() };
        }
        let mut outcomes = Vec::new();
        for asked in change.asked() {
            // A key may be named twice: the second change sees the result of the first.
            let mut present = after.all.remove(&asked.key);
            outcomes.push(change.apply(asked, &mut present, &mut after.head));
            after.all.extend(present.map(|extension| (asked.key.clone(), extension)));
        }
        if *count_max < after.all.len() {
            return Err(ExtendRefusal::TooMany(*count_max));
        }
        if after == before {
            return Ok(PeopleDecision::unchanged(outcomes));
        }
        let event = PeopleEvent::DirectExtended {
            sender: sender.clone(),
            receiver: receiver.clone(),
            key: *key,
            change: change.clone(),
            outcomes: outcomes.clone(),
            last: after.head.latest_seq,
        };
        let mut changes = PeopleChanges::default();
        changes.put(Subject::Pair(pair), FactKey::Extensions(*key), Fact::Extensions(after));
        Ok(PeopleDecision::new(changes, outcomes).with_event(event))
    }
}
