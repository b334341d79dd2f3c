//! The outbox shared by several servers, and what only rows can get wrong.

use super::*;
use crate::suite::subscribers::{TestSubscribers, every_event};
use crate::suite::{APP, NOW, at_once, context, decided, group_id, member, owned_group, user};
use landfall_domain::actor::Actor;
use landfall_domain::event::{Event, Joining};
use landfall_domain::operation::perform;
use landfall_domain::operations::add_members::AddMembers;
use landfall_domain::outbox::{
    Claim, ClaimedLane, DeadLetter, DeadLetterKey, Fate, Lane, Next, Outbox, OutboxEntry, Settlement,
};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// Lanes whose rows do not match their entries.
const ASTRAY: &str = "
    SELECT count(*) FROM (SELECT sdk_app_id, group_id, first, next FROM landfall.lanes) AS lanes
    FULL JOIN (
        SELECT sdk_app_id, group_id, min(number) AS lowest, max(number) AS highest, count(*) AS held
        FROM landfall.notes GROUP BY sdk_app_id, group_id
    ) AS notes USING (sdk_app_id, group_id)
    WHERE (first = lowest AND next = highest + 1 AND next - first = held) IS NOT TRUE";

/// Lanes, entries and dead letters.
async fn kept(database: &FreshDatabase) -> [i64; 3] {
    let client = admin(database.url()).await;
    assert_eq!(number(&client, ASTRAY).await, 0);
    let mut counts = [0; 3];
    for (count, table) in counts.iter_mut().zip(["lanes", "notes", "dead_notes"]) {
        *count = number(&client, &format!("SELECT count(*) FROM landfall.{table}")).await;
    }
    counts
}

fn lane(name: &str) -> Lane {
    Lane::Group(group_id(name))
}

async fn enqueue(store: &Postgres, lane: Lane, what: &[u8]) {
    store.enqueue(context(), lane, OutboxEntry::without_change(what.to_vec())).await.unwrap();
}

/// A claim with a token of its own.
fn claim_at(now: u64, lanes: usize) -> Claim {
    static CLAIMS: AtomicU64 = AtomicU64::new(0);
    let token = u64::MAX - CLAIMS.fetch_add(1, Ordering::Relaxed);
    Claim { token, now: Timestamp(now), until: Timestamp(now + 30), lanes, entries: 3 }
}

async fn claimed(store: &Postgres, claim: Claim) -> Vec<ClaimedLane> {
    store.claim_lanes(APP, claim).await.unwrap()
}

fn names(lanes: &[ClaimedLane]) -> Vec<&str> {
    lanes.iter().map(|claimed| claimed.lane.name()).collect()
}

async fn settle(store: &Postgres, token: u64, lane: &Lane, delivered: Option<u64>, then: Next) {
    let settled = Settlement { token, lane: lane.clone(), delivered, next: then };
    store.settle_lane(context(), settled).await.unwrap();
}

/// Makes a dead letter of the first entry of every lane.
async fn give_up_first(store: &Postgres, why: &str) {
    let claim = claim_at(NOW.0, 100);
    for of in claimed(store, claim).await {
        settle(store, claim.token, &of.lane, None, Next::DeadLetter { reason: why.to_owned() }).await;
    }
}

