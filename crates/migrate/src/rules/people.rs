//! Rules of profiles and friends.
//!
//! [choice] An account that stands in its own list of friends is a fault; so is a friend over the number that an account can have.

use super::values::DROPPED;
use super::values::{account, fault, missing, text};
use super::{Checker, FaultCode, ServerLimits};
use crate::fault::Fault;
use crate::format::{FieldValue, Friend, TagValue};
use landfall_domain::fields::FieldKey;
use landfall_domain::limits::Span;
use landfall_domain::people::friends;
use landfall_domain::people::portrait::{PortraitItem, PortraitTag, PortraitValue};
use landfall_domain::text::{Text, TextOutOfBounds};
use landfall_domain::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// Begins the tags of custom fields of friends.
pub(crate) const FRIEND_FIELD: &str = "Tag_SNS_Custom_";
/// Where a friendship comes from, when the source does not say it.
pub(crate) const SOURCE_DEFAULT: &str = "AddSource_Type_Import";
const SOURCE: &str = "AddSource_Type_";
const SOURCE_WORD: Span = Span::one_to(8);
const MOVES: &str = "the field moves into x";

/// The friends of an account, so far.
#[derive(Debug, Default)]
pub(super) struct FriendsState {
    account: String,
    count: usize,
    last: Option<String>,
    lists: BTreeSet<String>,
}

/// What is wrong with a field, and the limit that it breaks.
type Problem = (FaultCode, String, Option<usize>);

fn no_field(item: &TagValue) -> Problem {
    let problem = format!("Tag {:?} is no field that records of this kind have here", item.tag);
    (FaultCode::FieldKey, problem, None)
}

/// A field of a profile as a server keeps it. Nick and picture have members of their own.
pub(crate) fn portrait(item: &TagValue, server: &ServerLimits) -> Result<PortraitItem, (FaultCode, String)> {
    portrait_item(item, server).map_err(|(code, problem, _)| (code, problem))
}

fn portrait_item(item: &TagValue, server: &ServerLimits) -> Result<PortraitItem, Problem> {
    let tag = PortraitTag::parse(&item.tag)
        .filter(|tag| !matches!(tag, PortraitTag::Nick | PortraitTag::Image))
        .ok_or_else(|| no_field(item))?;
    let limits = &server.limits;
    let is_custom = if let PortraitTag::Custom(key) = &tag {
        enabled(key, &item.tag, server.user_fields.as_deref())?;
        true
    } else {
        false
    };
    let allowed = match &tag {
        PortraitTag::Location => limits.location,
        PortraitTag::Custom(_) => limits.user_fields.value,
        PortraitTag::Nick
        | PortraitTag::Gender
        | PortraitTag::BirthDay
        | PortraitTag::SelfSignature
        | PortraitTag::AllowType
        | PortraitTag::Language
        | PortraitTag::Image
        | PortraitTag::MsgSettings
        | PortraitTag::AdminForbidType
        | PortraitTag::Level
        | PortraitTag::Role => limits.profile_value,
    };
    let value = match &item.value {
        FieldValue::Number(number) if tag.is_number() || is_custom => number_of(item, *number)?,
        FieldValue::Text(_) if tag.is_number() => {
            return Err((FaultCode::WrongType, format!("{tag} must be a whole number"), None));
        }
        FieldValue::Number(_) => {
            return Err((FaultCode::WrongType, format!("{tag} must be a string"), None));
        }
        FieldValue::Text(word) if !tag.words().is_empty() && !tag.words().contains(&word.as_str()) => {
            let problem = format!("{tag} is {word:?}, not one of {}", tag.words().join(", "));
            return Err((FaultCode::UnknownWord, problem, None));
        }
        FieldValue::Text(text) => text_of(item, text, allowed)?,
    };
    Ok(PortraitItem { tag, value })
}

