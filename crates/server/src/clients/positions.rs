//! How far one client is in each conversation: the last messages that it was sent and has acknowledged.
//!
//! A client that lags behind a conversation gets it from the history, page by page; new messages are there too. So
//! nothing waits in memory for a client, and each message is sent once, in order.

use super::frame::ConversationKey;
use landfall_domain::ids::GroupId;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Messages of one conversation that are sent before the client acknowledges any: a browser takes frames faster than the
/// page works on them, which TCP does not show. [choice]
pub(super) const WINDOW: u32 = 1_000;

#[derive(Clone, Copy, Debug)]
struct Position {
    /// Number of the last message sent.
    sent: u32,
    /// Number of the last message acknowledged; advances by each number that the client does not get.
    acknowledged: u32,
    /// Whether messages are sent from the history.
    behind: bool,
    /// Whether it was guessed from the first new message that came while the client was held.
    guessed: bool,
}

impl Position {
    fn at(number: u32) -> Self {
        Self { sent: number, acknowledged: number, behind: false, guessed: false }
    }

    fn room(self) -> u32 {
        WINDOW.saturating_sub(self.sent.saturating_sub(self.acknowledged))
    }

    /// Skipped numbers count as acknowledged.
    fn advance(&mut self, number: u32) {
        let skipped = number.saturating_sub(self.sent).saturating_sub(1);
        self.acknowledged += skipped;
        self.sent = number;
    }
}

/// What happens to a new message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Live {
    Send,
    /// The client has it, or gets it from the history.
    Skip,
    /// Too many messages are not acknowledged: from here on the client gets the conversation from the history.
    Wait,
}

/// The positions of one client in conversations with keys of one kind.
#[derive(Debug)]
pub(super) struct Positions<K = Arc<ConversationKey>> {
    /// Whether the client has yet to send `go`: until then new messages wait in the histories.
    held: bool,
    all: BTreeMap<K, Position>,
    /// Conversations that lag behind and may be sent more.
    due: BTreeSet<K>,
}

impl<K> Default for Positions<K> {
    fn default() -> Self {
        Self { held: false, all: BTreeMap::new(), due: BTreeSet::new() }
    }
}

impl<K: Ord + Clone> Positions<K> {
    pub(super) fn new(held: bool) -> Self {
        Self { held, ..Self::default() }
    }

    /// The last message counts as acknowledged: the client sent it itself, and is not sent it.
    pub(super) fn is_own(&mut self, key: &K) {
        if let Some(position) = self.all.get_mut(key) {
            position.acknowledged = position.sent.min(position.acknowledged + 1);
        }
    }

    /// The number of the last message sent, where that is not below `number` and nothing is read from the history.
    pub(super) fn sent_past(&self, key: &K, number: u32) -> Option<u32> {
        self.all
            .get(key)
            .filter(|position| !position.behind && number <= position.sent)
            .map(|position| position.sent)
    }

    /// After which number messages before the new one with this `number` may be missing, where they are not read from the
    /// history anyway: `None` inside when nothing of the conversation was sent yet.
    pub(super) fn gap_before(&self, key: &K, number: u32) -> Option<Option<u32>> {
        let sent = match self.all.get(key) {
            Some(position) if position.behind => return None,
            Some(position) => Some(position.sent),
            None => None,
        };
        (!self.held && sent.unwrap_or_default().saturating_add(1) < number).then_some(sent)
    }

    /// The client has sent `go`.
    pub(super) fn release(&mut self) {
        self.held = false;
        let behind = self.all.iter().filter(|(_, position)| position.behind && position.room() != 0);
        self.due.extend(behind.map(|(key, _)| key.clone()));
    }

    /// Decides about a new message.
    pub(super) fn live(&mut self, key: &K, number: u32) -> Live {
        let position = self.all.entry(key.clone()).or_insert_with(|| Position::at(number.saturating_sub(1)));
        if self.held && position.guessed && number <= position.sent {
            // It should have come before the one that the guess was made from.
            *position = Position { behind: true, guessed: true, ..Position::at(number.saturating_sub(1)) };
            return Live::Skip;
        }
        if position.behind || number <= position.sent {
            return Live::Skip;
        }
        if self.held {
            position.behind = true;
            position.guessed = true;
            return Live::Skip;
        }
        if position.room() == 0 {
            position.behind = true;
            return Live::Wait;
        }
        position.advance(number);
        Live::Send
    }

    /// The client is to be sent everything after `number`.
    pub(super) fn catch_up(&mut self, key: &K, number: u32) {
        self.all.insert(key.clone(), Position { behind: true, ..Position::at(number) });
        self.due.insert(key.clone());
    }

    /// The client has everything up to `number`.
    pub(super) fn acknowledge(&mut self, key: &K, number: u32) {
        if let Some(position) = self.all.get_mut(key) {
            position.acknowledged = position.acknowledged.max(number.min(position.sent));
            if position.behind && position.room() != 0 {
                self.due.insert(key.clone());
            }
        }
    }

    pub(super) fn is_due(&self) -> bool {
        !self.due.is_empty()
    }

    /// The next conversation to read from its history: after which number, and how many messages at most.
    pub(super) fn next_due(&mut self) -> Option<(K, u32, u32)> {
        let key = self.due.pop_first()?;
        let position = self.all.get(&key)?;
        Some((key, position.sent, position.room()))
    }

    /// A message of the history was sent.
    pub(super) fn sent(&mut self, key: &K, number: u32) {
        if let Some(position) = self.all.get_mut(key) {
            position.advance(number);
        }
    }

