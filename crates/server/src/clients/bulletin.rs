//! What clients are told of one change: made from the change when it is kept, and handed to every server that has
//! clients.

use super::frame::{self, About, As, Place};
use super::notice::{Notice, NoticeKind};
use crate::webhook::body::{Attribute, ExtensionRow, attributes, extension, operate_type};
use landfall_domain::event::{Event, ProfileChange};
use landfall_domain::group::GroupType;
use landfall_domain::ids::{GroupId, TopicId, UserId};
use landfall_domain::member::Role;
use landfall_domain::message::{
    Content, Conversation, Message, MessageState, Priority, Tip, TipField, TipKind,
};
use landfall_domain::subscribers::AppliedChange;
use landfall_domain::time::Timestamp;
use serde::{Deserialize, Serialize};

/// What one change means to clients.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Bulletin {
    /// Accounts that may be in the group now and were not, or the other way round, or may be there in another way.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) moved: Vec<String>,
    /// What is sent, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) items: Vec<Item>,
    /// Whether there is no such group any more.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) dissolved: bool,
}

/// One frame, and who gets it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Item {
    /// The frame.
    pub(crate) text: String,
    /// Whether `to` get it wherever they are, and not only in the group.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) anywhere: bool,
    /// The only accounts that get it. Empty: everybody in the group.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) to: Vec<String>,
    /// Whether it is what somebody said.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) is_message: bool,
    /// The number under which it is kept; 0: it is not.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(crate) seq: u32,
    /// The topic in whose history it is, if in one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) topic: Option<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference to the member")]
fn is_zero(seq: &u32) -> bool {
    *seq == 0
}

fn names(accounts: &[UserId]) -> Vec<String> {
    accounts.iter().map(|account| account.as_str().to_owned()).collect()
}

impl Item {
    /// What everybody in the group gets, and no history keeps.
    pub(crate) fn for_all(text: String) -> Self {
        Self { text, anywhere: false, to: Vec::new(), is_message: false, seq: 0, topic: None }
    }

    /// What these accounts get, wherever they are.
    pub(crate) fn for_some(text: String, to: &[UserId]) -> Self {
        Self { anywhere: true, to: names(to), ..Self::for_all(text) }
    }
}

/// A change, as bulletins are made of it.
pub(crate) struct Change<'a> {
    /// The group.
    pub(crate) group: &'a GroupId,
    /// Its type.
    pub(crate) kind: GroupType,
    /// Who did it.
    pub(crate) operator: &'a UserId,
    /// When.
    pub(crate) now: Timestamp,
}

/// Something that is no message: who changed it, and how it is now.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct State<'a, T> {
    #[serde(flatten)]
    about: About<'a>,
    #[serde(rename = "Operator_Account")]
    operator: &'a str,
    #[serde(flatten)]
    now: T,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Attributes<'a> {
    option_type: &'static str,
    group_attr: Vec<Attribute<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Counter<'a> {
    key: &'a str,
    value: i64,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Counters<'a> {
    group_counter: Vec<Counter<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Extensions<'a> {
    msg_seq: u32,
    operate_type: u8,
    extension_list: Vec<ExtensionRow<'a>>,
    seq: u32,
}

impl Bulletin {
    /// Of an operation on one group; the messages it puts into the history, and its events.
    pub(crate) fn of(happened: AppliedChange<'_>, operator: &UserId, now: Timestamp) -> Self {
        let AppliedChange { group, kind, changes, events } = happened;
        let change = Change { group, kind, operator, now };
        let mut bulletin = Self::of_moves(events);
        for (conversation, message) in &changes.new_messages {
            bulletin.items.push(change.kept(conversation, message));
        }
        for (conversation, message) in &changes.updated_messages {
            let place = Place { group: group.clone(), conversation: conversation.clone() };
            let text = frame::message(&place, kind, message, As::Modified);
            bulletin.items.push(Item { to: names(&frame::receivers(message)), ..Item::for_all(text) });
        }
        for event in events {
            change.told(event, &mut bulletin);
        }
        bulletin
    }

