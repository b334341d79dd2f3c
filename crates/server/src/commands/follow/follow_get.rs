//! `follow/follow_get`: a page of those who follow an account, whom it follows, or both, with their profiles.
//!
//! [choice] Those who follow each other come first, then the others, each in the order of their names. `FollowTime` of two
//! who follow each other is the later time in the list of mutual ones. A page ends before its answer becomes too large.

use super::{from_account, internal, unknown_account};
use crate::call::{Call, Command, ReadOnlyCall};
use crate::code::Code;
use crate::commands::sns::illegal;
use crate::event_rows::PortraitRow;
use crate::field::Field;
use crate::items::fitting;
use crate::reply::Failure;
use landfall_domain::ids::UserId;
use landfall_domain::people::Subject;
use landfall_domain::people::fact::{Fact, FactFamily, FactKey, FactRange};
use landfall_domain::people::follow::{Follow, Tie};
use landfall_domain::people::portrait::{PortraitTag, PortraitValue};
use landfall_domain::people::snapshot::{PeopleNeeds, PeopleSnapshot};
use landfall_domain::text::Text;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// `WantNum` where it is not given. [doc]
const WANTED: i128 = 100;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    #[serde(rename = "From_Account")]
    from_account: Field<String>,
    follow_type: Field<i128>,
    start_cursor: Field<String>,
    want_num: Field<i128>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Reply {
    follow_item: Vec<Row>,
    /// Where the next page begins; empty at the end.
    next_cursor: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Row {
    #[serde(rename = "To_Account")]
    to_account: String,
    follow_time: u64,
    profile_item: Vec<PortraitRow>,
}

/// A list of accounts, by `FollowType`. [doc]
#[derive(Clone, Copy)]
enum List {
    Followers = 1,
    Followed = 2,
    Mutual = 3,
}

impl List {
    fn parse(given: Field<i128>) -> Result<Self, Failure> {
        match given.required("FollowType").map_err(illegal)? {
            1 => Ok(Self::Followers),
            2 => Ok(Self::Followed),
            3 => Ok(Self::Mutual),
            other => Err(Code::FriendParameter.because(format!("FollowType is {other}; 1 to 3 are allowed"))),
        }
    }

    fn ties(self) -> &'static [Tie] {
        match self {
            Self::Followers => &[Tie::Mutual, Tie::Follower],
            Self::Followed => &[Tie::Mutual, Tie::Followed],
            Self::Mutual => &[Tie::Mutual],
        }
    }

    fn time(self, follow: &Follow) -> u64 {
        let time = match self {
            Self::Followers => follow.follower,
            Self::Followed => follow.followed,
            Self::Mutual => follow.followed.max(follow.follower),
        };
        time.unwrap_or_default().0
    }
}

/// A place in a list: a letter for the tie, and the account.
fn cursor(tie: Tie, id: &UserId) -> String {
    let letter = match tie {
        Tie::Mutual => 'm',
        Tie::Followed | Tie::Follower => 'o',
    };
    format!("{letter}{id}")
}

/// The last account of the page before, and its tie; `None` at the start.
fn after(given: Field<String>, list: List) -> Result<Option<(Tie, UserId)>, Failure> {
    let Some(text) = given.optional("StartCursor").map_err(illegal)? else { return Ok(None) };
    let place = list.ties().iter().find_map(|tie| {
        let id = text.get(1..).and_then(UserId::parse)?;
        (cursor(*tie, &id) == text).then_some((*tie, id))
    });
    place.map(Some).ok_or_else(|| {
        Code::FriendParameter
            .because("StartCursor is neither empty nor the NextCursor of a page of this list")
    })
}

impl Command for Request {
    const PATH: &'static str = "follow/follow_get";
    type Reply = Reply;

