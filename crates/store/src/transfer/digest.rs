//! What rows add up to: equal rows give equal sums in any order, and a changed field gives another sum.

use crate::messages::{self, Details};
use crate::parts::{self, PartName, PartRecord};
use landfall_domain::account::Account;
use landfall_domain::fields::CustomField;
use landfall_domain::group::{Group, Profile};
use landfall_domain::ids::{GroupId, UserId};
use landfall_domain::member::Member;
use landfall_domain::message::{Conversation, Message, MessageLog};
use landfall_domain::part::{Part, PartKey};
use landfall_domain::time::Timestamp;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

/// A sum over rows that does not depend on their order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sum(u128);

impl Sum {
    /// Half of the row's SHA-256, added up: rows can come in the order of each store, and nothing is kept of them.
    fn add(&mut self, fields: Fields) {
        let hash: [u8; 32] = fields.0.finalize().into();
        let half = hash.first_chunk::<16>().copied().unwrap_or_default();
        self.0 = self.0.wrapping_add(u128::from_le_bytes(half));
    }

    pub(super) fn add_account(&mut self, id: &UserId, account: &Account) {
        // Taken apart whole here and below, so that a new field does not compile until it counts.
        let Account { nick, face_url, created, placeholder, signatures_from } = account;
        let mut fields = Fields::default();
        fields.text(id.as_str()).text(nick.as_str()).text(face_url.as_str());
        fields.number(created.0).number((*placeholder).into()).number(signatures_from.0);
        self.add(fields);
    }

    pub(super) fn add_kick(&mut self, id: &UserId, from: Timestamp) {
        let mut fields = Fields::default();
        fields.text(id.as_str()).number(from.0);
        self.add(fields);
    }

    pub(super) fn add_group(&mut self, group: &Group) {
        let Group {
            id,
            kind,
            profile,
            owner,
            support_topic,
            invite_option,
            mute_all,
            created,
            info_seq,
            info_changed,
            log,
            history_before_join,
            permissions_enabled,
            default_permissions,
            active,
            member_count,
            list_position,
        } = group;
        let Profile { name, introduction, notification, face_url, fields: custom, max_members, join_option } =
            profile;
        let mut fields = Fields::default();
        fields.text(id.as_str()).text(kind.as_str());
        for text in [name, introduction, notification, face_url] {
            fields.text(text.as_str());
        }
        fields.custom(custom).number((*max_members).into()).text(join_option.as_str());
        // No account has an empty name.
        fields.text(owner.as_ref().map_or("", UserId::as_str));
        fields.number((*support_topic).into()).text(invite_option.as_str()).number((*mute_all).into());
        fields.number(created.0).number((*info_seq).into()).number(info_changed.0);
        fields.log(log).number((*history_before_join).into()).number((*permissions_enabled).into());
        fields.number(*default_permissions).number((*active).into());
        fields.number((*member_count).into()).number(*list_position);
        self.add(fields);
    }

    pub(super) fn add_member(&mut self, group: &GroupId, member: &Member) {
        let Member {
            account,
            role,
            joined,
            read,
            receive_option,
            muted_until,
            last_message,
            name_card,
            fields: custom,
        } = member;
        let mut fields = Fields::default();
        fields.text(group.as_str()).text(account.as_str()).text(role.as_str()).number(joined.0);
        fields.number(read.seq.into()).number(read.made_at.into()).text(receive_option.as_str());
        fields.number(muted_until.0).number(last_message.0).text(name_card).custom(custom);
        self.add(fields);
    }
}

impl Sum {
    pub(super) fn add_part(&mut self, group: &GroupId, key: &PartKey, part: &Part) {
        let PartName { kind, name } = parts::name(key);
        let mut fields = Fields::default();
        fields.text(group.as_str()).number(kind.into()).text(&name);
        fields.record(&PartRecord::from(part));
        self.add(fields);
    }

    pub(super) fn add_message(&mut self, group: &GroupId, conversation: &Conversation, message: &Message) {
        let Message { seq, sent, sender, random, priority, state, content } = message;
        let (elements, custom) = messages::texts(content);
        let mut fields = Fields::default();
        fields.text(group.as_str()).text(parts::topic_of(conversation)).number((*seq).into());
        fields.number(sent.0).text(sender.as_str()).number((*random).into()).text(priority.as_str());
        fields.number(state.code().into()).text(elements).text(custom);
        fields.record(&Details::of(content));
        self.add(fields);
    }
}

/// The fields of one row, each ended: texts begin with their length, numbers have one.
#[derive(Default)]
struct Fields(Sha256);

impl Fields {
    fn custom(&mut self, custom: &[CustomField]) -> &mut Self {
        self.number(custom.len() as u64);
        for CustomField { key, value } in custom {
            self.text(key.as_str()).text(value.as_str());
        }
        self
    }

    /// What has a form of its own in which it is written.
    fn record(&mut self, record: &impl Serialize) -> &mut Self {
        // Writing plain data to memory has no way to fail.
        self.text(&serde_json::to_string(record).unwrap_or_default())
    }

    fn log(&mut self, log: &MessageLog) -> &mut Self {
        let MessageLog { next_seq, last_message, read_by_all, cleared, first_kept } = log;
        self.number((*next_seq).into()).number(last_message.0).number((*read_by_all).into());
        self.number((*cleared).into()).number((*first_kept).into())
    }

    fn text(&mut self, text: &str) -> &mut Self {
        self.number(text.len() as u64);
        self.0.update(text.as_bytes());
        self
    }

    fn number(&mut self, number: u64) -> &mut Self {
        self.0.update(number.to_le_bytes());
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use landfall_domain::fields::FieldKey;
    use landfall_domain::group::{GroupType, InviteOption, JoinOption};
    use landfall_domain::member::{ReceiveOption, Role};
    use landfall_domain::message::ReadMark;
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
    fn every_field_of_an_account_and_of_a_kick_counts() {
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
        let kick = (UserId::parse("ann").unwrap(), Timestamp(0));
        let changes: &[fn(&mut (UserId, Timestamp))] =
            &[|kick| kick.0 = UserId::parse("bob").unwrap(), |kick| kick.1 = Timestamp(1)];
        all_differ(&kick, changes, |sum, (id, from)| sum.add_kick(id, *from));
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
