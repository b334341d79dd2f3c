//! What one change means to clients: made from the change when it is committed, and sent to every server that has clients.

use super::frame::{self, ConversationKey, FrameHeader, MessageEvent, Sender};
use super::notice::{Notice, NoticeKind};
use super::outgoing_frame::{OutgoingFrame, names};
use super::receipt_frames;
use crate::event_rows::{AttributeRow, ExtensionRow, attribute_rows, extension_row, operate_type};
use crate::files::signing::FileSigner;
use landfall_domain::account::SenderProfiles;
use landfall_domain::event::{Event, Joining, ProfileChange};
use landfall_domain::group::GroupType;
use landfall_domain::ids::{GroupId, TopicId, UserId};
use landfall_domain::member::{ReceiveOption, Role};
use landfall_domain::message::{
    Content, Conversation, Message, MessageState, Priority, Tip, TipField, TipKind,
};
use landfall_domain::subscribers::AppliedChange;
use landfall_domain::time::Timestamp;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ClientUpdate {
    /// Accounts that may have joined or left the group, or whose membership may have changed otherwise.
    #[serde(rename = "moved", default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) membership_changed: Vec<String>,
    /// In the order in which they are sent.
    #[serde(rename = "items", default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) frames: Vec<OutgoingFrame>,
    /// Whether the group was dissolved.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) dissolved: bool,
}

/// The change that an update is made of.
struct GroupChange<'a> {
    group: &'a GroupId,
    kind: GroupType,
    operator: &'a UserId,
    now: Timestamp,
    files: &'a FileSigner,
    /// What others see of those whom its messages and tips name.
    seen: &'a SenderProfiles,
}

/// The state of something other than messages, after a change.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct StateFrame<'a, T> {
    #[serde(flatten)]
    about: FrameHeader<'a>,
    #[serde(rename = "Operator_Account")]
    operator: &'a str,
    #[serde(flatten)]
    now: T,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Attributes<'a> {
    option_type: &'static str,
    group_attr: Vec<AttributeRow<'a>>,
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

/// What a member has changed about a conversation of its own.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ConversationFrame<'a> {
    #[serde(flatten)]
    about: FrameHeader<'a>,
    msg_flag: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Extensions<'a> {
    msg_seq: u32,
    operate_type: u8,
    extension_list: Vec<ExtensionRow<'a>>,
    seq: u32,
}

impl ClientUpdate {
    /// Of an operation on one group: the messages it adds to the history, and its events.
    pub(crate) fn of(
        change: AppliedChange<'_>,
        operator: &UserId,
        now: Timestamp,
        files: &FileSigner,
    ) -> Self {
        let AppliedChange { group, kind, changes, events, seen } = change;
        let change = GroupChange { group, kind, operator, now, files, seen };
        let mut update = Self::of_membership_changes(events);
        for (conversation, message) in &changes.new_messages {
            update.frames.push(change.stored(conversation, message));
        }
        let nobody = SenderProfiles::default();
        for (conversation, message) in &changes.updated_messages {
            let key = ConversationKey { group: group.clone(), conversation: conversation.clone() };
            let text = frame::message(&key, kind, (message, &nobody), MessageEvent::Modified, files);
            update.frames.push(OutgoingFrame {
                to: names(&frame::receivers(message)),
                ..OutgoingFrame::to_group(text)
            });
        }
        for event in events {
            change.add_event(event, &mut update);
        }
        update
    }

