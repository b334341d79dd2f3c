//! One whole group while its records come.

use super::Piece;
use crate::format::carried::Carried;
use crate::format::{CustomValue, Group, Member, Message, Read, Record, Topic, custom, identity};
use crate::ordered::Outline;
use crate::rules::ServerLimits;
use crate::rules::defaults::{self, ReadUpTo};
use landfall_domain::element;
use landfall_domain::fields::{CustomField, FieldKey};
use landfall_domain::group::{GroupType, JoinOption, Profile};
use landfall_domain::ids::{GroupId, TopicId, UserId};
use landfall_domain::limits::Limits;
use landfall_domain::member::Role;
use landfall_domain::message::{Body, Conversation, Priority};
use landfall_domain::new_group::{IdChoice, NewGroup};
use landfall_domain::origin::{JobId, Origin};
use landfall_domain::staged::WholeMessage;
use landfall_domain::text::Text;
use landfall_domain::time::Timestamp;
use landfall_domain::whole_group::{WholeGroup, WholeMember, WholeTopic};
use std::collections::BTreeMap;
use xxhash_rust::xxh3::{Xxh3, xxh3_64};

/// Messages of a conversation whose times and keys are remembered until the read marks come: 32 MB. A read mark that names a
/// message behind them says that they all are read, and no more.
const PLACES_MAX: usize = 2 << 20;

/// A group whose records come.
pub(super) struct Building {
    id: GroupId,
    created: u64,
    whole: WholeGroup,
    /// Places in `whole.members`.
    members: BTreeMap<UserId, usize>,
    held: usize,
    held_bytes: usize,
    places: BTreeMap<Conversation, Places>,
    carried: Carried,
    digest: Xxh3,
    /// The record that is counted in, as a line.
    line: Vec<u8>,
}

/// The messages of a conversation.
#[derive(Default)]
struct Places {
    count: u32,
    /// Milliseconds since 1970, and the hash of the key.
    messages: Vec<(u64, u64)>,
}

fn hash(src: &str, key: &str) -> u64 {
    xxh3_64(format!("{src}\0{key}").as_bytes())
}

fn text(text: Option<&String>) -> Text {
    Text::stored(text.cloned().unwrap_or_default())
}

fn fields(values: &[CustomValue]) -> Vec<CustomField> {
    let field = |CustomValue { key, value }: &CustomValue| {
        Some(CustomField { key: FieldKey::parse(key.trim())?, value: Text::stored(value.clone()) })
    };
    values.iter().filter_map(field).collect()
}

/// Communities cannot say it.
fn history_before_join(group: &Group, kind: GroupType) -> Option<bool> {
    let said = defaults::text(group.history_msg_before_join.as_deref());
    said.filter(|_| kind != GroupType::Community).map(|word| word == "On")
}

impl Building {
    /// `None` where the record has a fault that the rules have overlooked.
    pub(super) fn of(record: &Record, outline: &Outline, server: &ServerLimits, job: JobId) -> Option<Self> {
        let Record::Group(group) = record else { return None };
        let kind = GroupType::parse(&group.kind)?;
        let id = GroupId::parse(&group.group_id)?;
        let created = defaults::created(group, outline, server.now);
        let join_option = group.apply_join_option.as_deref().and_then(JoinOption::parse);
        let profile = Profile {
            name: Text::stored(group.name.clone()),
            introduction: text(group.introduction.as_ref()),
            notification: text(group.notification.as_ref()),
            face_url: text(group.face_url.as_ref()),
            fields: fields(&group.app_defined_data),
            max_members: defaults::max_members(group, kind, outline, &server.limits),
            join_option: join_option.unwrap_or_else(|| kind.default_join_option_on_import()),
        };
        let plain = NewGroup::new(
            IdChoice::Given(id.clone()),
            kind,
            Text::stored(group.name.clone()),
            Timestamp(created),
        );
        let new = NewGroup {
            profile,
            owner: defaults::owner(group, outline).and_then(UserId::parse),
            support_topic: defaults::supports_topics(group, kind, outline),
            history_before_join: history_before_join(group, kind),
            ..plain
        };
        let (src, key) = (group.src.clone(), group.key.clone());
        let origin = Origin { job, src, key, digest: String::new(), carried: Vec::new() };
        let whole = WholeGroup {
            new,
            members: Vec::new(),
            topics: Vec::new(),
            messages: Vec::new(),
            staged: 0,
            origin,
        };
        let mut building = Self {
            id,
            created,
            whole,
            members: BTreeMap::new(),
            held: 0,
            held_bytes: 0,
            places: BTreeMap::new(),
            carried: Carried::of_group(&group.src, group.x.clone()),
            digest: Xxh3::new(),
            line: Vec::with_capacity(256),
        };
        building.count_in(record);
        Some(building)
    }

    /// Whether a record is of this group.
    pub(super) fn has(&self, record: &Record) -> bool {
        record.group_id() == Some(self.id.as_str()) && !matches!(record, Record::Group(_))
    }

    fn count_in(&mut self, record: &Record) {
        self.line.clear();
        record.write_line(&mut self.line);
        self.line.push(b'\n');
        self.digest.update(&self.line);
    }

    pub(super) fn add(&mut self, record: Record, limits: &Limits) {
        self.count_in(&record);
        match record {
            Record::Topic(topic) => self.topic(topic),
            Record::Member(member) => self.member(member),
            Record::Message(message) => drop(self.message(&message, limits)),
            Record::Read(read) => drop(self.read(&read)),
            Record::Account(_)
            | Record::File(_)
            | Record::Friend(_)
            | Record::Block(_)
            | Record::Group(_) => {}
        }
    }