fn number_of(item: &TagValue, number: u64) -> Result<PortraitValue, Problem> {
    let fits = u32::try_from(number).map(PortraitValue::Number);
    fits.map_err(|_| {
        let problem = format!("{} is {number}; at most {} is allowed", item.tag, u32::MAX);
        (FaultCode::TooLarge, problem, usize::try_from(u32::MAX).ok())
    })
}

fn text_of(item: &TagValue, text: &str, allowed: Span) -> Result<PortraitValue, Problem> {
    if allowed.contains(text.len()) {
        return Ok(PortraitValue::Text(Text::stored(text.to_owned())));
    }
    let problem = TextOutOfBounds { got: text.len(), allowed };
    Err((FaultCode::Length, format!("{} {problem}", item.tag), Some(allowed.max)))
}

/// `fields`: those that the app has enabled, where that is known.
fn enabled(key: &FieldKey, tag: &str, fields: Option<&[FieldKey]>) -> Result<(), Problem> {
    if fields.is_none_or(|fields| fields.contains(key)) {
        return Ok(());
    }
    let problem = format!("{tag} is not enabled in the server's app; enable it there");
    Err((FaultCode::FieldNotEnabled, problem, None))
}

/// A custom field of a friend as a server keeps it.
pub(crate) fn friend_field(
    item: &TagValue,
    server: &ServerLimits,
) -> Result<(FieldKey, PortraitValue), (FaultCode, String)> {
    friend_item(item, server).map_err(|(code, problem, _)| (code, problem))
}

fn friend_item(item: &TagValue, server: &ServerLimits) -> Result<(FieldKey, PortraitValue), Problem> {
    let key = item.tag.strip_prefix(FRIEND_FIELD).and_then(FieldKey::parse).ok_or_else(|| no_field(item))?;
    enabled(&key, &item.tag, server.friend_fields.as_deref())?;
    let value = match &item.value {
        FieldValue::Number(number) => number_of(item, *number)?,
        FieldValue::Text(text) => text_of(item, text, server.limits.friends.fields.value)?,
    };
    Ok((key, value))
}

/// Faults of fields, each with the field's place.
fn items<T>(
    name: &str,
    items: &[TagValue],
    parsed: impl Fn(&TagValue) -> Result<T, Problem>,
    faults: &mut Vec<Fault>,
) {
    let mut seen = BTreeSet::new();
    for (index, item) in items.iter().enumerate() {
        let place = format!("{name}[{index}]");
        if let Err((code, problem, limit)) = parsed(item) {
            let fault = fault(code, place, format!("{name}[{index}]: {problem}")).fix(MOVES);
            faults.push(match limit {
                Some(limit) => fault.limit(limit),
                None => fault,
            });
        } else if !seen.insert(&item.tag) {
            let problem = format!("{name}[{index}]: {} appears twice", item.tag);
            faults.push(fault(FaultCode::Duplicate, place, problem).fix(MOVES));
        }
    }
}

/// The fields of a profile.
pub(super) fn profile(values: &[TagValue], server: &ServerLimits, faults: &mut Vec<Fault>) {
    items("ProfileItem", values, |item| portrait_item(item, server), faults);
}

/// Whether a source of a friendship is of the form.
pub(crate) fn is_source(source: &str) -> bool {
    source.strip_prefix(SOURCE).is_some_and(|word| {
        SOURCE_WORD.contains(word.len()) && word.bytes().all(|byte| byte.is_ascii_alphanumeric())
    })
}

/// A friend as a server keeps it; what has a fault is left out.
#[must_use]
pub(crate) fn friend(record: &Friend, server: &ServerLimits) -> friends::Friend {
    let text = |text: &Option<String>| Text::stored(text.clone().unwrap_or_default());
    let source = record.add_source.as_deref().filter(|source| !source.is_empty()).unwrap_or(SOURCE_DEFAULT);
    let mut lists: Vec<Text> = Vec::new();
    for list in &record.lists {
        let list = Text::stored(list.clone());
        if !lists.contains(&list) {
            lists.push(list);
        }
    }
    let custom = record.custom_item.iter().filter_map(|item| friend_field(item, server).ok());
    friends::Friend {
        remark: text(&record.remark),
        remark_time: Timestamp(record.remark_time.unwrap_or_default()),
        lists,
        source: Text::stored(source.to_owned()),
        wording: text(&record.add_wording),
        added: super::defaults::given(record.add_time).map_or(server.now, Timestamp),
        custom: custom.collect::<BTreeMap<_, _>>(),
    }
}

