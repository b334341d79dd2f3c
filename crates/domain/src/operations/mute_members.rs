//! Muting members, in the group or in one topic.

use super::modify_member::mute_tip;
use crate::actor::Action;
use crate::changes::Changes;
use crate::context::Context;
use crate::event::Event;
use crate::group::Group;
use crate::ids::{GroupId, TopicId, UserId};
use crate::member::Member;
use crate::message::Conversation;
use crate::operation::{Decision, GroupOperation};
use crate::part::{Part, PartKey};
use crate::refusal::Refusal;
use crate::rights::Right;
use crate::snapshot::{GroupSnapshot, Needs};
use crate::time::Timestamp;
use crate::topic::TopicMember;

/// Mutes members until some time, or lifts their mute. Accounts that are not members are ignored. [choice]
#[derive(Clone, Debug)]
pub struct MuteMembers {
    pub group: GroupId,
    pub operator: UserId,
    pub accounts: Vec<UserId>,
    /// End of the mute; 0 lifts it.
    pub until: Timestamp,
    /// Where; in the whole group when not given.
    pub topic: Option<TopicId>,
}

impl GroupOperation for MuteMembers {
    type Answer = ();

    fn group(&self) -> &GroupId {
        &self.group
    }

    fn actions(&self) -> Vec<Action> {
        vec![Action::Over(Right::Mute, Conversation::of(self.topic.clone()), self.accounts.clone())]
    }

    fn needs(&self, _: &Context, _: &Group) -> Needs {
        let mut parts = Vec::new();
        if let Some(topic) = &self.topic {
            let members = self.accounts.iter().cloned();
            parts.push(PartKey::Topic(topic.clone()));
            parts.extend(members.map(|account| PartKey::TopicMember(topic.clone(), account)));
        }
        Needs { members: self.accounts.clone(), parts, ..Needs::default() }
    }

    /// A group that keeps no members has nowhere to keep a mute, so muting changes nothing there. [choice]
    fn tells_of(&self) -> Vec<&UserId> {
        [&self.operator].into_iter().chain(&self.accounts).collect()
    }

    fn decide(&self, context: &Context, snapshot: GroupSnapshot) -> Result<Decision<()>, Refusal> {
        if !snapshot.group.kind.can().mute {
            return Err(Refusal::TypeForbids("cannot mute members"));
        }
        let Some(topic) = &self.topic else {
            let changes = self.in_group(context, snapshot);
            let accounts: Vec<_> =
                changes.updated_members.iter().map(|member| member.account.clone()).collect();
            let event = (!accounts.is_empty()).then_some(Event::Muted { accounts, until: self.until });
            return Ok(Decision::new(changes, ()).with_event(event));
        };
        Ok(Decision::new(self.in_topic(topic, snapshot)?, ()))
    }
}

impl MuteMembers {
    fn in_group(&self, context: &Context, snapshot: GroupSnapshot) -> Changes {
        let GroupSnapshot { mut group, members, .. } = snapshot;
        let until = self.until;
        let changed: Vec<Member> = members
            .into_values()
            .filter(|member| self.accounts.contains(&member.account) && member.muted_until != until)
            .map(|member| Member { muted_until: until, ..member })
            .collect();
        let mut changes = Changes::default();
        if group.kind.can().tips.member_profile && !changed.is_empty() {
            let accounts = changed.iter().map(|member| member.account.clone()).collect();
            changes.add_tip(context, &mut group, &self.operator, mute_tip(context, accounts, until));
            changes.group = Some(group);
        }
        changes.updated_members = changed;
        changes
    }