    fn topic(&mut self, topic: Topic) {
        let Some(id) = TopicId::parse(&topic.topic_id, &self.id) else { return };
        let created = Timestamp(defaults::topic_created(&topic, self.created));
        self.carried.topic(id.as_str(), &topic.src, &topic.key, topic.x.as_ref());
        self.whole.topics.push(WholeTopic {
            id,
            name: Text::stored(topic.topic_name),
            introduction: text(topic.introduction.as_ref()),
            notification: text(topic.notification.as_ref()),
            face_url: text(topic.face_url.as_ref()),
            custom: text(topic.custom_string.as_ref()),
            created,
        });
    }

    fn member(&mut self, member: Member) {
        let Some(account) = UserId::parse(&member.account) else { return };
        self.carried.member(account.as_str(), &member.src, &member.key, member.x.as_ref());
        let is_owner = self.whole.new.owner.as_ref() == Some(&account);
        let role = member.role.as_deref().and_then(Role::parse).filter(|role| *role == Role::Admin);
        // The owner joins with the group, whatever its record says.
        let joined = (!is_owner).then(|| Timestamp(defaults::joined(&member, self.created)));
        self.members.insert(account.clone(), self.whole.members.len());
        self.whole.members.push(WholeMember {
            role: role.unwrap_or(Role::Member),
            joined,
            name_card: member.name_card.unwrap_or_default(),
            muted_until: Timestamp(member.mute_until.unwrap_or_default()),
            fields: fields(&member.app_member_defined_data),
            ..WholeMember::new(account)
        });
    }

    fn conversation(&self, topic: Option<&String>) -> Option<Conversation> {
        match defaults::text(topic.map(String::as_str)) {
            None => Some(Conversation::Group),
            Some(topic) => TopicId::parse(topic, &self.id).map(Conversation::Topic),
        }
    }

    fn message(&mut self, message: &Message, limits: &Limits) -> Option<()> {
        let place = self.conversation(message.topic_id.as_ref())?;
        let elements = message.msg_body.as_str();
        let room = limits.messages.bytes.saturating_sub(element::size(elements));
        let custom = custom::fold(message, room).text.unwrap_or_default();
        let taken = WholeMessage {
            sender: UserId::parse(&message.from)?,
            sent: Timestamp(message.sent()?),
            random: identity::random(message),
            priority: Priority::Normal,
            body: Body { elements: elements.into(), custom: custom.into(), ..Body::default() },
        };
        let places = self.places.entry(place.clone()).or_default();
        places.count += 1;
        if places.messages.len() < PLACES_MAX {
            places.messages.push((message.sent_ms()?, hash(&message.src, &message.key)));
        }
        self.held += 1;
        self.held_bytes += elements.len() + taken.body.custom.len() + 128;
        match self.whole.messages.last_mut() {
            Some((last, messages)) if *last == place => messages.push(taken),
            Some(_) | None => self.whole.messages.push((place, vec![taken])),
        }
        Some(())
    }

    /// The place of a member. The owner is one without a record, too.
    fn member_of(&mut self, account: UserId) -> Option<usize> {
        if self.whole.new.owner.as_ref() == Some(&account) && !self.members.contains_key(&account) {
            self.members.insert(account.clone(), self.whole.members.len());
            self.whole.members.push(WholeMember::new(account.clone()));
        }
        self.members.get(&account).copied()
    }

    fn read(&mut self, read: &Read) -> Option<()> {
        let place = self.conversation(read.topic_id.as_ref())?;
        let member = self.member_of(UserId::parse(&read.account)?)?;
        let (count, messages) =
            self.places.get(&place).map_or((0, &[][..]), |places| (places.count, &places.messages));
        let up_to = match defaults::read_up_to(read)? {
            ReadUpTo::Unread(unread) => count.saturating_sub(unread),
            ReadUpTo::Key(key) => {
                let hash = hash(&read.src, key);
                let found = messages.iter().rposition(|(_, of)| *of == hash);
                // A message that is not there was left out, or lies behind those that are remembered.
                found.map_or(messages.len(), |place| place + 1).try_into().ok()?
            }
            ReadUpTo::Ms(ms) => messages.partition_point(|(sent, _)| *sent <= ms).try_into().ok()?,
        };
        let topic = read.topic_id.as_deref().unwrap_or_default();
        self.carried.read(topic, &read.account, &read.src, &read.key, read.x.as_ref());
        self.whole.members.get_mut(member)?.reads.push((place, up_to));
        Some(())
    }

    /// The messages that are held, where they are too many.
    pub(super) fn overflow(&mut self, messages_max: usize, bytes_max: usize) -> Option<Piece> {
        if self.held < messages_max && self.held_bytes < bytes_max {
            return None;
        }
        self.whole.staged += self.held as u64;
        (self.held, self.held_bytes) = (0, 0);
        let messages = std::mem::take(&mut self.whole.messages);
        Some(Piece::Messages { group: self.id.clone(), messages })
    }

    pub(super) fn finish(mut self) -> WholeGroup {
        self.whole.origin.digest = format!("{:032x}", self.digest.digest128());
        self.whole.origin.carried = self.carried.into_bytes();
        self.whole
    }
}
