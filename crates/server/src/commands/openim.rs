//! The service of messages.

pub mod modify_group_msg;
