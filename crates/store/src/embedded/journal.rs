//! Reads the engine's journals before the engine does, and changes nothing.
//!
//! The engine takes the first record it cannot read for the end of a journal and cuts the file there, so one
//! flipped bit would silently drop every batch behind it. This reader tells a torn end, which a crash leaves, from damage:
//! behind a torn end there is nothing, behind damage there are more batches.
//!
//! The format is that of fjall 3 (`journal/entry.rs`); a test compares both readers. A batch is
//!
//! | Part | Bytes |
//! |---|---|
//! | start | 1, number of rows (4), sequence number of the engine (8) |
//! | row | 2, kind (1), compression (1), keyspace (8), lengths of key (2), value (4) and stored value (4), key, value |
//! | removal of a keyspace's rows | 4, keyspace (8) |
//! | end | 3, XXH3-64 of all rows (8), `FJL` 3 |
//!
//! Numbers are little-endian. The checksum does not cover the start, and a whole file can go missing. So each batch
//! carries a [`Stamp`] among its rows, which counts batches without a gap.

mod survey;

use super::keys;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
pub(super) use survey::{Break, Survey, for_each_later, read, survey};

const START: u8 = 1;
const ROW: u8 = 2;
const END: u8 = 3;
const CLEAR: u8 = 4;
const TRAILER: &[u8] = b"FJL\x03";
/// Kinds of rows: value, tombstone, weak tombstone.
const ROW_KINDS: u8 = 3;
/// Ways to store a value: as it is, LZ4.
const COMPRESSIONS: u8 = 2;
/// The engine's own threads take sequence numbers too, a few for each table they write.
const SEQUENCE_GAP_MAX: u64 = 1 << 20;

/// The row each batch of ours holds: its number, one more than that of the batch before, and the sequence number
/// the engine would have given last. Its value has a fixed length, so that a repair can number batches anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    pub(super) number: u64,
    /// The engine's sequence number of this batch is this or a little more.
    pub(super) floor: u64,
}

impl Stamp {
    const VERSION: u8 = 1;

    pub(super) fn encode(self) -> [u8; 17] {
        let mut value = [Self::VERSION; 17];
        value[1..9].copy_from_slice(&self.number.to_le_bytes());
        value[9..].copy_from_slice(&self.floor.to_le_bytes());
        value
    }

    /// Whether the engine can have given this sequence number to the batch.
    fn allows(self, sequence: u64) -> bool {
        (self.floor..=self.floor.saturating_add(SEQUENCE_GAP_MAX)).contains(&sequence)
    }

    pub(super) fn decode(value: &[u8]) -> Option<Self> {
        let mut rest = Bytes(value);
        (rest.byte()? == Self::VERSION && value.len() == 17).then_some(())?;
        Some(Self { number: rest.u64()?, floor: rest.u64()? })
    }
}

/// A whole batch whose checksum is right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Batch {
    /// Where it lies in the file.
    pub(super) place: Range<usize>,
    /// Where its rows lie.
    pub(super) rows: Range<usize>,
    /// The engine's sequence number.
    pub(super) sequence: u64,
    /// Its stamp and where the stamp's value lies. Batches of versions before stamps have none.
    pub(super) stamp: Option<(Stamp, Range<usize>)>,
}

/// The journals of an engine's folder, oldest first.
pub(super) fn files(engine: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(engine)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "jnl")
            && let Some(id) =
                path.file_stem().and_then(|stem| stem.to_str()).and_then(|stem| stem.parse::<u64>().ok())
        {
            found.push((id, path));
        }
    }
    found.sort();
    Ok(found.into_iter().map(|(_, path)| path).collect())
}

