//! The operations on people, one in each file.

pub mod accept_push;
pub mod add_counts;
pub mod add_friends;
pub mod add_subscribers;
pub mod archive;
pub mod audit;
pub mod block;
pub mod bring_blocks;
pub mod bring_direct;
pub mod bring_friends;
pub mod bring_profiles;
mod bring_ties;
pub mod change_folder;
pub mod change_words;
pub mod confirm_messages;
pub mod console_sessions;
pub mod console_users;
mod conversation;
pub mod create_official;
pub mod delete_chat;
pub mod delete_folder;
pub mod delete_friend_lists;
pub mod delete_friends;
pub mod delete_subscribers;
pub mod destroy_official;
pub mod extend_direct;
pub mod hide_messages;
pub mod import_direct;
pub mod import_friends;
pub mod label_accounts;
pub mod make_friend_lists;
pub mod mark_chats;
pub mod modify_direct;
pub mod modify_official;
pub mod modify_subscriber;
pub mod name_attributes;
mod official;
pub mod pin_chat;
pub mod read_direct;
pub mod recall_direct;
pub mod recall_official;
pub mod send_direct;
pub mod send_official;
pub mod set_follows;
pub mod set_mute;
pub mod set_portrait;
pub mod step_push;
pub mod take_back;
pub mod unblock;
pub mod update_friends;

#[cfg(test)]
mod direct_tests;
#[cfg(test)]
mod friend_tests;
#[cfg(test)]
mod official_tests;
