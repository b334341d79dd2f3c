//! Writing rows where Citus spreads the tables over several nodes.
//!
//! A statement over lists has no one place to go to: Citus would fetch the lists back as a table and write them in several
//! steps. So rows are sent by their values, which Citus sorts by where they belong:
//!
//! - Many new rows by `COPY`, which costs the least. It knows no rows that are there already: it fails, and the work is
//!   done again. The second time groups are looked for first. All else then goes the other way, groups the third time:
//! - Few rows, and those that may be there already, by one `INSERT … VALUES` for up to [`ROWS_MAX`] of them. Citus writes
//!   place after place in one order, so that two writers of the same rows do not wait in a circle.
//!
//! A part that the transaction has read before is not copied to: Citus would not notice that the node is changed, and would
//! commit it in one phase.
//!
//! In a transaction each node is asked over one connection (`citus.multi_shard_modify_mode`), one after the other.

use super::columns::{Lists, Parameters, RowWise};
use super::failure::Failure;
use deadpool_postgres::Client;
use futures_util::SinkExt as _;
use std::io::Cursor;
use std::ops::Range;
use tokio_postgres::Row;

/// From so many rows on, `COPY` is cheaper.
const COPY_ROWS: usize = 12;
/// Rows of one statement, at most. Each number of rows is a statement of its own, which is prepared once for each connection.
const ROWS_MAX: usize = 512;
/// Fewer rows than the last of these have a statement for their number; more go by these.
const STEPS: [usize; 4] = [ROWS_MAX, 64, 16, 8];

/// Whether so many rows are worth a `COPY`.
pub(super) fn worth_a_copy(rows: usize) -> bool {
    COPY_ROWS <= rows
}

/// Writes rows by their values; what the statement returns. By `COPY` only if it `may_copy`.
pub(super) async fn write(
    client: &Client,
    statement: &RowWise,
    lists: &impl Lists,
    may_copy: bool,
) -> Result<Vec<Row>, Failure> {
    if let Some(copying) = &statement.copy
        && worth_a_copy(lists.len())
        && may_copy
    {
        copy(client, &copying.sql, copying.encode(lists)?).await?;
        return Ok(Vec::new());
    }
    let app = lists.app();
    let mut returned = Vec::new();
    for rows in chunks(lists.len()) {
        let mut parameters: Parameters<'_> = vec![&app];
        let sql = statement.sql(rows.len());
        rows.for_each(|row| parameters.append(&mut lists.row(row)));
        let prepared = client.prepare_cached(&sql).await?;
        returned.append(&mut client.query(&prepared, &parameters).await?);
    }
    Ok(returned)
}

async fn copy(client: &Client, sql: &str, bytes: Vec<u8>) -> Result<(), Failure> {
    let prepared = client.prepare_cached(sql).await?;
    let mut sink = std::pin::pin!(client.copy_in(&prepared).await?);
    sink.send(Cursor::new(bytes)).await?;
    sink.finish().await?;
    Ok(())
}

/// Cuts so many rows into statements of few different lengths.
fn chunks(mut rows: usize) -> Vec<Range<usize>> {
    let mut chunks = Vec::new();
    let mut start = 0;
    while 0 < rows {
        let length = STEPS.into_iter().find(|length| *length <= rows).unwrap_or(rows);
        chunks.push(start..start + length);
        (start, rows) = (start + length, rows - length);
    }
    chunks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_in_one_statement() {
        for rows in 0..1_200 {
            let chunks = chunks(rows);
            assert!(chunks.iter().cloned().flatten().eq(0..rows), "{rows}: {chunks:?}");
            assert!(chunks.iter().all(|chunk| (1..=ROWS_MAX).contains(&chunk.len())), "{rows}: {chunks:?}");
        }
    }
}
