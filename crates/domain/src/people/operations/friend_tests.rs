//! The rules of friends, requests and blocklists, on a snapshot that keeps what they change.

use super::add_friends::AddFriends;
use super::block::Block;
use super::delete_friend_lists::DeleteFriendLists;
use super::delete_friends::DeleteFriends;
use super::import_friends::ImportFriends;
use super::make_friend_lists::MakeFriendLists;
use super::update_friends::{FriendUpdate, UpdateFriends};
use crate::account::{Account, UnknownAccounts};
use crate::context::Context;
use crate::ids::UserId;
use crate::limits::{FriendLimits, Limits};
use crate::people::Subject;
use crate::people::changes::PeopleChanges;
use crate::people::event::PeopleEvent;
use crate::people::fact::{Fact, FactFamily, FactKey};
use crate::people::friends::{Friend, FriendProblem, Friends, FriendsRefusal, RequestWay};
use crate::people::operation::{PeopleImport as _, PeopleOperation};
use crate::people::portrait::{Portrait, PortraitTag, PortraitValue};
use crate::people::snapshot::PeopleSnapshot;
use crate::sample::{NOW, context, text, user};

const LIMITS: FriendLimits =
    FriendLimits { count: 2, lists: 2, requests: 1, blocklist: 1, ..Limits::FAITHFUL.friends };

fn own(name: &str) -> Subject {
    Subject::Account(user(name))
}

/// Ann, Bob, Cy and Di, without friends.
fn people() -> PeopleSnapshot {
    let names = ["ann", "bob", "cy", "di"];
    let accounts = names.map(|name| (user(name), Account::placeholder(NOW)));
    PeopleSnapshot { accounts: accounts.into(), ..PeopleSnapshot::default() }
}

/// Everybody knows all facts there are: a rule looks at those it asks for.
fn apply(people: &mut PeopleSnapshot, changes: PeopleChanges) {
    for (subject, key, fact) in changes.facts {
        match fact {
            Some(fact) => drop(people.facts.insert((subject, key), fact)),
            None => drop(people.facts.remove(&(subject, key))),
        }
    }
    people.counts.clear();
    for (subject, key) in people.facts.keys() {
        let family = match key {
            FactKey::Friend(_) => FactFamily::Friends,
            FactKey::Request(way, _) => FactFamily::Requests(*way),
            FactKey::Blocked(_) => FactFamily::Blocklist,
            FactKey::Portrait
            | FactKey::Mute
            | FactKey::Chat(_)
            | FactKey::Unread(_)
            | FactKey::Log
            | FactKey::Friends
            | FactKey::Follow(..)
            | FactKey::Followers
            | FactKey::Attributes
            | FactKey::Tags
            | FactKey::AttributeNames
            | FactKey::Pushed
            | FactKey::Push(_)
            | FactKey::Official
            | FactKey::Subscriber(_)
            | FactKey::Subscribed(_)
            | FactKey::Words
            | FactKey::Folders
            | FactKey::Filed(_)
            | FactKey::Mark(_)
            | FactKey::Pin(_)
            | FactKey::Extensions(_)
            | FactKey::Brought(..)
            | FactKey::Day(_)
            | FactKey::ArchiveProgress
            | FactKey::Archive(..)
            | FactKey::ConsoleUser(_)
            | FactKey::ConsoleSession(_)
            | FactKey::AuditBounds
            | FactKey::Audit(_) => continue,
        };
        *people.counts.entry((subject.clone(), family)).or_default() += 1;
    }
}

fn run<O: PeopleOperation>(
    people: &mut PeopleSnapshot,
    operation: O,
) -> Result<(O::Answer, Vec<PeopleEvent>), O::Refusal> {
    let decided = operation.decide(&context(), people.clone())?;
    apply(people, decided.changes);
    Ok((decided.answer, decided.events))
}

fn add(account: &str, friends: &[&str]) -> AddFriends {
    let friends = friends.iter().map(|name| (user(name), Friend { added: NOW, ..Friend::default() }));
    AddFriends {
        account: user(account),
        friends: friends.collect(),
        both: true,
        forced: false,
        limits: LIMITS,
    }
}

fn results(people: &mut PeopleSnapshot, operation: AddFriends) -> Vec<Result<(), FriendProblem>> {
    run(people, operation).unwrap().0
}

fn say(people: &mut PeopleSnapshot, name: &str, tag: PortraitTag, word: &str) {
    let portrait = Portrait([(tag, PortraitValue::Text(text(word)))].into());
    people.facts.insert((own(name), FactKey::Portrait), Fact::Portrait(portrait));
}

fn has(people: &PeopleSnapshot, account: &str, friend: &str) -> bool {
    people.fact(&own(account), &FactKey::Friend(user(friend))).is_some()
}

fn head(people: &PeopleSnapshot, account: &str) -> Friends {
    match people.fact(&own(account), &FactKey::Friends) {
        Some(Fact::Friends(friends)) => friends.clone(),
        other => panic!("{other:?}"),
    }
}

