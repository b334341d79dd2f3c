//! Makes records of what readers find in a source, and settles by defaults what the source leaves open.
//!
//! A reader hands over users, conversations, members and messages as its source has them; a conversation comes before its messages,
//! everything else in any order. Messages become records at once. Accounts, groups and members are held until the end, because
//! messages tell more about them: who else wrote, and when the group must have been there. Defaults:
//!
//! - An account that the source does not list becomes an account of its own and is counted; so does the sender of a message without
//!   one. It becomes no member, unless the source lists none.
//! - A group is made before its first message: where its time is later or missing, one second before. Without any message and
//!   time it is made one second before the first message of all.
//! - A member whose time of joining is missing or not later than the group joins right after the group was made, and sees everything.
//! - The owner is the source's where it is a member, or else the administrator who joined first. Private groups have no
//!   administrators.
//! - A group with more than half of the members that it could have by default gets the largest limit. [choice]

pub mod body;
pub mod ids;
pub mod model;
pub mod texts;

mod groups;
mod messages;
mod state;

use self::model::{Channel, Member, ReadMark, User};
use self::state::{ChannelState, MemberState, UserState};
use super::kind::Format;
use super::sink::{ConvertError, Converted, Found, FoundUser, Sink};
use crate::fault::{Fault, FaultCode};
use crate::format::{Account, Json, Kind, Record};
use crate::losses::{LossKind, Losses};
use crate::mapping::{ChannelKind, Mapping, MappingError, UserRule};
use landfall_domain::limits::Limits;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::io;

/// What an account is called that sent messages without a sender.
pub const NOBODY: &str = "unknown-sender";

/// Collects a source.
pub struct Builder<'a> {
    src: String,
    mapping: &'a Mapping,
    limits: &'a Limits,
    sink: &'a mut dyn Sink,
    /// Members name accounts by their place here.
    users: Vec<UserState>,
    user_places: BTreeMap<String, usize>,
    /// The source's id of each account that was taken.
    accounts: BTreeMap<String, String>,
    channels: BTreeMap<String, ChannelState>,
    group_ids: BTreeMap<String, String>,
    /// Files that were written: those whose content is in the export.
    file_keys: BTreeSet<String>,
    losses: Losses,
    found: Found,
    records: u64,
    messages: u64,
    faults: u64,
}

impl<'a> Builder<'a> {
    /// Begins a conversion.
    pub fn new(format: Format, mapping: &'a Mapping, limits: &'a Limits, sink: &'a mut dyn Sink) -> Self {
        let found = Found {
            format,
            channels: 0,
            direct: 0,
            users: 0,
            placeholders: 0,
            messages: 0,
            files: 0,
            first_ms: None,
            last_ms: None,
        };
        Self {
            src: mapping.source.clone().unwrap_or_else(|| format.as_str().to_owned()),
            mapping,
            limits,
            sink,
            users: Vec::new(),
            user_places: BTreeMap::new(),
            accounts: BTreeMap::new(),
            channels: BTreeMap::new(),
            group_ids: BTreeMap::new(),
            file_keys: BTreeSet::new(),
            losses: Losses::default(),
            found,
            records: 0,
            messages: 0,
            faults: 0,
        }
    }

    /// Reports what is wrong with a part of the source, which is left out.
    ///
    /// # Errors
    /// The output fails.
    pub fn fault(&mut self, fault: Fault) -> io::Result<()> {
        self.faults += 1;
        self.sink.fault(fault)
    }

    /// Counts something that is lost, changed or made up.
    pub fn lose(&mut self, kind: LossKind, example: impl Into<String>) {
        self.losses.count(kind, example);
    }

    /// Says what sources of this format never have, such as `read marks`.
    pub fn absent(&mut self, what: &'static str) {
        self.losses.absent(what);
    }

    fn write(&mut self, record: Record) -> io::Result<()> {
        self.records += 1;
        self.sink.record(record)
    }

    /// Takes an account that the source lists. One that comes again changes nothing.
    ///
    /// # Errors
    /// The output fails.
    pub fn user(&mut self, user: User) -> io::Result<()> {
        let place = match self.user_places.get(&user.id) {
            Some(place) => *place,
            None => self.new_user(&user.id)?,
        };
        let Some(state) = self.users.get_mut(place).filter(|state| !state.listed) else { return Ok(()) };
        state.listed = true;
        state.face_url = user.face_url.into();
        state.x = (!user.x.is_null()).then(|| user.x.into());
        if !state.nick_is_mapped && !user.nick.trim().is_empty() {
            state.nick = user.nick.trim().into();
        }
        self.found.users += 1;
        Ok(())
    }

    /// Whether the source has listed the account so far.
    #[must_use]
    pub fn knows_user(&self, user: &str) -> bool {
        self.user_places.get(user).and_then(|place| self.users.get(*place)).is_some_and(|state| state.listed)
    }

