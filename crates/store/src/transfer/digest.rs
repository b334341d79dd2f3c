//! What rows add up to: equal rows give equal sums in any order, and a changed field gives another sum.

use landfall_domain::account::Account;
use landfall_domain::fields::CustomField;
use landfall_domain::group::{Group, Profile};
use landfall_domain::ids::{GroupId, UserId};
use landfall_domain::member::Member;
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
            last_message,
            next_message_seq,
            member_count,
            list_position,
        } = group;
        let Profile { name, introduction, notification, face_url, fields: custom, max_members, join_option } =
            profile;
        let mut fields = Fields::default();
        fields.text(id.as_str()).text(kind.word());
        for text in [name, introduction, notification, face_url] {
            fields.text(text.as_str());
        }
        fields.number(custom.len() as u64);
        for CustomField { key, value } in custom {
            fields.text(key.as_str()).text(value.as_str());
        }
        fields.number((*max_members).into()).text(join_option.word());
        // No account has an empty name.
        fields.text(owner.as_ref().map_or("", UserId::as_str));
        fields.number((*support_topic).into()).text(invite_option.word()).number((*mute_all).into());
        fields.number(created.0).number((*info_seq).into()).number(info_changed.0).number(last_message.0);
        fields.number((*next_message_seq).into()).number((*member_count).into()).number(*list_position);
        self.add(fields);
    }

    pub(super) fn add_member(&mut self, group: &GroupId, member: &Member) {
        let Member { account, role, joined, read_seq, receive_option, muted_until, last_message, name_card } =
            member;
        let mut fields = Fields::default();
        fields.text(group.as_str()).text(account.as_str()).text(role.word()).number(joined.0);
        fields.number((*read_seq).into()).text(receive_option.word()).number(muted_until.0);
        fields.number(last_message.0).text(name_card);
        self.add(fields);
    }
}

/// The fields of one row, each ended: texts begin with their length, numbers have one.
#[derive(Default)]
struct Fields(Sha256);

impl Fields {
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
