//! Places in the apps' lists of groups, taken from the database in blocks.
//!
//! A block belongs to one server. After a second its rest is given up, so that groups of several servers are listed in
//! the order they arrived, to a second; gaps mean nothing.

use super::database::{Database, Kind, Tx, Work};
use super::failure::Failure;
use super::statements;
use super::values::app_column;
use crate::unpoisoned::unpoisoned;
use async_trait::async_trait;
use landfall_domain::ids::AppId;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

/// How long a block is used.
const BLOCK_AGE: Duration = Duration::from_secs(1);
/// Largest block; a server that needs more within a second takes more blocks.
const BLOCK_MAX: u64 = 16_384;

/// The blocks of this server.
#[derive(Default)]
pub(super) struct ListPositions(Mutex<BTreeMap<AppId, Block>>);

struct Block {
    next: u64,
    /// The last one.
    last: u64,
    size: u64,
    taken: Instant,
}

impl ListPositions {
    /// The first of `count` positions in a row, at least 1, that belong to the caller alone.
    pub(super) async fn take(&self, database: &Database, app: AppId, count: u64) -> Result<u64, Failure> {
        let now = Instant::now();
        let size = {
            let mut blocks = self.lock();
            if let Some(block) = blocks.get_mut(&app)
                && now < block.taken + BLOCK_AGE
            {
                if count <= block.last + 1 - block.next {
                    let first = block.next;
                    block.next += count;
                    return Ok(first);
                }
                // Used up within its time: the next is larger.
                (2 * block.size).clamp(count, BLOCK_MAX.max(count))
            } else {
                count
            }
        };
        let last = database.perform(&GivePositions { app, size }).await?;
        let first = last + 1 - size;
        let block = Block { next: first + count, last, size, taken: now };
        self.lock().insert(app, block);
        Ok(first)
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<AppId, Block>> {
        // Every change of the map is one step.
        unpoisoned(self.0.lock())
    }
}

/// Gives the next `size` positions to this server; the last of them comes out.
struct GivePositions {
    app: AppId,
    size: u64,
}

#[async_trait]
impl Work for GivePositions {
    type Output = u64;
    const DOING: &'static str = "giving places in the list";
    const KIND: Kind = Kind::Statement;

    async fn perform(&self, tx: &Tx) -> Result<u64, Failure> {
        let (app, size) = (app_column(self.app), self.size.cast_signed());
        let rows = tx.query(&statements::GIVE_POSITIONS, &[&app, &size]).await?;
        let given: Option<i64> = rows.first().map(|row| row.try_get(0)).transpose()?;
        given.and_then(|given| u64::try_from(given).ok()).ok_or(Failure::Damaged("list position"))
    }
}

#[cfg(test)]
mod tests;
