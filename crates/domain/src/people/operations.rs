//! The operations on people, one in each file.

pub mod add_counts;
pub mod add_friends;
pub mod archive;
pub mod block;
pub mod confirm_messages;
mod conversation;
pub mod delete_chat;
pub mod delete_friend_lists;
pub mod delete_friends;
pub mod hide_messages;
pub mod import_direct;
pub mod import_friends;
pub mod make_friend_lists;
pub mod modify_direct;
pub mod read_direct;
pub mod recall_direct;
pub mod send_direct;
pub mod set_mute;
pub mod set_portrait;
pub mod unblock;
pub mod update_friends;

#[cfg(test)]
mod direct_tests;
#[cfg(test)]
mod friend_tests;