fn pair(one: &str, other: &str) -> (UserId, UserId) {
    (user(one), user(other))
}

#[test]
fn a_two_way_addition_makes_both_friends_and_a_one_way_addition_one() {
    let mut people = people();
    let (answer, events) = run(&mut people, add("ann", &["bob", "ann", "zoe", "bob"])).unwrap();
    use FriendProblem::{AlreadyFriend, Itself, NoSuchAccount};
    assert_eq!(answer, [Ok(()), Err(Itself), Err(NoSuchAccount), Err(AlreadyFriend)]);
    assert!(has(&people, "ann", "bob") && has(&people, "bob", "ann"));
    let pairs = vec![pair("ann", "bob"), pair("bob", "ann")];
    assert_eq!(events, [PeopleEvent::FriendsAdded { account: user("ann"), pairs, forced: false }]);
    assert_eq!(results(&mut people, AddFriends { both: false, ..add("ann", &["cy"]) }), [Ok(())]);
    assert!(has(&people, "ann", "cy") && !has(&people, "cy", "ann"));
    // The other way is added to what is there.
    assert_eq!(results(&mut people, add("ann", &["cy"])), [Ok(())]);
    assert!(has(&people, "cy", "ann"));
    assert_eq!(run(&mut people, add("zoe", &["ann"])).map(|_| ()), Err(FriendsRefusal::NoSuchAccount));
}

#[test]
fn who_wants_to_be_asked_is_asked_and_who_wants_nobody_gets_nobody() {
    let mut people = people();
    say(&mut people, "bob", PortraitTag::AllowType, "AllowType_Type_NeedConfirm");
    say(&mut people, "cy", PortraitTag::AllowType, "AllowType_Type_DenyAny");
    let mut operation = add("ann", &["bob", "cy"]);
    operation.friends[0].1.remark = text("dear");
    let (answer, events) = run(&mut people, operation.clone()).unwrap();
    assert_eq!(answer, [Err(FriendProblem::Asked), Err(FriendProblem::OtherTakesNobody)]);
    assert!(events.is_empty() && !has(&people, "ann", "bob"));
    let request =
        |account, way, other| people.fact(&own(account), &FactKey::Request(way, user(other))).cloned();
    let Some(Fact::Friend(seen)) = request("bob", RequestWay::Received, "ann") else { panic!() };
    assert_eq!(seen.remark, text(""));
    assert!(request("ann", RequestWay::Sent, "bob").is_some());
    // To ask again is no second request; to ask a third is one too many.
    assert_eq!(results(&mut people, add("ann", &["bob"])), [Err(FriendProblem::Asked)]);
    say(&mut people, "di", PortraitTag::AllowType, "AllowType_Type_NeedConfirm");
    assert_eq!(results(&mut people, add("ann", &["di"])), [Err(FriendProblem::TooManyRequests)]);
    results(&mut people, operation);
    // To add an account that has asked is to agree.
    say(&mut people, "ann", PortraitTag::AllowType, "AllowType_Type_DenyAny");
    assert_eq!(results(&mut people, add("bob", &["ann"])), [Ok(())]);
    let Some(Fact::Friend(of_ann)) = people.fact(&own("ann"), &FactKey::Friend(user("bob"))) else {
        panic!()
    };
    assert_eq!(of_ann.remark, text("dear"));
    assert!(people.counts.keys().all(|(_, family)| *family == FactFamily::Friends));
    // Force asks nobody, and a bar does not hold it.
    say(&mut people, "di", PortraitTag::AdminForbidType, "AdminForbid_Type_SendOut");
    assert_eq!(results(&mut people, add("di", &["cy"])), [Err(FriendProblem::Barred)]);
    assert_eq!(results(&mut people, AddFriends { forced: true, ..add("di", &["cy"]) }), [Ok(())]);
}

#[test]
fn limits_count_what_came_before_in_the_same_call() {
    let mut people = people();
    let full = [Ok(()), Ok(()), Err(FriendProblem::TooManyFriends)];
    assert_eq!(results(&mut people, add("ann", &["bob", "cy", "di"])), full);
    assert_eq!(results(&mut people, add("di", &["ann"])), [Err(FriendProblem::OtherHasTooManyFriends)]);
    let mut operation = AddFriends { both: false, ..add("di", &["bob", "cy"]) };
    operation.friends[0].1.lists = vec![text("a"), text("b")];
    operation.friends[1].1.lists = vec![text("b"), text("c")];
    assert_eq!(results(&mut people, operation), [Ok(()), Err(FriendProblem::TooManyLists)]);
    assert_eq!(head(&people, "di").lists, [text("a"), text("b")]);
}

