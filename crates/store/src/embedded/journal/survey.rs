//! Goes through all journals of an engine and finds where they break.

use super::{Batch, Order, START, batch, files};
use std::io;
use std::path::{Path, PathBuf};

/// What the journals hold.
#[derive(Debug, Default)]
pub(in super::super) struct Survey {
    /// Batches that can be read up to the break, or to the end.
    pub(in super::super) batches: u64,
    /// Sequence number of the engine and number of the first batch that has a number.
    pub(in super::super) first: Option<(u64, u64)>,
    /// Number of the last batch that has one.
    pub(in super::super) last: Option<u64>,
    /// Where they break, if they do.
    pub(in super::super) broken: Option<Break>,
}

/// A place in a journal behind which nothing can be read in order.
#[derive(Debug)]
pub(in super::super) struct Break {
    pub(in super::super) file: PathBuf,
    /// Where the batch begins that cannot be read.
    pub(in super::super) offset: usize,
    /// From there to the last byte of the file that is not 0.
    pub(in super::super) bytes: usize,
    pub(in super::super) why: &'static str,
    /// Whether that batch is whole and only cannot be the next one.
    pub(in super::super) whole: bool,
    /// Whole batches that lie behind it.
    pub(in super::super) behind: u64,
}

impl Break {
    /// Whether a crash leaves such an end: a batch that was being written, and nothing behind it.
    pub(in super::super) fn is_torn_end(&self) -> bool {
        !self.whole && self.behind == 0
    }
}

/// Reads the journals in an engine's folder.
pub(in super::super) fn survey(engine: &Path) -> io::Result<Survey> {
    let mut survey = Survey::default();
    let mut order = Order::default();
    for path in files(engine)? {
        let file = std::fs::read(&path)?;
        if let Some(broken) = &mut survey.broken {
            broken.behind += behind(&file, 0, order);
            continue;
        }
        survey.broken = go_through(&file, &mut order, |batch| {
            survey.batches += 1;
            if let Some((stamp, _)) = &batch.stamp {
                survey.first.get_or_insert((batch.sequence, stamp.number));
                survey.last = Some(stamp.number);
            }
        })
        .map(|(offset, why)| Break {
            offset,
            bytes: filled(&file) - offset,
            why,
            whole: batch(&file, offset).is_ok(),
            behind: behind(&file, offset + 1, order),
            file: path,
        });
    }
    Ok(survey)
}

/// Shows every batch in order, up to where a file breaks.
pub(in super::super) fn go_through(
    file: &[u8],
    order: &mut Order,
    mut visit: impl FnMut(&Batch),
) -> Option<(usize, &'static str)> {
    let (mut at, filled) = (0, filled(file));
    while at < filled {
        match batch(file, at).and_then(|batch| order.next(&batch).map(|()| batch)) {
            Ok(batch) => {
                at = batch.place.end;
                visit(&batch);
            }
            Err(why) => return Some((at, why)),
        }
    }
    None
}

/// How many whole batches begin at or behind a place.
fn behind(file: &[u8], from: usize, order: Order) -> u64 {
    let mut found = 0;
    for_each_behind(file, from, order, |_| found += 1);
    found
}

/// Shows the whole batches that begin at or behind a place, wherever they begin.
pub(in super::super) fn for_each_behind(
    file: &[u8],
    from: usize,
    order: Order,
    mut visit: impl FnMut(&Batch),
) {
    let mut at = from;
    while let Some(start) = file.get(at..).and_then(|rest| memchr::memchr(START, rest)).map(|step| at + step) {
        at = match batch(file, start) {
            Ok(batch) if order.may_follow(&batch) => {
                visit(&batch);
                batch.place.end
            }
            Ok(_) | Err(_) => start + 1,
        };
    }
}

/// Where the zeros begin that the engine fills a new file with.
fn filled(file: &[u8]) -> usize {
    file.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1)
}
