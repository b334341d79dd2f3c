use super::*;
use landfall_domain::event::{Event, Joining};
use landfall_domain::ids::GroupId;
use landfall_domain::people::event::PeopleEvent;

const NOW: Timestamp = Timestamp(1_700_000_000);

fn user(name: &str) -> UserId {
    UserId::parse(name).unwrap()
}

/// What was counted on the one day.
fn taken(counts: &AppCounts) -> DayCounts {
    let days = counts.take(NOW);
    let [(day, counted)] = &days.into_iter().collect::<Vec<_>>()[..] else { panic!("one day") };
    assert_eq!(*day, Day::of(NOW));
    counted.clone()
}

#[test]
fn what_happens_is_counted_once_and_kept_until_the_store_has_it() {
    let counts = AppCounts::default();
    assert!(counts.take(NOW).is_empty());
    for (name, online) in [("ann", 1), ("bob", 2), ("ann", 2)] {
        counts.login(&user(name), online, NOW);
    }
    counts.handed_direct(3);
    counts.handed_group(0);
    counts.one(Sum::NewGroups, NOW);
    let counted = taken(&counts);
    let sums = [Sum::Logins, Sum::DirectDown, Sum::GroupDown, Sum::NewGroups].map(|sum| counted.sum(sum));
    assert_eq!(sums, [3, 3, 0, 1]);
    assert_eq!((counted.different(Who::LoggedIn), counted.online_max), (2, 2));
    assert!(counts.take(NOW).is_empty(), "it was taken");
    counts.put_back(Day::of(NOW), &counted, NOW);
    counts.login(&user("cy"), 3, NOW);
    let again = taken(&counts);
    assert_eq!((again.sum(Sum::Logins), again.different(Who::Active), again.online_max), (4, 3, 3));
}

#[test]
fn a_change_is_counted_by_what_it_brought_about() {
    let group = GroupId::parse("g").unwrap();
    let joined =
        Event::Joined { accounts: vec![user("ann"), user("bob")], how: Joining::Invited, silent: true };
    let removed = Event::Removed { accounts: vec![user("ann")], quit: false, silent: false };
    let tally = Tally::of_group(&group, &[joined, removed, Event::Full]);
    let mut day = DayCounts::default();
    tally.add_to(&mut day);
    assert_eq!((day.sum(Sum::Joins), day.sum(Sum::Quits), day.sum(Sum::GroupUp)), (2, 1, 0));
    assert!(Tally::of_group(&group, &[Event::Full]).is_empty());

    let pairs = vec![(user("ann"), user("bob")), (user("bob"), user("ann"))];
    let added = PeopleEvent::FriendsAdded { account: user("ann"), pairs: pairs.clone(), forced: false };
    let deleted = PeopleEvent::FriendsDeleted { account: user("ann"), pairs };
    Tally::of_people(&[added, deleted]).add_to(&mut day);
    assert_eq!((day.sum(Sum::FriendsMade), day.sum(Sum::FriendsEnded)), (2, 2));
}
