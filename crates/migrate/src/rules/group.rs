//! Rules of groups, and what is remembered of the current one.

use super::values::DROPPED;
use super::values::{account, fault, fields, is_future, missing, text, unknown_word};
use super::{Checker, Entry, FaultCode, Record, ServerLimits, defaults, legal};
use crate::fault::Fault;
use crate::format::Group;
use crate::seen::Seen;
use landfall_domain::group::{GroupType, JoinOption};
use landfall_domain::ids::GroupId;
use landfall_domain::limits::{CUSTOM_GROUP_ID_BYTES_MAX, Limits};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What became of a group's record, or of a topic's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    Fine,
    Faulty,
    /// There is none.
    Missing,
}

/// What is remembered of the group whose records come.
#[derive(Debug)]
pub(super) struct GroupState {
    pub(super) server: Arc<ServerLimits>,
    pub(super) id: String,
    pub(super) standing: Standing,
    /// `None` when its type is not known.
    pub(super) kind: Option<GroupType>,
    /// Its `CreateTime`.
    pub(super) created: u64,
    /// `CreateTime` that lets everything in that came before it.
    pub(super) created_early_enough: u64,
    pub(super) owner: Option<String>,
    /// Whether a record of its owner as a member came.
    pub(super) owner_listed: bool,
    pub(super) max_members: u32,
    /// Records of members.
    pub(super) listed_members: u32,
    pub(super) has_topics: bool,
    pub(super) members: Members,
    pub(super) topics: BTreeMap<String, Standing>,
    /// Messages by what identifies them.
    pub(super) messages: Seen,
    /// Topic and account of the last read mark; equal ones come one after the other.
    pub(super) last_read: Option<(String, String)>,
}

/// The accounts of members, as hashes.
#[derive(Debug, Default)]
pub(super) struct Members {
    fine: BTreeSet<u64>,
    faulty: BTreeSet<u64>,
}

impl Members {
    /// Adds a member. Of those with faults, no more are held than a group can have members.
    pub(super) fn insert(&mut self, account: &str, is_fine: bool) {
        if is_fine {
            self.fine.insert(hash(account));
        } else if self.faulty.len() < FAULTY_MEMBERS_MAX {
            self.faulty.insert(hash(account));
        }
    }

    /// `None` when there is no such member, or whether its record is fine.
    pub(super) fn find(&self, account: &str) -> Option<bool> {
        let hash = hash(account);
        self.fine.contains(&hash).then_some(true).or_else(|| self.faulty.contains(&hash).then_some(false))
    }

    /// Members without faults.
    pub(super) fn count(&self) -> usize {
        self.fine.len()
    }
}

const FAULTY_MEMBERS_MAX: usize = 1_000_000;

fn hash(account: &str) -> u64 {
    xxhash_rust::xxh3::xxh3_64(account.as_bytes())
}

impl GroupState {
    /// Whether the records of this group that `record` needs are fine.
    pub(super) fn carries(&self, record: &Record) -> bool {
        let (topic, reader) = match record {
            Record::Account(_) | Record::File(_) | Record::Friend(_) | Record::Block(_) => return true,
            Record::Message(message) if message.receiver().is_some() => return true,
            Record::Read(read) if read.peer().is_some() => return true,
            Record::Group(_) | Record::Topic(_) | Record::Member(_) => (None, None),
            Record::Message(message) => (message.topic_id.as_ref(), None),
            Record::Read(read) => (read.topic_id.as_ref(), Some(&read.account)),
        };
        self.standing == Standing::Fine
            && reader.is_none_or(|account| self.members.find(account) == Some(true))
            && topic.is_none_or(|topic| topic.is_empty() || self.topics.get(topic) == Some(&Standing::Fine))
    }

