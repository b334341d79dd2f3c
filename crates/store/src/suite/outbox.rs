//! The outbox: what is told, in which order, and to whom.

use super::scripted::{Script, Step};
use super::{APP, NOW, at_once, context, decided, group_id, import, member, owned_group, user};
use landfall_domain::event::{Event, Subscribers};
use landfall_domain::group::GroupType;
use landfall_domain::ids::{AppId, GroupId};
use landfall_domain::message::{Body, Conversation};
use landfall_domain::operation::{Refusal, import as import_into, perform};
use landfall_domain::operations::add_members::AddMembers;
use landfall_domain::operations::add_topic::{AddTopic, ImportTopic};
use landfall_domain::operations::import_messages::{ImportMessages, ImportedMessage};
use landfall_domain::operations::set_unread::SetUnread;
use landfall_domain::outbox::{
    Claim, ClaimedLane, DeadLetter, DeadLetterKey, Fate, Lane, Next, Outbox, OutboxEntry, Settlement,
};
use landfall_domain::store::{Context, Store};
use landfall_domain::text::Text;
use landfall_domain::time::Timestamp;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Wants to know everything, as text.
pub(crate) struct Everybody;

impl Subscribers for Everybody {
    fn wants_former_members(&self, _: GroupType) -> bool {
        true
    }

    fn outbox_entry(&self, group: &GroupId, kind: GroupType, event: Event) -> Option<Vec<u8>> {
        let said = if let Event::Created { owner, members, .. } = event {
            format!("created {owner:?} {members:?}")
        } else if let Event::Destroyed { owner, members, .. } = event {
            format!("destroyed {owner:?} {members:?}")
        } else if let Event::Joined { accounts: members, .. } = event {
            format!("joined {members:?}")
        } else {
            format!("{event:?}")
        };
        Some(format!("{group} {kind:?}: {said}").into_bytes())
    }
}

/// Wants to know nothing.
struct Nobody;

impl Subscribers for Nobody {
    fn wants_former_members(&self, _: GroupType) -> bool {
        false
    }

    fn outbox_entry(&self, _: &GroupId, _: GroupType, _: Event) -> Option<Vec<u8>> {
        None
    }
}

pub(crate) fn nobody() -> Arc<dyn Subscribers> {
    Arc::new(Nobody)
}

pub(crate) fn everybody() -> Arc<dyn Subscribers> {
    Arc::new(Everybody)
}

fn lane(name: &str) -> Lane {
    Lane::Group(group_id(name))
}

fn at(now: u64) -> Context {
    Context { now: Timestamp(now), ..context() }
}

/// What a note of these cases says.
fn said(note: &OutboxEntry) -> String {
    String::from_utf8(note.as_bytes().to_vec()).unwrap()
}

async fn tell(store: &dyn Outbox, name: &str, what: &str) {
    tell_at(store, NOW.0, name, what).await;
}

async fn tell_at(store: &dyn Outbox, now: u64, name: &str, what: &str) {
    let note = OutboxEntry::without_change(what.as_bytes().to_vec());
    store.enqueue(at(now), lane(name), note).await.unwrap();
}

/// A claimed lane, and the claim.
struct Mine {
    token: u64,
    lane: ClaimedLane,
}

async fn claim_some(store: &dyn Outbox, app: AppId, now: u64, (lanes, notes): (usize, usize)) -> Vec<Mine> {
    static CLAIMS: AtomicU64 = AtomicU64::new(0);
    let token = CLAIMS.fetch_add(1, Ordering::Relaxed);
    let claim = Claim { token, now: Timestamp(now), until: Timestamp(now + 30), lanes, entries: notes };
    let claimed = store.claim_lanes(app, claim).await.unwrap();
    claimed.into_iter().map(|lane| Mine { token, lane }).collect()
}

async fn claim_at(store: &dyn Outbox, now: u64) -> Vec<Mine> {
    claim_some(store, APP, now, (100, 100)).await
}

async fn claim(store: &dyn Outbox) -> Vec<Mine> {
    claim_at(store, NOW.0).await
}

fn notes(claimed: &Mine) -> Vec<String> {
    claimed.lane.entries.iter().map(|(_, note)| said(note)).collect()
}

