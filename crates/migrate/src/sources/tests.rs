//! Tests of conversions, and what they share.

mod builder;
mod csv;
mod damaged;
mod exports;
mod slack;

use crate::fault::Fault;
use crate::format::{Group, Member, Message, Record};
use crate::mapping::Mapping;
use crate::sources::{ConvertError, Converted, Format, Sink, convert};
use landfall_domain::ids::{GroupId, UserId};
use landfall_domain::limits::Limits;
use std::fs;
use std::io;
use std::path::Path;

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
        self.records
            .iter()
            .filter_map(|record| if let Record::Group(group) = record { Some(group) } else { None })
            .collect()
    }

    pub(crate) fn members(&self) -> Vec<&Member> {
        self.records
            .iter()
            .filter_map(|record| if let Record::Member(member) = record { Some(member) } else { None })
            .collect()
    }

    pub(crate) fn messages(&self) -> Vec<&Message> {
        self.records
            .iter()
            .filter_map(|record| if let Record::Message(message) = record { Some(message) } else { None })
            .collect()
    }

    /// A record that its line does not say, or that has an account or time that cannot be.
    pub(crate) fn unreadable(&self) -> Option<&Record> {
        self.records.iter().find(|record| {
            let is_good = match record {
                Record::Account(account) => UserId::parse(&account.user_id).is_some(),
                Record::Member(member) => UserId::parse(&member.account).is_some(),
                Record::Message(message) => {
                    UserId::parse(&message.from).is_some() && message.sent().is_some_and(|sent| 1 < sent)
                }
                Record::Group(group) => !group.name.is_empty() && GroupId::parse(&group.group_id).is_some(),
                Record::File(_)
                | Record::Friend(_)
                | Record::Block(_)
                | Record::Topic(_)
                | Record::Read(_) => true,
            };
            !is_good || Record::parse(&record.line()).as_ref() != Ok(*record)
        })
    }

    /// The text of each message.
    pub(crate) fn texts(&self) -> Vec<String> {
        let text = |message: &Message| {
            let elements = message.msg_body.value();
            elements[0]["MsgContent"]["Text"].as_str().unwrap_or_default().to_owned()
        };
        self.messages().into_iter().map(text).collect()
    }

    /// The faults, each as its code and message.
    pub(crate) fn problems(&self) -> Vec<String> {
        self.faults.iter().map(|fault| format!("{}: {}", fault.code, fault.message)).collect()
    }
}

/// Converts what lies at `path`, with the mapping file `mapping`.
pub(crate) fn convert_path(
    format: Format,
    path: &Path,
    mapping: &str,
) -> Result<(Collected, Converted), ConvertError> {
    let mapping = Mapping::parse(mapping).unwrap();
    let mut collected = Collected::default();
    let converted = convert(format, path, &mapping, &Limits::FAITHFUL, &mut collected)?;
    Ok((collected, converted))
}

/// Converts a file of `bytes`, with the mapping file `mapping`.
pub(crate) fn convert_text(
    format: Format,
    bytes: &[u8],
    mapping: &str,
) -> Result<(Collected, Converted), ConvertError> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("export");
    fs::write(&path, bytes).unwrap();
    convert_path(format, &path, mapping)
}
