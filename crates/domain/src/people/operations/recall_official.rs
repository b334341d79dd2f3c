//! Recalling messages of an official account, however old they are. [doc]

use super::official::{event, official, official_of};
use crate::context::Context;
use crate::ids::UserId;
use crate::message::{Content, MessageState};
use crate::people::Subject;
use crate::people::changes::PeopleChanges;
use crate::people::message::{DirectMessage, DirectRange};
use crate::people::official::{BroadcastKey, OfficialEvent, OfficialRefusal, broadcasts};
use crate::people::operation::{PeopleDecision, PeopleOperation};
use crate::people::operations::recall_direct::DirectRefusal;
use crate::people::snapshot::{PeopleNeeds, PeopleSnapshot};

/// Recalls messages: their content goes, their places stay.
#[derive(Clone, Debug)]
pub struct RecallOfficial {
    /// The official account.
    pub official: UserId,
    /// The messages.
    pub keys: Vec<BroadcastKey>,
}

impl PeopleOperation for RecallOfficial {
    /// For each message, in order.
    type Answer = Vec<Result<(), DirectRefusal>>;
    type Refusal = OfficialRefusal;

    fn subjects(&self) -> Vec<Subject> {
        vec![Subject::Pair(broadcasts(&self.official))]
    }

    fn needs(&self, _: &Context) -> PeopleNeeds {
        let places = self.keys.iter().map(|key| key.seq).collect();
        PeopleNeeds {
            facts: vec![official_of(&self.official)],
            messages: vec![DirectRange::Numbered(broadcasts(&self.official), places)],
            ..PeopleNeeds::default()
        }
    }

    fn decide(
        &self,
        _: &Context,
        snapshot: PeopleSnapshot,
    ) -> Result<PeopleDecision<Self::Answer>, OfficialRefusal> {
        official(&snapshot, &self.official)?;
        let pair = broadcasts(&self.official);
        let mut recalled: Vec<DirectMessage> = Vec::new();
        let outcomes = self.keys.iter().map(|key| {
            let mut found = snapshot.messages_of(&pair);
            let message = found
                .find(|message| BroadcastKey::of(message) == *key)
                .ok_or(DirectRefusal::NoSuchMessage)?;
            let is_repeated = recalled.iter().any(|before| before.seq == message.seq);
            match message.state {
                MessageState::Kept if !is_repeated => {}
                MessageState::Kept | MessageState::Recalled => return Err(DirectRefusal::Recalled),
                MessageState::Deleted => return Err(DirectRefusal::NoSuchMessage),
            }
            recalled.push(DirectMessage {
                state: MessageState::Recalled,
                content: Content::Gone(None),
                push: Box::default(),
                ..message.clone()
            });
            Ok(())
        });
        let outcomes = outcomes.collect();
        if recalled.is_empty() {
            return Ok(PeopleDecision::unchanged(outcomes));
        }
        let updated_messages = recalled.iter().map(|message| (pair.clone(), message.clone())).collect();
        let changes = PeopleChanges { updated_messages, ..PeopleChanges::default() };
        let recalled = event(&self.official, OfficialEvent::Recalled(recalled));
        Ok(PeopleDecision::new(changes, outcomes).with_event(recalled))
    }
}
