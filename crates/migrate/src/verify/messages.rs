//! The messages of a group, conversation by conversation, in order.

use super::feed::Item;
use super::hash::Hashing;
use super::message::{self, Compared};
use super::{Both, Part, VerifyError};
use crate::format::{Message, Record, identity};
use crate::ordered::Entry;
use crate::reading::{Conversation, Gaps, MessageRow, Page, Reading};
use crate::rules::defaults;
use crate::server::CallError;
use futures_util::stream::{Stream, StreamExt as _};
use std::collections::VecDeque;
use std::pin::Pin;
use tokio::sync::mpsc;
use xxhash_rust::xxh3::xxh3_64;

/// What the file has of a group from a place on.
pub(super) struct FileSide {
    records: mpsc::Receiver<Item>,
    next: Option<Entry>,
    /// Messages of the group itself that its history in the file has, but the import left out at its end.
    pub missing: u32,
}

impl FileSide {
    pub(super) fn new(records: mpsc::Receiver<Item>) -> Self {
        Self { records, next: None, missing: 0 }
    }

    /// The next record, which stays the next one.
    pub(super) async fn peek(&mut self) -> Option<&Record> {
        while self.next.is_none() {
            match self.records.recv().await? {
                Some(entry) => self.next = Some(entry),
                None => self.missing += 1,
            }
        }
        self.next.as_ref().map(|entry| &entry.record)
    }

    pub(super) async fn next(&mut self) -> Option<Entry> {
        self.peek().await;
        self.next.take()
    }

    pub(super) async fn next_record(&mut self) -> Option<Record> {
        self.next().await.map(|entry| entry.record)
    }

    /// The next message, if it belongs to `topic`, or to the group itself. It stays the next record.
    async fn peek_message(&mut self, topic: Option<&str>) -> Option<&Message> {
        match self.peek().await {
            Some(Record::Message(message)) if topic_of(message) == topic => Some(message),
            Some(_) | None => None,
        }
    }

    async fn message(&mut self, topic: Option<&str>) -> Option<Message> {
        self.peek_message(topic).await?;
        match self.next.take()?.record {
            Record::Message(message) => Some(message),
            Record::Account(_)
            | Record::File(_)
            | Record::Friend(_)
            | Record::Block(_)
            | Record::Group(_)
            | Record::Topic(_)
            | Record::Member(_)
            | Record::Read(_) => None,
        }
    }
}

pub(super) fn topic_of(message: &Message) -> Option<&str> {
    defaults::text(message.topic_id.as_deref())
}

/// The messages that the server has of a conversation.
struct ServerSide<'a> {
    pages: Pin<Box<dyn Stream<Item = Result<Page, CallError>> + Send + 'a>>,
    rows: VecDeque<MessageRow>,
    gaps: Gaps,
}

impl<'a> ServerSide<'a> {
    async fn open(
        reading: &'a Reading<'_>,
        conversation: &'a Conversation,
        last: u32,
    ) -> Result<Self, CallError> {
        let first = if last == 0 { 1 } else { reading.first_kept(conversation, last).await? };
        let mut gaps = Gaps::default();
        gaps.add(1, first - 1);
        let pages = Box::pin(reading.history(conversation, first, last));
        Ok(Self { pages, rows: VecDeque::new(), gaps })
    }

    async fn peek(&mut self) -> Result<Option<&MessageRow>, CallError> {
        while self.rows.is_empty() {
            let Some(page) = self.pages.next().await else { return Ok(None) };
            let Page { first, last, rows } = page?;
            let mut expected = first;
            for row in rows {
                let silent = u32::from(!row.is_said());
                self.gaps.add(expected, (row.msg_seq + silent).saturating_sub(1));
                expected = row.msg_seq.saturating_add(1);
                if silent == 0 {
                    self.rows.push_back(row);
                }
            }
            self.gaps.add(expected, last);
        }
        Ok(self.rows.front())
    }

    async fn next(&mut self) -> Result<Option<MessageRow>, CallError> {
        self.peek().await?;
        Ok(self.rows.pop_front())
    }
}

/// What comparing a conversation brought.
#[derive(Default)]
pub(super) struct Conversed {
    pub counts: Both,
    pub shortened: u64,
    pub difference: Option<String>,
    /// Numbers of the server without a message.
    pub gaps: Gaps,
    /// Of each message of the file, when it was sent (milliseconds) and the hash that it is found by.
    pub marks: Vec<(u64, u64)>,
}

/// What a message is found by again, for members who have read up to it.
pub(super) fn mark(src: &str, key: &str) -> u64 {
    let message = Message { src: src.to_owned(), key: key.to_owned(), ..Message::default() };
    xxh3_64(identity::identity(&message).as_bytes())
}

