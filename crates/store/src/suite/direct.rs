//! Messages between two accounts: the real operations, for the model test and for cases of their own.

use super::brought::bring_direct;
use super::subscribers::every_event;
use super::{APP, account, answered, context, user};
use landfall_domain::context::Context;
use landfall_domain::error::StoreError;
use landfall_domain::ids::UserId;
use landfall_domain::message::Body;
use landfall_domain::origin::JobId;
use landfall_domain::people::brought::Brought;
use landfall_domain::people::fact::{Chat, Fact, FactKey, Unread};
use landfall_domain::people::message::{DirectRange, MessageKey};
use landfall_domain::people::operation::{PeopleImport, PeopleOperation, import_people, perform_people};
use landfall_domain::people::operations::bring_direct::BringDirect;
use landfall_domain::people::operations::confirm_messages::ConfirmMessages;
use landfall_domain::people::operations::delete_chat::DeleteChat;
use landfall_domain::people::operations::hide_messages::HideMessages;
use landfall_domain::people::operations::import_direct::{ImportDirect, ImportLiveDirect};
use landfall_domain::people::operations::modify_direct::ModifyDirect;
use landfall_domain::people::operations::read_direct::ReadDirect;
use landfall_domain::people::operations::recall_direct::RecallDirect;
use landfall_domain::people::operations::send_direct::{SendDirect, SenderCopy};
use landfall_domain::people::operations::take_back::TakeBack;
use landfall_domain::people::snapshot::PeopleNeeds;
use landfall_domain::people::{Pair, Subject};
use landfall_domain::store::Store;
use landfall_domain::time::Timestamp;
use proptest::prelude::*;
use std::fmt::Debug;

/// An operation on conversations.
#[derive(Clone, Debug)]
pub(crate) enum DirectAction {
    Send(SendDirect),
    Import(ImportDirect),
    ImportLive(ImportDirect),
    Recall(RecallDirect),
    Modify(ModifyDirect),
    Read(ReadDirect),
    Confirm(ConfirmMessages),
    Hide(HideMessages),
    Delete(DeleteChat),
    Bring(BringDirect),
    TakeBack(TakeBack),
}

/// Performs an operation; its answer or refusal as text.
pub(crate) async fn perform(
    store: &dyn Store,
    context: Context,
    action: DirectAction,
) -> Result<Result<String, String>, StoreError> {
    match action {
        DirectAction::Send(operation) => change(store, context, operation).await,
        DirectAction::Import(import) => silently(store, context, import).await,
        DirectAction::ImportLive(import) => change(store, context, ImportLiveDirect(import)).await,
        DirectAction::Recall(operation) => change(store, context, operation).await,
        DirectAction::Modify(operation) => change(store, context, operation).await,
        DirectAction::Read(operation) => change(store, context, operation).await,
        DirectAction::Confirm(operation) => change(store, context, operation).await,
        DirectAction::Hide(operation) => change(store, context, operation).await,
        DirectAction::Delete(operation) => change(store, context, operation).await,
        DirectAction::Bring(import) => silently(store, context, import).await,
        DirectAction::TakeBack(import) => silently(store, context, import).await,
    }
}

async fn change<O: PeopleOperation<Answer: Debug, Refusal: Debug>>(
    store: &dyn Store,
    context: Context,
    operation: O,
) -> Result<Result<String, String>, StoreError> {
    let done = answered(perform_people(store, context, operation, every_event()).await)?;
    Ok(as_text(done))
}

async fn silently<I: PeopleImport<Answer: Debug, Refusal: Debug>>(
    store: &dyn Store,
    context: Context,
    import: I,
) -> Result<Result<String, String>, StoreError> {
    Ok(as_text(answered(import_people(store, context, import).await)?))
}

fn as_text<T: Debug, E: Debug>(result: Result<T, E>) -> Result<String, String> {
    result.map(|answer| format!("{answer:?}")).map_err(|refusal| format!("{refusal:?}"))
}

fn body(words: &str) -> Body {
    Body {
        elements: format!("[{words:?}]").into(),
        receipt: words.len() == 1,
        extensible: words.len() == 2,
        ..Body::default()
    }
}

pub(crate) fn send(sender: &str, receivers: &[&str], number: u32) -> SendDirect {
    SendDirect {
        sender: user(sender),
        by_administrator: false,
        receivers: receivers.iter().map(|name| user(name)).collect(),
        number,
        random: number,
        body: body("m"),
        push: Box::default(),
        copy: SenderCopy::Live,
        online_only: false,
        not_last: false,
        counts_unread: true,
    }
}

