//! Converts exports of other systems into the records of the neutral file.

pub mod archive;
pub mod builder;
pub mod kind;
pub mod sink;

pub use kind::Format;
pub use sink::{ConvertError, Converted, Found, FoundChannel, FoundUser, Sink};

#[cfg(test)]
mod tests;
