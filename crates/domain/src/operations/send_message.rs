//! Sending a message to a group or topic.

use crate::actor::Action;
use crate::changes::Changes;
use crate::context::Context;
use crate::event::Event;
use crate::group::Group;
use crate::ids::{GroupId, UserId};
use crate::member::{Member, Role};
use crate::message::{Body, Content, Conversation, Message, MessageLog, MessageState, Priority};
use crate::operation::{Decision, GroupOperation};
use crate::part::{Part, PartKey};
use crate::refusal::Refusal;
use crate::rights::Right;
use crate::snapshot::{GroupSnapshot, MessageRange, Needs};
use crate::time::Timestamp;
use crate::topic::TopicMember;

/// Sends one message.
#[derive(Clone, Debug)]
pub struct SendMessage {
    pub group: GroupId,
    /// Where in it.
    pub conversation: Conversation,
    /// The sender. It must exist; it need not be a member. [choice]
    pub sender: UserId,
    /// Whether the sender is an administrator of the app: it exists everywhere and is never muted.
    pub by_administrator: bool,
    /// Detects repeats: the same message with the same number within five minutes is a repeat.
    pub random: u32,
    pub priority: Priority,
    pub body: Body,
    /// Whether only online members receive it: it is not kept, and has no number. [choice]
    pub online_only: bool,
    /// Whether it leaves the time of the last message as it is.
    pub not_last: bool,
}

/// A message that was sent, now or by an earlier call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sent {
    /// Its number; 0 when it has none.
    pub seq: u32,
    pub sent: Timestamp,
}

impl GroupOperation for SendMessage {
    type Answer = Sent;

    fn group(&self) -> &GroupId {
        &self.group
    }

    fn actions(&self) -> Vec<Action> {
        vec![Action::As(self.sender.clone(), Right::Send, self.conversation.clone())]
    }

    fn needs(&self, context: &Context, group: &Group) -> Needs {
        let mut needs = Needs { profiles: vec![self.sender.clone()], ..Needs::default() };
        if group.kind.can().members {
            needs.members.push(self.sender.clone());
        } else {
            needs.parts.push(PartKey::LiveAdmin(self.sender.clone()));
        }
        if let Conversation::Topic(id) = &self.conversation {
            needs.parts.push(PartKey::Topic(id.clone()));
            needs.parts.push(PartKey::TopicMember(id.clone(), self.sender.clone()));
        }
        let since = Timestamp(context.now.0.saturating_sub(Message::DUPLICATE_SECONDS));
        // A message that was not counted as the last may be newer than the last; only the same call can repeat it.
        let may_repeat = match &self.conversation {
            Conversation::Group => since <= group.log.last_message || self.not_last,
            Conversation::Topic(_) => true,
        };
        // Where nothing is kept, the same again is another message. [choice]
        if may_repeat && group.kind.can().history && !self.online_only {
            needs.messages.push(MessageRange::Random {
                conversation: self.conversation.clone(),
                random: vec![self.random],
                since,
            });
        }
        needs
    }

    fn tells_of(&self) -> Vec<&UserId> {
        vec![&self.sender]
    }

