//! Conversations, as a client names them.

use landfall_domain::ids::{GroupId, TopicId, UserId};
use serde_json::{Value, json};
use std::fmt;

/// What separates the id of a community from the name of its topic.
const TOPIC: &str = "@TOPIC#";

/// A conversation.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// A group, or a topic of it.
    Group(String, Option<String>),
    /// With an account.
    Account(String),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Group(group, topic) => f.write_str(topic.as_ref().unwrap_or(group)),
            Self::Account(account) => write!(f, "@{account}"),
        }
    }
}

impl Place {
    /// The group, or the topic, of this id.
    ///
    /// # Errors
    /// Why it is none.
    pub fn group(id: &str) -> Result<Self, String> {
        let of_topic = id.find(TOPIC).and_then(|at| {
            let group = GroupId::parse(id.get(..at)?)?;
            TopicId::parse(id, &group).map(|topic| (group, topic))
        });
        if let Some((group, topic)) = of_topic {
            return Ok(Self::Group(group.as_str().to_owned(), Some(topic.as_str().to_owned())));
        }
        let group = GroupId::parse(id).ok_or_else(|| format!("{id:?} is not the id of a group"))?;
        Ok(Self::Group(group.as_str().to_owned(), None))
    }

    /// The conversation with this account.
    ///
    /// # Errors
    /// Why it is none.
    pub fn account(name: &str) -> Result<Self, String> {
        match UserId::parse(name) {
            Some(account) => Ok(Self::Account(account.as_str().to_owned())),
            None => Err(format!("{name:?} is not an account: 1 to 32 printable ASCII characters")),
        }
    }

    /// The conversation of a frame that `own` gets: with the account of it that is another, or with itself.
    pub(super) fn of(frame: &Value, own: &str) -> Self {
        if let Some(group) = frame["GroupId"].as_str() {
            return Self::Group(group.to_owned(), frame["TopicId"].as_str().map(str::to_owned));
        }
        let other = |field: &str| frame[field].as_str().filter(|account| *account != own);
        let peer = ["Peer_Account", "From_Account", "To_Account"].into_iter().find_map(other);
        Self::Account(peer.unwrap_or(own).to_owned())
    }

    /// Whether it is this group, or a topic of it.
    pub(super) fn is_in(&self, id: &str) -> bool {
        matches!(self, Self::Group(group, _) if group == id)
    }

    /// A request about this conversation.
    pub(super) fn request(&self, command: &str) -> Value {
        match self {
            Self::Group(group, None) => json!({ "Command": command, "GroupId": group }),
            Self::Group(group, Some(topic)) => {
                json!({ "Command": command, "GroupId": group, "TopicId": topic })
            }
            Self::Account(peer) => json!({ "Command": command, "Peer_Account": peer }),
        }
    }

    /// The same with the number of a message.
    pub(super) fn numbered(&self, command: &str, seq: u32) -> Value {
        let mut request = self.request(command);
        request["MsgSeq"] = json!(seq);
        request
    }

    /// The request that sends a text. Sent again after a lost connection, it is the same message.
    pub(super) fn message(&self, text: &str) -> Value {
        let mut request = match self {
            Self::Group(..) => self.request("send_group_msg"),
            Self::Account(_) => self.request("sendmsg"),
        };
        match self {
            Self::Group(..) => request["Random"] = json!(fastrand::u32(1..)),
            Self::Account(peer) => {
                request["To_Account"] = json!(peer);
                request["MsgSeq"] = json!(fastrand::u32(1..));
                request["MsgRandom"] = json!(fastrand::u32(1..));
                request["SyncOtherMachine"] = json!(1);
            }
        }
        request["MsgBody"] = json!([{ "MsgType": "TIMTextElem", "MsgContent": { "Text": text } }]);
        request
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_belongs_to_the_conversation_with_the_other_account() {
        let account = |peer: &str| Place::Account(peer.to_owned());
        for (frame, place) in [
            (json!({ "From_Account": "ann", "To_Account": "bob" }), account("bob")),
            (json!({ "From_Account": "bob", "To_Account": "ann" }), account("bob")),
            (json!({ "Peer_Account": "bob" }), account("bob")),
            (json!({ "From_Account": "ann", "To_Account": "ann" }), account("ann")),
            (json!({ "GroupId": "g", "From_Account": "bob" }), Place::Group("g".to_owned(), None)),
        ] {
            assert_eq!(Place::of(&frame, "ann"), place, "{frame}");
        }
        assert_eq!(
            account("bob").numbered("catch_up", 7),
            json!({ "Command": "catch_up", "Peer_Account": "bob", "MsgSeq": 7 })
        );
    }

    #[test]
    fn a_topic_is_named_by_its_id() {
        let topic = Place::group("@TGS#_c@TOPIC#_t").unwrap();
        assert_eq!(topic, Place::Group("@TGS#_c".to_owned(), Some("@TGS#_c@TOPIC#_t".to_owned())));
        assert_eq!(Place::group("g").unwrap(), Place::Group("g".to_owned(), None));
        assert!(Place::group("").is_err() && Place::account("").is_err());
    }

    #[test]
    fn a_message_has_what_makes_it_the_same_when_it_is_sent_again() {
        assert!(Place::group("g").unwrap().message("m")["Random"].is_u64());
        let direct = Place::account("bob").unwrap().message("m");
        assert!(direct["MsgSeq"].is_u64() && direct["MsgRandom"].is_u64(), "{direct}");
    }
}
