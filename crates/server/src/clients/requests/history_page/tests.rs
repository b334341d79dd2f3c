use super::*;
use landfall_domain::account::UnknownAccounts;
use landfall_domain::group::GroupType;
use landfall_domain::ids::GroupId;
use landfall_domain::member::Role;
use landfall_domain::message::{Body, Content, MessageState, Priority};
use landfall_domain::new_group::{IdChoice, NewGroup, new_group, new_member};
use landfall_domain::text::Text;
use landfall_domain::time::Timestamp;
use proptest::prelude::*;
use std::collections::BTreeMap;

const JOINED: u64 = 1_000_000;

fn user(name: &str) -> UserId {
    UserId::parse(name).unwrap()
}

/// What stands at a number of a history.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Place {
    Nothing,
    Message,
    ForOthers,
    Recalled,
}

/// A history as a store has it.
#[derive(Clone, Debug)]
struct History {
    places: Vec<Place>,
    first_kept: u32,
    cleared: u32,
    /// So many were sent two hours before the reader joined; the others since.
    before: u32,
    shows_before: bool,
}

impl History {
    fn message(&self, seq: u32) -> Option<Message> {
        let place = self.places[usize::try_from(seq).ok()? - 1];
        let to = if place == Place::ForOthers { vec![user("eve")] } else { Vec::new() };
        let message = Message {
            seq,
            sent: Timestamp(if seq <= self.before { JOINED - 7_200 } else { JOINED + u64::from(seq) }),
            sender: user("ann"),
            random: 0,
            priority: Priority::Normal,
            state: MessageState::Kept,
            content: Content::Sent(Body { to, ..Body::default() }),
        };
        match place {
            Place::Nothing => None,
            _ if seq < self.first_kept => None,
            Place::Message | Place::ForOthers => Some(message),
            Place::Recalled => Some(message.without_content(MessageState::Recalled)),
        }
    }

    fn last(&self) -> u32 {
        u32::try_from(self.places.len()).unwrap()
    }

    /// What a store returns.
    fn read(&self, range: &MessageRange) -> GroupSnapshot {
        let MessageRange::Newest { up_to, limit, .. } = range else { panic!("{range:?}") };
        let id = GroupId::parse("g").unwrap();
        let new =
            NewGroup::new(IdChoice::Given(id.clone()), GroupType::Public, Text::default(), Timestamp(1));
        let known = |_: &UserId| Ok::<_, ()>(true);
        let made = new_group(new, id, 1, UnknownAccounts::Refuse, Timestamp(1), known).unwrap().unwrap();
        let mut snapshot = GroupSnapshot::of(made.group);
        snapshot.group.history_before_join = self.shows_before;
        let log = &mut snapshot.group.log;
        (log.first_kept, log.cleared, log.next_seq) = (self.first_kept, self.cleared, self.last() + 1);
        let reader = new_member(GroupType::Public, user("bob"), Role::Member, Timestamp(JOINED));
        snapshot.members.insert(user("bob"), reader);
        let numbers = (1..=self.last().min(*up_to)).rev();
        let found: BTreeMap<_, _> =
            numbers.filter_map(|seq| Some((seq, self.message(seq)?))).take(*limit).collect();
        snapshot.messages.insert(Conversation::Group, found);
        snapshot
    }

    fn seen(&self) -> Vec<u32> {
        let hidden = |seq: &u32| *seq <= self.cleared || (!self.shows_before && *seq <= self.before);
        let is_seen = |seq: &u32| match self.message(*seq) {
            Some(message) => match message.content {
                Content::Sent(body) => body.to.is_empty(),
                Content::Tip(_) | Content::Gone(_) => true,
            },
            None => false,
        };
        (1..=self.last()).filter(|seq| !hidden(seq) && is_seen(seq)).collect()
    }

    /// One page: its numbers, where the next one begins, and whether it is the last.
    fn page(&self, from: u32, forward: bool, limit: usize) -> (Vec<u32>, u32, bool) {
        let bob = user("bob");
        let mut page = HistoryPage::new(&bob, Conversation::Group, from, forward, limit);
        let mut looked_at = 0;
        while let Some(range) = page.range() {
            let found = self.read(&range);
            looked_at += found.messages[&Conversation::Group].len();
            page.take(&range, found).unwrap();
        }
        assert!(looked_at <= limit + 200, "{looked_at} messages for a page of {limit}");
        (page.messages.iter().map(|message| message.seq).collect(), page.next(), page.is_finished)
    }
}

fn place() -> impl Strategy<Value = Place> {
    prop_oneof![
        2 => Just(Place::Nothing),
        6 => Just(Place::Message),
        3 => Just(Place::ForOthers),
        1 => Just(Place::Recalled),
    ]
}

fn history() -> impl Strategy<Value = History> {
    let places = prop_oneof![
        3 => prop::collection::vec(place(), 0..120),
        // Long stretches that the reader does not see.
        1 => (0..300_usize, prop::collection::vec(place(), 0..40), 0..300_usize).prop_map(|(before, some, after)| {
            let hidden = |count| vec![Place::ForOthers; count];
            [hidden(before), some, hidden(after)].concat()
        }),
    ];
    let bounds = (0..60_u32, 0..60_u32, 0..60_u32, any::<bool>());
    (places, bounds).prop_map(|(places, (expired, cleared, before, shows_before))| {
        let last = u32::try_from(places.len()).unwrap();
        let first_kept = expired.min(last) + 1;
        History { places, first_kept, cleared: cleared.min(last), before: before.min(last), shows_before }
    })
}

proptest! {
    /// With pages of any size, while others send between the pages.
    #[test]
    fn pages_of_both_directions_have_every_message_once_and_in_order(
        history in history(),
        limit in 1..20_usize,
        arrives in prop::collection::vec(place(), 0..30),
    ) {
        let (mut growing, mut arrives) = (history.clone(), arrives.into_iter());
        let (mut got, mut from) = (Vec::new(), 0);
        loop {
            let (numbers, next, is_finished) = growing.page(from, false, limit);
            prop_assert!(numbers.len() <= limit);
            got.extend(numbers);
            growing.places.extend(arrives.next());
            if is_finished {
                prop_assert_eq!(next, 0);
                break;
            }
            prop_assert!(from == 0 || next < from, "{} after {}", next, from);
            from = next;
        }
        got.reverse();
        prop_assert_eq!(got, history.seen(), "backward");

        let (mut growing, mut got, mut from) = (history, Vec::new(), 0);
        loop {
            let (numbers, next, is_finished) = growing.page(from, true, limit);
            prop_assert!(numbers.len() <= limit);
            got.extend(numbers);
            let arrived = arrives.next();
            let is_done = is_finished && arrived.is_none();
            growing.places.extend(arrived);
            from = next;
            if is_done {
                break;
            }
        }
        prop_assert_eq!(got, growing.seen(), "forward");
    }
}

#[test]
fn a_page_begins_with_the_number_asked_for() {
    let history = History {
        places: vec![Place::Message; 9],
        first_kept: 1,
        cleared: 0,
        before: 0,
        shows_before: false,
    };
    assert_eq!(history.page(5, false, 3), (vec![5, 4, 3], 2, false));
    assert_eq!(history.page(5, true, 3), (vec![5, 6, 7], 8, false));
    assert_eq!(history.page(2, false, 2), (vec![2, 1], 0, true));
    assert_eq!(history.page(8, true, 2), (vec![8, 9], 10, true));
    assert_eq!(history.page(99, false, 1), (vec![9], 8, false));
    assert_eq!(history.page(99, true, 1), (vec![], 10, true));
}
