//! Types and rules of the group-chat server.
//!
//! Nothing here does I/O beyond the [`Store`](store::Store) trait, reads a clock, or knows how it travels
//! on the wire. Every rule is a pure function, so both stores can call it inside their transaction.

pub mod account;
pub mod actor;
mod answer_slot;
pub mod application;
pub mod attributes;
pub mod bulk;
pub mod capability;
pub mod changes;
pub mod context;
pub mod element;
pub mod error;
pub mod event;
pub mod expiry;
pub mod extension;
pub mod fields;
pub mod group;
pub mod ids;
pub mod import;
pub mod limits;
pub mod member;
pub mod message;
pub mod new_group;
pub mod operation;
pub mod operations;
pub mod origin;
pub mod outbox;
pub mod part;
pub mod people;
pub mod permission;
pub mod refusal;
pub mod rights;
#[cfg(test)]
mod sample;
pub mod several;
pub mod snapshot;
pub mod staged;
pub mod store;
pub mod subscribers;
pub mod survey;
pub mod text;
pub mod time;
pub mod topic;
pub mod unite;
pub mod whole_group;