    /// Who moved, of these events, and nothing else.
    pub(crate) fn of_moves(events: &[Event]) -> Self {
        let moved = events.iter().filter_map(|event| match event {
            Event::Joined { accounts, .. } | Event::Removed { accounts, .. } | Event::Banned(accounts) => {
                Some(names(accounts))
            }
            // It may want messages now and did not, or the other way round.
            Event::MemberChanged { account, .. } => Some(names(std::slice::from_ref(account))),
            Event::Created { .. }
            | Event::Destroyed { .. }
            | Event::Full
            | Event::Muted { .. }
            | Event::Unbanned(_)
            | Event::Read { .. }
            | Event::Confirmed { .. }
            | Event::CountersChanged(_)
            | Event::OwnerChanged { .. }
            | Event::ProfileChanged(_)
            | Event::Sent { .. }
            | Event::Recalled { .. }
            | Event::TopicCreated { .. }
            | Event::TopicsDestroyed(_)
            | Event::TopicChanged { .. }
            | Event::AttributesChanged(_)
            | Event::Extended { .. } => None,
        });
        Self { moved: moved.flatten().collect(), ..Self::default() }
    }

    /// Whether there is nothing to do.
    pub(crate) fn is_empty(&self) -> bool {
        self.moved.is_empty() && self.items.is_empty() && !self.dissolved
    }
}