    /// What an account is called, as far as it is known.
    #[must_use]
    pub fn nick(&self, user: &str) -> Option<&str> {
        let state = self.users.get(*self.user_places.get(user)?)?;
        Some(state.shown()).filter(|nick| !nick.is_empty())
    }

    /// Whether a conversation was handed over.
    #[must_use]
    pub fn knows_channel(&self, channel: &str) -> bool {
        self.channels.contains_key(channel)
    }

    /// Whether a conversation was handed over and the mapping wants it.
    #[must_use]
    pub fn wants_channel(&self, channel: &str) -> bool {
        self.channels.get(channel).is_some_and(|state| !state.left_out)
    }

    /// Counts a message that the source has twice; the reader leaves out the second.
    pub fn repeated_message(&mut self, key: &str) {
        self.found.messages += 1;
        self.losses.count(LossKind::RepeatedMessages, key);
    }

    /// What a conversation is called in the source, as far as it is known.
    #[must_use]
    pub fn channel_name(&self, channel: &str) -> Option<&str> {
        self.channels.get(channel).map(|state| state.channel.name.as_str()).filter(|name| !name.is_empty())
    }

    /// The place of an account; one that is new is not listed until [`Builder::user`] says so.
    fn place(&mut self, user: &str, nick: &str) -> io::Result<usize> {
        let place = match self.user_places.get(user) {
            Some(place) => *place,
            None => self.new_user(user)?,
        };
        if let Some(state) = self.users.get_mut(place)
            && state.nick.is_empty()
            && !nick.trim().is_empty()
        {
            state.nick = nick.trim().into();
        }
        Ok(place)
    }

    fn new_user(&mut self, id: &str) -> io::Result<usize> {
        let rule = self.mapping.users.get(id);
        let account = rule.and_then(|rule| rule.id.clone()).unwrap_or_else(|| ids::account(id));
        if let Some(other) = self.accounts.insert(account.clone(), id.to_owned()) {
            let text = format!(
                "the users {other} and {id} of the source both become the account {account}; give one of them another id in the mapping file"
            );
            self.fault(Fault::new(0, FaultCode::Duplicate, text).of(Kind::Account, id).field("UserID"))?;
        }
        let nick = rule.and_then(|rule| rule.nick.as_deref()).unwrap_or_default();
        self.users.push(UserState {
            id: id.into(),
            account: account.into(),
            nick_is_mapped: !nick.is_empty(),
            nick: nick.into(),
            face_url: Box::default(),
            x: None,
            listed: false,
            left_out: rule.is_some_and(|rule: &UserRule| rule.leave_out),
        });
        let place = self.users.len() - 1;
        self.user_places.insert(id.to_owned(), place);
        Ok(place)
    }

    /// Takes a conversation. Returns whether the mapping wants it; the reader may skip its messages otherwise.
    ///
    /// # Errors
    /// The output fails, or the mapping gives it an id that cannot be.
    pub fn channel(&mut self, channel: Channel) -> Result<bool, ConvertError> {
        if self.channels.contains_key(&channel.id) {
            let text = "the source lists this conversation twice; the first is used";
            self.fault(Fault::new(0, FaultCode::Duplicate, text).of(Kind::Group, channel.id.clone()))?;
            return Ok(false);
        }
        let kind = self.mapping.group_kind(&channel.id, channel.kind);
        let rule = self.mapping.channels.get(&channel.id);
        let left_out = rule.is_some_and(|rule| rule.leave_out);
        let group_id = match rule.and_then(|rule| rule.id.clone()) {
            Some(id) => {
                if let Some(problem) = ids::problem(&id, kind) {
                    let place = format!("channels.{:?}", channel.id);
                    return Err(MappingError::BadId { place, problem }.into());
                }
                id
            }
            None => {
                let id = ids::group(&channel.id, kind);
                if id.strip_prefix("@TGS#_").unwrap_or(&id) != channel.id {
                    self.lose(LossKind::IdsChanged, format!("channel {} becomes {id}", channel.id));
                }
                id
            }
        };
        if let Some(other) = self.group_ids.insert(group_id.clone(), channel.id.clone()) {
            let text = format!(
                "the conversations {other} and {} of the source both become the group {group_id}; give one of them another id in the mapping file",
                channel.id
            );
            self.fault(
                Fault::new(0, FaultCode::Duplicate, text)
                    .of(Kind::Group, channel.id.clone())
                    .field("GroupId"),
            )?;
        }
        let counter = match channel.kind {
            ChannelKind::Direct | ChannelKind::GroupDirect => &mut self.found.direct,
            ChannelKind::Public | ChannelKind::Private | ChannelKind::Broadcast => &mut self.found.channels,
        };
        *counter += 1;
        if left_out {
            self.lose(LossKind::LeftOutChannels, channel.id.clone());
        }
        let state = ChannelState::new(channel, group_id, kind, left_out);
        self.channels.insert(state.channel.id.clone(), state);
        Ok(!left_out)
    }

