//! Webhooks, the "third-party callbacks" of the API: an app's receiver is told what happens, or asked before it does.
//!
//! One app has one receiver. What is sent, and when, is decided elsewhere; here is how one request is made, and what
//! counts as an answer to it.

pub mod address;
pub mod events;
pub mod sender;
pub mod token;
pub(crate) mod url;
