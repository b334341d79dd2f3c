//! Webhooks, the "third-party callbacks" of the API: an app's receiver is told what happens, or asked before it does.
//!
//! One app has one receiver. What it is told is written into the outbox with the change it is about
//! ([`receiver`]), and sent from there (`dispatch`); what it is asked, the call itself asks ([`before`]).

pub mod address;
pub mod before;
pub(crate) mod body;
pub(crate) mod dispatch;
pub mod events;
pub(crate) mod presence;
pub mod receiver;
pub mod request;
pub mod sender;
pub mod token;
pub(crate) mod url;