fn import(sender: &str, receiver: &str, sent: u64) -> ImportDirect {
    let key = MessageKey { sent: Timestamp(sent), number: 1, random: 1 };
    ImportDirect { sender: user(sender), receiver: user(receiver), key, body: body("m") }
}

/// Keys of messages that the model test imports. No script uses them.
pub(crate) fn direct_keys() -> impl Iterator<Item = MessageKey> {
    (0..12).map(|number| MessageKey {
        sent: Timestamp(1 + u64::from(number % 3)),
        number: 1_000 + number / 3 % 2,
        random: 1_000 + number / 6,
    })
}

/// Any operation on conversations of some accounts.
pub(crate) fn some_direct_action(
    some_user: fn() -> BoxedStrategy<UserId>,
) -> impl Strategy<Value = DirectAction> {
    let key = prop::sample::select(direct_keys().collect::<Vec<_>>()).boxed();
    let two = || (some_user(), some_user());
    let keys = || prop::collection::vec(key.clone(), 0..3);
    let sending = (two(), some_user(), key.clone(), "[a-b]{0,2}", 0_u8..32);
    let send = sending.prop_map(|((sender, one), other, key, words, bits)| {
        let has = |bit: u8| bits & (1 << bit) != 0;
        let receivers = if has(0) && one != other { vec![one, other] } else { vec![one] };
        DirectAction::Send(SendDirect {
            sender,
            by_administrator: has(1),
            receivers,
            number: key.number,
            random: key.random,
            body: Body { no_unread: has(2), ..body(&words) },
            push: words.into(),
            copy: if has(3) { SenderCopy::None } else { SenderCopy::History },
            online_only: bits == 31,
            not_last: has(4),
            counts_unread: has(3),
        })
    });
    let importing = (two(), key.clone(), "[a-b]{0,2}", any::<bool>());
    let import = importing.prop_map(|((sender, receiver), key, words, live)| {
        let import = ImportDirect { sender, receiver, key, body: body(&words) };
        if live { DirectAction::ImportLive(import) } else { DirectAction::Import(import) }
    });
    let about = (two(), key.clone(), any::<bool>()).prop_map(|((sender, receiver), key, recall)| {
        if recall {
            let operator = receiver.clone();
            return DirectAction::Recall(RecallDirect { sender, receiver, key, operator });
        }
        let (elements, custom) = (None, Some("c".into()));
        DirectAction::Modify(ModifyDirect { sender, receiver, key, elements, custom, bytes_max: 6 })
    });
    let reading = (two(), prop::option::of(0_u64..4));
    let read = reading.prop_map(|((reader, peer), until)| {
        DirectAction::Read(ReadDirect { reader, peer, until: until.map(Timestamp) })
    });
    let confirm = (two(), keys())
        .prop_map(|((reader, peer), keys)| DirectAction::Confirm(ConfirmMessages { reader, peer, keys }));
    let hide = (two(), keys())
        .prop_map(|((account, peer), keys)| DirectAction::Hide(HideMessages { account, peer, keys }));
    let delete = (two(), any::<bool>()).prop_map(|((account, peer), clear)| {
        DirectAction::Delete(DeleteChat { account, chat: Chat::Direct(peer), clear, last_seq: 0 })
    });
    let bringing = (1_u64..3, two(), keys(), "[a-b]{1,2}");
    let bring = bringing.prop_map(|(job, (sender, receiver), keys, words)| {
        DirectAction::Bring(bring_direct(job, sender, receiver, &keys, &words))
    });
    let taking = (1_u64..3, two(), any::<bool>());
    let take_back = taking.prop_map(|(job, (one, other), force)| {
        let about = Brought::Direct(Pair::of(one, other));
        DirectAction::TakeBack(TakeBack { job: JobId(job), about, force })
    });
    prop_oneof![
        8 => send, 4 => import, 3 => about, 2 => read, 1 => confirm, 1 => hide, 1 => delete, 3 => bring,
        2 => take_back
    ]
}

async fn run(store: &dyn Store, action: DirectAction) -> Result<String, String> {
    perform(store, context(), action).await.unwrap()
}

async fn unread(store: &dyn Store, account: &str, peer: &str) -> Option<Unread> {
    let facts = vec![(Subject::Account(user(account)), FactKey::Unread(user(peer)))];
    let found = store.people(APP, PeopleNeeds { facts, ..PeopleNeeds::default() }).await.unwrap();
    match found.facts.into_values().next() {
        Some(Fact::Unread(unread)) => Some(unread),
        _ => None,
    }
}

