//! Reading a page of a history as one member sees it, in few steps whose size has a bound.

use landfall_domain::ids::UserId;
use landfall_domain::message::{Conversation, Message, MessageLog};
use landfall_domain::refusal::Refusal;
use landfall_domain::snapshot::{GroupSnapshot, MessageRange};

/// Messages looked at after the first step of a page, in each of these steps.
const STEPS: [usize; 2] = [100, 100];
/// How far the clocks of servers are apart at most, seconds: as far may the times of a history be out of order. [choice]
const CLOCKS_APART: u64 = 3_600;

/// A page that is being read.
pub(super) struct HistoryPage<'a> {
    reader: &'a UserId,
    conversation: Conversation,
    /// Towards newer messages.
    forward: bool,
    /// Messages that it may have.
    limit: usize,
    /// The number that is looked at next.
    next: u32,
    /// Messages looked at in each step that is left, the last one first.
    steps: Vec<usize>,
    /// The messages, in the order of the reading.
    pub(super) messages: Vec<Message>,
    /// Whether nothing that the reader sees is left in this direction.
    pub(super) is_finished: bool,
}

impl<'a> HistoryPage<'a> {
    /// A page that begins with the message number `from`; 0: with the newest, or the oldest where it goes `forward`.
    pub(super) fn new(
        reader: &'a UserId,
        conversation: Conversation,
        from: u32,
        forward: bool,
        limit: usize,
    ) -> Self {
        let next = if from == 0 && !forward { u32::MAX } else { from };
        let mut steps = STEPS.to_vec();
        steps.push(limit);
        Self {
            reader,
            conversation,
            forward,
            limit,
            next,
            steps,
            messages: Vec::new(),
            is_finished: limit == 0,
        }
    }

    /// What to read next; `None` when the page is done.
    pub(super) fn range(&mut self) -> Option<MessageRange> {
        if self.is_finished || self.limit <= self.messages.len() {
            return None;
        }
        let limit = self.steps.pop()?;
        let up_to = if self.forward { self.end_of_step(limit) } else { self.next };
        Some(MessageRange::Newest { conversation: self.conversation.clone(), up_to, limit })
    }

    /// The last number of a step forward: at most one message has each number, so a step has them all.
    fn end_of_step(&self, limit: usize) -> u32 {
        self.next.saturating_add(u32::try_from(limit).unwrap_or(u32::MAX)).saturating_sub(1)
    }

    /// Takes what was read of `range`.
    ///
    /// # Errors
    /// The conversation does not exist.
    pub(super) fn take(&mut self, range: &MessageRange, mut found: GroupSnapshot) -> Result<(), Refusal> {
        let messages = found.messages.remove(&self.conversation).unwrap_or_default();
        let log = found.log(&self.conversation)?;
        let first = log.first_kept.max(log.cleared.saturating_add(1));
        let MessageRange::Newest { up_to, limit, .. } = range else { return Ok(()) };
        if self.forward {
            self.take_forward(log, first, *up_to, &found, messages.into_values());
        } else {
            let is_all = messages.len() < *limit;
            self.take_backward(first, is_all, &found, messages.into_values().rev());
        }
        Ok(())
    }

    fn take_forward(
        &mut self,
        log: &MessageLog,
        first: u32,
        up_to: u32,
        found: &GroupSnapshot,
        messages: impl Iterator<Item = Message>,
    ) {
        let from = self.next;
        self.next = up_to.saturating_add(1).max(first).min(log.next_seq);
        for message in messages.filter(|message| from.max(first) <= message.seq) {
            if self.limit <= self.messages.len() {
                self.next = message.seq;
                break;
            }
            self.add(found, message);
        }
        self.is_finished = log.last_seq() < self.next;
    }

    fn take_backward(
        &mut self,
        first: u32,
        is_all: bool,
        found: &GroupSnapshot,
        messages: impl Iterator<Item = Message>,
    ) {
        for message in messages {
            if message.seq < first || self.is_before_joining(found, &message) {
                self.is_finished = true;
                return;
            }
            if self.limit <= self.messages.len() {
                self.next = message.seq;
                return;
            }
            self.next = message.seq - 1;
            self.add(found, message);
        }
        self.is_finished = is_all || self.next < first;
    }

    fn add(&mut self, found: &GroupSnapshot, message: Message) {
        if found.shows(&self.conversation, &message, self.reader) {
            self.messages.push(message);
        }
    }

    /// Whether the reader joined long after a message and sees nothing before it joined: nor does it see what is older.
    fn is_before_joining(&self, found: &GroupSnapshot, message: &Message) -> bool {
        let joined = found.members.get(self.reader).map_or(0, |member| member.joined.0);
        !found.group.history_before_join && message.sent.0.saturating_add(CLOCKS_APART) < joined
    }

    /// The number at which the next page in this direction begins; 0 where there is none.
    pub(super) fn next(&self) -> u32 {
        if self.is_finished && !self.forward { 0 } else { self.next }
    }
}

#[cfg(test)]
mod tests;