    /// `MaxMemberNum` that holds more of the members that are listed, where the server allows one.
    pub(super) fn max_members_needed(&self) -> Option<u32> {
        let limit = defaults::max_members_limit(self.kind?, &self.server.limits);
        let needed = self.listed_members.saturating_add(1).min(limit);
        (self.max_members < needed).then_some(needed)
    }

    /// Faults of a record that names this group or one of its topics. `topic` is empty for none.
    pub(super) fn is_there(&self, topic: Option<&str>, faults: &mut Vec<Fault>) {
        if self.standing == Standing::Missing {
            let problem = if self.id.is_empty() {
                missing("GroupId")
            } else {
                let problem = format!("no group record has the GroupId {:?}", self.id);
                fault(FaultCode::NoSuchGroup, "GroupId", problem)
            };
            faults.push(problem);
        } else if let Some(topic) = defaults::text(topic)
            && !self.topics.contains_key(topic)
        {
            let problem = format!("no topic record has the TopicId {topic:?}");
            faults.push(fault(FaultCode::NoSuchTopic, "TopicId", problem));
        }
    }
}

impl Checker {
    /// The group that `entry` belongs to.
    pub(super) fn group(&mut self, entry: &Entry) -> &mut GroupState {
        let id = entry.record.group_id().unwrap_or_default();
        let state = self.group.take().filter(|group| group.id == id);
        self.group.insert(state.unwrap_or_else(|| GroupState {
            server: Arc::clone(&self.server),
            id: id.to_owned(),
            standing: Standing::Missing,
            kind: None,
            created: defaults::created_of_unknown(&entry.outline, self.server.now),
            created_early_enough: 0,
            owner: None,
            owner_listed: false,
            max_members: u32::MAX,
            listed_members: entry.outline.members,
            has_topics: true,
            members: Members::default(),
            topics: BTreeMap::new(),
            messages: Seen::default(),
            last_read: None,
        }))
    }

    /// The record of a group begins it.
    pub(super) fn begin(&mut self, record: &Group, entry: &Entry, faults: &mut Vec<Fault>) {
        let now = self.server.now;
        let kind = check(record, entry, &self.server, faults);
        let state = self.group(entry);
        if record.group_id.is_empty() {
            return;
        }
        if state.standing != Standing::Missing {
            let problem = format!("another record has the GroupId {}", record.group_id);
            faults.push(fault(FaultCode::Duplicate, "GroupId", problem).fix(DROPPED));
            return;
        }
        state.standing = if faults.is_empty() { Standing::Fine } else { Standing::Faulty };
        state.kind = kind;
        state.created = defaults::created(record, &entry.outline, now);
        state.created_early_enough = defaults::created_of_unknown(&entry.outline, now);
        state.owner = defaults::owner(record, &entry.outline).map(str::to_owned);
        if let Some(kind) = state.kind {
            state.max_members = defaults::max_members(record, kind, &entry.outline, &state.server.limits);
            state.has_topics = defaults::supports_topics(record, kind, &entry.outline);
        }
        if let Some(owner) = &state.owner {
            state.members.insert(owner, true);
        }
    }
}

/// Returns the type of the group, where it can be imported.
fn check(record: &Group, entry: &Entry, server: &ServerLimits, faults: &mut Vec<Fault>) -> Option<GroupType> {
    let limits = &server.limits;
    let kind = kind(record, faults);
    id(&record.group_id, kind, limits, faults);
    text(faults, "Name", Some(&record.name), limits.name);
    text(faults, "Introduction", record.introduction.as_deref(), limits.introduction);
    text(faults, "Notification", record.notification.as_deref(), limits.notification);
    text(faults, "FaceUrl", record.face_url.as_deref(), limits.face_url);
    if let Some(owner) = defaults::text(record.owner.as_deref()) {
        account(faults, "Owner_Account", owner);
    }
    if let Some(kind) = kind {
        member_limit(record, kind, limits, faults);
        join_option(record, kind, faults);
    }
    let rules = server.group_fields.as_deref();
    fields(faults, "AppDefinedData", &record.app_defined_data, kind, rules, limits.group_fields);
    if let Some(flag) = record.support_topic.filter(|flag| 1 < *flag) {
        let problem = format!("SupportTopic is {flag}; 0 and 1 are allowed");
        faults
            .push(fault(FaultCode::TooLarge, "SupportTopic", problem).limit(1).fix("SupportTopic becomes 1"));
    }
    if let Some(created) = defaults::given(record.create_time).filter(|time| is_future(*time, server.now)) {
        let problem = format!("CreateTime is {created}, which is not before now ({})", server.now.0);
        let becomes = defaults::created_of_unknown(&entry.outline, server.now);
        faults.push(
            fault(FaultCode::BadTime, "CreateTime", problem).fix(format!("CreateTime becomes {becomes}")),
        );
    }
    kind
}

