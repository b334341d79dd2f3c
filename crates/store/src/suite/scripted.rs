//! Operations on one group made for tests: each reads and changes something in every way a store offers.

use super::text;
use landfall_domain::actor::Action as RightsAction;
use landfall_domain::application::Application;
use landfall_domain::attributes::Attributes;
use landfall_domain::changes::Changes;
use landfall_domain::context::Context;
use landfall_domain::extension::{Extension, ExtensionHead};
use landfall_domain::group::Group;
use landfall_domain::ids::{GroupId, PermissionGroupId, TopicId, UserId};
use landfall_domain::member::{Member, ReceiveOption, Role};
use landfall_domain::message::{
    At, Body, Content, Conversation, Message, MessageLog, MessageState, Priority, ReadMark, Tip, TipField,
    TipKind,
};
use landfall_domain::new_group::new_member;
use landfall_domain::operation::{Decision, GroupOperation};
use landfall_domain::part::{Part, PartFamily, PartKey, PartRange};
use landfall_domain::permission::PermissionGroup;
use landfall_domain::refusal::Refusal;
use landfall_domain::snapshot::{GroupSnapshot, MessageRange, Needs};
use landfall_domain::time::Timestamp;
use landfall_domain::topic::{Topic, TopicMember};

/// A change to one group. Its answer lists everything that it read.
#[derive(Clone, Debug)]
pub(crate) struct Script {
    pub(crate) group: GroupId,
    pub(crate) action: Action,
}

#[derive(Clone, Debug)]
pub(crate) enum Action {
    /// Changes nothing, by refusing.
    Refuse,
    /// Sends messages, a second apart, with these random numbers.
    Send(Option<usize>, Vec<u32>),
    /// Takes the content of messages away.
    Recall(Option<usize>, Vec<u32>),
    /// Makes every message read.
    ReadEverything,
    /// Lets an account join, or changes what is known of it.
    Join(UserId),
    /// Takes an account out.
    Leave(UserId),
    /// Makes a member the owner.
    Own(UserId),
    /// Makes one of two topics, with a part of each kind below it.
    PutTopic(usize),
    /// Takes a topic away with everything below it.
    DropTopic(usize),
    /// Sets one part of every kind.
    PutParts(UserId, u32),
    /// Takes one part of every kind away.
    RemoveParts(UserId, u32),
    /// Reads messages by number, at the newest, and at those with a random number.
    Look(Option<usize>, Vec<u32>),
    /// Reads a page of a family.
    Page(usize, usize),
}

pub(crate) fn topic(group: &GroupId, number: usize) -> TopicId {
    TopicId::parse(&format!("{group}@TOPIC#_{number}"), group).unwrap()
}

/// The group's own conversation, or one of its topics'.
fn place(group: &GroupId, number: Option<usize>) -> Conversation {
    Conversation::of(number.map(|number| topic(group, number)))
}

pub(crate) fn permission_group() -> PermissionGroupId {
    PermissionGroupId::parse("@PMG#_a").unwrap()
}

/// One key of every kind, those below topics and messages too.
fn keys(group: &GroupId, account: &UserId, seq: u32) -> Vec<PartKey> {
    let (account, here) = (account.clone(), topic(group, 0));
    vec![
        PartKey::Attributes,
        PartKey::Counters,
        PartKey::TopicMember(here.clone(), account.clone()),
        PartKey::Ban(account.clone()),
        PartKey::LiveAdmin(account.clone()),
        PartKey::Application(account.clone()),
        PartKey::PermissionGroup(permission_group()),
        PartKey::TopicPermission(permission_group(), here.clone()),
        PartKey::PermissionGroupMember(permission_group(), account.clone()),
        PartKey::Reader(Conversation::Group, seq, account.clone()),
        PartKey::Reader(Conversation::Topic(here.clone()), seq, account),
        PartKey::ExtensionHead(Conversation::Group, seq),
        PartKey::Extension(Conversation::Topic(here), seq, "k\u{0}\tü".to_owned()),
    ]
}

/// All families that scripts write.
pub(crate) fn families(group: &GroupId) -> Vec<PartFamily> {
    let here = Conversation::Topic(topic(group, 0));
    let mut families = vec![
        PartFamily::Topics,
        PartFamily::TopicMembers(topic(group, 0)),
        PartFamily::TopicMembers(topic(group, 1)),
        PartFamily::Bans,
        PartFamily::LiveAdmins,
        PartFamily::Applications,
        PartFamily::PermissionGroups,
        PartFamily::TopicPermissions(permission_group()),
        PartFamily::PermissionGroupMembers(permission_group()),
    ];
    for seq in 0..4 {
        families.push(PartFamily::Readers(Conversation::Group, seq));
        families.push(PartFamily::Readers(here.clone(), seq));
        families.push(PartFamily::Extensions(Conversation::Group, seq));
        families.push(PartFamily::Extensions(here.clone(), seq));
    }
    families
}