async fn places(store: &dyn Store, one: &str, other: &str) -> Vec<u32> {
    let pair = Pair::of(user(one), user(other));
    let messages = vec![DirectRange::After { pair: pair.clone(), seq: 0, limit: 100 }];
    let found = store.people(APP, PeopleNeeds { messages, ..PeopleNeeds::default() }).await.unwrap();
    found.messages_of(&pair).map(|message| message.seq).collect()
}

async fn three_accounts(store: &dyn Store) {
    let imports = ["ann", "bob", "cy"].map(|name| account(name, None, None));
    store.import_accounts(context(), imports.to_vec()).await.unwrap();
}

pub(crate) async fn messages_count_as_unread_until_they_are_read(store: &dyn Store) {
    three_accounts(store).await;
    for number in 1..=4 {
        run(store, DirectAction::Send(send("ann", &["bob", "cy"], number))).await.unwrap();
    }
    run(store, DirectAction::Import(import("ann", "bob", 7))).await.unwrap();
    run(store, DirectAction::ImportLive(import("ann", "bob", 8))).await.unwrap();
    assert_eq!(unread(store, "bob", "ann").await, Some(Unread { count: 5, after: 0 }));
    assert_eq!(unread(store, "ann", "bob").await, None);
    let key = |number| MessageKey { sent: super::NOW, number, random: number };
    let recall = |number| RecallDirect {
        sender: user("ann"),
        receiver: user("bob"),
        key: key(number),
        operator: user("ann"),
    };
    run(store, DirectAction::Recall(recall(2))).await.unwrap();
    assert_eq!(run(store, DirectAction::Recall(recall(2))).await, Err("Recalled".to_owned()));
    let (reader, peer) = (user("bob"), user("ann"));
    let hide = HideMessages { account: reader.clone(), peer: peer.clone(), keys: vec![key(3), key(9)] };
    run(store, DirectAction::Hide(hide)).await.unwrap();
    assert_eq!(unread(store, "bob", "ann").await, Some(Unread { count: 3, after: 0 }));
    // Older than all that were sent: only what comes first in the order of arrival is read by a time.
    let read = |until: Option<u64>| ReadDirect {
        reader: reader.clone(),
        peer: peer.clone(),
        until: until.map(Timestamp),
    };
    assert_eq!(run(store, DirectAction::Read(read(Some(10)))).await, Ok("3".to_owned()));
    assert_eq!(run(store, DirectAction::Read(read(None))).await, Ok("0".to_owned()));
    assert_eq!(unread(store, "bob", "ann").await, None);
    assert_eq!(unread(store, "cy", "ann").await, Some(Unread { count: 4, after: 0 }));
    assert_eq!(places(store, "bob", "ann").await, [1, 2, 3, 4, 5, 6]);
}

pub(crate) async fn a_message_comes_once_however_often_it_is_sent(store: &dyn Store) {
    three_accounts(store).await;
    let sends = (0..8).map(|_| run(store, DirectAction::Send(send("ann", &["bob"], 1))));
    assert!(super::at_once(sends).await.iter().all(Result::is_ok));
    let imports = (0..8).map(|_| run(store, DirectAction::Import(import("bob", "ann", 5))));
    assert!(super::at_once(imports).await.iter().all(Result::is_ok));
    assert_eq!(places(store, "ann", "bob").await, [1, 2]);
    assert_eq!(unread(store, "bob", "ann").await, Some(Unread { count: 1, after: 0 }));
}

pub(crate) async fn senders_side_by_side_get_places_without_a_gap(store: &dyn Store) {
    three_accounts(store).await;
    let sends = (0..40).map(|number| {
        let (from, to) = if number % 2 == 0 { ("ann", "bob") } else { ("bob", "ann") };
        run(store, DirectAction::Send(send(from, &[to], number)))
    });
    assert!(super::at_once(sends).await.iter().all(Result::is_ok));
    assert_eq!(places(store, "ann", "bob").await, (1..=40).collect::<Vec<_>>());
    assert_eq!(unread(store, "ann", "bob").await.map(|unread| unread.count), Some(20));
    let refused = run(store, DirectAction::Send(send("ann", &["nobody"], 1))).await;
    assert_eq!(refused, Err("NoSuchReceiver".to_owned()));
}
