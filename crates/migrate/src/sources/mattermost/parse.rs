//! The shapes of a Mattermost bulk file: one object a line.

use crate::sources::values::or_default;
use serde::Deserialize;
use serde_json::Value;

/// One line; what its `type` names is there.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Line {
    #[serde(deserialize_with = "or_default", rename = "type")]
    pub(crate) kind: String,
    pub(crate) version: Option<u32>,
    pub(crate) team: Option<Team>,
    pub(crate) channel: Option<Channel>,
    pub(crate) user: Option<User>,
    pub(crate) bot: Option<Bot>,
    pub(crate) post: Option<Post>,
    pub(crate) direct_channel: Option<DirectChannel>,
    pub(crate) direct_post: Option<Post>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Team {
    #[serde(deserialize_with = "or_default")]
    pub(crate) name: String,
    #[serde(deserialize_with = "or_default")]
    pub(crate) display_name: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Channel {
    #[serde(deserialize_with = "or_default")]
    pub(crate) team: String,
    #[serde(deserialize_with = "or_default")]
    pub(crate) name: String,
    pub(crate) display_name: Option<String>,
    /// `O` for public, `P` for private.
    #[serde(deserialize_with = "or_default", rename = "type")]
    pub(crate) kind: String,
    pub(crate) header: Option<String>,
    pub(crate) purpose: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct User {
    #[serde(deserialize_with = "or_default")]
    pub(crate) username: String,
    pub(crate) email: Option<String>,
    pub(crate) nickname: Option<String>,
    pub(crate) first_name: Option<String>,
    pub(crate) last_name: Option<String>,
    pub(crate) position: Option<String>,
    pub(crate) roles: Option<String>,
    pub(crate) delete_at: Option<i64>,
    /// A path within the export.
    pub(crate) profile_image: Option<String>,
    pub(crate) teams: Option<Vec<UserTeam>>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Bot {
    #[serde(deserialize_with = "or_default")]
    pub(crate) username: String,
    pub(crate) display_name: Option<String>,
    pub(crate) owner: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct UserTeam {
    #[serde(deserialize_with = "or_default")]
    pub(crate) name: String,
    pub(crate) channels: Option<Vec<UserChannel>>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct UserChannel {
    #[serde(deserialize_with = "or_default")]
    pub(crate) name: String,
    pub(crate) roles: Option<String>,
    /// Milliseconds since 1970; 0 for never.
    pub(crate) last_viewed_at: Option<i64>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct DirectChannel {
    #[serde(deserialize_with = "or_default")]
    pub(crate) members: Vec<String>,
    pub(crate) header: Option<String>,
    /// Newer exports: who takes part, with what was read.
    pub(crate) participants: Option<Vec<Participant>>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Participant {
    #[serde(deserialize_with = "or_default")]
    pub(crate) username: String,
    pub(crate) last_viewed_at: Option<i64>,
}

/// A post of a channel or direct channel, or a reply.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Post {
    #[serde(deserialize_with = "or_default")]
    pub(crate) team: String,
    #[serde(deserialize_with = "or_default")]
    pub(crate) channel: String,
    #[serde(deserialize_with = "or_default")]
    pub(crate) channel_members: Vec<String>,
    #[serde(deserialize_with = "or_default")]
    pub(crate) user: String,
    #[serde(rename = "type")]
    pub(crate) kind: Option<String>,
    pub(crate) message: Option<String>,
    pub(crate) props: Option<Value>,
    /// Milliseconds since 1970.
    pub(crate) create_at: Option<i64>,
    pub(crate) edit_at: Option<i64>,
    pub(crate) is_pinned: Option<bool>,
    pub(crate) flagged_by: Option<Vec<String>>,
    pub(crate) reactions: Option<Vec<Reaction>>,
    pub(crate) attachments: Option<Vec<Attachment>>,
    pub(crate) replies: Option<Vec<Post>>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Reaction {
    #[serde(deserialize_with = "or_default")]
    pub(crate) user: String,
    #[serde(deserialize_with = "or_default")]
    pub(crate) emoji_name: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Attachment {
    /// Within the export.
    pub(crate) path: Option<String>,
}