/// A part that contains its key and the time of its creation.
fn part(key: &PartKey, now: Timestamp) -> Part {
    let number = u32::try_from(now.0).unwrap();
    match key {
        PartKey::Attributes => {
            Part::Attributes(Attributes::from([("k\u{0}".to_owned(), format!("{number}\u{0}"))]))
        }
        PartKey::Counters => Part::Counters([("c".to_owned(), -i64::from(number))].into()),
        PartKey::Topic(id) => Part::Topic(Topic {
            id: id.clone(),
            name: text("t\u{0}"),
            introduction: text("i"),
            notification: text("n"),
            face_url: text("f"),
            custom: text("c\u{10ffff}"),
            created: now,
            mute_all: true,
            log: MessageLog::default(),
        }),
        PartKey::TopicMember(..) => Part::TopicMember(TopicMember {
            read: ReadMark { seq: number, made_at: 1 },
            receive_option: Some(ReceiveOption::AcceptNotNotifyExceptAt),
            muted_until: now,
        }),
        PartKey::Ban(_) => Part::Ban(now),
        PartKey::Application(_) => Part::Application(Application {
            invited_by: Some(UserId::parse("inviter").unwrap()),
            text: "please".to_owned(),
            made: now,
        }),
        PartKey::LiveAdmin(_) => Part::LiveAdmin(now),
        PartKey::PermissionGroup(id) => Part::PermissionGroup(PermissionGroup {
            id: id.clone(),
            name: text("p"),
            permissions: u64::MAX,
            custom: text("c"),
            member_count: number,
            created: now,
        }),
        PartKey::TopicPermission(..) => Part::TopicPermission(u64::MAX - u64::from(number)),
        PartKey::PermissionGroupMember(..) => Part::PermissionGroupMember(now),
        PartKey::Reader(..) => Part::Reader(now),
        PartKey::ExtensionHead(..) => {
            Part::ExtensionHead(ExtensionHead { latest_seq: number, clear_seq: 1, count: 2 })
        }
        PartKey::Extension(..) => Part::Extension(Extension { value: "v\u{0}".to_owned(), seq: number }),
    }
}

/// A message with every field used, by its number.
fn message(seq: u32, sent: Timestamp, random: u32) -> Message {
    let sender = UserId::parse("a").unwrap();
    let content = match seq % 3 {
        0 => Content::Tip(Tip {
            kind: TipKind::ProfileChanged,
            accounts: vec![sender.clone()],
            changes: vec![(TipField::Name, "n\u{0}".to_owned())],
        }),
        1 => Content::Sent(Body { elements: "[{\"a\":\"\\u0000\"}]".into(), ..Body::default() }),
        _ => Content::Sent(Body {
            elements: "[ 1.50 ]".into(),
            custom: "c\u{0}ü".into(),
            receipt: true,
            extensible: true,
            no_unread: true,
            at: At { everybody: true, accounts: vec![sender.clone()] },
            to: vec![sender.clone()],
        }),
    };
    Message { seq, sent, sender, random, priority: Priority::Lowest, state: MessageState::Kept, content }
}

impl Script {
    fn send(
        &self,
        number: Option<usize>,
        random: &[u32],
        mut snapshot: GroupSnapshot,
        now: Timestamp,
    ) -> Changes {
        let place = place(&self.group, number);
        let mut changes = Changes::default();
        let mut topic = match number {
            Some(number) => match snapshot.topic(&topic(&self.group, number)) {
                Ok(topic) => Some(topic.clone()),
                Err(_) => return changes,
            },
            None => None,
        };
        let log = topic.as_mut().map_or(&mut snapshot.group.log, |topic| &mut topic.log);
        for random in random {
            let sent = Timestamp(now.0.max(log.last_message.0) + 1);
            let seq = log.take_seq(sent).unwrap();
            changes.new_messages.push((place.clone(), message(seq, sent, *random)));
        }
        match topic {
            Some(topic) => changes.put(PartKey::Topic(topic.id.clone()), Part::Topic(topic)),
            None => changes.group = Some(snapshot.group),
        }
        changes
    }

    fn join(&self, account: &UserId, snapshot: &GroupSnapshot, now: Timestamp) -> Changes {
        let mut changes = Changes::default();
        if let Some(member) = snapshot.members.get(account) {
            let receive_option = ReceiveOption::AcceptNotNotifyExceptAt;
            let read = ReadMark { seq: 7, made_at: 3 };
            changes.updated_members.push(Member {
                receive_option,
                read,
                name_card: "card\u{0}".to_owned(),
                muted_until: now,
                last_message: now,
                ..member.clone()
            });
        } else if snapshot.group.kind.can().members {
            changes.added_members.push(new_member(snapshot.group.kind, account.clone(), Role::Member, now));
            if !snapshot.accounts.contains(account) {
                changes.placeholders.push(account.clone());
            }
            let member_count = snapshot.group.member_count + 1;
            changes.group = Some(Group { member_count, active: true, ..snapshot.group.clone() });
        }
        changes
    }

