//! Messages that are sent again, among many others, also by a store that was opened again in between.

use super::{APP, group, open, user};
use crate::embedded::Embedded;
use crate::suite::subscribers::no_subscribers;
use landfall_domain::account::UnknownAccounts;
use landfall_domain::actor::Actor;
use landfall_domain::context::Context;
use landfall_domain::ids::GroupId;
use landfall_domain::message::{Body, Conversation, Priority};
use landfall_domain::operation;
use landfall_domain::operations::send_message::{SendMessage, Sent};
use landfall_domain::store::Store as _;
use landfall_domain::time::Timestamp;

fn at(now: u64) -> Context {
    Context { app: APP, now: Timestamp(now), unknown: UnknownAccounts::Create }
}

/// Sends the message with this random number.
async fn send(store: &Embedded, random: u32, now: u64) -> Sent {
    let message = SendMessage {
        group: GroupId::parse("club").unwrap(),
        conversation: Conversation::Group,
        sender: user("ann"),
        by_administrator: false,
        random,
        priority: Priority::Normal,
        body: Body { elements: "[]".into(), ..Body::default() },
        online_only: false,
        not_last: false,
    };
    operation::perform(store, at(now), Actor::App, message, no_subscribers()).await.unwrap()
}

#[tokio::test]
async fn repeats_are_found_before_and_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    store.import_group(at(2_000), group("club", &["ann"])).await.unwrap();
    for second in 0..200_u32 {
        let sent = send(&store, second, 2_000 + u64::from(second)).await;
        assert_eq!(sent.seq, second + 1);
    }
    drop(store);
    let store = open(dir.path());
    for second in 200..400_u32 {
        let now = 2_000 + u64::from(second);
        assert_eq!(send(&store, second, now).await.seq, second + 1);
        for ago in [1, 40, 150, 199] {
            let first = send(&store, second - ago, now).await;
            let when = Timestamp(now - u64::from(ago));
            assert_eq!(first, Sent { seq: second - ago + 1, sent: when }, "{ago} s before second {second}");
        }
    }
    // Five minutes later the same is another message.
    assert_eq!(send(&store, 50, 2_000 + 399).await.seq, 401);
}