    /// No tip is documented for the mute in a topic, so there is none.
    fn in_topic(&self, topic: &TopicId, snapshot: GroupSnapshot) -> Result<Changes, Refusal> {
        snapshot.topic(topic)?;
        let GroupSnapshot { members, mut parts, .. } = snapshot;
        let mut changes = Changes::default();
        for account in members.into_keys().filter(|account| self.accounts.contains(account)) {
            let key = PartKey::TopicMember(topic.clone(), account);
            let before = match parts.remove(&key) {
                Some(Part::TopicMember(member)) => member,
                Some(_) | None => TopicMember::default(),
            };
            if before.muted_until != self.until {
                changes.put(key, Part::TopicMember(TopicMember { muted_until: self.until, ..before }));
            }
        }
        Ok(changes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::group::GroupType;
    use crate::member::{ReceiveOption, Role};
    use crate::message::{Content, MessageLog, ReadMark, TipField};
    use crate::new_group::new_member;
    use crate::sample::{CREATED, NOW, decide, group_id, snapshot, text, user};
    use crate::topic::Topic;

    fn mute(kind: GroupType, until: u64) -> MuteMembers {
        MuteMembers {
            group: group_id(kind),
            operator: user("admin"),
            accounts: ["a", "b", "stranger", "a"].map(user).to_vec(),
            until: Timestamp(until),
            topic: None,
        }
    }

    fn two_of_three(kind: GroupType) -> GroupSnapshot {
        let mut snapshot = snapshot(kind, &[("a", Role::Admin), ("b", Role::Member)]);
        snapshot.members.remove(&user("known1"));
        snapshot
    }

    #[test]
    fn muting_members_leaves_a_tip() {
        for (kind, tips) in [(GroupType::Public, 1), (GroupType::Community, 1), (GroupType::ChatRoom, 0)] {
            let changes = decide(&mute(kind, NOW.0 + 60), &two_of_three(kind)).unwrap().changes;
            let muted: Vec<_> = changes.updated_members.iter().map(|member| member.muted_until.0).collect();
            assert_eq!(muted, [NOW.0 + 60; 2]);
            assert_eq!((changes.new_messages.len(), changes.group.is_some()), (tips, tips == 1), "{kind:?}");
        }
        let lifted = decide(&mute(GroupType::Public, 0), &two_of_three(GroupType::Public)).unwrap();
        assert!(lifted.changes.updated_members.is_empty() && lifted.changes.new_messages.is_empty());
        let private = decide(&mute(GroupType::Private, 0), &two_of_three(GroupType::Private));
        assert!(matches!(private, Err(Refusal::TypeForbids(_))));
        let live = decide(&mute(GroupType::AvChatRoom, NOW.0 + 1), &snapshot(GroupType::AvChatRoom, &[]));
        assert!(live.unwrap().changes.updated_members.is_empty());
    }

    #[test]
    fn whoever_mutes_another_is_not_muted() {
        let mut there = two_of_three(GroupType::Public);
        let acting = new_member(GroupType::Public, user("acting"), Role::Admin, CREATED);
        there.members.insert(user("acting"), acting);
        let changes = decide(&mute(GroupType::Public, NOW.0 + 60), &there).unwrap().changes;
        let muted: Vec<_> = changes.updated_members.iter().map(|member| member.account.as_str()).collect();
        assert_eq!(muted, ["a", "b"]);
    }

    #[test]
    fn the_tip_says_for_how_long() {
        for (until, seconds) in [(NOW.0 + 60, "60"), (u32::MAX.into(), "4294967295")] {
            let changes =
                decide(&mute(GroupType::Public, until), &two_of_three(GroupType::Public)).unwrap().changes;
            let Content::Tip(tip) = &changes.new_messages[0].1.content else { panic!("{changes:?}") };
            assert_eq!(tip.changes, [(TipField::MuteSeconds, seconds.to_owned())]);
            assert_eq!(tip.accounts, ["a", "b"].map(user));
        }
    }

    #[test]
    fn a_mute_in_a_topic_leaves_the_group_and_the_rest_of_the_member_alone() {
        let kind = GroupType::Community;
        let id = TopicId::generate(&group_id(kind), 1);
        let operation = MuteMembers { topic: Some(id.clone()), ..mute(kind, NOW.0 + 60) };
        let mut snapshot = two_of_three(kind);
        assert_eq!(decide(&operation, &snapshot).map(|_| ()), Err(Refusal::NoSuchTopic));
        let topic = Topic {
            id: id.clone(),
            name: text("t"),
            introduction: text(""),
            notification: text(""),
            face_url: text(""),
            custom: text(""),
            created: CREATED,
            mute_all: false,
            log: MessageLog::default(),
        };
        snapshot.parts.insert(PartKey::Topic(id.clone()), Part::Topic(topic));
        let known = TopicMember {
            read: ReadMark { seq: 3, made_at: 0 },
            receive_option: Some(ReceiveOption::Discard),
            muted_until: Timestamp(0),
        };
        let (of_a, of_b) = (PartKey::TopicMember(id.clone(), user("a")), PartKey::TopicMember(id, user("b")));
        snapshot.parts.insert(of_b.clone(), Part::TopicMember(known.clone()));
        let changes = decide(&operation, &snapshot).unwrap().changes;
        let muted_until = Timestamp(NOW.0 + 60);
        let expected = [
            (of_a, Some(Part::TopicMember(TopicMember { muted_until, ..TopicMember::default() }))),
            (of_b, Some(Part::TopicMember(TopicMember { muted_until, ..known }))),
        ];
        assert_eq!(changes.parts, expected);
        assert!(changes.updated_members.is_empty() && changes.new_messages.is_empty());
    }
}
