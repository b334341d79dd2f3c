//! Rules of read marks.

use super::FaultCode;
use super::defaults::{self, ReadUpTo};
use super::group::{GroupState, Standing};
use super::values::DROPPED;
use super::values::{account, fault};
use crate::fault::Fault;
use crate::format::{Message, Read, identity};
use crate::seen::Seen;

impl GroupState {
    pub(super) fn read(&mut self, record: &Read, faults: &mut Vec<Fault>) {
        self.is_there(record.topic_id.as_deref(), faults);
        account(faults, "Member_Account", &record.account);
        let there = self.standing != Standing::Missing;
        if there && !record.account.is_empty() && self.members.find(&record.account).is_none() {
            let problem = format!("{} is no member of the group", record.account);
            faults.push(fault(FaultCode::NoSuchMember, "Member_Account", problem));
        }
        up_to(record, &self.messages, there, faults);
        let of = (record.topic_id.clone().unwrap_or_default(), record.account.clone());
        if self.last_read.as_ref() == Some(&of) {
            let problem = format!("another record says how far {} has read", record.account);
            faults.push(fault(FaultCode::Duplicate, "Member_Account", problem).fix(DROPPED));
        }
        self.last_read = Some(of);
    }
}

/// How far somebody has read. `messages`: those of the conversation, all of them if `is_whole`.
pub(super) fn up_to(record: &Read, messages: &Seen, is_whole: bool, faults: &mut Vec<Fault>) {
    match defaults::read_up_to(record) {
        None => {
            let problem = "one of UnreadMsgNum, read_key and read_ms is needed";
            faults.push(fault(FaultCode::Missing, "read_ms", problem));
        }
        Some(ReadUpTo::Key(key)) if is_whole && !has_message(messages, record, key) => {
            let problem = format!("no message has the key {key:?}");
            faults.push(fault(FaultCode::NoSuchMessage, "read_key", problem));
        }
        Some(ReadUpTo::Key(_) | ReadUpTo::Unread(_) | ReadUpTo::Ms(_)) => {}
    }
}

fn has_message(messages: &Seen, record: &Read, key: &str) -> bool {
    let message = Message { src: record.src.clone(), key: key.to_owned(), ..Message::default() };
    messages.may_contain(&identity::identity(&message))
}
