//! Confirming that messages were read.

use crate::actor::Action;
use crate::changes::Changes;
use crate::context::Context;
use crate::event::{Event, Receipt};
use crate::group::Group;
use crate::ids::{GroupId, UserId};
use crate::message::Conversation;
use crate::operation::{Decision, GroupOperation};
use crate::part::{Part, PartFamily, PartKey, PartRange};
use crate::refusal::Refusal;
use crate::rights::Right;
use crate::snapshot::{GroupSnapshot, MessageRange, Needs};
use std::collections::{BTreeMap, BTreeSet};

/// Confirms for one member that it has read messages of a group.
#[derive(Clone, Debug)]
pub struct MarkRead {
    pub group: GroupId,
    /// The member that has read them.
    pub reader: UserId,
    pub numbers: Vec<u32>,
    /// Groups with more members have no receipts.
    pub members_max: u32,
    /// The accounts that the receipts count, as far as they are still members: the members of a moment ago. Empty where no
    /// subscriber wants receipts, because counting takes many reads.
    pub counted: Vec<UserId>,
}

impl MarkRead {
    fn part(&self, number: u32) -> PartKey {
        PartKey::Reader(Conversation::Group, number, self.reader.clone())
    }

    /// The readers of each message, this member included.
    fn readers<'a>(&'a self, snapshot: &'a GroupSnapshot) -> BTreeMap<u32, BTreeSet<&'a UserId>> {
        let this = self.numbers.iter().map(|number| (*number, BTreeSet::from([&self.reader])));
        let mut readers: BTreeMap<_, _> = this.collect();
        for key in snapshot.parts.keys() {
            if let PartKey::Reader(Conversation::Group, number, account) = key {
                readers.entry(*number).or_default().insert(account);
            }
        }
        readers
    }
}

impl GroupOperation for MarkRead {
    type Answer = ();

    fn group(&self) -> &GroupId {
        &self.group
    }

    fn actions(&self) -> Vec<Action> {
        vec![
            Action::As(self.reader.clone(), Right::Receive, Conversation::Group),
            Action::About(Right::Receive, Conversation::Group, self.numbers.clone()),
        ]
    }

    fn needs(&self, _: &Context, _: &Group) -> Needs {
        let others = self.counted.iter().filter(|account| **account != self.reader);
        let readers = self.numbers.iter().filter(|_| !self.counted.is_empty()).map(|number| PartRange {
            family: PartFamily::Readers(Conversation::Group, *number),
            after: None,
            // Only members confirm, and only while they are not more than this; some may have left since.
            limit: usize::try_from(self.members_max).unwrap_or(usize::MAX),
        });
        Needs {
            members: others.chain([&self.reader]).cloned().collect(),
            parts: self.numbers.iter().map(|number| self.part(*number)).collect(),
            ranges: readers.collect(),
            messages: vec![MessageRange::Numbered(Conversation::Group, self.numbers.clone())],
            ..Needs::default()
        }
    }

