//! Mends records: the reverse of what `rules` finds, as far as that needs no person.

use super::line::with_members;
use super::split;
use crate::format::{
    Account, Block, CustomValue, File, Friend, Group, Json, Member, Message, Read, Record, TagValue, Topic,
    address,
};
use crate::ordered::{Entry, Outline};
use crate::rules::{ServerLimits, defaults, legal, people};
use landfall_domain::fields::{FieldKey, FieldRule};
use landfall_domain::group::{GroupType, JoinOption};
use landfall_domain::ids::{GroupId, TopicId};
use landfall_domain::limits::{FieldLimits, Span};
use landfall_domain::member::Role;
use serde_json::Map;
use std::collections::BTreeSet;

/// Mends the records of a file, in the order of an import.
pub(super) struct Mender {
    server: ServerLimits,
    group: Mended,
    changes: Vec<String>,
}

/// What is mended of the current group.
#[derive(Default)]
struct Mended {
    /// Its id in the file.
    raw: String,
    /// Its legal id.
    id: String,
    /// Whether its owner is known from the records of members only.
    owner_from_members: bool,
    /// Whether its record came; a second one changes nothing.
    begun: bool,
    kind: Option<GroupType>,
    created: u64,
    owner: Option<String>,
}

impl Mender {
    pub(super) fn new(server: ServerLimits) -> Self {
        Self { server, group: Mended::default(), changes: Vec::new() }
    }

    /// What a record becomes, and what is changed. A record without a fault changes only if others need that.
    pub(super) fn mend(&mut self, entry: &Entry, is_fine: bool) -> (Vec<Record>, Vec<String>) {
        let mut record = entry.record.clone();
        if record.group_id().is_some_and(|id| id != self.group.raw) {
            let id = record.group_id().unwrap_or_default().to_owned();
            self.group = Mended { raw: id.clone(), id, ..Mended::default() };
        }
        match &mut record {
            Record::Group(group) => self.group(group, &entry.outline),
            Record::Member(member) if is_fine => self.owner_role(member),
            _ if is_fine => {}
            Record::Account(account) => self.account(account),
            Record::File(file) => self.file(file),
            Record::Friend(friend) => self.friend(friend),
            Record::Block(block) => self.block(block),
            Record::Topic(topic) => self.topic(topic),
            Record::Member(member) => self.member(member),
            Record::Message(message) => self.message(message),
            Record::Read(read) => self.read(read),
        }
        let records = match record {
            Record::Message(message) if !is_fine => self.split(message),
            record @ (Record::Account(_)
            | Record::File(_)
            | Record::Friend(_)
            | Record::Block(_)
            | Record::Group(_)
            | Record::Topic(_)
            | Record::Member(_)
            | Record::Message(_)
            | Record::Read(_)) => vec![record],
        };
        (records, std::mem::take(&mut self.changes))
    }

    /// The outline of a group with the names that its records have then.
    pub(super) fn outline(outline: &Outline) -> Outline {
        let owner = outline.owner.as_deref().and_then(legal::account);
        Outline { owner, ..outline.clone() }
    }

    fn account(&mut self, record: &mut Account) {
        let limit = self.server.limits.profile_value;
        self.name(&mut record.user_id, "UserID");
        self.cut(&mut record.nick, "Nick", limit, &mut record.x);
        self.moved_if_long(&mut record.face_url, limit, &mut record.x);
        let server = self.server.clone();
        let is_fine = |item: &TagValue| people::portrait(item, &server).is_ok();
        self.tags(&mut record.profile, "ProfileItem", is_fine, &mut record.x);
    }

    fn friend(&mut self, record: &mut Friend) {
        let limits = self.server.limits.friends;
        self.name(&mut record.account, "From_Account");
        self.name(&mut record.friend, "To_Account");
        self.cut(&mut record.remark, "Remark", limits.remark, &mut record.x);
        self.cut(&mut record.add_wording, "AddWording", limits.wording, &mut record.x);
        if let Some(source) =
            record.add_source.take_if(|source| !source.is_empty() && !people::is_source(source))
        {
            self.changes.push("AddSource moves into x".to_owned());
            keep(&mut record.x, "AddSource", source);
        }
        for (field, time) in [("RemarkTime", &mut record.remark_time), ("AddTime", &mut record.add_time)] {
            if time.take_if(|time| u64::from(u32::MAX) < *time).is_some() {
                self.changes.push(format!("{field} is removed"));
            }
        }
        let fits = |list: &String| limits.list_name.contains(list.len());
        let (kept, moved): (Vec<_>, Vec<_>) = std::mem::take(&mut record.lists).into_iter().partition(fits);
        record.lists = kept;
        if !moved.is_empty() {
            self.changes.push(format!("{} lists of GroupName move into x", moved.len()));
            let more = Map::from_iter([("GroupName".to_owned(), moved.into())]);
            record.x = Some(with_members(record.x.take().map(|x| x.value()), more).into());
        }
        let server = self.server.clone();
        let is_fine = |item: &TagValue| people::friend_field(item, &server).is_ok();
        self.tags(&mut record.custom_item, "CustomItem", is_fine, &mut record.x);
    }

