//! The files of a Slack export: each has one array.

use crate::fault::{Fault, FaultCode};
use crate::sources::archive::Archive;
use crate::sources::builder::Builder;
use crate::sources::sink::ConvertError;
use crate::sources::walk::{Walk, WalkError};
use std::io::BufReader;

/// Hands over each value of the array in the file `name`, as it is written, with its number, counted from 1. What is wrong with the
/// file is a fault; the values before were handed over.
pub(super) fn each(
    name: &str,
    archive: &mut Archive,
    builder: &mut Builder<'_>,
    take: impl FnMut(u64, &str, &mut Builder<'_>) -> Result<(), ConvertError>,
) -> Result<(), ConvertError> {
    walk(name, archive, builder, take).or_else(|error| error.settle(builder))
}

fn walk(
    name: &str,
    archive: &mut Archive,
    builder: &mut Builder<'_>,
    mut take: impl FnMut(u64, &str, &mut Builder<'_>) -> Result<(), ConvertError>,
) -> Result<(), WalkError> {
    let fault = |code, problem: &str| {
        WalkError::Document(Box::new(Fault::new(0, code, format!("{name}: {problem}"))))
    };
    let file =
        archive.read(name).map_err(|error| fault(FaultCode::CutOff, &format!("cannot be read: {error}")))?;
    let mut walk = Walk::new(BufReader::new(file), name)?;
    if !walk.enter(b'[')? {
        return Err(fault(FaultCode::NotJson, "is no array"));
    }
    let mut number = 0;
    while walk.element()? {
        number += 1;
        take(number, walk.text()?, builder).map_err(Box::new)?;
    }
    walk.end()
}
