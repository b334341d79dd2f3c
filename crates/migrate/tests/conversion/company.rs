//! A Slack-like export of a company is converted without any decision.

use super::slack_like::{self, Made, Sizes};
use landfall_domain::limits::Limits;
use landfall_domain::time::Timestamp;
use landfall_migrate::fault::Fault;
use landfall_migrate::format::{Record, Writer};
use landfall_migrate::mapping::Mapping;
use landfall_migrate::ordered::Ordered;
use landfall_migrate::rules::{Checker, ServerLimits, Verdict};
use landfall_migrate::sources::{Converted, Format, Sink, convert, describe, recognise};
use std::collections::BTreeMap;
use std::io;
use std::path::Path;

/// Later than the last message.
const NOW: Timestamp = Timestamp(1_800_000_000);

/// Writes a neutral file, and keeps the faults.
struct Output {
    writer: Writer,
    faults: Vec<Fault>,
}

impl Sink for Output {
    fn record(&mut self, record: Record) -> io::Result<()> {
        self.writer.write(&record)
    }

    fn fault(&mut self, fault: Fault) -> io::Result<()> {
        self.faults.push(fault);
        Ok(())
    }
}

fn converted(export: &Path, neutral: &Path, mapping: &Mapping) -> (Converted, Vec<Fault>) {
    let mut output = Output { writer: Writer::create(neutral).unwrap(), faults: Vec::new() };
    let converted = convert(Format::Slack, export, mapping, &Limits::FAITHFUL, &mut output).unwrap();
    output.writer.finish().unwrap();
    (converted, output.faults)
}

fn text(record: &landfall_migrate::format::Message) -> String {
    let body = record.msg_body.value();
    body[0]["MsgContent"]["Text"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn every_message_of_a_company_is_there_in_order_and_its_members_see_it() {
    let directory = tempfile::tempdir().unwrap();
    let (export, neutral) = (directory.path().join("export"), directory.path().join("a.jsonl.zst"));
    std::fs::create_dir(&export).unwrap();
    let made: Made = slack_like::write(&export, Sizes::COMPANY).unwrap();
    assert_eq!(recognise(&export).unwrap(), Format::Slack);
    let (converted, faults) = converted(&export, &neutral, &Mapping::default());
    assert_eq!(faults, []);
    let found = &converted.found;
    assert_eq!(
        (found.channels, found.direct, found.users, found.messages, found.placeholders),
        (60, 50, 301, 20_000, 2)
    );
    assert!(
        converted.sentence().starts_with(
            "Slack export: 60 channels, 50 direct conversations, 301 users, 20,000 messages, 550 files, 2019-01-03 to 2025-12-15; lost: 550 files"
        ),
        "{}",
        converted.sentence()
    );

    let mut messages: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
    let mut members: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut created = BTreeMap::new();
    let mut checker = Checker::new(ServerLimits::faithful(NOW));
    for entry in Ordered::read(&neutral, directory.path(), |fault, _| panic!("{fault:?}")).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(checker.check(&entry), Verdict::Fine);
        match entry.record {
            Record::Account(_)
            | Record::File(_)
            | Record::Friend(_)
            | Record::Block(_)
            | Record::Topic(_)
            | Record::Read(_) => {}
            Record::Group(group) => {
                assert!(group.name.len() <= 30 && !group.name.is_empty(), "{}", group.name);
                created.insert(group.group_id, group.create_time.unwrap());
            }
            Record::Member(member) => {
                let start = created[&member.group_id];
                assert!(member.join_time.is_none_or(|joined| joined == start + 1));
                members.entry(member.group_id).or_default().push(member.account);
            }
            Record::Message(message) => {
                assert!(created[&message.group_id] < message.sent().unwrap());
                let text = text(&message);
                let of_group = messages.entry(message.group_id).or_default();
                match message.key.split_once('/') {
                    Some(_) => of_group.last_mut().unwrap().1.push_str(&text),
                    None => of_group.push((message.key, text)),
                }
            }
        }
    }
    for conversation in &made.conversations {
        let expected: Vec<(String, String)> = conversation
            .messages
            .iter()
            .map(|(ts, text)| (format!("{}:{ts}", conversation.id), text.clone()))
            .collect();
        assert_eq!(messages.get(&conversation.id), Some(&expected), "{}", conversation.id);
        let mut listed = conversation.members.clone();
        listed.sort();
        assert_eq!(members.get(&conversation.id), Some(&listed), "{}", conversation.id);
    }
}

#[test]
fn an_edited_mapping_file_of_a_company_is_read_back() {
    let directory = tempfile::tempdir().unwrap();
    let (export, neutral) = (directory.path().join("export"), directory.path().join("a.jsonl"));
    std::fs::create_dir(&export).unwrap();
    slack_like::write(&export, Sizes { users: 9, channels: 4, direct: 3, messages: 100 }).unwrap();
    let (first, _) = converted(&export, &neutral, &Mapping::default());
    let described = describe(&Mapping::default(), &first);
    let mapping = Mapping::parse(&described).unwrap();
    let (again, _) = converted(&export, &neutral, &mapping);
    assert_eq!(again, first);
    // Every line with a default can be switched on, and changes nothing.
    let switched_on: String = described
        .lines()
        .map(|line| line.strip_prefix("# ").filter(|line| line.contains(" = ")).unwrap_or(line))
        .map(|line| format!("{line}\n"))
        .collect();
    let mapping = Mapping::parse(&switched_on).unwrap();
    let (again, _) = converted(&export, &neutral, &mapping);
    assert_eq!((again.channels, again.users), (first.channels, first.users));
}
