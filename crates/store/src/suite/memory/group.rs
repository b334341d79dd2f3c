//! One group in memory.

use landfall_domain::account::Account;
use landfall_domain::changes::Changes;
use landfall_domain::group::Group;
use landfall_domain::ids::UserId;
use landfall_domain::member::Member;
use landfall_domain::message::{Conversation, Message};
use landfall_domain::part::{Part, PartFamily, PartKey};
use landfall_domain::snapshot::{GroupSnapshot, MessageRange, Needs};
use std::collections::BTreeMap;

/// A group with everything that belongs to it.
pub(super) struct StoredGroup {
    pub(super) group: Group,
    pub(super) members: BTreeMap<UserId, Member>,
    pub(super) parts: BTreeMap<PartKey, Part>,
    pub(super) messages: BTreeMap<Conversation, BTreeMap<u32, Message>>,
}

/// Whether a part is of a family.
fn is_of(family: &PartFamily, key: &PartKey) -> bool {
    match (family, key) {
        (PartFamily::Topics, PartKey::Topic(_))
        | (PartFamily::Bans, PartKey::Ban(_))
        | (PartFamily::Applications, PartKey::Application(_))
        | (PartFamily::LiveAdmins, PartKey::LiveAdmin(_))
        | (PartFamily::PermissionGroups, PartKey::PermissionGroup(_)) => true,
        (PartFamily::TopicMembers(topic), PartKey::TopicMember(of, _)) => topic == of,
        (PartFamily::TopicPermissions(group), PartKey::TopicPermission(of, _))
        | (PartFamily::PermissionGroupMembers(group), PartKey::PermissionGroupMember(of, _)) => group == of,
        (PartFamily::Readers(place, seq), PartKey::Reader(of, number, _))
        | (PartFamily::Extensions(place, seq), PartKey::Extension(of, number, _)) => {
            (place, seq) == (of, number)
        }
        _ => false,
    }
}

impl StoredGroup {
    pub(super) fn load(&self, accounts: &BTreeMap<UserId, Account>, needs: Needs) -> GroupSnapshot {
        let mut snapshot = GroupSnapshot::of(self.group.clone());
        for account in needs.members {
            let member = self.members.get(&account).cloned();
            snapshot.members.extend(member.map(|member| (account, member)));
        }
        snapshot.accounts = needs.accounts.into_iter().filter(|id| accounts.contains_key(id)).collect();
        for id in needs.profiles {
            let profile = accounts.get(&id).cloned();
            snapshot.profiles.extend(profile.map(|profile| (id, profile)));
        }
        for key in needs.parts {
            snapshot.parts.extend(self.parts.get(&key).cloned().map(|part| (key, part)));
        }
        for range in needs.ranges {
            let found = self
                .parts
                .iter()
                .filter(|(key, _)| is_of(&range.family, key))
                .filter(|(key, _)| range.after.as_ref().is_none_or(|after| after < *key))
                .take(range.limit);
            snapshot.parts.extend(found.map(|(key, part)| (key.clone(), part.clone())));
        }
        for range in needs.messages {
            let (MessageRange::Numbered(conversation, _)
            | MessageRange::Newest { conversation, .. }
            | MessageRange::Random { conversation, .. }) = &range;
            let here = self.messages.get(conversation).into_iter().flatten();
            let found: Vec<_> = match &range {
                MessageRange::Numbered(_, numbers) => here.filter(|(seq, _)| numbers.contains(seq)).collect(),
                MessageRange::Newest { up_to, limit, .. } => {
                    let below: Vec<_> = here.filter(|(seq, _)| *seq <= up_to).collect();
                    below.into_iter().rev().take(*limit).collect()
                }
                MessageRange::Random { random, since, .. } => here
                    .filter(|(_, message)| *since <= message.sent && random.contains(&message.random))
                    .collect(),
            };
            if !found.is_empty() {
                let kept = snapshot.messages.entry(conversation.clone()).or_default();
                kept.extend(found.into_iter().map(|(seq, message)| (*seq, message.clone())));
            }
        }
        snapshot
    }

    pub(super) fn write(&mut self, changes: Changes) {
        let Changes {
            group,
            added_members: joined,
            updated_members: changed,
            removed_members: left,
            placeholders: _,
            parts,
            new_messages: sent,
            updated_messages: rewritten,
            removed_families: dropped,
            cleared_topics: silenced,
        } = changes;
        self.group = group.unwrap_or_else(|| self.group.clone());
        let silent =
            |place: &Conversation| silenced.iter().any(|topic| *place == Conversation::Topic(topic.clone()));
        let hangs_on_silent = |key: &PartKey| match key {
            PartKey::Reader(place, ..) | PartKey::ExtensionHead(place, _) | PartKey::Extension(place, ..) => {
                silent(place)
            }
            PartKey::Attributes
            | PartKey::Counters
            | PartKey::Topic(_)
            | PartKey::TopicMember(..)
            | PartKey::Ban(_)
            | PartKey::Application(_)
            | PartKey::LiveAdmin(_)
            | PartKey::PermissionGroup(_)
            | PartKey::TopicPermission(..)
            | PartKey::PermissionGroupMember(..) => false,
        };
        self.parts.retain(|key, _| !hangs_on_silent(key) && !dropped.iter().any(|family| is_of(family, key)));
        self.messages.retain(|conversation, _| !silent(conversation));
        self.members.retain(|account, _| !left.contains(account));
        self.members.extend(joined.into_iter().chain(changed).map(|member| (member.account.clone(), member)));
        for (key, part) in parts {
            match part {
                Some(part) => drop(self.parts.insert(key, part)),
                None => drop(self.parts.remove(&key)),
            }
        }
        for (conversation, message) in sent.into_iter().chain(rewritten) {
            self.messages.entry(conversation).or_default().insert(message.seq, message);
        }
    }
}