/// Lanes with what their notes say, in the order of their names.
fn told(claimed: &[Mine]) -> Vec<(String, u32, Vec<String>)> {
    let one = |mine: &Mine| (mine.lane.lane.name().to_owned(), mine.lane.failures, notes(mine));
    let mut told: Vec<_> = claimed.iter().map(one).collect();
    told.sort();
    told
}

async fn settle(store: &dyn Outbox, now: u64, claimed: &Mine, delivered: usize, then: Next) {
    let Mine { token, lane: ClaimedLane { lane, entries: notes, .. } } = claimed;
    let delivered = delivered.checked_sub(1).map(|last| notes[last].0);
    let settled = Settlement { token: *token, lane: lane.clone(), delivered, next: then };
    store.settle_lane(at(now), settled).await.unwrap();
}

async fn all_dead(store: &dyn Outbox) -> Vec<DeadLetter> {
    store.dead_letters(APP, None, 100).await.unwrap()
}

pub(crate) async fn what_happens_is_told_in_its_order(store: &(impl Store + Outbox)) {
    let id = decided(store.create_group(context(), owned_group("g", "ann"), everybody()).await).unwrap();
    let mut first = owned_group("h", "ann");
    first.members = vec![member("bob")];
    decided(store.create_group(context(), first, everybody()).await).unwrap();
    let accounts = vec![super::account("bob", None, None), super::account("eve", None, None)];
    store.import_accounts(context(), accounts).await.unwrap();
    let add = |names: &[&str]| AddMembers {
        group: id.clone(),
        operator: user("admin"),
        accounts: names.iter().map(|name| user(name)).collect(),
        silent: false,
    };
    for names in [&["bob"][..], &["bob"], &["eve"]] {
        decided(perform(store, context(), add(names), everybody()).await).unwrap();
    }
    decided(store.destroy_group(context(), id, everybody()).await).unwrap();
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
        told(&claimed),
        [
            ("g".to_owned(), 0, in_g),
            ("h".to_owned(), 0, vec![format!("h Public: created Some({ann}) [{bob}]")])
        ]
    );
    assert!(claim_some(store, AppId(1), NOW.0, (9, 9)).await.is_empty(), "another app is told nothing");
}

