//! The operations on one group, each with its rule in a file of its own.

pub mod add_members;
pub mod add_permission_group;
pub mod add_topic;
mod applications;
pub mod ban_members;
pub mod change_attributes;
pub mod change_counters;
pub mod change_live_admins;
pub mod change_owner;
pub mod clear_messages;
pub mod delete_by_sender;
pub mod delete_members;
pub mod destroy_permission_groups;
pub mod destroy_topics;
pub mod handle_application;
pub mod import_messages;
pub mod invite_members;
pub mod join_group;
pub mod mark_read;
pub mod modify_group;
pub mod modify_member;
pub mod modify_message;
pub mod modify_permission_group;
pub mod modify_topic;
pub mod mute_members;
pub mod permission_group_members;
pub mod read_up_to;
pub mod recall_messages;
pub mod send_message;
pub mod set_extensions;
pub mod set_topic_permissions;
pub mod set_unread;
pub mod unban_members;

use crate::changes::Changes;
use crate::message::{Content, Conversation, Message, Recall};
use crate::part::{PartFamily, PartKey};

/// What must be loaded to know whether a conversation is there: its topic.
fn topic_part(conversation: &Conversation) -> Vec<PartKey> {
    match conversation {
        Conversation::Group => Vec::new(),
        Conversation::Topic(topic) => vec![PartKey::Topic(topic.clone())],
    }
}

/// Recalls a message: its content, its readers and its extensions are removed.
fn recall(conversation: &Conversation, message: Message, recall: &Recall, changes: &mut Changes) {
    let seq = message.seq;
    if let Content::Sent(body) = &message.content {
        // Looked at first, because to remove what can be any number of rows is dear.
        if body.receipt {
            changes.removed_families.push(PartFamily::Readers(conversation.clone(), seq));
        }
        if body.extensible {
            changes.removed_families.push(PartFamily::Extensions(conversation.clone(), seq));
            changes.remove(PartKey::ExtensionHead(conversation.clone(), seq));
        }
    }
    changes.updated_messages.push((conversation.clone(), message.recalled(recall.clone())));
}