#[test]
fn a_blocklist_ends_a_friendship_and_refuses_the_next() {
    let mut people = people();
    results(&mut people, add("ann", &["bob"]));
    let block = |account, others: &[&str]| Block {
        account: user(account),
        others: others.iter().map(|name| user(name)).collect(),
        limits: LIMITS,
    };
    let (answer, events) = run(&mut people, block("bob", &["ann", "ann", "cy"])).unwrap();
    assert_eq!(answer, [Ok(()), Err(FriendProblem::AlreadyBlocked), Err(FriendProblem::BlocklistFull)]);
    assert!(!has(&people, "ann", "bob") && !has(&people, "bob", "ann"));
    let pairs = vec![pair("bob", "ann"), pair("ann", "bob")];
    assert_eq!(events[0], PeopleEvent::FriendsDeleted { account: user("bob"), pairs });
    assert_eq!(events[1], PeopleEvent::Blocked { account: user("bob"), others: vec![user("ann")] });
    assert_eq!(results(&mut people, add("bob", &["ann"])), [Err(FriendProblem::OnOwnBlocklist)]);
    assert_eq!(results(&mut people, add("ann", &["bob"])), [Err(FriendProblem::OnOthersBlocklist)]);
}

#[test]
fn a_deletion_says_who_was_no_friend() {
    let mut people = people();
    results(&mut people, add("ann", &["bob", "cy"]));
    let delete = |friends: &[&str], both| DeleteFriends {
        account: user("ann"),
        friends: friends.iter().map(|name| user(name)).collect(),
        both,
    };
    let (answer, _) = run(&mut people, delete(&["bob", "di", "zoe"], false)).unwrap();
    assert_eq!(answer, [Ok(()), Err(FriendProblem::NotFriend), Err(FriendProblem::NoSuchAccount)]);
    assert!(has(&people, "bob", "ann"));
    let (answer, events) = run(&mut people, delete(&["bob", "cy"], true)).unwrap();
    assert_eq!(answer, [Ok(()), Ok(())]);
    let pairs = vec![pair("bob", "ann"), pair("ann", "cy"), pair("cy", "ann")];
    assert_eq!(events, [PeopleEvent::FriendsDeleted { account: user("ann"), pairs }]);
}

#[test]
fn an_import_makes_accounts_only_where_the_app_wants_them() {
    let people = people();
    let friends = ["zoe", "ann", "bob", "zoe"].map(|name| (user(name), Friend::default())).to_vec();
    let operation = ImportFriends { account: user("ann"), friends, limits: LIMITS };
    let imported = operation.decide(&context(), people.clone()).unwrap();
    use FriendProblem::{Itself, NoSuchAccount};
    assert_eq!(imported.answer, [Err(NoSuchAccount), Err(Itself), Ok(()), Err(NoSuchAccount)]);
    assert!(imported.changes.placeholders.is_empty());
    let creating = Context { unknown: UnknownAccounts::Create, ..context() };
    let imported = operation.decide(&creating, people).unwrap();
    assert_eq!(imported.answer, [Ok(()), Err(Itself), Ok(()), Ok(())]);
    assert_eq!(imported.changes.placeholders, [user("zoe")]);
    let empty = PeopleSnapshot::default();
    assert_eq!(operation.decide(&context(), empty.clone()).map(|_| ()), Err(FriendsRefusal::NoSuchAccount));
    assert_eq!(operation.decide(&creating, empty).unwrap().changes.placeholders.len(), 3);
}

#[test]
fn numbers_of_changes_move_only_with_what_they_count() {
    let mut people = people();
    results(&mut people, add("ann", &["bob", "cy"]));
    let before = head(&people, "ann");
    let update =
        |update| UpdateFriends { account: user("ann"), updates: vec![(user("bob"), update)], limits: LIMITS };
    run(&mut people, update(FriendUpdate::default())).unwrap();
    assert_eq!(head(&people, "ann"), before);
    let key = crate::fields::FieldKey::parse("Test").unwrap();
    let custom = [(key, PortraitValue::Number(1))].into();
    run(&mut people, update(FriendUpdate { custom, ..FriendUpdate::default() })).unwrap();
    assert_eq!(head(&people, "ann"), Friends { custom: before.custom + 1, ..before.clone() });
    let lists = MakeFriendLists {
        account: user("ann"),
        lists: vec![text("a"), text("b")],
        friends: vec![user("cy"), user("di")],
        limits: LIMITS,
    };
    let (made, _) = run(&mut people, lists.clone()).unwrap();
    assert_eq!(made.results, [Ok(()), Err(FriendProblem::NotFriend)]);
    assert_eq!(head(&people, "ann").listed, made.listed);
    // Nothing is new.
    assert_eq!(run(&mut people, lists.clone()).unwrap().0.listed, made.listed);
    let third = MakeFriendLists { lists: vec![text("c")], ..lists };
    assert_eq!(run(&mut people, third).map(|_| ()), Err(FriendsRefusal::TooManyLists));
    let gone = DeleteFriendLists { account: user("ann"), lists: vec![text("a"), text("x")] };
    assert!(made.listed < run(&mut people, gone.clone()).unwrap().0);
    let Some(Fact::Friend(cy)) = people.fact(&own("ann"), &FactKey::Friend(user("cy"))) else { panic!() };
    assert_eq!(cy.lists, [text("b")]);
    let listed = head(&people, "ann").listed;
    assert_eq!(run(&mut people, gone).unwrap().0, listed);
}
