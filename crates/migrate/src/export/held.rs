//! What an export into another format holds of a neutral file: everything but its messages.

use super::lost::{self, Lost};
use super::marks::{Marks, Times};
use super::place::{Place, is_pair};
use crate::format::{Account, File, Group, Json, LineError, Message, Reader, Record, Topic};
use std::collections::BTreeMap;
use std::io;
use std::path::Path;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Role {
    Owner,
    Admin,
    #[default]
    Member,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Membership {
    pub(crate) role: Role,
    /// Seconds since 1970.
    pub(crate) joined: Option<u64>,
    /// `x` of a member that came from Stream, which has a place for it.
    pub(crate) x: Option<Json>,
}

/// The texts of a group before they were cut to the limits of the API.
pub(crate) struct Heading {
    pub(crate) name: String,
    pub(crate) introduction: String,
    pub(crate) notification: String,
}

impl Heading {
    /// A conversion keeps what it cuts in `x`, and the whole name in front of the introduction.
    pub(crate) fn of(group: &Group, topic: Option<&Topic>) -> Self {
        let owned = |text: &Option<String>| text.clone().unwrap_or_default();
        if let Some(topic) = topic {
            let (introduction, notification) = (owned(&topic.introduction), owned(&topic.notification));
            return Self { name: topic.topic_name.clone(), introduction, notification };
        }
        let x = group.x.as_ref().map(Json::value).unwrap_or_default();
        let whole = |member: &str| x.get(member)?.as_str().map(str::to_owned);
        let introduction = owned(&group.introduction);
        let bare = whole("name").and_then(|name| {
            introduction.strip_prefix(&name).map(|rest| rest.trim_start_matches('\n').to_owned())
        });
        Self {
            name: whole("name").unwrap_or_else(|| group.name.clone()),
            introduction: whole("introduction").or(bare).unwrap_or(introduction),
            notification: whole("notification").unwrap_or_else(|| owned(&group.notification)),
        }
    }
}

/// The records of a file, without its messages.
#[derive(Default)]
pub(crate) struct Held {
    pub(crate) accounts: BTreeMap<String, Account>,
    pub(crate) groups: BTreeMap<String, Group>,
    pub(crate) topics: BTreeMap<Place, Topic>,
    /// By group, then account.
    pub(crate) members: BTreeMap<String, BTreeMap<String, Membership>>,
    /// How far an account has read, milliseconds since 1970.
    reads: Times,
    /// When the newest message was sent, milliseconds since 1970; known when the messages were read.
    newest: BTreeMap<Place, u64>,
    /// Files by key, where the key is not already the path.
    files: BTreeMap<String, String>,
    marks: Marks,
    pub(crate) lost: Lost,
}

impl Held {
    /// Reads everything but the messages.
    ///
    /// # Errors
    /// The file cannot be read.
    pub(crate) fn read(file: &Path) -> io::Result<Self> {
        let mut held = Self::default();
        let bad = each(file, |_, record| held.take(record))?;
        (0..bad).for_each(|_| held.lost.count(lost::LINES));
        Ok(held)
    }

    fn take(&mut self, record: Record) {
        match record {
            Record::Account(account) => {
                self.accounts.insert(account.user_id.clone(), account);
            }
            Record::File(file) => self.take_file(file),
            Record::Friend(_) => self.lost.count(lost::FRIENDS),
            Record::Block(_) => self.lost.count(lost::BLOCKS),
            Record::Group(group) => {
                if let Some(owner) = &group.owner {
                    self.know(owner);
                    let owner = self.members.entry(group.group_id.clone()).or_default().entry(owner.clone());
                    owner.or_default().role = Role::Owner;
                }
                self.groups.insert(group.group_id.clone(), group);
            }
            Record::Topic(topic) => {
                self.topics.insert(Place::new(&topic.group_id, Some(&topic.topic_id)), topic);
            }
            Record::Member(member) => {
                self.know(&member.account);
                let more = !member.app_member_defined_data.is_empty() || member.mute_until.is_some();
                self.lost.count_if(more || member.name_card.is_some(), lost::NAME_CARDS);
                let x = member.x.filter(|_| member.src.starts_with("stream"));
                let entry =
                    self.members.entry(member.group_id).or_default().entry(member.account).or_default();
                entry.joined = member.join_time;
                entry.x = x;
                match member.role.as_deref() {
                    Some("Owner") => entry.role = Role::Owner,
                    Some("Admin") if entry.role == Role::Member => entry.role = Role::Admin,
                    Some(_) | None => {}
                }
            }
            Record::Message(message) => {
                if let Some(to) = message.receiver() {
                    self.know_pair(&message.from, to, &message.src);
                }
            }
            Record::Read(read) => match read.read_ms {
                Some(ms) => {
                    self.reads.entry(Place::of_read(&read)).or_default().insert(read.account, ms);
                }
                None => self.marks.take(read, &mut self.lost),
            },
        }
    }

    /// A one-to-one conversation is held like a group of its accounts.
    fn know_pair(&mut self, one: &str, other: &str, src: &str) {
        let Place { group: id, .. } = Place::pair(one, other);
        if self.groups.contains_key(&id) {
            return;
        }
        for account in [one, other] {
            self.know(account);
            self.members.entry(id.clone()).or_default().entry(account.to_owned()).or_default();
        }
        let kind = "Private".to_owned();
        self.groups.insert(id.clone(), Group { group_id: id, src: src.to_owned(), kind, ..Group::default() });
    }

    /// The groups, one-to-one conversations first.
    pub(crate) fn pairs_first(&self) -> impl Iterator<Item = (&String, &Group)> {
        let (pairs, groups): (Vec<_>, Vec<_>) = self.groups.iter().partition(|(id, _)| is_pair(id));
        pairs.into_iter().chain(groups)
    }

    fn take_file(&mut self, file: File) {
        if let Some(place) = file.path.or(file.url).filter(|place| *place != file.key) {
            self.files.insert(file.key, place);
        }
    }

    fn know(&mut self, account: &str) {
        if !self.accounts.contains_key(account) {
            let record = Account { user_id: account.to_owned(), ..Account::default() };
            self.accounts.insert(account.to_owned(), record);
        }
    }

    /// Reads the messages, in the order of the file; `take` gets the line and the message. Accounts that only messages name are
    /// held from then on, and read marks that name messages have their times.
    ///
    /// # Errors
    /// The file cannot be read, or `take` fails.
    pub(crate) fn messages(
        &mut self,
        file: &Path,
        mut take: impl FnMut(u64, Message) -> io::Result<()>,
    ) -> io::Result<()> {
        let mut marks = std::mem::take(&mut self.marks);
        let mut failed = Ok(());
        each(file, |line, record| {
            let Record::Message(message) = record else { return };
            if failed.is_err() {
                return;
            }
            self.know(&message.from);
            message.reactions.iter().flat_map(|reaction| &reaction.accounts).for_each(|who| self.know(who));
            marks.see(&message, &mut self.reads);
            failed = take(line, message);
        })?;
        self.newest = marks.finish(&mut self.reads);
        failed
    }

    /// How far a member has read, milliseconds since 1970; `None` for nothing. In the neutral file, whoever has no mark has read
    /// everything; where the group came from the format that it is written in, nothing is known then. `format` is its word.
    #[must_use]
    pub(crate) fn read_ms(&self, place: &Place, account: &str, format: &str) -> Option<u64> {
        let known = self.reads.get(place).and_then(|reads| reads.get(account)).copied();
        let is_of_format = self.groups.get(&place.group).is_some_and(|group| group.src.starts_with(format));
        let newest = || self.newest.get(place).copied().filter(|_| !is_of_format);
        known.or_else(newest).filter(|ms| *ms != 0)
    }

    /// Where the content of a file lies: a path or an address. `address` is what an element of a message has.
    #[must_use]
    pub(crate) fn file<'a>(&'a self, address: &'a str) -> &'a str {
        let Some(key) = address.strip_prefix("file:") else { return address };
        self.files.get(key).map_or(key, String::as_str)
    }
}

/// The records of a file. Answers how many lines are none.
fn each(file: &Path, mut take: impl FnMut(u64, Record)) -> io::Result<u64> {
    let mut bad = 0;
    for line in Reader::open(file)? {
        match line {
            Ok(line) => match Record::parse(&line.text) {
                Ok(record) => take(line.number, record),
                Err(_) => bad += 1,
            },
            Err(LineError::Broken { cause, .. }) => return Err(cause),
            Err(LineError::NotUtf8 { .. } | LineError::TooLong(_)) => bad += 1,
        }
    }
    Ok(bad)
}
