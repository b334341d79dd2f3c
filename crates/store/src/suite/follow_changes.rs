//! Following, attributes, tags and pushes, with values chosen at random from few, so that they meet.

use super::friend_changes::{change, some_users};
use super::model::{some_text, some_user};
use super::operation::PeopleChange;
use landfall_domain::limits::{Limits, PushLimits};
use landfall_domain::people::labels::Audience;
use landfall_domain::people::operations::accept_push::AcceptPush;
use landfall_domain::people::operations::label_accounts::{LabelAccounts, LabelChange};
use landfall_domain::people::operations::name_attributes::NameAttributes;
use landfall_domain::people::operations::set_follows::SetFollows;
use landfall_domain::people::operations::step_push::StepPush;
use landfall_domain::text::Text;
use landfall_domain::time::Timestamp;
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;

fn texts() -> impl Strategy<Value = Vec<Text>> {
    vec(some_text(), 0..3)
}

fn pairs() -> impl Strategy<Value = Vec<(Text, Text)>> {
    vec((some_text(), some_text()), 0..3)
}

fn some_label() -> impl Strategy<Value = LabelChange> {
    prop_oneof![
        3 => pairs().prop_map(LabelChange::SetAttributes),
        1 => texts().prop_map(LabelChange::RemoveAttributes),
        3 => texts().prop_map(LabelChange::AddTags),
        1 => texts().prop_map(LabelChange::RemoveTags),
        1 => Just(LabelChange::RemoveAllTags),
    ]
}

fn some_audience() -> impl Strategy<Value = Audience<Text>> {
    prop_oneof![
        Just(Audience::Everybody),
        (pairs(), pairs()).prop_map(|(all, any)| Audience::Attributes { all, any }),
        (texts(), texts()).prop_map(|(all, any)| Audience::Tags { all, any }),
    ]
}

fn some_push() -> impl Strategy<Value = AcceptPush> {
    (some_user(), any::<bool>(), 0_u32..4, some_audience()).prop_map(
        |(sender, by_administrator, random, audience)| AcceptPush {
            sender,
            by_administrator,
            random,
            elements: "[]".into(),
            offline: Box::default(),
            online_only: by_administrator,
            audience,
            limits: PushLimits { per_day: 3, ..Limits::FAITHFUL.push },
        },
    )
}

fn some_step() -> impl Strategy<Value = StepPush> {
    (1_u32..4, 0_u64..2, option::of(some_user()), option::of(0_u64..3_000)).prop_map(
        |(number, holder, reached, until)| StepPush { number, holder, reached, until: until.map(Timestamp) },
    )
}

pub(super) fn some_follow_change() -> impl Strategy<Value = PeopleChange> {
    prop_oneof![
        6 => change((some_user(), some_users(), any::<bool>()).prop_map(
            |(account, others, follows)| SetFollows { account, others, follows, limit: 3 }
        )),
        1 => change(btree_map(0_u8..3, some_text(), 0..3).prop_map(|names| NameAttributes { names })),
        3 => change(vec((some_user(), some_label()), 0..3)
            .prop_map(|changes| LabelAccounts { changes, tags_max: 2 })),
        1 => change(some_push()),
        1 => change(some_step()),
    ]
}
