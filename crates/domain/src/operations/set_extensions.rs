//! Extensions of a message: keys and values that apps attach to it, to count votes for example.

use crate::actor::Action;
use crate::changes::Changes;
use crate::context::Context;
use crate::event::Event;
use crate::extension::{ExtensionChange, ExtensionHead, ExtensionOutcome};
use crate::group::Group;
use crate::ids::GroupId;
use crate::message::{Content, Conversation, Message};
use crate::operation::{Decision, GroupOperation};
use crate::part::{Part, PartFamily, PartKey};
use crate::refusal::{Refusal, TooMany};
use crate::rights::Right;
use crate::snapshot::{GroupSnapshot, MessageRange, Needs};

/// Changes the extensions of one message.
#[derive(Clone, Debug)]
pub struct SetExtensions {
    pub group: GroupId,
    /// The message's number. Messages of topics have no extensions. [doc]
    pub seq: u32,
    pub change: ExtensionChange,
    /// How many extensions a message may have.
    pub count_max: usize,
}

/// Refuses a message that takes no extensions.
///
/// # Errors
/// It is not there or its content is gone, or it was sent without extensions.
pub fn takes_extensions(group: &Group, message: Option<&Message>) -> Result<(), Refusal> {
    if !group.kind.can().receipts {
        return Err(Refusal::NotExtensible);
    }
    match message.map(|message| &message.content) {
        Some(Content::Sent(body)) if body.extensible => Ok(()),
        Some(Content::Sent(_) | Content::Tip(_)) => Err(Refusal::NotExtensible),
        Some(Content::Gone(_)) | None => Err(Refusal::NoMessageToExtend),
    }
}

impl SetExtensions {
    fn head(&self) -> PartKey {
        PartKey::ExtensionHead(Conversation::Group, self.seq)
    }

    fn part(&self, key: &str) -> PartKey {
        PartKey::Extension(Conversation::Group, self.seq, key.to_owned())
    }
}

impl GroupOperation for SetExtensions {
    /// One for each extension named, in order.
    type Answer = Vec<ExtensionOutcome>;

    fn group(&self) -> &GroupId {
        &self.group
    }

    fn actions(&self) -> Vec<Action> {
        vec![Action::About(Right::Receive, Conversation::Group, vec![self.seq])]
    }

    fn needs(&self, _: &Context, _: &Group) -> Needs {
        let mut parts = vec![self.head()];
        parts.extend(self.change.asked().iter().map(|asked| self.part(&asked.key)));
        Needs {
            parts,
            messages: vec![MessageRange::Numbered(Conversation::Group, vec![self.seq])],
            ..Needs::default()
        }
    }