impl Change<'_> {
    /// A message of the history.
    fn kept(&self, conversation: &Conversation, message: &Message) -> Item {
        let place = Place { group: self.group.clone(), conversation: conversation.clone() };
        let topic = match conversation {
            Conversation::Group => None,
            Conversation::Topic(id) => Some(id.as_str().to_owned()),
        };
        let to = names(&frame::receivers(message));
        let text = frame::message(&place, self.kind, message, As::New);
        let is_message = matches!(message.content, Content::Sent(_));
        Item { to, is_message, seq: message.seq, topic, ..Item::for_all(text) }
    }

    fn notice(&self, kind: NoticeKind) -> Notice<'_> {
        Notice::new(kind, self.kind, self.group, self.operator, self.now)
    }

    fn told(&self, event: &Event, bulletin: &mut Bulletin) {
        let items = &mut bulletin.items;
        let mut some = |kind, accounts: &[UserId]| items.push(self.notice(kind).to(accounts));
        match event {
            Event::Joined { accounts, silent } => {
                if !silent {
                    some(NoticeKind::Invited, accounts);
                }
            }
            Event::Removed { accounts, silent } => {
                if !silent {
                    some(NoticeKind::Kicked, accounts);
                }
            }
            Event::Banned(accounts) => {
                some(NoticeKind::Banned, accounts);
            }
            Event::Unbanned(accounts) => some(NoticeKind::Unbanned, accounts),
            Event::Muted { accounts, until } => {
                let seconds = until.0.saturating_sub(self.now.0);
                items.push(self.notice(NoticeKind::Muted).mute_time(seconds).to(accounts));
            }
            Event::MemberChanged { account, role, .. } => match role {
                Some(Role::Admin) => some(NoticeKind::AdminSet, std::slice::from_ref(account)),
                Some(Role::Member) => some(NoticeKind::AdminCancelled, std::slice::from_ref(account)),
                Some(Role::Owner) | None => {}
            },
            Event::Read { account, conversation, seq } => {
                let notice = self.notice(NoticeKind::Read).at(conversation).msg_seq(*seq);
                items.push(notice.to(std::slice::from_ref(account)));
            }
            Event::TopicCreated { id, .. } => {
                let topic = Conversation::Topic(id.clone());
                items.push(self.notice(NoticeKind::TopicCreated).at(&topic).to_all());
            }
            Event::TopicsDestroyed(topics) => {
                let topics = topics.iter().cloned().map(Conversation::Topic);
                items.extend(topics.map(|topic| self.notice(NoticeKind::TopicDestroyed).at(&topic).to_all()));
            }
            Event::Sent { conversation, message, .. } => items.extend(self.unkept(conversation, message)),
            Event::ProfileChanged(change) => items.extend(self.live_tip(profile(change))),
            Event::OwnerChanged { after, .. } => {
                items.extend(self.live_tip(vec![(TipField::Owner, after.as_str().to_owned())]));
            }
            Event::TopicChanged { id, change } => items.push(self.topic_changed(id, change)),
            Event::AttributesChanged(change) => {
                let (option_type, group_attr) = attributes(change);
                items.push(self.state("attributes", Attributes { option_type, group_attr }));
            }
            Event::CountersChanged(counters) => {
                let group_counter =
                    counters.iter().map(|(key, value)| Counter { key, value: *value }).collect();
                items.push(self.state("counters", Counters { group_counter }));
            }
            Event::Extended { seq, change, outcomes, last } => {
                let extension_list = outcomes.iter().filter_map(extension).collect();
                let operate_type = operate_type(change);
                let now = Extensions { msg_seq: *seq, operate_type, extension_list, seq: *last };
                items.push(self.state("extensions", now));
            }
            // Recalled messages are among those that changed. The others are told by the commands that do it.
            Event::Recalled { .. }
            | Event::Full
            | Event::Created { .. }
            | Event::Destroyed { .. }
            | Event::Confirmed { .. } => {}
        }
    }

    /// A message that no history keeps.
    fn unkept(&self, conversation: &Conversation, message: &Message) -> Option<Item> {
        let has_history = self.kind.can().history;
        if has_history && message.seq != 0 {
            return None;
        }
        let how = if has_history { As::OnlineOnly } else { As::New };
        let place = Place { group: self.group.clone(), conversation: conversation.clone() };
        let text = frame::message(&place, self.kind, message, how);
        Some(Item { to: names(&frame::receivers(message)), is_message: true, ..Item::for_all(text) })
    }

    /// Where no history keeps tips but clients are told, a tip about the profile. [doc]
    fn live_tip(&self, changes: Vec<(TipField, String)>) -> Option<Item> {
        if !self.kind.can().live {
            return None;
        }
        Some(self.tip(TipKind::ProfileChanged, &Conversation::Group, changes))
    }

    /// A tip that no history keeps: one about a topic is documented for clients and for no history.
    fn topic_changed(&self, id: &TopicId, change: &ProfileChange) -> Item {
        self.tip(TipKind::TopicChanged, &Conversation::Topic(id.clone()), profile(change))
    }

    fn tip(&self, kind: TipKind, conversation: &Conversation, changes: Vec<(TipField, String)>) -> Item {
        let message = Message {
            seq: 0,
            sent: self.now,
            sender: self.operator.clone(),
            random: 0,
            priority: Priority::Normal,
            state: MessageState::Kept,
            content: Content::Tip(Tip { kind, accounts: Vec::new(), changes }),
        };
        let place = Place { group: self.group.clone(), conversation: conversation.clone() };
        Item::for_all(frame::message(&place, self.kind, &message, As::New))
    }

    fn state(&self, event: &'static str, now: impl Serialize) -> Item {
        let about = About::group(event, self.kind, self.group, &Conversation::Group);
        Item::for_all(frame::text(&State { about, operator: self.operator.as_str(), now }))
    }
}

fn profile(change: &ProfileChange) -> Vec<(TipField, String)> {
    [
        (TipField::Name, &change.name),
        (TipField::Introduction, &change.introduction),
        (TipField::Notification, &change.notification),
        (TipField::FaceUrl, &change.face_url),
    ]
    .into_iter()
    .filter_map(|(field, text)| Some((field, text.as_ref()?.as_str().to_owned())))
    .collect()
}

#[cfg(test)]
mod tests;
