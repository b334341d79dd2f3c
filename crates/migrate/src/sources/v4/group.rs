//! One group: its profile, topics, messages, and then its members with how far they have read.

use super::names::Names;
use super::{PullError, Puller, State, convert};
use crate::format::Record;
use crate::reading::{
    ACCOUNTS_PER_CALL, Conversation, Gaps, GroupRow, MemberPlace, MemberRow, Page, TopicRow, group_refusal,
};
use crate::server::CallError;
use futures_util::stream::StreamExt as _;
use std::collections::BTreeSet;
use xxhash_rust::xxh3::xxh3_64;

/// Names of accounts whose records can wait for a pause between messages.
const ACCOUNTS_WAITING_MAX: usize = 10_000;

/// A topic with messages that not all members have read.
struct Unread {
    topic: Conversation,
    /// How many those have not read who have no mark of their own.
    count: u32,
    /// Hashes of the accounts that have one.
    marked: BTreeSet<u64>,
}

impl Puller<'_, '_> {
    pub(super) async fn group(&self, mut row: GroupRow, names: &Names) -> Result<(), PullError> {
        if row.is_live() {
            self.state().report.live.add(&row.group_id);
            return Ok(());
        }
        let members = std::mem::take(&mut row.member_list);
        {
            let mut state = self.state();
            state.fields.extend(row.app_defined_data.iter().map(|field| field.key.clone()));
            state.report.groups += 1;
            if convert::is_made_id(&row.group_id) {
                state.report.made_ids.add(&row.group_id);
            }
            if names.are_cut() {
                state.report.cut_names.add(&row.group_id);
            }
            state.put(Record::Group(convert::group(names, &row)))?;
        }
        let topics = if row.support_topic == 1 { self.topics(&row, names).await? } else { Vec::new() };
        let conversation = Conversation::group(&row.group_id);
        let (gaps, last) = self.messages(&conversation, row.next_msg_seq).await?;
        let mut unread = Vec::new();
        for topic in &topics {
            let conversation = Conversation::topic(&row.group_id, &topic.topic_id);
            let (gaps, last) = self.messages(&conversation, topic.next_msg_seq).await?;
            if !self.is_landfall {
                self.state().report.without_topic_reads = true;
            } else if last != 0 || names.have_reads(&conversation) {
                unread.extend(self.topic_reads(names, conversation, &gaps, last).await?);
            }
        }
        let page = |members| self.members(&row, names, members, (&gaps, last), &unread);
        let told = u32::try_from(members.len()).unwrap_or(u32::MAX);
        if told == row.member_num {
            return page(members).await;
        }
        let mut place = Some(MemberPlace::first(&row));
        while let Some(this) = place {
            let (members, next) = self.reading.members(&row.group_id, &this).await?;
            page(members).await?;
            place = next;
        }
        Ok(())
    }

    /// Hands out how far members have read in a topic. Returns what members without a mark of their own have not read.
    async fn topic_reads(
        &self,
        names: &Names,
        topic: Conversation,
        gaps: &Gaps,
        last: u32,
    ) -> Result<Option<Unread>, PullError> {
        let (mut next, mut marked) = (String::new(), BTreeSet::new());
        loop {
            let page = match self.reading.topic_reads(&topic, &next).await {
                Ok(page) => page,
                // An older server.
                Err(error @ CallError::Refused { .. }) if group_refusal(&error).is_none() => {
                    self.state().report.without_topic_reads = true;
                    return Ok(None);
                }
                Err(error) => return Err(error.into()),
            };
            let count = gaps.unread(page.msg_seq, last);
            let mut state = self.state();
            for row in page.read_list {
                if count != 0 {
                    marked.insert(xxh3_64(row.account.as_bytes()));
                }
                state.read(names, &topic, &row.account, gaps.unread(row.msg_seq, last))?;
            }
            if page.next.is_empty() || page.next == next {
                return Ok((count != 0).then_some(Unread { topic, count, marked }));
            }
            next = page.next;
        }
    }

    async fn topics(&self, row: &GroupRow, names: &Names) -> Result<Vec<TopicRow>, PullError> {
        let topics = self.reading.topics(&row.group_id).await?;
        let mut state = self.state();
        for topic in &topics {
            state.report.topics += 1;
            state.put(Record::Topic(convert::topic(names, &row.group_id, topic)))?;
        }
        Ok(topics)
    }

    /// Returns the numbers without a message, and the last number.
    async fn messages(&self, conversation: &Conversation, next: u32) -> Result<(Gaps, u32), PullError> {
        let last = match next.checked_sub(1) {
            Some(last) => last,
            None => self.reading.last_seq(conversation).await?,
        };
        let mut gaps = Gaps::default();
        if last == 0 {
            return Ok((gaps, last));
        }
        let first = self.reading.first_kept(conversation, last).await?;
        gaps.add(1, first - 1);
        self.state().report.removed_messages += u64::from(first - 1);
        let mut next = Some(first);
        while let Some(first) = next {
            next = self.pages(conversation, first, last, &mut gaps).await?;
            // Not while pages are read ahead: calls that nobody waits for keep their places, and this one would never get its
            // turn.
            self.accounts(ACCOUNTS_PER_CALL).await?;
        }
        Ok((gaps, last))
    }

