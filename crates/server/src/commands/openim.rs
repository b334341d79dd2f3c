//! The service of messages.
//!
//! [choice] Accounts in requests that are no texts, or no account names, get the code of their member (90003, 90008), never
//! 60015.

pub mod admin_getroammsg;
pub mod admin_msgwithdraw;
pub mod admin_set_msg_read;
pub mod batchsendmsg;
pub mod c2c_msg_read_receipt;
pub mod delete_c2c_msg_ramble;
pub mod get_c2c_unread_msg_num;
pub mod importmsg;
pub(super) mod message;
pub mod modify_c2c_msg;
pub mod modify_group_msg;
pub(super) mod outgoing;
pub mod query_online_status;
pub mod sendmsg;