    fn decide(&self, context: &Context, snapshot: GroupSnapshot) -> Result<Decision<Sent>, Refusal> {
        let now = context.now;
        let log = snapshot.log(&self.conversation)?;
        if !self.by_administrator && !snapshot.profiles.contains_key(&self.sender) {
            let problem = format!("From_Account {} is not an imported account", self.sender);
            return Err(Refusal::Unfitting(problem));
        }
        let mut earlier = snapshot.messages_of(&self.conversation).into_iter();
        if let Some(first) =
            earlier.find(|earlier| earlier.is_repeated_by(&self.sender, self.random, now, &self.body))
        {
            return Ok(Decision::unchanged(Sent { seq: first.seq, sent: first.sent }));
        }
        if !self.may_speak(now, &snapshot) {
            return Err(Refusal::Muted);
        }
        if self.online_only {
            let event = self.event(self.message(0, now, &snapshot.group));
            return Ok(Decision::unchanged(Sent { seq: 0, sent: now }).with_event(event));
        }
        let mut after = log.clone();
        let seq = after.take_seq(now).ok_or(Refusal::NoNumbersLeft)?;
        if self.not_last {
            (after.last_message, after.listed) = (log.last_message, log.listed);
        }
        let mut changes = Changes::default();
        self.note_sender(now, &snapshot, (log, &after), &mut changes);
        changes.put_log(&snapshot, &self.conversation, after)?;
        // The owner's first message makes such a group visible [doc]; in a group without an owner, any message does. [choice]
        let owner = snapshot.group.owner.as_ref();
        if !snapshot.group.active && owner.is_none_or(|owner| *owner == self.sender) {
            changes.group.get_or_insert_with(|| snapshot.group.clone()).active = true;
        }
        let message = self.message(seq, now, &snapshot.group);
        let event = self.event(message.clone());
        if snapshot.group.kind.can().history {
            changes.new_messages.push((self.conversation.clone(), message));
        }
        Ok(Decision::new(changes, Sent { seq, sent: now }).with_event(event))
    }
}

impl SendMessage {
    fn may_speak(&self, now: Timestamp, snapshot: &GroupSnapshot) -> bool {
        if self.by_administrator {
            return true;
        }
        let member = snapshot.members.get(&self.sender);
        let mut muted = member.is_some_and(|member| now < member.muted_until);
        let mut all_muted = snapshot.group.mute_all;
        if let Conversation::Topic(id) = &self.conversation {
            all_muted |= snapshot.topic(id).is_ok_and(|topic| topic.mute_all);
            muted |= self.topic_member(snapshot).is_some_and(|member| now < member.muted_until);
        }
        let leads = snapshot.group.owner.as_ref() == Some(&self.sender)
            || member.is_some_and(|member| member.role == Role::Admin)
            || snapshot.parts.contains_key(&PartKey::LiveAdmin(self.sender.clone()));
        !muted && (leads || !all_muted)
    }

    fn topic_member<'s>(&self, snapshot: &'s GroupSnapshot) -> Option<&'s TopicMember> {
        let Conversation::Topic(id) = &self.conversation else { return None };
        match snapshot.parts.get(&PartKey::TopicMember(id.clone(), self.sender.clone())) {
            Some(Part::TopicMember(member)) => Some(member),
            Some(_) | None => None,
        }
    }

    /// A member that had read everything has read its own message too.
    fn note_sender(
        &self,
        now: Timestamp,
        snapshot: &GroupSnapshot,
        (before, after): (&MessageLog, &MessageLog),
        changes: &mut Changes,
    ) {
        let Some(member) = snapshot.members.get(&self.sender) else { return };
        let mut member = Member { last_message: now, ..member.clone() };
        match &self.conversation {
            Conversation::Group if before.unread(member.read) == 0 => member.read = after.mark_unread(0),
            Conversation::Group => {}
            Conversation::Topic(id) => {
                let known = self.topic_member(snapshot).cloned().unwrap_or_default();
                if before.unread(known.read) == 0 {
                    let key = PartKey::TopicMember(id.clone(), self.sender.clone());
                    changes.put(key, Part::TopicMember(TopicMember { read: after.mark_unread(0), ..known }));
                }
            }
        }
        changes.updated_members.push(member);
    }

    fn event(&self, message: Message) -> Event {
        Event::Sent { conversation: self.conversation.clone(), message, online_only: self.online_only }
    }

    fn message(&self, seq: u32, sent: Timestamp, group: &Group) -> Message {
        let mut body = self.body.clone();
        // Not in topics. [doc]
        let can_have_receipts = group.kind.can().receipts && self.conversation == Conversation::Group;
        body.receipt &= can_have_receipts;
        body.extensible &= can_have_receipts;
        Message {
            seq,
            sent,
            sender: self.sender.clone(),
            random: self.random,
            priority: self.priority,
            state: MessageState::Kept,
            content: Content::Sent(body),
        }
    }
}

#[cfg(test)]
mod tests;
