//! The operations on people, one in each file.

pub mod confirm_messages;
mod conversation;
pub mod delete_chat;
pub mod hide_messages;
pub mod import_direct;
pub mod modify_direct;
pub mod read_direct;
pub mod recall_direct;
pub mod send_direct;
pub mod set_mute;
pub mod set_portrait;
