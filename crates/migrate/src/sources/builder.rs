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
//! - A direct conversation becomes a Private group, or messages between two accounts where the mapping says so.
//! - A group with more than half of the members that it could have by default gets the largest limit. [choice]

pub mod body;
pub mod ids;
pub mod model;
pub mod texts;

mod accounts;
mod friends;
mod groups;
mod members;
mod messages;
mod pairs;
mod state;

use self::model::{Channel, Member, ReadMark};
use self::state::{ChannelState, UserState, Wish};
use super::kind::Format;
use super::sink::{ConvertError, Converted, Found, Sink};
use crate::fault::{Fault, FaultCode};
use crate::format::{Kind, Record};
use crate::losses::{LossKind, Losses};
use crate::mapping::{ChannelKind, GroupKind, Mapping, MappingError};
use landfall_domain::limits::Limits;
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::PathBuf;

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
    /// Where things go that do not fit in memory.
    pub(super) fn spill_directory(&self) -> PathBuf {
        self.sink.spill_directory()
    }

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
        let wanted = self.mapping.group_kind(&channel.id, channel.kind);
        let (kind, pair) = if wanted == GroupKind::OneToOne {
            (GroupKind::Private, Wish::Pair)
        } else {
            (wanted, Wish::Group)
        };
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
        let state = ChannelState { pair, ..ChannelState::new(channel, group_id, kind, left_out) };
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

    /// Takes when a member joined, where a message says so. Accounts that the source does not list as members have left since.
    ///
    /// # Errors
    /// The output fails.
    pub fn joined(&mut self, channel: &str, user: &str, ms: u64) -> io::Result<()> {
        let place = self.place(user, "")?;
        let Some(state) = self.channels.get_mut(channel) else { return Ok(()) };
        if state.channel.authors_are_members || state.members.contains_key(&place) {
            let member = Member { user: user.to_owned(), joined_ms: Some(ms), ..Member::default() };
            state.members.entry(place).or_default().merge(member);
        }
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
}
