//! What can be moved from: each source becomes records of the neutral file.

pub mod archive;
pub mod builder;
pub mod kind;
pub mod sink;
pub mod v4;

pub use kind::Format;
pub use sink::{ConvertError, Converted, Found, FoundChannel, FoundUser, Sink};

#[cfg(test)]
mod tests;