    fn decide(&self, context: &Context, snapshot: GroupSnapshot) -> Result<Decision<()>, Refusal> {
        if !snapshot.group.kind.can().receipts {
            return Err(Refusal::TypeForbids("have no read receipts"));
        }
        if !snapshot.members.contains_key(&self.reader) {
            return Err(Refusal::NotAMember(self.reader.clone()));
        }
        let (mut changes, mut receipts) = (Changes::default(), Vec::new());
        if self.members_max < snapshot.group.member_count {
            return Ok(Decision::new(changes, ()));
        }
        // Messages that this member is not to confirm are ignored, and the first confirmation counts. [choice]
        let (readers, nobody) = (self.readers(&snapshot), BTreeSet::new());
        for message in snapshot.messages_of(&Conversation::Group) {
            let part = self.part(message.seq);
            if message.is_confirmed_by(&self.reader) && !snapshot.parts.contains_key(&part) {
                changes.put(part, Part::Reader(context.now));
                let readers = readers.get(&message.seq).unwrap_or(&nobody);
                let (read, unread) = message.receipt(snapshot.members.keys(), readers);
                receipts.push(Receipt { seq: message.seq, sender: message.sender.clone(), read, unread });
            }
        }
        let confirmed = Event::Confirmed { reader: self.reader.clone(), receipts };
        let counts = !self.counted.is_empty() && !changes.parts.is_empty();
        Ok(Decision::new(changes, ()).with_event(counts.then_some(confirmed)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::group::GroupType;
    use crate::member::Role;
    use crate::message::{Content, Message, MessageState};
    use crate::sample::{NOW, decide, group_id, sent, snapshot, user};
    use crate::time::Timestamp;

    fn mark(kind: GroupType, reader: &str, members_max: u32) -> Result<Vec<u32>, Refusal> {
        let mut snapshot = snapshot(kind, &[("ann", Role::Member), ("bob", Role::Member)]);
        let change = |seq: u32, how: &dyn Fn(&mut Message)| {
            let mut message = sent(seq, "known1");
            how(&mut message);
            (seq, message)
        };
        let set = |message: &mut Message, receipt: bool, to: &[&str]| {
            if let Content::Sent(body) = &mut message.content {
                body.receipt = receipt;
                body.to = to.iter().map(|name| user(name)).collect();
            }
        };
        let messages = [
            change(1, &|_| ()),
            change(2, &|message| message.sender = user("ann")),
            change(3, &|message| set(message, false, &[])),
            change(4, &|message| set(message, true, &["bob"])),
            change(5, &|message| {
                *message = message.clone().without_content(MessageState::Recalled);
            }),
            change(6, &|_| ()),
        ];
        snapshot.messages.insert(Conversation::Group, messages.into_iter().collect());
        let earlier = PartKey::Reader(Conversation::Group, 6, user(reader));
        snapshot.parts.insert(earlier, Part::Reader(Timestamp(1)));
        let operation = MarkRead {
            group: group_id(kind),
            reader: user(reader),
            numbers: (1..=7).collect(),
            members_max,
            counted: Vec::new(),
        };
        let decision = decide(&operation, &snapshot)?;
        assert_eq!(decision.events, [], "nobody is counted");
        let parts = decision.changes.parts.into_iter();
        let numbers = parts.map(|part| match part {
            (PartKey::Reader(Conversation::Group, number, account), Some(Part::Reader(NOW))) => {
                assert_eq!(account, user(reader));
                number
            }
            other => panic!("{other:?}"),
        });
        Ok(numbers.collect())
    }

    #[test]
    fn those_a_message_asks_confirm_it_once() {
        for (reader, numbers) in [("ann", vec![1]), ("bob", vec![1, 2, 4]), ("known1", vec![2])] {
            assert_eq!(mark(GroupType::Public, reader, 3), Ok(numbers), "{reader}");
        }
        assert_eq!(mark(GroupType::Public, "cy", 3), Err(Refusal::NotAMember(user("cy"))));
    }

    #[test]
    fn an_event_counts_the_readers_of_confirmed_messages() {
        let members = [("ann", Role::Member), ("bob", Role::Member), ("cy", Role::Member)];
        let mut snapshot = snapshot(GroupType::Public, &members);
        let directed = |seq: u32| {
            let mut message = sent(seq, "known1");
            if let Content::Sent(body) = &mut message.content {
                body.to = ["ann", "bob", "gone"].map(user).to_vec();
            }
            (seq, message)
        };
        let messages = [(1, sent(1, "known1")), (2, sent(2, "bob")), directed(3), (4, sent(4, "ann"))];
        snapshot.messages.insert(Conversation::Group, messages.into());
        // A reader has left since.
        for (seq, reader) in [(1, "bob"), (1, "gone"), (2, "ann"), (3, "gone")] {
            let key = PartKey::Reader(Conversation::Group, seq, user(reader));
            snapshot.parts.insert(key, Part::Reader(Timestamp(1)));
        }
        let mark = |reader: &str, numbers: &[u32], counted: &[&str]| {
            let group = group_id(GroupType::Public);
            let counted = counted.iter().map(|name| user(name)).collect();
            MarkRead { group, reader: user(reader), numbers: numbers.to_vec(), members_max: 9, counted }
        };
        let all = ["known1", "ann", "bob", "cy"];
        let events = decide(&mark("ann", &[1, 2, 3, 4], &all), &snapshot).unwrap().events;
        let receipt = |seq, read, unread| Receipt { seq, sender: user("known1"), read, unread };
        let receipts = vec![receipt(1, 2, 1), receipt(3, 1, 1)];
        assert_eq!(events, [Event::Confirmed { reader: user("ann"), receipts }]);
        // A message that was confirmed before, or needs no confirmation, makes no event.
        for seq in [1, 3] {
            let key = PartKey::Reader(Conversation::Group, seq, user("ann"));
            snapshot.parts.insert(key, Part::Reader(Timestamp(1)));
        }
        assert_eq!(decide(&mark("ann", &[1, 2, 3, 4, 9], &all), &snapshot).unwrap().events, []);
        let needs = mark("ann", &[1, 2], &all).needs(&crate::sample::context(), &snapshot.group);
        assert_eq!((needs.members.len(), needs.ranges.len()), (4, 2));
        let needs = mark("ann", &[1, 2], &[]).needs(&crate::sample::context(), &snapshot.group);
        assert_eq!(
            (needs.members.len(), needs.ranges.len()),
            (1, 0),
            "members are counted only for subscribers"
        );
    }

    #[test]
    fn large_groups_and_live_ones_have_no_receipts() {
        assert_eq!(mark(GroupType::Public, "ann", 2), Ok(Vec::new()));
        for kind in GroupType::ALL {
            assert_eq!(mark(kind, "ann", 3).is_err(), kind == GroupType::AvChatRoom, "{kind:?}");
        }
    }
}
