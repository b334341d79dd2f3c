//! Webhooks, the "third-party callbacks" of the API: an app's receiver is notified of changes, or asked before them.
//!
//! One app has one receiver. A notification is written into the outbox with the change it is about ([`receiver`]), and sent
//! from there (`dispatch`); a question is sent by the call itself ([`before`]).

pub mod address;
pub(crate) mod alert;
pub mod before;
pub(crate) mod body;
pub(crate) mod dispatch;
pub mod events;
mod official_body;
pub(crate) mod people_body;
pub(crate) mod presence;
pub mod receiver;
pub mod request;
pub mod sender;
pub mod token;
pub(crate) mod url;
