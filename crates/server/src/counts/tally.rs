//! What one change adds to the counts of a day.

use landfall_domain::event::Event;
use landfall_domain::ids::GroupId;
use landfall_domain::people::counts::{DayCounts, Sum, Who, name_hash};
use landfall_domain::people::event::PeopleEvent;

/// What one change adds. Made before the change is committed, and added after it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    sums: Vec<(Sum, u64)>,
    /// Hashes of names.
    names: Vec<(Who, u64)>,
}

impl Tally {
    /// Of a change of a group.
    pub(crate) fn of_group(group: &GroupId, events: &[Event]) -> Self {
        let mut tally = Self::default();
        for event in events {
            match event {
                Event::Sent { message, .. } => {
                    tally.sums.push((Sum::GroupUp, 1));
                    tally.sent(message.sender.as_str(), Who::GroupSenders);
                    tally.names.push((Who::Groups, name_hash(group.as_str())));
                }
                Event::Joined { accounts, .. } => tally.count(Sum::Joins, accounts.len()),
                Event::Removed { accounts, .. } => tally.count(Sum::Quits, accounts.len()),
                Event::Created { .. }
                | Event::Destroyed { .. }
                | Event::Full
                | Event::Muted { .. }
                | Event::Banned(_)
                | Event::Unbanned(_)
                | Event::Accepted { .. }
                | Event::Rejected { .. }
                | Event::Read { .. }
                | Event::Confirmed { .. }
                | Event::CountersChanged(_)
                | Event::OwnerChanged { .. }
                | Event::ProfileChanged(_)
                | Event::MemberChanged { .. }
                | Event::Recalled { .. }
                | Event::TopicCreated { .. }
                | Event::TopicsDestroyed(_)
                | Event::TopicChanged { .. }
                | Event::AttributesChanged(_)
                | Event::Extended { .. } => {}
            }
        }
        tally
    }

    /// Of a change of people.
    pub(crate) fn of_people(events: &[PeopleEvent]) -> Self {
        let mut tally = Self::default();
        for event in events {
            match event {
                PeopleEvent::DirectSent { message, imported: false, .. } => {
                    tally.sums.push((Sum::DirectUp, 1));
                    tally.sent(message.sender.as_str(), Who::DirectSenders);
                }
                PeopleEvent::FriendsAdded { pairs, .. } => tally.count(Sum::FriendsMade, pairs.len()),
                PeopleEvent::FriendsDeleted { pairs, .. } => tally.count(Sum::FriendsEnded, pairs.len()),
                PeopleEvent::DirectSent { imported: true, .. }
                | PeopleEvent::PortraitChanged { .. }
                | PeopleEvent::Blocked { .. }
                | PeopleEvent::Unblocked { .. }
                | PeopleEvent::DirectRecalled { .. }
                | PeopleEvent::DirectModified { .. }
                | PeopleEvent::DirectRead { .. }
                | PeopleEvent::DirectConfirmed { .. }
                | PeopleEvent::DirectExtended { .. }
                | PeopleEvent::ChatPinned { .. }
                | PeopleEvent::ChatsMarked { .. }
                | PeopleEvent::Followed { .. }
                | PeopleEvent::Official { .. } => {}
            }
        }
        tally
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.sums.is_empty()
    }

    pub(super) fn add_to(&self, day: &mut DayCounts) {
        self.sums.iter().for_each(|(sum, number)| day.add(*sum, *number));
        self.names.iter().for_each(|(who, hash)| day.note_hash(*who, *hash));
    }

    fn count(&mut self, sum: Sum, number: usize) {
        self.sums.push((sum, u64::try_from(number).unwrap_or(u64::MAX)));
    }

    fn sent(&mut self, sender: &str, to: Who) {
        let sender = name_hash(sender);
        self.names.extend([Who::Active, Who::Senders, to].map(|who| (who, sender)));
    }
}