/// Compares the messages of one conversation, of which the server has those up to the number `last`.
pub(super) async fn compare(
    reading: &Reading<'_>,
    conversation: &Conversation,
    last: u32,
    file: &mut FileSide,
    hashing: &mut Hashing,
) -> Result<Conversed, VerifyError> {
    let topic = conversation.topic.as_deref();
    let mut conversed = Conversed::default();
    let mut server = ServerSide::open(reading, conversation, last).await?;
    loop {
        let record = file.message(topic).await;
        let row = server.next().await?;
        if record.is_none() && row.is_none() {
            break;
        }
        if let Some(record) = &record {
            conversed.counts.file += 1;
            if topic.is_none() {
                conversed.marks.push((record.sent_ms().unwrap_or_default(), mark(&record.src, &record.key)));
            }
        }
        if let Some(row) = &row {
            conversed.counts.server += 1;
            hashing.message(conversation.id(), row);
        }
        if conversed.difference.is_some() {
            continue;
        }
        let compared = match (&record, &row) {
            (Some(record), Some(row)) => message::compare(record, row),
            (Some(_), None) | (None, Some(_)) | (None, None) => Compared::Different(String::new()),
        };
        match compared {
            Compared::Equal => {}
            Compared::Shortened => conversed.shortened += 1,
            Compared::Different(difference) => {
                let next_record = file.peek_message(topic).await;
                let next_row = server.peek().await?;
                let number = conversed.counts.file;
                conversed.difference = Some(explain(
                    (record.as_ref(), row.as_ref()),
                    (next_record, next_row),
                    number,
                    difference,
                ));
            }
        }
    }
    conversed.gaps = server.gaps;
    Ok(conversed)
}

/// Says why two messages in the same place differ: one of them may be missing on one side.
fn explain(
    these: (Option<&Message>, Option<&MessageRow>),
    next: (Option<&Message>, Option<&MessageRow>),
    number: u64,
    difference: String,
) -> String {
    let only_on_server = |row: &MessageRow| {
        format!("MsgSeq {} is on the server only, after message {} of the file", row.msg_seq, number)
    };
    match these {
        (Some(record), Some(row)) => {
            let name = message::name(record, number);
            if next.0.is_some_and(|next| message::are_the_same(next, row)) {
                format!("{name} is not on the server")
            } else if next.1.is_some_and(|next| message::are_the_same(record, next)) {
                format!("MsgSeq {} is on the server only, before {name}", row.msg_seq)
            } else {
                format!("{name}: {difference}")
            }
        }
        (Some(record), None) => format!("{} is not on the server", message::name(record, number)),
        (None, Some(row)) => only_on_server(row),
        (None, None) => difference,
    }
}

/// Counts the messages of a topic that the server does not have.
pub(super) async fn skip(topic: &str, file: &mut FileSide) -> u64 {
    let mut count = 0;
    while file.message(Some(topic)).await.is_some() {
        count += 1;
    }
    count
}

/// The part that differences of messages belong to.
pub(super) const PART: Part = Part::Messages;

#[cfg(test)]
mod tests {
    use super::*;

    fn record(key: &str) -> Message {
        Message { key: key.to_owned(), from: "ann".to_owned(), send_time: Some(1), ..Message::default() }
    }

    fn row(msg_seq: u32, of: &Message) -> MessageRow {
        MessageRow {
            from: of.from.clone(),
            msg_time_stamp: 1,
            msg_random: identity::random(of),
            msg_seq,
            ..MessageRow::default()
        }
    }

    #[test]
    fn a_message_that_one_side_lacks_is_told_from_one_that_differs() {
        let (a, b, c) = (record("a"), record("b"), record("c"));
        let (row_a, row_b) = (row(1, &a), row(2, &b));
        let why = |these, next| explain(these, next, 1, "why".to_owned());
        assert_eq!(why((Some(&a), Some(&row_b)), (Some(&b), None)), "message 1 (key a) is not on the server");
        assert_eq!(
            why((Some(&b), Some(&row_a)), (None, Some(&row_b))),
            "MsgSeq 1 is on the server only, before message 1 (key b)"
        );
        assert_eq!(why((Some(&c), Some(&row_a)), (None, Some(&row_b))), "message 1 (key c): why");
        assert_eq!(why((Some(&a), None), (None, None)), "message 1 (key a) is not on the server");
        assert_eq!(
            why((None, Some(&row_b)), (None, None)),
            "MsgSeq 2 is on the server only, after message 1 of the file"
        );
    }
}
