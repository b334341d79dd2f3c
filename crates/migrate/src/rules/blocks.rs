//! Rules of blocklists.
//!
//! [choice] An account on its own blocklist is a fault; so is one over the number that a blocklist can have.

use super::values::{DROPPED, account, fault};
use super::{Checker, FaultCode};
use crate::fault::Fault;
use crate::format::Block;

/// The blocklist of an account, so far.
#[derive(Debug, Default)]
pub(super) struct BlocksState {
    account: String,
    count: usize,
    last: Option<String>,
}

impl Checker {
    pub(super) fn block(&mut self, record: &Block, faults: &mut Vec<Fault>) {
        account(faults, "From_Account", &record.account);
        account(faults, "To_Account", &record.blocked);
        if !record.blocked.is_empty() && record.account == record.blocked {
            let problem = format!("To_Account is {}, as From_Account", record.blocked);
            faults.push(fault(FaultCode::AccountName, "To_Account", problem).fix("the record is left out"));
        }
        if let Some(time) = record.add_time.filter(|time| u64::from(u32::MAX) < *time) {
            let problem = format!("AddTime is {time}; at most {} is allowed", u32::MAX);
            faults.push(fault(FaultCode::TooLarge, "AddTime", problem).fix("AddTime is removed"));
        }
        self.place_on_blocklist(record, faults);
    }

    /// Takes the account among those on the blocklist.
    fn place_on_blocklist(&mut self, record: &Block, faults: &mut Vec<Fault>) {
        let limit = self.server.limits.friends.blocklist;
        if self.blocks.account != record.account {
            self.blocks = BlocksState { account: record.account.clone(), ..BlocksState::default() };
        }
        let state = &mut self.blocks;
        if state.last.as_ref() == Some(&record.blocked) {
            let problem =
                format!("another record has {} on the blocklist of {}", record.blocked, record.account);
            faults.push(fault(FaultCode::Duplicate, "To_Account", problem).fix(DROPPED));
            return;
        }
        state.last = Some(record.blocked.clone());
        if !faults.is_empty() {
            return;
        }
        if limit <= state.count {
            let problem = format!("{} has more than {limit} accounts on its blocklist", record.account);
            faults.push(fault(FaultCode::TooMany, "To_Account", problem).limit(limit));
        } else {
            state.count += 1;
        }
    }
}
