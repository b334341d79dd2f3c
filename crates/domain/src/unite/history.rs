//! The history of one conversation that a newer file has more of: its messages with their new numbers, and where marks go.

use super::merge::{Place, merge};
use super::outcome::{Figure, Kept, OnDifference};
use crate::message::{Body, Content, Message, MessageLog, MessageState, ReadMark};
use crate::staged::WholeMessage;
use crate::time::Timestamp;

/// A conversation as it becomes.
pub(super) struct History {
    before: MessageLog,
    pub(super) log: MessageLog,
    /// Messages that take the place of others, by their numbers.
    pub(super) updated: Vec<Message>,
    /// Messages with numbers that nothing had.
    pub(super) added: Vec<Message>,
    pub(super) figure: Figure,
    /// Old and new numbers of the messages that were looked at, in order.
    moved: Vec<(u32, u32)>,
    /// The number of each message of the file. Those that went because of their age have that of the last one that went.
    of_file: Vec<u32>,
}

impl History {
    /// `there` are the messages from the first on that was sent when the first of `new` was, or later.
    pub(super) fn new(
        log: MessageLog,
        there: Vec<Message>,
        mut new: Vec<WholeMessage>,
        on: OnDifference,
    ) -> Result<Self, Kept> {
        let went = log.first_kept.saturating_sub(1);
        let aged = aged(&log, &there, &new);
        new.drain(..aged);
        let mut history = Self {
            log: log.clone(),
            updated: Vec::new(),
            added: Vec::new(),
            figure: Figure { unchanged: aged as u64, ..Figure::default() },
            moved: Vec::with_capacity(there.len()),
            of_file: vec![went; aged],
            before: log,
        };
        let key = |sent: Timestamp, sender, random| (sent, (sender, random));
        let places = {
            let of_there: Vec<_> =
                there.iter().map(|message| key(message.sent, &message.sender, message.random)).collect();
            let of_new: Vec<_> =
                new.iter().map(|message| key(message.sent, &message.sender, message.random)).collect();
            merge(&of_there, &of_new)
        };
        let first = there.first().map_or(history.before.next_seq, |message| message.seq);
        let numbers = places.iter().filter(|place| matches!(place, Place::New(_))).count();
        let numbers = u32::try_from(numbers).ok().and_then(|more| history.before.next_seq.checked_add(more));
        history.log.next_seq = numbers.ok_or(Kept::NoNumbers)?;
        history.of_file.resize(aged + new.len(), went);
        let mut there = there.into_iter();
        // Those of one second may be there in another order.
        let mut new: Vec<Option<WholeMessage>> = new.into_iter().map(Some).collect();
        for (place, seq) in places.into_iter().zip(first..) {
            let mut take = |number: usize| {
                history.of_file[aged + number] = seq;
                new[number].take()
            };
            match place {
                Place::There(_) => history.keep(there.next(), seq, None, on)?,
                Place::Both(_, number) => {
                    let same = take(number);
                    history.keep(there.next(), seq, same, on)?;
                }
                Place::New(number) => {
                    let message = take(number);
                    history.figure.added += 1;
                    history.put(message.map(|message| numbered(message, seq)));
                }
            }
        }
        if history.log.next_seq != history.before.next_seq {
            history.log.read_everything();
            history.log.listed = None;
        }
        Ok(history)
    }

    /// Whether it has more messages than before.
    pub(super) fn grows(&self) -> bool {
        self.log != self.before
    }