    fn decide(&self, _: &Context, mut snapshot: GroupSnapshot) -> Result<Decision<Self::Answer>, Refusal> {
        takes_extensions(&snapshot.group, snapshot.messages_of(&Conversation::Group).first().copied())?;
        let mut head = match snapshot.parts.get(&self.head()) {
            Some(Part::ExtensionHead(head)) => *head,
            Some(_) | None => ExtensionHead::default(),
        };
        let mut changes = Changes::default();
        let mut answer = Vec::new();
        if self.change == ExtensionChange::Clear {
            head = head.cleared();
            changes.removed_families.push(PartFamily::Extensions(Conversation::Group, self.seq));
        }
        for asked in self.change.asked() {
            let key = self.part(&asked.key);
            let mut present = match snapshot.parts.remove(&key) {
                Some(Part::Extension(extension)) => Some(extension),
                Some(_) | None => None,
            };
            let outcome = self.change.apply(asked, &mut present, &mut head);
            // A key may be named twice: the second change sees the result of the first.
            snapshot.parts.extend(present.clone().map(|extension| (key.clone(), Part::Extension(extension))));
            if outcome.problem.is_none() {
                changes.parts.retain(|(written, _)| *written != key);
                changes.parts.push((key, present.map(Part::Extension)));
            }
            answer.push(outcome);
        }
        if self.count_max < usize::try_from(head.count).unwrap_or(usize::MAX) {
            return Err(Refusal::TooMany(TooMany::Extensions(self.count_max)));
        }
        if changes.parts.is_empty() && changes.removed_families.is_empty() {
            return Ok(Decision::unchanged(answer));
        }
        changes.put(self.head(), Part::ExtensionHead(head));
        let event = Event::Extended {
            seq: self.seq,
            change: self.change.clone(),
            outcomes: answer.clone(),
            last: head.latest_seq,
        };
        Ok(Decision::new(changes, answer).with_event(event))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extension::{AskedExtension, ExtensionProblem};
    use crate::group::GroupType;
    use crate::message::MessageState;
    use crate::sample::{decide, group_id, sent, snapshot};
    use std::collections::BTreeMap;

    /// A message and its extensions, over several calls.
    struct Extended {
        kind: GroupType,
        message: Option<Message>,
        parts: BTreeMap<PartKey, Part>,
    }

    impl Extended {
        fn new() -> Self {
            Self { kind: GroupType::Public, message: Some(sent(1, "known1")), parts: BTreeMap::new() }
        }

        fn call(&mut self, change: ExtensionChange) -> Result<Vec<ExtensionOutcome>, Refusal> {
            let mut snapshot = snapshot(self.kind, &[]);
            let messages = self.message.clone().into_iter().map(|message| (message.seq, message));
            snapshot.messages.insert(Conversation::Group, messages.collect());
            snapshot.parts.clone_from(&self.parts);
            let operation = SetExtensions { group: group_id(self.kind), seq: 1, change, count_max: 2 };
            let Decision { changes, answer, .. } = decide(&operation, &snapshot)?;
            if !changes.removed_families.is_empty() {
                self.parts.clear();
            }
            for (key, part) in changes.parts {
                match part {
                    Some(part) => self.parts.insert(key, part),
                    None => self.parts.remove(&key),
                };
            }
            Ok(answer)
        }

        fn head(&self) -> (u32, u32, u32) {
            match self.parts.get(&PartKey::ExtensionHead(Conversation::Group, 1)) {
                Some(Part::ExtensionHead(head)) => (head.latest_seq, head.clear_seq, head.count),
                _ => (0, 0, 0),
            }
        }
    }

    fn asked(key: &str, value: &str, seq: Option<u32>) -> AskedExtension {
        AskedExtension { key: key.to_owned(), value: value.to_owned(), seq }
    }

    fn outcome(problem: Option<ExtensionProblem>, key: &str, value: &str, seq: u32) -> ExtensionOutcome {
        ExtensionOutcome { problem, key: key.to_owned(), value: value.to_owned(), seq }
    }

    #[test]
    fn a_change_is_compared_with_the_number_known() {
        use ExtensionChange::{Clear, Delete, Set};
        use ExtensionProblem::{Conflict, Missing};
        let mut extended = Extended::new();
        let steps = [
            (Set(vec![asked("a", "1", Some(0))]), vec![outcome(None, "a", "1", 1)], (1, 0, 1)),
            (Set(vec![asked("a", "2", Some(0))]), vec![outcome(Some(Conflict), "a", "1", 1)], (1, 0, 1)),
            (
                Set(vec![asked("a", "2", Some(1)), asked("a", "3", Some(1)), asked("b", "4", None)]),
                vec![
                    outcome(None, "a", "2", 2),
                    outcome(Some(Conflict), "a", "2", 2),
                    outcome(None, "b", "4", 3),
                ],
                (3, 0, 2),
            ),
            (Set(vec![asked("b", "5", None)]), vec![outcome(None, "b", "5", 4)], (4, 0, 2)),
            (
                Delete(vec![asked("a", "", Some(1)), asked("b", "", Some(4)), asked("c", "", Some(0))]),
                vec![
                    outcome(Some(Conflict), "a", "2", 2),
                    outcome(None, "b", "", 5),
                    outcome(Some(Missing), "c", "", 0),
                ],
                (5, 0, 1),
            ),
            (Clear, Vec::new(), (6, 6, 0)),
            (Set(vec![asked("a", "6", Some(0))]), vec![outcome(None, "a", "6", 7)], (7, 6, 1)),
        ];
        for (index, (change, outcomes, head)) in steps.into_iter().enumerate() {
            assert_eq!(extended.call(change), Ok(outcomes), "step {index}");
            assert_eq!(extended.head(), head, "step {index}");
        }
    }

    #[test]
    fn a_message_has_only_so_many() {
        let mut extended = Extended::new();
        let change = ExtensionChange::Set(["a", "b", "c"].map(|key| asked(key, "", None)).to_vec());
        assert_eq!(extended.call(change), Err(Refusal::TooMany(TooMany::Extensions(2))));
        assert_eq!(extended.head(), (0, 0, 0));
    }

    #[test]
    fn the_message_decides() {
        let mut plain = sent(1, "known1");
        if let Content::Sent(body) = &mut plain.content {
            body.extensible = false;
        }
        let gone = sent(1, "known1").without_content(MessageState::Recalled);
        for (kind, message, refusal) in [
            (GroupType::Public, None, Refusal::NoMessageToExtend),
            (GroupType::Public, Some(gone), Refusal::NoMessageToExtend),
            (GroupType::Public, Some(plain), Refusal::NotExtensible),
            (GroupType::AvChatRoom, None, Refusal::NotExtensible),
        ] {
            let mut extended = Extended { kind, message, ..Extended::new() };
            assert_eq!(extended.call(ExtensionChange::Clear), Err(refusal));
        }
    }
}
