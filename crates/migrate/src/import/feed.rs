//! Reads the source in a thread of its own, and hands its records out group by group.

use super::failed::without_fault;
use crate::fault::{Fault, FaultCode};
use crate::format::Record;
use crate::ordered::{Entry, Ordered};
use crate::rules::{Checker, ServerLimits, Verdict};
use std::io;
use std::sync::Arc;
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Bytes of records that are handed out and not yet taken, about.
const BYTES_MAX: u32 = 32 << 20;
/// A record counts as so many bytes at most, so that the records of one call always fit.
const RECORD_BYTES_MAX: u32 = 1 << 20;
const ACCOUNTS_OF_WORK: usize = 1_000;

/// A record, and what the rules say about it.
pub(super) struct Item {
    pub(super) line: u64,
    pub(super) entry: Entry,
    pub(super) faults: Vec<Fault>,
    /// Its group or topic is not brought in; or it is a file that no message refers to.
    pub(super) left_out: bool,
    _place: OwnedSemaphorePermit,
}

impl Item {
    /// Whether it names only what other records do not describe, and the server may have.
    pub(super) fn is_dangling(&self) -> bool {
        let dangling = [
            FaultCode::NoSuchGroup.as_str(),
            FaultCode::NoSuchTopic.as_str(),
            FaultCode::NoSuchMember.as_str(),
            FaultCode::NoSuchMessage.as_str(),
        ];
        self.faults.iter().all(|fault| dangling.contains(&fault.code))
    }
}

/// What one worker does.
pub(super) enum Work {
    /// Accounts or files.
    Single(Vec<Item>),
    /// The records of a group, or of [others that come together](Record::bundle), as they are read.
    Group(String, UnboundedReceiver<Item>),
}

/// Reads a source.
pub(super) struct Feed {
    places: Arc<Semaphore>,
    work: mpsc::Sender<Work>,
    checker: Checker,
    single: Vec<Item>,
    group: Option<(String, UnboundedSender<Item>)>,
}

/// Nobody takes work any more.
struct Gone;

impl Feed {
    pub(super) fn new(rules: ServerLimits, work: mpsc::Sender<Work>) -> Self {
        let places = usize::try_from(BYTES_MAX).unwrap_or_default();
        let (places, checker) = (Arc::new(Semaphore::new(places)), Checker::new(rules));
        Self { places, work, checker, single: Vec::new(), group: None }
    }

    /// Closing it ends the feed.
    pub(super) fn places(&self) -> Arc<Semaphore> {
        Arc::clone(&self.places)
    }

    /// Hands out all records; returns early when nobody takes them.
    pub(super) fn run(mut self, records: Ordered, runtime: &tokio::runtime::Handle) -> io::Result<()> {
        let mut records = records;
        while let Some(entry) = records.next() {
            let entry = entry?;
            let is_needed = !matches!(&entry.record, Record::File(file) if !records.refers_to(file));
            if self.hand_out(entry, is_needed, runtime).is_err() {
                return Ok(());
            }
        }
        self.hand_out_single().ok();
        Ok(())
    }

    fn hand_out(
        &mut self,
        entry: Entry,
        is_needed: bool,
        runtime: &tokio::runtime::Handle,
    ) -> Result<(), Gone> {
        let entry = Entry { record: without_fault(entry.record), ..entry };
        let (faults, left_out) = match self.checker.check(&entry) {
            Verdict::Fine => (Vec::new(), !is_needed),
            Verdict::Faulty(faults) => (faults, false),
            Verdict::LeftOut => (Vec::new(), true),
        };
        let places = Arc::clone(&self.places).acquire_many_owned(bytes(&entry.record));
        let place = runtime.block_on(places).map_err(|_| Gone)?;
        let group = entry.record.bundle().map(std::borrow::Cow::into_owned);
        let item = Item { line: entry.line, entry, faults, left_out, _place: place };
        let Some(id) = group else {
            self.single.push(item);
            return if ACCOUNTS_OF_WORK <= self.single.len() { self.hand_out_single() } else { Ok(()) };
        };
        if self.group.as_ref().is_none_or(|(current, _)| *current != id) {
            self.group = None;
            self.hand_out_single()?;
            let (items, taken) = mpsc::unbounded_channel();
            self.work.blocking_send(Work::Group(id.clone(), taken)).map_err(|_| Gone)?;
            self.group = Some((id, items));
        }
        self.group.as_ref().map_or(Ok(()), |(_, items)| items.send(item).map_err(|_| Gone))
    }

    fn hand_out_single(&mut self) -> Result<(), Gone> {
        if self.single.is_empty() {
            return Ok(());
        }
        self.work.blocking_send(Work::Single(std::mem::take(&mut self.single))).map_err(|_| Gone)
    }
}

/// About.
fn bytes(record: &Record) -> u32 {
    let content = match record {
        Record::Message(message) => {
            let custom = message.cloud_custom_data.as_ref().map_or(0, String::len);
            let x = message.x.as_ref().map_or(0, |x| x.as_str().len());
            message.msg_body.as_str().len() + custom + x
        }
        Record::Account(_)
        | Record::File(_)
        | Record::Friend(_)
        | Record::Block(_)
        | Record::Group(_)
        | Record::Topic(_)
        | Record::Member(_)
        | Record::Read(_) => 0,
    };
    u32::try_from(content + size_of::<Item>()).unwrap_or(u32::MAX).min(RECORD_BYTES_MAX)
}
