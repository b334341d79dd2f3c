//! Pushes that are not finished, as a store keeps them.

use landfall_domain::ids::UserId;
use landfall_domain::people::labels::Audience;
use landfall_domain::people::push::Push;
use landfall_domain::text::Text;
use landfall_domain::time::Timestamp;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
pub(crate) struct PushRecord {
    sender: String,
    by_administrator: bool,
    random: u32,
    accepted: u64,
    elements: String,
    offline: String,
    online_only: bool,
    audience: AudienceRecord,
    reached: Option<String>,
    holder: u64,
    held_until: u64,
}

#[derive(Serialize, Deserialize)]
enum AudienceRecord {
    Everybody,
    Attributes { all: Vec<(u8, String)>, any: Vec<(u8, String)> },
    Tags { all: Vec<String>, any: Vec<String> },
}

fn pairs(list: &[(u8, Text)]) -> Vec<(u8, String)> {
    list.iter().map(|(slot, value)| (*slot, value.as_str().to_owned())).collect()
}

fn stored_pairs(list: Vec<(u8, String)>) -> Vec<(u8, Text)> {
    list.into_iter().map(|(slot, value)| (slot, Text::stored(value))).collect()
}

impl From<&Push> for PushRecord {
    fn from(push: &Push) -> Self {
        let audience = match &push.audience {
            Audience::Everybody => AudienceRecord::Everybody,
            Audience::Attributes { all, any } => {
                AudienceRecord::Attributes { all: pairs(all), any: pairs(any) }
            }
            Audience::Tags { all, any } => {
                AudienceRecord::Tags { all: super::values::texts(all), any: super::values::texts(any) }
            }
        };
        Self {
            sender: push.sender.to_string(),
            by_administrator: push.by_administrator,
            random: push.random,
            accepted: push.accepted.0,
            elements: push.elements.as_ref().to_owned(),
            offline: push.offline.as_ref().to_owned(),
            online_only: push.online_only,
            audience,
            reached: push.reached.as_ref().map(ToString::to_string),
            holder: push.holder,
            held_until: push.held_until.0,
        }
    }
}

impl PushRecord {
    /// `None` when the record is damaged.
    pub(super) fn push(self) -> Option<Push> {
        let audience = match self.audience {
            AudienceRecord::Everybody => Audience::Everybody,
            AudienceRecord::Attributes { all, any } => {
                Audience::Attributes { all: stored_pairs(all), any: stored_pairs(any) }
            }
            AudienceRecord::Tags { all, any } => {
                Audience::Tags { all: super::values::stored(all), any: super::values::stored(any) }
            }
        };
        let reached = match self.reached {
            Some(name) => Some(UserId::parse(&name)?),
            None => None,
        };
        Some(Push {
            sender: UserId::parse(&self.sender)?,
            by_administrator: self.by_administrator,
            random: self.random,
            accepted: Timestamp(self.accepted),
            elements: self.elements.into(),
            offline: self.offline.into(),
            online_only: self.online_only,
            audience,
            reached,
            holder: self.holder,
            held_until: Timestamp(self.held_until),
        })
    }
}
