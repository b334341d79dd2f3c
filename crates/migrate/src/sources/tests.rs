//! Tests of conversions, and what they share.

mod builder;

use crate::fault::Fault;
use crate::format::{Group, Member, Message, Record};
use crate::sources::sink::Sink;
use std::io;

/// Keeps what a conversion makes.
#[derive(Debug, Default)]
pub(crate) struct Collected {
    pub(crate) records: Vec<Record>,
    pub(crate) faults: Vec<Fault>,
}

impl Sink for Collected {
    fn record(&mut self, record: Record) -> io::Result<()> {
        self.records.push(record);
        Ok(())
    }

    fn fault(&mut self, fault: Fault) -> io::Result<()> {
        self.faults.push(fault);
        Ok(())
    }
}

impl Collected {
    /// The records as lines of the neutral file.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.records.iter().map(Record::line).collect()
    }

    pub(crate) fn groups(&self) -> Vec<&Group> {
        let group = |record| if let Record::Group(group) = record { Some(group) } else { None };
        self.records.iter().filter_map(group).collect()
    }

    pub(crate) fn members(&self) -> Vec<&Member> {
        let member = |record| if let Record::Member(member) = record { Some(member) } else { None };
        self.records.iter().filter_map(member).collect()
    }

    pub(crate) fn messages(&self) -> Vec<&Message> {
        let message = |record| if let Record::Message(message) = record { Some(message) } else { None };
        self.records.iter().filter_map(message).collect()
    }

    /// The faults, each as its code and message.
    pub(crate) fn problems(&self) -> Vec<String> {
        self.faults.iter().map(|fault| format!("{}: {}", fault.code, fault.message)).collect()
    }
}
