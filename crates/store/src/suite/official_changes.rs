//! The operations of the domain on official accounts, with values chosen at random from few, so that they meet. Any account
//! may be an official one: the rules do not look at its name.

use super::model::{some_text, some_user};
use super::operation::PeopleChange;
use landfall_domain::ids::UserId;
use landfall_domain::message::Body;
use landfall_domain::people::official::BroadcastKey;
use landfall_domain::people::operation::PeopleOperation;
use landfall_domain::people::operations::add_subscribers::AddSubscribers;
use landfall_domain::people::operations::change_words::{AddWords, DeleteWords};
use landfall_domain::people::operations::create_official::CreateOfficial;
use landfall_domain::people::operations::delete_subscribers::DeleteSubscribers;
use landfall_domain::people::operations::destroy_official::DestroyOfficial;
use landfall_domain::people::operations::modify_official::ModifyOfficial;
use landfall_domain::people::operations::modify_subscriber::ModifySubscriber;
use landfall_domain::people::operations::recall_official::RecallOfficial;
use landfall_domain::people::operations::send_official::SendOfficial;
use landfall_domain::text::Text;
use landfall_domain::time::Timestamp;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use std::fmt::Debug;

fn change<O>(values: impl Strategy<Value = O> + 'static) -> BoxedStrategy<PeopleChange>
where
    O: PeopleOperation<Answer: Debug, Refusal: Debug> + Clone + Debug,
{
    values.prop_map(PeopleChange::new).boxed()
}

fn some_users() -> impl Strategy<Value = Vec<UserId>> {
    vec(some_user(), 1..4)
}

fn some_words() -> impl Strategy<Value = Vec<Text>> {
    vec("[a-d]".prop_map(Text::stored), 1..3)
}

fn some_creation() -> impl Strategy<Value = CreateOfficial> {
    (some_user(), some_user(), some_text(), some_text(), 1_u32..4).prop_map(
        |(account, owner, name, custom, max_subscribers)| CreateOfficial {
            account,
            owner,
            introduction: name.clone(),
            organization: Text::default(),
            face_url: custom.clone(),
            name,
            custom,
            max_subscribers,
        },
    )
}

fn some_modification() -> impl Strategy<Value = ModifyOfficial> {
    let text = || option::of(some_text());
    (some_user(), text(), text(), text(), option::of(0_u32..4)).prop_map(
        |(account, name, organization, custom, max_subscribers)| ModifyOfficial {
            account,
            introduction: name.clone(),
            face_url: None,
            name,
            organization,
            custom,
            max_subscribers,
        },
    )
}

fn some_message() -> impl Strategy<Value = SendOfficial> {
    (some_user(), 0_u32..2, "\\[[0-1]\\]", any::<bool>(), any::<bool>()).prop_map(
        |(official, random, elements, online_only, not_last)| SendOfficial {
            official,
            random,
            body: Body { elements: elements.into(), ..Body::default() },
            push: Box::default(),
            online_only,
            not_last,
        },
    )
}

/// The model's calls are ten seconds apart, the first at 1,010.
fn some_key() -> impl Strategy<Value = BroadcastKey> {
    (1_u32..4, 101_u64..110).prop_map(|(seq, tens)| BroadcastKey { seq, sent: Timestamp(10 * tens) })
}

pub(super) fn some_official_change() -> impl Strategy<Value = PeopleChange> {
    prop_oneof![
        4 => change(some_creation()),
        1 => change(some_modification()),
        1 => change(some_user().prop_map(|account| DestroyOfficial { account })),
        4 => change((some_user(), some_users())
            .prop_map(|(official, accounts)| AddSubscribers { official, accounts })),
        1 => change((some_user(), some_users())
            .prop_map(|(official, accounts)| DeleteSubscribers { official, accounts })),
        1 => change((some_user(), some_user(), some_text())
            .prop_map(|(official, account, custom)| ModifySubscriber { official, account, custom })),
        3 => change(some_message()),
        2 => change((some_user(), vec(some_key(), 1..3))
            .prop_map(|(official, keys)| RecallOfficial { official, keys })),
        1 => change(some_words().prop_map(|words| AddWords { words, max: 3 })),
        1 => change(some_words().prop_map(DeleteWords)),
    ]
}
