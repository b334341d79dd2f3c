//! Rows of a load, collected in memory and written as tables of the engine.

use super::super::engine::Engine;
use landfall_domain::error::StoreError;

/// Rows in any order, one behind the other.
#[derive(Default)]
pub(super) struct Table {
    bytes: Vec<u8>,
    rows: Vec<Row>,
}

/// Where a row is.
struct Row {
    /// The first bytes of its key, which most keys differ in.
    head: u128,
    start: usize,
    key: u16,
    value: u32,
}

/// Bytes of a row, about.
const ROW_BYTES: usize = 64;

impl Table {
    /// With room for `bytes` of rows and a little more.
    pub(super) fn with_capacity(bytes: usize) -> Self {
        Self { bytes: Vec::with_capacity(bytes + bytes / 8), rows: Vec::with_capacity(bytes / ROW_BYTES) }
    }

    /// Adds a row. No other may have its key.
    pub(super) fn put(&mut self, key: &[u8], value: &[u8]) {
        let mut head = [0; 16];
        let of_key = key.len().min(head.len());
        head[..of_key].copy_from_slice(&key[..of_key]);
        let start = self.bytes.len();
        self.bytes.extend_from_slice(key);
        self.bytes.extend_from_slice(value);
        self.rows.push(Row {
            head: u128::from_be_bytes(head),
            start,
            // Names are at most a few hundred bytes long, and values of small groups a few megabytes.
            key: u16::try_from(key.len()).unwrap_or(u16::MAX),
            value: u32::try_from(value.len()).unwrap_or(u32::MAX),
        });
    }

    /// Bytes of all rows.
    pub(super) fn bytes(&self) -> usize {
        self.bytes.len()
    }

    fn key(&self, row: &Row) -> &[u8] {
        &self.bytes[row.start..row.start + usize::from(row.key)]
    }

    fn value(&self, row: &Row) -> &[u8] {
        let start = row.start + usize::from(row.key);
        &self.bytes[start..start + row.value as usize]
    }

    /// Puts the rows in the order of their keys.
    pub(super) fn sort(&mut self) {
        let mut rows = std::mem::take(&mut self.rows);
        rows.sort_unstable_by(|one, other| {
            one.head.cmp(&other.head).then_with(|| self.key(one).cmp(self.key(other)))
        });
        self.rows = rows;
    }

    /// Writes the rows, which are in order, as tables that become visible at one moment.
    pub(super) fn write(&self, engine: &Engine) -> Result<(), StoreError> {
        engine.take_tables(self.rows.iter().map(|row| (self.key(row), self.value(row))))
    }
}
