//! What can be moved from: each source becomes records of the neutral file.

pub mod archive;
pub mod builder;
pub mod contents;
mod csv;
mod describe;
mod discord;
mod input;
pub mod kind;
mod mattermost;
mod open;
mod problem;
mod recognise;
pub mod sink;
mod slack;
mod stream;
mod telegram;
pub mod times;
pub mod v4;
mod values;
mod walk;

pub use describe::describe;
pub use kind::Format;
pub use open::{Opened, convert_to, open, read_mapping};
pub use recognise::recognise;
pub use sink::{ConvertError, Converted, Found, FoundChannel, FoundUser, Sink};

use self::builder::Builder;
use crate::mapping::Mapping;
use landfall_domain::limits::Limits;
use std::path::Path;

/// Converts the source at `path`, which is in `format`. Texts are cut to `limits`.
///
/// # Errors
/// Nothing of it can be read, the mapping does not fit it, or the output fails. What is wrong with a part only is a fault.
pub fn convert(
    format: Format,
    path: &Path,
    mapping: &Mapping,
    limits: &Limits,
    sink: &mut dyn Sink,
) -> Result<Converted, ConvertError> {
    let mut builder = Builder::new(format, mapping, limits, sink);
    match format {
        Format::Landfall => Err(ConvertError::AlreadyNeutral),
        Format::Csv => csv::read(path, &mut builder),
        Format::Slack => slack::read(path, &mut builder),
        Format::Mattermost => mattermost::read(path, &mut builder),
        Format::Stream => stream::read(path, &mut builder),
        Format::Discord => discord::read(path, &mut builder),
        Format::Telegram => telegram::read(path, &mut builder),
    }?;
    builder.finish()
}

#[cfg(test)]
mod tests;
