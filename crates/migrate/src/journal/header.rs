//! Whether a journal is whole, as far as its first bytes say: the engine panics at files that are shorter than these say, and
//! trusts what they point at.

use super::JournalError;
use std::fs::File;
use std::io::{ErrorKind, Read as _};
use std::path::Path;
use xxhash_rust::xxh3::xxh3_128;

/// Magic number, flags, sizes; two slots with a checksum each. The engine's format 3.
const BYTES: usize = 64 + 2 * SLOT_BYTES;
const SLOT_BYTES: usize = 128;
const SUM_AT: usize = SLOT_BYTES - 16;
const MAGIC: &[u8] = b"redb\x1a\x0a\xa9\x0d\x0a";
const FLAGS_AT: usize = MAGIC.len();
/// The second slot is the newer one.
const SECOND: u8 = 1;
/// The file was not closed, and will be repaired.
const OPEN: u8 = 2;
const PAGE_BYTES: u64 = 4_096;

/// Refuses a file that is cut off, or whose first bytes are damaged. One that is no journal at all is left to the engine.
pub(super) fn check(path: &Path) -> Result<(), JournalError> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(redb::StorageError::Io(error).into()),
    };
    let mut header = Vec::new();
    let read = (&mut file).take(BYTES as u64).read_to_end(&mut header).and_then(|_| file.metadata());
    let length = read.map_err(redb::StorageError::Io)?.len();
    if !header.starts_with(MAGIC) || is_whole(&header, length) {
        return Ok(());
    }
    Err(JournalError::Damaged(path.to_owned()))
}

fn is_whole(header: &[u8], length: u64) -> bool {
    if header.len() < BYTES {
        return false;
    }
    let number = |place: usize| {
        let bytes = header.get(FLAGS_AT + 3 + 4 * place..).and_then(|rest| rest.first_chunk::<4>());
        u64::from(bytes.map_or(0, |bytes| u32::from_le_bytes(*bytes)))
    };
    let [page_bytes, head_pages, region_pages, regions, last_pages] = [0, 1, 2, 3, 4].map(number);
    let last = if last_pages == 0 { 0 } else { head_pages + last_pages };
    let pages = regions.saturating_mul(head_pages + region_pages).saturating_add(1 + last);
    let flags = header.get(FLAGS_AT).copied().unwrap_or_default();
    let slots = [0, 1].map(|slot| has_sum(header.get(64 + slot * SLOT_BYTES..).unwrap_or_default()));
    let newer = usize::from(flags & SECOND != 0);
    // A file that was not closed is repaired with either slot.
    let has_slot = if flags & OPEN == 0 { slots.get(newer) == Some(&true) } else { slots.contains(&true) };
    page_bytes == PAGE_BYTES && pages.saturating_mul(PAGE_BYTES) <= length && has_slot
}

fn has_sum(slot: &[u8]) -> bool {
    let sum = slot.get(SUM_AT..).and_then(|rest| rest.first_chunk::<16>());
    let content = slot.get(..SUM_AT).unwrap_or_default();
    sum.is_some_and(|sum| u128::from_le_bytes(*sum) == xxh3_128(content))
}
