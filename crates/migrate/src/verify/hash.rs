//! Hashes over what a server has of a group, so that two reports can be compared without the data.

use crate::reading::{GroupRow, MemberRow, MessageRow, TopicRow};
use serde::Serialize;
use xxhash_rust::xxh3::{Xxh3, xxh3_128};

/// A hash over each part of a group, as hexadecimal digits. Members and read marks count in any order, messages in theirs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Hashes {
    pub profile: String,
    pub topics: String,
    pub members: String,
    pub messages: String,
    pub reads: String,
}

/// A hash over things in any order.
#[derive(Clone, Copy, Default)]
pub(super) struct Unordered(u128);

impl Unordered {
    fn add(&mut self, text: &str) {
        self.0 = self.0.wrapping_add(xxh3_128(text.as_bytes()));
    }
}

/// Hashes that grow while a group is compared.
#[derive(Default)]
pub(super) struct Hashing {
    profile: Unordered,
    topics: Unordered,
    members: Unordered,
    messages: Xxh3,
    reads: Unordered,
}

impl Hashing {
    pub(super) fn profile(&mut self, row: &GroupRow) {
        let fields = row.app_defined_data.iter().map(|field| (&field.key, &field.value));
        let mut fields: Vec<_> = fields.collect();
        fields.sort();
        self.profile.add(&format!(
            "{:?}",
            (
                (&row.group_id, &row.kind, &row.name, &row.owner, &row.introduction, &row.notification),
                (&row.face_url, row.max_member_num, &row.apply_join_option, row.create_time),
                (row.support_topic, &row.history_msg_before_join, fields),
            )
        ));
    }

    pub(super) fn topic(&mut self, row: &TopicRow) {
        self.topics.add(&format!(
            "{:?}",
            (
                (&row.topic_id, &row.topic_name, &row.introduction, &row.notification),
                (&row.face_url, &row.custom_string, row.create_time),
            )
        ));
    }

    pub(super) fn member(&mut self, row: &MemberRow) {
        self.members.add(&format!("{:?}", (&row.account, &row.role, row.join_time, &row.name_card)));
    }

    pub(super) fn read(&mut self, account: &str, unread: u32) {
        self.reads.add(&format!("{:?}", (account, unread)));
    }

    pub(super) fn message(&mut self, conversation: &str, row: &MessageRow) {
        let body = row.msg_body.canonical();
        let text = format!(
            "{:?}",
            (conversation, &row.from, row.msg_time_stamp, row.msg_random, body, &row.cloud_custom_data)
        );
        self.messages.update(text.as_bytes());
        self.messages.update(b"\n");
    }

    pub(super) fn finish(self) -> Hashes {
        let unordered = |hash: Unordered| format!("{:032x}", hash.0);
        Hashes {
            profile: unordered(self.profile),
            topics: unordered(self.topics),
            members: unordered(self.members),
            messages: format!("{:032x}", self.messages.digest128()),
            reads: unordered(self.reads),
        }
    }
}

/// A hash over groups in order.
#[derive(Default)]
pub(super) struct Chain(Xxh3);

impl Chain {
    pub(super) fn add(&mut self, group: &str, hashes: &Hashes) {
        self.0.update(format!("{group:?}{hashes:?}\n").as_bytes());
    }

    pub(super) fn finish(self) -> String {
        format!("{:032x}", self.0.digest128())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hashes(members: &[&str], messages: &[&str]) -> Hashes {
        let mut hashing = Hashing::default();
        for account in members {
            hashing.member(&MemberRow { account: (*account).to_owned(), ..MemberRow::default() });
        }
        for from in messages {
            hashing.message("g", &MessageRow { from: (*from).to_owned(), ..MessageRow::default() });
        }
        hashing.finish()
    }

    #[test]
    fn members_count_in_any_order_and_messages_in_theirs() {
        let first = hashes(&["a", "b"], &["a", "b"]);
        let second = hashes(&["b", "a"], &["b", "a"]);
        assert_eq!(first.members, second.members);
        assert_ne!(first.messages, second.messages);
        assert_ne!(first.members, hashes(&["a"], &[]).members);
    }
}
