//! Types and rules of the group-chat server.
//!
//! Nothing here does I/O beyond the [`Store`](store::Store) trait, reads a clock, or knows how it travels
//! on the wire. Every rule is a pure function, so both stores can call it inside their transaction.

pub mod account;
pub mod fields;
pub mod group;
pub mod ids;
pub mod import;
pub mod limits;
pub mod member;
pub mod store;
pub mod text;
pub mod time;