impl Checker {
    pub(super) fn friend(&mut self, record: &Friend, faults: &mut Vec<Fault>) {
        let limits = self.server.limits.friends;
        account(faults, "From_Account", &record.account);
        account(faults, "To_Account", &record.friend);
        if !record.friend.is_empty() && record.account == record.friend {
            let problem = format!("To_Account is {}, as From_Account", record.friend);
            faults.push(fault(FaultCode::AccountName, "To_Account", problem).fix("the record is left out"));
        }
        text(faults, "Remark", record.remark.as_deref(), limits.remark);
        text(faults, "AddWording", record.add_wording.as_deref(), limits.wording);
        if let Some(source) = record.add_source.as_deref().filter(|of| !of.is_empty() && !is_source(of)) {
            let max = SOURCE_WORD.max;
            let problem = format!("AddSource {source:?} is not {SOURCE} and 1 to {max} letters or digits");
            faults.push(fault(FaultCode::UnknownWord, "AddSource", problem).fix("AddSource moves into x"));
        }
        for (field, time) in [("RemarkTime", record.remark_time), ("AddTime", record.add_time)] {
            if let Some(time) = time.filter(|time| u64::from(u32::MAX) < *time) {
                let problem = format!("{field} is {time}; at most {} is allowed", u32::MAX);
                faults.push(fault(FaultCode::TooLarge, field, problem).fix(format!("{field} is removed")));
            }
        }
        for (index, list) in record.lists.iter().enumerate() {
            let place = format!("GroupName[{index}]");
            if list.is_empty() {
                faults.push(missing(&place).fix("the list is left out"));
            } else if !limits.list_name.contains(list.len()) {
                let problem = TextOutOfBounds { got: list.len(), allowed: limits.list_name };
                let fault = fault(FaultCode::Length, place.clone(), format!("{place} {problem}"));
                faults.push(fault.limit(limits.list_name.max).fix("the list moves into x"));
            }
        }
        let server = std::sync::Arc::clone(&self.server);
        items("CustomItem", &record.custom_item, |item| friend_item(item, &server), faults);
        self.place_of_friend(record, faults);
    }

    /// Takes the friend among those of the account.
    fn place_of_friend(&mut self, record: &Friend, faults: &mut Vec<Fault>) {
        let limits = self.server.limits.friends;
        if self.friends.account != record.account {
            self.friends = FriendsState { account: record.account.clone(), ..FriendsState::default() };
        }
        let state = &mut self.friends;
        if state.last.as_ref() == Some(&record.friend) {
            let problem = format!("another record has the friend {} of {}", record.friend, record.account);
            faults.push(fault(FaultCode::Duplicate, "To_Account", problem).fix(DROPPED));
            return;
        }
        state.last = Some(record.friend.clone());
        if !faults.is_empty() {
            return;
        }
        let new = record.lists.iter().filter(|list| !state.lists.contains(*list)).collect::<BTreeSet<_>>();
        if limits.lists < state.lists.len() + new.len() {
            let problem = format!("{} has more than {} lists of friends", record.account, limits.lists);
            let fault = fault(FaultCode::TooMany, "GroupName", problem).limit(limits.lists);
            faults.push(fault);
        } else if limits.count <= state.count {
            let problem = format!("{} has more than {} friends", record.account, limits.count);
            faults.push(fault(FaultCode::TooMany, "To_Account", problem).limit(limits.count));
        } else {
            state.count += 1;
            state.lists.extend(new.into_iter().cloned());
        }
    }
}