    fn block(&mut self, record: &mut Block) {
        self.name(&mut record.account, "From_Account");
        self.name(&mut record.blocked, "To_Account");
        if record.add_time.take_if(|time| u64::from(u32::MAX) < *time).is_some() {
            self.changes.push("AddTime is removed".to_owned());
        }
    }

    /// Fields that are not fine, or come again, move into `x`.
    fn tags(
        &mut self,
        items: &mut Vec<TagValue>,
        name: &str,
        is_fine: impl Fn(&TagValue) -> bool,
        x: &mut Option<Json>,
    ) {
        let mut seen = BTreeSet::new();
        let fits = |item: &TagValue| is_fine(item) && seen.insert(item.tag.clone());
        let (kept, moved): (Vec<_>, Vec<_>) = std::mem::take(items).into_iter().partition(fits);
        *items = kept;
        if let Ok(values @ serde_json::Value::Array(_)) = serde_json::to_value(&moved)
            && !moved.is_empty()
        {
            self.changes.push(format!("{} fields of {name} move into x", moved.len()));
            let more = Map::from_iter([(name.to_owned(), values)]);
            *x = Some(with_members(x.take().map(|x| x.value()), more).into());
        }
    }

    fn file(&mut self, record: &mut File) {
        if record.path.as_deref().is_some_and(|path| !address::stays_inside(path)) {
            record.path = None;
            self.changes.push("path is removed".to_owned());
        }
    }

    fn group(&mut self, record: &mut Group, outline: &Outline) {
        let limits = self.server.limits;
        if std::mem::replace(&mut self.group.begun, true) {
            record.group_id.clone_from(&self.group.id);
            return;
        }
        if matches!(record.kind.as_str(), "AVChatRoom" | "BChatRoom") {
            self.changes.push(format!("Type {} becomes Public", record.kind));
            record.kind = "Public".to_owned();
        }
        let kind = GroupType::parse(&record.kind);
        self.group.kind = kind;
        let kind_or_public = kind.unwrap_or(GroupType::Public);
        let is_kept = limits.generated_ids && GroupId::parse_moved(&record.group_id, kind_or_public).is_ok();
        if let Some(id) = legal::group(&record.group_id, kind_or_public)
            && !is_kept
            && id != record.group_id
        {
            self.changes.push(format!("GroupId becomes {id}"));
            record.group_id.clone_from(&id);
            self.group.id = id;
        }
        let (name, introduction) = (&mut record.name, &mut record.introduction);
        self.title(name, introduction, "Name", &mut record.x);
        self.cut(introduction, "Introduction", limits.introduction, &mut record.x);
        self.cut(&mut record.notification, "Notification", limits.notification, &mut record.x);
        self.moved_if_long(&mut record.face_url, limits.face_url, &mut record.x);
        if let Some(owner) = &mut record.owner {
            self.name(owner, "Owner_Account");
        }
        let owner = defaults::text(record.owner.as_deref()).map(str::to_owned);
        self.group.owner_from_members = owner.is_none();
        self.group.owner = owner.or_else(|| outline.owner.as_deref().and_then(legal::account));
        let rules = self.server.group_fields.clone();
        let limit = limits.group_fields;
        self.fields(&mut record.app_defined_data, "AppDefinedData", rules.as_deref(), limit, &mut record.x);
        if let Some(kind) = kind {
            self.settings(record, kind, outline);
        }
        self.created(record, outline);
    }

    fn settings(&mut self, record: &mut Group, kind: GroupType, outline: &Outline) {
        let max = defaults::max_members_limit(kind, &self.server.limits);
        let listed =
            outline.members.saturating_add(u32::from(outline.owner.as_ref() != record.owner.as_ref()));
        if let Some(given) = record.max_member_num.filter(|given| *given != 0) {
            let needed = given.max(listed).min(max);
            if needed != given {
                self.changes.push(format!("MaxMemberNum {given} becomes {needed}"));
                record.max_member_num = Some(needed);
            }
        }
        let word = defaults::text(record.apply_join_option.as_deref());
        if word.is_some_and(|word| kind != GroupType::Community && JoinOption::parse(word).is_none()) {
            let default = kind.default_join_option_on_import().as_str();
            self.changes.push(format!("ApplyJoinOption becomes {default}"));
            record.apply_join_option = Some(default.to_owned());
        }
        let word = defaults::text(record.history_msg_before_join.as_deref());
        if kind != GroupType::Community && word.is_some_and(|word| !matches!(word, "On" | "Off")) {
            self.changes.push("HistoryMsgBeforeJoin is left out".to_owned());
            record.history_msg_before_join = None;
        }
        let needs_topics = kind.can().topics && 0 < outline.topics;
        if record.support_topic.is_some_and(|flag| 1 < flag || (flag == 0 && needs_topics)) {
            self.changes.push("SupportTopic becomes 1".to_owned());
            record.support_topic = Some(1);
        }
    }