    /// Only the accounts whose membership these events change.
    pub(crate) fn of_membership_changes(events: &[Event]) -> Self {
        let changed = events.iter().filter_map(|event| match event {
            Event::Joined { accounts, .. } | Event::Removed { accounts, .. } | Event::Banned(accounts) => {
                Some(names(accounts))
            }
            // Whether the member receives messages may have changed.
            Event::MemberChanged { account, .. } => Some(names(std::slice::from_ref(account))),
            Event::Created { .. }
            | Event::Destroyed { .. }
            | Event::Full
            | Event::Muted { .. }
            | Event::Unbanned(_)
            | Event::Accepted { .. }
            | Event::Rejected { .. }
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
        Self { membership_changed: changed.flatten().collect(), ..Self::default() }
    }

    /// A group was created: its owner and its members are notified.
    pub(super) fn of_created(
        group: &GroupId,
        kind: GroupType,
        owner: Option<&UserId>,
        members: &[UserId],
        (operator, now): (&UserId, Timestamp),
    ) -> Self {
        let notice = |what| Notice::new(what, kind, group, operator, now);
        let mut update = Self::default();
        if let Some(owner) = owner {
            update.frames.push(notice(NoticeKind::Created).to(std::slice::from_ref(owner)));
        }
        let others: Vec<_> = members.iter().filter(|member| Some(*member) != owner).cloned().collect();
        if !others.is_empty() {
            update.frames.push(notice(NoticeKind::Invited).to(&others));
        }
        update.membership_changed =
            owner.into_iter().chain(&others).map(|id| id.as_str().to_owned()).collect();
        update
    }

    /// A group was dissolved: everybody in it is notified.
    pub(super) fn of_dissolved(
        group: &GroupId,
        kind: GroupType,
        (operator, now): (&UserId, Timestamp),
    ) -> Self {
        let notice = Notice::new(NoticeKind::Dissolved, kind, group, operator, now);
        Self { frames: vec![notice.to_all()], dissolved: true, ..Self::default() }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.membership_changed.is_empty() && self.frames.is_empty() && !self.dissolved
    }
}

impl GroupChange<'_> {
    /// A message of the history.
    fn stored(&self, conversation: &Conversation, message: &Message) -> OutgoingFrame {
        let key = ConversationKey { group: self.group.clone(), conversation: conversation.clone() };
        let topic = match conversation {
            Conversation::Group => None,
            Conversation::Topic(id) => Some(id.as_str().to_owned()),
        };
        let to = names(&frame::receivers(message));
        let text = frame::message(&key, self.kind, (message, self.seen), MessageEvent::New, self.files);
        let is_message = matches!(message.content, Content::Sent(_));
        let sender = Sender::of(message, &key);
        OutgoingFrame { to, is_message, seq: message.seq, topic, sender, ..OutgoingFrame::to_group(text) }
    }

    fn notice(&self, kind: NoticeKind) -> Notice<'_> {
        Notice::new(kind, self.kind, self.group, self.operator, self.now)
    }

    /// What became of an application, for the account that made it.
    fn decided(&self, kind: NoticeKind, account: &UserId, text: &str) -> OutgoingFrame {
        self.notice(kind).content(text).to(std::slice::from_ref(account))
    }

    fn add_event(&self, event: &Event, update: &mut ClientUpdate) {
        let frames = &mut update.frames;
        let mut some = |kind, accounts: &[UserId]| frames.push(self.notice(kind).to(accounts));
        match event {
            Event::Joined { accounts, how: Joining::Invited, silent: false } => {
                some(NoticeKind::Invited, accounts);
            }
            Event::Accepted { account, text } => {
                frames.push(self.decided(NoticeKind::Accepted, account, text))
            }
            Event::Rejected { account, text } => {
                frames.push(self.decided(NoticeKind::Rejected, account, text))
            }
            Event::Removed { accounts, quit, silent: false } => {
                some(if *quit { NoticeKind::Quit } else { NoticeKind::Kicked }, accounts);
            }
            Event::Joined { .. } | Event::Removed { .. } => {}
            Event::Banned(accounts) => some(NoticeKind::Banned, accounts),
            Event::Unbanned(accounts) => some(NoticeKind::Unbanned, accounts),
            Event::Muted { accounts, until } => {
                let seconds = until.0.saturating_sub(self.now.0);
                frames.push(self.notice(NoticeKind::Muted).mute_time(seconds).to(accounts));
            }
            Event::MemberChanged { account, role, name_card, receive_option } => {
                match role {
                    Some(Role::Admin) => some(NoticeKind::AdminSet, std::slice::from_ref(account)),
                    Some(Role::Member) => some(NoticeKind::AdminCancelled, std::slice::from_ref(account)),
                    Some(Role::Owner) | None => {}
                }
                frames.extend(name_card.as_ref().map(|name| self.renamed(account, name)));
                frames.extend(receive_option.map(|option| self.conversation(account, option)));
            }
            Event::Read { account, conversation, seq } => {
                let notice = self.notice(NoticeKind::Read).at(conversation).msg_seq(*seq);
                frames.push(notice.to(std::slice::from_ref(account)));
            }
            Event::TopicCreated { id, .. } => {
                let topic = Conversation::Topic(id.clone());
                frames.push(self.notice(NoticeKind::TopicCreated).at(&topic).to_all());
            }
            Event::TopicsDestroyed(topics) => {
                let topics = topics.iter().cloned().map(Conversation::Topic);
                frames
                    .extend(topics.map(|topic| self.notice(NoticeKind::TopicDestroyed).at(&topic).to_all()));
            }
            Event::Sent { conversation, message, .. } => frames.extend(self.unstored(conversation, message)),
            Event::ProfileChanged(change) => frames.extend(self.live_tip(profile(change))),
            Event::OwnerChanged { after, .. } => {
                frames.extend(self.live_tip(vec![(TipField::Owner, after.as_str().to_owned())]));
            }
            Event::TopicChanged { id, change } => frames.push(self.topic_changed(id, change)),
            Event::AttributesChanged(change) => {
                let (option_type, group_attr) = attribute_rows(change);
                frames.push(self.state("attributes", Attributes { option_type, group_attr }));
            }
            Event::CountersChanged(counters) => {
                let group_counter =
                    counters.iter().map(|(key, value)| Counter { key, value: *value }).collect();
                frames.push(self.state("counters", Counters { group_counter }));
            }
            Event::Extended { seq, change, outcomes, last } => {
                let extension_list = outcomes.iter().filter_map(extension_row).collect();
                let operate_type = operate_type(change);
                let now = Extensions { msg_seq: *seq, operate_type, extension_list, seq: *last };
                frames.push(self.state("extensions", now));
            }
            Event::Confirmed { receipts, .. } => {
                frames.extend(receipt_frames::of(self.group, self.kind, receipts));
            }
            // Recalled messages are among the updated ones. The commands publish the other changes themselves.
            Event::Recalled { .. } | Event::Full | Event::Created { .. } | Event::Destroyed { .. } => {}
        }
    }

