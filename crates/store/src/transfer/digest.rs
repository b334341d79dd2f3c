//! The sum of rows: equal rows give equal sums in any order, and a changed field gives another sum.

use crate::facts::{self, FactName, FactRecord};
use crate::messages::{self, Details};
use crate::parts::{self, PartName, PartRecord};
use landfall_domain::account::Account;
use landfall_domain::group::Group;
use landfall_domain::ids::{GroupId, UserId};
use landfall_domain::member::Member;
use landfall_domain::message::{Conversation, Message};
use landfall_domain::origin::Provenance;
use landfall_domain::part::{Part, PartKey};
use landfall_domain::people::fact::{Fact, FactKey};
use landfall_domain::people::message::DirectMessage;
use landfall_domain::people::{Pair, Subject};
use landfall_domain::time::Timestamp;
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use std::hash::{Hash, Hasher};

/// A sum over rows that does not depend on their order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sum(u128);

impl Sum {
    /// Adds half of the row's SHA-256. Derived hashes have every field, each ended, so that a new field counts by itself.
    fn add(&mut self, row: impl Hash) {
        let mut hasher = Sha256Hasher::default();
        row.hash(&mut hasher);
        let hash: [u8; 32] = hasher.0.finalize().into();
        let half = hash.first_chunk::<16>().copied().unwrap_or_default();
        self.0 = self.0.wrapping_add(u128::from_le_bytes(half));
    }

    pub(super) fn add_account(&mut self, id: &UserId, account: &Account) {
        self.add((id, account));
    }

    pub(super) fn add_kick(&mut self, id: &UserId, from: Timestamp) {
        self.add((id, from));
    }

    pub(super) fn add_origin(&mut self, group: &GroupId, provenance: &Provenance) {
        self.add((group, provenance));
    }

    pub(super) fn add_group(&mut self, group: &Group) {
        self.add(group);
    }

    pub(super) fn add_member(&mut self, group: &GroupId, member: &Member) {
        self.add((group, member));
    }

    pub(super) fn add_part(&mut self, group: &GroupId, key: &PartKey, part: &Part) {
        let PartName { kind, name } = parts::name(key);
        self.add((group, kind, name, json(&PartRecord::from(part))));
    }

    pub(super) fn add_fact(&mut self, subject: &Subject, key: &FactKey, fact: &Fact) {
        let FactName { kind, name } = facts::name(key);
        self.add((subject, kind, name, json(&FactRecord::from(fact))));
    }

    pub(super) fn add_direct(&mut self, pair: &Pair, message: &DirectMessage) {
        // As below.
        let DirectMessage {
            seq,
            key,
            sender,
            state,
            hidden_from_sender,
            hidden_from_receiver,
            read,
            quiet,
            push,
            content,
        } = message;
        let head = (seq, key, sender, state.code(), hidden_from_sender, hidden_from_receiver, read);
        let rest = (quiet, push, json(&Details::of(content)));
        self.add((pair, head, messages::texts(content), rest));
    }

    pub(super) fn add_message(&mut self, group: &GroupId, conversation: &Conversation, message: &Message) {
        // Taken apart whole, so that a new field does not compile until it counts.
        let Message { seq, sent, sender, random, priority, state, content } = message;
        let place = (group, parts::topic_of(conversation), seq);
        let head = (sent, sender, random, priority.number(), state.code());
        self.add((place, head, messages::texts(content), json(&Details::of(content))));
    }
}

/// A record as stores write it.
fn json(record: &impl Serialize) -> String {
    // Writing plain data to memory has no way to fail.
    serde_json::to_string(record).unwrap_or_default()
}

#[derive(Default)]
struct Sha256Hasher(Sha256);

