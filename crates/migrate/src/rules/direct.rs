//! Rules of messages between two accounts, and of how far one of them has read.

use super::message::{content, time};
use super::read::up_to;
use super::values::DROPPED;
use super::values::{account, fault};
use super::{Checker, FaultCode};
use crate::fault::Fault;
use crate::format::record::pair_name;
use crate::format::{Message, Read, identity};
use crate::seen::Seen;

/// What is remembered of the two accounts whose records come.
#[derive(Debug, Default)]
pub(super) struct PairState {
    name: String,
    /// Messages by what identifies them.
    messages: Seen,
    last_read: Option<String>,
}

impl Checker {
    fn pair(&mut self, one: &str, other: &str) -> &mut PairState {
        let name = pair_name(one, other);
        if self.pair.name != name {
            self.pair = PairState { name, ..PairState::default() };
        }
        &mut self.pair
    }

    pub(super) fn direct(&mut self, record: &Message, to: &str, faults: &mut Vec<Fault>) {
        no_group(&record.group_id, record.topic_id.as_deref(), "To_Account", faults);
        account(faults, "From_Account", &record.from);
        account(faults, "To_Account", to);
        time(record, self.server.now, faults);
        content(record, self.server.limits.messages.bytes, faults);
        let is_new = self.pair(&record.from, to).messages.insert(&identity::identity(record));
        if !is_new {
            let problem = "another message has the same src and key, or the same sender, time and content";
            faults.push(fault(FaultCode::Duplicate, "key", problem).fix(DROPPED));
        }
    }

    pub(super) fn direct_read(&mut self, record: &Read, peer: &str, faults: &mut Vec<Fault>) {
        no_group(&record.group_id, record.topic_id.as_deref(), "Peer_Account", faults);
        account(faults, "Member_Account", &record.account);
        account(faults, "Peer_Account", peer);
        let pair = self.pair(&record.account, peer);
        up_to(record, &pair.messages, true, faults);
        if pair.last_read.as_ref() == Some(&record.account) {
            let problem = format!("another record says how far {} has read", record.account);
            faults.push(fault(FaultCode::Duplicate, "Member_Account", problem).fix(DROPPED));
        }
        pair.last_read = Some(record.account.clone());
    }
}

/// A message is in a group, or between two accounts.
fn no_group(group: &str, topic: Option<&str>, field: &str, faults: &mut Vec<Fault>) {
    if !group.is_empty() || topic.is_some_and(|topic| !topic.is_empty()) {
        let problem = format!("the record has {field}, and a group or topic too; one of them is needed");
        faults.push(fault(FaultCode::TooMany, field, problem));
    }
}
