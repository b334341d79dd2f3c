//! The operations on people, one in each file.

pub mod add_friends;
pub mod block;
pub mod delete_friend_lists;
pub mod delete_friends;
pub mod import_friends;
pub mod make_friend_lists;
pub mod set_mute;
pub mod set_portrait;
pub mod unblock;
pub mod update_friends;

#[cfg(test)]
mod friend_tests;
