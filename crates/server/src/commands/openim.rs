//! The service of messages.

pub mod modify_group_msg;
pub mod query_online_status;
