//! Conversations of a source as groups.

use super::model::{Channel, Role};
use super::state::{ChannelState, extras, is_time, put};
use super::{Builder, texts};
use crate::fault::{Fault, FaultCode};
use crate::format::{self, Kind, Record};
use crate::losses::LossKind;
use crate::mapping::{AdminRole, ChannelKind, GroupKind};
use crate::sources::sink::FoundChannel;
use landfall_domain::limits::MAX_MEMBERS_DEFAULT;
use serde_json::Value;
use std::collections::BTreeMap;
use std::io;

impl Builder<'_> {
    pub(super) fn write_groups(&mut self) -> io::Result<Vec<FoundChannel>> {
        let channels = std::mem::take(&mut self.channels);
        let mut found = Vec::with_capacity(channels.len());
        let mut names: BTreeMap<String, String> = BTreeMap::new();
        for (id, mut state) in channels {
            let mut group = FoundChannel {
                id,
                name: state.channel.name.clone(),
                kind: state.channel.kind,
                group_id: state.group_id.clone(),
                group_kind: state.kind,
                messages: state.messages,
                members: 0,
                left_out: state.left_out,
            };
            if let Some(pair) = self.settle_pair(&mut state).filter(|_| !state.left_out) {
                (group.group_kind, group.members) = (GroupKind::OneToOne, 2);
                self.write_pair_reads(&mut state, pair)?;
            } else if !state.left_out {
                group.members = state.members.len() as u64;
                group.name = self.write_group(&mut state)?;
                if let Some(other) = names.insert(group.name.clone(), group.id.clone()) {
                    self.lose(LossKind::SameNames, format!("{} and {other}: {}", group.id, group.name));
                }
            }
            found.push(group);
        }
        Ok(found)
    }

    /// Writes a group with its members and read marks. Returns its name.
    fn write_group(&mut self, state: &mut ChannelState) -> io::Result<String> {
        let is_left_out = |place: &usize| self.users.get(*place).is_none_or(|user| user.left_out);
        state.members.retain(|place, _| !is_left_out(place));
        let created = self.created(state);
        let owner = self.settle_roles(state);
        let owner_account =
            owner.and_then(|place| self.users.get(place)).map(|user| user.account.to_string());
        let mut group = self.heading(state);
        group.create_time = created;
        group.owner = owner_account;
        group.max_member_num = self.max_members(state)?;
        group.app_defined_data = std::mem::take(&mut state.channel.custom);
        if state.channel.kind == ChannelKind::Public && state.kind == GroupKind::Public {
            group.apply_join_option = Some("FreeAccess".to_owned());
        }
        // Newcomers to a conversation of these systems see its whole history. Communities cannot say so.
        if state.kind != GroupKind::Community {
            group.history_msg_before_join = Some("On".to_owned());
        }
        let name = group.name.clone();
        self.write(Record::Group(group))?;
        for (place, member) in std::mem::take(&mut state.members) {
            self.write_member(state, place, member, created)?;
            if let Some(mark) = state.reads.remove(&place) {
                self.write_read(state, place, mark)?;
            }
        }
        Ok(name)
    }

    /// `CreateTime`, seconds since 1970: before the first message.
    fn created(&mut self, state: &ChannelState) -> Option<u64> {
        let known = state.channel.created_ms.map(|ms| ms / 1_000).filter(is_time);
        let before_messages = state.first_ms.map(|ms| ms / 1_000 - 1);
        let id = || state.channel.id.clone();
        match (known, before_messages) {
            (Some(known), Some(before)) if before < known => {
                self.lose(LossKind::Created, id());
                Some(before)
            }
            (Some(known), _) => Some(known),
            (None, before) => {
                self.lose(LossKind::CreatedMade, id());
                before.or_else(|| self.found.first_ms.map(|ms| ms / 1_000 - 1))
            }
        }
    }

    /// The place of the owner; roles that the group cannot have are lowered.
    fn settle_roles(&mut self, state: &mut ChannelState) -> Option<usize> {
        let named = state.channel.owner.as_ref().and_then(|owner| self.user_places.get(owner)).copied();
        let oldest = |role: Role| {
            let holders = state.members.iter().filter(|(_, member)| member.role == role);
            let by_time = holders.map(|(place, member)| (member.joined_ms.unwrap_or_default(), *place));
            by_time.min().map(|(_, place)| place)
        };
        let source_owner =
            named.filter(|place| state.members.contains_key(place)).or_else(|| oldest(Role::Owner));
        let is_direct = matches!(state.channel.kind, ChannelKind::Direct | ChannelKind::GroupDirect);
        let owner = source_owner.or_else(|| oldest(Role::Admin));
        if owner.is_none() && !is_direct {
            self.losses.count(LossKind::NoOwner, &state.channel.id);
        } else if owner.is_some() && source_owner.is_none() {
            self.losses.count(LossKind::Owners, &state.channel.id);
        }
        let has_admins = state.kind != GroupKind::Private && self.mapping.members.admins == AdminRole::Admin;
        for (place, member) in &mut state.members {
            if Some(*place) == owner {
                member.role = Role::Owner;
            } else if member.role != Role::Member {
                member.role = if has_admins { Role::Admin } else { Role::Member };
                if !has_admins {
                    let name = self.users.get(*place).map(|user| &*user.id).unwrap_or_default();
                    self.losses.count(LossKind::Admins, format!("{name} in {}", state.channel.id));
                }
            }
        }
        owner
    }

    fn heading(&mut self, state: &ChannelState) -> format::Group {
        let channel = &state.channel;
        let mut x = channel.x.clone();
        let full = self.full_name(state);
        let heading =
            texts::heading(&full, &channel.introduction, self.limits.name, self.limits.introduction);
        let mut name = heading.name;
        if heading.name_is_cut {
            put(&mut x, "name", Value::from(full));
        }
        if channel.name.trim().is_empty() && is_direct(channel) {
            name = self.direct_name(state).unwrap_or(name);
            self.lose(LossKind::DirectNames, format!("{}: {name}", channel.id));
        } else if heading.name_is_cut {
            self.lose(LossKind::NamesCut, format!("{} becomes {name}", channel.name.trim()));
        }
        let notification = texts::cut(&channel.notification, self.limits.notification.max);
        for (is_cut, member, text) in [
            (heading.introduction_is_cut, "introduction", &channel.introduction),
            (notification.len() < channel.notification.trim().len(), "notification", &channel.notification),
        ] {
            if is_cut {
                self.lose(LossKind::TextsCut, format!("{member} of {}", channel.id));
                put(&mut x, member, Value::from(text.clone()));
            }
        }
        let mut face_url = Some(channel.face_url.clone()).filter(|url| !url.is_empty());
        if face_url.as_ref().is_some_and(|url| self.limits.face_url.max < url.len()) {
            self.lose(LossKind::Pictures, channel.id.clone());
            put(&mut x, "picture", Value::from(face_url.take()));
        }
        if is_direct(channel) {
            put(&mut x, "direct", Value::from(true));
        }
        if channel.archived {
            self.lose(LossKind::Archived, channel.id.clone());
            put(&mut x, "archived", Value::from(true));
        }
        let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        format::Group {
            src: self.src.clone(),
            key: channel.id.clone(),
            group_id: state.group_id.clone(),
            kind: state.kind.as_str().to_owned(),
            name,
            introduction: text(&heading.introduction),
            notification: text(notification),
            face_url,
            x: extras(x),
            ..format::Group::default()
        }
    }

    /// The name of a group before it is cut.
    fn full_name(&mut self, state: &ChannelState) -> String {
        let mapped = self.mapping.channels.get(&state.channel.id).and_then(|rule| rule.name.clone());
        let name = mapped.unwrap_or_else(|| state.channel.name.clone());
        if !name.trim().is_empty() {
            return name;
        }
        let nicks = self.nicks(state);
        if is_direct(&state.channel) && !nicks.is_empty() {
            return nicks.join(", ");
        }
        if !is_direct(&state.channel) {
            self.lose(LossKind::NamesMade, state.channel.id.clone());
        }
        state.channel.id.clone()
    }

    fn direct_name(&self, state: &ChannelState) -> Option<String> {
        if self.mapping.channels.get(&state.channel.id).is_some_and(|rule| rule.name.is_some()) {
            return None;
        }
        let nicks = self.nicks(state);
        (!nicks.is_empty()).then(|| texts::name_of_members(&nicks, self.limits.name.max))
    }

    fn nicks(&self, state: &ChannelState) -> Vec<&str> {
        let members = state.members.keys().filter_map(|place| self.users.get(*place));
        let mut nicks: Vec<&str> = members.map(|user| user.shown()).collect();
        nicks.sort_unstable();
        nicks
    }

    /// `MaxMemberNum`, where the default leaves too little room.
    fn max_members(&mut self, state: &ChannelState) -> io::Result<Option<u32>> {
        let members = u32::try_from(state.members.len()).unwrap_or(u32::MAX);
        let max = match state.kind {
            GroupKind::Community => self.limits.max_members_community,
            GroupKind::Private | GroupKind::Public | GroupKind::ChatRoom | GroupKind::OneToOne => {
                self.limits.max_members
            }
        };
        if max < members {
            let text = format!("the group has {members} members; {max} are allowed");
            let fault = Fault::new(0, FaultCode::GroupFull, text).of(Kind::Group, state.channel.id.clone());
            let place = format!("channels.{:?}", state.channel.id);
            self.fault(
                fault
                    .field("MaxMemberNum")
                    .limit(max as usize)
                    .fix(format!("map {place} to the type Community")),
            )?;
        }
        Ok((MAX_MEMBERS_DEFAULT / 2 < members).then_some(max))
    }
}

fn is_direct(channel: &Channel) -> bool {
    matches!(channel.kind, ChannelKind::Direct | ChannelKind::GroupDirect)
}
