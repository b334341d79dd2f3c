//! Changing what a message says. Its number, sender and time stay.

use super::topic_part;
use crate::actor::Action;
use crate::changes::Changes;
use crate::context::Context;
use crate::group::Group;
use crate::ids::GroupId;
use crate::message::{Body, BodyTooLong, Content, Conversation, Message};
use crate::operation::{Decision, GroupOperation};
use crate::refusal::Refusal;
use crate::rights::Right;
use crate::snapshot::{GroupSnapshot, MessageRange, Needs};

/// Puts other elements or other custom data into a message.
#[derive(Clone, Debug)]
pub struct ModifyMessage {
    pub group: GroupId,
    pub conversation: Conversation,
    pub seq: u32,
    /// Its new elements; the old ones stay when not given.
    pub elements: Option<Box<str>>,
    /// Its new custom data; the old one stays when not given.
    pub custom: Option<Box<str>>,
    /// How long elements and custom data may be together, bytes.
    pub bytes_max: usize,
}

impl GroupOperation for ModifyMessage {
    type Answer = ();

    fn group(&self) -> &GroupId {
        &self.group
    }

    fn actions(&self) -> Vec<Action> {
        vec![Action::About(Right::EditMessage, self.conversation.clone(), vec![self.seq])]
    }

    fn needs(&self, _: &Context, _: &Group) -> Needs {
        Needs {
            parts: topic_part(&self.conversation),
            messages: vec![MessageRange::Numbered(self.conversation.clone(), vec![self.seq])],
            ..Needs::default()
        }
    }

    fn decide(&self, _: &Context, mut snapshot: GroupSnapshot) -> Result<Decision<()>, Refusal> {
        snapshot.log(&self.conversation)?;
        if !snapshot.group.kind.can().history {
            return Err(Refusal::TypeForbids("keep no messages, so none can be modified"));
        }
        let messages = snapshot.messages.remove(&self.conversation);
        let message = messages.and_then(|mut messages| messages.remove(&self.seq));
        let message = message.ok_or(Refusal::NoSuchMessage)?;
        let body = match message.content {
            Content::Sent(body) => body,
            Content::Gone(_) => return Err(Refusal::MessageGone),
            Content::Tip(_) => {
                return Err(Refusal::Unfitting("MsgSeq is a system message".to_owned()));
            }
        };
        let body = Body {
            elements: self.elements.clone().unwrap_or(body.elements),
            custom: self.custom.clone().unwrap_or(body.custom),
            ..body
        };
        let length = body.size();
        if self.bytes_max < length {
            return Err(Refusal::MessageTooLong(BodyTooLong { got: length, max: self.bytes_max }));
        }
        let message = Message { content: Content::Sent(body), ..message };
        let changes =
            Changes { updated_messages: vec![(self.conversation.clone(), message)], ..Changes::default() };
        Ok(Decision::new(changes, ()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::group::GroupType;
    use crate::message::{MessageState, Tip, TipKind};
    use crate::sample::{decide, group_id, sent, snapshot};

    /// Elements and custom data afterwards.
    fn modify(
        kind: GroupType,
        message: Message,
        elements: Option<&str>,
        custom: Option<&str>,
    ) -> Result<(String, String), Refusal> {
        let mut snapshot = snapshot(kind, &[]);
        snapshot.messages.entry(Conversation::Group).or_default().insert(message.seq, message.clone());
        let operation = ModifyMessage {
            group: group_id(kind),
            conversation: Conversation::Group,
            seq: 1,
            elements: elements.map(Into::into),
            custom: custom.map(Into::into),
            bytes_max: 10,
        };
        let changes = decide(&operation, &snapshot)?.changes;
        let (conversation, changed) = changes.updated_messages.into_iter().next().unwrap();
        assert_eq!(conversation, Conversation::Group);
        let Content::Sent(body) = changed.content.clone() else { panic!("{changed:?}") };
        assert_eq!(Message { content: message.content.clone(), ..changed }, message);
        Ok((body.elements.into(), body.custom.into()))
    }

    #[test]
    fn what_is_given_changes() {
        for (elements, custom, expected) in [
            (Some("[1]"), None, ("[1]", "")),
            (None, Some("c"), ("[]", "c")),
            (Some("[2]"), Some("1234567"), ("[2]", "1234567")),
        ] {
            let changed = modify(GroupType::Public, sent(1, "known1"), elements, custom).unwrap();
            assert_eq!((changed.0.as_str(), changed.1.as_str()), expected);
        }
    }

    #[test]
    fn refusals() {
        let tip = Content::Tip(Tip { kind: TipKind::Kicked, accounts: Vec::new(), changes: Vec::new() });
        let refused = |kind, message, custom| modify(kind, message, None, Some(custom)).unwrap_err();
        let public = GroupType::Public;
        assert_eq!(refused(public, sent(2, "known1"), "c"), Refusal::NoSuchMessage);
        let recalled = sent(1, "known1").without_content(MessageState::Recalled);
        assert_eq!(refused(public, recalled, "c"), Refusal::MessageGone);
        let tip = Message { content: tip, ..sent(1, "known1") };
        assert!(matches!(refused(public, tip, "c"), Refusal::Unfitting(_)));
        let too_long = Refusal::MessageTooLong(BodyTooLong { got: 11, max: 10 });
        assert_eq!(refused(public, sent(1, "known1"), "12345678901"), too_long);
        let live = refused(GroupType::AvChatRoom, sent(1, "known1"), "c");
        assert!(matches!(live, Refusal::TypeForbids(_)));
    }
}
