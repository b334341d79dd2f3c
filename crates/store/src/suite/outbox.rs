//! The outbox: which entries are delivered, in which order, and to which claim.

use super::scripted::{Action, Script};
use super::subscribers::every_event;
use super::{APP, NOW, at_once, context, decided, group_id, import, member, owned_group, user};
use landfall_domain::actor::Actor;
use landfall_domain::context::Context;
use landfall_domain::event::Joining;
use landfall_domain::group::GroupType;
use landfall_domain::ids::AppId;
use landfall_domain::message::{Body, Conversation};
use landfall_domain::operation::{import as import_into, perform};
use landfall_domain::operations::add_members::AddMembers;
use landfall_domain::operations::add_topic::{AddTopic, ImportTopic};
use landfall_domain::operations::import_messages::{ImportMessages, ImportedMessage};
use landfall_domain::operations::set_unread::SetUnread;
use landfall_domain::outbox::{
    Claim, ClaimedLane, DeadLetter, DeadLetterKey, Fate, Lane, Next, Outbox, OutboxEntry, Settlement,
};
use landfall_domain::refusal::Refusal;
use landfall_domain::store::Store;
use landfall_domain::text::Text;
use landfall_domain::time::Timestamp;
use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};

fn lane(name: &str) -> Lane {
    Lane::Group(group_id(name))
}

fn at(now: u64) -> Context {
    Context { now: Timestamp(now), ..context() }
}

/// The text of an entry.
fn text_of(entry: &OutboxEntry) -> String {
    String::from_utf8(entry.as_bytes().to_vec()).unwrap()
}

async fn enqueue(store: &dyn Outbox, name: &str, what: &str) {
    enqueue_at(store, NOW.0, name, what).await;
}

async fn enqueue_at(store: &dyn Outbox, now: u64, name: &str, what: &str) {
    let entry = OutboxEntry::without_change(what.as_bytes().to_vec());
    store.enqueue(at(now), lane(name), entry).await.unwrap();
}

/// A claimed lane, and the claim.
struct Delivery {
    token: u64,
    lane: ClaimedLane,
}

async fn claim_some(
    store: &dyn Outbox,
    app: AppId,
    now: u64,
    (lanes, entries): (usize, usize),
) -> Vec<Delivery> {
    static CLAIMS: AtomicU64 = AtomicU64::new(0);
    let token = CLAIMS.fetch_add(1, Ordering::Relaxed);
    let claim = Claim { token, now: Timestamp(now), until: Timestamp(now + 30), lanes, entries };
    let claimed = store.claim_lanes(app, claim).await.unwrap();
    claimed.into_iter().map(|lane| Delivery { token, lane }).collect()
}

async fn claim_at(store: &dyn Outbox, now: u64) -> Vec<Delivery> {
    claim_some(store, APP, now, (100, 100)).await
}

async fn claim(store: &dyn Outbox) -> Vec<Delivery> {
    claim_at(store, NOW.0).await
}

fn entries(claimed: &Delivery) -> Vec<String> {
    claimed.lane.entries.iter().map(|(_, entry)| text_of(entry)).collect()
}

/// Name, failures and entries of each lane, in the order of the names.
fn contents(claimed: &[Delivery]) -> Vec<(String, u32, Vec<String>)> {
    let one = |mine: &Delivery| (mine.lane.lane.name().to_owned(), mine.lane.failures, entries(mine));
    let mut contents: Vec<_> = claimed.iter().map(one).collect();
    contents.sort();
    contents
}

async fn settle(store: &dyn Outbox, now: u64, claimed: &Delivery, delivered: usize, next: Next) {
    let Delivery { token, lane: ClaimedLane { lane, entries, .. } } = claimed;
    let delivered = delivered.checked_sub(1).map(|last| entries[last].0);
    let settled = Settlement { token: *token, lane: lane.clone(), delivered, next };
    store.settle_lane(at(now), settled).await.unwrap();
}

async fn all_dead_letters(store: &dyn Outbox) -> Vec<DeadLetter> {
    store.dead_letters(APP, None, 100).await.unwrap()
}