impl Hasher for Sha256Hasher {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        let hash: [u8; 32] = self.0.clone().finalize().into();
        hash.first_chunk().copied().map_or(0, u64::from_le_bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use landfall_domain::fields::{CustomField, FieldKey};
    use landfall_domain::group::{GroupType, InviteOption, JoinOption, Profile};
    use landfall_domain::member::{ReceiveOption, Role};
    use landfall_domain::message::{Body, Content, MessageLog, MessageState, ReadMark, Recall};
    use landfall_domain::origin::{JobId, Origin, Seal};
    use landfall_domain::people::fact::Mute;
    use landfall_domain::people::message::MessageKey;
    use landfall_domain::text::Text;

    fn text(content: &str) -> Text {
        Text::stored(content.to_owned())
    }

    fn custom(key: &str, value: &str) -> CustomField {
        CustomField { key: FieldKey::parse(key).unwrap(), value: text(value) }
    }

    fn group() -> Group {
        Group {
            id: GroupId::parse("g").unwrap(),
            kind: GroupType::Public,
            profile: Profile {
                name: text("a"),
                introduction: text("b"),
                notification: text("c"),
                face_url: text("d"),
                fields: vec![custom("e", "f"), custom("g", "h")],
                max_members: 1,
                join_option: JoinOption::FreeAccess,
            },
            owner: None,
            support_topic: false,
            invite_option: InviteOption::FreeAccess,
            mute_all: false,
            created: Timestamp(0),
            info_seq: 0,
            info_changed: Timestamp(0),
            log: MessageLog::default(),
            history_before_join: false,
            permissions_enabled: false,
            default_permissions: 0,
            active: false,
            member_count: 0,
            list_position: 0,
        }
    }

    /// The sums of `row` as it is and after each of `changes` are all different.
    fn all_differ<R: Clone>(row: &R, changes: &[fn(&mut R)], add: impl Fn(&mut Sum, &R)) {
        let sum = |row: &R| {
            let mut sum = Sum::default();
            add(&mut sum, row);
            sum
        };
        let mut sums = vec![sum(row)];
        for (index, change) in changes.iter().enumerate() {
            let mut changed = row.clone();
            change(&mut changed);
            let sum = sum(&changed);
            assert!(!sums.contains(&sum), "change {index} is not seen");
            sums.push(sum);
        }
    }

    #[test]
    fn every_field_counts() {
        let changes: &[fn(&mut Group)] = &[
            |group| group.id = GroupId::parse("h").unwrap(),
            |group| group.kind = GroupType::ChatRoom,
            |group| group.profile.name = text("a\u{0}"),
            // Text that moves from one field to the next.
            |group| (group.profile.introduction, group.profile.notification) = (text("bc"), text("")),
            |group| group.profile.introduction = text(""),
            |group| group.profile.notification = text("x"),
            |group| group.profile.face_url = text("x"),
            |group| group.profile.fields.swap(0, 1),
            |group| group.profile.fields.truncate(1),
            |group| group.profile.fields[1].value = text(""),
            |group| group.profile.max_members = 2,
            |group| group.profile.join_option = JoinOption::DisableApply,
            |group| group.owner = UserId::parse("ann"),
            |group| group.support_topic = true,
            |group| group.invite_option = InviteOption::DisableInvite,
            |group| group.mute_all = true,
            |group| group.created = Timestamp(1),
            |group| group.info_seq = 1,
            |group| group.info_changed = Timestamp(1),
            |group| group.log.last_message = Timestamp(1),
            |group| group.log.next_seq = 2,
            |group| group.log.read_by_all = 3,
            |group| group.log.cleared = 4,
            |group| group.log.first_kept = 5,
            |group| group.log.listed = Some(Timestamp(1)),
            |group| group.history_before_join = true,
            |group| group.permissions_enabled = true,
            |group| group.default_permissions = 1,
            |group| group.active = true,
            |group| group.member_count = 1,
            |group| group.list_position = 1,
        ];
        all_differ(&group(), changes, Sum::add_group);
        let member = Member {
            account: UserId::parse("ann").unwrap(),
            role: Role::Member,
            joined: Timestamp(0),
            read: ReadMark::default(),
            receive_option: ReceiveOption::Discard,
            muted_until: Timestamp(0),
            last_message: Timestamp(0),
            name_card: String::new(),
            fields: Vec::new(),
        };
        let changes: &[fn(&mut Member)] = &[
            |member| member.account = UserId::parse("bob").unwrap(),
            |member| member.role = Role::Admin,
            |member| member.joined = Timestamp(1),
            |member| member.read.seq = 1,
            |member| member.read.made_at = 2,
            |member| member.receive_option = ReceiveOption::AcceptAndNotify,
            |member| member.muted_until = Timestamp(1),
            |member| member.last_message = Timestamp(1),
            |member| member.fields = vec![custom("e", "f")],
            |member| member.name_card.push('\u{0}'),
        ];
        all_differ(&member, changes, |sum, member| sum.add_member(&GroupId::parse("g").unwrap(), member));
    }

    #[test]
    fn every_field_of_an_account_an_origin_and_a_kick_counts() {
        let account = Account::placeholder(Timestamp(0));
        let changes: &[fn(&mut Account)] = &[
            |account| account.nick = text("a"),
            |account| account.face_url = text("a"),
            |account| account.created = Timestamp(1),
            |account| account.placeholder = false,
            |account| account.signatures_from = Timestamp(1),
        ];
        all_differ(&account, changes, |sum, account| {
            sum.add_account(&UserId::parse("ann").unwrap(), account)
        });
        let origin = Origin {
            job: JobId(1),
            src: "a".to_owned(),
            key: "b".to_owned(),
            digest: "c".to_owned(),
            carried: vec![1],
        };
        let provenance = Provenance { origin, brought: Timestamp(0), seal: Seal(0), added: Vec::new() };
        let changes: &[fn(&mut Provenance)] = &[
            |of| of.origin.job = JobId(2),
            |of| of.origin.src.clear(),
            |of| of.origin.key.clear(),
            |of| of.origin.digest.clear(),
            |of| of.origin.carried.clear(),
            |of| of.added.push(JobId(3)),
            |of| of.brought = Timestamp(1),
            |of| of.seal = Seal(1),
        ];
        all_differ(&provenance, changes, |sum, of| sum.add_origin(&GroupId::parse("g").unwrap(), of));
        let kick = (UserId::parse("ann").unwrap(), Timestamp(0));
        let changes: &[fn(&mut (UserId, Timestamp))] =
            &[|kick| kick.0 = UserId::parse("bob").unwrap(), |kick| kick.1 = Timestamp(1)];
        all_differ(&kick, changes, |sum, (id, from)| sum.add_kick(id, *from));
    }

    fn by_bob(reason: &str) -> Recall {
        Recall { operator: UserId::parse("bob").unwrap(), reason: reason.into() }
    }

    #[test]
    fn every_field_of_a_message_between_accounts_and_of_a_fact_counts() {
        let [ann, bob] = ["ann", "bob"].map(|name| UserId::parse(name).unwrap());
        let pair = Pair::of(ann.clone(), bob);
        let message = DirectMessage {
            seq: 1,
            key: MessageKey { sent: Timestamp(1), number: 1, random: 1 },
            sender: ann.clone(),
            state: MessageState::Kept,
            hidden_from_sender: false,
            hidden_from_receiver: false,
            read: false,
            quiet: false,
            push: Box::default(),
            content: Content::Gone(None),
        };
        let changes: &[fn(&mut DirectMessage)] = &[
            |message| message.quiet = true,
            |message| message.push = "{}".into(),
            |message| message.seq = 2,
            |message| message.key.sent = Timestamp(2),
            |message| message.key.number = 2,
            |message| message.key.random = 2,
            |message| message.sender = UserId::parse("bob").unwrap(),
            |message| message.state = MessageState::Recalled,
            |message| message.hidden_from_sender = true,
            |message| message.hidden_from_receiver = true,
            |message| message.read = true,
            |message| message.content = Content::Gone(Some(by_bob(""))),
            |message| message.content = Content::Gone(Some(by_bob("rude"))),
            |message| message.content = Content::Sent(Body { elements: "[]".into(), ..Body::default() }),
        ];
        all_differ(&message, changes, |sum, message| sum.add_direct(&pair, message));
        type FactRow = (Subject, FactKey, Fact);
        let fact = (Subject::Account(ann), FactKey::Mute, Fact::Mute(Mute::default()));
        let changes: &[fn(&mut FactRow)] = &[
            |fact| fact.0 = Subject::App,
            |fact| fact.1 = FactKey::Portrait,
            |fact| fact.2 = Fact::Mute(Mute { direct: Timestamp(1), ..Mute::default() }),
        ];
        all_differ(&fact, changes, |sum, (subject, key, fact)| sum.add_fact(subject, key, fact));
    }

    #[test]
    fn the_order_of_rows_does_not_count_but_their_number_does() {
        let (one, two) = (group(), Group { info_seq: 7, ..group() });
        let sum = |rows: &[&Group]| {
            let mut sum = Sum::default();
            rows.iter().for_each(|row| sum.add_group(row));
            sum
        };
        assert_eq!(sum(&[&one, &two]), sum(&[&two, &one]));
        assert_ne!(sum(&[&one, &two]), sum(&[&one, &one, &two]));
        assert_ne!(sum(&[&one, &one]), Sum::default());
    }
}