    /// A message that stays, perhaps under another number or with what the file says.
    fn keep(
        &mut self,
        message: Option<Message>,
        seq: u32,
        same: Option<WholeMessage>,
        on: OnDifference,
    ) -> Result<(), Kept> {
        let Some(mut message) = message else { return Ok(()) };
        self.moved.push((message.seq, seq));
        let is_moved = message.seq != seq;
        let is_changed = match (&mut message.content, same) {
            (Content::Sent(body), Some(same)) => {
                let differs = body.elements != same.body.elements || body.custom != same.body.custom;
                let takes = self.figure.of_both(differs, on);
                if takes {
                    let Body { elements, custom, .. } = same.body;
                    (body.elements, body.custom) = (elements, custom);
                }
                takes
            }
            // What is gone stays gone.
            (Content::Gone(_) | Content::Tip(_), Some(_)) => self.figure.of_both(false, on),
            (_, None) => false,
        };
        if seq < message.seq
            || is_moved && matches!(&message.content, Content::Sent(body) if body.receipt || body.extensible)
        {
            return Err(Kept::Fixed);
        }
        if is_moved || is_changed {
            self.put(Some(Message { seq, ..message }));
        }
        Ok(())
    }

    fn put(&mut self, message: Option<Message>) {
        let Some(message) = message else { return };
        self.log.last_message = self.log.last_message.max(message.sent);
        if message.seq < self.before.next_seq { &mut self.updated } else { &mut self.added }.push(message);
    }

    /// The new number of what had this one.
    fn moved(&self, seq: u32) -> u32 {
        let place = self.moved.partition_point(|(before, _)| *before <= seq);
        let moved = place.checked_sub(1).and_then(|place| self.moved.get(place));
        moved.map_or(seq, |(before, now)| now.saturating_add(seq - before))
    }

    /// The mark of a member that had `mark` and of which the file says that it has read `read` of its messages. `None` where
    /// the mark stays as it is.
    ///
    /// Nobody is set back behind where a mark says it was; a member of which nothing was ever said has read everything.
    pub(super) fn mark(&self, mark: ReadMark, read: Option<u32>) -> Result<Option<ReadMark>, Kept> {
        let was_said = mark != ReadMark::default() && mark.made_at == self.before.read_by_all;
        let own = was_said.then(|| self.before.read_seq(mark));
        let has_read_all = own == Some(self.before.last_seq());
        let of_file = match read {
            Some(read) => self.of_file(read)?.filter(|_| own.is_some() || !self.is_whole(read)),
            None => None,
        };
        let seq = match (own, of_file) {
            (Some(_), None) if has_read_all => self.log.last_seq(),
            (Some(own), None) => self.moved(own),
            (Some(own), Some(of_file)) => self.moved(own).max(of_file),
            (None, Some(of_file)) => of_file,
            (None, None) => return Ok(None),
        };
        let new = ReadMark { seq, made_at: self.log.read_by_all };
        Ok((new != mark).then_some(new))
    }

    fn is_whole(&self, read: u32) -> bool {
        usize::try_from(read).is_ok_and(|read| read == self.of_file.len())
    }

    /// The number of the last of so many messages of the file; `None` where the file has none.
    fn of_file(&self, read: u32) -> Result<Option<u32>, Kept> {
        let read = usize::try_from(read).unwrap_or(usize::MAX);
        if self.of_file.len() < read {
            return Err(Kept::BadRead);
        }
        // Those of one second may be there in another order.
        let last = self.of_file.iter().take(read).max().copied();
        Ok(last.or_else(|| self.of_file.iter().min().map(|first| first.saturating_sub(1))))
    }
}

/// How many of the first messages of a file are left out: those went because of their age, and would go again.
fn aged(log: &MessageLog, there: &[Message], new: &[WholeMessage]) -> usize {
    if log.first_kept <= 1 {
        return 0;
    }
    match there.first() {
        Some(oldest) if oldest.seq <= log.first_kept => {
            new.partition_point(|message| message.sent < oldest.sent)
        }
        None if log.next_seq <= log.first_kept => {
            new.partition_point(|message| message.sent <= log.last_message)
        }
        Some(_) | None => 0,
    }
}

fn numbered(message: WholeMessage, seq: u32) -> Message {
    let WholeMessage { sender, sent, random, priority, body } = message;
    Message { seq, sent, sender, random, priority, state: MessageState::Kept, content: Content::Sent(body) }
}
