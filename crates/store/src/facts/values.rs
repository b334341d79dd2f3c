//! Values within facts in their stored form.

use landfall_domain::extension::{Extension, ExtensionHead, Extensions};
use landfall_domain::fields::FieldKey;
use landfall_domain::ids::UserId;
use landfall_domain::people::counts::{DayCounts, Distinct, Online, Totals};
use landfall_domain::people::friends::Friend;
use landfall_domain::people::official::OfficialAccount;
use landfall_domain::people::portrait::{PortraitTag, PortraitValue};
use landfall_domain::text::Text;
use landfall_domain::time::Timestamp;
use serde::{Deserialize, Serialize};
pub(super) fn texts(lists: &[Text]) -> Vec<String> {
    lists.iter().map(|list| list.as_str().to_owned()).collect()
}

pub(super) fn stored(lists: Vec<String>) -> Vec<Text> {
    lists.into_iter().map(Text::stored).collect()
}

#[derive(Serialize, Deserialize)]
pub(crate) struct OfficialRecord {
    owner: String,
    introduction: String,
    organization: String,
    custom: String,
    max_subscribers: u32,
    subscribers: u32,
    created: u64,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct DayRecord {
    sums: Vec<u64>,
    distinct: Vec<Vec<u64>>,
    /// A server, its clients, and when it said so.
    online: Vec<(u64, u64, u64)>,
    online_max: u64,
    /// Accounts, new ones, groups.
    totals: Option<(u64, u64, u64)>,
}

impl From<&DayCounts> for DayRecord {
    fn from(day: &DayCounts) -> Self {
        Self {
            sums: day.sums().to_vec(),
            distinct: day.distinct().iter().map(|names| names.hashes().collect()).collect(),
            online: day.online.iter().map(|of| (of.server, of.accounts, of.at.0)).collect(),
            online_max: day.online_max,
            totals: day.totals.map(|of| (of.accounts, of.new_accounts, of.groups)),
        }
    }
}

impl From<DayRecord> for DayCounts {
    fn from(record: DayRecord) -> Self {
        let distinct = record.distinct.into_iter().map(Distinct::from_hashes);
        let mut day = Self::stored(&record.sums, distinct);
        let online = |(server, accounts, at)| Online { server, accounts, at: Timestamp(at) };
        day.online = record.online.into_iter().map(online).collect();
        day.online_max = record.online_max;
        let totals = |(accounts, new_accounts, groups)| Totals { accounts, new_accounts, groups };
        day.totals = record.totals.map(totals);
        day
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct FriendRecord {
    remark: String,
    remark_time: u64,
    lists: Vec<String>,
    source: String,
    wording: String,
    added: u64,
    /// Keys and values.
    custom: Vec<(String, ValueRecord)>,
}

#[derive(Serialize, Deserialize)]
pub(crate) enum ValueRecord {
    Text(String),
    Number(u32),
}

impl From<&PortraitValue> for ValueRecord {
    fn from(value: &PortraitValue) -> Self {
        match value {
            PortraitValue::Text(text) => Self::Text(text.as_str().to_owned()),
            PortraitValue::Number(number) => Self::Number(*number),
        }
    }
}

impl From<ValueRecord> for PortraitValue {
    fn from(value: ValueRecord) -> Self {
        match value {
            ValueRecord::Text(text) => Self::Text(Text::stored(text)),
            ValueRecord::Number(number) => Self::Number(number),
        }
    }
}

impl From<&Friend> for FriendRecord {
    fn from(friend: &Friend) -> Self {
        let Friend { remark, remark_time, lists, source, wording, added, custom } = friend;
        Self {
            remark: remark.as_str().to_owned(),
            remark_time: remark_time.0,
            lists: texts(lists),
            source: source.as_str().to_owned(),
            wording: wording.as_str().to_owned(),
            added: added.0,
            custom: custom.iter().map(|(key, value)| (key.to_string(), value.into())).collect(),
        }
    }
}

impl FriendRecord {
    pub(super) fn friend(self) -> Option<Friend> {
        let field = |(key, value): (String, ValueRecord)| Some((FieldKey::parse(&key)?, value.into()));
        Some(Friend {
            remark: Text::stored(self.remark),
            remark_time: Timestamp(self.remark_time),
            lists: stored(self.lists),
            source: Text::stored(self.source),
            wording: Text::stored(self.wording),
            added: Timestamp(self.added),
            custom: self.custom.into_iter().map(field).collect::<Option<_>>()?,
        })
    }
}

pub(super) fn extensions(latest_seq: u32, clear_seq: u32, all: Vec<(String, String, u32)>) -> Extensions {
    let count = u32::try_from(all.len()).unwrap_or(u32::MAX);
    let one = |(key, value, seq)| (key, Extension { value, seq });
    Extensions {
        head: ExtensionHead { latest_seq, clear_seq, count },
        all: all.into_iter().map(one).collect(),
    }
}

impl From<&OfficialAccount> for OfficialRecord {
    fn from(official: &OfficialAccount) -> Self {
        let OfficialAccount {
            owner,
            introduction,
            organization,
            custom,
            max_subscribers,
            subscribers,
            created,
        } = official;
        Self {
            owner: owner.to_string(),
            introduction: introduction.as_str().to_owned(),
            organization: organization.as_str().to_owned(),
            custom: custom.as_str().to_owned(),
            max_subscribers: *max_subscribers,
            subscribers: *subscribers,
            created: created.0,
        }
    }
}

impl OfficialRecord {
    pub(super) fn official(self) -> Option<OfficialAccount> {
        Some(OfficialAccount {
            owner: UserId::parse(&self.owner)?,
            introduction: Text::stored(self.introduction),
            organization: Text::stored(self.organization),
            custom: Text::stored(self.custom),
            max_subscribers: self.max_subscribers,
            subscribers: self.subscribers,
            created: Timestamp(self.created),
        })
    }
}

/// The fields of a profile: tags and values.
pub(super) fn values<'a>(
    fields: impl IntoIterator<Item = (&'a PortraitTag, &'a PortraitValue)>,
) -> Vec<(String, ValueRecord)> {
    fields.into_iter().map(|(tag, of)| (tag.to_string(), of.into())).collect()
}

/// The same read; `None` when a tag is none.
pub(super) fn stored_values<Fields: FromIterator<(PortraitTag, PortraitValue)>>(
    fields: Vec<(String, ValueRecord)>,
) -> Option<Fields> {
    let field = |(tag, value): (String, ValueRecord)| Some((PortraitTag::parse(&tag)?, value.into()));
    fields.into_iter().map(field).collect()
}