    fn created(&mut self, record: &mut Group, outline: &Outline) {
        let now = self.server.now;
        if let Some(given) = defaults::given(record.create_time) {
            let too_late = outline.first_message.is_some_and(|first| first < given);
            if too_late || now.0 <= given {
                let created = defaults::created_of_unknown(outline, now).min(given);
                record.create_time = Some(created);
                self.changes.push(format!("CreateTime {given} becomes {created}"));
            }
        }
        self.group.created = defaults::created(record, outline, now);
    }

    fn topic(&mut self, record: &mut Topic) {
        let limits = self.server.limits;
        self.topic_name(&mut record.topic_id);
        record.group_id.clone_from(&self.group.id);
        let (name, introduction) = (&mut record.topic_name, &mut record.introduction);
        self.title(name, introduction, "TopicName", &mut record.x);
        self.cut(introduction, "Introduction", limits.introduction, &mut record.x);
        self.cut(&mut record.notification, "Notification", limits.notification, &mut record.x);
        self.cut(&mut record.custom_string, "CustomString", limits.topics.custom, &mut record.x);
        self.moved_if_long(&mut record.face_url, limits.face_url, &mut record.x);
        if record.create_time.is_some_and(|time| self.server.now.0 <= time) {
            record.create_time = None;
            self.changes.push("CreateTime becomes that of the group".to_owned());
        }
    }

    fn member(&mut self, record: &mut Member) {
        let limits = self.server.limits;
        record.group_id.clone_from(&self.group.id);
        self.name(&mut record.account, "Member_Account");
        self.owner_role(record);
        let is_owner = self.group.owner.as_ref() == Some(&record.account);
        if let Some(word) = defaults::text(record.role.as_deref()) {
            let admins = self.group.kind.is_none_or(|kind| kind.can().admins);
            let becomes = match Role::parse(word) {
                Some(Role::Owner) if is_owner => Role::Owner,
                Some(Role::Owner | Role::Admin) if admins => Role::Admin,
                Some(Role::Owner | Role::Admin | Role::Member) | None => Role::Member,
            };
            if becomes.as_str() != word {
                self.changes.push(format!("Role {word} becomes {}", becomes.as_str()));
                record.role = Some(becomes.as_str().to_owned());
            }
        }
        let joined = defaults::joined(record, self.group.created);
        if !is_owner && (joined <= self.group.created || self.server.now.0 <= joined) {
            self.changes.push(format!("JoinTime {joined} is removed"));
            record.join_time = None;
        }
        self.cut(&mut record.name_card, "NameCard", limits.name_card, &mut record.x);
        let forever = u64::from(u32::MAX);
        if record.mute_until.is_some_and(|time| forever < time) {
            self.changes.push(format!("MuteUntil becomes {forever}"));
            record.mute_until = Some(forever);
        }
        let rules = self.server.member_fields.clone();
        let limit = limits.member_fields;
        let fields = &mut record.app_member_defined_data;
        self.fields(fields, "AppMemberDefinedData", rules.as_deref(), limit, &mut record.x);
    }

    /// The first of several records of the owner stays, and is the one that has to say it.
    fn owner_role(&mut self, record: &mut Member) {
        let is_owner = self.group.owner_from_members && self.group.owner.as_ref() == Some(&record.account);
        if is_owner && record.role.as_deref() != Some("Owner") {
            self.changes.push("Role becomes Owner, as another record of the member says".to_owned());
            record.role = Some("Owner".to_owned());
        }
    }

    fn message(&mut self, record: &mut Message) {
        match &mut record.to {
            Some(to) if !to.is_empty() => self.name(to, "To_Account"),
            Some(_) | None => {
                record.group_id.clone_from(&self.group.id);
                if let Some(topic) = &mut record.topic_id {
                    self.topic_name(topic);
                }
            }
        }
        self.name(&mut record.from, "From_Account");
        if let (Some(sent), Some(ms)) = (defaults::given(record.send_time), record.ts_ms)
            && ms / 1_000 != sent
        {
            self.changes.push(format!("SendTime {sent} becomes {}", ms / 1_000));
            record.send_time = Some(ms / 1_000);
        }
        let now = self.server.now.0;
        if let Some(sent) = record.sent().filter(|sent| now <= *sent) {
            let before = now.saturating_sub(1);
            self.changes.push(format!("SendTime {sent} becomes {before}"));
            record.send_time = Some(before);
            record.ts_ms = None;
        }
    }