pub(crate) async fn events_are_delivered_in_order(store: &(impl Store + Outbox)) {
    let id = decided(store.create_group(context(), owned_group("g", "ann"), every_event()).await).unwrap();
    let mut first = owned_group("h", "ann");
    first.members = vec![member("bob")];
    decided(store.create_group(context(), first, every_event()).await).unwrap();
    let accounts = vec![super::account("bob", None, None), super::account("eve", None, None)];
    store.import_accounts(context(), accounts).await.unwrap();
    let add = |names: &[&str]| AddMembers {
        group: id.clone(),
        operator: user("admin"),
        accounts: names.iter().map(|name| user(name)).collect(),
        silent: false,
        how: Joining::Invited,
    };
    for names in [&["bob"][..], &["bob"], &["eve"]] {
        decided(perform(store, context(), Actor::App, add(names), every_event()).await).unwrap();
    }
    decided(store.destroy_group(context(), id, every_event()).await).unwrap();
    let claimed = claim(store).await;
    let person = |name: &str| format!("UserId({name:?})");
    let (ann, bob, eve) = (person("ann"), person("bob"), person("eve"));
    let in_g = vec![
        format!("g Public: created Some({ann}) []"),
        format!("g Public: joined [{bob}]"),
        format!("g Public: joined [{eve}]"),
        format!("g Public: destroyed Some({ann}) [{ann}, {bob}, {eve}]"),
    ];
    assert_eq!(
        contents(&claimed),
        [
            ("g".to_owned(), 0, in_g),
            ("h".to_owned(), 0, vec![format!("h Public: created Some({ann}) [{bob}]")])
        ]
    );
    assert!(claim_some(store, AppId(1), NOW.0, (9, 9)).await.is_empty(), "another app has no entries");
}

pub(crate) async fn refusals_and_imports_leave_the_outbox_empty(store: &(impl Store + Outbox)) {
    let community = || {
        let mut group = owned_group("@TGS#_c", "ann");
        (group.kind, group.support_topic) = (GroupType::Community, true);
        group
    };
    import(store, community()).await.unwrap();
    let id = group_id("@TGS#_c");
    decided(store.create_group(context(), community(), every_event()).await).unwrap_err();
    decided(store.destroy_group(context(), group_id("none"), every_event()).await).unwrap_err();
    let refused = Script { group: id.clone(), action: Action::Refuse };
    let refused = decided(perform(store, context(), Actor::App, refused, every_event()).await);
    assert_eq!(refused, Err(Refusal::Full));

    decided(store.import_members(context(), id.clone(), vec![member("bob")]).await).unwrap();
    let message = ImportedMessage {
        conversation: Conversation::Group,
        sender: user("ann"),
        sent: Timestamp(1_500),
        random: 1,
        body: Ok(Body { elements: "[]".into(), ..Body::default() }),
    };
    let messages = ImportMessages { group: id.clone(), messages: vec![message], listed: true };
    decided(import_into(store, context(), messages).await).unwrap();
    let unread = SetUnread { group: id.clone(), member: user("bob"), unread: 1 };
    decided(import_into(store, context(), unread).await).unwrap();
    let topic = AddTopic {
        group: id,
        id: None,
        random_bits: 1,
        name: Text::stored("t".to_owned()),
        introduction: Text::default(),
        notification: Text::default(),
        face_url: Text::default(),
        custom: Text::default(),
        created: NOW,
        max: 3,
    };
    decided(import_into(store, context(), ImportTopic(topic)).await).unwrap();
    assert!(claim(store).await.is_empty());
}

pub(crate) async fn a_claim_is_exclusive_until_it_expires(store: &(impl Store + Outbox)) {
    enqueue(store, "g", "1").await;
    let mine = claim(store).await;
    assert_eq!(contents(&mine), [("g".to_owned(), 0, vec!["1".to_owned()])]);
    enqueue(store, "g", "2").await;
    enqueue(store, "h", "3").await;
    let others = claim(store).await;
    assert_eq!(contents(&others), [("h".to_owned(), 0, vec!["3".to_owned()])]);
    settle(store, NOW.0, &others[0], 1, Next::Continue).await;
    // A claim that is not settled expires. Settled late, it removes nothing that the later claim was given.
    let again = claim_at(store, NOW.0 + 30).await;
    assert_eq!(contents(&again), [("g".to_owned(), 0, vec!["1".to_owned(), "2".to_owned()])]);
    settle(store, NOW.0 + 30, &again[0], 2, Next::Continue).await;
    enqueue(store, "g", "4").await;
    settle(store, NOW.0 + 31, &mine[0], 1, Next::Continue).await;
    let rest = claim_at(store, NOW.0 + 31).await;
    assert_eq!(contents(&rest), [("g".to_owned(), 0, vec!["4".to_owned()])]);
}

