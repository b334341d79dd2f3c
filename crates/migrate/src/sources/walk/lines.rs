//! Walks through a file that has a JSON document a line.

use super::{Walk, WalkError, unreadable};
use crate::fault::FaultCode;
use crate::format::reader::LINE_BYTES_MAX;
use crate::sources::problem::Problem;
use serde::de::IgnoredAny;
use std::io::{BufRead, Read as _};

/// The lines of a file of JSON lines, without empty ones: the number, and the text or what is wrong with it.
///
/// # Errors
/// The file is empty, is UTF-16, is cut off or cannot be read, or `take` fails.
pub(crate) fn json_lines(
    mut input: impl BufRead,
    name: &str,
    mut take: impl FnMut(u64, Result<&str, Problem>) -> Result<(), WalkError>,
) -> Result<(), WalkError> {
    let mut walk = Walk::new(&mut input, name)?;
    let mut number = walk.line - 1;
    let mut buffer = Vec::new();
    loop {
        buffer.clear();
        let limit = LINE_BYTES_MAX as u64 + 1;
        match (&mut walk.input).take(limit).read_until(b'\n', &mut buffer) {
            Ok(0) => return Ok(()),
            Ok(_) => {}
            Err(error) => return Err(unreadable(name, number + 1, &error)),
        }
        number += 1;
        walk.line = number;
        let whole = buffer.last() == Some(&b'\n');
        if LINE_BYTES_MAX < buffer.len() && !whole {
            return Err(walk.error(FaultCode::LineTooLong, &format!("is longer than {LINE_BYTES_MAX} bytes")));
        }
        let line = buffer.trim_ascii();
        if line.is_empty() {
            continue;
        }
        if !whole && serde_json::from_slice::<IgnoredAny>(line).is_err_and(|error| error.is_eof()) {
            return Err(walk.cut_off());
        }
        match std::str::from_utf8(line) {
            Ok(text) => take(number, Ok(text))?,
            Err(error) => {
                let at = error.valid_up_to() + 1;
                let text = format!("is not UTF-8 at position {at}; convert the file to UTF-8");
                take(number, Err(Problem { code: FaultCode::NotUtf8, text }.on(number)))?;
            }
        }
    }
}