/// The type of a group, where it can be imported.
fn kind(record: &Group, faults: &mut Vec<Fault>) -> Option<GroupType> {
    const KNOWN: &str = "Public, Private, ChatRoom or Community";
    let word = &record.kind;
    match GroupType::parse(word) {
        Some(kind) if kind.can().import => Some(kind),
        None if word.is_empty() => {
            faults.push(missing("Type"));
            None
        }
        None if word != "BChatRoom" => {
            faults.push(unknown_word("Type", word, KNOWN));
            None
        }
        Some(_) | None => {
            let problem = format!("groups of Type {word} cannot be imported; {KNOWN} can");
            faults.push(fault(FaultCode::TypeNotImportable, "Type", problem).fix("Type becomes Public"));
            None
        }
    }
}

fn id(raw: &str, kind: Option<GroupType>, limits: &Limits, faults: &mut Vec<Fault>) {
    if raw.is_empty() {
        faults.push(missing("GroupId"));
        return;
    }
    let kind = kind.unwrap_or(GroupType::Public);
    let parse = if limits.generated_ids { GroupId::parse_moved } else { GroupId::parse_custom };
    if let Err(problem) = parse(raw, kind) {
        let fault = fault(FaultCode::GroupName, "GroupId", format!("GroupId {raw:?} {problem}"));
        let fix = legal::group(raw, kind).map(|legal| format!("GroupId becomes {legal}, everywhere"));
        faults.push(Fault { fix, ..fault.limit(CUSTOM_GROUP_ID_BYTES_MAX) });
    }
}

fn member_limit(record: &Group, kind: GroupType, limits: &Limits, faults: &mut Vec<Fault>) {
    let max = defaults::max_members_limit(kind, limits);
    if let Some(given) = record.max_member_num.filter(|given| max < *given) {
        let problem = format!("MaxMemberNum is {given}; at most {max} is allowed");
        let fault = fault(FaultCode::TooLarge, "MaxMemberNum", problem);
        faults.push(
            fault
                .limit(usize::try_from(max).unwrap_or(usize::MAX))
                .fix(format!("MaxMemberNum becomes {max}")),
        );
    }
}

/// Communities ignore the options.
fn join_option(record: &Group, kind: GroupType, faults: &mut Vec<Fault>) {
    if kind == GroupType::Community {
        return;
    }
    if let Some(word) = defaults::text(record.apply_join_option.as_deref())
        && JoinOption::parse(word).is_none()
    {
        let fault = unknown_word("ApplyJoinOption", word, "FreeAccess, NeedPermission or DisableApply");
        let default = kind.default_join_option_on_import().as_str();
        faults.push(fault.fix(format!("ApplyJoinOption becomes {default}")));
    }
    if let Some(word) = defaults::text(record.history_msg_before_join.as_deref())
        && !matches!(word, "On" | "Off")
    {
        let fault = unknown_word("HistoryMsgBeforeJoin", word, "On or Off");
        faults.push(fault.fix("HistoryMsgBeforeJoin is left out"));
    }
}