pub(crate) async fn a_failed_lane_waits_in_order_while_others_go_on(store: &(impl Store + Outbox)) {
    for what in ["1", "2", "3"] {
        enqueue(store, "g", what).await;
    }
    let now = NOW.0;
    let claimed = claim(store).await;
    settle(store, now, &claimed[0], 1, Next::Retry { failures: 1, at: Timestamp(now + 10) }).await;
    enqueue(store, "g", "4").await;
    enqueue(store, "h", "5").await;
    let others = claim_at(store, now + 9).await;
    assert_eq!(contents(&others), [("h".to_owned(), 0, vec!["5".to_owned()])]);
    let again = claim_at(store, now + 10).await;
    assert_eq!(contents(&again), [("g".to_owned(), 1, ["2", "3", "4"].map(str::to_owned).to_vec())]);
    settle(store, now + 10, &again[0], 0, Next::DeadLetter { reason: "no".to_owned() }).await;
    let rest = claim_at(store, now + 10).await;
    assert_eq!(contents(&rest), [("g".to_owned(), 0, ["3", "4"].map(str::to_owned).to_vec())]);
    // A claim gets at most the lanes and entries that it asks for.
    settle(store, now + 10, &rest[0], 0, Next::Continue).await;
    settle(store, now + 10, &others[0], 0, Next::Continue).await;
    let one = claim_some(store, APP, now + 10, (1, 1)).await;
    assert_eq!((one.len(), one[0].lane.entries.len()), (1, 1));
}

pub(crate) async fn dead_letters_are_listed_resent_and_dropped(store: &(impl Store + Outbox)) {
    for (name, what) in [("g", "1"), ("g", "2"), ("h", "3")] {
        enqueue(store, name, what).await;
    }
    for _ in 0..2 {
        for claimed in claim_at(store, NOW.0 + 5).await {
            let reason = format!("reason {}", claimed.lane.lane.name());
            settle(store, NOW.0 + 5, &claimed, 0, Next::DeadLetter { reason }).await;
        }
    }
    assert!(claim_at(store, NOW.0 + 5).await.is_empty());
    let dead = all_dead_letters(store).await;
    let listed: Vec<_> =
        dead.iter().map(|dead| (dead.key.lane.name(), dead.reason.as_str(), text_of(&dead.entry))).collect();
    let expected = [("g", "reason g", "1"), ("g", "reason g", "2"), ("h", "reason h", "3")];
    assert_eq!(listed, expected.map(|(name, reason, what)| (name, reason, what.to_owned())));
    assert!(dead.iter().all(|dead| dead.given_up == Timestamp(NOW.0 + 5)));
    let page = store.dead_letters(APP, Some(dead[0].key.clone()), 1).await.unwrap();
    assert_eq!(page, dead[1..2]);

    let places: Vec<DeadLetterKey> = dead.iter().map(|dead| dead.key.clone()).collect();
    enqueue(store, "g", "4").await;
    let sent =
        store.take_dead_letters(context(), vec![places[0].clone(), places[0].clone()], Fate::Resend).await;
    assert_eq!(sent.unwrap(), 1);
    assert_eq!(store.take_dead_letters(context(), places, Fate::Drop).await.unwrap(), 2);
    assert_eq!(all_dead_letters(store).await, []);
    assert_eq!(
        contents(&claim_at(store, NOW.0 + 5).await),
        [("g".to_owned(), 0, vec!["4".to_owned(), "1".to_owned()])]
    );
}

pub(crate) async fn a_clock_that_goes_back_hides_nothing(store: &(impl Store + Outbox)) {
    let now = NOW.0;
    for (time, name) in [(now + 9, "g"), (now, "h"), (now + 9, "i"), (now + 3, "g")] {
        enqueue_at(store, time, name, "1").await;
        let claimed = claim_at(store, now + 9).await;
        assert_eq!(contents(&claimed), [(name.to_owned(), 0, vec!["1".to_owned()])]);
        settle(store, time, &claimed[0], 1, Next::Continue).await;
    }
    // Lanes that wait for different times each become due at their own.
    for (name, wait) in [("g", 7), ("h", 5), ("i", 6)] {
        enqueue_at(store, now + 9, name, "2").await;
        let claimed = claim_at(store, now + 9).await;
        let at = Timestamp(now + 9 + wait);
        settle(store, now + 9, &claimed[0], 0, Next::Retry { failures: 1, at }).await;
    }
    for (name, wait) in [("h", 5), ("i", 6), ("g", 7)] {
        let claimed = claim_at(store, now + 9 + wait).await;
        assert_eq!(contents(&claimed), [(name.to_owned(), 1, vec!["2".to_owned()])]);
        settle(store, now + 9 + wait, &claimed[0], 1, Next::Continue).await;
    }
}

