//! Members of a conversation, and how far they have read.

use super::model::{ReadMark, Role};
use super::state::{ChannelState, MemberState, extras, is_time, put};
use super::{Builder, texts};
use crate::format::{self, Record};
use crate::losses::LossKind;
use crate::mapping::JoinTimes;
use serde_json::Value;
use std::io;

impl Builder<'_> {
    pub(super) fn write_member(
        &mut self,
        state: &ChannelState,
        place: usize,
        member: MemberState,
        created: Option<u64>,
    ) -> io::Result<()> {
        let Some(user) = self.users.get(place) else { return Ok(()) };
        let (user_id, account) = (user.id.to_string(), user.account.to_string());
        let name = format!("{user_id} in {}", state.channel.id);
        let mut x = member.x.as_ref().map(format::Json::value).unwrap_or_default();
        let name_card = texts::cut(&member.name_card, self.limits.name_card.max).to_owned();
        if name_card.len() < member.name_card.trim().len() {
            self.lose(LossKind::TextsCut, format!("name card of {name}"));
            put(&mut x, "name_card", Value::from(&*member.name_card));
        }
        // The owner joins when the group is made, whatever is said here.
        let join_time =
            if member.role == Role::Owner { None } else { self.join_time(state, &member, created, &name) };
        if self.mapping.members.join_times == JoinTimes::First
            && let Some(joined) = member.joined_ms
        {
            put(&mut x, "joined_ms", Value::from(joined));
        }
        let role = match member.role {
            Role::Member => None,
            Role::Admin => Some("Admin".to_owned()),
            Role::Owner => Some("Owner".to_owned()),
        };
        self.write(Record::Member(format::Member {
            src: self.src.clone(),
            key: format!("{}/{user_id}", state.channel.id),
            group_id: state.group_id.clone(),
            account,
            role,
            join_time,
            name_card: (!name_card.is_empty()).then_some(name_card),
            x: extras(x),
            ..format::Member::default()
        }))
    }

    /// `JoinTime`, seconds since 1970: later than the group; right after it where the source says nothing.
    fn join_time(
        &mut self,
        state: &ChannelState,
        member: &MemberState,
        created: Option<u64>,
        name: &str,
    ) -> Option<u64> {
        let created = created?;
        let first = created + 1;
        let Some(known) = member.joined_ms.map(|ms| ms / 1_000).filter(is_time) else {
            self.lose(LossKind::JoinsMade, name);
            return Some(first);
        };
        if self.mapping.members.join_times == JoinTimes::First {
            return Some(first);
        }
        if known < first {
            self.lose(LossKind::JoinsMoved, name);
            return Some(first);
        }
        if state.first_ms.is_some_and(|ms| ms / 1_000 < known) {
            self.lose(LossKind::LateMembers, name);
        }
        Some(known)
    }

    pub(super) fn write_read(
        &mut self,
        state: &ChannelState,
        place: usize,
        mark: ReadMark,
    ) -> io::Result<()> {
        let Some(user) = self.users.get(place) else { return Ok(()) };
        let mut read = format::Read {
            src: self.src.clone(),
            key: format!("{}/{}", state.channel.id, user.id),
            group_id: state.group_id.clone(),
            account: user.account.to_string(),
            ..format::Read::default()
        };
        match mark {
            ReadMark::UpTo(ms) => read.read_ms = Some(ms),
            ReadMark::UpToKey(key) => read.read_key = Some(key),
            ReadMark::Unread(number) => read.unread_msg_num = Some(number),
        }
        self.write(Record::Read(read))
    }
}
