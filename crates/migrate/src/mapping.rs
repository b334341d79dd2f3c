//! The mapping file: what a person decides about a conversion. Everything has a default.
//!
//! `source` names the source in the records (`src`); give each of two exports of one format that go into one app its own.
//! The tables `kinds`, `messages` and `members` hold for all conversations, `channels` and `users` for one each, under its id
//! in the source.
//!
//! By default nothing is lost that has content: system messages and those of bots are kept, empty and deleted ones are left
//! out. Members join when they joined in the source. Direct conversations become Private groups, unless `kinds` or a channel says
//! `one-to-one`. [choice]

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What a conversation is in its source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChannelKind {
    /// Everybody may join.
    Public,
    /// By invitation.
    Private,
    /// Of two.
    Direct,
    /// Of a few.
    GroupDirect,
    /// Few send, many read.
    Broadcast,
}

/// Types of groups that can be imported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum GroupKind {
    #[serde(alias = "Work")]
    Private,
    Public,
    #[serde(alias = "Meeting")]
    ChatRoom,
    Community,
    /// No group: messages between two accounts. A conversation that has not two accounts becomes a Private group.
    #[serde(rename = "one-to-one")]
    OneToOne,
}

impl GroupKind {
    /// The value of `Type`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Private => "Private",
            Self::Public => "Public",
            Self::ChatRoom => "ChatRoom",
            Self::Community => "Community",
            Self::OneToOne => "one-to-one",
        }
    }
}

/// What becomes of messages of a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Choice {
    Keep,
    LeaveOut,
}

/// When members join whose source says it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JoinTimes {
    /// When they did. They see what was sent before on Landfall only, and not in communities.
    #[default]
    Source,
    /// Right after the group was made; they see everything everywhere.
    First,
}

/// Roles of members in the source that have more rights than others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum AdminRole {
    #[default]
    Admin,
    /// They become ordinary members.
    Member,
}

/// Which type of group conversations of a kind become.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Kinds {
    pub public: GroupKind,
    pub private: GroupKind,
    pub direct: GroupKind,
    pub group_direct: GroupKind,
    pub broadcast: GroupKind,
}

impl Default for Kinds {
    fn default() -> Self {
        Self {
            public: GroupKind::Public,
            private: GroupKind::Private,
            direct: GroupKind::Private,
            group_direct: GroupKind::Private,
            broadcast: GroupKind::Public,
        }
    }
}

/// What becomes of messages that are no ordinary ones.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Messages {
    /// Of the system: somebody joined, the topic changed.
    pub system: Choice,
    pub bot: Choice,
    /// Without text, file or anything else to show.
    pub empty: Choice,
    pub deleted: Choice,
}

impl Default for Messages {
    fn default() -> Self {
        Self { system: Choice::Keep, bot: Choice::Keep, empty: Choice::LeaveOut, deleted: Choice::LeaveOut }
    }
}

/// What holds for all members.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Members {
    pub join_times: JoinTimes,
    /// What administrators of the source become. Private groups have none: there they become ordinary members.
    pub admins: AdminRole,
}

/// What holds for one conversation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ChannelRule {
    /// `GroupId`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<GroupKind>,
    /// Its messages and members are left out too.
    pub leave_out: bool,
}

/// What holds for one account.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct UserRule {
    /// `UserID`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nick: Option<String>,
    /// Its messages, reactions and memberships are left out too.
    pub leave_out: bool,
}

/// All decisions about a conversion.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Mapping {
    /// `src` of the records; the word of the format when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    pub kinds: Kinds,
    pub messages: Messages,
    pub members: Members,
    /// Which further members of a user (its `x`) become fields of its profile: their tags, such as `Tag_Profile_Custom_Title`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub profiles: BTreeMap<String, String>,
    pub channels: BTreeMap<String, ChannelRule>,
    pub users: BTreeMap<String, UserRule>,
}

/// What is wrong with a mapping file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MappingError {
    /// With the line, and what may stand there.
    #[error("the mapping file cannot be read: {0}")]
    Unreadable(String),
    /// An id that the API does not allow.
    #[error("the mapping file has an id that cannot be: {place}.id {problem}")]
    BadId { place: String, problem: String },
    /// Entries for what the source does not have, each as `channels.ID` or `users.ID`.
    #[error("the mapping file has entries that the source does not have: {}; correct or remove them", .0.join(", "))]
    Unknown(Vec<String>),
}

impl Mapping {
    /// Reads the text of a mapping file.
    ///
    /// # Errors
    /// It is no TOML, or has a key or value that a mapping file does not have.
    pub fn parse(text: &str) -> Result<Self, MappingError> {
        let mapping: Self = toml::from_str(text)
            .map_err(|error| MappingError::Unreadable(error.to_string().trim().to_owned()))?;
        mapping.check()?;
        Ok(mapping)
    }

