//! A conversation while its messages are brought in.

use super::message::Prepared;
use crate::journal::{Conversation, ConversationReceipt};

/// A conversation.
pub(super) struct Talk {
    pub(super) topic: Option<String>,
    pub(super) of: Conversation,
    /// How far it is in the journal, and with `looked` in the server.
    pub(super) at: ConversationReceipt,
    /// Whether the server has no message that the journal does not have.
    pub(super) looked: bool,
    /// Messages that go into the next call.
    pub(super) batch: Vec<Prepared>,
    /// Line of the message that its history stopped at.
    pub(super) stopped: Option<u64>,
    /// When the messages of the file that are in the server were sent, in order, milliseconds.
    pub(super) times: Vec<u64>,
    /// Messages of the file that are not, at its end.
    pub(super) missing: u32,
}
