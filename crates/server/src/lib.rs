//! The group-chat server.