    /// Takes a member of a conversation that was handed over. One that comes again adds what was not known: the higher role, the earlier
    /// time.
    ///
    /// # Errors
    /// The output fails.
    pub fn member(&mut self, channel: &str, member: Member) -> io::Result<()> {
        let place = self.place(&member.user, "")?;
        let Some(state) = self.channels.get_mut(channel) else {
            return self.no_such_channel(Kind::Member, channel, &member.user);
        };
        state.members.entry(place).or_default().merge(member);
        Ok(())
    }

    /// Takes how far a member has read.
    ///
    /// # Errors
    /// The output fails.
    pub fn read(&mut self, channel: &str, user: &str, mark: ReadMark) -> io::Result<()> {
        let place = self.place(user, "")?;
        let Some(state) = self.channels.get_mut(channel) else {
            return self.no_such_channel(Kind::Read, channel, user);
        };
        state.reads.insert(place, mark);
        Ok(())
    }

    fn no_such_channel(&mut self, kind: Kind, channel: &str, name: &str) -> io::Result<()> {
        let text = format!("the source has no conversation {channel:?}");
        self.fault(Fault::new(0, FaultCode::NoSuchGroup, text).of(kind, name))
    }

    /// Writes what was held, and says what was found and lost.
    ///
    /// # Errors
    /// The output fails, or the mapping has entries for what the source does not have.
    pub fn finish(mut self) -> Result<Converted, ConvertError> {
        if self.channels.is_empty() && self.users.is_empty() {
            self.fault(Fault::new(0, FaultCode::Empty, "the source has no conversation, user or message"))?;
        }
        let channels = self.channels.keys().map(String::as_str);
        self.mapping.check_known(channels, self.user_places.keys().map(String::as_str))?;
        let users = self.write_accounts()?;
        let channels = self.write_groups()?;
        Ok(Converted {
            found: self.found,
            records: self.records,
            messages: self.messages,
            faults: self.faults,
            losses: self.losses.into_list(),
            channels,
            users,
        })
    }

    fn write_accounts(&mut self) -> io::Result<Vec<FoundUser>> {
        let mut found = Vec::with_capacity(self.users.len());
        for place in self.user_places.values().copied().collect::<Vec<_>>() {
            let Some(user) = self.users.get(place).cloned() else { continue };
            let id = user.id.to_string();
            found.push(FoundUser {
                id: id.clone(),
                nick: user.shown().to_owned(),
                account: user.account.to_string(),
                placeholder: !user.listed,
                left_out: user.left_out,
            });
            if !user.listed {
                self.found.placeholders += 1;
                self.lose(LossKind::Placeholders, id.clone());
            }
            if user.left_out {
                self.lose(LossKind::LeftOutUsers, id);
                continue;
            }
            let account = self.account_record(&user);
            self.write(Record::Account(account))?;
        }
        Ok(found)
    }

    fn account_record(&mut self, user: &UserState) -> Account {
        let id = user.id.to_string();
        let mut x = user.x.as_ref().map(Json::value).unwrap_or_default();
        if !user.listed {
            state::put(&mut x, "placeholder", Value::from(true));
        }
        if *user.account != *id && self.mapping.users.get(&id).is_none_or(|rule| rule.id.is_none()) {
            self.lose(LossKind::IdsChanged, format!("user {id} becomes {}", user.account));
        }
        let nick = texts::cut(&user.nick, self.limits.profile_value.max);
        if nick.len() < user.nick.trim().len() {
            self.lose(LossKind::NicksCut, id.clone());
            state::put(&mut x, "nick", Value::from(&*user.nick));
        }
        let mut face_url = (!user.face_url.is_empty()).then(|| user.face_url.to_string());
        if face_url.as_ref().is_some_and(|url| self.limits.profile_value.max < url.len()) {
            self.lose(LossKind::Pictures, id.clone());
            state::put(&mut x, "picture", Value::from(face_url.take()));
        }
        Account {
            src: self.src.clone(),
            key: id,
            user_id: user.account.to_string(),
            nick: (!nick.is_empty()).then(|| nick.to_owned()),
            face_url,
            x: state::extras(x),
        }
    }
}

impl MemberState {
    fn merge(&mut self, member: Member) {
        self.role = self.role.max(member.role);
        self.joined_ms = match (self.joined_ms, member.joined_ms) {
            (Some(known), Some(new)) => Some(known.min(new)),
            (known, new) => known.or(new),
        };
        if !member.name_card.is_empty() {
            self.name_card = member.name_card.into();
        }
        if !member.x.is_null() {
            self.x = Some(member.x.into());
        }
    }
}
