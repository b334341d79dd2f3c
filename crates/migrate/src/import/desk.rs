//! Where what became of records is counted, told and written down.

use super::report::{Counts, ImportReport, Observer, Phase, Point, Progress, Size};
use crate::fault::{Fault, FaultCode};
use crate::format::{Kind, Record, Writer};
use crate::import::failed;
use crate::rules;
use crate::server::Server;
use std::io;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

const POINTS_MAX: usize = 240;
/// The rate is that of so many seconds.
const RATE_SECONDS: f64 = 5.0;

/// What became of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Imported,
    Unchanged,
    Updated,
    Skipped,
}

pub(super) struct Desk<'a> {
    observer: &'a dyn Observer,
    server: &'a Server,
    failed_path: &'a Path,
    start: Instant,
    books: Mutex<Books>,
}

#[derive(Default)]
struct Books {
    report: ImportReport,
    phase: Phase,
    total: u64,
    done: u64,
    faults: u64,
    failed: Option<Writer>,
    /// Seconds between two points.
    step: f64,
    /// Time and records of the last seconds.
    recent: Vec<(f64, u64)>,
}

impl<'a> Desk<'a> {
    pub(super) fn new(observer: &'a dyn Observer, server: &'a Server, failed_path: &'a Path) -> Self {
        let books = Mutex::new(Books { step: 0.5, ..Books::default() });
        Self { observer, server, failed_path, start: Instant::now(), books }
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn phase(&self, phase: Phase) {
        self.books().phase = phase;
    }

    /// So many records were read.
    pub(super) fn found(&self, total: u64) {
        self.books().total = total;
    }

    pub(super) fn count(&self, kind: Kind, end: End) {
        let mut books = self.books();
        books.done += 1;
        let counts = books.counts(kind);
        *match end {
            End::Imported => &mut counts.imported,
            End::Unchanged => &mut counts.unchanged,
            End::Updated => &mut counts.updated,
            End::Skipped => &mut counts.skipped,
        } += 1;
    }

    /// A record that is not brought in.
    pub(super) fn fail(&self, line: u64, record: &Record, fault: Fault) -> io::Result<()> {
        self.fail_all(record, &[Fault { line, ..fault.of(record.kind(), rules::name(record)) }])
    }

    /// A record that is not brought in, with all its faults.
    pub(super) fn fail_all(&self, record: &Record, faults: &[Fault]) -> io::Result<()> {
        let line = failed::line(record, faults);
        let mut books = self.books();
        books.done += 1;
        books.counts(record.kind()).failed += 1;
        books.write_failed(self.failed_path, &line)?;
        self.note(books, faults);
        Ok(())
    }

    /// A line that is no record.
    pub(super) fn no_record(&self, fault: Fault, line: Option<&str>) -> io::Result<()> {
        let mut books = self.books();
        if let Some(line) = line {
            books.write_failed(self.failed_path, line)?;
        }
        self.note(books, &[fault]);
        Ok(())
    }

    fn note(&self, mut books: MutexGuard<'_, Books>, faults: &[Fault]) {
        for fault in faults {
            books.faults += 1;
            *books.report.faults.entry(fault.code).or_default() += 1;
        }
        drop(books);
        faults.iter().for_each(|fault| self.observer.fault(fault));
    }

    pub(super) fn history_stopped(&self) {
        self.books().report.stopped_histories += 1;
    }

    pub(super) fn group_done(&self, messages: u64) {
        let mut books = self.books();
        let up_to = std::iter::successors(Some(0_u64), |size| Some(size * 10 + 9));
        let up_to = up_to.take(20).find(|size| messages <= *size).unwrap_or(u64::MAX);
        let sizes = &mut books.report.groups_by_size;
        match sizes.binary_search_by_key(&up_to, |size| size.messages_up_to) {
            Ok(place) => {
                if let Some(size) = sizes.get_mut(place) {
                    size.groups += 1;
                }
            }
            Err(place) => sizes.insert(place, Size { messages_up_to: up_to, groups: 1 }),
        }
    }

    /// Adds the time that calls for records of a kind took.
    pub(super) fn took(&self, kind: Kind, time: Duration) {
        *self.books().report.seconds_by_kind.entry(kind.as_str()).or_default() += time.as_secs_f64();
    }

    /// Tells the observer how far the import is.
    pub(super) fn tick(&self) {
        let seconds = self.start.elapsed().as_secs_f64();
        let mut books = self.books();
        books.point(seconds);
        let progress = Progress {
            phase: books.phase,
            done: books.done,
            total: books.total,
            rate: books.rate(seconds),
            faults: books.faults,
            slow_downs: self.server.calls().slow_downs,
            waiting: self.server.waiting(),
        };
        drop(books);
        self.observer.progress(&progress);
    }

    /// Ends the failed file and hands over the report.
    pub(super) fn close(self, finished: bool) -> io::Result<ImportReport> {
        self.tick();
        let books = self.books.into_inner().unwrap_or_else(PoisonError::into_inner);
        if let Some(failed) = books.failed {
            failed.finish()?;
        }
        let (seconds, calls) = (self.start.elapsed().as_secs_f64(), self.server.calls());
        let mut report = ImportReport { finished, seconds, calls, ..books.report };
        report.over_time.push(Point { seconds, records: books.done, faults: books.faults });
        Ok(report)
    }
}

impl Books {
    fn counts(&mut self, kind: Kind) -> &mut Counts {
        self.report.records.entry(kind.as_str()).or_default()
    }

    fn write_failed(&mut self, path: &Path, line: &str) -> io::Result<()> {
        if self.failed.is_none() {
            self.failed = Some(Writer::create(path)?);
        }
        self.failed.as_mut().map_or(Ok(()), |failed| failed.write_line(line))
    }

    fn point(&mut self, seconds: f64) {
        let points = &mut self.report.over_time;
        if points.last().is_some_and(|last| seconds < last.seconds + self.step) {
            return;
        }
        if POINTS_MAX <= points.len() + 1 {
            let mut number = 0;
            points.retain(|_| {
                number += 1;
                number % 2 == 1
            });
            self.step *= 2.0;
        }
        points.push(Point { seconds, records: self.done, faults: self.faults });
    }

    fn rate(&mut self, seconds: f64) -> f64 {
        self.recent.retain(|(at, _)| seconds - RATE_SECONDS <= *at);
        self.recent.push((seconds, self.done));
        let Some((at, done)) = self.recent.first() else { return 0.0 };
        let records = u32::try_from(self.done - done).unwrap_or(u32::MAX);
        if *at < seconds { f64::from(records) / (seconds - at) } else { 0.0 }
    }
}

/// A fault of a record of which only the kind of fault and the reason are known.
pub(super) fn fault(code: FaultCode, reason: impl Into<String>) -> Fault {
    Fault::new(0, code, reason)
}
