//! The group-chat server.

pub mod usersig;
