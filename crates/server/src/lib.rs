//! The group-chat server.

pub mod certs;
pub mod tls;
pub mod usersig;
