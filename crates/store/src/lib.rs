//! The stores of the group-chat server.