    fn own(&self, account: &UserId, snapshot: GroupSnapshot) -> Changes {
        let mut changes = Changes::default();
        let Some(member) = snapshot.members.get(account) else { return changes };
        if member.role == Role::Owner {
            return changes;
        }
        let old = snapshot.group.owner.as_ref().and_then(|owner| snapshot.members.get(owner));
        changes.updated_members.extend(old.map(|old| Member { role: Role::Member, ..old.clone() }));
        changes.updated_members.push(Member { role: Role::Owner, ..member.clone() });
        changes.group = Some(Group { owner: Some(account.clone()), info_seq: 9, ..snapshot.group });
        changes
    }
}

impl GroupOperation for Script {
    /// What was read.
    type Answer = String;

    fn group(&self) -> &GroupId {
        &self.group
    }

    fn actions(&self) -> Vec<RightsAction> {
        vec![RightsAction::AppOnly]
    }

    fn needs(&self, _: &Context, group: &Group) -> Needs {
        let mut needs = Needs::default();
        match &self.action {
            Action::Refuse | Action::ReadEverything => {}
            Action::Send(number, _) => {
                needs.parts.extend(number.map(|number| PartKey::Topic(topic(&self.group, number))));
            }
            Action::Recall(number, seqs) => {
                needs.messages.push(MessageRange::Numbered(place(&self.group, *number), seqs.clone()));
            }
            Action::Join(account) | Action::Leave(account) | Action::Own(account) => {
                needs.members = vec![account.clone()];
                needs.members.extend(group.owner.clone());
                needs.accounts = vec![account.clone()];
                needs.profiles = vec![account.clone(), UserId::parse("nobody").unwrap()];
            }
            Action::PutTopic(number) | Action::DropTopic(number) => {
                needs.parts.push(PartKey::Topic(topic(&self.group, *number)));
            }
            Action::PutParts(account, seq) | Action::RemoveParts(account, seq) => {
                needs.parts = keys(&self.group, account, *seq);
            }
            Action::Look(number, numbers) => {
                let conversation = place(&self.group, *number);
                needs.messages = vec![
                    MessageRange::Numbered(conversation.clone(), numbers.clone()),
                    MessageRange::Newest {
                        conversation: conversation.clone(),
                        up_to: numbers.first().copied().unwrap_or(u32::MAX),
                        limit: numbers.len(),
                    },
                    MessageRange::Random { conversation, random: numbers.clone(), since: Timestamp(1_050) },
                ];
            }
            Action::Page(family, limit) => {
                let families = families(&self.group);
                let family = families[family % families.len()].clone();
                needs.ranges.push(PartRange { family, after: None, limit: *limit });
            }
        }
        needs
    }

    fn decide(&self, context: &Context, snapshot: GroupSnapshot) -> Result<Decision<String>, Refusal> {
        // The position of a group in the list differs between stores.
        let seen =
            GroupSnapshot { group: Group { list_position: 0, ..snapshot.group.clone() }, ..snapshot.clone() };
        let answer = format!("{seen:?}");
        let mut changes = Changes::default();
        match &self.action {
            Action::Refuse => return Err(Refusal::Full),
            Action::Look(..) | Action::Page(..) => {}
            Action::ReadEverything => {
                let mut group = snapshot.group;
                group.log.read_everything();
                changes.group = Some(group);
            }
            Action::Send(number, random) => changes = self.send(*number, random, snapshot, context.now),
            Action::Recall(number, _) => {
                let place = place(&self.group, *number);
                changes.updated_messages = snapshot
                    .messages_of(&place)
                    .into_iter()
                    .map(|message| (place.clone(), message.clone().without_content(MessageState::Recalled)))
                    .collect();
            }
            Action::Join(account) => changes = self.join(account, &snapshot, context.now),
            Action::Leave(account) => {
                if let Some(member) = snapshot.members.get(account) {
                    let mut group = snapshot.group.clone();
                    group.member_count -= 1;
                    group.owner.take_if(|_| member.role == Role::Owner);
                    changes = Changes::of(group);
                    changes.removed_members.push(account.clone());
                }
            }
            Action::Own(account) => changes = self.own(account, snapshot),
            Action::PutTopic(number) => {
                let key = PartKey::Topic(topic(&self.group, *number));
                if !snapshot.parts.contains_key(&key) {
                    let part = part(&key, context.now);
                    changes.put(key, part);
                }
            }
            Action::DropTopic(number) => {
                let id = topic(&self.group, *number);
                changes.remove(PartKey::Topic(id.clone()));
                changes.removed_families.push(PartFamily::TopicMembers(id.clone()));
                changes.cleared_topics.push(id);
            }
            Action::PutParts(account, seq) => {
                for key in keys(&self.group, account, *seq) {
                    let part = part(&key, context.now);
                    changes.put(key, part);
                }
            }
            Action::RemoveParts(account, seq) => {
                keys(&self.group, account, *seq).into_iter().for_each(|key| changes.remove(key));
            }
        }
        Ok(Decision::new(changes, answer))
    }
}
