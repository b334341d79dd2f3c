//! The lines of a Mattermost bulk file, as they are written.

use serde::{Deserialize, Serialize};
use serde_json::Value;

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Reaction {
    pub(crate) user: String,
    pub(crate) emoji_name: String,
    pub(crate) create_at: u64,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Attachment {
    pub(crate) path: String,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Post {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) team: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) channel: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) channel_members: Option<Vec<String>>,
    pub(crate) user: String,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub(crate) kind: Option<String>,
    pub(crate) message: String,
    /// Milliseconds since 1970.
    pub(crate) create_at: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) edit_at: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) props: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) is_pinned: Option<bool>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) reactions: Vec<Reaction>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) attachments: Vec<Attachment>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) replies: Vec<Post>,
}

impl Post {
    /// Moves it to a time that no post with the same text has. Mattermost refuses replies and reactions in front of their post.
    pub(crate) fn move_to(&mut self, ms: u64) {
        self.create_at = ms;
        for reaction in &mut self.reactions {
            reaction.create_at = reaction.create_at.max(ms);
        }
        for reply in &mut self.replies {
            let at = reply.create_at.max(ms);
            reply.move_to(at);
        }
    }
}

#[derive(Debug, Serialize)]
pub(crate) struct Channel<'a> {
    pub(crate) team: &'a str,
    pub(crate) name: &'a str,
    pub(crate) display_name: String,
    #[serde(rename = "type")]
    pub(crate) kind: &'static str,
    pub(crate) header: String,
    pub(crate) purpose: String,
}

#[derive(Debug, Serialize)]
pub(crate) struct User<'a> {
    pub(crate) username: &'a str,
    pub(crate) email: String,
    pub(crate) nickname: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) first_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) last_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) position: Option<String>,
    pub(crate) roles: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) delete_at: Option<u64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) teams: Vec<UserTeam<'a>>,
}

#[derive(Debug, Serialize)]
pub(crate) struct UserTeam<'a> {
    pub(crate) name: &'a str,
    pub(crate) roles: &'static str,
    pub(crate) channels: Vec<UserChannel<'a>>,
}

#[derive(Debug, Serialize)]
pub(crate) struct UserChannel<'a> {
    pub(crate) name: &'a str,
    pub(crate) roles: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) last_viewed_at: Option<u64>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Participant<'a> {
    pub(crate) username: &'a str,
    pub(crate) last_viewed_at: u64,
}
