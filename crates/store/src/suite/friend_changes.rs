//! The operations of the domain on friends, with values chosen at random from few, so that they meet.

use super::friends::WantsToBeAsked;
use super::model::some_user;
use super::operation::PeopleChange;
use landfall_domain::fields::FieldKey;
use landfall_domain::ids::UserId;
use landfall_domain::limits::{FriendLimits, Limits};
use landfall_domain::people::friends::Friend;
use landfall_domain::people::operation::PeopleOperation;
use landfall_domain::people::operations::add_friends::AddFriends;
use landfall_domain::people::operations::block::Block;
use landfall_domain::people::operations::delete_friend_lists::DeleteFriendLists;
use landfall_domain::people::operations::delete_friends::DeleteFriends;
use landfall_domain::people::operations::import_friends::ImportFriends;
use landfall_domain::people::operations::make_friend_lists::MakeFriendLists;
use landfall_domain::people::operations::unblock::Unblock;
use landfall_domain::people::operations::update_friends::{FriendUpdate, UpdateFriends};
use landfall_domain::people::portrait::PortraitValue;
use landfall_domain::text::Text;
use landfall_domain::time::Timestamp;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::subsequence;
use std::fmt::Debug;

/// Low, so that they are met.
const LIMITS: FriendLimits =
    FriendLimits { count: 3, lists: 2, requests: 2, blocklist: 2, ..Limits::FAITHFUL.friends };

pub(super) fn change<O>(values: impl Strategy<Value = O> + 'static) -> BoxedStrategy<PeopleChange>
where
    O: PeopleOperation<Answer: Debug, Refusal: Debug> + Clone + Debug,
{
    values.prop_map(PeopleChange::new).boxed()
}

pub(super) fn some_users() -> impl Strategy<Value = Vec<UserId>> {
    vec(some_user(), 1..4)
}

fn some_lists() -> impl Strategy<Value = Vec<Text>> {
    let names = ["a", "b", "c"].map(|name| Text::stored(name.to_owned()));
    subsequence(names.to_vec(), 0..=2)
}

fn some_friends() -> impl Strategy<Value = Vec<(UserId, Friend)>> {
    let friend = (some_lists(), "[a-c]?", 0_u64..3).prop_map(|(lists, remark, added)| Friend {
        lists,
        remark: Text::stored(remark),
        added: Timestamp(added),
        ..Friend::default()
    });
    vec((some_user(), friend), 1..4)
}

fn some_update() -> impl Strategy<Value = FriendUpdate> {
    (option::of(some_lists()), option::of("[a-c]?"), option::of(0_u32..2)).prop_map(
        |(lists, remark, number)| FriendUpdate {
            lists,
            remark: remark.map(Text::stored),
            custom: number
                .into_iter()
                .map(|number| (FieldKey::parse("Test").unwrap(), PortraitValue::Number(number)))
                .collect(),
        },
    )
}

pub(super) fn some_friend_change() -> impl Strategy<Value = PeopleChange> {
    let account = some_user;
    prop_oneof![
        3 => change((account(), some_friends(), any::<bool>(), any::<bool>()).prop_map(
            |(account, friends, both, forced)| AddFriends { account, friends, both, forced, limits: LIMITS }
        )),
        2 => (account(), some_friends()).prop_map(|(account, friends)| {
            PeopleChange::import(ImportFriends { account, friends, limits: LIMITS })
        }),
        1 => change((account(), some_users(), any::<bool>())
            .prop_map(|(account, friends, both)| DeleteFriends { account, friends, both })),
        1 => change((account(), vec((some_user(), some_update()), 1..3))
            .prop_map(|(account, updates)| UpdateFriends { account, updates, limits: LIMITS })),
        1 => change((account(), some_users())
            .prop_map(|(account, others)| Block { account, others, limits: LIMITS })),
        1 => change((account(), some_users()).prop_map(|(account, others)| Unblock { account, others })),
        1 => change((account(), some_lists(), some_users()).prop_map(
            |(account, lists, friends)| MakeFriendLists { account, lists, friends, limits: LIMITS }
        )),
        1 => change((account(), some_lists())
            .prop_map(|(account, lists)| DeleteFriendLists { account, lists })),
        1 => change(account().prop_map(WantsToBeAsked)),
    ]
}
