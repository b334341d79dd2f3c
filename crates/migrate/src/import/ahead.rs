//! The files of a file that a job brings in: they are sent ahead, and the job gets a copy in which messages have their places.

use super::desk::Desk;
use super::failed::without_fault;
use super::files::{self, AT_ONCE, FileItem};
use super::run::Run;
use super::{ImportError, ImportOptions, ImportReport, Observer, limits_of};
use crate::fault::Fault;
use crate::format::address::FILE;
use crate::format::{Reader, Record, Writer, identity};
use crate::journal::Journal;
use crate::ordered::{Ordered, line_fault};
use crate::rules::{Checker, ServerLimits, Verdict};
use crate::server::{CallError, CallLimits, Server};
use futures_util::stream;
use std::io;
use std::path::Path;
use std::sync::Arc;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::spawn_blocking;

/// Records of files that are read ahead.
const RECORDS_AHEAD: usize = 64;

/// What was done ahead of a job.
pub(crate) enum Ahead {
    /// No message refers to a file: the job takes the file as it is.
    Nothing,
    /// The copy is what the job takes.
    Copied(Box<ImportReport>),
}

/// Sends the files that messages of `file` refer to, and writes the copy `out`, in which every record has its line still, but
/// those of files and lines that cannot be read are left out. Records of files that fail go to `options.failed`.
pub(crate) async fn files_ahead(
    file: &Path,
    out: &Path,
    (server, calls): (&Server, CallLimits),
    journal: &Arc<Journal>,
    options: &ImportOptions,
    observer: &dyn Observer,
) -> Result<Ahead, ImportError> {
    let part = out.with_extension("part");
    let (source, files) = (file.to_owned(), part.clone());
    if !spawn_blocking(move || write_files(&source, &files)).await.map_err(io::Error::other)?? {
        return Ok(Ahead::Nothing);
    }
    let rules = limits_of(options, &calls);
    let desk = Desk::new(observer, server, &options.failed);
    let sending = Semaphore::new(AT_ONCE);
    let run = Run { server, calls, rules: rules.clone(), journal: journal.as_ref(), options, desk, sending };
    let sent = send(&run, &part, rules).await;
    let finished = match sent {
        Ok(()) => true,
        Err(ImportError::Server(CallError::Stopped(_))) => false,
        Err(error) => return Err(error),
    };
    if finished {
        let (source, out, journal) = (file.to_owned(), out.to_owned(), Arc::clone(journal));
        let unreadable = spawn_blocking(move || write_placed(&source, &out, &journal)).await;
        for fault in unreadable.map_err(io::Error::other)?? {
            run.desk.no_record(fault, None)?;
        }
    }
    Ok(Ahead::Copied(Box::new(run.desk.close(finished)?)))
}

/// Writes lines in their places; those that are not written are empty.
struct Copy {
    writer: Writer,
    lines: u64,
}

impl Copy {
    fn create(out: &Path) -> io::Result<Self> {
        Ok(Self { writer: Writer::create(out)?, lines: 0 })
    }

    fn write(&mut self, number: u64, text: &str) -> io::Result<()> {
        while self.lines + 1 < number {
            self.writer.write_line("")?;
            self.lines += 1;
        }
        self.lines = number;
        self.writer.write_line(text)
    }
}

/// Writes the lines that files may be in, each in its place. `false` where no message refers to any.
fn write_files(file: &Path, out: &Path) -> io::Result<bool> {
    let (mut copy, mut refers) = (Copy::create(out)?, false);
    let reference = format!("\"{FILE}");
    // Damaged lines end up with whoever takes the whole file.
    for line in Reader::open(file)?.flatten() {
        let has_reference = line.text.contains(&reference);
        refers |= has_reference;
        if has_reference || line.text.contains("\"file\"") {
            copy.write(line.number, &line.text)?;
        }
    }
    copy.writer.finish()?;
    Ok(refers)
}

async fn send(run: &Run<'_>, part: &Path, rules: ServerLimits) -> Result<(), ImportError> {
    let (sender, receiver) = mpsc::channel(RECORDS_AHEAD);
    let (part, spill) = (part.to_owned(), run.options.spill_directory.clone());
    let reading = spawn_blocking(move || -> io::Result<()> {
        let mut entries = Ordered::read(&part, &spill, |_, _| Ok(()))?;
        let mut checker = Checker::new(rules);
        while let Some(entry) = entries.next() {
            let mut entry = entry?;
            entry.record = without_fault(entry.record);
            let Record::File(file) = &entry.record else { continue };
            let is_needed = entries.refers_to(file);
            let faults = match checker.check(&entry) {
                Verdict::Faulty(faults) => faults,
                Verdict::Fine | Verdict::LeftOut => Vec::new(),
            };
            let item = FileItem { line: entry.line, record: entry.record, faults, is_needed };
            if sender.blocking_send(item).is_err() {
                break;
            }
        }
        Ok(())
    });
    let items = stream::unfold(receiver, |mut items| async move { Some((items.recv().await?, items)) });
    files::import(run, items).await?;
    Ok(reading.await.map_err(io::Error::other)??)
}

/// Writes a copy of a file in which messages have the places of files. Returns what is wrong with lines that cannot be read.
fn write_placed(file: &Path, out: &Path, journal: &Journal) -> io::Result<Vec<Fault>> {
    let (mut copy, mut unreadable) = (Copy::create(out)?, Vec::new());
    for line in Reader::open(file)? {
        let line = match line {
            Ok(line) => line,
            Err(error) => {
                unreadable.push(line_fault(error));
                continue;
            }
        };
        let parsed = line.text.contains("file").then(|| Record::parse(&line.text));
        match parsed {
            Some(Ok(Record::File(_))) => {}
            Some(Ok(Record::Message(mut message))) => {
                if let Some(body) = files::placed(journal, &message).map_err(io::Error::other)? {
                    // What it is known by stays the same.
                    message.random = Some(identity::random(&message));
                    message.msg_body = body;
                    copy.write(line.number, &Record::Message(message).line())?;
                } else {
                    copy.write(line.number, &line.text)?;
                }
            }
            Some(_) | None => copy.write(line.number, &line.text)?,
        }
    }
    copy.writer.finish()?;
    Ok(unreadable)
}