pub(crate) async fn a_lane_with_a_backlog_does_not_starve_the_others(store: &(impl Store + Outbox)) {
    const BACKLOG: usize = 20;
    let others = ["b", "c", "d", "e", "f"];
    for number in 0..BACKLOG {
        enqueue(store, "a", &number.to_string()).await;
    }
    for name in others {
        enqueue(store, name, "1").await;
    }
    // One lane and one entry in each claim. All others are claimed before the backlog is claimed a third time.
    let mut claimed = Vec::new();
    for second in 0..=BACKLOG as u64 {
        for mine in claim_some(store, APP, NOW.0 + second, (1, 1)).await {
            settle(store, NOW.0 + second, &mine, 1, Next::Continue).await;
            claimed.push(mine.lane.lane.name().to_owned());
        }
    }
    let mut first: Vec<_> = claimed[..others.len() + 2].iter().filter(|name| *name != "a").collect();
    first.sort();
    assert_eq!(first, others, "{claimed:?}");
}

/// Groups whose entries are enqueued and delivered at the same time, and entries of each.
const LANES: usize = 8;
const ENTRIES: usize = 12;

pub(crate) async fn concurrent_claims_deliver_each_entry_once(store: &(impl Store + Outbox)) {
    let names: Vec<String> = (0..LANES).map(|number| format!("g{number}")).collect();
    let enqueuing = names.iter().map(|name| async move {
        for number in 0..ENTRIES {
            enqueue(store, name, &number.to_string()).await;
        }
        Vec::new()
    });
    let delivering = (0..4).map(|_| async move {
        let mut delivered: Vec<(String, String)> = Vec::new();
        // Entries may still come after a claim finds nothing, so these go on until all have come.
        for _ in 0..LANES * ENTRIES {
            for claimed in claim(store).await {
                let (name, entries) = (claimed.lane.lane.name().to_owned(), entries(&claimed));
                settle(store, NOW.0, &claimed, entries.len(), Next::Continue).await;
                delivered.extend(entries.into_iter().map(|entry| (name.clone(), entry)));
            }
        }
        delivered
    });
    let enqueuing =
        enqueuing.map(|enqueuing| Box::pin(enqueuing) as std::pin::Pin<Box<dyn Future<Output = _>>>);
    let delivering = delivering.map(|delivering| Box::pin(delivering) as _);
    let mut delivered: Vec<_> = at_once(enqueuing.chain(delivering)).await.into_iter().flatten().collect();
    for claimed in claim(store).await {
        delivered
            .extend(entries(&claimed).into_iter().map(|entry| (claimed.lane.lane.name().to_owned(), entry)));
    }
    let mut by_lane: BTreeMap<String, VecDeque<String>> = BTreeMap::new();
    for (name, entry) in delivered {
        by_lane.entry(name).or_default().push_back(entry);
    }
    for name in names {
        let mut entries: Vec<_> = by_lane.remove(&name).unwrap_or_default().into();
        entries.sort_by_key(|entry| entry.parse::<usize>().unwrap());
        let all: Vec<_> = (0..ENTRIES).map(|number| number.to_string()).collect();
        assert_eq!(entries, all, "{name}");
    }
}

/// Leaves two lanes of undelivered entries and a dead letter.
pub(crate) async fn leave_undelivered(store: &dyn Outbox) {
    for (name, what) in [("g", "1"), ("g", "2"), ("h", "3")] {
        enqueue(store, name, what).await;
    }
    for claimed in claim(store).await {
        let is_dead = claimed.lane.lane == lane("g");
        let next = if is_dead { Next::DeadLetter { reason: "no".to_owned() } } else { Next::Continue };
        settle(store, NOW.0, &claimed, 0, next).await;
    }
}

/// Delivers all that is in lanes.
pub(crate) async fn deliver(store: &dyn Outbox) {
    for claimed in claim(store).await {
        settle(store, NOW.0, &claimed, claimed.lane.entries.len(), Next::Continue).await;
    }
}

/// Drops all dead letters.
pub(crate) async fn drop_dead_letters(store: &dyn Outbox) {
    let places = all_dead_letters(store).await.into_iter().map(|dead| dead.key).collect();
    store.take_dead_letters(context(), places, Fate::Drop).await.unwrap();
}
