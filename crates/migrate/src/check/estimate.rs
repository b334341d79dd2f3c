//! What importing takes: calls, bytes, time.

use crate::format::{Kind, Record};
use crate::rules::ServerLimits;
use serde::Serialize;
use std::collections::BTreeMap;

/// Bytes of a call around its rows: the member names, the group's id.
const CALL_BYTES: u64 = 100;
/// Bytes around the body and the texts of a message.
const MESSAGE_BYTES: u64 = 120;

/// What importing takes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Estimate {
    /// Calls of each command.
    pub calls: BTreeMap<&'static str, u64>,
    /// Bytes of all bodies together, about.
    pub bytes: u64,
}

impl Estimate {
    /// The shortest time, in seconds, at so many calls of one command in a second; account commands are allowed half of that.
    /// 0 calls in a second stand for no limit, where the time is not known.
    #[must_use]
    pub fn seconds(&self, calls_per_second: u32) -> Option<u64> {
        let rate = u64::from(calls_per_second);
        let time = |command: &str, calls: u64| {
            let turns = if command == ACCOUNTS { 2 } else { 1 };
            (rate != 0).then(|| (calls * turns).div_ceil(rate))
        };
        self.calls.iter().map(|(command, calls)| time(command, *calls)).max().unwrap_or(Some(0))
    }
}

const ACCOUNTS: &str = "im_open_login_svc/multiaccount_import";
const PROFILE: &str = "profile/portrait_set";
const FRIENDS: &str = "sns/friend_import";
const BLOCKS: &str = "sns/black_list_add";
const DIRECT: &str = "openim/importmsg";
const GROUP: &str = "group_open_http_svc/import_group";
const TOPIC: &str = "group_open_http_svc/import_topic";
const MEMBERS: &str = "group_open_http_svc/import_group_member";
const MEMBER: &str = "group_open_http_svc/modify_group_member_info";
const MESSAGES: &str = "group_open_http_svc/import_group_msg";
const UNREAD: &str = "group_open_http_svc/set_unread_msg_num";

/// Counts records in the order of an import.
pub(super) struct Estimator {
    server: ServerLimits,
    estimate: Estimate,
    /// Rows of the call that is being filled, and what it is about: a kind, and a group or topic.
    rows: usize,
    about: Option<(Kind, String)>,
}

impl Estimator {
    pub(super) fn new(server: ServerLimits) -> Self {
        Self { server, estimate: Estimate::default(), rows: 0, about: None }
    }

    pub(super) fn add(&mut self, record: &Record) {
        let limits = &self.server.limits;
        let (members, messages) = (limits.members_per_call, limits.messages.per_import);
        let accounts = limits.accounts_per_call;
        match record {
            Record::Account(account) => {
                self.row(Kind::Account, "", ACCOUNTS, accounts);
                if !account.profile.is_empty() {
                    self.call(PROFILE);
                }
            }
            Record::File(_) => return,
            Record::Friend(friend) => {
                self.row(Kind::Friend, &friend.account, FRIENDS, limits.friends.per_call)
            }
            Record::Block(block) => self.row(Kind::Block, &block.account, BLOCKS, limits.friends.per_call),
            Record::Group(_) => self.call(GROUP),
            Record::Topic(_) => self.call(TOPIC),
            Record::Member(member) => {
                self.row(Kind::Member, &member.group_id, MEMBERS, members);
                let more = member.name_card.is_some() || !member.app_member_defined_data.is_empty();
                if more && !self.server.landfall {
                    self.call(MEMBER);
                }
            }
            Record::Message(message) if message.receiver().is_some() => self.call(DIRECT),
            Record::Message(message) => {
                let conversation = message.topic_id.as_deref().unwrap_or(&message.group_id);
                self.row(Kind::Message, conversation, MESSAGES, messages);
            }
            // The API has no silent call for it.
            Record::Read(read) if read.peer().is_some() => {}
            Record::Read(_) => self.call(UNREAD),
        }
        self.estimate.bytes += bytes(record);
    }

    fn call(&mut self, command: &'static str) {
        *self.estimate.calls.entry(command).or_default() += 1;
        self.estimate.bytes += CALL_BYTES;
    }

    /// A row of a call that takes several about one thing.
    fn row(&mut self, kind: Kind, about: &str, command: &'static str, per_call: usize) {
        let fits =
            self.about.as_ref().is_some_and(|(of, id)| *of == kind && id == about) && self.rows < per_call;
        if fits {
            self.rows += 1;
            return;
        }
        self.about = Some((kind, about.to_owned()));
        self.rows = 1;
        self.call(command);
    }

    pub(super) fn finish(self) -> Estimate {
        self.estimate
    }
}

fn bytes(record: &Record) -> u64 {
    let bytes = |text: usize| u64::try_from(text).unwrap_or(u64::MAX);
    match record {
        Record::Message(message) => {
            let custom = message.cloud_custom_data.as_ref().map_or(0, String::len);
            MESSAGE_BYTES
                + bytes(message.msg_body.as_str().len() + custom + message.src.len() + message.key.len())
        }
        Record::Account(_)
        | Record::File(_)
        | Record::Friend(_)
        | Record::Block(_)
        | Record::Group(_)
        | Record::Topic(_)
        | Record::Member(_)
        | Record::Read(_) => bytes(record.line().len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::{Member, Message};
    use landfall_domain::time::Timestamp;

    #[test]
    fn rows_share_calls_as_long_as_they_are_about_one_group() {
        let mut estimator = Estimator::new(ServerLimits::faithful(Timestamp(0)));
        for group in ["a", "b"] {
            for _ in 0..501 {
                let member = Member { group_id: group.to_owned(), ..Member::default() };
                estimator.add(&Record::Member(member));
            }
            for _ in 0..40 {
                let message = Message { group_id: group.to_owned(), ..Message::default() };
                estimator.add(&Record::Message(message));
            }
        }
        let card = Member { group_id: "b".to_owned(), name_card: Some("B".to_owned()), ..Member::default() };
        estimator.add(&Record::Member(card));
        let estimate = estimator.finish();
        assert_eq!(estimate.calls, BTreeMap::from([(MEMBERS, 5), (MEMBER, 1), (MESSAGES, 4)]));
        assert!(0 < estimate.bytes);
        assert_eq!(
            [estimate.seconds(2), estimate.seconds(200), estimate.seconds(0)],
            [Some(3), Some(1), None]
        );
    }
}
