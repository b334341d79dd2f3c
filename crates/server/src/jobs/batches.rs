//! The records of a file as batches: parsed in one thread and put together in another, while the batch before is brought in.

use super::people_batches::PeopleMaking;
use super::record::Receipt;
use super::work::Work;
use landfall_domain::whole_group::WholeGroup;
use landfall_migrate::fault::Fault;
use landfall_migrate::ordered::Found;
use landfall_migrate::rules::{Verdict, name};
use landfall_migrate::whole::{Assembler, LeftOut, Piece};
use std::io;
use std::sync::mpsc::SyncSender;

/// Groups of one batch.
const GROUPS_MAX: usize = 400;
/// Members and messages of one batch, about.
const ROWS_MAX: usize = 8_000;
/// Bytes of the messages of one batch, about.
const BYTES_MAX: usize = 8 << 20;

/// What is brought in together.
pub(super) struct Batch {
    pub(super) work: Work,
    /// Records that were left out up to here.
    pub(super) left_out: Vec<Receipt>,
    /// Records of the file that were looked at up to here.
    pub(super) records: u64,
}

/// Entries that are handed over together.
const ENTRIES_TOGETHER: usize = 256;

/// Parses the records ahead of those who check them, until nobody takes them any more.
pub(super) fn parse<T: Send>(mut entries: impl Iterator<Item = T>, parsed: &SyncSender<Vec<T>>) {
    loop {
        let together: Vec<T> = entries.by_ref().take(ENTRIES_TOGETHER).collect();
        if together.is_empty() || parsed.send(together).is_err() {
            return;
        }
    }
}

/// Makes batches of all records, until nobody takes them any more.
pub(super) fn assemble<E: Iterator<Item = io::Result<Found>>>(
    mut assembler: Assembler<E>,
    batches: &SyncSender<io::Result<Batch>>,
) {
    let mut making = Making::default();
    loop {
        let mut left_out = Vec::new();
        let piece = assembler.next_piece(&mut |left| left_out.extend(receipts_of(left)));
        making.left_out.append(&mut left_out);
        let records = assembler.records();
        let (works, is_last) = match piece {
            Ok(Some(piece)) => (making.add(piece).into_iter().collect(), false),
            Ok(None) => (making.rest(), true),
            Err(error) => {
                // Whoever brings in has ended already if it does not take the error.
                drop(batches.send(Err(error)));
                return;
            }
        };
        for work in works {
            let left_out = std::mem::take(&mut making.left_out);
            if batches.send(Ok(Batch { work, left_out, records })).is_err() {
                return;
            }
        }
        if is_last {
            return;
        }
    }
}

#[derive(Default)]
struct Making {
    groups: Vec<WholeGroup>,
    rows: usize,
    bytes: usize,
    /// Whether messages of the next group were handed over.
    is_staged: bool,
    left_out: Vec<Receipt>,
    people: PeopleMaking,
}

impl Making {
    /// What is held at the end.
    fn rest(&mut self) -> Vec<Work> {
        let groups = Work::Groups(std::mem::take(&mut self.groups));
        self.people.rest().into_iter().chain([groups]).collect()
    }

    /// The work of a batch that is full with this piece.
    fn add(&mut self, piece: Piece) -> Option<Work> {
        match piece {
            Piece::Nothing => Some(Work::Nothing),
            Piece::Accounts(accounts, profiles) => Some(Work::Accounts(accounts, profiles)),
            Piece::Friends(account, friends) => self.people.friends(account, friends),
            Piece::Blocks(account, blocks) => self.people.blocks(account, blocks),
            Piece::Direct(pair) => self.people.direct(pair),
            Piece::Messages { group, messages } => {
                self.is_staged = true;
                Some(Work::Messages(group, messages))
            }
            Piece::Group(whole) => {
                let messages = || whole.messages.iter().flat_map(|(_, messages)| messages);
                self.rows += whole.members.len() + messages().count();
                self.bytes += messages()
                    .map(|message| message.body.elements.len() + message.body.custom.len())
                    .sum::<usize>();
                self.groups.push(*whole);
                let is_full =
                    GROUPS_MAX <= self.groups.len() || ROWS_MAX <= self.rows || BYTES_MAX <= self.bytes;
                if !is_full && !self.is_staged {
                    return None;
                }
                (self.rows, self.bytes, self.is_staged) = (0, 0, false);
                Some(Work::Groups(std::mem::take(&mut self.groups)))
            }
        }
    }
}

pub(super) fn of_fault(record: &'static str, fault: &Fault) -> Receipt {
    Receipt {
        line: fault.line,
        record,
        name: String::new(),
        result: "left_out",
        code: fault.code.to_owned(),
        result_info: fault.message.clone(),
    }
}

/// A receipt for each fault of what is left out.
fn receipts_of(left: LeftOut<'_>) -> Vec<Receipt> {
    let (entry, verdict) = match left {
        LeftOut::Record(entry, verdict) => (entry, verdict),
        LeftOut::Line(fault) => return vec![of_fault("line", &fault)],
    };
    let record = entry.record.kind().as_str();
    let faults = match verdict {
        Verdict::Fine => Vec::new(),
        Verdict::Faulty(faults) => faults,
        Verdict::LeftOut => {
            let info = "its group or topic is left out".to_owned();
            let (line, name) = (entry.line, name(&entry.record));
            let (result, code) = ("left_out", String::new());
            return vec![Receipt { line, record, name, result, code, result_info: info }];
        }
    };
    faults.iter().map(|fault| Receipt { name: name(&entry.record), ..of_fault(record, fault) }).collect()
}
