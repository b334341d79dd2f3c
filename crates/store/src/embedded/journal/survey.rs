//! Goes through all journals of an engine and finds where they break.

use super::{Batch, Order, START, batch, files};
use std::fmt;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

/// What the journals hold.
#[derive(Debug, Default)]
pub(in super::super) struct Survey {
    /// How many journals there are.
    pub(in super::super) files: usize,
    /// Batches that can be read up to the break, or to the end.
    pub(in super::super) batches: u64,
    /// Sequence number of the engine and number of each of those that has a number.
    pub(in super::super) numbered: Vec<(u64, u64)>,
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
    /// Whether the file is the newest. A journal is synced before the next one is begun.
    pub(in super::super) newest: bool,
    /// Whole batches that lie behind it.
    pub(in super::super) behind: u64,
}

impl fmt::Display for Break {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, offset, why, behind, .. } = self;
        write!(f, "the batch at offset {offset} of the journal {} cannot be read ({why}), ", file.display())?;
        match behind {
            0 => write!(f, "and none lies behind it"),
            1 => write!(f, "and 1 more batch lies behind it"),
            more => write!(f, "and {more} more batches lie behind it"),
        }
    }
}

impl Survey {
    /// Number of the last batch that has one, else 0.
    pub(in super::super) fn last(&self) -> u64 {
        self.numbered.last().map_or(0, |(_, number)| *number)
    }
}

impl Break {
    /// Whether a crash leaves such an end: a batch that was being written, and nothing behind it.
    pub(in super::super) fn is_torn_end(&self) -> bool {
        !self.whole && self.newest && self.behind == 0
    }
}

/// Reads the journals in an engine's folder.
pub(in super::super) fn survey(engine: &Path) -> io::Result<Survey> {
    let mut survey = Survey::default();
    let mut order = Order::default();
    for path in files(engine)? {
        survey.files += 1;
        let file = read(&path)?;
        if let Some(broken) = &mut survey.broken {
            broken.newest = false;
            broken.behind += behind(&file, 0, order);
            continue;
        }
        survey.broken = go_through(&file, &mut order, |batch| {
            survey.batches += 1;
            if let Some((stamp, _)) = &batch.stamp {
                survey.numbered.push((batch.sequence, stamp.number));
            }
        })
        .map(|(offset, why)| Break {
            offset,
            bytes: file.len() - offset,
            why,
            whole: batch(&file, offset).is_ok(),
            newest: true,
            behind: behind(&file, offset + 1, order),
            file: path,
        });
    }
    Ok(survey)
}

/// Shows every batch in order, up to where a file breaks.
fn go_through(
    file: &[u8],
    order: &mut Order,
    mut visit: impl FnMut(&Batch),
) -> Option<(usize, &'static str)> {
    let mut at = 0;
    while at < file.len() {
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

/// How many batches begin at or behind a place that can come after what was read.
fn behind(file: &[u8], from: usize, order: Order) -> u64 {
    let mut found = 0;
    for_each_later(file, from, order, |_| found += 1);
    found
}

/// Shows every whole batch at or behind a place that can come after what was read, wherever it begins; where the order
/// stands then. What users wrote may look like a batch, but has no number that follows.
pub(in super::super) fn for_each_later(
    file: &[u8],
    from: usize,
    mut order: Order,
    mut visit: impl FnMut(&Batch),
) -> Order {
    let mut at = from;
    while let Some(start) = file.get(at..).and_then(|rest| memchr::memchr(START, rest)).map(|step| at + step)
    {
        at = match batch(file, start) {
            Ok(batch) if order.skip_to(&batch) => {
                visit(&batch);
                batch.place.end
            }
            Ok(_) | Err(_) => start + 1,
        };
    }
    order
}

/// A file without the zeros at its end: the engine fills a new file with 64 MiB of them.
pub(in super::super) fn read(path: &Path) -> io::Result<Vec<u8>> {
    const CHUNK: usize = 1 << 16;
    static ZEROS: [u8; CHUNK] = [0; CHUNK];
    let mut file = File::open(path)?;
    let (mut bytes, mut chunk, mut zeros) = (Vec::new(), vec![0; CHUNK], 0);
    loop {
        let read = file.read(&mut chunk)?;
        let read = &chunk[..read];
        if read.is_empty() {
            break;
        }
        if *read == ZEROS[..read.len()] {
            zeros += read.len();
        } else {
            bytes.resize(bytes.len() + std::mem::take(&mut zeros), 0);
            bytes.extend_from_slice(read);
        }
    }
    bytes.truncate(bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1));
    Ok(bytes)
}