/// The batch that begins at `start`; an error says what is wrong with it.
pub(super) fn batch(file: &[u8], start: usize) -> Result<Batch, &'static str> {
    const CUT: &str = "it is cut off";
    let mut rest = Bytes(file.get(start..).unwrap_or_default());
    let at = |rest: &Bytes<'_>| file.len() - rest.0.len();
    if rest.byte().ok_or(CUT)? != START {
        return Err("no batch begins here");
    }
    let count = rest.u32().ok_or(CUT)?;
    let sequence = rest.u64().ok_or(CUT)?;
    let rows_start = at(&rest);
    let mut stamp = None;
    for _ in 0..count {
        match rest.byte().ok_or(CUT)? {
            ROW => {
                let known = rest.byte().ok_or(CUT)? < ROW_KINDS && rest.byte().ok_or(CUT)? < COMPRESSIONS;
                if !known {
                    return Err("a row is of no known kind");
                }
                rest.u64().ok_or(CUT)?;
                let key = rest.u16().ok_or(CUT)?;
                rest.u32().ok_or(CUT)?;
                let value = rest.u32().ok_or(CUT)?;
                let key = rest.take(usize::from(key)).ok_or(CUT)?;
                let value_start = at(&rest);
                let value = rest.take(usize::try_from(value).unwrap_or(usize::MAX)).ok_or(CUT)?;
                if key == keys::STAMP {
                    let read = Stamp::decode(value).ok_or("its number cannot be read")?;
                    stamp = Some((read, value_start..at(&rest)));
                }
            }
            CLEAR => {
                rest.u64().ok_or(CUT)?;
            }
            _ => return Err("a row does not begin where it should"),
        }
    }
    let rows = rows_start..at(&rest);
    if rest.byte().ok_or(CUT)? != END {
        return Err("its length does not match its contents");
    }
    let checksum = rest.u64().ok_or(CUT)?;
    if rest.take(TRAILER.len()).ok_or(CUT)? != TRAILER {
        return Err("its end cannot be read");
    }
    if checksum != xxhash_rust::xxh3::xxh3_64(&file[rows.clone()]) {
        return Err("its checksum is wrong");
    }
    Ok(Batch { place: start..at(&rest), rows, sequence, stamp })
}

impl Batch {
    /// Its own sequence number where that can be right, else the least that can be.
    pub(super) fn plausible_sequence(&self, least: u64) -> u64 {
        match &self.stamp {
            Some((stamp, _)) if !stamp.allows(self.sequence) || self.sequence < least => {
                least.max(stamp.floor)
            }
            Some(_) | None => self.sequence.max(least),
        }
    }
}

/// The bytes of a batch that gets another sequence number and another number.
pub(super) fn rewritten(file: &[u8], batch: &Batch, sequence: u64, number: Option<u64>) -> Vec<u8> {
    let mut bytes = file[batch.place.clone()].to_vec();
    let from = batch.place.start;
    bytes[5..13].copy_from_slice(&sequence.to_le_bytes());
    if let (Some((stamp, value)), Some(number)) = (&batch.stamp, number) {
        let value = value.start - from..value.end - from;
        bytes[value].copy_from_slice(&Stamp { number, ..*stamp }.encode());
        let rows = batch.rows.start - from..batch.rows.end - from;
        let checksum = xxhash_rust::xxh3::xxh3_64(&bytes[rows.clone()]);
        bytes[rows.end + 1..rows.end + 9].copy_from_slice(&checksum.to_le_bytes());
    }
    bytes
}

/// The batches read so far, and which may follow.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Order {
    sequence: Option<u64>,
    number: Option<u64>,
}

impl Order {
    /// Takes the next batch; an error says why it cannot be the next one.
    fn next(&mut self, batch: &Batch) -> Result<(), &'static str> {
        if self.sequence.is_some_and(|last| batch.sequence <= last) {
            return Err("its sequence number is not above that of the batch before");
        }
        if let Some((stamp, _)) = &batch.stamp {
            if !stamp.allows(batch.sequence) {
                return Err("its sequence number was changed");
            }
            if self.number.is_some_and(|last| stamp.number != last + 1) {
                return Err("a batch before it is missing");
            }
            self.number = Some(stamp.number);
        }
        self.sequence = Some(batch.sequence);
        Ok(())
    }

    /// Whether a batch can come somewhere behind what was read so far; then it is the last that was read. Its sequence number
    /// counts only where it has no number of its own: that is covered by its checksum.
    fn skip_to(&mut self, batch: &Batch) -> bool {
        let follows = match (&batch.stamp, self.number) {
            (Some((stamp, _)), Some(last)) => last < stamp.number,
            (Some(_), None) => true,
            (None, Some(_)) => false,
            (None, None) => self.sequence.is_none_or(|last| last < batch.sequence),
        };
        if follows {
            self.sequence = Some(batch.sequence);
            self.number = batch.stamp.as_ref().map(|(stamp, _)| stamp.number).or(self.number);
        }
        follows
    }
}

/// The unread rest.
struct Bytes<'file>(&'file [u8]);

impl<'file> Bytes<'file> {
    fn take(&mut self, length: usize) -> Option<&'file [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn array<const LENGTH: usize>(&mut self) -> Option<[u8; LENGTH]> {
        self.take(LENGTH)?.try_into().ok()
    }

    fn byte(&mut self) -> Option<u8> {
        self.array().map(|[byte]| byte)
    }

    fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_le_bytes)
    }

    fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }
}