    async fn run(self, call: &Call) -> Result<Reply, Failure> {
        let account = from_account(self.from_account)?;
        let list = List::parse(self.follow_type)?;
        let after = after(self.start_cursor, list)?;
        let wanted = wanted(self.want_num, call.limits.follow.per_page)?;
        // One more, to see whether there is a next page.
        let ranges = ranges(&account, list, after, wanted.saturating_add(1));
        let needs = PeopleNeeds { accounts: vec![account.clone()], ranges, ..PeopleNeeds::default() };
        let found = call.people(needs).await.map_err(internal)?;
        if !found.accounts.contains_key(&account) {
            return Err(unknown_account(&account));
        }
        let follows: Vec<_> = found
            .facts
            .iter()
            .filter_map(|((_, key), fact)| match (key, fact) {
                (FactKey::Follow(tie, id), Fact::Follow(follow)) => Some((*tie, id, follow)),
                _ => None,
            })
            .collect();
        let shown = || follows.iter().take(wanted);
        let profiles = profiles(shown().map(|(_, id, _)| (*id).clone()).collect(), call).await?;
        let rows = shown().map(|(_, id, follow)| Row {
            to_account: id.to_string(),
            follow_time: list.time(follow),
            profile_item: profile(id, &profiles, call),
        });
        let follow_item = fitting(rows, call.limits.reply_bytes);
        let last = follow_item.len().checked_sub(1).and_then(|last| follows.get(last));
        let next = last.filter(|_| follow_item.len() < follows.len());
        let next_cursor = next.map_or_else(String::new, |(tie, id, _)| cursor(*tie, id));
        Ok(Reply { follow_item, next_cursor })
    }
}

fn wanted(given: Field<i128>, max: usize) -> Result<usize, Failure> {
    let number = given.optional("WantNum").map_err(illegal)?.unwrap_or(WANTED);
    usize::try_from(number)
        .ok()
        .filter(|number| (1..=max).contains(number))
        .ok_or_else(|| Code::FriendParameter.because(format!("WantNum is {number}; 1 to {max} are allowed")))
}

/// The facts of a page, and those behind it, `limit` at least where there are so many.
fn ranges(account: &UserId, list: List, after: Option<(Tie, UserId)>, limit: usize) -> Vec<FactRange> {
    let from = after.as_ref().map_or(Tie::Mutual, |(tie, _)| *tie);
    let mut after = after.map(|(tie, id)| FactKey::Follow(tie, id));
    let range = |tie: &Tie| FactRange {
        subject: Subject::Account(account.clone()),
        family: FactFamily::Follows(*tie),
        after: after.take(),
        limit,
    };
    list.ties().iter().filter(|tie| from <= **tie).map(range).collect()
}

async fn profiles(ids: Vec<UserId>, call: &ReadOnlyCall) -> Result<PeopleSnapshot, Failure> {
    let portrait = |id: &UserId| (Subject::Account(id.clone()), FactKey::Portrait);
    let facts = ids.iter().map(portrait).collect();
    call.people(PeopleNeeds { accounts: ids, facts, ..PeopleNeeds::default() }).await.map_err(internal)
}

/// The fields of a profile that were set, without custom ones that the app has not switched on.
fn profile(id: &UserId, found: &PeopleSnapshot, call: &ReadOnlyCall) -> Vec<PortraitRow> {
    let mut fields: BTreeMap<PortraitTag, PortraitValue> = BTreeMap::new();
    if let Some(account) = found.accounts.get(id) {
        let given = |text: &Text| (!text.as_str().is_empty()).then(|| PortraitValue::Text(text.clone()));
        fields.extend(given(&account.nick).map(|nick| (PortraitTag::Nick, nick)));
        fields.extend(given(&account.face_url).map(|image| (PortraitTag::Image, image)));
    }
    if let Some(Fact::Portrait(portrait)) = found.fact(&Subject::Account(id.clone()), &FactKey::Portrait) {
        fields.extend(portrait.0.iter().map(|(tag, value)| (tag.clone(), value.clone())));
    }
    let is_on = |tag: &PortraitTag| {
        if let PortraitTag::Custom(key) = tag {
            call.user_fields().iter().any(|rule| rule.key == *key)
        } else {
            true
        }
    };
    fields.iter().filter(|(tag, _)| is_on(tag)).map(|(tag, value)| PortraitRow::of(tag, value)).collect()
}