    fn check(&self) -> Result<(), MappingError> {
        let channels = self.channels.iter().map(|(key, rule)| (format!("channels.{key:?}"), &rule.id, true));
        let users = self.users.iter().map(|(key, rule)| (format!("users.{key:?}"), &rule.id, false));
        for (place, id, of_channel) in channels.chain(users) {
            let Some(id) = id else { continue };
            let is_good = if of_channel {
                landfall_domain::ids::GroupId::parse(id).is_some()
            } else {
                landfall_domain::ids::UserId::parse(id).is_some()
            };
            if !is_good {
                let problem =
                    "must be printable ASCII, 1 to 32 bytes for a user, 1 to 48 for a channel".to_owned();
                return Err(MappingError::BadId { place, problem });
            }
        }
        Ok(())
    }

    /// The type of group that a conversation becomes.
    #[must_use]
    pub fn group_kind(&self, channel: &str, kind: ChannelKind) -> GroupKind {
        let of_kind = match kind {
            ChannelKind::Public => self.kinds.public,
            ChannelKind::Private => self.kinds.private,
            ChannelKind::Direct => self.kinds.direct,
            ChannelKind::GroupDirect => self.kinds.group_direct,
            ChannelKind::Broadcast => self.kinds.broadcast,
        };
        self.channels.get(channel).and_then(|rule| rule.kind).unwrap_or(of_kind)
    }

    /// Finds entries for what the source does not have: a mistyped `leave_out` would bring in what it should not.
    ///
    /// # Errors
    /// There are some.
    pub fn check_known<'a>(
        &self,
        channels: impl Iterator<Item = &'a str>,
        users: impl Iterator<Item = &'a str>,
    ) -> Result<(), MappingError> {
        let (channels, users): (BTreeSet<_>, BTreeSet<_>) = (channels.collect(), users.collect());
        let unknown_channels = self.channels.keys().filter(|id| !channels.contains(id.as_str()));
        let unknown_users = self.users.keys().filter(|id| !users.contains(id.as_str()));
        let unknown: Vec<String> = unknown_channels
            .map(|id| format!("channels.{id:?}"))
            .chain(unknown_users.map(|id| format!("users.{id:?}")))
            .collect();
        if unknown.is_empty() { Ok(()) } else { Err(MappingError::Unknown(unknown)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_file_has_the_defaults() {
        assert_eq!(Mapping::parse("").unwrap(), Mapping::default());
    }

    #[test]
    fn a_file_decides_for_all_and_for_one() {
        let mapping = Mapping::parse(
            "source = \"slack:old\"\n[kinds]\npublic = \"Community\"\n[messages]\nsystem = \"leave_out\"\n\
             [channels.C1]\ntype = \"Work\"\nid = \"one\"\n[users.\"U 1\"]\nleave_out = true\n",
        )
        .unwrap();
        assert_eq!(mapping.source.as_deref(), Some("slack:old"));
        assert_eq!(mapping.group_kind("C1", ChannelKind::Public), GroupKind::Private);
        assert_eq!(mapping.group_kind("C2", ChannelKind::Public), GroupKind::Community);
        assert_eq!((mapping.messages.system, mapping.messages.bot), (Choice::LeaveOut, Choice::Keep));
        assert!(mapping.users["U 1"].leave_out);
        let mapping = Mapping::parse("[profiles]\ntitle = \"Tag_Profile_Custom_Title\"\n").unwrap();
        assert_eq!(mapping.profiles["title"], "Tag_Profile_Custom_Title");
        let mapping = Mapping::parse("[kinds]\ndirect = \"one-to-one\"\n").unwrap();
        assert_eq!(mapping.group_kind("D1", ChannelKind::Direct), GroupKind::OneToOne);
    }

    #[test]
    fn what_a_mapping_file_does_not_have_is_refused_with_its_place() {
        for (text, parts) in [
            ("[kinds]\npublik = \"Public\"", ["line 2", "unknown field `publik`"]),
            ("[kinds]\npublic = \"AVChatRoom\"", ["line 2", "unknown variant `AVChatRoom`"]),
            ("[channels.C1]\nleave_out = 1", ["line 2", "invalid type: integer `1`, expected a boolean"]),
            ("[users.U1]\nid = \"ä\"", ["users.\"U1\".id", "printable ASCII"]),
            ("oops", ["line 1", "cannot be read"]),
        ] {
            let error = Mapping::parse(text).unwrap_err().to_string();
            assert!(parts.iter().all(|part| error.contains(part)), "{error}");
        }
    }

    #[test]
    fn entries_for_nothing_are_named() {
        let mapping = Mapping::parse("[channels.C1]\n[channels.C9]\n[users.U9]\n").unwrap();
        let error = mapping.check_known(["C1"].into_iter(), ["U1"].into_iter()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the mapping file has entries that the source does not have: channels.\"C9\", users.\"U9\"; correct or remove them"
        );
    }
}
