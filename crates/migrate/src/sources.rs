//! Converts exports of other systems into the records of the neutral file.

pub mod archive;
pub mod builder;
mod discord;
mod input;
pub mod kind;
mod mattermost;
pub mod sink;
mod stream;
mod telegram;
mod values;
mod walk;

pub use kind::Format;
pub use sink::{ConvertError, Converted, Found, FoundChannel, FoundUser, Sink};

#[cfg(test)]
mod tests;
