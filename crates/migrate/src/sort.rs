//! Puts more entries in order than memory holds: sorted runs on the disk, merged while they are read.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

/// Largest number of runs that are read at the same time; more are merged into one first.
const RUNS_MAX: usize = 256;
const RUN_BUFFER_BYTES: usize = 64 << 10;
/// What an entry costs in memory beyond its bytes.
const ENTRY_BYTES: usize = 64;

/// An entry: what it is ordered by, and what it has.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    pub key: Vec<u8>,
    pub value: Vec<u8>,
}

/// Takes entries in any order. Entries with the same key stay in the order in which they came.
pub struct Sorter {
    directory: PathBuf,
    memory_bytes: usize,
    held: Vec<Entry>,
    held_bytes: usize,
    runs: Vec<File>,
}

impl Sorter {
    /// Spills into unnamed files in `directory` what exceeds `memory_bytes`.
    #[must_use]
    pub fn new(directory: &Path, memory_bytes: usize) -> Self {
        let directory = directory.to_owned();
        Self { directory, memory_bytes, held: Vec::new(), held_bytes: 0, runs: Vec::new() }
    }

    /// Adds an entry.
    ///
    /// # Errors
    /// The disk fails.
    pub fn push(&mut self, key: Vec<u8>, value: Vec<u8>) -> io::Result<()> {
        self.held_bytes += key.len() + value.len() + ENTRY_BYTES;
        self.held.push(Entry { key, value });
        if self.memory_bytes < self.held_bytes { self.spill() } else { Ok(()) }
    }

    fn spill(&mut self) -> io::Result<()> {
        self.held.sort_by(|left, right| left.key.cmp(&right.key));
        let run = write_run(&self.directory, self.held.drain(..).map(Ok))?;
        self.held_bytes = 0;
        self.runs.push(run);
        if self.runs.len() == RUNS_MAX {
            let merged = Merge::new(std::mem::take(&mut self.runs))?;
            let merged = write_run(&self.directory, merged)?;
            self.runs.push(merged);
        }
        Ok(())
    }

    /// All entries in order.
    ///
    /// # Errors
    /// The disk fails.
    pub fn finish(mut self) -> io::Result<Sorted> {
        if self.runs.is_empty() {
            self.held.sort_by(|left, right| left.key.cmp(&right.key));
            return Ok(Sorted::Held(self.held.into_iter()));
        }
        self.spill()?;
        Ok(Sorted::Merged(Merge::new(self.runs)?))
    }
}

/// Entries in order.
pub enum Sorted {
    Held(std::vec::IntoIter<Entry>),
    Merged(Merge),
}

impl Iterator for Sorted {
    type Item = io::Result<Entry>;

    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Self::Held(entries) => entries.next().map(Ok),
            Self::Merged(merge) => merge.next(),
        }
    }
}

fn write_run(directory: &Path, entries: impl Iterator<Item = io::Result<Entry>>) -> io::Result<File> {
    let file = tempfile::tempfile_in(directory)?;
    let mut run = BufWriter::with_capacity(RUN_BUFFER_BYTES, file);
    for entry in entries {
        let Entry { key, value } = entry?;
        for part in [&key, &value] {
            let length = u32::try_from(part.len()).map_err(io::Error::other)?;
            run.write_all(&length.to_le_bytes())?;
            run.write_all(part)?;
        }
    }
    let mut file = run.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.seek(SeekFrom::Start(0))?;
    Ok(file)
}

/// The next entry of a run.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Next {
    key: Vec<u8>,
    /// Earlier runs have earlier entries.
    run: usize,
    value: Vec<u8>,
}

/// Several runs, read as one.
pub struct Merge {
    runs: Vec<BufReader<File>>,
    /// The next entry of each run.
    next: BinaryHeap<Reverse<Next>>,
}

impl Merge {
    fn new(runs: Vec<File>) -> io::Result<Self> {
        let runs = runs.into_iter().map(|run| BufReader::with_capacity(RUN_BUFFER_BYTES, run)).collect();
        let mut merge = Self { runs, next: BinaryHeap::new() };
        for number in 0..merge.runs.len() {
            merge.advance(number)?;
        }
        Ok(merge)
    }

    fn advance(&mut self, number: usize) -> io::Result<()> {
        let Some(run) = self.runs.get_mut(number) else { return Ok(()) };
        if let Some(key) = read_part(run)? {
            let value = read_part(run)?.ok_or(io::ErrorKind::UnexpectedEof)?;
            self.next.push(Reverse(Next { key, run: number, value }));
        }
        Ok(())
    }
}

impl Iterator for Merge {
    type Item = io::Result<Entry>;

    fn next(&mut self) -> Option<Self::Item> {
        let Reverse(Next { key, run, value }) = self.next.pop()?;
        Some(self.advance(run).map(|()| Entry { key, value }))
    }
}

/// `None` at the end.
fn read_part(run: &mut impl Read) -> io::Result<Option<Vec<u8>>> {
    let mut length = [0; 4];
    match run.read_exact(&mut length) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(error) => return Err(error),
    }
    let length = usize::try_from(u32::from_le_bytes(length)).map_err(io::Error::other)?;
    let mut part = vec![0; length];
    run.read_exact(&mut part)?;
    Ok(Some(part))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn entries_are_in_order_and_stable_however_little_memory_there_is(
            keys in proptest::collection::vec(0_u8..20, 0..600), memory_bytes in 0_usize..20_000,
        ) {
            let directory = tempfile::tempdir().unwrap();
            let mut sorter = Sorter::new(directory.path(), memory_bytes);
            for (number, key) in keys.iter().enumerate() {
                sorter.push(vec![*key], number.to_be_bytes().to_vec()).unwrap();
            }
            let sorted: Vec<_> = sorter.finish().unwrap().map(|entry| entry.unwrap()).collect();
            prop_assert_eq!(sorted.len(), keys.len());
            prop_assert!(sorted.is_sorted());
        }
    }
}
