//! The service of archived messages.

pub mod get_history;
