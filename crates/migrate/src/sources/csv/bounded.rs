//! Reads a bounded number of bytes for each row: a quotation mark that nothing closes makes one row of all that follows.

use std::cell::Cell;
use std::io::{self, Read};
use std::rc::Rc;

/// Longest row, bytes.
pub(super) const ROW_BYTES_MAX: usize = 16 << 20;

/// A reader that fails when a row is too long.
pub(super) struct Bounded<R> {
    inner: R,
    left: Rc<Cell<usize>>,
}

/// Says that a row has ended.
pub(super) struct RowEnd(Rc<Cell<usize>>);

impl RowEnd {
    pub(super) fn next_row(&self) {
        self.0.set(ROW_BYTES_MAX);
    }
}

/// A reader, and what says to it that a row has ended.
pub(super) fn bounded<R: Read>(inner: R) -> (Bounded<R>, RowEnd) {
    let left = Rc::new(Cell::new(ROW_BYTES_MAX));
    (Bounded { inner, left: Rc::clone(&left) }, RowEnd(left))
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.left.get();
        if left == 0 {
            return Err(io::Error::other(format!(
                "a row is longer than {ROW_BYTES_MAX} bytes; a quotation mark that is not closed may be the cause"
            )));
        }
        let read = self.inner.read(buffer)?;
        self.left.set(left.saturating_sub(read));
        Ok(read)
    }
}