    fn split(&mut self, record: Message) -> Vec<Record> {
        let parts = split::parts(record, self.server.limits.messages.bytes);
        if 1 < parts.len() {
            self.changes.push(format!("the message becomes {}", parts.len()));
        }
        parts.into_iter().map(Record::Message).collect()
    }

    fn read(&mut self, record: &mut Read) {
        match &mut record.peer {
            Some(peer) if !peer.is_empty() => self.name(peer, "Peer_Account"),
            Some(_) | None => {
                record.group_id.clone_from(&self.group.id);
                if let Some(topic) = &mut record.topic_id {
                    self.topic_name(topic);
                }
            }
        }
        self.name(&mut record.account, "Member_Account");
    }

    /// The name of an account.
    fn name(&mut self, name: &mut String, field: &str) {
        if let Some(legal) = legal::account(name).filter(|legal| legal != name) {
            self.changes.push(format!("{field} becomes {legal}"));
            *name = legal;
        }
    }

    fn topic_name(&mut self, topic: &mut String) {
        let group = GroupId::parse(&self.group.id).filter(|_| self.server.limits.generated_ids);
        if group.is_some_and(|group| TopicId::parse(topic, &group).is_some()) {
            return;
        }
        let legal = legal::topic(topic, &self.group.raw, &self.group.id);
        if let Some(legal) = legal.filter(|legal| legal != topic) {
            self.changes.push(format!("TopicId becomes {legal}"));
            *topic = legal;
        }
    }

    /// The name of a group or topic: the whole of it goes to the introduction, or into `x`.
    fn title(
        &mut self,
        name: &mut String,
        introduction: &mut Option<String>,
        field: &str,
        x: &mut Option<Json>,
    ) {
        let (limit, room) = (self.server.limits.name.max, self.server.limits.introduction);
        if name.len() <= limit {
            return;
        }
        let whole = std::mem::take(name);
        legal::cut(&whole, limit).clone_into(name);
        self.changes.push(format!("{field} becomes {name:?}"));
        if defaults::text(introduction.as_deref()).is_none() && room.contains(whole.len()) {
            *introduction = Some(whole);
        } else {
            keep(x, field, whole);
        }
    }

    fn cut(&mut self, text: &mut Option<String>, field: &str, allowed: Span, x: &mut Option<Json>) {
        if let Some(whole) = text.take_if(|text| allowed.max < text.len()) {
            let kept = legal::cut(&whole, allowed.max).to_owned();
            self.changes.push(format!("{field} is cut to {} bytes", kept.len()));
            *text = (!kept.is_empty()).then_some(kept);
            keep(x, field, whole);
        }
    }

    fn moved_if_long(&mut self, address: &mut Option<String>, allowed: Span, x: &mut Option<Json>) {
        if let Some(address) = address.take_if(|address| allowed.max < address.len()) {
            self.changes.push("FaceUrl moves into x".to_owned());
            keep(x, "FaceUrl", address);
        }
    }

    fn fields(
        &mut self,
        fields: &mut Vec<CustomValue>,
        name: &str,
        rules: Option<&[FieldRule]>,
        limits: FieldLimits,
        x: &mut Option<Json>,
    ) {
        let kind = self.group.kind;
        let mut seen = BTreeSet::new();
        let mut kept = Vec::new();
        let mut moved = Vec::new();
        for CustomValue { key, value } in std::mem::take(fields) {
            let parsed = FieldKey::parse(key.trim());
            let enabled = |key: &FieldKey| match (rules, kind) {
                (Some(rules), Some(kind)) => {
                    rules.iter().any(|rule| rule.key == *key && rule.writable && rule.types.contains(&kind))
                }
                (_, _) => true,
            };
            let fits = kept.len() < limits.count
                && limits.value.contains(value.len())
                && parsed.is_some_and(|parsed| enabled(&parsed) && seen.insert(parsed));
            if fits { kept.push(CustomValue { key, value }) } else { moved.push(CustomValue { key, value }) }
        }
        *fields = kept;
        if let Ok(values @ serde_json::Value::Array(_)) = serde_json::to_value(&moved)
            && !moved.is_empty()
        {
            self.changes.push(format!("{} fields of {name} move into x", moved.len()));
            let more = Map::from_iter([(name.to_owned(), values)]);
            *x = Some(with_members(x.take().map(|x| x.value()), more).into());
        }
    }
}

/// Keeps a whole text in `x`.
fn keep(x: &mut Option<Json>, name: &str, text: String) {
    let more = Map::from_iter([(name.to_owned(), text.into())]);
    *x = Some(with_members(x.take().map(|x| x.value()), more).into());
}