async fn dead(store: &Postgres) -> Vec<DeadLetter> {
    store.dead_letters(APP, None, 100).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn servers_that_claim_at_the_same_time_never_get_the_same_lane() {
    const LANES: usize = 60;
    let (servers, database) = two().await;
    let enqueued =
        (0..LANES).map(|number| enqueue(&servers[number % 2], lane(&format!("g{number:02}")), b"1"));
    at_once(enqueued).await;
    let mut given = Vec::new();
    while given.len() < LANES {
        let claims = (0..12).map(|number| claimed(&servers[number % 2], claim_at(NOW.0, 5)));
        let before = given.len();
        for lanes in at_once(claims).await {
            assert!(lanes.len() <= 5 && lanes.iter().all(|lane| lane.entries.len() == 1));
            given.extend(lanes.into_iter().map(|claimed| claimed.lane));
        }
        assert!(before < given.len(), "{before} of {LANES} were given, and the others are not");
    }
    assert_eq!(given.len(), LANES, "a lane was given twice");
    assert_eq!(given.iter().collect::<BTreeSet<_>>().len(), LANES, "a lane was given twice");
    assert!(claimed(&servers[0], claim_at(NOW.0 + 29, LANES)).await.is_empty());
    assert_eq!(kept(&database).await, [60, 60, 0]);
}

#[tokio::test]
async fn claims_of_a_server_that_went_away_end_by_their_time() {
    let ([gone, other], database) = two().await;
    enqueue(&gone, lane("g"), b"1").await;
    enqueue(&gone, lane("h"), b"2").await;
    let first = claim_at(NOW.0, 10);
    assert_eq!(names(&claimed(&gone, first).await), ["g", "h"]);
    drop(gone);
    // Any server settles a claim.
    settle(&other, first.token, &lane("h"), Some(0), Next::Continue).await;
    assert!(claimed(&other, claim_at(NOW.0 + 29, 10)).await.is_empty());
    let second = claim_at(NOW.0 + 30, 10);
    assert_eq!(names(&claimed(&other, second).await), ["g"]);
    // It comes back after all, and its claim is void.
    settle(&other, first.token, &lane("g"), Some(0), Next::Continue).await;
    assert_eq!(kept(&database).await, [1, 1, 0]);
    assert!(claimed(&other, claim_at(NOW.0 + 30, 10)).await.is_empty());
    settle(&other, second.token, &lane("g"), Some(0), Next::Continue).await;
    assert_eq!(kept(&database).await, [0, 0, 0]);
    // A lane that was made anew belongs to no earlier claim.
    enqueue(&other, lane("g"), b"3").await;
    settle(&other, second.token, &lane("g"), Some(0), Next::Continue).await;
    assert_eq!(kept(&database).await, [1, 1, 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn entries_added_during_a_delivery_are_neither_lost_nor_overtaken() {
    const LANES: usize = 3;
    const ENTRIES: usize = 40;
    let (servers, database) = two().await;
    let (servers, delivered) = (&servers, &Mutex::new(BTreeMap::<Lane, Vec<u8>>::new()));
    let left = &AtomicUsize::new(LANES * ENTRIES);
    let telling = (0..LANES).map(|of| async move {
        for number in 0..ENTRIES {
            enqueue(&servers[number % 2], lane(&format!("g{of}")), &[number as u8]).await;
        }
    });
    let delivering = (0..4).map(|who| async move {
        let mut round = who;
        while 0 < left.load(Ordering::Relaxed) {
            let claim = claim_at(NOW.0, 2);
            for ClaimedLane { lane, entries, .. } in claimed(&servers[who % 2], claim).await {
                round += 1;
                // All of them, all but one, or none.
                let count = entries.len().saturating_sub(round % 3);
                let of_lane = &entries[..count];
                let said = of_lane.iter().flat_map(|(_, entry)| entry.as_bytes());
                delivered.lock().unwrap().entry(lane.clone()).or_default().extend(said);
                let then = if round % 2 == 0 { Next::Continue } else { Next::Retry { failures: 1, at: NOW } };
                settle(&servers[round % 2], claim.token, &lane, of_lane.last().map(|entry| entry.0), then)
                    .await;
                left.fetch_sub(count, Ordering::Relaxed);
            }
        }
    });
    let telling = telling.map(|telling| Box::pin(telling) as std::pin::Pin<Box<dyn Future<Output = ()>>>);
    let delivering = delivering.map(|delivering| Box::pin(delivering) as _);
    in_time(at_once(telling.chain(delivering))).await;
    let delivered = delivered.lock().unwrap().clone();
    let all: Vec<u8> = (0..ENTRIES as u8).collect();
    assert_eq!(delivered.into_values().collect::<Vec<_>>(), vec![all; LANES]);
    assert_eq!(kept(&database).await, [0, 0, 0]);
}

#[tokio::test]
async fn a_lane_being_written_to_holds_up_no_other() {
    let (store, database) = fresh().await;
    for name in ["g", "h", "i"] {
        enqueue(&store, lane(name), b"1").await;
    }
    let mut admin = admin(database.url()).await;
    let writing = admin.transaction().await.unwrap();
    let lock = "SELECT FROM landfall.lanes WHERE sdk_app_id = $1 AND group_id = 'g' FOR UPDATE";
    assert_eq!(writing.query(lock, &[&i64::from(APP.0)]).await.unwrap().len(), 1);
    // It is the first, and a claim for one lane gets the next.
    assert_eq!(names(&claimed(&store, claim_at(NOW.0, 1)).await), ["h"]);
    assert_eq!(names(&claimed(&store, claim_at(NOW.0, 10)).await), ["i"]);
    assert!(claimed(&store, claim_at(NOW.0, 10)).await.is_empty());
    writing.rollback().await.unwrap();
    assert_eq!(names(&claimed(&store, claim_at(NOW.0, 10)).await), ["g"]);
    assert!(claimed(&store, claim_at(NOW.0, 0)).await.is_empty());
}

fn add(name: &str) -> AddMembers {
    AddMembers {
        group: group_id("g"),
        operator: user("admin"),
        accounts: vec![user(name)],
        silent: false,
        how: Joining::Invited,
    }
}

fn has_failed<Done: std::fmt::Debug, Refusal: std::fmt::Debug>(
    answer: &Result<Done, OperationError<Refusal>>,
) -> bool {
    matches!(answer, Err(OperationError::Store(StoreError::Failed(_))))
}

/// One thread: all calls wait before a worker takes the first.
#[tokio::test]
async fn changes_that_failed_leave_no_entries() {
    let (store, database) = fresh().await;
    store.import_group(context(), owned_group("g", "ann")).await.unwrap();
    let accounts = ["bad", "bob"].map(|name| AccountImport { id: user(name), nick: None, face_url: None });
    store.import_accounts(context(), accounts.to_vec()).await.unwrap();
    let admin = admin(database.url()).await;
    let check = "ALTER TABLE landfall.members ADD CHECK (account <> 'bad' AND group_id <> 'bad')";
    admin.batch_execute(check).await.unwrap();
    let failed = perform(&store, context(), Actor::App, add("bad"), every_event()).await;
    assert!(has_failed(&failed), "{failed:?}");
    assert_eq!(kept(&database).await, [0, 0, 0]);
    // Of groups that are made together only the one that cannot be made has no entry.
    let ids: Vec<String> =
        (0..20).map(|id| if id == 7 { "bad".to_owned() } else { format!("n{id}") }).collect();
    let made = ids.iter().map(|id| store.create_group(context(), owned_group(id, "ann"), every_event()));
    for (id, made) in ids.iter().zip(at_once(made).await) {
        assert_eq!(has_failed(&made), id == "bad", "{id}: {made:?}");
    }
    assert_eq!(kept(&database).await, [19, 19, 0]);
    decided(perform(&store, context(), Actor::App, add("bob"), every_event()).await).unwrap();
    assert_eq!(kept(&database).await, [20, 20, 0]);
}

#[tokio::test]
async fn a_change_whose_entry_cannot_be_written_does_not_happen() {
    let (store, database) = fresh().await;
    store.import_group(context(), owned_group("g", "ann")).await.unwrap();
    let bob = AccountImport { id: user("bob"), nick: None, face_url: None };
    store.import_accounts(context(), vec![bob]).await.unwrap();
    let admin = admin(database.url()).await;
    admin.batch_execute("ALTER TABLE landfall.notes ADD CHECK (group_id > 'h')").await.unwrap();
    let added = perform(&store, context(), Actor::App, add("bob"), every_event()).await;
    assert!(has_failed(&added), "{added:?}");
    let dissolved = store.destroy_group(context(), group_id("g"), every_event()).await;
    assert!(has_failed(&dissolved), "{dissolved:?}");
    let made =
        ["gone", "made"].map(|name| store.create_group(context(), owned_group(name, "cy"), every_event()));
    let made: Vec<bool> = at_once(made).await.iter().map(has_failed).collect();
    assert_eq!(made, [true, false]);
    let enqueued = store.enqueue(context(), Lane::App, OutboxEntry::without_change(Vec::new())).await;
    assert!(enqueued.is_err());
    assert_eq!(kept(&database).await, [1, 1, 0]);
    let groups = store.groups(APP, ["g", "gone", "made"].map(group_id).to_vec()).await.unwrap();
    let members: Vec<_> = groups.iter().map(|group| group.as_ref().map(|group| group.member_count)).collect();
    assert_eq!(members, [Some(1), None, Some(1)]);
}

#[tokio::test]
async fn every_byte_and_every_number_reads_back() {
    let (store, _alive) = fresh().await;
    let bytes: Vec<u8> = (0..=255).collect();
    for content in [bytes.as_slice(), b""] {
        enqueue(&store, Lane::App, content).await;
    }
    let claim = Claim { token: 1 << 63, ..claim_at(NOW.0, 1) };
    let [of] = claimed(&store, claim).await.try_into().unwrap();
    let entries = [(0, OutboxEntry::stored(bytes.clone())), (1, OutboxEntry::stored(Vec::new()))];
    assert_eq!(of, ClaimedLane { lane: Lane::App, failures: 0, entries: entries.to_vec() });
    let late = Timestamp(u64::from(u32::MAX) << 8);
    let then = Next::Retry { failures: u32::MAX, at: late };
    settle(&store, claim.token, &Lane::App, None, then).await;
    assert!(claimed(&store, claim_at(late.0 - 1, 1)).await.is_empty());
    let claim = claim_at(late.0, 1);
    assert_eq!(claimed(&store, claim).await[0].failures, u32::MAX);
    let why = "why\0\u{10ffff}";
    let settled = Settlement {
        token: claim.token,
        lane: Lane::App,
        delivered: None,
        next: Next::DeadLetter { reason: why.to_owned() },
    };
    store.settle_lane(Context { now: late, ..context() }, settled).await.unwrap();
    let place = DeadLetterKey { lane: Lane::App, number: 0 };
    let letter =
        DeadLetter { key: place, given_up: late, reason: why.to_owned(), entry: OutboxEntry::stored(bytes) };
    assert_eq!(dead(&store).await, [letter]);
    let claim = claim_at(late.0, 1);
    assert_eq!(claimed(&store, claim).await[0].entries, entries[1..]);
    // Further than there are any.
    settle(&store, claim.token, &Lane::App, Some(u64::MAX), Next::DeadLetter { reason: String::new() }).await;
    assert!(claimed(&store, claim_at(u64::MAX - 30, 1)).await.is_empty());
}

#[tokio::test]
async fn dead_letters_are_in_the_order_of_bytes_and_are_resent_as_they_are_named() {
    let (store, database) = fresh().await;
    let lanes = [Lane::App, lane("B"), lane("Z"), lane("a"), lane("a-"), lane("b")];
    for of in lanes.iter().rev() {
        enqueue(&store, of.clone(), b"1").await;
        enqueue(&store, of.clone(), b"2").await;
    }
    let elsewhere = Context { app: AppId(APP.0 + 1), ..context() };
    store.enqueue(elsewhere, Lane::App, OutboxEntry::without_change(Vec::new())).await.unwrap();
    give_up_first(&store, "one").await;
    give_up_first(&store, "two").await;
    assert_eq!(kept(&database).await, [1, 1, 12]);
    let expected: Vec<DeadLetterKey> = lanes
        .iter()
        .flat_map(|lane| [0, 1].map(|number| DeadLetterKey { lane: lane.clone(), number }))
        .collect();
    let mut listed: Vec<DeadLetterKey> = Vec::new();
    loop {
        let page = store.dead_letters(APP, listed.last().cloned(), 5).await.unwrap();
        if page.is_empty() {
            break;
        }
        assert!(page.iter().all(|dead| dead.reason == ["one", "two"][dead.key.number as usize]));
        listed.extend(page.into_iter().map(|dead| dead.key));
    }
    assert_eq!(listed, expected);
    assert!(store.dead_letters(elsewhere.app, None, 5).await.unwrap().is_empty());
    let taken = async |places: &[DeadLetterKey], fate| {
        store.take_dead_letters(context(), places.to_vec(), fate).await.unwrap()
    };
    // Twice, one that is not there, and the later one first.
    let missing = DeadLetterKey { lane: lane("b"), number: u64::MAX };
    let places =
        [listed[11].clone(), missing.clone(), listed[10].clone(), listed[0].clone(), listed[11].clone()];
    assert_eq!(store.take_dead_letters(elsewhere, places.to_vec(), Fate::Drop).await.unwrap(), 0);
    assert_eq!(taken(&places, Fate::Resend).await, 3);
    assert_eq!(taken(&[missing], Fate::Drop).await, 0);
    assert_eq!(taken(&[], Fate::Resend).await, 0);
    let again = claimed(&store, claim_at(NOW.0, 10)).await;
    assert_eq!(names(&again), ["", "b"]);
    let said: Vec<_> = again[1].entries.iter().map(|(_, entry)| entry.as_bytes()).collect();
    assert_eq!(said, [b"2", b"1"]);
    assert_eq!(taken(&listed, Fate::Drop).await, 9);
    assert_eq!(kept(&database).await, [3, 4, 0]);
}

#[tokio::test]
async fn former_members_are_named_for_subscribers_that_want_them() {
    let (store, database) = fresh().await;
    let entry = |_: &GroupId, _, event| {
        let Event::Destroyed { owner, name, members } = event else { return None };
        let members: Vec<_> = members.iter().map(UserId::as_str).collect();
        Some(format!("{} {} {members:?}", owner.unwrap(), name.as_str()))
    };
    for (name, former_members) in [("g", true), ("h", false)] {
        let new = NewGroup { members: ["b", "C", "a"].map(member).to_vec(), ..owned_group(name, "ann") };
        let subscribers = Arc::new(TestSubscribers { former_members, entry });
        decided(store.create_group(context(), new, subscribers.clone()).await).unwrap();
        decided(store.destroy_group(context(), group_id(name), subscribers.clone()).await).unwrap();
        decided(store.destroy_group(context(), group_id(name), subscribers).await).unwrap_err();
    }
    let claimed = claimed(&store, claim_at(NOW.0, 10)).await;
    let entries: Vec<_> =
        claimed.iter().map(|lane| str::from_utf8(lane.entries[0].1.as_bytes()).unwrap()).collect();
    assert_eq!(entries, ["ann g [\"C\", \"a\", \"ann\", \"b\"]", "ann h []"]);
    assert_eq!(kept(&database).await, [2, 2, 0]);
}