    /// Hands out messages until there are many new accounts; then the number from which to go on.
    async fn pages(
        &self,
        conversation: &Conversation,
        first: u32,
        last: u32,
        gaps: &mut Gaps,
    ) -> Result<Option<u32>, PullError> {
        let mut pages = std::pin::pin!(self.reading.history(conversation, first, last));
        while let Some(page) = pages.next().await {
            let page = page?;
            let next = page.last.saturating_add(1);
            self.page(conversation, page, gaps)?;
            if ACCOUNTS_WAITING_MAX <= self.state().accounts.waiting() && next <= last {
                return Ok(Some(next));
            }
        }
        Ok(None)
    }

    fn page(&self, conversation: &Conversation, page: Page, gaps: &mut Gaps) -> Result<(), PullError> {
        let mut state = self.state();
        let mut expected = page.first;
        for row in page.rows {
            gaps.add(expected, row.msg_seq.saturating_sub(1));
            state.report.removed_messages += u64::from(row.msg_seq - expected);
            expected = row.msg_seq.saturating_add(1);
            if !row.is_said() {
                gaps.add(row.msg_seq, row.msg_seq);
                let report = &mut state.report;
                if row.is_place_msg == 0 {
                    report.tips += 1
                } else {
                    report.removed_messages += 1
                }
                continue;
            }
            state.accounts.add(&row.from);
            state.report.messages += 1;
            state.put(Record::Message(convert::message(&self.src, conversation, row)))?;
        }
        gaps.add(expected, page.last);
        state.report.removed_messages += u64::from((page.last + 1).saturating_sub(expected));
        Ok(())
    }

    async fn members(
        &self,
        group: &GroupRow,
        names: &Names,
        rows: Vec<MemberRow>,
        (gaps, last): (&Gaps, u32),
        topics: &[Unread],
    ) -> Result<(), PullError> {
        let own = Conversation::group(&group.group_id);
        {
            let mut state = self.state();
            for row in rows {
                let unread = if group.counts_unread() { gaps.unread(row.msg_seq, last) } else { 0 };
                state.accounts.add(&row.account);
                state.read(names, &own, &row.account, unread)?;
                let hash = xxh3_64(row.account.as_bytes());
                for Unread { topic, count, .. } in topics.iter().filter(|topic| !topic.marked.contains(&hash))
                {
                    state.read(names, topic, &row.account, *count)?;
                }
                state.report.members += 1;
                state.put(Record::Member(convert::member(names, &group.group_id, row)))?;
            }
        }
        self.accounts(ACCOUNTS_PER_CALL).await
    }
}

impl State<'_> {
    fn read(
        &mut self,
        names: &Names,
        of: &Conversation,
        account: &str,
        unread: u32,
    ) -> Result<(), PullError> {
        let Some(read) = convert::read(names, of, account, unread) else { return Ok(()) };
        self.report.reads += 1;
        self.put(Record::Read(read))
    }

    fn put(&mut self, record: Record) -> Result<(), PullError> {
        Ok((self.sink)(record)?)
    }
}

#[cfg(test)]
mod tests {
    use super::super::State;
    use super::*;
    use crate::reading::{MessageRow, Reading};
    use crate::server::{Server, ServerOptions};
    use serde_json::json;
    use std::sync::Mutex;

    fn said(msg_seq: u32) -> MessageRow {
        MessageRow { from: "ann".to_owned(), msg_body: json!([{}]).into(), msg_seq, ..MessageRow::default() }
    }

    #[test]
    fn messages_that_are_gone_and_tips_are_counted_and_left_out() {
        let sign = Box::new(String::new);
        let url = "http://127.0.0.1:9".to_owned();
        let server = Server::new(ServerOptions { url, app: 7, admin: "admin".to_owned(), sign }).unwrap();
        let mut keys = Vec::new();
        let mut sink = |record| {
            if let Record::Message(message) = record {
                keys.push(message.key);
            }
            Ok(())
        };
        let state = State::new(&mut sink);
        let puller = Puller {
            reading: Reading::new(&server),
            src: "v4:7".to_owned(),
            is_landfall: false,
            state: Mutex::new(state),
        };
        let mut gaps = Gaps::default();
        let rows = vec![
            said(3),
            MessageRow { is_place_msg: 1, ..said(4) },
            MessageRow { is_system_msg: 1, ..said(5) },
            said(8),
        ];
        puller.page(&Conversation::group("g"), Page { first: 2, last: 9, rows }, &mut gaps).unwrap();
        let report = puller.state().report.clone();
        drop(puller);
        assert_eq!((report.messages, report.tips, report.removed_messages), (2, 1, 5));
        assert_eq!(keys, ["g:3", "g:8"]);
        // 2, 4, 5, 6, 7 and 9 have no message.
        assert_eq!((gaps.count(), gaps.unread(3, 9)), (6, 1));
    }
}