pub(crate) async fn refusals_and_imports_tell_nothing(store: &(impl Store + Outbox)) {
    let community = || {
        let mut group = owned_group("@TGS#_c", "ann");
        (group.kind, group.support_topic) = (GroupType::Community, true);
        group
    };
    import(store, community()).await.unwrap();
    let id = group_id("@TGS#_c");
    decided(store.create_group(context(), community(), everybody()).await).unwrap_err();
    decided(store.destroy_group(context(), group_id("none"), everybody()).await).unwrap_err();
    let refused = Script { group: id.clone(), step: Step::Refuse };
    let refused = decided(perform(store, context(), refused, everybody()).await);
    assert_eq!(refused, Err(Refusal::Full));

    decided(store.import_members(context(), id.clone(), vec![member("bob")]).await).unwrap();
    let message = ImportedMessage {
        conversation: Conversation::Group,
        sender: user("ann"),
        sent: Timestamp(1_500),
        random: 1,
        body: Some(Body { elements: "[]".into(), ..Body::default() }),
    };
    let messages = ImportMessages { group: id.clone(), messages: vec![message] };
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

pub(crate) async fn a_lane_is_delivered_by_one_until_its_time_is_over(store: &(impl Store + Outbox)) {
    tell(store, "g", "1").await;
    let mine = claim(store).await;
    assert_eq!(told(&mine), [("g".to_owned(), 0, vec!["1".to_owned()])]);
    tell(store, "g", "2").await;
    tell(store, "h", "3").await;
    let others = claim(store).await;
    assert_eq!(told(&others), [("h".to_owned(), 0, vec!["3".to_owned()])]);
    settle(store, NOW.0, &others[0], 1, Next::Continue).await;
    // Whoever does not come back loses its claim; when it comes back after all, nothing is removed that was not told.
    let again = claim_at(store, NOW.0 + 30).await;
    assert_eq!(told(&again), [("g".to_owned(), 0, vec!["1".to_owned(), "2".to_owned()])]);
    settle(store, NOW.0 + 30, &again[0], 2, Next::Continue).await;
    tell(store, "g", "4").await;
    settle(store, NOW.0 + 31, &mine[0], 1, Next::Continue).await;
    let rest = claim_at(store, NOW.0 + 31).await;
    assert_eq!(told(&rest), [("g".to_owned(), 0, vec!["4".to_owned()])]);
}

pub(crate) async fn a_lane_that_failed_waits_in_its_order_and_others_do_not(store: &(impl Store + Outbox)) {
    for what in ["1", "2", "3"] {
        tell(store, "g", what).await;
    }
    let now = NOW.0;
    let claimed = claim(store).await;
    settle(store, now, &claimed[0], 1, Next::Retry { failures: 1, at: Timestamp(now + 10) }).await;
    tell(store, "g", "4").await;
    tell(store, "h", "5").await;
    let others = claim_at(store, now + 9).await;
    assert_eq!(told(&others), [("h".to_owned(), 0, vec!["5".to_owned()])]);
    let again = claim_at(store, now + 10).await;
    assert_eq!(told(&again), [("g".to_owned(), 1, ["2", "3", "4"].map(str::to_owned).to_vec())]);
    settle(store, now + 10, &again[0], 0, Next::DeadLetter { reason: "no".to_owned() }).await;
    let rest = claim_at(store, now + 10).await;
    assert_eq!(told(&rest), [("g".to_owned(), 0, ["3", "4"].map(str::to_owned).to_vec())]);
    // Of many lanes some are given, and of many notes some.
    settle(store, now + 10, &rest[0], 0, Next::Continue).await;
    settle(store, now + 10, &others[0], 0, Next::Continue).await;
    let one = claim_some(store, APP, now + 10, (1, 1)).await;
    assert_eq!((one.len(), one[0].lane.entries.len()), (1, 1));
}

pub(crate) async fn dead_notes_are_listed_sent_again_and_dropped(store: &(impl Store + Outbox)) {
    for (name, what) in [("g", "1"), ("g", "2"), ("h", "3")] {
        tell(store, name, what).await;
    }
    for _ in 0..2 {
        for claimed in claim_at(store, NOW.0 + 5).await {
            let reason = format!("reason {}", claimed.lane.lane.name());
            settle(store, NOW.0 + 5, &claimed, 0, Next::DeadLetter { reason }).await;
        }
    }
    assert!(claim_at(store, NOW.0 + 5).await.is_empty());
    let dead = all_dead(store).await;
    let listed: Vec<_> =
        dead.iter().map(|dead| (dead.key.lane.name(), dead.reason.as_str(), said(&dead.entry))).collect();
    let expected = [("g", "reason g", "1"), ("g", "reason g", "2"), ("h", "reason h", "3")];
    assert_eq!(listed, expected.map(|(name, reason, what)| (name, reason, what.to_owned())));
    assert!(dead.iter().all(|dead| dead.given_up == Timestamp(NOW.0 + 5)));
    let page = store.dead_letters(APP, Some(dead[0].key.clone()), 1).await.unwrap();
    assert_eq!(page, dead[1..2]);

    let places: Vec<DeadLetterKey> = dead.iter().map(|dead| dead.key.clone()).collect();
    tell(store, "g", "4").await;
    let sent =
        store.take_dead_letters(context(), vec![places[0].clone(), places[0].clone()], Fate::Resend).await;
    assert_eq!(sent.unwrap(), 1);
    assert_eq!(store.take_dead_letters(context(), places, Fate::Drop).await.unwrap(), 2);
    assert_eq!(all_dead(store).await, []);
    assert_eq!(
        told(&claim_at(store, NOW.0 + 5).await),
        [("g".to_owned(), 0, vec!["4".to_owned(), "1".to_owned()])]
    );
}

pub(crate) async fn a_clock_that_goes_back_hides_nothing(store: &(impl Store + Outbox)) {
    let now = NOW.0;
    for (time, name) in [(now + 9, "g"), (now, "h"), (now + 9, "i"), (now + 3, "g")] {
        tell_at(store, time, name, "1").await;
        let claimed = claim_at(store, now + 9).await;
        assert_eq!(told(&claimed), [(name.to_owned(), 0, vec!["1".to_owned()])]);
        settle(store, time, &claimed[0], 1, Next::Continue).await;
    }
    // Of lanes that wait for different times, each comes when its own has come.
    for (name, wait) in [("g", 7), ("h", 5), ("i", 6)] {
        tell_at(store, now + 9, name, "2").await;
        let claimed = claim_at(store, now + 9).await;
        let at = Timestamp(now + 9 + wait);
        settle(store, now + 9, &claimed[0], 0, Next::Retry { failures: 1, at }).await;
    }
    for (name, wait) in [("h", 5), ("i", 6), ("g", 7)] {
        let claimed = claim_at(store, now + 9 + wait).await;
        assert_eq!(told(&claimed), [(name.to_owned(), 1, vec!["2".to_owned()])]);
        settle(store, now + 9 + wait, &claimed[0], 1, Next::Continue).await;
    }
}

pub(crate) async fn a_lane_with_a_backlog_does_not_starve_the_others(store: &(impl Store + Outbox)) {
    const BACKLOG: usize = 20;
    let others = ["b", "c", "d", "e", "f"];
    for number in 0..BACKLOG {
        tell(store, "a", &number.to_string()).await;
    }
    for name in others {
        tell(store, name, "1").await;
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

/// Groups whose notes are told and delivered at the same time, and notes of each.
const LANES: usize = 8;
const NOTES: usize = 12;

pub(crate) async fn of_many_who_deliver_each_note_is_told_once_in_order(store: &(impl Store + Outbox)) {
    let names: Vec<String> = (0..LANES).map(|number| format!("g{number}")).collect();
    let telling = names.iter().map(|name| async move {
        for number in 0..NOTES {
            tell(store, name, &number.to_string()).await;
        }
        Vec::new()
    });
    let delivering = (0..4).map(|_| async move {
        let mut delivered: Vec<(String, String)> = Vec::new();
        // Whoever tells nothing more ends when nothing is left, so these go on until all have come.
        for _ in 0..LANES * NOTES {
            for claimed in claim(store).await {
                let (name, notes) = (claimed.lane.lane.name().to_owned(), notes(&claimed));
                settle(store, NOW.0, &claimed, notes.len(), Next::Continue).await;
                delivered.extend(notes.into_iter().map(|note| (name.clone(), note)));
            }
        }
        delivered
    });
    let telling = telling.map(|telling| Box::pin(telling) as std::pin::Pin<Box<dyn Future<Output = _>>>);
    let delivering = delivering.map(|delivering| Box::pin(delivering) as _);
    let mut delivered: Vec<_> = at_once(telling.chain(delivering)).await.into_iter().flatten().collect();
    for claimed in claim(store).await {
        delivered.extend(notes(&claimed).into_iter().map(|note| (claimed.lane.lane.name().to_owned(), note)));
    }
    let mut by_lane: BTreeMap<String, VecDeque<String>> = BTreeMap::new();
    for (name, note) in delivered {
        by_lane.entry(name).or_default().push_back(note);
    }
    for name in names {
        let mut notes: Vec<_> = by_lane.remove(&name).unwrap_or_default().into();
        notes.sort_by_key(|note| note.parse::<usize>().unwrap());
        let all: Vec<_> = (0..NOTES).map(|number| number.to_string()).collect();
        assert_eq!(notes, all, "{name}");
    }
}

/// Leaves two lanes of undelivered notes and a dead note.
pub(crate) async fn leave_undelivered(store: &dyn Outbox) {
    for (name, what) in [("g", "1"), ("g", "2"), ("h", "3")] {
        tell(store, name, what).await;
    }
    for claimed in claim(store).await {
        let bury = claimed.lane.lane == lane("g");
        let then = if bury { Next::DeadLetter { reason: "no".to_owned() } } else { Next::Continue };
        settle(store, NOW.0, &claimed, 0, then).await;
    }
}

/// Delivers all that is in lanes.
pub(crate) async fn deliver(store: &dyn Outbox) {
    for claimed in claim(store).await {
        settle(store, NOW.0, &claimed, claimed.lane.entries.len(), Next::Continue).await;
    }
}

/// Forgets what is dead.
pub(crate) async fn drop_dead(store: &dyn Outbox) {
    let places = all_dead(store).await.into_iter().map(|dead| dead.key).collect();
    store.take_dead_letters(context(), places, Fate::Drop).await.unwrap();
}
