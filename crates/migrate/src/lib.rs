//! Moves groups, members and messages into a chat server that speaks the v4 API, and out again.
//!
//! Everything goes through one neutral file ([`mod@format`]): a source is converted into it ([`sources`]), its records are put
//! in order on the disk ([`ordered`]), and checked, imported, verified, exported or undone from there. This crate talks to
//! servers over their public API only; the server itself takes whole groups from it ([`whole`]).

pub mod check;
mod direct;
pub mod export;
pub mod fault;
pub mod files;
pub mod format;
pub mod generate;
pub mod import;
pub mod jobs;
pub mod journal;
pub mod losses;
pub mod mapping;
pub mod ordered;
pub mod reading;
pub mod report;
pub mod rules;
mod scratch;
mod seen;
pub mod server;
pub mod sort;
pub mod sources;
pub mod undo;
pub mod verify;
pub mod whole;