    /// The history was read up to `number`. True when the client has to acknowledge before it gets more.
    pub(super) fn read(&mut self, key: &K, number: u32, is_last: bool) -> bool {
        let Some(position) = self.all.get_mut(key) else { return false };
        if position.sent < number {
            // The messages between are not for this client.
            position.acknowledged += number - position.sent;
            position.sent = number;
        }
        position.behind = !is_last;
        let may_go_on = position.room() != 0;
        if position.behind && may_go_on {
            self.due.insert(key.clone());
        }
        position.behind && !may_go_on
    }

    /// A conversation can no longer be read.
    pub(super) fn forget(&mut self, key: &K) {
        self.all.remove(key);
        self.due.remove(key);
    }
}

impl Positions {
    /// A group was dissolved with all its conversations.
    pub(super) fn forget_group(&mut self, group: &GroupId) {
        self.all.retain(|key, _| key.group != *group);
        self.due.retain(|key| key.group != *group);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use landfall_domain::message::Conversation;
    use proptest::prelude::*;

    fn group_key() -> Arc<ConversationKey> {
        Arc::new(ConversationKey { group: GroupId::parse("g").unwrap(), conversation: Conversation::Group })
    }

    #[test]
    fn new_messages_are_sent_until_too_many_are_not_acknowledged() {
        let (mut positions, key) = (Positions::default(), group_key());
        for number in 5..5 + WINDOW {
            assert_eq!(positions.live(&key, number), Live::Send, "{number}");
            assert_eq!(positions.live(&key, number), Live::Skip);
        }
        assert_eq!(positions.live(&key, 5 + WINDOW), Live::Wait);
        assert_eq!(positions.live(&key, 6 + WINDOW), Live::Skip);
        assert!(!positions.is_due());
        positions.acknowledge(&key, 6);
        assert_eq!(positions.next_due(), Some((Arc::clone(&key), 4 + WINDOW, 2)));
        // Numbers that were never sent acknowledge no more.
        positions.acknowledge(&key, u32::MAX);
        assert_eq!(positions.next_due(), Some((key, 4 + WINDOW, WINDOW)));
    }

    #[test]
    fn skipped_numbers_need_no_acknowledgement() {
        let (mut positions, key) = (Positions::default(), group_key());
        assert_eq!(positions.live(&key, 1), Live::Send);
        assert_eq!(positions.live(&key, 1_000_000), Live::Send);
        positions.catch_up(&key, 7);
        assert_eq!(positions.next_due(), Some((Arc::clone(&key), 7, WINDOW)));
        positions.sent(&key, 5_000);
        assert!(!positions.read(&key, 9_000, false));
        assert_eq!(positions.next_due(), Some((key, 9_000, WINDOW - 1)));
    }

    #[test]
    fn a_client_that_is_held_gets_new_messages_from_the_history() {
        let (mut positions, key) = (Positions::new(true), group_key());
        assert_eq!(positions.live(&key, 5), Live::Skip);
        assert_eq!(positions.live(&key, 6), Live::Skip);
        assert!(!positions.is_due());
        positions.release();
        assert_eq!(positions.next_due(), Some((Arc::clone(&key), 4, WINDOW)));
        positions.sent(&key, 5);
        positions.sent(&key, 6);
        assert!(!positions.read(&key, 6, true));
        assert_eq!(positions.live(&key, 7), Live::Send);
    }

    #[derive(Clone, Debug)]
    enum Action {
        Arrives,
        Acknowledges(u32),
        Reads(u32),
        CatchesUp,
    }

    fn action() -> impl Strategy<Value = Action> {
        prop_oneof![
            4 => Just(Action::Arrives),
            1 => (0..3_000_u32).prop_map(Action::Acknowledges),
            3 => (1..400_u32).prop_map(Action::Reads),
            1 => Just(Action::CatchesUp),
        ]
    }

    proptest! {
        /// In any order of actions: every number once, in order, and never too many ahead.
        #[test]
        fn every_message_is_sent_once_and_in_order(actions in prop::collection::vec(action(), 1..4_000)) {
            let (mut positions, key) = (Positions::default(), group_key());
            positions.catch_up(&key, 0);
            let (mut history, mut got, mut acknowledged) = (0_u32, 0_u32, 0_u32);
            for action in actions {
                match action {
                    Action::Arrives => {
                        history += 1;
                        if positions.live(&key, history) == Live::Send {
                            prop_assert_eq!(got + 1, history);
                            got = history;
                        }
                    }
                    Action::Acknowledges(number) => {
                        positions.acknowledge(&key, number);
                        acknowledged = acknowledged.max(number.min(got));
                    }
                    Action::Reads(limit) => {
                        if let Some((_, after, room)) = positions.next_due() {
                            prop_assert_eq!(after, got);
                            let upto = history.min(after + limit.min(room));
                            for number in after + 1..=upto {
                                positions.sent(&key, number);
                                got = number;
                            }
                            positions.read(&key, upto, upto == history);
                        }
                    }
                    Action::CatchesUp => positions.catch_up(&key, got),
                }
                if matches!(action, Action::CatchesUp) {
                    acknowledged = got;
                }
                prop_assert!(got - acknowledged <= WINDOW);
            }
            // A client that acknowledges gets everything in the end.
            for _ in 0..100 {
                positions.acknowledge(&key, got);
                if let Some((_, after, room)) = positions.next_due() {
                    let upto = history.min(after + room);
                    (after + 1..=upto).for_each(|number| positions.sent(&key, number));
                    got = got.max(upto);
                    positions.read(&key, upto, upto == history);
                }
            }
            prop_assert_eq!(got, history);
        }
    }
}
