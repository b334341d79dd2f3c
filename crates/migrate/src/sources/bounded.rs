//! Reads a bounded number of bytes for each item of a file.

use std::cell::Cell;
use std::io::{self, Read};
use std::rc::Rc;

/// Largest item, bytes: a message, a row, a user.
pub const ITEM_BYTES_MAX: usize = 16 << 20;

/// A reader that fails when an item is too large, as when something that should end never does.
pub struct Bounded<R> {
    inner: R,
    left: Rc<Cell<usize>>,
}

/// Says that an item has ended.
#[derive(Clone, Debug)]
pub struct ItemEnd(Rc<Cell<usize>>);

impl ItemEnd {
    pub fn next_item(&self) {
        self.0.set(ITEM_BYTES_MAX);
    }
}

/// A reader, and what says to it that an item has ended.
pub fn bounded<R: Read>(inner: R) -> (Bounded<R>, ItemEnd) {
    let left = Rc::new(Cell::new(ITEM_BYTES_MAX));
    (Bounded { inner, left: Rc::clone(&left) }, ItemEnd(left))
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.left.get();
        if left == 0 {
            return Err(io::Error::other(format!(
                "an item is larger than {ITEM_BYTES_MAX} bytes; a quotation mark or bracket that is not closed may be the cause"
            )));
        }
        let read = self.inner.read(buffer)?;
        self.left.set(left.saturating_sub(read));
        Ok(read)
    }
}
