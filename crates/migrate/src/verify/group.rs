//! One group of the file, compared with the server's.

use super::feed::{BETWEEN, GroupFeed};
use super::hash::Hashing;
use super::members::Members;
use super::messages::{self, FileSide};
use super::people;
use super::profile;
use super::text::quoted;
use super::{Difference, GroupResult, Outcome, Part, VerifyError};
use crate::format::{Group, Record};
use crate::ordered::Outline;
use crate::reading::{
    Conversation, Gaps, GroupRow, MemberPlace, MemberRow, Reading, TopicRow, group_refusal, is_gone,
};
use crate::rules::defaults;
use std::collections::BTreeMap;

/// Compares a group.
pub(super) async fn compare(reading: &Reading<'_>, feed: GroupFeed) -> Result<GroupResult, VerifyError> {
    if feed.id.contains(BETWEEN) {
        return people::compare(reading, feed).await;
    }
    let GroupFeed { id, records, .. } = feed;
    let mut result = GroupResult {
        group: id,
        outcome: Outcome::Missing,
        differences: Vec::new(),
        messages: super::Both::default(),
        members: super::Both::default(),
        shortened: 0,
        hashes: super::Hashes::default(),
    };
    let mut file = FileSide::new(records);
    let Some(first) = file.next().await else { return Ok(result) };
    let Record::Group(group) = first.record else { return Ok(result) };
    let fields: Vec<_> = group.app_defined_data.iter().map(|field| field.key.clone()).collect();
    let rows = reading.whole_groups(std::slice::from_ref(&group.group_id), &fields).await?;
    let Some(row) = rows.into_iter().next().filter(|row| !row.is_gone()) else {
        count(&mut file, defaults::owner(&group, &first.outline), &mut result).await;
        return Ok(result);
    };
    if let Some(text) = row.refusal() {
        result.differences.push(Difference { part: Part::Profile, text });
        result.outcome = Outcome::Different;
        count(&mut file, defaults::owner(&group, &first.outline), &mut result).await;
        return Ok(result);
    }
    let comparison = Comparison {
        reading,
        file,
        row,
        hashing: Hashing::default(),
        topics: BTreeMap::new(),
        result: &mut result,
    };
    if let Err(error) = comparison.run(&group, &first.outline).await {
        // A group that is dissolved or closed meanwhile does not end the comparison.
        let VerifyError::Call(error) = error else { return Err(error) };
        let (code, text) = group_refusal(&error).ok_or(error)?;
        if is_gone(code) {
            return Ok(result);
        }
        result.differences.push(Difference { part: Part::Profile, text });
    }
    result.differences.sort_by_key(|difference| difference.part);
    result.outcome = if result.differences.is_empty() { Outcome::Equal } else { Outcome::Different };
    Ok(result)
}

/// Counts what the file has of a group that the server does not show.
async fn count(file: &mut FileSide, owner: Option<&str>, result: &mut GroupResult) {
    let mut members = Members::new(owner, 0);
    while let Some(record) = file.next_record().await {
        match record {
            Record::Member(member) => members.add(member),
            Record::Message(_) => result.messages.file += 1,
            Record::Account(_)
            | Record::File(_)
            | Record::Friend(_)
            | Record::Block(_)
            | Record::Group(_)
            | Record::Topic(_)
            | Record::Read(_) => {}
        }
    }
    result.members.file = members.count;
}

struct Comparison<'a, 'b> {
    reading: &'a Reading<'b>,
    file: FileSide,
    row: GroupRow,
    hashing: Hashing,
    /// The server's topics that no message of the file was compared with yet.
    topics: BTreeMap<String, TopicRow>,
    result: &'a mut GroupResult,
}

impl Comparison<'_, '_> {
    async fn run(mut self, group: &Group, outline: &Outline) -> Result<(), VerifyError> {
        self.hashing.profile(&self.row);
        self.differs(Part::Profile, profile::group_difference(group, outline, &self.row));
        self.topics().await?;
        let mut members = Members::new(defaults::owner(group, outline), self.row.create_time);
        while let Some(Record::Member(_)) = self.file.peek().await {
            let Some(Record::Member(member)) = self.file.next_record().await else { break };
            members.add(member);
        }
        let (gaps, last, marks) = self.messages().await?;
        while let Some(record) = self.file.next_record().await {
            // Servers keep how far a member has read in a topic, but let nobody import it.
            if let Record::Read(read) = record
                && defaults::text(read.topic_id.as_deref()).is_none()
            {
                members.add_read(&read, &marks, self.file.missing);
            }
        }
        self.members(members, &gaps, last).await?;
        self.result.hashes = self.hashing.finish();
        Ok(())
    }

