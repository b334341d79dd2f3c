//! What the records of a group say together, known when the first of them comes: the defaults of the group follow from it.

use crate::format::Record;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io;

/// Groups whose outlines are held at the same time. What a group has more is added when the file is put in order.
const HELD_MAX: usize = 50_000;

/// What the records of a group say together.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outline {
    /// When the first message of the group or of a topic was sent, seconds since 1970.
    pub first_message: Option<u64>,
    /// The earliest `JoinTime`, seconds since 1970.
    pub first_join: Option<u64>,
    /// Records of members.
    pub members: u32,
    /// Records of topics.
    pub topics: u32,
    /// The first account, in the order of accounts, with the role `Owner`.
    pub owner: Option<String>,
}

impl Outline {
    pub(super) fn note(&mut self, record: &Record) {
        match record {
            Record::Topic(_) => self.topics = self.topics.saturating_add(1),
            Record::Member(member) => {
                self.members = self.members.saturating_add(1);
                self.first_join = earlier(self.first_join, member.join_time);
                if member.role.as_deref() == Some("Owner") {
                    self.owner = first(self.owner.take(), Some(member.account.clone()));
                }
            }
            Record::Message(message) if message.receiver().is_none() => {
                self.first_message = earlier(self.first_message, message.sent());
            }
            Record::Account(_)
            | Record::File(_)
            | Record::Friend(_)
            | Record::Block(_)
            | Record::Group(_)
            | Record::Message(_)
            | Record::Read(_) => {}
        }
    }

    /// Adds what further records of the group say.
    pub(super) fn add(&mut self, other: Self) {
        self.first_message = earlier(self.first_message, other.first_message);
        self.first_join = earlier(self.first_join, other.first_join);
        self.members = self.members.saturating_add(other.members);
        self.topics = self.topics.saturating_add(other.topics);
        self.owner = first(self.owner.take(), other.owner);
    }
}

/// 0 stands for no time.
fn earlier(left: Option<u64>, right: Option<u64>) -> Option<u64> {
    first(left, right.filter(|time| *time != 0))
}

fn first<T: Ord>(left: Option<T>, right: Option<T>) -> Option<T> {
    match (left, right) {
        (Some(left), Some(right)) => Some(left.min(right)),
        (left, right) => left.or(right),
    }
}

/// The outlines of many groups, while their records are read in any order.
#[derive(Default)]
pub(super) struct Outlines(BTreeMap<String, Outline>);

impl Outlines {
    pub(super) fn note(&mut self, record: &Record) {
        let Some(group) = record.group_id() else { return };
        if matches!(record, Record::Group(_) | Record::Read(_)) {
            return;
        }
        match self.0.get_mut(group) {
            Some(outline) => outline.note(record),
            None => self.0.entry(group.to_owned()).or_default().note(record),
        }
    }

    pub(super) fn is_full(&self) -> bool {
        HELD_MAX <= self.0.len()
    }

    /// Hands over every group and its outline, as text.
    pub(super) fn drain(&mut self, mut take: impl FnMut(String, String) -> io::Result<()>) -> io::Result<()> {
        while let Some((group, outline)) = self.0.pop_first() {
            take(group, serde_json::to_string(&outline)?)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::Member;

    #[test]
    fn outlines_of_parts_add_up_to_that_of_the_whole() {
        let member = |account: &str, role: Option<&str>, joined| {
            Record::Member(Member {
                group_id: "g".to_owned(),
                account: account.to_owned(),
                role: role.map(str::to_owned),
                join_time: joined,
                ..Member::default()
            })
        };
        let records = [
            member("b", Some("Owner"), Some(7)),
            member("c", None, Some(0)),
            member("a", Some("Owner"), Some(9)),
        ];
        let mut whole = Outline::default();
        records.iter().for_each(|record| whole.note(record));
        assert_eq!(
            whole,
            Outline { first_join: Some(7), members: 3, owner: Some("a".to_owned()), ..Outline::default() }
        );
        let mut sum = Outline::default();
        for record in &records {
            let mut outlines = Outlines::default();
            outlines.note(record);
            let add = |_, text: String| {
                sum.add(serde_json::from_str(&text)?);
                Ok(())
            };
            outlines.drain(add).unwrap();
        }
        assert_eq!(sum, whole);
    }
}