    /// A message that no history stores.
    fn unstored(&self, conversation: &Conversation, message: &Message) -> Option<OutgoingFrame> {
        let has_history = self.kind.can().history;
        if has_history && message.seq != 0 {
            return None;
        }
        let event = if has_history { MessageEvent::OnlineOnly } else { MessageEvent::New };
        let key = ConversationKey { group: self.group.clone(), conversation: conversation.clone() };
        let text = frame::message(&key, self.kind, (message, self.seen), event, self.files);
        Some(OutgoingFrame {
            to: names(&frame::receivers(message)),
            is_message: true,
            sender: Sender::of(message, &key),
            ..OutgoingFrame::to_group(text)
        })
    }

    /// A tip about the profile of a live-stream group, whose history stores none. [doc]
    fn live_tip(&self, changes: Vec<(TipField, String)>) -> Option<OutgoingFrame> {
        if !self.kind.can().live {
            return None;
        }
        Some(self.tip(TipKind::ProfileChanged, &Conversation::Group, changes))
    }

    /// A tip about a topic: it is documented for clients but for no history.
    fn topic_changed(&self, id: &TopicId, change: &ProfileChange) -> OutgoingFrame {
        self.tip(TipKind::TopicChanged, &Conversation::Topic(id.clone()), profile(change))
    }

    fn tip(
        &self,
        kind: TipKind,
        conversation: &Conversation,
        changes: Vec<(TipField, String)>,
    ) -> OutgoingFrame {
        self.tip_about(kind, conversation, Vec::new(), changes)
    }

    fn tip_about(
        &self,
        kind: TipKind,
        conversation: &Conversation,
        accounts: Vec<UserId>,
        changes: Vec<(TipField, String)>,
    ) -> OutgoingFrame {
        let message = Message {
            seq: 0,
            sent: self.now,
            sender: self.operator.clone(),
            random: 0,
            priority: Priority::Normal,
            state: MessageState::Kept,
            content: Content::Tip(Tip { kind, accounts, changes }),
        };
        let key = ConversationKey { group: self.group.clone(), conversation: conversation.clone() };
        let message = (&message, self.seen);
        OutgoingFrame::to_group(frame::message(&key, self.kind, message, MessageEvent::New, self.files))
    }

    /// A tip about the name of a member: it is documented for clients but for no history.
    fn renamed(&self, account: &UserId, name_card: &str) -> OutgoingFrame {
        let changes = vec![(TipField::NameCard, name_card.to_owned())];
        self.tip_about(TipKind::MemberChanged, &Conversation::Group, vec![account.clone()], changes)
    }

    /// To the devices of a member: what it receives of the group.
    fn conversation(&self, account: &UserId, option: ReceiveOption) -> OutgoingFrame {
        let about = FrameHeader::of_group("conversation", self.kind, self.group, &Conversation::Group);
        let text = frame::text(&ConversationFrame { about, msg_flag: option.as_str() });
        OutgoingFrame::to_accounts(text, std::slice::from_ref(account))
    }

    fn state(&self, event: &'static str, now: impl Serialize) -> OutgoingFrame {
        let about = FrameHeader::of_group(event, self.kind, self.group, &Conversation::Group);
        OutgoingFrame::to_group(frame::text(&StateFrame { about, operator: self.operator.as_str(), now }))
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