    fn differs(&mut self, part: Part, difference: Option<String>) {
        if let Some(text) = difference
            && self.result.differences.iter().all(|known| known.part != part)
        {
            self.result.differences.push(Difference { part, text });
        }
    }

    async fn topics(&mut self) -> Result<(), VerifyError> {
        if self.row.support_topic == 1 {
            for topic in self.reading.topics(&self.row.group_id).await? {
                self.hashing.topic(&topic);
                self.topics.insert(topic.topic_id.clone(), topic);
            }
        }
        while let Some(Record::Topic(_)) = self.file.peek().await {
            let Some(Record::Topic(topic)) = self.file.next_record().await else { break };
            let difference = match self.topics.get(&topic.topic_id) {
                Some(row) => profile::topic_difference(&topic, row),
                None => Some(format!("topic {} is not on the server", quoted(&topic.topic_id))),
            };
            self.differs(Part::Topics, difference);
        }
        Ok(())
    }

    /// Returns what of the group's own messages decides how many each member has read: the numbers without a message, the last
    /// number, and when each message of the file was sent and what it is found by.
    async fn messages(&mut self) -> Result<(Gaps, u32, Vec<(u64, u64)>), VerifyError> {
        let own = Conversation::group(&self.row.group_id);
        let last = match self.row.next_msg_seq.checked_sub(1) {
            Some(last) => last,
            None => self.reading.last_seq(&own).await?,
        };
        let conversed = self.conversation(&own, last).await?;
        let mut topics = std::mem::take(&mut self.topics);
        while let Some(Record::Message(message)) = self.file.peek().await {
            let Some(id) = messages::topic_of(message).map(str::to_owned) else {
                // Messages of the group itself come first.
                self.file.next().await;
                continue;
            };
            if let Some(topic) = topics.remove(&id) {
                let conversation = Conversation::topic(&self.row.group_id, &id);
                self.conversation(&conversation, topic.last_seq()).await?;
            } else {
                let count = messages::skip(&id, &mut self.file).await;
                self.result.messages.file += count;
                let name = quoted(&id);
                self.differs(
                    messages::PART,
                    Some(format!("topic {name} is not on the server, and has {count} messages")),
                );
            }
        }
        for (id, topic) in topics {
            let conversation = Conversation::topic(&self.row.group_id, &id);
            self.conversation(&conversation, topic.last_seq()).await?;
        }
        Ok((conversed.gaps, last, conversed.marks))
    }

    async fn conversation(
        &mut self,
        conversation: &Conversation,
        last: u32,
    ) -> Result<messages::Conversed, VerifyError> {
        let mut conversed =
            messages::compare(self.reading, conversation, last, &mut self.file, &mut self.hashing).await?;
        self.result.messages.file += conversed.counts.file;
        self.result.messages.server += conversed.counts.server;
        self.result.shortened += conversed.shortened;
        let difference = conversed.difference.take();
        self.differs(messages::PART, difference);
        Ok(conversed)
    }

    async fn members(&mut self, mut members: Members, gaps: &Gaps, last: u32) -> Result<(), VerifyError> {
        self.result.members.file = members.count;
        let told = std::mem::take(&mut self.row.member_list);
        if u32::try_from(told.len()).unwrap_or(u32::MAX) == self.row.member_num {
            self.page(&mut members, &told, gaps, last);
        } else {
            let mut place = Some(MemberPlace::first(&self.row));
            while let Some(this) = place {
                let (rows, next) = self.reading.members(&self.row.group_id, &this).await?;
                self.page(&mut members, &rows, gaps, last);
                place = next;
            }
        }
        let (difference, read_difference) = members.finish();
        self.differs(Part::Members, difference);
        self.differs(Part::Reads, read_difference);
        Ok(())
    }

    fn page(&mut self, members: &mut Members, rows: &[MemberRow], gaps: &Gaps, last: u32) {
        let counts = self.row.counts_unread();
        for row in rows {
            self.result.members.server += 1;
            self.hashing.member(row);
            let unread = counts.then(|| gaps.unread(row.msg_seq, last));
            members.compare(row, unread);
            if let Some(unread) = unread.filter(|unread| *unread != 0) {
                self.hashing.read(&row.account, unread);
            }
        }
    }
}
