//! The operations on one group, each with its rule in a file of its own.

pub mod add_members;
pub mod add_topic;
pub mod ban_members;
pub mod change_owner;
pub mod delete_members;
pub mod modify_group;
pub mod modify_member;
pub mod mute_members;
pub mod unban_members;
